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
		kind     DispatchEventKind
		proof    ReportProof
		nobodys  bool
		from     DispatchState
		next     DispatchState
		suppress SuppressionReason
	}{
		{"a bounce to the return path", Message{Envelope: to(path), Bounce: failed(true)}, EventBounced, ProofReturnPath, false, Sent, Failed, SuppressedBounced},
		{"a full mailbox suppresses nobody", Message{Envelope: to(path), Bounce: failed(false)}, EventBounced, ProofReturnPath, false, Sent, Failed, ""},
		{"what fails for now suppresses nobody, whatever it says", Message{Envelope: to(path), Bounce: with(failed(true), func(b *Bounce) { b.Recipients[1].Status = "4.1.1" })}, EventBounced, ProofReturnPath, false, Sent, Failed, ""},
		{"nor a reply code that does", Message{Envelope: to(path), Bounce: with(failed(true), func(b *Bounce) { b.Recipients[1].Status, b.Recipients[1].ReplyCode = "", "450" })}, EventBounced, ProofReturnPath, false, Sent, Failed, ""},
		{"the envelope's recipient", Message{Envelope: Envelope{Class: ClassBounce}, Delivered: []Address{"pekka@firm.example", path}, Bounce: failed(true)}, EventBounced, ProofReturnPath, false, Sent, Failed, SuppressedBounced},
		{"a bounce settles a doubt", Message{Envelope: to(path), Bounce: failed(false)}, EventBounced, ProofReturnPath, false, Unknown, Failed, ""},
		{"by envelope id", Message{Envelope: to("pekka@firm.example"), Bounce: with(failed(true), func(b *Bounce) { b.EnvelopeID = keys.Make(TokenReturnPath, 7) })}, EventBounced, ProofEnvelopeID, false, Sent, Failed, SuppressedBounced},
		{"by the original Message-ID", Message{Envelope: to("pekka@firm.example"), Bounce: with(failed(true), func(b *Bounce) { b.OriginalMessageID = ours })}, EventBounced, ProofMessageID, false, Sent, Failed, SuppressedBounced},
		{"a forged bounce is nobody's", Message{Envelope: to("pekka@firm.example"), Bounce: with(failed(true), func(b *Bounce) { b.OriginalMessageID = forged })}, "", "", true, Sent, Sent, ""},
		{"a delay", Message{Envelope: to(path), Bounce: &Bounce{Recipients: failed(true).Recipients[:1]}}, EventDelayed, ProofReturnPath, false, Unknown, Sent, ""},
		{"a complaint", Message{Envelope: Envelope{Class: ClassComplaint}, Complaint: &Complaint{OriginalMailFrom: string(path)}}, EventComplained, ProofReturnPath, false, Sent, Sent, SuppressedComplained},
		{"somebody wants the mail", Message{Envelope: Envelope{Class: ClassComplaint}, Complaint: &Complaint{FeedbackType: "not-spam", OriginalMessageID: ours}}, EventDelivered, ProofMessageID, false, Unknown, Sent, ""},
		{"a complaint about mail of others", Message{Envelope: Envelope{Class: ClassComplaint}, Complaint: &Complaint{OriginalMessageID: forged}}, "", "", true, Sent, Sent, ""},
		{"the copy in the Sent folder", Message{Envelope: Envelope{Class: ClassHuman, MessageID: ours}}, EventFiled, ProofMessageID, false, Unknown, Sent, ""},
		{"an answer", Message{Envelope: Envelope{Class: ClassHuman, MessageID: "x@y", References: []string{forged, ours, "other@z"}}}, EventAnswered, ProofReference, false, Unknown, Sent, ""},
		{"an absence", Message{Envelope: Envelope{Class: ClassAutoReply, InReplyTo: []string{ours}}}, EventAutoAnswered, ProofReference, false, Sent, Sent, ""},
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

func TestReportAbout(t *testing.T) {
	for _, c := range []struct {
		named string
		want  bool
	}{{"", true}, {"maija", true}, {"Maija@Shop.example", true}, {"maija@elsewhere.example", false}, {"kalle@shop.example", false}} {
		if got := (&Report{Recipient: c.named}).About("maija@shop.example"); got != c.want {
			t.Errorf("%q: %v", c.named, got)
		}
	}
}

func TestConcerns(t *testing.T) {
	keys := NewKeyring(func(p TokenPurpose) []byte { return []byte(p) })
	for _, c := range []struct {
		name string
		e    Envelope
		want bool
	}{
		{"an answer", Envelope{InReplyTo: []string{keys.MessageID(7, "firm.example")}}, true},
		{"to a return path", Envelope{Cc: []Party{{Address: keys.ReturnPath(7, "firm.example")}}}, true},
		{"other mail", Envelope{InReplyTo: []string{"a@b"}, To: []Party{{Address: "b-a@firm.example"}}}, false},
	} {
		if got := Concerns(&c.e, keys); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
