package outbound_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
)

// A process that stops at any point of the way of a mail leaves a state from
// which the next one goes on: nobody gets two mails, nobody is forgotten, at
// most one mail is in doubt, and it is doubted only where its dot may have
// left. Every point is tried in the soak, some of them otherwise.
func TestCrashPoints(t *testing.T) {
	step, from := 6, 1
	if soak {
		step = 1
	}
	engines(t, func(t *testing.T, dsn string) {
		for k := from; ; k += step {
			if ended := crashOnce(t, dsn, k); ended {
				if k < 20 {
					t.Errorf("there are fewer than %d points: the hook is not reached", k)
				}
				t.Logf("crashed at each of the points up to %d by %d", k, step)
				return
			}
		}
	})
}

// crashOnce plays one mailing with a crash at the k-th point. It reports that
// the process had come to its end before.
func crashOnce(t *testing.T, dsn string, k int) (ended bool) {
	t.Helper()
	const n = 4
	if k > 1 && dsn[:6] == "sqlite" {
		dsn = "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db"))
	}
	file := filepath.Join(t.TempDir(), fmt.Sprint("accepted-", k))
	sink := testsmtp.Start(t, testsmtp.Options{File: file, Refuse: func(to string) *smtp.SMTPError {
		if to == string(recipient(1)) {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
		}
		return nil
	}})
	st := openStore(t, dsn, nil)
	defer st.Close()
	for a := range n { // what an earlier round has suppressed, in the same database
		st.LiftSuppression(t.Context(), crm.SystemViewer, recipient(a), crm.SuppressedBounced, "")
	}
	removeSenders(t, st)
	id := mailing(t, st, sink, 1, n, nil)
	p := child(t, dsn, fmt.Sprintf("%s=%d", crashAt, k))
	done := make(chan struct{})
	go func() {
		defer close(done)
		waitFor(t, st, id, func(r crm.Recipients) bool {
			select {
			case <-p.Done():
				return true
			default:
				return r.Open() == 0
			}
		})
	}()
	<-done
	select {
	case <-p.Done():
	case <-time.After(300 * time.Millisecond): // it has nothing more to do
		ended = true
		p.Kill()
		<-p.Done()
	}
	finish(t, st, id, time.Now, onlyDoubts)
	got, unknown, sent := accepted(t, file), inState(t, st, id, crm.Unknown), inState(t, st, id, crm.Sent)
	if len(unknown) > 1 {
		t.Errorf("point %d: %d mails are in doubt with one connection", k, len(unknown))
	}
	for i := range n {
		a := recipient(i)
		_, doubt := unknown[a]
		_, said := sent[a]
		switch {
		case i == 1 && got[a] > 0, got[a] > 1:
			t.Errorf("point %d: %s got %d mails", k, a, got[a])
		case i != 1 && got[a] == 0 && !doubt:
			t.Errorf("point %d: %s got none and is not in doubt", k, a)
		case i != 1 && got[a] == 1 && !doubt && !said:
			t.Errorf("point %d: %s got the mail, and the ledger does not say so", k, a)
		}
	}
	// Suppressed: the process died between noting the address and the attempt.
	if n := len(inState(t, st, id, crm.Failed)) + len(inState(t, st, id, crm.Suppressed)); n != 1 {
		t.Errorf("point %d: %d of one were refused", k, n)
	}
	return ended
}
