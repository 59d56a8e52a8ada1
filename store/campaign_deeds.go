package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kaveri/crm"
)

// Act does what is to be done with members, in one transaction under the lease to
// run campaigns: mails go onto the ledger, touches are written, and each member
// goes to where they are to be next. It gives how many it did: who has been moved
// since they were read, or is of a campaign that does not run any more, is left
// alone.
//
// Mail for somebody who is held out is an error of kind [crm.KindForbidden], and
// then nothing is done.
func (s *Store) Act(ctx context.Context, l crm.Lease, ds []crm.Deed) (done int, err error) {
	err = s.write(ctx, func(x *tx) error {
		if _, err := x.fenceOf(leaseCampaigns, l); err != nil {
			return err
		}
		a := acting{x: x, now: micros(s.now())}
		err := a.all(ds)
		done = a.done
		return err
	})
	return done, err
}

// Hear is Act for what the gate has found just before a mail: the members have
// their next step already, and no mail is made.
func (s *Store) Hear(ctx context.Context, ds []crm.Deed) error {
	return s.write(ctx, func(x *tx) error {
		a := acting{x: x, now: micros(s.now())}
		for i := range ds {
			if ds[i].Mail != nil {
				return fmt.Errorf("a mail is made where mails are held back")
			}
		}
		return a.all(ds)
	})
}

// acting is one transaction's worth of deeds.
type acting struct {
	x    *tx
	now  int64
	done int

	moves, touches []any
	mails          map[crm.MailingID]*enlisting
}

const (
	touchHead = `INSERT INTO touches (id, campaign_id, customer_id, round, step, version, kind, code, reason, dispatch_id, at_us) VALUES `
	touchWide = 11
)

func (a *acting) all(ds []crm.Deed) error {
	there, err := a.still(ds)
	if err != nil {
		return err
	}
	got, err := a.got(ds)
	if err != nil {
		return err
	}
	if err := a.open(ds); err != nil {
		return err
	}
	for i := range ds {
		d := &ds[i]
		if !there[d.Was.MemberKey] {
			continue
		}
		delete(there, d.Was.MemberKey) // once
		if err := a.one(d, got[sentStep{d.Was.MemberKey, d.Was.Step}]); err != nil {
			return err
		}
	}
	for _, id := range sortedKeys(a.mails) {
		if err := a.mails[id].write(); err != nil {
			return err
		}
	}
	if err := a.x.insert(touchHead, touchWide, a.touches, ``); err != nil {
		return err
	}
	n, err := a.x.changedValues(memberUpdate, memberTypes, nil, a.moves)
	if err == nil && int(n) != len(a.moves)/len(memberTypes) {
		err = fmt.Errorf("%d of %d members have changed under a transaction", len(a.moves)/len(memberTypes)-int(n), len(a.moves)/len(memberTypes))
	}
	return err
}

var memberTypes = []string{"BIGINT", "BIGINT", "BIGINT", "TEXT", "TEXT", "BIGINT", "TEXT", "TEXT", "BIGINT", "BIGINT", "BIGINT"}

const memberUpdate = `UPDATE members SET state = v.column4, step = v.column5, due_us = v.column6, code = v.column7, reason = v.column8,
writer_id = CASE WHEN v.column9 = 0 THEN NULL ELSE v.column9 END, exposed_us = CASE WHEN exposed_us = 0 THEN v.column10 ELSE exposed_us END, left_us = v.column11
FROM (VALUES VALUES_HERE) AS v WHERE members.campaign_id = v.column1 AND members.customer_id = v.column2 AND members.round = v.column3`

