package store

import (
	"context"
	"database/sql"
	"time"

	"kaveri/crm"
)

// Doubts gives dispatches that may have been sent or not, of all mailings, that
// have been so since before the given time, the longest first: what the policy
// of their mailing has to settle. page is where the last list ended, next the
// key of the next one, zero at the end.
func (s *Store) Doubts(ctx context.Context, before time.Time, page crm.PageKey, limit int) (list []crm.Doubt, next crm.PageKey, err error) {
	return s.doubts(ctx, crm.SystemViewer, 0, before, page, limit)
}

// UnknownOf gives the dispatches of a mailing that may have been sent or not,
// for people to settle.
func (s *Store) UnknownOf(ctx context.Context, v crm.Viewer, id crm.MailingID, page crm.PageKey, limit int) (list []crm.Doubt, next crm.PageKey, err error) {
	return s.doubts(ctx, v, id, time.Time{}, page, limit)
}

func (s *Store) doubts(ctx context.Context, v crm.Viewer, id crm.MailingID, before time.Time, page crm.PageKey, limit int) (list []crm.Doubt, next crm.PageKey, err error) {
	limit = pageLimit(limit, 100)
	condition, args := mailingVisible(v, []any{micros(page.At), page.ID, limit + 1})
	if id != 0 {
		condition += ` AND d.mailing_id = ` + arg(&args, int64(id))
	}
	if !before.IsZero() {
		condition += ` AND d.changed_us < ` + arg(&args, micros(before))
	}
	var read []claimed
	var rest []crm.Doubt
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+dispatchCols+`, m.doubt, d.resent, m.until_us FROM dispatches d JOIN recipients r ON r.dispatch_id = d.id JOIN mailings m ON m.id = d.mailing_id
WHERE d.state = 'unknown' AND (d.changed_us, d.id) > ($1, $2) AND `+condition+` ORDER BY d.changed_us, d.id LIMIT $3`, args...)
		if err != nil {
			return err
		}
		return scanAll(rows, func(r *sql.Rows) error {
			var c claimed
			var d crm.Doubt
			var resent, until int64
			err := scanDispatch(r, &c, &d.Policy, &resent, &until)
			c.d.Expires = fromMicros(max(c.expires, until))
			d.Resent = resent == 1
			read, rest = append(read, c), append(rest, d)
			return err
		})
	})
	if err != nil {
		return nil, next, err
	}
	ds, err := dispatchesOf(read)
	for i := range ds {
		rest[i].Dispatch = ds[i]
	}
	rest, next = paged(rest, limit, func(e *crm.Doubt) crm.PageKey { return crm.PageKey{At: e.Dispatch.Changed, ID: int64(e.Dispatch.ID)} })
	return rest, next, err
}

// SettleUnknown settles a doubt by evidence: the Sent folder, a report, a reply.
// The state is sent, failed, or queued when the evidence says that it was never
// taken. A dispatch that is not in doubt is refused with [crm.KindConflict].
func (s *Store) SettleUnknown(ctx context.Context, id crm.DispatchID, state crm.DispatchState, evidence string) error {
	return s.settleDoubt(ctx, crm.SystemViewer, id, state, evidence, false)
}

// ResolveUnknown settles a doubt by a person's word: sent, queued to send it
// again, or cancelled to let it be.
func (s *Store) ResolveUnknown(ctx context.Context, v crm.Viewer, id crm.DispatchID, state crm.DispatchState) error {
	if state != crm.Sent && state != crm.Queued && state != crm.Cancelled {
		return crm.Invalid("state", "a mail in doubt is said to be sent, sent again, or given up")
	}
	return s.settleDoubt(ctx, v, id, state, "", false)
}

// ResendOnce settles a doubt by sending again, once for a dispatch: a second
// time is refused with [crm.KindConflict], and a person has to decide.
func (s *Store) ResendOnce(ctx context.Context, id crm.DispatchID) error {
	return s.settleDoubt(ctx, crm.SystemViewer, id, crm.Queued, "the mailing's policy: send again once", true)
}

