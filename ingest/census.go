package ingest

import (
	"context"
	"time"

	"github.com/emersion/go-imap/v2"

	"kaveri/crm"
)

// Census asks the server what a mailbox holds and says for each folder where
// it went: stored, withheld by which rule, waiting, quarantined. What is
// nowhere with us (new since the last poll, or missed) is listed first, so the
// difference that remains is a fault. The counts are saved.
func (s *Service) Census(ctx context.Context, m crm.Mailbox) ([]crm.FolderCount, error) {
	on, err := dial(ctx, m, s.o.Patience)
	if err != nil {
		return nil, err
	}
	defer on.close()
	folders, err := s.folders(ctx, on, m)
	if err != nil {
		return nil, err
	}
	stop := s.pipe.start(ctx) // for what is found to be missing
	defer stop()
	return s.takeCensus(ctx, on, folders, m)
}

func (s *Service) takeCensus(ctx context.Context, on *session, folders []crm.Folder, m crm.Mailbox) ([]crm.FolderCount, error) {
	present := map[crm.FolderID]int{}
	problem := map[crm.FolderID]string{}
	for _, folder := range folders {
		p := &pass{s: s, on: on, folder: folder, thorough: true}
		n, err := p.count(ctx)
		if err != nil {
			if ctx.Err() != nil || on.State() == imap.ConnStateLogout {
				return nil, err
			}
			problem[folder.ID] = sentence(err)
			continue
		}
		present[folder.ID] = n
	}
	counts, err := s.o.Store.FolderCounts(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	now := s.o.Now()
	for i := range counts {
		counts[i].InMailbox, counts[i].Error, counts[i].At = present[counts[i].Folder], problem[counts[i].Folder], now
	}
	return counts, s.o.Store.SaveCensus(ctx, counts)
}

// count reads what is missing with us and gives how many UIDs the folder holds
// now.
func (p *pass) count(ctx context.Context) (int, error) {
	if err := p.look(ctx); err != nil {
		return 0, err
	}
	uids, err := p.search(ctx, 1)
	return len(uids), err
}

// followDeletions removes what has left the mailboxes for longer than the firm's
// policy says; without one, nothing. Only how much it was is logged.
func (s *Service) followDeletions(ctx context.Context) {
	n, err := s.o.Store.FollowDeletions(ctx, s.o.Now(), false)
	switch {
	case err != nil && ctx.Err() == nil:
		s.o.Log.Error("mail that has left the mailboxes could not be removed", "err", err, "removed", n)
	case n > 0:
		s.o.Log.Info("removed mail that has left the mailboxes, as the firm's policy says", "mails", n)
	}
}

// nightly takes the census of every mailbox between three and four at night,
// in the firm's time zone, and then follows deletions.
func (s *Service) nightly(ctx context.Context) {
	for {
		zone := time.UTC
		if firm, err := s.o.Store.Firm(ctx); err == nil {
			zone = firm.Zone()
		}
		now := s.o.Now().In(zone)
		next := time.Date(now.Year(), now.Month(), now.Day(), 3, 30, 0, 0, zone)
		if !next.After(now) {
			next = next.AddDate(0, 0, 1)
		}
		sleep(ctx, next.Sub(now))
		if ctx.Err() != nil {
			return
		}
		boxes, err := s.o.Store.FollowedMailboxes(ctx)
		if err != nil {
			s.o.Log.Error("no census tonight", "err", err)
			continue
		}
		for _, m := range boxes {
			if _, err := s.Census(ctx, m); err != nil && ctx.Err() == nil {
				s.o.Log.Warn("no census of a mailbox tonight", "mailbox", m.Address, "err", err)
			}
		}
		s.followDeletions(ctx)
	}
}
