package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kaveri/crm"
)

// maxVisits is how many requests are kept of one mail. Who asks more often has
// been understood.
const maxVisits = 200

// MailingLink gives where a link of a mail leads; [crm.KindNotFound] when its
// mailing has no such link.
func (s *Store) MailingLink(ctx context.Context, id crm.DispatchID, n crm.LinkNumber) (url string, err error) {
	err = s.view(ctx, func(x *tx) error {
		err := x.row(`SELECT l.url FROM dispatches d JOIN mailing_links l ON l.mailing_id = d.mailing_id WHERE d.id = $1 AND l.n = $2`, int64(id), int64(n)).Scan(&url)
		if errors.Is(err, sql.ErrNoRows) {
			err = crm.NotFound("no such link")
		}
		return err
	})
	return url, err
}

// Visitor gives the number by which visits from a network address are told
// apart; the address itself is not kept.
func (s *Store) Visitor(address string) int64 { return s.key.of("visitor", address) }

// Visited keeps a request for a link of a mail and judges all of them anew, see
// [crm.JudgeVisits]; one for the picture only when its mailing has one. What follows from them stands in the events of the mail:
// one clicked or opened for each link by people, and one by machines.
func (s *Store) Visited(ctx context.Context, id crm.DispatchID, v crm.Visit) error {
	return s.write(ctx, func(x *tx) error {
		d, err := x.publicRecipient(id)
		if err != nil {
			return err
		}
		if v.Link == crm.LinkOpen {
			m, err := x.mailing(crm.SystemViewer, d.Mailing)
			if err != nil || !m.Opens {
				return err
			}
		}
		var n int
		if err := x.row(`SELECT count(*) FROM visits WHERE dispatch_id = $1`, int64(id)).Scan(&n); err != nil || n >= maxVisits {
			return err
		}
		if v.At.IsZero() {
			v.At = x.s.now()
		}
		if err := x.exec(`INSERT INTO visits (dispatch_id, n, link, method, agent, prefetch, visitor, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			int64(id), n+1, int64(v.Link), clean(v.Method, 20), clean(v.Agent, 300), flag(v.Prefetch), v.Visitor, micros(v.At)); err != nil {
			return err
		}
		if err := x.judgeVisits(id); err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "mailing", Mailing: d.Mailing})
		return x.arrived(id, "a link of it was opened")
	})
}

// visitRow is a visit with the verdict that stands.
type visitRow struct {
	crm.Visit
	n       int64
	machine crm.Machine
}

// judgeVisits judges the visits to a mail and brings its events in line.
func (x *tx) judgeVisits(id crm.DispatchID) error {
	rows, err := x.query(`SELECT n, link, method, agent, prefetch, visitor, at_us, machine FROM visits WHERE dispatch_id = $1 ORDER BY at_us, n`, int64(id))
	list, err := collect(rows, err, func(r *sql.Rows, v *visitRow) error {
		var prefetch, at int64
		err := r.Scan(&v.n, &v.Link, &v.Method, &v.Agent, &prefetch, &v.Visitor, &at, &v.machine)
		v.Prefetch, v.At = prefetch == 1, fromMicros(at)
		return err
	})
	if err != nil {
		return err
	}
	sent, err := x.takenAt(id)
	if err != nil {
		return err
	}
	visits := make([]crm.Visit, len(list))
	for i, v := range list {
		visits[i] = v.Visit
	}
	for i, m := range crm.JudgeVisits(visits, sent) {
		if m == list[i].machine {
			continue
		}
		list[i].machine = m
		if err := x.exec(`UPDATE visits SET machine = $1 WHERE dispatch_id = $2 AND n = $3`, string(m), int64(id), list[i].n); err != nil {
			return err
		}
	}
	return x.visitEvents(id, list)
}

// takenAt gives when a server took a mail: now, while its answer is awaited,
// and zero when that is not known.
func (x *tx) takenAt(id crm.DispatchID) (time.Time, error) {
	var state crm.DispatchState
	var at int64
	err := x.row(`SELECT d.state, COALESCE((SELECT max(a.at_us + a.took_us) FROM attempts a WHERE a.dispatch_id = d.id AND a.state = $1), 0) FROM dispatches d WHERE d.id = $2`, string(crm.Sent), int64(id)).Scan(&state, &at)
	if state == crm.Armed {
		return x.s.now(), err
	}
	return fromMicros(at), err
}

// visitEvents makes the events of a mail those that its visits come to. An event
// that was a person's goes when the visit turns out to be a scanner's.
func (x *tx) visitEvents(id crm.DispatchID, list []visitRow) error {
	want := map[string]crm.DispatchEvent{}
	for _, v := range list {
		e, tells := v.event(id)
		if _, have := want[e.Mark]; tells && !have {
			want[e.Mark] = e
		}
	}
	have, err := column[string](x, `SELECT mark FROM dispatch_events WHERE dispatch_id = $1 AND kind IN ($2, $3)`, int64(id), string(crm.EventClicked), string(crm.EventOpened))
	if err != nil {
		return err
	}
	for _, mark := range have {
		if _, still := want[mark]; still {
			delete(want, mark)
			continue
		}
		if err := x.exec(`DELETE FROM dispatch_events WHERE dispatch_id = $1 AND mark = $2 AND kind IN ($3, $4)`, int64(id), mark, string(crm.EventClicked), string(crm.EventOpened)); err != nil {
			return err
		}
	}
	for _, mark := range sortedKeys(want) {
		if _, err := x.addEvent(want[mark]); err != nil {
			return err
		}
	}
	return nil
}

// event gives what a visit tells of a mail; false for looking at a page of ours,
// which tells nothing.
func (v *visitRow) event(id crm.DispatchID) (crm.DispatchEvent, bool) {
	e := crm.DispatchEvent{Dispatch: id, Kind: crm.EventClicked, Mark: fmt.Sprintf("link %d", v.Link), Machine: v.machine != "", At: v.At, Evidence: cmp.Or(v.Agent, "a program without a name")}
	switch {
	case v.Link == crm.LinkOpen:
		e.Kind, e.Mark = crm.EventOpened, "picture"
	case v.Link < 0:
		return e, false
	}
	if e.Machine {
		e.Mark += ", machine"
		e.Evidence = string(v.machine) + ": " + e.Evidence
	}
	return e, true
}

// Responses counts the mails of a mailing by what came back of them: each kind
// of event once for a mail, people's and machines' apart.
func (s *Store) Responses(ctx context.Context, v crm.Viewer, id crm.MailingID) (list []crm.Response, err error) {
	err = s.view(ctx, func(x *tx) error {
		if _, err := x.mailing(v, id); err != nil {
			return err
		}
		rows, err := x.query(`SELECT e.kind, e.machine, count(DISTINCT e.dispatch_id) FROM dispatches d JOIN dispatch_events e ON e.dispatch_id = d.id WHERE d.mailing_id = $1 GROUP BY e.kind, e.machine ORDER BY e.kind, e.machine`, int64(id))
		list, err = collect(rows, err, func(r *sql.Rows, p *crm.Response) error {
			var machine int64
			err := r.Scan(&p.Kind, &machine, &p.Mails)
			p.Machine = machine == 1
			return err
		})
		return err
	})
	return list, err
}

// LinkClicks counts the mails of a mailing by the links that were opened in
// them, the links in their order; [crm.LinkTrap] comes last, when anything
// opened it.
func (s *Store) LinkClicks(ctx context.Context, v crm.Viewer, id crm.MailingID) (list []crm.LinkClicks, err error) {
	err = s.view(ctx, func(x *tx) error {
		if _, err := x.mailing(v, id); err != nil {
			return err
		}
		rows, err := x.query(`SELECT n, url FROM mailing_links WHERE mailing_id = $1 ORDER BY n`, int64(id))
		list, err = collect(rows, err, func(r *sql.Rows, l *crm.LinkClicks) error { return r.Scan(&l.N, &l.URL) })
		if err != nil || len(list) == 0 {
			return err
		}
		return x.fillClicks(id, &list)
	})
	return list, err
}

// fillClicks counts by the marks of the events, see [visitRow.event].
func (x *tx) fillClicks(id crm.MailingID, list *[]crm.LinkClicks) error {
	rows, err := x.query(`SELECT e.mark, e.machine, count(*) FROM dispatches d JOIN dispatch_events e ON e.dispatch_id = d.id WHERE d.mailing_id = $1 AND e.kind = $2 GROUP BY e.mark, e.machine`, int64(id), string(crm.EventClicked))
	if err != nil {
		return err
	}
	trap := crm.LinkClicks{N: crm.LinkTrap}
	err = scanAll(rows, func(r *sql.Rows) error {
		var mark string
		var machine int64
		var n, count int
		if err := r.Scan(&mark, &machine, &count); err != nil {
			return err
		}
		if _, err := fmt.Sscanf(mark, "link %d", &n); err != nil || n < 0 || n > len(*list) {
			return nil // of another program's making
		}
		l := &trap
		if n > 0 {
			l = &(*list)[n-1]
		}
		if machine == 1 {
			l.Machines = count
		} else {
			l.People = count
		}
		return nil
	})
	if trap.Machines > 0 {
		*list = append(*list, trap)
	}
	return err
}
