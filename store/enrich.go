package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"strings"

	"kaveri/crm"
)

// This file keeps what is read from mail after its capture: the language, what
// the signature says of its author, and what follows for where mail belongs.

// Unenriched gives mails of people that were not read again yet, oldest first,
// some of them. Of those to the firm it gives what was written anew, and the
// signature unless the author is forged; our own are there to be noted only.
func (s *Store) Unenriched(ctx context.Context, limit int) ([]crm.WrittenText, error) {
	var out []crm.WrittenText
	err := s.view(ctx, func(x *tx) error {
		firm, err := x.savedFirm()
		if err != nil {
			return err
		}
		var ids []int64
		rows, err := x.query(`SELECT id, at_us, details, CASE WHEN direction = 'in' THEN body END FROM messages WHERE language = '' AND class = 'human' ORDER BY id LIMIT $1`, limit)
		out, err = collect(rows, err, func(r *sql.Rows, t *crm.WrittenText) error {
			var at int64
			var j string
			var body []byte
			if err := r.Scan(&t.ID, &at, &j, &body); err != nil || body == nil {
				return err
			}
			t.At = fromMicros(at)
			ids = append(ids, int64(t.ID))
			return readAgain(&firm, t, j, body)
		})
		if err != nil {
			return err
		}
		authors := map[crm.MessageID]crm.Party{}
		err = each(x, `SELECT p.message_id, p.name, a.address FROM participants p JOIN addresses a ON a.id = p.address_id WHERE p.role = 'from' AND p.message_id IN (IN) ORDER BY p.message_id, p.n DESC`, nil, ids, func(r *sql.Rows) error {
			var id crm.MessageID
			var p crm.Party
			err := r.Scan(&id, &p.Name, &p.Address)
			authors[id] = p
			return err
		})
		for i := range out {
			out[i].Author = authors[out[i].ID]
		}
		return err
	})
	return out, err
}

// readAgain fills in what the author wrote and signed.
func readAgain(firm *crm.Firm, t *crm.WrittenText, j string, body []byte) error {
	text, err := unpack(body)
	if err != nil {
		return err
	}
	var d details
	if err := json.Unmarshal([]byte(j), &d); err != nil {
		return err
	}
	t.Text, t.Place = d.newIn(string(text))
	if from, to := d.Signed[0], d.Signed[1]; from < to && to <= len(text) && !firm.Forged(d.Auth) {
		t.Signature = string(text[from:to])
	}
	return nil
}

// newIn gives the new part of a text, and where it begins. Where it is not in one
// piece, it is all of the text with spaces for what is marked as quoted, so that
// every place stays what it is.
func (d *details) newIn(text string) (string, int) {
	if from, to := d.New[0], d.New[1]; from < to && to <= len(text) {
		return text[from:to], from
	}
	if !strings.Contains(text, "\n>") {
		return text, 0
	}
	var b strings.Builder
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, ">") {
			l = strings.Repeat(" ", len(strings.TrimSuffix(l, "\n"))) + "\n"
		}
		b.WriteString(l)
	}
	return b.String()[:len(text)], 0
}

// Enrich notes what was read from these mails, and what follows from it: the
// language of customers, details and wishes that are proposed, mails that may belong to
// whom a phone points at, and customers who may be one person.
func (s *Store) Enrich(ctx context.Context, list []crm.Reading) error {
	var touched map[int64]bool
	err := s.write(ctx, func(x *tx) error {
		b, err := x.newBatch(s.now())
		if err != nil {
			return err
		}
		ids := make([]int64, len(list))
		for i, r := range list {
			ids[i] = int64(r.ID)
		}
		if err := b.noteLanguages(list); err != nil {
			return err
		}
		phones, err := b.noteDetails(list, ids)
		if err != nil {
			return err
		}
		if err := x.noteSayings(list); err != nil {
			return err
		}
		if err := x.markAstray(ids); err != nil {
			return err
		}
		if err := b.phonesChanged(phones); err != nil {
			return err
		}
		if err := b.flush(); err != nil {
			return err
		}
		touched = b.touched
		return b.findTwins(ids)
	})
	if err != nil {
		return err
	}
	for _, id := range sortedKeys(touched) {
		s.events.send(crm.Event{Kind: "detail", Customer: crm.CustomerID(id)})
	}
	return s.decideStale(ctx)
}

// signedKey names what an address signs with.
type signedKey struct {
	address int64
	kind    crm.DetailKind
	key     string
}

// source is a mail that shows something.
type source struct {
	message, at int64
	private     bool
}

// better reports whether a mail is the one to be named: one that everybody may
// see before one that not everybody may, and the newer of two.
func (s source) better(than source) bool {
	if s.private != than.private {
		return than.private
	}
	return s.at > than.at
}

