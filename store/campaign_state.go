package store

import (
	"cmp"
	"context"
	"database/sql"

	"kaveri/crm"
)

// CampaignMailings gives the mailings of a campaign with their counts, the oldest
// first.
func (s *Store) CampaignMailings(ctx context.Context, v crm.Viewer, id crm.CampaignID) (keys []crm.CampaignMailing, rows []crm.MailingRow, err error) {
	if !mayRead(v) {
		return nil, nil, nil
	}
	err = s.view(ctx, func(x *tx) error {
		q, err := x.query(`SELECT k.campaign_id, k.version, k.step, k.variant, k.language, k.writer_id, `+mailingCols+` FROM campaign_mailings k JOIN mailings m ON m.id = k.mailing_id WHERE k.campaign_id = $1 ORDER BY m.id`, int64(id))
		if err != nil {
			return err
		}
		if err := scanAll(q, func(r *sql.Rows) error {
			var k crm.CampaignMailing
			var row crm.MailingRow
			err := scanMailing(scanBefore{r, []any{&k.Campaign, &k.Version, &k.Step, &k.Variant, &k.Language, &k.Writer}}, &row.Mailing)
			keys, rows = append(keys, k), append(rows, row)
			return err
		}); err != nil {
			return err
		}
		return x.fillCounts(rows)
	})
	return keys, rows, err
}

// scanBefore scans columns that stand before those that another function knows.
type scanBefore struct {
	r      *sql.Rows
	before []any
}

func (s scanBefore) Scan(to ...any) error { return s.r.Scan(append(s.before, to...)...) }

// CampaignTrouble says why a mailing of a campaign was paused by what watches over
// mailings, or held, "" when none was; and how many mails of it are open.
func (s *Store) CampaignTrouble(ctx context.Context, id crm.CampaignID) (reason string, open int, err error) {
	err = s.view(ctx, func(x *tx) error {
		reasons, err := column[string](x, `SELECT m.reason FROM campaign_mailings k JOIN mailings m ON m.id = k.mailing_id WHERE k.campaign_id = $1 AND m.state IN ('paused', 'held') ORDER BY m.id LIMIT 1`, int64(id))
		if err != nil {
			return err
		}
		if len(reasons) > 0 {
			reason = cmp.Or(reasons[0], "a mailing of it is paused")
		}
		return x.row(`SELECT CAST(COALESCE(sum(c.n), 0) AS BIGINT) FROM campaign_mailings k JOIN dispatch_counts c ON c.mailing_id = k.mailing_id
WHERE k.campaign_id = $1 AND c.state IN ('queued', 'claimed', 'ready', 'armed', 'deferred', 'unknown')`, int64(id)).Scan(&open)
	})
	return reason, open, err
}

// PauseCampaign stops a campaign and all its mails that have not left, with the
// reason for people.
func (s *Store) PauseCampaign(ctx context.Context, v crm.Viewer, id crm.CampaignID, reason string) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.turnMailings(ctx, id, func(x *tx) error {
		if err := x.turnCampaign(id, crm.CampaignPaused, reason); err != nil {
			return err
		}
		return x.exec(`UPDATE mailings SET state = 'paused', reason = $1 WHERE state = 'running' AND id IN (SELECT mailing_id FROM campaign_mailings WHERE campaign_id = $2)`, clean(reason, 500), int64(id))
	})
}

// ResumeCampaign lets a campaign that is paused go on, and its mails that wait:
// nothing of them expires because of the pause.
func (s *Store) ResumeCampaign(ctx context.Context, v crm.Viewer, id crm.CampaignID) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.turnMailings(ctx, id, func(x *tx) error {
		if err := x.turnCampaign(id, crm.CampaignRunning, ""); err != nil {
			return err
		}
		now := micros(s.now())
		return x.exec(`UPDATE mailings SET state = 'running', reason = '', begun_us = $1, until_us = $1 + patience_us WHERE state IN ('paused', 'held') AND id IN (SELECT mailing_id FROM campaign_mailings WHERE campaign_id = $2)`, now, int64(id))
	})
}

// CancelCampaign calls a campaign off: what waits is not sent, and who is in it
// leaves.
func (s *Store) CancelCampaign(ctx context.Context, v crm.Viewer, id crm.CampaignID) error {
	if !mayRead(v) {
		return errNobody
	}
	if err := s.turnMailings(ctx, id, func(x *tx) error {
		if err := x.turnCampaign(id, crm.CampaignCancelled, ""); err != nil {
			return err
		}
		why := crm.Reason{Code: crm.ReasonCancelled}
		if err := x.exec(`UPDATE members SET state = 'left', code = $1, reason = $2, left_us = $3 WHERE campaign_id = $4 AND state = 'waiting'`, string(why.Code), why.String(), micros(s.now()), int64(id)); err != nil {
			return err
		}
		return x.exec(`UPDATE mailings SET state = 'stopped', reason = '' WHERE id IN (SELECT mailing_id FROM campaign_mailings WHERE campaign_id = $1)`, int64(id))
	}); err != nil {
		return err
	}
	_, rows, err := s.CampaignMailings(ctx, crm.SystemViewer, id)
	for i := range rows {
		if err == nil {
			err = s.stepAll(ctx, rows[i].ID, `state IN `+waitingStates, func(g *steps, d *dispatchRow) { g.move(d, crm.Cancelled, "") })
		}
	}
	return err
}

// turnMailings changes a campaign and its mailings, and tells it.
func (s *Store) turnMailings(ctx context.Context, id crm.CampaignID, f func(*tx) error) error {
	err := s.write(ctx, func(x *tx) error {
		if err := f(x); err != nil {
			return err
		}
		ids, err := column[crm.MailingID](x, `SELECT mailing_id FROM campaign_mailings WHERE campaign_id = $1`, int64(id))
		for _, m := range ids {
			x.tell(crm.Event{Kind: "mailing", Mailing: m})
		}
		return err
	})
	s.campaignsChanged(err, id)
	return err
}
