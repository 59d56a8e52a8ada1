package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"kaveri/crm"
)

// settingFirm names the row of settings that holds the firm, as JSON.
const settingFirm = "firm"

// Firm gives the firm's settings as they were saved, with the usual values for
// what was not.
func (s *Store) Firm(ctx context.Context) (crm.Firm, error) {
	var f crm.Firm
	err := s.view(ctx, func(x *tx) (err error) {
		f, err = x.savedFirm()
		return err
	})
	return f, err
}

// Configured reports whether anybody has set Kaveri up: the firm has a name,
// or a colleague can sign in.
func (s *Store) Configured(ctx context.Context) (bool, error) {
	var done bool
	err := s.view(ctx, func(x *tx) error {
		f, err := x.savedFirm()
		if err != nil {
			return err
		}
		var staff int
		err = x.row(`SELECT count(*) FROM staff`).Scan(&staff)
		done = f.Name != "" || staff > 0
		return err
	})
	return done, err
}

// SaveFirm keeps the firm's settings. When the capture policy or who is one of
// us has changed, mail that a rule has withheld is fetched and judged anew; when
// what the rules rest on has changed, stored mail finds its place again. None is
// removed but what is excluded.
func (s *Store) SaveFirm(ctx context.Context, v crm.Viewer, f crm.Firm) error {
	if !v.MayAdminister() {
		return crm.Forbidden("only an administrator may change the firm's settings")
	}
	f.Name = strings.TrimSpace(f.Name)
	f.Domains, f.Addresses, f.Relays = slices.Clone(f.Domains), slices.Clone(f.Addresses), slices.Clone(f.Relays)
	if err := f.Validate(); err != nil {
		return err
	}
	for _, list := range []struct {
		field string
		as    []crm.Address
	}{{"own address", f.Addresses}, {"relay", f.Relays}} {
		for i, a := range list.as {
			n, err := crm.ParseAddress(string(a))
			if err != nil {
				return crm.Invalid(list.field, "%q is not an address; write it like name@example.com", string(a))
			}
			list.as[i] = n
		}
	}
	f.AuthServer = strings.ToLower(strings.TrimSpace(f.AuthServer))
	j, err := json.Marshal(f)
	if err != nil {
		return err
	}
	err = s.write(ctx, func(x *tx) error {
		was, err := x.savedFirm()
		if err != nil {
			return err
		}
		outside := slices.Equal(was.Domains, f.Domains) && slices.Equal(was.Addresses, f.Addresses) && slices.Equal(was.Relays, f.Relays)
		if was.Policy != f.Policy || !outside {
			if err := x.exec(`UPDATE uids SET state = 'waiting', rule = '' WHERE state = 'withheld'`); err != nil {
				return err
			}
		}
		if err := x.recountOrders(&was, &f); err != nil {
			return err
		}
		if !outside || was.AuthServer != f.AuthServer {
			if err := x.allStale(); err != nil {
				return err
			}
		}
		return x.exec(`INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, settingFirm, string(j))
	})
	if err != nil {
		return err
	}
	return s.decideStale(ctx)
}

// savedFirm reads the settings.
func (x *tx) savedFirm() (crm.Firm, error) {
	var f crm.Firm
	var j string
	err := x.row(`SELECT value FROM settings WHERE name = $1`, settingFirm).Scan(&j)
	if err == nil {
		err = json.Unmarshal([]byte(j), &f)
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return f, err
	}
	return f, f.Validate()
}

// firm gives the firm as the rules use it: the addresses of our mailboxes and
// colleagues are us too, those of former ones included. It is read in each
// transaction, since another process may have changed it.
func (x *tx) firm() (crm.Firm, error) {
	f, err := x.savedFirm()
	if err != nil {
		return f, err
	}
	own, err := column[crm.Address](x, `SELECT address FROM mailboxes UNION SELECT address FROM staff`)
	for _, a := range own {
		if a != "" && !f.Internal(a) {
			f.Addresses = append(f.Addresses, a)
		}
	}
	return f, err
}
