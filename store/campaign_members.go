package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"

	"kaveri/crm"
)

const (
	memberCols  = `b.campaign_id, b.customer_id, b.round, COALESCE(b.contact_id, 0), b.address, b.arm, b.variant, b.version, COALESCE(b.writer_id, 0), b.rung, b.timing, b.before, b.state, b.step, b.due_us, b.reason, b.why, b.entered_us, b.exposed_us, b.left_us`
	memberHead  = `INSERT INTO members (campaign_id, customer_id, round, contact_id, address, arm, variant, version, writer_id, rung, timing, before, state, step, due_us, code, reason, why, entered_us, left_us) VALUES `
	memberWidth = 20
)

func scanMember(r interface{ Scan(...any) error }, m *crm.Member, more ...any) error {
	var due, entered, exposed, left int64
	var reason, why string
	err := r.Scan(append([]any{&m.Campaign, &m.Customer, &m.Round, &m.Contact, &m.Address, &m.Arm, &m.Variant, &m.Version, &m.Writer, &m.Rung, &m.Timing, &m.Before, &m.State, &m.Step, &due, &reason, &why, &entered, &exposed, &left}, more...)...)
	if err != nil {
		return err
	}
	m.Due, m.Entered, m.Exposed, m.Left = fromMicros(due), fromMicros(entered), fromMicros(exposed), fromMicros(left)
	m.Reason = crm.ParseReason(reason)
	return json.Unmarshal([]byte(why), &m.Why)
}

// BeginFreeze notes that a campaign's audience is being frozen, and gives since
// when: a freeze that was cut short goes on as of then, so that it gives the same
// rows. Done is true when the audience is frozen already.
func (s *Store) BeginFreeze(ctx context.Context, id crm.CampaignID) (c crm.Campaign, done bool, err error) {
	err = s.write(ctx, func(x *tx) error {
		if c, err = x.campaign(id); err != nil {
			return err
		}
		if c.State != crm.CampaignDraft {
			return crm.Of("campaign", crm.Conflict("the campaign is %s; only a draft is launched", c.State))
		}
		done = !c.Looked.IsZero()
		if !c.Frozen.IsZero() {
			return nil
		}
		c.Frozen = fromMicros(micros(s.now()))
		return x.exec(`UPDATE campaigns SET frozen_us = $1 WHERE id = $2`, micros(c.Frozen), int64(id))
	})
	return c, done, err
}

// Looked notes when people were last taken into a campaign; the first time its
// audience is frozen with that.
func (s *Store) Looked(ctx context.Context, c crm.Campaign) error {
	return s.write(ctx, func(x *tx) error {
		return x.exec(`UPDATE campaigns SET looked_us = $1 WHERE id = $2`, micros(c.Looked), int64(c.ID))
	})
}

// Thaw forgets the frozen audience of a campaign that has not begun, which is a
// draft again. Once something was done with a member that is an error of kind
// [crm.KindConflict].
func (s *Store) Thaw(ctx context.Context, v crm.Viewer, id crm.CampaignID) error {
	if !mayRead(v) {
		return errNobody
	}
	err := s.write(ctx, func(x *tx) error {
		c, err := x.campaign(id)
		if err != nil {
			return err
		}
		var n int
		if err := x.row(`SELECT count(*) FROM (SELECT id FROM touches WHERE campaign_id = $1 LIMIT 1) AS t`, int64(id)).Scan(&n); err != nil {
			return err
		}
		if n > 0 || c.State != crm.CampaignDraft && c.State != crm.CampaignScheduled && c.State != crm.CampaignPaused {
			return crm.Of("campaign", crm.Conflict("the campaign has begun; it can be paused, changed for the rest, or called off"))
		}
		return x.thaw(id)
	})
	s.campaignsChanged(err, id)
	return err
}

