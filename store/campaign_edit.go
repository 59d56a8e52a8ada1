package store

import (
	"context"
	"database/sql"

	"kaveri/crm"
)

// AdoptPlan makes a version of a campaign's plan the one that is followed. Members
// who wait go where the moves say; mail of the older versions that has not left is
// called off, and its members come to its step again. It may be called again when
// it was cut short.
func (s *Store) AdoptPlan(ctx context.Context, v crm.Viewer, id crm.CampaignID, version int, moves []crm.StepMove) error {
	if !mayRead(v) {
		return errNobody
	}
	err := s.write(ctx, func(x *tx) error {
		return x.exec(`UPDATE campaign_versions SET launched_us = $1 WHERE campaign_id = $2 AND version = $3 AND launched_us = 0`, micros(s.now()), int64(id), version)
	})
	for i := range moves {
		if err == nil && moves[i].Unsent > 0 {
			err = s.takeBack(ctx, id, version, &moves[i])
		}
		if err == nil {
			err = s.moveMembers(ctx, id, version, &moves[i])
		}
	}
	s.campaignsChanged(err, id)
	return err
}

// editChunk is how many members are moved in one transaction.
const editChunk = 1000

// takeBack calls off what has not left of a step, and brings its members to where
// the move leads. Nobody has got it, so who was exposed stays so.
func (s *Store) takeBack(ctx context.Context, id crm.CampaignID, version int, m *crm.StepMove) error {
	why := crm.Reason{Code: crm.ReasonEdited, What: m.From}
	for {
		n := 0
		err := s.write(ctx, func(x *tx) error {
			type unsent struct{ dispatch, customer, round int64 }
			rows, err := x.query(`SELECT d.id, t.customer_id, t.round FROM campaign_mailings k JOIN dispatches d ON d.mailing_id = k.mailing_id JOIN touches t ON t.dispatch_id = d.id
WHERE k.campaign_id = $1 AND k.version = $2 AND k.step = $3 AND d.state IN `+waitingStates+` ORDER BY d.id LIMIT $4`, int64(id), m.Version, m.From, editChunk)
			list, err := collect(rows, err, func(r *sql.Rows, u *unsent) error { return r.Scan(&u.dispatch, &u.customer, &u.round) })
			if err != nil {
				return err
			}
			n = len(list)
			g := x.steps()
			ids := make([]int64, n)
			for i, u := range list {
				ids[i] = u.dispatch
			}
			ds, err := g.rows(ids)
			if err != nil {
				return err
			}
			now := micros(s.now())
			for _, u := range list {
				g.move(ds[u.dispatch], crm.Cancelled, why.Text(nil))
				if err := x.exec(`UPDATE members SET state = 'waiting', step = $1, due_us = $2, version = $3, code = $4, reason = $5 WHERE campaign_id = $6 AND customer_id = $7 AND round = $8 AND state <> 'left'`,
					m.To, now, version, string(why.Code), why.String(), int64(id), u.customer, u.round); err != nil {
					return err
				}
				if err := x.moved(id, u.customer, u.round, m.From, version, why); err != nil {
					return err
				}
			}
			return g.finish()
		})
		if err != nil || n < editChunk {
			return err
		}
	}
}

// moved notes that a member was moved by hand.
func (x *tx) moved(id crm.CampaignID, customer, round int64, step string, version int, why crm.Reason) error {
	touch, err := x.id()
	if err != nil {
		return err
	}
	return x.insert(touchHead, touchWide, []any{touch, int64(id), customer, round, step, version, string(crm.TouchMoved), string(why.Code), why.String(), nil, micros(x.s.now())}, ``)
}

// moveMembers lets those who wait at a step go on by another version.
func (s *Store) moveMembers(ctx context.Context, id crm.CampaignID, version int, m *crm.StepMove) error {
	why := crm.Reason{Code: crm.ReasonEdited, What: m.From}
	return s.write(ctx, func(x *tx) error {
		if m.From == m.To {
			return x.exec(`UPDATE members SET version = $1 WHERE campaign_id = $2 AND version = $3 AND step = $4 AND state = 'waiting'`, version, int64(id), m.Version, m.From)
		}
		type key struct{ customer, round int64 }
		rows, err := x.query(`SELECT customer_id, round FROM members WHERE campaign_id = $1 AND version = $2 AND step = $3 AND state = 'waiting'`, int64(id), m.Version, m.From)
		list, err := collect(rows, err, func(r *sql.Rows, k *key) error { return r.Scan(&k.customer, &k.round) })
		if err != nil {
			return err
		}
		for _, k := range list {
			if err := x.moved(id, k.customer, k.round, m.From, version, why); err != nil {
				return err
			}
		}
		state := crm.MemberWaiting
		if m.To == crm.StepEnd {
			state = crm.MemberDone
		}
		return x.exec(`UPDATE members SET version = $1, step = $2, state = $3, code = $4, reason = $5 WHERE campaign_id = $6 AND version = $7 AND step = $8 AND state = 'waiting'`,
			version, m.To, string(state), string(why.Code), why.String(), int64(id), m.Version, m.From)
	})
}
