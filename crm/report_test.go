package crm

import "testing"

func TestReports(t *testing.T) {
	keys := NewKeyring(func(p TokenPurpose) []byte { return []byte(p) })
	ours := keys.MessageID(7, "firm.example")
	path := keys.ReturnPath(7, "bounce.firm.example")
	forged := NewKeyring(func(TokenPurpose) []byte { return []byte("a guess") }).MessageID(7, "firm.example")
	failed := func(permanent bool) *Bounce {
		return &Bounce{Recipients: []BouncedRecipient{
			{Address: "list@shop.example", Action: BounceDelayed, Status: "4.4.1"},
			{Address: "maija@shop.example", Action: BounceFailed, Status: "5.1.1", Reason: BounceUserUnknown, Permanent: permanent, Diagnostic: "no such user"}}}
	}
	with := func(b *Bounce, set func(*Bounce)) *Bounce { set(b); return b }
	to := func(a Address) Envelope { return Envelope{Class: ClassBounce, To: []Party{{Address: a}}} }
	for _, c := range []struct {
		name     string
		m        Message
		kind     ReportKind
		proof    ReportProof
		nobodys  bool
		from     DispatchState
		next     DispatchState
		suppress SuppressionReason
	}{
		{"a bounce to the return path", Message{Envelope: to(path), Bounce: failed(true)}, ReportBounced, ProofReturnPath, false, Sent, Failed, SuppressedBounced},
		{"a full mailbox suppresses nobody", Message{Envelope: to(path), Bounce: failed(false)}, ReportBounced, ProofReturnPath, false, Sent, Failed, ""},
		{"a bounce settles a doubt", Message{Envelope: to(path), Bounce: failed(false)}, ReportBounced, ProofReturnPath, false, Unknown, Failed, ""},
		{"by envelope id", Message{Envelope: to("pekka@firm.example"), Bounce: with(failed(true), func(b *Bounce) { b.EnvelopeID = keys.Make(TokenReturnPath, 7) })}, ReportBounced, ProofEnvelopeID, false, Sent, Failed, SuppressedBounced},
		{"by the original Message-ID", Message{Envelope: to("pekka@firm.example"), Bounce: with(failed(true), func(b *Bounce) { b.OriginalMessageID = ours })}, ReportBounced, ProofMessageID, false, Sent, Failed, SuppressedBounced},
		{"a forged bounce is nobody's", Message{Envelope: to("pekka@firm.example"), Bounce: with(failed(true), func(b *Bounce) { b.OriginalMessageID = forged })}, "", "", true, Sent, Sent, ""},
		{"a delay", Message{Envelope: to(path), Bounce: &Bounce{Recipients: failed(true).Recipients[:1]}}, ReportDelayed, ProofReturnPath, false, Unknown, Sent, ""},
		{"a complaint", Message{Envelope: Envelope{Class: ClassComplaint}, Complaint: &Complaint{OriginalMailFrom: string(path)}}, ReportComplained, ProofReturnPath, false, Sent, Sent, SuppressedComplained},
		{"a complaint about mail of others", Message{Envelope: Envelope{Class: ClassComplaint}, Complaint: &Complaint{OriginalMessageID: forged}}, "", "", true, Sent, Sent, ""},
		{"the copy in the Sent folder", Message{Envelope: Envelope{Class: ClassHuman, MessageID: ours}}, ReportFiled, ProofMessageID, false, Unknown, Sent, ""},
		{"an answer", Message{Envelope: Envelope{Class: ClassHuman, MessageID: "x@y", References: []string{forged, ours, "other@z"}}}, ReportAnswered, ProofReference, false, Unknown, Sent, ""},
		{"an absence", Message{Envelope: Envelope{Class: ClassAutoReply, InReplyTo: []string{ours}}}, ReportAutoAnswered, ProofReference, false, Sent, Sent, ""},
		{"a newsletter that quotes our id", Message{Envelope: Envelope{Class: ClassNewsletter, InReplyTo: []string{ours}}}, "", "", false, Sent, Sent, ""},
		{"other mail", Message{Envelope: Envelope{Class: ClassHuman, InReplyTo: []string{"a@b"}}}, "", "", false, Sent, Sent, ""},
	} {
		rs, nobodys := Reports(&c.m, keys)
		if nobodys != c.nobodys || len(rs) != min(len(c.kind), 1) {
			t.Errorf("%s: %+v, nobody's: %v", c.name, rs, nobodys)
			continue
		}
		if len(rs) == 0 {
			continue
		}
		r := rs[0]
		next, suppress := r.Told(c.from)
		if r.Dispatch != 7 || r.Kind != c.kind || r.Proof != c.proof || next != c.next || suppress != c.suppress {
			t.Errorf("%s: %+v makes %s of %s and suppresses %q", c.name, r, next, c.from, suppress)
		}
		if c.from != next && !c.from.MayBecome(next) {
			t.Errorf("%s: %s may not become %s", c.name, c.from, next)
		}
	}
}
