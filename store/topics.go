package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"slices"

	"kaveri/crm"
)

// orderTopics puts the mails of a conversation together by topic, each oldest
// first, and marks where one begins. A conversation is what References join;
// within it somebody may answer an old mail to begin something else
// ([crm.Threads] says when). A colleague's word outranks that.
func (x *tx) orderTopics(rows []crm.MailRow) error {
	ids := make([]int64, len(rows))
	at := make(map[int64]int, len(rows))
	mails := make([]crm.ThreadMail, len(rows))
	for i, r := range rows {
		ids[i], at[int64(r.ID)] = int64(r.ID), i
		e := crm.Envelope{Date: r.At, Subject: r.Subject, From: []crm.Party{r.From}, To: r.To, Class: r.Class}
		mails[i] = e.ThreadMail(r.At, i)
	}
	if err := each(x, `SELECT id, message_id, details FROM messages WHERE id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id int64
		var messageID, j string
		if err := r.Scan(&id, &messageID, &j); err != nil {
			return err
		}
		var d details
		err := json.Unmarshal([]byte(j), &d)
		m := &mails[at[id]]
		m.MessageID, m.InReplyTo, m.References = messageID, d.InReplyTo, d.References
		return err
	}); err != nil {
		return err
	}
	said := map[int]bool{}
	if err := each(x, `SELECT message_id, begins FROM topics WHERE message_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id, begins int64
		err := r.Scan(&id, &begins)
		said[at[id]] = begins != 0
		return err
	}); err != nil {
		return err
	}
	topic := topicsOf(mails, said)
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	// The rows come oldest first: the index of a topic's first mail is its age.
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(topic[a], topic[b]) })
	out := make([]crm.MailRow, len(rows))
	for i, from := range order {
		out[i] = rows[from]
		out[i].Begins = i > 0 && topic[from] != topic[order[i-1]]
	}
	copy(rows, out)
	return nil
}

// topicsOf gives for each mail the index of the oldest mail of its topic. The
// first mail of all begins one without saying so.
func topicsOf(mails []crm.ThreadMail, said map[int]bool) []int {
	topic := make([]int, len(mails))
	first := map[int]int{} // topic by order of discovery -> its oldest mail
	next := 1
	for _, th := range crm.Threads(mails, crm.ThreadOptions{}) {
		of := make([]int, len(th.Nodes))
		for i, n := range th.Nodes { // a parent stands before its children
			if n.Parent >= 0 {
				of[i] = of[n.Parent]
			}
			begins := n.Topic
			if word, ok := said[n.Mail]; ok && n.Mail >= 0 {
				begins = word
			}
			if begins {
				of[i] = next
				next++
			}
			if n.Mail < 0 {
				continue
			}
			topic[n.Mail] = of[i]
			if was, ok := first[of[i]]; !ok || n.Mail < was {
				first[of[i]] = n.Mail
			}
		}
	}
	for i, t := range topic {
		topic[i] = first[t]
	}
	return topic
}

// SetTopic notes a colleague's word on whether a new topic begins with a mail.
func (s *Store) SetTopic(ctx context.Context, v crm.Viewer, m crm.MessageID, begins bool) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		if err := x.sees(v, m); err != nil {
			return err
		}
		return x.exec(`INSERT INTO topics (message_id, begins, staff_id, at_us) VALUES ($1, $2, $3, $4)
ON CONFLICT (message_id) DO UPDATE SET begins = excluded.begins, staff_id = excluded.staff_id, at_us = excluded.at_us`, int64(m), flag(begins), orNull(v.Staff), micros(s.now()))
	})
}
