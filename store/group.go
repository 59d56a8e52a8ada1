package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"kaveri/crm"
)

// maxGroup bounds how many parts share a transaction, so that the first of
// them does not wait for the last for long.
const maxGroup = 64

var errClosed = errors.New("the store is closed")

// part is one caller's share of a transaction.
type part struct {
	ctx   context.Context
	run   func(*tx) error
	mails *mails // what run delivers, when it does nothing else
	done  chan error
}

// mails are deliveries and what became of them. Those of one transaction are
// delivered as one: the number of statements does not grow with the callers.
type mails struct {
	ps  []prepared
	out []crm.Outcome
}

// group is the one writer: whatever waits while a transaction commits goes
// into the next one together (group commit).
type group struct {
	s       *Store
	parts   chan *part
	between chan func(*sql.DB)
	quit    chan struct{}
	stopped chan struct{}
	once    sync.Once
}

func newGroup(s *Store) *group {
	g := &group{s: s, parts: make(chan *part, maxGroup), between: make(chan func(*sql.DB)), quit: make(chan struct{}), stopped: make(chan struct{})}
	go g.loop()
	return g
}

func (g *group) stop() {
	g.once.Do(func() { close(g.quit) })
	<-g.stopped
}

// write runs f in a transaction shared with others and returns when it is
// durable. f may be run again after a retryable error, so it must not keep
// state between runs; its effects on memory belong after write returns.
func (s *Store) write(ctx context.Context, f func(*tx) error) error {
	return s.join(&part{ctx: ctx, run: f})
}

