package store

import (
	"database/sql"
	"encoding/json"
	"slices"

	"kaveri/crm"
)

// rethread takes a mail out of a thread that it only claims to belong to, with
// the mails that answer it, and brings it in when that has turned out to be
// true. Its place is that of the nearest mail before it: a mail further up may
// be in a conversation that this one was taken out of.
func (b *batch) rethread(m *storedMail, alone bool) error {
	here := b.root(m.conversation)
	var there int64
	for _, id := range slices.Backward(m.Chain()) {
		if c, ok := b.threads[id]; ok {
			there = b.root(c)
			break
		}
	}
	switch {
	case there == 0 || alone != (there == here):
		return nil
	case !alone:
		_, err := b.join(here, there)
		return err
	}
	return b.split(m, here)
}

// split gives a mail and the mails that answer it a conversation of their own.
func (b *batch) split(m *storedMail, here int64) error {
	c, err := b.x.id()
	if err != nil {
		return err
	}
	if err := b.x.exec(`INSERT INTO conversations (id, created_us) VALUES ($1, $2)`, c, micros(b.now)); err != nil {
		return err
	}
	moving, err := b.x.answersTo(m, here)
	if err != nil {
		return err
	}
	if err := b.x.markConversation(here); err != nil {
		return err
	}
	m.conversation = c
	for _, a := range moving {
		b.moved[a.id] = c
		if a.messageID != "" {
			if err := b.x.exec(`UPDATE thread_ids SET conversation_id = $1 WHERE message_id = $2`, c, a.messageID); err != nil {
				return err
			}
			b.threads[a.messageID] = c
		}
		if err := b.x.exec(`UPDATE messages SET conversation_id = $1 WHERE id = $2`, c, a.id); err != nil {
			return err
		}
	}
	return nil
}

// answering is a mail and the mails that it names as before it.
type answering struct {
	id        int64
	messageID string
	chain     []string
}

// answersTo gives a mail and those of a conversation that answer it, or answer
// one that does.
func (x *tx) answersTo(m *storedMail, conversation int64) ([]answering, error) {
	rows, err := x.query(`SELECT id, message_id, details FROM messages WHERE conversation_id = $1 AND id <> $2 ORDER BY at_us, id`, conversation, m.id)
	rest, err := collect(rows, err, func(r *sql.Rows, a *answering) error {
		var j string
		var d details
		if err := r.Scan(&a.id, &a.messageID, &j); err != nil {
			return err
		}
		err := json.Unmarshal([]byte(j), &d)
		a.chain = (&crm.Envelope{MessageID: a.messageID, References: d.References, InReplyTo: d.InReplyTo}).Chain()
		return err
	})
	known := map[string]bool{m.MessageID: true}
	for _, a := range rest {
		known[a.messageID] = true
	}
	out := []answering{{id: m.id, messageID: m.MessageID}}
	for i := 0; i < len(out) && err == nil; i++ {
		rest = slices.DeleteFunc(rest, func(a answering) bool {
			to := a.nearest(known)
			if to == "" || to != out[i].messageID {
				return false
			}
			out = append(out, a)
			return true
		})
	}
	return out, err
}

// nearest gives the nearest of the mails before it that is known, "" for none.
func (a *answering) nearest(known map[string]bool) string {
	for _, id := range slices.Backward(a.chain) {
		if known[id] {
			return id
		}
	}
	return ""
}
