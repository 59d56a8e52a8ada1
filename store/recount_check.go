package store

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"kaveri/crm"
)

// checkCorrespondence reads the mail of every customer that is not marked, and
// compares what it comes to with what was counted: a change that marks nobody
// would leave the two apart.
func (x *tx) checkCorrespondence() error {
	now := x.s.now()
	for after := int64(0); ; {
		ids, err := column[int64](x, `SELECT c.id FROM customers c WHERE c.id > $1 AND NOT EXISTS (SELECT 1 FROM uncounted u WHERE u.customer_id = c.id) ORDER BY c.id LIMIT $2`, after, recountChunk)
		if err != nil || len(ids) == 0 {
			return err
		}
		after = ids[len(ids)-1]
		want, err := x.exchanges(ids, now)
		if err != nil {
			return err
		}
		got, err := x.counted(ids, now)
		if err != nil {
			return err
		}
		for i := range want {
			if !sameExchange(&want[i], got[want[i].Customer]) {
				return &crm.Error{Kind: crm.KindInternal, Text: fmt.Sprintf("the mail of customer %d comes to something else than was counted; report it to whoever maintains Kaveri", want[i].Customer)}
			}
		}
	}
}

// counted gives what is kept of these customers, without questions that have
// waited for too long meanwhile.
func (x *tx) counted(ids []int64, now time.Time) (map[crm.CustomerID]*crm.Exchange, error) {
	out := map[crm.CustomerID]*crm.Exchange{}
	for _, id := range ids {
		out[crm.CustomerID(id)] = &crm.Exchange{Customer: crm.CustomerID(id)}
	}
	err := each(x, `SELECT customer_id, wrote_us, written_us, began_us FROM correspondence WHERE customer_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var id crm.CustomerID
		var wrote, written, began int64
		err := r.Scan(&id, &wrote, &written, &began)
		e := out[id]
		e.Wrote, e.Written, e.Began = fromMicros(wrote), fromMicros(written), fromMicros(began)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, each(x, `SELECT customer_id, message_id, contact_id, conversation_id, at_us FROM open_questions WHERE at_us > $1 AND customer_id IN (IN) ORDER BY customer_id, at_us, message_id`,
		[]any{micros(now.Add(-crm.QuestionRests))}, ids, func(r *sql.Rows) error {
			var id crm.CustomerID
			var q crm.Question
			var at int64
			err := r.Scan(&id, &q.Mail, &q.Contact, &q.Conversation, &at)
			q.At = fromMicros(at)
			out[id].Waiting = append(out[id].Waiting, q)
			return err
		})
}

func sameExchange(a, b *crm.Exchange) bool {
	return a.Wrote.Equal(b.Wrote) && a.Written.Equal(b.Written) && a.Began.Equal(b.Began) && slices.EqualFunc(a.Waiting, b.Waiting, func(p, q crm.Question) bool {
		return p.Mail == q.Mail && p.Contact == q.Contact && p.Conversation == q.Conversation && p.At.Equal(q.At)
	})
}