// still gives the members that are where they were when they were read, in
// campaigns that run.
func (a *acting) still(ds []crm.Deed) (map[crm.MemberKey]bool, error) {
	was := make(map[crm.MemberKey]*crm.Member, len(ds))
	of := map[crm.CampaignID][]int64{}
	for i := range ds {
		m := &ds[i].Was
		was[m.MemberKey] = m
		of[m.Campaign] = append(of[m.Campaign], int64(m.Customer))
	}
	there := make(map[crm.MemberKey]bool, len(ds))
	for _, id := range sortedKeys(of) {
		if err := each(a.x, `SELECT b.campaign_id, b.customer_id, b.round, b.state, b.step, b.due_us, b.version FROM members b JOIN campaigns c ON c.id = b.campaign_id WHERE b.campaign_id = $1 AND c.state IN ('running', 'finished') AND b.customer_id IN (IN)`, []any{int64(id)}, of[id], func(r *sql.Rows) error {
			var is crm.Member
			var due int64
			if err := r.Scan(&is.Campaign, &is.Customer, &is.Round, &is.State, &is.Step, &due, &is.Version); err != nil {
				return err
			}
			m := was[is.MemberKey]
			there[is.MemberKey] = m != nil && m.State == is.State && m.Step == is.Step && micros(m.Due) == due && m.Version == is.Version
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return there, nil
}

// sentStep is a member at a step.
type sentStep struct {
	crm.MemberKey
	step string
}

// got gives the members who have, or will get, a mail of a step already: one that
// was not called off.
func (a *acting) got(ds []crm.Deed) (map[sentStep]bool, error) {
	of := map[crm.CampaignID][]int64{}
	for i := range ds {
		if ds[i].Mail != nil {
			of[ds[i].Was.Campaign] = append(of[ds[i].Was.Campaign], int64(ds[i].Was.Customer))
		}
	}
	got := map[sentStep]bool{}
	for _, id := range sortedKeys(of) {
		if err := each(a.x, `SELECT t.campaign_id, t.customer_id, t.round, t.step FROM touches t JOIN dispatches d ON d.id = t.dispatch_id WHERE t.kind = 'sent' AND d.state <> 'cancelled' AND t.campaign_id = $1 AND t.customer_id IN (IN)`, []any{int64(id)}, of[id], func(r *sql.Rows) error {
			var k sentStep
			err := r.Scan(&k.Campaign, &k.Customer, &k.Round, &k.step)
			got[k] = true
			return err
		}); err != nil {
			return nil, err
		}
	}
	return got, nil
}

// one notes the rows of a deed.
func (a *acting) one(d *crm.Deed, got bool) error {
	kind, why := d.Touch, d.Why
	var dispatch int64
	if d.Mail != nil && !got {
		if d.Was.Arm != crm.ArmTreated {
			return crm.Forbidden("customer %d is held out of the campaign and gets none of its mails", d.Was.Customer)
		}
		var err error
		if dispatch, err = a.mail(d); err != nil {
			return err
		}
		if dispatch == 0 {
			kind, why = crm.TouchLeftOut, crm.Reason{Code: crm.ReasonOtherRound}
		}
	}
	if kind != "" && !(got && d.Mail != nil) {
		id, err := a.x.id()
		if err != nil {
			return err
		}
		a.touches = append(a.touches, id, int64(d.Was.Campaign), int64(d.Was.Customer), d.Was.Round, cmp.Or(d.About, d.Was.Step), d.Was.Version, string(kind), string(why.Code), why.String(), orNull(crm.DispatchID(dispatch)), a.now)
	}
	exposed, left := int64(0), int64(0)
	if d.Exposed {
		exposed = a.now
	}
	if d.Next == crm.MemberGone {
		left = a.now
	}
	a.moves = append(a.moves, int64(d.Was.Campaign), int64(d.Was.Customer), d.Was.Round, string(d.Next), d.Step, micros(d.Due), string(d.Reason.Code), d.Reason.String(), int64(d.Writer), exposed, left)
	a.done++
	return nil
}

// open reads, for each mailing that deeds put mail on, who is on it already.
func (a *acting) open(ds []crm.Deed) error {
	of := map[crm.MailingID][]*crm.Member{}
	for i := range ds {
		if m := ds[i].Mail; m != nil {
			of[m.Mailing] = append(of[m.Mailing], &ds[i].Was)
		}
	}
	a.mails = map[crm.MailingID]*enlisting{}
	for _, id := range sortedKeys(of) {
		m, err := a.x.mailing(crm.SystemViewer, id)
		if err != nil {
			return err
		}
		e := &enlisting{x: a.x, m: &m, now: fromMicros(a.now), seen: map[crm.Address]int64{}, persons: map[int64]int64{}}
		a.mails[id] = e
		var addresses []string
		var contacts []int64
		for _, m := range of[id] {
			addresses, contacts = append(addresses, string(m.Address)), append(contacts, int64(m.Contact))
		}
		if err := e.lookUpListed(addresses, contacts); err != nil {
			return err
		}
		if err := e.lookUpPlaces(distinct(contacts)); err != nil {
			return err
		}
	}
	return nil
}

// mail puts the mail of a deed on the ledger, and gives 0 when its person or
// address is there already: of one mailing nobody gets two.
func (a *acting) mail(d *crm.Deed) (int64, error) {
	e := a.mails[d.Mail.Mailing]
	if e.seen[d.Was.Address] != 0 || e.persons[int64(d.Was.Contact)] != 0 {
		return 0, nil
	}
	return e.post(d)
}

// post notes the rows of a mail that a campaign sends to one person.
func (e *enlisting) post(d *crm.Deed) (int64, error) {
	id, err := e.x.id()
	if err != nil {
		return 0, err
	}
	fields := ""
	if len(d.Mail.Fields) > 0 {
		b, err := json.Marshal(d.Mail.Fields)
		if err != nil {
			return 0, err
		}
		fields = string(b)
	}
	place, known := e.places[int64(d.Was.Contact)]
	if !known {
		place = strangers
	}
	e.seen[d.Was.Address], e.persons[int64(d.Was.Contact)] = id, id
	e.sum.Queued++
	e.dispatches = append(e.dispatches, id, int64(e.m.ID), string(crm.Queued), micros(d.Mail.Due), place, micros(d.Mail.Expires), micros(e.now), "")
	e.recipients = append(e.recipients, id, int64(e.m.ID), orNull(d.Was.Contact), string(d.Was.Address), clean(d.Mail.Name, 300), fields)
	return id, nil
}

// CampaignMailing gives the mailing of a campaign's text, and makes it when there
// is none: it runs from then on.
func (s *Store) CampaignMailing(ctx context.Context, k crm.CampaignMailing, m crm.Mailing) (id crm.MailingID, err error) {
	m.Kind, m.Mark = crm.MailingCampaign, k.Mark()
	if err := m.Validate(); err != nil {
		return 0, err
	}
	fresh := false
	err = s.write(ctx, func(x *tx) error {
		fresh = false
		err := x.row(`SELECT id FROM mailings WHERE mark = $1 AND mark <> ''`, m.Mark).Scan(&id)
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		fresh = true
		if err := x.putMailing(&m); err != nil {
			return err
		}
		id = m.ID
		now := s.now()
		if err := x.exec(`UPDATE mailings SET state = 'running', start_us = $1, begun_us = $1, until_us = $2 WHERE id = $3`, micros(now), micros(now.Add(m.Patience)), int64(id)); err != nil {
			return err
		}
		return x.exec(`INSERT INTO campaign_mailings (mailing_id, campaign_id, version, step, variant, language, writer_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			int64(id), int64(k.Campaign), k.Version, k.Step, k.Variant, k.Language, int64(k.Writer))
	})
	if err == nil && fresh {
		s.mailingsChanged([]crm.MailingID{id})
	}
	return id, err
}

// DueMembers gives up to n members of a campaign whose next step is due, the
// longest due first.
func (s *Store) DueMembers(ctx context.Context, id crm.CampaignID, now time.Time, n int) (list []crm.Member, err error) {
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT `+memberCols+` FROM members b WHERE b.state = 'waiting' AND b.campaign_id = $1 AND b.due_us <= $2 ORDER BY b.due_us, b.campaign_id, b.customer_id LIMIT $3`, int64(id), micros(now), n)
		list, err = collect(rows, err, func(r *sql.Rows, m *crm.Member) error { return scanMember(r, m) })
		return err
	})
	return list, err
}

// NextDue gives when the next member of a campaign is due, zero when none waits.
func (s *Store) NextDue(ctx context.Context, id crm.CampaignID) (at time.Time, err error) {
	var due sql.NullInt64
	err = s.view(ctx, func(x *tx) error {
		return x.row(`SELECT min(due_us) FROM members WHERE campaign_id = $1 AND state = 'waiting'`, int64(id)).Scan(&due)
	})
	return fromMicros(due.Int64), err
}
