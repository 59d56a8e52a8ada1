package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kaveri/crm"
)

// The leases: each is one for the whole database.
const (
	leaseSend      = "send"      // to send what is on the ledger
	leaseCampaigns = "campaigns" // to move the members of campaigns
)

// AcquireLease gives the right to send, for ttl from now, with a token that is
// higher than any before. While another process holds it, that is an error of
// kind [crm.KindConflict] whose text names the owner; while sending is held
// ([Store.SendingHeld]), one of kind [crm.KindForbidden].
func (s *Store) AcquireLease(ctx context.Context, owner string, ttl time.Duration) (crm.Lease, error) {
	if held, err := s.SendingHeld(ctx); err != nil {
		return crm.Lease{}, err
	} else if held != "" {
		return crm.Lease{}, crm.Forbidden("%s", held)
	}
	alone, err := s.standAlone()
	if err != nil {
		return crm.Lease{}, err
	}
	var l crm.Lease
	err = s.write(ctx, func(x *tx) (err error) {
		l, err = x.acquire(leaseSend, owner, ttl, alone)
		return err
	})
	if err != nil && alone {
		s.standAside()
	}
	return l, err
}

// acquire takes a lease that nobody holds, or that is nobody's any more.
func (x *tx) acquire(kind, owner string, ttl time.Duration, alone bool) (l crm.Lease, err error) {
	// The row is there from the first time on and never goes, so that the
	// token only grows.
	if err := x.exec(`INSERT INTO leases (kind, id, owner, token, expires_us) VALUES ($1, 1, '', 0, 0) ON CONFLICT DO NOTHING`, kind); err != nil {
		return l, err
	}
	was, now, err := x.lease(kind, x.s.engine.take)
	if err != nil {
		return l, err
	}
	if micros(was.Expires) > now && !alone {
		return l, crm.Conflict("%s is %s; it has the right to until %s", was.Owner, leaseTexts[kind].does, was.Expires.Format(time.TimeOnly))
	}
	l = crm.Lease{Token: was.Token + 1, Owner: owner, Expires: fromMicros(now + ttl.Microseconds())}
	return l, x.putLease(kind, l)
}

// leaseTexts name what leases are for.
var leaseTexts = map[string]struct{ does, to string }{
	leaseSend:      {"sending", "send"},
	leaseCampaigns: {"running the campaigns", "run the campaigns"},
}

// standAlone reports that no other living process sends from this database:
// then a lease that has not run out belongs to one that has died, and nobody
// needs to wait for its end. Only engines with one machine can tell.
func (s *Store) standAlone() (bool, error) {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	if s.engine.alone == nil || s.sendLock != nil {
		return false, nil
	}
	lock, err := s.engine.alone(s.dsn)
	s.sendLock = lock
	return lock != nil, err
}

func (s *Store) standAside() {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	if s.sendLock != nil {
		s.sendLock.Close()
		s.sendLock = nil
	}
}

// RenewLease holds the lease for ttl from now. One that has run out is lost,
// also when nobody has taken it since.
func (s *Store) RenewLease(ctx context.Context, l crm.Lease, ttl time.Duration) (crm.Lease, error) {
	err := s.write(ctx, func(x *tx) error {
		now, err := x.fence(l)
		if err != nil {
			return err
		}
		l.Expires = fromMicros(now + ttl.Microseconds())
		if err := x.putLease(leaseSend, l); err != nil {
			return err
		}
		_, err = x.beginMailings()
		return err
	})
	return l, err
}

// ReleaseLease gives the lease up at once. One that is lost already is no
// error.
func (s *Store) ReleaseLease(ctx context.Context, l crm.Lease) error {
	err := s.write(ctx, func(x *tx) error {
		if _, err := x.fence(l); err != nil {
			return err
		}
		l.Expires = time.Time{}
		return x.putLease(leaseSend, l)
	})
	s.standAside()
	if crm.KindOf(err) == crm.KindConflict {
		return nil
	}
	return err
}

// lease reads a lease, and the clock that its end is measured by. lock ends the
// statement.
func (x *tx) lease(kind, lock string) (l crm.Lease, now int64, err error) {
	var expires int64
	err = x.row(`SELECT owner, token, expires_us, `+x.s.engine.clock+` FROM leases WHERE kind = $1 AND id = 1`+lock, kind).Scan(&l.Owner, &l.Token, &expires, &now)
	if now == 0 {
		now = micros(x.s.now())
	}
	l.Expires = fromMicros(expires)
	return l, now, err
}

func (x *tx) putLease(kind string, l crm.Lease) error {
	return x.exec(`UPDATE leases SET owner = $1, token = $2, expires_us = $3 WHERE kind = $4 AND id = 1`, l.Owner, l.Token, micros(l.Expires), kind)
}

// fence is the first statement of every transaction under the lease to send: it
// fails with [crm.KindConflict] when the lease is not held any more, and keeps
// others from taking it until the transaction ends.
func (x *tx) fence(l crm.Lease) (now int64, err error) { return x.fenceOf(leaseSend, l) }

// fenceOf is fence for a lease of another kind.
func (x *tx) fenceOf(kind string, l crm.Lease) (now int64, err error) {
	is, now, err := x.lease(kind, x.s.engine.share)
	to := leaseTexts[kind].to
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, crm.Conflict("nobody has the right to %s", to)
	case err != nil:
		return 0, err
	case is.Token != l.Token:
		return 0, crm.Conflict("the right to %s has gone to %s", to, is.Owner)
	case micros(is.Expires) <= now:
		return 0, crm.Conflict("the right to %s has run out", to)
	}
	return now, nil
}
