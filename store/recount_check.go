package store

import (
	"database/sql"
	"fmt"
	"slices"

	"kaveri/crm"
)

// checkCorrespondence reads the mail of every customer that is not to be read
// anew, and compares what it comes to with what was counted: a change that marks nobody
// would leave the two apart.
func (x *tx) checkCorrespondence() error {
	now := x.s.now()
	rested := micros(now.Add(-crm.QuestionRests))
	for after := int64(0); ; {
		ids, err := column[int64](x, `SELECT c.id FROM customers c WHERE c.id > $1 AND NOT EXISTS (SELECT 1 FROM uncounted u WHERE u.customer_id = c.id)
AND NOT EXISTS (SELECT 1 FROM correspondence r WHERE r.customer_id = c.id AND r.open_us > 0 AND r.open_us <= $2) ORDER BY c.id LIMIT $3`, after, rested, recountChunk)
		if err != nil || len(ids) == 0 {
			return err
		}
		after = ids[len(ids)-1]
		want, err := x.exchanges(ids, now)
		if err != nil {
			return err
		}
		got, err := x.counted(ids)
		if err != nil {
			return err
		}
		for i := range want {
			if !got[want[i].Customer].same(&want[i]) {
				return &crm.Error{Kind: crm.KindInternal, Text: fmt.Sprintf("the mail of customer %d comes to something else than was counted; report it to whoever maintains Kaveri", want[i].Customer)}
			}
		}
	}
}

// kept is what is kept of a customer's mail.
type kept struct {
	crm.Exchange
	first crm.MessageID // which waits longest, as correspondence has it
}

// counted gives what is kept of these customers.
func (x *tx) counted(ids []int64) (map[crm.CustomerID]*kept, error) {
	out := map[crm.CustomerID]*kept{}
	for _, id := range ids {
		out[crm.CustomerID(id)] = &kept{}
	}
	err := each(x, `SELECT customer_id, wrote_us, written_us, began_us, open_id FROM correspondence WHERE customer_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id crm.CustomerID
		var wrote, written, began int64
		var first crm.MessageID
		err := r.Scan(&id, &wrote, &written, &began, &first)
		e := out[id]
		e.first = first
		e.Wrote, e.Written, e.Began = fromMicros(wrote), fromMicros(written), fromMicros(began)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, each(x, `SELECT customer_id, message_id, contact_id, conversation_id, at_us FROM open_questions WHERE customer_id IN (IN) ORDER BY customer_id, at_us, message_id`,
		nil, ids, func(r *sql.Rows) error {
			var id crm.CustomerID
			var q crm.Question
			var at int64
			err := r.Scan(&id, &q.Mail, &q.Contact, &q.Conversation, &at)
			q.At = fromMicros(at)
			out[id].Waiting = append(out[id].Waiting, q)
			return err
		})
}

// same compares what is kept with what all of the mail comes to.
func (k *kept) same(e *crm.Exchange) bool {
	var first crm.MessageID
	if len(e.Waiting) > 0 {
		first = e.Waiting[0].Mail
	}
	return k.first == first && k.Wrote.Equal(e.Wrote) && k.Written.Equal(e.Written) && k.Began.Equal(e.Began) && slices.Equal(k.Waiting, e.Waiting)
}
