package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kaveri/crm"
)

// leaseSend is the lease to send: one for the whole ledger.
const leaseSend = "send"

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
	err = s.write(ctx, func(x *tx) error {
		// The row is there from the first time on and never goes, so that the
		// token only grows.
		if err := x.exec(`INSERT INTO leases (kind, id, owner, token, expires_us) VALUES ($1, 1, '', 0, 0) ON CONFLICT DO NOTHING`, leaseSend); err != nil {
			return err
		}
		was, now, err := x.lease(x.s.engine.take)
		if err != nil {
			return err
		}
		if micros(was.Expires) > now && !alone {
			return crm.Conflict("%s is sending; it has the right to until %s", was.Owner, was.Expires.Format(time.TimeOnly))
		}
		l = crm.Lease{Token: was.Token + 1, Owner: owner, Expires: fromMicros(now + ttl.Microseconds())}
		return x.putLease(l)
	})
	if err != nil && alone {
		s.standAside()
	}
	return l, err
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
		if err := x.putLease(l); err != nil {
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
		return x.putLease(l)
	})
	s.standAside()
	if crm.KindOf(err) == crm.KindConflict {
		return nil
	}
	return err
}

// lease reads the lease to send, and the clock that its end is measured by.
// lock ends the statement.
func (x *tx) lease(lock string) (l crm.Lease, now int64, err error) {
	var expires int64
	err = x.row(`SELECT owner, token, expires_us, `+x.s.engine.clock+` FROM leases WHERE kind = $1 AND id = 1`+lock, leaseSend).Scan(&l.Owner, &l.Token, &expires, &now)
	if now == 0 {
		now = micros(x.s.now())
	}
	l.Expires = fromMicros(expires)
	return l, now, err
}

func (x *tx) putLease(l crm.Lease) error {
	return x.exec(`UPDATE leases SET owner = $1, token = $2, expires_us = $3 WHERE kind = $4 AND id = 1`, l.Owner, l.Token, micros(l.Expires), leaseSend)
}

// fence is the first statement of every transaction under the lease: it fails
// with [crm.KindConflict] when the lease is not held any more, and keeps
// others from taking it until the transaction ends.
func (x *tx) fence(l crm.Lease) (now int64, err error) {
	is, now, err := x.lease(x.s.engine.share)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, crm.Conflict("nobody has the right to send")
	case err != nil:
		return 0, err
	case is.Token != l.Token:
		return 0, crm.Conflict("the right to send has gone to %s", is.Owner)
	case micros(is.Expires) <= now:
		return 0, crm.Conflict("the right to send has run out")
	}
	return now, nil
}
