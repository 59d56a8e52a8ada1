package store

import (
	"context"
	"time"

	"kaveri/crm"
)

// AcquireCampaigns gives the right to run campaigns, for ttl from now. While
// another process holds it, that is an error of kind [crm.KindConflict]; while
// sending is held, as it is on a copy of the database ([Store.SendingHeld]), one of
// kind [crm.KindForbidden].
func (s *Store) AcquireCampaigns(ctx context.Context, owner string, ttl time.Duration) (l crm.Lease, err error) {
	if held, err := s.SendingHeld(ctx); err != nil {
		return l, err
	} else if held != "" {
		return l, crm.Forbidden("%s", held)
	}
	err = s.write(ctx, func(x *tx) error {
		l, err = x.acquire(leaseCampaigns, owner, ttl, false)
		return err
	})
	return l, err
}

// RenewCampaigns holds the right for ttl from now. One that has run out is lost.
func (s *Store) RenewCampaigns(ctx context.Context, l crm.Lease, ttl time.Duration) (crm.Lease, error) {
	err := s.write(ctx, func(x *tx) error {
		now, err := x.fenceOf(leaseCampaigns, l)
		if err != nil {
			return err
		}
		l.Expires = fromMicros(now + ttl.Microseconds())
		return x.putLease(leaseCampaigns, l)
	})
	return l, err
}

// ReleaseCampaigns gives the right up at once. One that is lost is no error.
func (s *Store) ReleaseCampaigns(ctx context.Context, l crm.Lease) error {
	err := s.write(ctx, func(x *tx) error {
		if _, err := x.fenceOf(leaseCampaigns, l); err != nil {
			return err
		}
		l.Expires = time.Time{}
		return x.putLease(leaseCampaigns, l)
	})
	if crm.KindOf(err) == crm.KindConflict {
		return nil
	}
	return err
}
