package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zstd"

	"kaveri/crm"
)

// maxUnpacked bounds what one compressed value may grow to.
const maxUnpacked = 1 << 30

var unpacker = newUnpacker()

func newUnpacker() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		panic(err) // the options are constants
	}
	return d
}

// unpack undoes compression. Its error names its cause and does not wrap it: an
// unexpected end of what is stored is damage, not a connection that was lost.
func unpack(b []byte) ([]byte, error) {
	text, err := unpacker.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("what is stored cannot be unpacked: %v", err)
	}
	return text, nil
}

// mailRows reads mails as they stand in lists. Whether the viewer may see them
// has been asked before.
func (x *tx) mailRows(ids []int64) (map[int64]*crm.MailRow, error) {
	mails := make(map[int64]*crm.MailRow, len(ids))
	err := each(x, `SELECT id, conversation_id, at_us, direction, class, subject, preview, attachments, private FROM messages WHERE id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		m := &crm.MailRow{}
		var at, private int64
		if err := r.Scan(&m.ID, &m.Conversation, &at, &m.Direction, &m.Class, &m.Subject, &m.Preview, &m.Attachments, &private); err != nil {
			return err
		}
		m.At, m.Private = fromMicros(at), private != 0
		mails[int64(m.ID)] = m
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := x.mailPeople(ids, mails); err != nil {
		return nil, err
	}
	return mails, each(x, `SELECT DISTINCT g.message_id, b.id, b.label, b.address FROM sightings g JOIN folders f ON f.id = g.folder_id JOIN mailboxes b ON b.id = f.mailbox_id
WHERE g.message_id IN (IN) ORDER BY g.message_id, b.id`, nil, ids, func(r *sql.Rows) error {
		var message, mailbox int64
		var label, address string
		err := r.Scan(&message, &mailbox, &label, &address)
		mails[message].Through = append(mails[message].Through, cmp.Or(label, address))
		return err
	})
}

func (x *tx) mailPeople(ids []int64, mails map[int64]*crm.MailRow) error {
	return each(x, `SELECT p.message_id, p.role, p.name, a.address, p.written FROM participants p JOIN addresses a ON a.id = p.address_id
WHERE p.role IN ('from', 'sender', 'to', 'cc') AND p.message_id IN (IN) ORDER BY p.message_id, p.n`, nil, ids, func(r *sql.Rows) error {
		var message int64
		p, err := scanParticipant(r, &message)
		if err != nil {
			return err
		}
		m := mails[message]
		switch {
		case p.Role == crm.RoleTo || p.Role == crm.RoleCc:
			m.To = append(m.To, p.Party)
		case m.From.Address == "": // From stands before Sender
			m.From = p.Party
		}
		return nil
	})
}

func scanParticipant(r *sql.Rows, message *int64) (p crm.Participant, err error) {
	err = r.Scan(message, &p.Role, &p.Name, &p.Address, &p.Written)
	p.Written = cmp.Or(p.Written, string(p.Address))
	return p, err
}

// sees fails when a mail is not there, or not there for the viewer.
func (x *tx) sees(v crm.Viewer, id crm.MessageID) error {
	condition, args := visible(v, []any{int64(id)})
	var n int
	err := x.row(`SELECT count(*) FROM messages m WHERE m.id = $1 AND `+condition, args...).Scan(&n)
	if err == nil && n == 0 {
		err = noMail(id)
	}
	return err
}

func noMail(id crm.MessageID) error {
	return crm.Of("mail", crm.NotFound("no mail has the number %d", id))
}

// Mail gives all that is known about a mail. One that the viewer may not see
// is as one that is not there.
func (s *Store) Mail(ctx context.Context, v crm.Viewer, id crm.MessageID) (crm.MailView, error) {
	var out crm.MailView
	err := s.view(ctx, func(x *tx) error {
		m, err := x.mailHead(v, id)
		if err != nil {
			return err
		}
		rows, err := x.mailRows([]int64{int64(id)})
		if err != nil {
			return err
		}
		m.MailRow = *rows[int64(id)]
		for _, fill := range []func(*crm.MailView) error{x.mailParticipants, x.mailFiles, x.mailLinks, x.mailDenials, x.mailSightings} {
			if err := fill(&m); err != nil {
				return err
			}
		}
		out = m
		return x.row(`SELECT count(*) FROM raws WHERE message_id = $1`, int64(id)).Scan(&out.Raws)
	})
	return out, err
}

// mailHead reads the columns that only the view of one mail shows.
func (x *tx) mailHead(v crm.Viewer, id crm.MessageID) (crm.MailView, error) {
	m := crm.MailView{MailRow: crm.MailRow{ID: id}}
	var sent int64
	var j string
	condition, args := visible(v, []any{int64(id)})
	err := x.row(`SELECT m.message_id, m.sent_us, m.size, m.language, m.details FROM messages m WHERE m.id = $1 AND `+condition, args...).Scan(&m.MessageID, &sent, &m.Size, &m.Language, &j)
	if errors.Is(err, sql.ErrNoRows) {
		return m, noMail(id)
	}
	if err != nil {
		return m, err
	}
	var d details
	err = json.Unmarshal([]byte(j), &d)
	if err != nil {
		return m, err
	}
	if m.Language == untold {
		m.Language = ""
	}
	m.Sent, m.Lossy, m.Defects, m.ClassReasons = fromMicros(sent), d.Lossy, d.Defects, d.ClassReasons
	m.Bounce, m.Complaint, m.Absence = d.Bounce, d.Complaint, d.Absence
	firm, err := x.savedFirm()
	m.Verified, m.Checked = firm.Verified(d.Auth)
	return m, err
}

func (x *tx) mailParticipants(m *crm.MailView) error {
	rows, err := x.query(`SELECT p.message_id, p.role, p.name, a.address, p.written FROM participants p JOIN addresses a ON a.id = p.address_id WHERE p.message_id = $1 AND p.role NOT IN ('forwarded', 'bounced') ORDER BY p.n`, int64(m.ID))
	m.Participants, err = collect(rows, err, func(r *sql.Rows, p *crm.Participant) (err error) {
		var message int64
		*p, err = scanParticipant(r, &message)
		return err
	})
	return err
}

func (x *tx) mailFiles(m *crm.MailView) error {
	rows, err := x.query(`SELECT part, name, type, size, inline, content_id FROM attachments WHERE message_id = $1 ORDER BY part`, int64(m.ID))
	m.Files, err = collect(rows, err, func(r *sql.Rows, a *crm.Attachment) error {
		var inline int64
		err := r.Scan(&a.Part, &a.Name, &a.Type, &a.Size, &inline, &a.ContentID)
		a.Inline = inline != 0
		return err
	})
	slices.SortStableFunc(m.Files, func(a, b crm.Attachment) int { return comparePaths(a.Part, b.Part) })
	return err
}

// comparePaths orders paths in the MIME tree: 1.2 stands before 1.10.
func comparePaths(a, b string) int {
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		return cmp.Or(cmp.Compare(number(x), number(y)), strings.Compare(x, y))
	})
}

func (x *tx) mailLinks(m *crm.MailView) error {
	rows, err := x.query(`SELECT l.contact_id, ct.customer_id, l.rule, l.evidence, l.confidence, ct.name, c.name
FROM links l JOIN contacts ct ON ct.id = l.contact_id JOIN customers c ON c.id = ct.customer_id WHERE l.message_id = $1 ORDER BY l.confidence DESC, l.contact_id`, int64(m.ID))
	m.Links, err = collect(rows, err, func(r *sql.Rows, l *crm.MailLink) error {
		var confidence int64
		err := r.Scan(&l.Contact, &l.Customer, &l.Rule, &l.Evidence, &confidence, &l.ContactName, &l.CustomerName)
		l.Message, l.Confidence = m.ID, float64(confidence)/confidenceUnit
		return err
	})
	return err
}

func (x *tx) mailSightings(m *crm.MailView) error {
	rows, err := x.query(`SELECT b.label, b.address, f.name, g.uid, g.seen_us, g.gone_us FROM sightings g JOIN folders f ON f.id = g.folder_id JOIN mailboxes b ON b.id = f.mailbox_id
WHERE g.message_id = $1 ORDER BY b.id, f.id, g.uidvalidity, g.uid`, int64(m.ID))
	m.Sightings, err = collect(rows, err, func(r *sql.Rows, g *crm.SightingRow) error {
		var label, address string
		var seen, gone int64
		err := r.Scan(&label, &address, &g.Folder, &g.UID, &seen, &gone)
		g.Mailbox, g.Seen, g.Gone = cmp.Or(label, address), fromMicros(seen), fromMicros(gone)
		return err
	})
	return err
}

// RawMail gives the bytes of a mail as a server gave them: of its raws, the
// one that came last.
func (s *Store) RawMail(ctx context.Context, v crm.Viewer, id crm.MessageID) ([]byte, error) {
	return s.packed(ctx, v, id, `SELECT r.zstd FROM messages m JOIN raws r ON r.message_id = m.id WHERE m.id = $1 AND `, ` ORDER BY r.id DESC LIMIT 1`)
}

// MailText gives the text of a mail.
func (s *Store) MailText(ctx context.Context, v crm.Viewer, id crm.MessageID) (crm.Letter, error) {
	condition, args := visible(v, []any{int64(id)})
	var body []byte
	var j string
	err := s.r.QueryRowContext(ctx, s.bound.sql(`SELECT m.body, m.details FROM messages m WHERE m.id = $1 AND `+condition), args...).Scan(&body, &j)
	if errors.Is(err, sql.ErrNoRows) {
		return crm.Letter{}, noMail(id)
	}
	if err != nil {
		return crm.Letter{}, err
	}
	var d details
	if err := json.Unmarshal([]byte(j), &d); err != nil {
		return crm.Letter{}, err
	}
	text, err := unpack(body)
	l := crm.Letter{Text: string(text)}
	if from, to := d.New[0], d.New[1]; 0 <= from && from < to && to <= len(l.Text) {
		l.New = strings.TrimSpace(l.Text[from:to])
	}
	return l, err
}

// packed reads a compressed column of a mail that the viewer may see.
func (s *Store) packed(ctx context.Context, v crm.Viewer, id crm.MessageID, query, tail string) ([]byte, error) {
	condition, args := visible(v, []any{int64(id)})
	var b []byte
	err := s.r.QueryRowContext(ctx, s.bound.sql(query+condition+tail), args...).Scan(&b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, noMail(id)
	}
	if err != nil {
		return nil, err
	}
	if b, err = s.frame(ctx, b); err != nil {
		return nil, err
	}
	return unpack(b)
}