func (x *tx) thaw(id crm.CampaignID) error {
	for _, q := range []string{
		`DELETE FROM members WHERE campaign_id = $1`,
		`UPDATE campaign_versions SET launched_us = 0 WHERE campaign_id = $1`,
		`UPDATE campaigns SET state = 'draft', reason = '', frozen_us = 0, looked_us = 0, launched_us = 0 WHERE id = $1`,
	} {
		if err := x.exec(q, int64(id)); err != nil {
			return err
		}
	}
	return nil
}

// AddMembers takes customers into campaigns and gives how many are new: who is in
// that round already stays as they are.
func (s *Store) AddMembers(ctx context.Context, ms []crm.Member) (added int, err error) {
	args := make([]any, 0, len(ms)*memberWidth)
	for i := range ms {
		m := &ms[i]
		why, err := json.Marshal(m.Why)
		if err != nil {
			return 0, err
		}
		args = append(args, int64(m.Campaign), int64(m.Customer), m.Round, orNull(m.Contact), string(m.Address), string(m.Arm), m.Variant, m.Version, orNull(m.Writer), string(m.Rung), string(m.Timing),
			int64(m.Before), string(m.State), m.Step, micros(m.Due), string(m.Reason.Code), m.Reason.String(), string(why), micros(m.Entered), micros(m.Left))
	}
	err = s.write(ctx, func(x *tx) error {
		n, err := x.inserted(memberHead, memberWidth, args, ` ON CONFLICT (campaign_id, customer_id, round) DO NOTHING`)
		added = int(n)
		return err
	})
	return added, err
}

// LastMember gives the highest customer of a campaign's first round, 0 when there
// is none: where a freeze that was cut short goes on.
func (s *Store) LastMember(ctx context.Context, id crm.CampaignID) (last crm.CustomerID, err error) {
	err = s.view(ctx, func(x *tx) error {
		return x.row(`SELECT COALESCE(max(customer_id), 0) FROM members WHERE campaign_id = $1`, int64(id)).Scan(&last)
	})
	return last, err
}

// Members lists members of a campaign, and gives the key of the next page, zero at
// the end.
func (s *Store) Members(ctx context.Context, v crm.Viewer, q crm.MemberQuery) (list []crm.MemberRow, next crm.PageKey, err error) {
	if !mayRead(v) {
		return nil, next, nil
	}
	limit := pageLimit(q.Limit, 50)
	args := []any{int64(q.Campaign), q.After.ID, int64(micros(q.After.At)), limit + 1}
	condition := filters(&args, []filter{{"b.arm", string(q.Arm)}, {"b.state", string(q.State)}, {"b.step", q.Step}, {"b.code", string(q.Reason)}})
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+memberCols+`, c.name, COALESCE(ct.name, ''), COALESCE(st.name, '') FROM members b JOIN customers c ON c.id = b.customer_id LEFT JOIN contacts ct ON ct.id = b.contact_id LEFT JOIN staff st ON st.id = b.writer_id
WHERE b.campaign_id = $1 AND (b.customer_id, b.round) > ($2, $3)`+condition+` ORDER BY b.customer_id, b.round LIMIT $4`, args...)
		list, err = collect(rows, err, func(r *sql.Rows, m *crm.MemberRow) error {
			return scanMember(r, &m.Member, &m.CustomerName, &m.ContactName, &m.WriterName)
		})
		return err
	})
	if len(list) > limit {
		list = list[:limit]
		last := list[limit-1]
		next = crm.PageKey{At: fromMicros(int64(last.Round)), ID: int64(last.Customer)}
	}
	return list, next, err
}

// filter is a column that is to have a value; "" filters nothing.
type filter struct{ column, value string }

func filters(args *[]any, fs []filter) string {
	var b strings.Builder
	for _, f := range fs {
		if f.value != "" {
			*args = append(*args, f.value)
			b.WriteString(` AND ` + f.column + ` = $` + strconv.Itoa(len(*args)))
		}
	}
	return b.String()
}

