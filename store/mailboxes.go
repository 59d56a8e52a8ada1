package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"time"

	"kaveri/crm"
)

const mailboxCols = `b.id, b.staff_id, b.address, b.label, b.host, b.port, b.security, b.username, b.folders, b.state, b.problem, b.since_us, b.seen_us, b.created_us`

func scanMailbox(r interface{ Scan(...any) error }, m *crm.Mailbox, more ...any) error {
	var folders string
	var since, seen, created int64
	err := r.Scan(append([]any{&m.ID, &m.Staff, &m.Address, &m.Label, &m.Host, &m.Port, &m.Security, &m.Username, &folders, &m.State, &m.Problem, &since, &seen, &created}, more...)...)
	if err != nil {
		return err
	}
	m.Since, m.LastSeen, m.Created = fromMicros(since), fromMicros(seen), fromMicros(created)
	return json.Unmarshal([]byte(folders), &m.Folders)
}

// mayManage: a colleague looks after the own mailboxes, an administrator after
// everybody's.
func mayManage(v crm.Viewer, owner crm.StaffID) error {
	if v.MayAdminister() || v.Staff != 0 && v.Staff == owner {
		return nil
	}
	return crm.Forbidden("only its owner or an administrator may change this mailbox")
}

// AddMailbox adds a mailbox to be followed (or, in state
// [crm.MailboxImported], one that stands for imported files). One that was
// removed is revived with all that was captured from it.
func (s *Store) AddMailbox(ctx context.Context, v crm.Viewer, m crm.Mailbox) (crm.Mailbox, error) {
	if err := mayManage(v, m.Staff); err != nil {
		return crm.Mailbox{}, err
	}
	if err := validateMailbox(&m); err != nil {
		return crm.Mailbox{}, err
	}
	if m.State != crm.MailboxImported {
		m.State = crm.MailboxNew
	}
	m.Problem, m.LastSeen = "", time.Time{}
	m.Since = fromMicros(micros(s.now()))
	m.Created = m.Since
	err := s.write(ctx, func(x *tx) error {
		if err := x.owner(m.Staff); err != nil {
			return err
		}
		var was struct {
			id, staff, removed, created int64
			state                       string
		}
		err := x.row(`SELECT id, staff_id, removed_us, created_us, state FROM mailboxes WHERE host = $1 AND port = $2 AND username = $3`, m.Host, m.Port, m.Username).
			Scan(&was.id, &was.staff, &was.removed, &was.created, &was.state)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			if was.id, err = x.id(); err != nil {
				return err
			}
			was.created = micros(m.Created)
		case err != nil:
			return err
		case was.removed == 0 && was.state == string(crm.MailboxRefused) && was.staff == int64(m.Staff):
			// Connected again, with a password that works.
		case was.removed == 0:
			return crm.Of("mailbox", crm.Conflict("the mailbox %s at %s is here already; change that one, or remove it first", m.Username, m.Host))
		case was.staff != int64(m.Staff):
			// Its private mail is seen by its owner alone.
			return crm.Of("owner", crm.Conflict("the mailbox %s was a colleague's; it can be added again for the same owner only", m.Username))
		}
		m.ID, m.Created = crm.MailboxID(was.id), fromMicros(was.created)
		x.tell(crm.Event{Kind: "mailbox", Mailbox: m.ID})
		return x.putMailbox(&m, s.key.sealed(m.Password, secretOf("mailboxes", was.id)))
	})
	if err != nil {
		return crm.Mailbox{}, err
	}
	m.Password = ""
	return m, nil
}

func (x *tx) owner(id crm.StaffID) error {
	var n int
	err := x.row(`SELECT count(*) FROM staff WHERE id = $1`, int64(id)).Scan(&n)
	if err == nil && n == 0 {
		err = crm.Invalid("owner", "no colleague has the number %d; a mailbox belongs to somebody", id)
	}
	return err
}

