package store

import (
	"context"
	"database/sql"

	"kaveri/crm"
)

const dkimCols = `k.domain, k.selector, k.algorithm, k.public, k.created_us, k.active_us, k.retired_us`

func scanDKIMKey(r interface{ Scan(...any) error }, k *crm.DKIMKey, more ...any) error {
	var created, active, retired int64
	err := r.Scan(append([]any{&k.Domain, &k.Selector, &k.Algorithm, &k.Public, &created, &active, &retired}, more...)...)
	k.Created, k.Active, k.Retired = fromMicros(created), fromMicros(active), fromMicros(retired)
	return err
}

// DKIMKeys lists the keys of a domain ("" all domains), without their private
// part: the newest last.
func (s *Store) DKIMKeys(ctx context.Context, v crm.Viewer, domain string) ([]crm.DKIMKey, error) {
	if !mayRead(v) {
		return nil, nil
	}
	rows, err := s.r.QueryContext(ctx, s.bound.sql(`SELECT `+dkimCols+` FROM dkim_keys k WHERE $1 = '' OR k.domain = $2 ORDER BY k.domain, k.id`), domain, domain)
	return collect(rows, err, func(r *sql.Rows, k *crm.DKIMKey) error { return scanDKIMKey(r, k) })
}

// SigningKeys lists, for the program alone, the keys that sign now, with their
// private part: those of a domain in the order in which they were made. One
// that does not open is an error, since mail must not leave unsigned unnoticed.
func (s *Store) SigningKeys(ctx context.Context) ([]crm.DKIMKey, error) {
	rows, err := s.r.QueryContext(ctx, s.bound.sql(`SELECT `+dkimCols+`, k.id, k.secret FROM dkim_keys k WHERE k.active_us > 0 AND k.retired_us = 0 ORDER BY k.domain, k.id`))
	return collect(rows, err, func(r *sql.Rows, k *crm.DKIMKey) error {
		var id int64
		var secret []byte
		if err := scanDKIMKey(r, k, &id, &secret); err != nil {
			return err
		}
		private, err := s.key.opened(secret, secretOf("dkim_keys", id))
		k.Private = []byte(private)
		return err
	})
}

// AddDKIMKeys adds keys of one domain, which wait until [Store.UseDKIMKeys].
// While others of the domain wait, or when a selector is in use already, that is
// an error of kind [crm.KindConflict].
func (s *Store) AddDKIMKeys(ctx context.Context, v crm.Viewer, keys []crm.DKIMKey) error {
	if !v.MayAdminister() {
		return crm.Forbidden("only an administrator may make keys that sign mail")
	}
	for _, k := range keys {
		if k.Domain != keys[0].Domain || k.Selector == "" || len(k.Private) == 0 || len(k.Public) == 0 {
			return crm.Invalid("key", "a key needs a domain, a selector and both its parts")
		}
	}
	return s.write(ctx, func(x *tx) error {
		for i, k := range keys {
			if i == 0 {
				if err := x.noneWaiting(k.Domain); err != nil {
					return err
				}
			}
			if err := x.addDKIMKey(k); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *tx) noneWaiting(domain string) error {
	var n int
	err := x.row(`SELECT count(*) FROM dkim_keys WHERE domain = $1 AND active_us = 0 AND retired_us = 0`, domain).Scan(&n)
	if err == nil && n > 0 {
		err = crm.Of("domain", crm.Conflict("%s has keys that wait to be used already; use those", domain))
	}
	return err
}

func (x *tx) addDKIMKey(k crm.DKIMKey) error {
	id, err := x.id()
	if err != nil {
		return err
	}
	err = x.exec(`INSERT INTO dkim_keys (id, domain, selector, algorithm, public, secret, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id, k.Domain, k.Selector, string(k.Algorithm), k.Public, x.s.key.sealed(string(k.Private), secretOf("dkim_keys", id)), micros(k.Created))
	if err != nil && x.s.engine.unique(err) {
		return crm.Of("selector", crm.Conflict("%s has a key named %s already", k.Domain, k.Selector))
	}
	return err
}

// UseDKIMKeys has the waiting keys of a domain sign from now on, and retires
// those that signed before: their private part is erased, since nothing is
// signed with it any more. Without waiting keys that is an error of kind
// [crm.KindConflict].
func (s *Store) UseDKIMKeys(ctx context.Context, v crm.Viewer, domain string) error {
	if !v.MayAdminister() {
		return crm.Forbidden("only an administrator may change the keys that sign mail")
	}
	return s.write(ctx, func(x *tx) error {
		now := micros(s.now())
		if err := x.exec(`UPDATE dkim_keys SET retired_us = $1, secret = NULL WHERE domain = $2 AND active_us > 0 AND retired_us = 0`, now, domain); err != nil {
			return err
		}
		n, err := x.changed(`UPDATE dkim_keys SET active_us = $1 WHERE domain = $2 AND active_us = 0 AND retired_us = 0`, now, domain)
		if err == nil && n == 0 {
			err = crm.Of("domain", crm.Conflict("%s has no keys that wait to be used; make some", domain))
		}
		return err
	})
}