// join runs a part as write does.
func (s *Store) join(p *part) error {
	p.done = make(chan error, 1)
	select {
	case s.group.parts <- p:
	case <-s.group.quit:
		return errClosed
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
	// Once queued, the answer is awaited: it says whether the part is durable.
	return <-p.done
}

func (g *group) loop() {
	defer close(g.stopped)
	for {
		select {
		case p := <-g.parts:
			g.commit(g.gather(p))
		case f := <-g.between:
			f(g.s.w)
		case <-g.quit:
			for {
				select {
				case p := <-g.parts:
					p.done <- errClosed
				default:
					return
				}
			}
		}
	}
}

// whenQuiet runs f in the writer's goroutine, when no transaction is open.
func (g *group) whenQuiet(f func(*sql.DB)) {
	done := make(chan struct{})
	select {
	case g.between <- func(w *sql.DB) { defer close(done); f(w) }:
		<-done
	case <-g.quit:
	}
}

func (g *group) gather(first *part) []*part {
	parts := []*part{first}
	for len(parts) < maxGroup {
		select {
		case p := <-g.parts:
			parts = append(parts, p)
		default:
			return parts
		}
	}
	return parts
}

// commit runs the parts in one transaction. After a retryable error all are
// run again; a part that fails by itself is left out and told so. Deliveries
// that fail together are run apart, to find out which is at fault.
func (g *group) commit(parts []*part) {
	errs := make([]error, len(parts))
	together := true
	for try := 0; ; try++ {
		err := g.attempt(parts, errs, together)
		if err == nil {
			break
		}
		if errors.Is(err, errTogether) {
			together = false
			continue
		}
		if try < 8 && g.s.engine.retryable(err) {
			time.Sleep(time.Duration(5<<try) * time.Millisecond)
			continue
		}
		for i := range errs {
			if errs[i] == nil {
				errs[i] = err
			}
		}
		break
	}
	for i, p := range parts {
		p.done <- errs[i]
	}
}

// attempt gives the parts' own errors in errs and the transaction's as result.
func (g *group) attempt(parts []*part, errs []error, together bool) (err error) {
	t, err := g.s.w.BeginTx(context.Background(), nil)
	if err != nil {
		return crm.Unavailable(err, "the database cannot be reached just now; everything goes on by itself when it is back")
	}
	defer func() {
		if err != nil {
			t.Rollback()
			g.s.ids.forget()
			g.s.segments.rewind()
		}
	}()
	x := &tx{s: g.s, t: t}
	g.s.segments.begin()
	if q := g.s.engine.begin; q != "" {
		if _, err := t.Exec(q); err != nil {
			return passing(err)
		}
	}
	var all []*mails
	for i, p := range parts {
		if errs[i] = p.ctx.Err(); errs[i] != nil {
			continue
		}
		if p.mails != nil && together && len(parts) > 1 {
			all = append(all, p.mails)
			continue
		}
		if err := g.runPart(x, p, len(parts) > 1, &errs[i]); err != nil {
			return err
		}
	}
	if err := g.deliver(x, all); err != nil {
		return err
	}
	if err := x.index(); err != nil {
		return passing(err)
	}
	if err := x.writeMarks(); err != nil {
		return passing(err)
	}
	if err := g.s.segments.settle(); err != nil {
		return err
	}
	if err := t.Commit(); err != nil {
		return passing(err)
	}
	g.s.events.send(distinct(x.news)...)
	return nil
}

// deliver runs deliveries as one. Whose fault a failure is cannot be told.
func (g *group) deliver(x *tx, all []*mails) error {
	var ps []prepared
	for _, m := range all {
		ps = append(ps, m.ps...)
	}
	if len(ps) == 0 {
		return nil
	}
	var out []crm.Outcome
	err := passing(safely(func(x *tx) (err error) {
		out, err = x.deliver(ps)
		return err
	}, x))
	if err != nil {
		if g.s.engine.retryable(err) || crm.KindOf(err) == crm.KindUnavailable {
			return err
		}
		return errTogether
	}
	for _, m := range all {
		m.out, out = out[:len(m.ps)], out[len(m.ps):]
	}
	return nil
}

// errTogether ends a transaction in which deliveries have failed together.
var errTogether = errors.New("one of several deliveries failed")

// runPart runs one part under a savepoint when others share the transaction.
func (g *group) runPart(x *tx, p *part, shared bool, own *error) error {
	indexed, told, marked := len(x.toIndex), len(x.news), len(x.marked)
	if shared {
		if _, err := x.t.Exec(`SAVEPOINT part`); err != nil {
			return passing(err)
		}
	}
	*own = passing(safely(p.run, x))
	switch {
	case *own == nil && shared:
		_, err := x.t.Exec(`RELEASE SAVEPOINT part`)
		return passing(err)
	case *own == nil:
		return nil
	case g.s.engine.retryable(*own) || crm.KindOf(*own) == crm.KindUnavailable: // the whole transaction's; SQLite may have ended it
		err := *own
		*own = nil
		return err
	case shared:
		x.toIndex, x.news, x.marked = x.toIndex[:indexed], x.news[:told], x.marked[:marked]
		g.s.ids.forget()
		_, err := x.t.Exec(`ROLLBACK TO SAVEPOINT part`)
		return passing(err)
	}
	return errRollback
}

// errRollback ends a transaction whose only part has failed.
var errRollback = errors.New("rolled back")

// safely turns a panic of one part into its error: the others go on.
func safely(f func(*tx) error, x *tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in a write: %v", r)
		}
	}()
	return f(x)
}

// tx is a transaction with the statements of one engine.
type tx struct {
	s *Store
	t *sql.Tx

	toIndex []any       // rows of the search index, written last
	marked  []int64     // customers whose mail has changed, see [tx.mark]
	news    []crm.Event // sent when it is durable
}

// tell notes what subscribers are told once the transaction is durable, each
// event once.
func (x *tx) tell(events ...crm.Event) { x.news = append(x.news, events...) }

// tellOf notes that the timelines of customers have changed.
func (x *tx) tellOf(customers map[int64]bool) {
	for _, id := range sortedKeys(customers) {
		x.tell(crm.Event{Kind: "mail", Customer: crm.CustomerID(id)})
	}
}

func (x *tx) exec(query string, args ...any) error {
	_, err := x.t.Exec(x.s.bound.sql(query), args...)
	return err
}

// changed runs a statement and gives the number of rows it changed.
func (x *tx) changed(query string, args ...any) (int64, error) {
	r, err := x.t.Exec(x.s.bound.sql(query), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

func (x *tx) query(query string, args ...any) (*sql.Rows, error) {
	return x.t.Query(x.s.bound.sql(query), args...)
}

func (x *tx) row(query string, args ...any) *sql.Row {
	return x.t.QueryRow(x.s.bound.sql(query), args...)
}