// putMailbox writes the row, new or revived.
func (x *tx) putMailbox(m *crm.Mailbox, secret []byte) error {
	if m.Password == "" {
		secret = nil
	}
	folders, err := json.Marshal(m.Folders)
	if err != nil {
		return err
	}
	return x.exec(`INSERT INTO mailboxes (id, staff_id, address, label, host, port, security, username, secret, folders, state, problem, since_us, seen_us, created_us, removed_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', $12, 0, $13, 0)
ON CONFLICT (id) DO UPDATE SET address = excluded.address, label = excluded.label, host = excluded.host, port = excluded.port, security = excluded.security,
username = excluded.username, secret = excluded.secret, folders = excluded.folders, state = excluded.state, problem = '', since_us = excluded.since_us, removed_us = 0`,
		int64(m.ID), int64(m.Staff), string(m.Address), m.Label, m.Host, m.Port, string(m.Security), m.Username, secret, string(folders), string(m.State), micros(m.Since), micros(m.Created))
}

func validateMailbox(m *crm.Mailbox) (err error) {
	if m.Address, err = crm.ParseAddress(string(m.Address)); err != nil {
		return err
	}
	m.Label = cut(strings.TrimSpace(m.Label), 300)
	m.Host = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(m.Host), "."))
	m.Username = strings.TrimSpace(m.Username)
	if m.Username == "" {
		m.Username = string(m.Address)
	}
	if m.State == crm.MailboxImported {
		return nil
	}
	if m.Security == "" {
		m.Security = crm.SecurityTLS
	}
	switch m.Security {
	case crm.SecurityTLS:
		m.Port = orElse(m.Port, 993)
	case crm.SecurityStartTLS, crm.SecurityNone:
		m.Port = orElse(m.Port, 143)
	default:
		return crm.Invalid("security", "%q is unknown; choose tls, starttls, or none for a server on this machine", m.Security)
	}
	switch {
	case m.Host == "" || strings.ContainsAny(m.Host, " /@"):
		return crm.Invalid("host", "%q is not a server name; write it like imap.example.com", m.Host)
	case m.Port < 1 || m.Port > 65535:
		return crm.Invalid("port", "%d is not a port; it is 993 almost everywhere", m.Port)
	case m.Security == crm.SecurityNone && !loopback(m.Host):
		return crm.Invalid("security", "the password would cross the network readable by others; choose tls or starttls")
	}
	return nil
}

