package crm

import (
	"slices"
	"strings"
	"testing"
)

// Each legal step is taken and every other one refused: 11 states, 121 pairs.
func TestDispatchSteps(t *testing.T) {
	legal := map[DispatchState]string{
		Queued:     "claimed suppressed expired cancelled",
		Claimed:    "ready queued deferred failed suppressed expired cancelled",
		Ready:      "armed queued deferred failed suppressed expired cancelled",
		Armed:      "sent deferred failed unknown ready",
		Deferred:   "claimed suppressed expired cancelled queued",
		Unknown:    "sent failed queued cancelled",
		Failed:     "queued",
		Expired:    "queued",
		Sent:       "failed",
		Suppressed: "queued",
		Cancelled:  "",
	}
	for _, from := range DispatchStates {
		for _, to := range DispatchStates {
			want := slices.Contains(strings.Fields(legal[from]), string(to))
			got, err := from.Become(to)
			switch {
			case want && (err != nil || got != to):
				t.Errorf("%s cannot become %s: %v", from, to, err)
			case !want && (KindOf(err) != KindConflict || got != from):
				t.Errorf("%s became %s", from, got)
			}
		}
	}
}

// What is not armed is unsent: no way leads from there to sent but by arming,
// and none back from armed to where it would be claimed again without a verdict.
func TestOnlyArmedIsInDoubt(t *testing.T) {
	for _, s := range DispatchStates {
		if s.MayBecome(Sent) != (s == Armed || s == Unknown) {
			t.Errorf("%s may become sent: %v", s, s.MayBecome(Sent))
		}
		if s.MayBecome(Unknown) != (s == Armed) {
			t.Errorf("%s may become unknown: %v", s, s.MayBecome(Unknown))
		}
	}
	if Armed.MayBecome(Queued) || Armed.MayBecome(Claimed) || Armed.MayBecome(Cancelled) {
		t.Error("an armed mail can be forgotten")
	}
	for s, want := range map[DispatchState]DispatchState{Claimed: Queued, Ready: Queued, Armed: Unknown, Queued: Queued, Deferred: Deferred, Sent: Sent, Unknown: Unknown} {
		if got := s.AfterCrash(); got != want {
			t.Errorf("after a crash %s is %s", s, got)
		}
	}
	n := Recipients{Sent: 3, Unknown: 1, Deferred: 2, Failed: 1}
	if n.Open() != 3 || n.Total() != 7 {
		t.Errorf("open %d of %d", n.Open(), n.Total())
	}
}

func TestRefuse(t *testing.T) {
	for _, c := range []struct {
		stage Stage
		reply Reply
		want  Refusal
	}{
		{StageRcpt, Reply{550, "5.1.1", "no such user here"}, Refusal{State: Failed, Reason: BounceUserUnknown, Suppress: true}},
		{StageRcpt, Reply{550, "", "<x@y.example>: Recipient address rejected"}, Refusal{State: Failed, Reason: BounceUserUnknown, Suppress: true}},
		{StageRcpt, Reply{556, "5.1.10", "null MX"}, Refusal{State: Failed, Reason: BounceNotAccept, Suppress: true}},
		{StageRcpt, Reply{451, "4.7.1", "Greylisted, come back later"}, Refusal{State: Deferred, Reason: BounceOnHold, Slow: true}},
		{StageRcpt, Reply{451, "", "try again later"}, Refusal{State: Deferred, Reason: BounceOnHold}},
		{StageRcpt, Reply{552, "5.2.2", "mailbox full"}, Refusal{State: Failed, Reason: BounceMailboxFull}},
		{StageMail, Reply{421, "4.7.0", "too many messages"}, Refusal{State: Deferred, Reason: BounceSpeeding, Slow: true}},
		{StageRcpt, Reply{550, "5.7.1", "blocked using a block list"}, Refusal{State: Failed, Reason: BounceBlocked, Stop: true}},
		{StageDot, Reply{550, "5.7.26", "fails DMARC"}, Refusal{State: Failed, Reason: BounceAuthFailure, Stop: true}},
		{StageDot, Reply{550, "5.7.515", "Access denied"}, Refusal{State: Failed, Reason: BounceAuthFailure, Stop: true}},
		{StageDot, Reply{554, "5.7.1", "looks like spam"}, Refusal{State: Failed, Reason: BounceSpamDetected}},
		{StageConnect, Reply{554, "5.7.1", "no service"}, Refusal{State: Deferred, Reason: BouncePolicyViolation}},
		{StageAuth, Reply{535, "5.7.8", "bad password"}, Refusal{State: Deferred, Reason: BouncePolicyViolation}},
		{StageConnect, Reply{}, Refusal{State: Deferred, Reason: BounceNetworkError}},
	} {
		if got := Refuse(c.stage, c.reply); got != c.want {
			t.Errorf("%s %s: %+v, want %+v", c.stage, c.reply, got, c.want)
		}
	}
}

func TestKeyring(t *testing.T) {
	keys := NewKeyring(func(p TokenPurpose) []byte { return []byte("key of " + string(p)) })
	id := keys.MessageID(123456789, "news.firm.example")
	if d, ok := keys.DispatchOf(id); !ok || d != 123456789 {
		t.Errorf("%s is %d, %v", id, d, ok)
	}
	path := keys.ReturnPath(7, "bounce.firm.example")
	if _, err := ParseAddress(string(path)); err != nil || len(path.Local()) > 64 {
		t.Errorf("%s: %v", path, err)
	}
	if d, ok := keys.Returned(Address("B-" + string(path)[2:])); !ok || d != 7 {
		t.Errorf("in capitals: %d, %v", d, ok)
	}
	token := keys.Make(TokenUnsubscribe, 42)
	for i := range token {
		other := []byte(token)
		if other[i]++; other[i] == 'z'+1 {
			other[i] = 'a'
		}
		if got, ok := keys.Read(TokenUnsubscribe, string(other)); ok && got != 42 {
			t.Errorf("%s reads as %d", other, got)
		}
	}
	for _, p := range []TokenPurpose{TokenClick, TokenMessageID, TokenReturnPath} {
		if _, ok := keys.Read(p, token); ok {
			t.Errorf("an unsubscribe token is good for %s", p)
		}
	}
	if _, ok := (Keyring{}).Read(TokenUnsubscribe, token); ok {
		t.Error("a keyring without keys reads a token")
	}
}
