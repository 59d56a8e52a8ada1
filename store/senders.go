package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"strings"

	"kaveri/crm"
)

const senderCols = `id, name, host, port, security, username, domains, bounce, connections, rate_micro, place, warm_up, disabled, state, problem, since_us, created_us`

func scanSender(r interface{ Scan(...any) error }, m *crm.Sender, more ...any) error {
	var domains, warmUp string
	var rate, disabled, since, created int64
	err := r.Scan(append([]any{&m.ID, &m.Name, &m.Host, &m.Port, &m.Security, &m.Username, &domains, &m.Bounce, &m.Connections, &rate, &m.Order, &warmUp, &disabled, &m.State, &m.Problem, &since, &created}, more...)...)
	if err != nil {
		return err
	}
	m.Rate, m.Disabled, m.Since, m.Created = float64(rate)/1e6, disabled == 1, fromMicros(since), fromMicros(created)
	if warmUp != "" {
		if err := json.Unmarshal([]byte(warmUp), &m.WarmUp); err != nil {
			return err
		}
	}
	return json.Unmarshal([]byte(domains), &m.Domains)
}

var errSenders = crm.Forbidden("only an administrator may change the senders")

// AddSender adds an account at a mail server that takes our mail. Its password
// is sealed for its row.
func (s *Store) AddSender(ctx context.Context, v crm.Viewer, m crm.Sender) (crm.Sender, error) {
	if !v.MayAdminister() {
		return crm.Sender{}, errSenders
	}
	if err := validateSender(&m); err != nil {
		return crm.Sender{}, err
	}
	err := s.write(ctx, func(x *tx) error {
		id, err := x.id()
		if err != nil {
			return err
		}
		m.ID, m.State, m.Problem = crm.SenderID(id), crm.SenderNew, ""
		m.Created = fromMicros(micros(x.s.now()))
		m.Since = m.Created
		return x.putSender(&m, x.sealedFor(&m))
	})
	if err != nil {
		return crm.Sender{}, err
	}
	m.Password = ""
	s.events.send(crm.Event{Kind: "sender", Sender: m.ID})
	return m, nil
}

func (x *tx) sealedFor(m *crm.Sender) []byte {
	if m.Password == "" {
		return nil
	}
	return x.s.key.sealed(m.Password, secretOf("senders", int64(m.ID)))
}

// putSender writes the row, new or changed.
func (x *tx) putSender(m *crm.Sender, secret []byte) error {
	domains, err := json.Marshal(append([]string{}, m.Domains...))
	if err != nil {
		return err
	}
	warmUp, err := json.Marshal(m.WarmUp)
	if err != nil {
		return err
	}
	var taken int
	if err := x.row(`SELECT count(*) FROM senders WHERE name = $1 AND removed_us = 0 AND id <> $2`, m.Name, int64(m.ID)).Scan(&taken); err != nil {
		return err
	}
	if taken > 0 {
		return crm.Of("name", crm.Conflict("there is a sender named %q already; choose another name, or change that one", m.Name))
	}
	return x.exec(`INSERT INTO senders (id, name, host, port, security, username, secret, domains, bounce, connections, rate_micro, place, warm_up, disabled, state, problem, since_us, created_us)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, host = excluded.host, port = excluded.port, security = excluded.security, username = excluded.username, secret = excluded.secret,
domains = excluded.domains, bounce = excluded.bounce, connections = excluded.connections, rate_micro = excluded.rate_micro, place = excluded.place, warm_up = excluded.warm_up, disabled = excluded.disabled,
state = excluded.state, problem = excluded.problem, since_us = excluded.since_us`,
		int64(m.ID), m.Name, m.Host, int64(m.Port), string(m.Security), m.Username, secret, string(domains), m.Bounce, int64(m.Connections), int64(math.Round(m.Rate*1e6)), int64(m.Order),
		string(warmUp), flag(m.Disabled), string(m.State), m.Problem, micros(m.Since), micros(m.Created))
}

// usualConnections is how many connections a sender has at once when it does
// not say: what common submission servers allow one client.
const usualConnections = 10

func validateSender(m *crm.Sender) (err error) {
	m.Name = cut(strings.TrimSpace(m.Name), 300)
	m.Host = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(m.Host), "."))
	m.Username = strings.TrimSpace(m.Username)
	if m.Security == "" {
		m.Security = crm.SecurityTLS
	}
	switch m.Security {
	case crm.SecurityTLS:
		m.Port = orElse(m.Port, 465) // RFC 8314 §3.3
	case crm.SecurityStartTLS:
		m.Port = orElse(m.Port, 587)
	case crm.SecurityNone:
		m.Port = orElse(m.Port, 25)
	default:
		return crm.Invalid("security", "%q is unknown; choose tls, starttls, or none for a server on this machine", m.Security)
	}
	m.Connections = orElse(m.Connections, usualConnections)
	switch {
	case m.Name == "":
		return crm.Invalid("name", "give the sender a name, such as the provider's")
	case m.Host == "" || strings.ContainsAny(m.Host, " /@\r\n"):
		return crm.Invalid("host", "%q is not a server name; write it like smtp.example.com", m.Host)
	case m.Port < 1 || m.Port > 65535:
		return crm.Invalid("port", "%d is not a port; it is 465 almost everywhere", m.Port)
	case m.Security == crm.SecurityNone && m.Username != "" && !loopback(m.Host):
		return crm.Invalid("security", "the password would cross the network readable by others; choose tls or starttls")
	case m.Connections < 1 || m.Connections > 1000:
		return crm.Invalid("connections", "%d at once are not possible; give 1 to 1000", m.Connections)
	case m.Rate < 0 || m.Rate > 1e6:
		return crm.Invalid("rate", "give the mails a second, 0 for no limit")
	}
	if err := m.WarmUp.Validate(); err != nil {
		return err
	}
	for i, d := range m.Domains {
		if m.Domains[i], err = crm.ParseDomain(d); err != nil {
			return crm.Invalid("domains", "%s", err.(*crm.Error).Text)
		}
	}
	if m.Bounce != "" {
		if m.Bounce, err = crm.ParseDomain(m.Bounce); err != nil {
			return crm.Invalid("bounce", "%s", err.(*crm.Error).Text)
		}
	}
	return nil
}