// MembersOf gives all rounds of a customer in a campaign, the oldest first.
func (s *Store) MembersOf(ctx context.Context, v crm.Viewer, id crm.CampaignID, customer crm.CustomerID) (list []crm.MemberRow, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+memberCols+`, c.name, COALESCE(ct.name, ''), COALESCE(st.name, '') FROM members b JOIN customers c ON c.id = b.customer_id LEFT JOIN contacts ct ON ct.id = b.contact_id LEFT JOIN staff st ON st.id = b.writer_id
WHERE b.campaign_id = $1 AND b.customer_id = $2 ORDER BY b.round`, int64(id), int64(customer))
		list, err = collect(rows, err, func(r *sql.Rows, m *crm.MemberRow) error {
			return scanMember(r, &m.Member, &m.CustomerName, &m.ContactName, &m.WriterName)
		})
		return err
	})
	return list, err
}

// MemberCounts counts the members of a campaign by where they stand, and why.
func (s *Store) MemberCounts(ctx context.Context, v crm.Viewer, id crm.CampaignID) (list []crm.MemberCount, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT arm, state, step, version, code, count(*) FROM members WHERE campaign_id = $1 GROUP BY arm, state, step, version, code ORDER BY arm, state, step, version, code`, int64(id))
		list, err = collect(rows, err, func(r *sql.Rows, c *crm.MemberCount) error {
			return r.Scan(&c.Arm, &c.State, &c.Step, &c.Version, &c.Reason, &c.N)
		})
		return err
	})
	return list, err
}

// TouchCounts counts what was done with the members of a campaign, and why.
func (s *Store) TouchCounts(ctx context.Context, v crm.Viewer, id crm.CampaignID) (list []crm.TouchCount, err error) {
	if !mayRead(v) {
		return nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT step, version, kind, code, count(*) FROM touches WHERE campaign_id = $1 GROUP BY step, version, kind, code ORDER BY step, version, kind, code`, int64(id))
		list, err = collect(rows, err, func(r *sql.Rows, c *crm.TouchCount) error {
			return r.Scan(&c.Step, &c.Version, &c.Kind, &c.Reason, &c.N)
		})
		return err
	})
	return list, err
}

const touchCols = `t.id, t.campaign_id, t.customer_id, t.round, t.step, t.version, t.kind, t.reason, COALESCE(t.dispatch_id, 0), t.at_us`

func scanTouch(r *sql.Rows, t *crm.Touch) error {
	var at int64
	var reason string
	err := r.Scan(&t.ID, &t.Campaign, &t.Customer, &t.Round, &t.Step, &t.Version, &t.Kind, &reason, &t.Dispatch, &at)
	t.Reason, t.At = crm.ParseReason(reason), fromMicros(at)
	return err
}

// Touches lists what was done, the newest first, and gives the key of the next
// page, zero at the end.
func (s *Store) Touches(ctx context.Context, v crm.Viewer, q crm.TouchQuery) (list []crm.Touch, next crm.PageKey, err error) {
	if !mayRead(v) {
		return nil, next, nil
	}
	limit := pageLimit(q.Limit, 50)
	at, id := after(q.After)
	args := []any{int64(q.Campaign), at, id, limit + 1}
	condition := filters(&args, []filter{{"t.step", q.Step}, {"t.kind", string(q.Kind)}, {"t.code", string(q.Reason)}})
	if q.Customer != 0 {
		args = append(args, int64(q.Customer))
		condition += ` AND t.customer_id = $` + strconv.Itoa(len(args))
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+touchCols+` FROM touches t WHERE t.campaign_id = $1 AND (t.at_us, t.id) < ($2, $3)`+condition+` ORDER BY t.at_us DESC, t.id DESC LIMIT $4`, args...)
		list, err = collect(rows, err, scanTouch)
		return err
	})
	if len(list) > limit {
		list = list[:limit]
		next = crm.PageKey{At: list[limit-1].At, ID: int64(list[limit-1].ID)}
	}
	return list, next, err
}