// noteDetails keeps what signatures say, and gives the phones that have become
// known of an address.
func (b *batch) noteDetails(list []crm.Reading, ids []int64) (phones []string, err error) {
	mails, addresses, err := b.x.signers(ids)
	if err != nil {
		return nil, err
	}
	known, err := b.x.signed(addresses)
	if err != nil {
		return nil, err
	}
	var changed []int64
	for _, r := range list {
		m, ok := mails[int64(r.ID)]
		for _, d := range r.Details {
			d.Value = cut(strings.ToValidUTF8(d.Value, ""), crm.MaxDetail)
			k := signedKey{m.address, d.Kind, d.Key()}
			was, have := known[k]
			if !ok || k.key == "" || have && !m.better(was) {
				continue
			}
			if err := b.x.sign(k, d.Value, m.message); err != nil {
				return nil, err
			}
			known[k], changed = m.source, append(changed, m.address)
			if d.Kind == crm.DetailPhone && !m.private && (!have || was.private) {
				phones = append(phones, k.key)
			}
		}
	}
	return distinct(phones), each(b.x, `SELECT DISTINCT c.customer_id FROM contact_addresses u JOIN contacts c ON c.id = u.contact_id WHERE u.address_id IN (IN)`, nil, distinct(changed), func(r *sql.Rows) error {
		var customer int64
		err := r.Scan(&customer)
		b.touched[customer] = true
		return err
	})
}

// sign notes that an address signs so, and the mail that shows it.
func (x *tx) sign(k signedKey, value string, message int64) error {
	id, err := x.id()
	if err != nil {
		return err
	}
	return x.exec(`INSERT INTO signed_details (id, address_id, kind, key, value, message_id) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (address_id, kind, key) DO UPDATE SET value = excluded.value, message_id = excluded.message_id`, id, k.address, string(k.kind), k.key, value, message)
}

// signer is a mail as a source, and the address that wrote it.
type signer struct {
	source
	address int64
}

func (x *tx) signers(ids []int64) (mails map[int64]signer, addresses []int64, err error) {
	mails = map[int64]signer{}
	err = each(x, `SELECT m.id, p.address_id, m.at_us, m.private FROM messages m JOIN participants p ON p.message_id = m.id AND p.role = 'from' WHERE m.direction = 'in' AND m.id IN (IN) ORDER BY m.id, p.n`, nil, ids, func(r *sql.Rows) error {
		var s signer
		var private int64
		if err := r.Scan(&s.message, &s.address, &s.at, &private); err != nil {
			return err
		}
		s.private = private != 0
		if _, have := mails[s.message]; !have {
			mails[s.message] = s
			addresses = append(addresses, s.address)
		}
		return nil
	})
	return mails, distinct(addresses), err
}

// signed reads with what these addresses are known to sign.
func (x *tx) signed(addresses []int64) (map[signedKey]source, error) {
	known := map[signedKey]source{}
	err := each(x, `SELECT d.address_id, d.kind, d.key, m.id, m.at_us, m.private FROM signed_details d JOIN messages m ON m.id = d.message_id WHERE d.address_id IN (IN)`, nil, addresses, func(r *sql.Rows) error {
		var k signedKey
		var s source
		var private int64
		err := r.Scan(&k.address, &k.kind, &k.key, &s.message, &s.at, &private)
		s.private = private != 0
		known[k] = s
		return err
	})
	return known, err
}

// maxThreadMails bounds the mails of threads that are looked at for one batch.
const maxThreadMails = 500

// findTwins looks in the threads of these mails for customers who may be one
// person.
func (b *batch) findTwins(ids []int64) error {
	x := b.x
	threads, err := x.idsIn(`SELECT DISTINCT conversation_id FROM messages WHERE id IN (IN)`, ids)
	if err == nil {
		threads, err = x.idsIn(`SELECT m.conversation_id FROM messages m JOIN links l ON l.message_id = m.id JOIN contacts c ON c.id = l.contact_id
WHERE m.conversation_id IN (IN) GROUP BY m.conversation_id HAVING count(DISTINCT c.customer_id) > 1`, distinct(threads))
	}
	if err != nil {
		return err
	}
	mails, err := x.idsIn(`SELECT id FROM messages WHERE direction = 'in' AND class = 'human' AND conversation_id IN (IN) ORDER BY at_us DESC, id DESC`, threads)
	if err != nil || len(mails) == 0 {
		return err
	}
	again, list, err := x.reopen(mails[:min(len(mails), maxThreadMails)], b.now)
	if err != nil {
		return err
	}
	for _, m := range list {
		again.take(m)
		if err := again.proposeTwin(m); err != nil {
			return err
		}
	}
	maps.Copy(b.touched, again.touched)
	return again.flush()
}

// idsIn reads numbers by numbers.
func (x *tx) idsIn(query string, in []int64) ([]int64, error) {
	var out []int64
	err := each(x, query, nil, in, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}
