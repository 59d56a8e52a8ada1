package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kaveri/crm"
)

// How long a session lives: without use, and in all.
const (
	SessionIdle = 12 * time.Hour
	SessionLife = 14 * 24 * time.Hour
)

// sessionTouch is how exactly the last use of a session is known: noting each
// request would make every read a write.
const sessionTouch = time.Minute

// NewSession keeps a session under the hash of its token; the token itself is
// known to the browser alone. Sessions that have ended are cleared away.
func (s *Store) NewSession(ctx context.Context, tokenHash [32]byte, staff crm.StaffID, now time.Time) error {
	return s.write(ctx, func(x *tx) error {
		if err := x.exec(`DELETE FROM sessions WHERE used_us < $1 OR created_us < $2`, micros(now.Add(-SessionIdle)), micros(now.Add(-SessionLife))); err != nil {
			return err
		}
		return x.exec(`INSERT INTO sessions (token_hash, staff_id, created_us, used_us) VALUES ($1, $2, $3, $4)`, tokenHash[:], int64(staff), micros(now), micros(now))
	})
}

// Session gives whose session it is and notes that it is in use. It fails with
// [crm.KindNotFound] when there is none, it has expired, or the colleague is
// disabled.
func (s *Store) Session(ctx context.Context, tokenHash [32]byte, now time.Time) (crm.Staff, error) {
	const query = `SELECT st.id, st.name, st.address, st.role, st.language, st.disabled, st.created_us, se.created_us, se.used_us
FROM sessions se JOIN staff st ON st.id = se.staff_id WHERE se.token_hash = $1`
	var m crm.Staff
	var created, used int64
	err := scanStaff(s.r.QueryRowContext(ctx, s.bound.sql(query), tokenHash[:]), &m, &created, &used)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return crm.Staff{}, err
	}
	idle := now.Sub(fromMicros(used))
	if err != nil || m.Disabled || idle >= SessionIdle || now.Sub(fromMicros(created)) >= SessionLife {
		return crm.Staff{}, crm.NotFound("you are not signed in, or not any more; sign in again")
	}
	if idle >= sessionTouch {
		err = s.write(ctx, func(x *tx) error {
			return x.exec(`UPDATE sessions SET used_us = $1 WHERE token_hash = $2 AND used_us < $3`, micros(now), tokenHash[:], micros(now))
		})
	} else {
		err = nil
	}
	return m, err
}

// EndSession signs out. Ending a session that is not there is no error.
func (s *Store) EndSession(ctx context.Context, tokenHash [32]byte) error {
	return s.write(ctx, func(x *tx) error {
		return x.exec(`DELETE FROM sessions WHERE token_hash = $1`, tokenHash[:])
	})
}
