package crm

import (
	"fmt"
	"time"
)

// WarmUp is the plan by which a new From domain earns the trust of mail
// providers: little mail at first, and each day at most a few times what one day
// before has carried without harm. It holds for each domain at each provider by
// itself. The zero WarmUp is no plan.
type WarmUp struct {
	Start  int     // mails a day at first; 0: no plan
	Factor float64 // how many times the best day so far the next may carry
	Full   int     // mails a day from which on there is no ceiling
}

// The usual plan: 50, 100, 200 ... and after nine days of full use no ceiling.
const (
	warmUpFactor = 2
	warmUpFull   = 10_000
)

// WarmUpMemory is how many days a provider remembers a domain by what it sent:
// what was proven before counts no more.
const WarmUpMemory = 30

// Ceiling gives how many mails may go to a provider today, when best were sent
// there on one day lately. It reports false when there is no ceiling.
func (w WarmUp) Ceiling(best int) (n int, limited bool) {
	if w.Start == 0 || best >= w.Full {
		return 0, false
	}
	n = max(w.Start, int(float64(best)*w.Factor))
	return n, true
}

// Validate fills in what a plan leaves out. Errors are of kind [KindInvalid].
func (w *WarmUp) Validate() error {
	if w.Start == 0 {
		*w = WarmUp{}
		return nil
	}
	if w.Factor == 0 {
		w.Factor = warmUpFactor
	}
	if w.Full == 0 {
		w.Full = max(warmUpFull, w.Start)
	}
	switch {
	case w.Start < 1 || w.Start > 1_000_000:
		return Invalid("warm up", "begin with 1 to 1,000,000 mails a day; 0 is no plan")
	case w.Factor < 1.05 || w.Factor > 10:
		return Invalid("warm up factor", "each day can carry 1.05 to 10 times the best one before")
	case w.Full < w.Start:
		return Invalid("warm up full", "the plan would end before it begins")
	}
	return nil
}

// String gives the plan for people.
func (w WarmUp) String() string {
	if w.Start == 0 {
		return ""
	}
	return fmt.Sprintf("%d a day, then %g times the best day, up to %d", w.Start, w.Factor, w.Full)
}

// WarmUpKey names whose trust is earned, and with whom.
type WarmUpKey struct {
	Domain   string // of From
	Provider string // that takes the mail
}

// WarmUpCount is how much a domain has sent to a provider.
type WarmUpCount struct {
	WarmUpKey
	Today int // mails sent today
	Best  int // on one day before, of the last [WarmUpMemory]
}

// MailingWait is mail of a mailing that is put off; N is 0 when none is.
type MailingWait struct {
	N      int
	Next   time.Time // when the first of it is due
	Until  time.Time // when the last is, as things are
	Reason string    // of the first, for people
}

// WarmUpDay numbers the day of a time: days are those of UTC, since providers
// are everywhere.
func WarmUpDay(at time.Time) int64 {
	const day = int64(24 * time.Hour / time.Second)
	return at.Unix() / day
}

// WarmUpStart gives when a day begins.
func WarmUpStart(day int64) time.Time { return time.Unix(day*86400, 0).UTC() }