func orElse(n, usual int) int {
	if n == 0 {
		return usual
	}
	return n
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// mailbox reads a mailbox that is not removed.
func (x *tx) mailbox(id crm.MailboxID) (m crm.Mailbox, secret []byte, err error) {
	err = scanMailbox(x.row(`SELECT `+mailboxCols+`, b.secret FROM mailboxes b WHERE b.id = $1 AND b.removed_us = 0`, int64(id)), &m, &secret)
	if errors.Is(err, sql.ErrNoRows) {
		err = crm.Of("mailbox", crm.NotFound("no mailbox has the number %d", id))
	}
	return m, secret, err
}

// UpdateMailbox changes a mailbox; its owner stays. An empty password keeps
// the present one, except when the server or the user name changes: a password
// goes only where its owner has sent it. State [crm.MailboxPaused] pauses the
// mailbox; any other state follows it, afresh.
func (s *Store) UpdateMailbox(ctx context.Context, v crm.Viewer, m crm.Mailbox) error {
	return s.write(ctx, func(x *tx) error {
		n := m // the closure may run again
		was, secret, err := x.mailbox(n.ID)
		if err != nil {
			return err
		}
		if err := mayManage(v, was.Staff); err != nil {
			return err
		}
		imported := was.State == crm.MailboxImported
		if imported {
			n.State = crm.MailboxImported
		} else if n.State != crm.MailboxPaused {
			n.State = crm.MailboxNew
		}
		if err := validateMailbox(&n); err != nil {
			return err
		}
		switch {
		case n.Password != "":
			secret = s.key.sealed(n.Password, secretOf("mailboxes", int64(n.ID)))
		case !imported && (n.Host != was.Host || n.Port != was.Port || n.Username != was.Username || n.Security != was.Security):
			return crm.Invalid("password", "the server or user name has changed; give the password again")
		}
		x.tell(crm.Event{Kind: "mailbox", Mailbox: n.ID})
		folders, err := json.Marshal(n.Folders)
		if err != nil {
			return err
		}
		err = x.exec(`UPDATE mailboxes SET address = $1, label = $2, host = $3, port = $4, security = $5, username = $6, secret = $7, folders = $8, state = $9, problem = '', since_us = $10 WHERE id = $11`,
			string(n.Address), n.Label, n.Host, n.Port, string(n.Security), n.Username, secret, string(folders), string(n.State), micros(s.now()), int64(n.ID))
		if err != nil && s.engine.unique(err) {
			return crm.Of("mailbox", crm.Conflict("the mailbox %s at %s is here already; change that one, or remove it first", n.Username, n.Host))
		}
		return err
	})
}

// RemoveMailbox stops following a mailbox and erases its password. Mail that
// was captured from it stays.
func (s *Store) RemoveMailbox(ctx context.Context, v crm.Viewer, id crm.MailboxID) error {
	return s.write(ctx, func(x *tx) error {
		m, _, err := x.mailbox(id)
		if err != nil {
			return err
		}
		if err := mayManage(v, m.Staff); err != nil {
			return err
		}
		x.tell(crm.Event{Kind: "mailbox", Mailbox: id})
		return x.exec(`UPDATE mailboxes SET removed_us = $1, secret = NULL, problem = '' WHERE id = $2`, micros(s.now()), int64(id))
	})
}

// Mailboxes lists the mailboxes that are not removed, without passwords.
func (s *Store) Mailboxes(ctx context.Context, v crm.Viewer) ([]crm.Mailbox, error) {
	if !mayRead(v) {
		return nil, nil
	}
	rows, err := s.r.QueryContext(ctx, s.bound.sql(`SELECT `+mailboxCols+` FROM mailboxes b WHERE b.removed_us = 0 ORDER BY b.id`))
	return collect(rows, err, func(r *sql.Rows, m *crm.Mailbox) error { return scanMailbox(r, m) })
}

// FollowedMailboxes lists, for the program alone, the mailboxes that are to be
// followed, with their passwords. One whose password does not open is marked
// refused and left out: it does not hold up the others.
func (s *Store) FollowedMailboxes(ctx context.Context) ([]crm.Mailbox, error) {
	type row struct {
		crm.Mailbox
		secret []byte
	}
	rows, err := s.r.QueryContext(ctx, s.bound.sql(`SELECT `+mailboxCols+`, b.secret FROM mailboxes b WHERE b.removed_us = 0 AND b.state NOT IN ($1, $2) ORDER BY b.id`),
		string(crm.MailboxPaused), string(crm.MailboxImported))
	all, err := collect(rows, err, func(r *sql.Rows, m *row) error { return scanMailbox(r, &m.Mailbox, &m.secret) })
	if err != nil {
		return nil, err
	}
	var ex *excluded
	if err := s.view(ctx, func(x *tx) (err error) { ex, err = x.excluded(&crm.Firm{}); return err }); err != nil {
		return nil, err
	}
	var out []crm.Mailbox
	for _, m := range all {
		m.Folders.Closed = ex.closedFolders(m.ID)
		if m.Password, err = s.key.opened(m.secret, secretOf("mailboxes", int64(m.ID))); err != nil {
			s.log.Warn("a mailbox password does not open", "mailbox", m.ID, "err", err)
			if err := s.SetMailboxState(ctx, m.ID, crm.MailboxRefused, "the stored password does not open with this key file; give the password again", time.Time{}); err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, m.Mailbox)
	}
	return out, nil
}

// SetMailboxState notes how a mailbox's follower fares. seen is the last
// successful talk with the server, zero when there was none. A mailbox that
// people have paused or removed meanwhile stays so.
func (s *Store) SetMailboxState(ctx context.Context, id crm.MailboxID, state crm.MailboxState, problem string, seen time.Time) error {
	problem = cut(problem, 1000)
	return s.write(ctx, func(x *tx) error {
		if !seen.IsZero() {
			if err := x.exec(`UPDATE mailboxes SET seen_us = $1 WHERE id = $2 AND seen_us < $3`, micros(seen), int64(id), micros(seen)); err != nil {
				return err
			}
		}
		changed, err := x.changed(`UPDATE mailboxes SET since_us = CASE WHEN state = $1 THEN since_us ELSE $2 END, state = $3, problem = $4
WHERE id = $5 AND removed_us = 0 AND state NOT IN ($6, $7) AND (state <> $8 OR problem <> $9)`,
			string(state), micros(s.now()), string(state), problem, int64(id), string(crm.MailboxPaused), string(crm.MailboxImported), string(state), problem)
		if changed > 0 {
			x.tell(crm.Event{Kind: "mailbox", Mailbox: id})
		}
		return err
	})
}