func (s *Store) settleDoubt(ctx context.Context, v crm.Viewer, id crm.DispatchID, state crm.DispatchState, evidence string, once bool) error {
	return s.change(ctx, v, id, func(g *steps, d *dispatchRow, m *crm.Mailing) error {
		if d.state != crm.Unknown {
			return crm.Of("dispatch", crm.Conflict("this mail is not in doubt, it is %s; there is nothing to settle", d.state))
		}
		if _, err := d.state.Become(state); err != nil {
			return err
		}
		evidence, err := g.x.said(v, evidence)
		if err != nil {
			return err
		}
		if err := g.x.settled(id, state, evidence); err != nil {
			return err
		}
		if state != crm.Queued {
			g.move(d, state, clean(evidence, 500))
			return nil
		}
		if once {
			var resent int64
			if err := g.x.row(`SELECT resent FROM dispatches WHERE id = $1`, d.id).Scan(&resent); err != nil {
				return err
			}
			if resent == 1 {
				return crm.Of("dispatch", crm.Conflict("this mail was sent again once already; look into the Sent folder, or ask them"))
			}
		}
		g.again(d, g.now, clean(evidence, 500), true)
		return g.x.patient(m)
	})
}

// Undelivered notes that a mail did not arrive, by a report that names it: one
// that was sent has failed, a doubt is settled. One that has failed already
// stays as it is.
func (s *Store) Undelivered(ctx context.Context, id crm.DispatchID, evidence string) error {
	return s.change(ctx, crm.SystemViewer, id, func(g *steps, d *dispatchRow, _ *crm.Mailing) error {
		if d.state == crm.Failed {
			return nil
		}
		if d.state != crm.Sent && d.state != crm.Unknown {
			return crm.Of("dispatch", crm.Conflict("a mail that is %s cannot have bounced", d.state))
		}
		g.move(d, crm.Failed, clean(evidence, 500))
		return nil
	})
}

// RetryDispatch sends one mail again that has failed, has expired, or was
// suppressed; a suppression that still stands stops it again.
func (s *Store) RetryDispatch(ctx context.Context, v crm.Viewer, id crm.DispatchID) error {
	return s.change(ctx, v, id, func(g *steps, d *dispatchRow, m *crm.Mailing) error {
		if d.state != crm.Failed && d.state != crm.Expired && d.state != crm.Suppressed {
			return crm.Of("dispatch", crm.Conflict("a mail that is %s is not sent again; only one that has failed or expired is", d.state))
		}
		if m.State == crm.MailingStopped {
			return crm.Of("mailing", crm.Conflict("the mailing is called off; write to them by a new one"))
		}
		g.again(d, g.now, "", false)
		return g.x.patient(m)
	})
}

// change takes a step with one dispatch of a mailing that the viewer may see.
func (s *Store) change(ctx context.Context, v crm.Viewer, id crm.DispatchID, f func(*steps, *dispatchRow, *crm.Mailing) error) error {
	if !mayRead(v) {
		return errNobody
	}
	var mailing crm.MailingID
	err := s.write(ctx, func(x *tx) error {
		g := x.steps()
		rows, err := g.rows([]int64{int64(id)})
		if err != nil {
			return err
		}
		d := rows[int64(id)]
		if d == nil {
			return noDispatch(id)
		}
		m, err := x.mailing(v, crm.MailingID(d.mailing))
		if crm.KindOf(err) == crm.KindNotFound {
			return noDispatch(id)
		}
		if err != nil {
			return err
		}
		mailing = m.ID
		if err := f(g, d, &m); err != nil {
			return err
		}
		return g.finish()
	})
	if err == nil {
		s.mailingsChanged([]crm.MailingID{mailing})
	}
	return err
}

func noDispatch(id crm.DispatchID) error {
	return crm.Of("dispatch", crm.NotFound("no mail on the ledger has the number %d", id))
}

// said is the evidence, and who gave it when that was a person.
func (x *tx) said(v crm.Viewer, evidence string) (string, error) {
	if v.Staff == 0 {
		return evidence, nil
	}
	var name string
	if err := x.row(`SELECT name FROM staff WHERE id = $1`, int64(v.Staff)).Scan(&name); err != nil {
		return "", err
	}
	return "said by " + name, nil
}

// settled notes what has settled a doubt.
func (x *tx) settled(id crm.DispatchID, state crm.DispatchState, evidence string) error {
	now := x.s.now()
	_, err := x.addEvent(crm.DispatchEvent{Dispatch: id, Kind: crm.EventSettled, Mark: "unknown until " + now.UTC().Format(time.RFC3339Nano), Evidence: string(state) + ": " + evidence, At: now})
	return err
}
