package store

import (
	"context"
	"database/sql"

	"kaveri/crm"
)

// reindexChunk is how many mails are indexed at a time.
const reindexChunk = 64

// Reindex makes the search text of every mail anew, some at a time, while
// others go on reading and writing. progress may be nil.
func (s *Store) Reindex(ctx context.Context, progress func(done, total int64)) error {
	var total int64
	if err := s.r.QueryRowContext(ctx, `SELECT count(*) FROM messages`).Scan(&total); err != nil {
		return err
	}
	tick := ticker(ctx, progress, total)
	for from := int64(0); ; {
		var n int64
		var last int64
		err := s.write(ctx, func(x *tx) (err error) {
			n, last, err = x.reindex(from, true)
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		if from = last; n > 0 {
			if err := tick(n); err != nil {
				return err
			}
		}
	}
}

// reindexAll indexes every mail of a database whose index is empty.
func (x *tx) reindexAll(tick func(int64) error) error {
	for from := int64(0); ; {
		n, last, err := x.reindex(from, false)
		if err != nil || n == 0 {
			return err
		}
		if from = last; n > 0 {
			if err := tick(n); err != nil {
				return err
			}
		}
	}
}

// reindex indexes the mails that come after an id, and gives how many they
// were and the last one's id. again says that they may be indexed already.
func (x *tx) reindex(from int64, again bool) (n, last int64, err error) {
	if err := x.index(); err != nil { // what this transaction has stored is among them
		return 0, from, err
	}
	rows, err := x.query(`SELECT id, subject, body FROM messages WHERE id > $1 ORDER BY id LIMIT $2`, from, reindexChunk)
	type row struct {
		id   int64
		body []byte
		mail crm.Message
	}
	mails, err := collect(rows, err, func(r *sql.Rows, m *row) error { return r.Scan(&m.id, &m.mail.Subject, &m.body) })
	if err != nil || len(mails) == 0 {
		return 0, from, err
	}
	ids := make([]int64, len(mails))
	at := make(map[int64]*crm.Message, len(mails))
	for i := range mails {
		ids[i], at[mails[i].id] = mails[i].id, &mails[i].mail
		text, err := unpack(mails[i].body)
		if err != nil {
			return 0, from, err
		}
		mails[i].mail.Text, mails[i].body = string(text), nil
	}
	if err := x.loadIndexed(ids, at); err != nil {
		return 0, from, err
	}
	for i := range mails {
		if again {
			if err := x.exec(x.s.engine.unindex, ids[i]); err != nil {
				return 0, from, err
			}
		}
		x.toIndex = append(append(x.toIndex, ids[i]), x.s.engine.indexValues(documentOf(&mails[i].mail))...)
	}
	return int64(len(ids)), ids[len(ids)-1], x.index()
}

// index writes what waits to be indexed.
func (x *tx) index() error {
	e := x.s.engine
	step := e.indexCols * e.indexRows
	for at := 0; at < len(x.toIndex); at += step {
		if err := x.insert(e.index, e.indexCols, x.toIndex[at:min(at+step, len(x.toIndex))], ``); err != nil {
			return err
		}
	}
	x.toIndex = x.toIndex[:0]
	return nil
}

// loadIndexed fills in who takes part and what is attached.
func (x *tx) loadIndexed(ids []int64, at map[int64]*crm.Message) error {
	if err := each(x, `SELECT p.message_id, p.role, p.name, a.address, p.written FROM participants p JOIN addresses a ON a.id = p.address_id
WHERE p.message_id IN (IN) ORDER BY p.message_id, p.n`, nil, ids, func(r *sql.Rows) error {
		var id int64
		p, err := scanParticipant(r, &id)
		if err != nil {
			return err
		}
		at[id].Add(p)
		return nil
	}); err != nil {
		return err
	}
	return each(x, `SELECT message_id, name FROM attachments WHERE message_id IN (IN) ORDER BY message_id, part`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var a crm.Attachment
		err := r.Scan(&id, &a.Name)
		at[id].Attachments = append(at[id].Attachments, a)
		return err
	})
}
