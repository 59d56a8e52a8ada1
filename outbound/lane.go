package outbound

import (
	"context"
	"sync"
	"time"

	"kaveri/crm"
)

// lane is the way to one sender: what waits for it, its connections, and how
// fast it may be used.
type lane struct {
	t    *term
	jobs chan *job
	once sync.Once
	quit chan struct{}
	busy sync.WaitGroup

	mu      sync.Mutex
	sender  crm.Sender
	workers int
	failed  int       // connections in a row that failed
	until   time.Time // not used before
}

// job is a dispatch in hand.
type job struct {
	d    crm.Dispatch
	m    *crm.Mailing
	pace paceKey

	asked time.Time // of the gate, when the mail is of a campaign

	warm    crm.WarmUpKey // under whose plan it goes, zero none
	warmDay int64         // on which its place was taken
}

func newLane(t *term, s crm.Sender) *lane {
	l := &lane{t: t, jobs: make(chan *job, 2*t.s.o.Claim), quit: make(chan struct{})}
	l.update(s)
	return l
}

// update takes over what people have changed about the sender. A change of the
// account is tried at once.
func (l *lane) update(s crm.Sender) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if was := &l.sender; was.Password != s.Password || was.Username != s.Username || was.Host != s.Host || was.Port != s.Port || was.Security != s.Security {
		l.until, l.failed = time.Time{}, 0
	}
	l.sender = s
}

// well reports that the sender may be tried.
func (l *lane) well(now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !now.Before(l.until)
}

// full reports that the lane has enough to do.
func (l *lane) full() bool { return len(l.jobs) >= cap(l.jobs)/2 }

// take queues a job when plan and pace allow it now; else it says how the mail
// is to be given back.
func (l *lane) take(j *job, now time.Time) (crm.Return, bool) {
	if len(l.jobs) == cap(l.jobs) {
		return crm.Return{Dispatch: j.d.ID, Due: now.Add(2 * time.Second)}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	j.pace = paceKey{l.sender.ID, l.t.s.o.Provider(j.d.Address.Domain())}
	if back, ok := l.t.s.warmUp(j, l.sender.WarmUp, j.pace.provider); !ok {
		return back, false
	}
	if ok, again := l.t.s.paces.reserve(j.pace, l.sender.Rate, now); !ok {
		l.t.s.warmth.release(j)
		return crm.Return{Dispatch: j.d.ID, Due: again}, false
	}
	more := l.workers < max(l.sender.Connections, 1) && l.workers <= len(l.jobs)
	if more {
		l.workers++
		l.busy.Add(1)
	}
	l.jobs <- j // only this goroutine sends, and there is room
	if more {
		go l.work()
	}
	return crm.Return{}, true
}

// end lets the connections finish what they have begun, and gives back what
// waits.
func (l *lane) end() {
	l.once.Do(func() { close(l.quit) })
	l.busy.Wait()
	var back []crm.Return
	for len(l.jobs) > 0 {
		j := <-l.jobs
		l.t.s.warmth.release(j)
		back = append(back, crm.Return{Dispatch: j.d.ID})
	}
	l.t.giveBack(back...)
}

// idleConnection is how long a connection is kept without work.
const idleConnection = 20 * time.Second

// work is one connection.
func (l *lane) work() {
	defer l.busy.Done()
	w := &worker{l: l, t: l.t}
	defer w.hangUp()
	idle := time.NewTimer(idleConnection)
	defer idle.Stop()
	for {
		select {
		case <-l.quit:
			l.leave()
			return
		default:
		}
		select {
		case j := <-l.jobs:
			select {
			case l.t.room <- struct{}{}:
			default:
			}
			w.do(j)
			idle.Reset(idleConnection)
		case <-l.quit:
			l.leave()
			return
		case <-idle.C:
			if l.leave() {
				return
			}
			idle.Reset(idleConnection)
		}
	}
}

// leave takes a worker off the count, unless work has come meanwhile.
func (l *lane) leave() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.quit:
	default:
		if len(l.jobs) > 0 {
			return false
		}
	}
	l.workers--
	return true
}

// trouble notes that no session could be opened, and until when the sender is
// left alone.
func (l *lane) trouble(err error) {
	l.mu.Lock()
	l.failed++
	wait := min(5*time.Second<<min(l.failed-1, 6), 5*time.Minute)
	l.until = l.t.s.o.Now().Add(wait)
	id := l.sender.ID
	l.mu.Unlock()
	state := crm.SenderTrouble
	if k := crm.KindOf(err); k == crm.KindForbidden || k == crm.KindInvalid {
		state = crm.SenderRefused
	}
	l.fares(id, state, sentence(err))
}

// open notes that a session could be opened.
func (l *lane) open() {
	l.mu.Lock()
	changed := l.failed > 0 || l.sender.State != crm.SenderWell
	l.failed, l.until = 0, time.Time{}
	l.sender.State = crm.SenderWell
	id := l.sender.ID
	l.mu.Unlock()
	if changed {
		l.fares(id, crm.SenderWell, "")
	}
}

func (l *lane) fares(id crm.SenderID, state crm.SenderState, problem string) {
	if err := l.t.s.o.Ledger.SenderFares(context.WithoutCancel(l.t.held), id, state, problem); err != nil {
		l.t.s.o.Log.Warn("how a sender fares is not noted", "sender", int64(id), "err", err)
	}
}