// Senders gives all senders with their passwords, in the order in which they
// are tried: for the sending process.
func (s *Store) Senders(ctx context.Context) (list []crm.Sender, err error) {
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT ` + senderCols + `, secret FROM senders WHERE removed_us = 0 ORDER BY place, id`)
		list, err = collect(rows, err, func(r *sql.Rows, m *crm.Sender) error {
			var secret []byte
			if err := scanSender(r, m, &secret); err != nil {
				return err
			}
			var err error
			m.Password, err = s.key.opened(secret, secretOf("senders", int64(m.ID)))
			return err
		})
		return err
	})
	return list, err
}

// ListSenders gives all senders without their passwords, for people.
func (s *Store) ListSenders(ctx context.Context, v crm.Viewer) ([]crm.Sender, error) {
	if !mayRead(v) {
		return nil, nil
	}
	var list []crm.Sender
	err := s.view(ctx, func(x *tx) (err error) {
		list, err = x.senders()
		return err
	})
	return list, err
}

// senders reads them in the order in which they are tried.
func (x *tx) senders() ([]crm.Sender, error) {
	rows, err := x.query(`SELECT ` + senderCols + ` FROM senders WHERE removed_us = 0 ORDER BY place, id`)
	return collect(rows, err, func(r *sql.Rows, m *crm.Sender) error { return scanSender(r, m) })
}

// UpdateSender changes a sender and tries it afresh. An empty password keeps
// the present one, except when server, user or security change: a password goes
// only where somebody has sent it.
func (s *Store) UpdateSender(ctx context.Context, v crm.Viewer, m crm.Sender) error {
	if !v.MayAdminister() {
		return errSenders
	}
	if err := validateSender(&m); err != nil {
		return err
	}
	return s.changeSender(ctx, m.ID, func(x *tx, was crm.Sender, secret []byte) error {
		m := m
		moved := m.Host != was.Host || m.Port != was.Port || m.Username != was.Username || m.Security != was.Security
		switch {
		case m.Password != "":
			secret = x.sealedFor(&m)
		case moved && len(secret) > 0 && m.Username != "":
			return crm.Invalid("password", "give the password again: the server or the user has changed")
		case moved || m.Username == "":
			secret = nil
		}
		m.State, m.Problem, m.Created, m.Since = crm.SenderNew, "", was.Created, x.s.now()
		if m.WarmUp != was.WarmUp {
			if err := x.wakePutOff(); err != nil {
				return err
			}
		}
		return x.putSender(&m, secret)
	})
}

// RemoveSender takes a sender away with its password. What it has sent still
// names it.
func (s *Store) RemoveSender(ctx context.Context, v crm.Viewer, id crm.SenderID) error {
	if !v.MayAdminister() {
		return errSenders
	}
	return s.changeSender(ctx, id, func(x *tx, _ crm.Sender, _ []byte) error {
		return x.exec(`UPDATE senders SET removed_us = $1, secret = NULL WHERE id = $2`, micros(x.s.now()), int64(id))
	})
}

// SenderFares notes how a sender fares; problem is for people.
func (s *Store) SenderFares(ctx context.Context, id crm.SenderID, state crm.SenderState, problem string) error {
	problem = clean(problem, 500)
	return s.changeSender(ctx, id, func(x *tx, was crm.Sender, _ []byte) error {
		if was.State == state && was.Problem == problem {
			return nil
		}
		since := micros(was.Since)
		if was.State != state {
			since = micros(x.s.now())
		}
		return x.exec(`UPDATE senders SET state = $1, problem = $2, since_us = $3 WHERE id = $4`, string(state), problem, since, int64(id))
	})
}

func (s *Store) changeSender(ctx context.Context, id crm.SenderID, f func(x *tx, was crm.Sender, secret []byte) error) error {
	err := s.write(ctx, func(x *tx) error {
		var m crm.Sender
		var secret []byte
		err := scanSender(x.row(`SELECT `+senderCols+`, secret FROM senders WHERE id = $1 AND removed_us = 0`, int64(id)), &m, &secret)
		if errors.Is(err, sql.ErrNoRows) {
			return crm.Of("sender", crm.NotFound("no sender has the number %d", id))
		}
		if err != nil {
			return err
		}
		return f(x, m, secret)
	})
	if err == nil {
		s.events.send(crm.Event{Kind: "sender", Sender: id})
	}
	return err
}
