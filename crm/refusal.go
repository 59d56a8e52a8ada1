package crm

import (
	"strings"
	"time"
)

// Refusal is what a server's refusal means: for this dispatch, for the address,
// and for other mail to the same provider.
type Refusal struct {
	State    DispatchState // Deferred or Failed
	Reason   BounceReason
	Suppress bool // the address will never work: write to it no more
	Slow     bool // the provider wants less at a time
	Stop     bool // the sending domain is refused: more mail makes it worse
}

// Refuse judges a reply that is not 2xx. A reply of the sender's own server to
// connecting or signing in says nothing about the recipient.
//
// The class of the code decides between now and never (RFC 5321 §4.2.1), and
// only what says that there is no such mailbox suppresses (RFC 3463 §3.2: X.1.1,
// X.1.10 of RFC 7505). What is said about us (X.7.x, refused names) is no
// fault of the recipient.
func Refuse(stage Stage, r Reply) Refusal {
	v := Refusal{State: Deferred, Reason: refusalReason(stage, r)}
	switch v.Reason {
	case BounceSpeeding, BounceTooManyConn:
		v.Slow = true
		return v // even as 5xx: later it is taken
	}
	if r.Code/100 != 5 {
		v.Slow = r.Code == 421 || strings.HasPrefix(r.Enhanced, "4.7.")
		return v
	}
	switch stage {
	case StageConnect, StageTLS, StageAuth:
		return v // ours to mend; the mail waits
	}
	v.State = Failed
	switch v.Reason {
	case BounceUserUnknown, BounceHostUnknown, BounceHasMoved, BounceNotAccept:
		v.Suppress = stage == StageRcpt || stage == StageDot || stage == StageData
	case BounceBlocked, BounceBadReputation, BounceAuthFailure, BounceRequirePTR:
		v.Stop = true
	}
	return v
}

// enhancedReasons are the enhanced codes that say enough by themselves
// (RFC 3463 §3, RFC 7372 §3, RFC 7505 §4); class and dot left out.
var enhancedReasons = map[string]BounceReason{
	"1.1": BounceUserUnknown, "1.0": BounceUserUnknown, "1.2": BounceHostUnknown, "1.3": BounceUserUnknown, "1.6": BounceHasMoved, "1.10": BounceNotAccept,
	"1.8": BounceRejected, "2.1": BounceSuspend, "2.2": BounceMailboxFull, "2.3": BounceExceedLimit, "3.1": BounceSystemFull, "3.4": BounceMesgTooBig,
	"4.4": BounceHostUnknown, "4.5": BounceSpeeding, "4.7": BounceExpired, "5.2": BounceSyntaxError, "6.0": BounceContentError,
	"7.20": BounceAuthFailure, "7.21": BounceAuthFailure, "7.22": BounceAuthFailure, "7.23": BounceAuthFailure, "7.24": BounceAuthFailure,
	"7.25": BounceRequirePTR, "7.26": BounceAuthFailure, "7.27": BounceNotAccept, "7.28": BounceSpeeding, "7.515": BounceAuthFailure,
}

// refusalWords tell apart what X.7.1 and bare codes leave open. The first that
// is found counts.
var refusalWords = []struct {
	words  string
	reason BounceReason
}{
	{"too many connections", BounceTooManyConn}, {"too many concurrent", BounceTooManyConn},
	{"rate limit", BounceSpeeding}, {"too fast", BounceSpeeding}, {"too many messages", BounceSpeeding}, {"throttl", BounceSpeeding},
	{"greylist", BounceOnHold}, {"graylist", BounceOnHold},
	{"user unknown", BounceUserUnknown}, {"unknown user", BounceUserUnknown}, {"no such user", BounceUserUnknown}, {"does not exist", BounceUserUnknown},
	{"mailbox full", BounceMailboxFull}, {"over quota", BounceMailboxFull}, {"quota exceeded", BounceMailboxFull},
	{"dmarc", BounceAuthFailure}, {"spf", BounceAuthFailure}, {"dkim", BounceAuthFailure}, {"unauthenticated", BounceAuthFailure},
	{"reverse dns", BounceRequirePTR}, {"ptr record", BounceRequirePTR},
	{"reputation", BounceBadReputation}, {"blacklist", BounceBlocked}, {"blocklist", BounceBlocked}, {"block list", BounceBlocked}, {"blocked", BounceBlocked}, {"spamhaus", BounceBlocked},
	{"virus", BounceVirusDetected}, {"spam", BounceSpamDetected}, {"relay", BounceNoRelaying},
}

func refusalReason(stage Stage, r Reply) BounceReason {
	if len(r.Enhanced) > 2 {
		if reason, ok := enhancedReasons[r.Enhanced[2:]]; ok {
			return reason
		}
	}
	text := strings.ToLower(r.Text)
	for _, w := range refusalWords {
		if strings.Contains(text, w.words) {
			return w.reason
		}
	}
	switch {
	case r.Code == 0:
		return BounceNetworkError
	case r.Code == 421:
		return BounceSystemError
	case r.Code == 452 || r.Code == 552:
		return BounceMailboxFull
	case r.Code == 550 && stage == StageRcpt && r.Enhanced == "":
		return BounceUserUnknown // RFC 5321 §4.2.2: mailbox unavailable
	case stage == StageDot || stage == StageData || stage == StageBody:
		return BouncePolicyViolation
	case strings.HasPrefix(r.Enhanced, "5.7.") || strings.HasPrefix(r.Enhanced, "4.7."):
		return BouncePolicyViolation
	}
	return BounceOnHold
}

// retries are the waits after the first attempts; later ones wait as long as
// the last (RFC 5321 §4.5.4.1: at least 30 minutes once a server has shown
// that it is slow).
var retries = []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}

// RetryAfter gives how long to wait after so many attempts. spread between 0
// and 1 lengthens it by up to a fifth, so that mail refused at once does not
// come back at once.
func RetryAfter(tries int, spread float64) time.Duration {
	d := retries[min(max(tries, 1), len(retries))-1]
	return d + time.Duration(spread*float64(d)/5)
}
