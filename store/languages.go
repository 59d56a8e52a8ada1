package store

import (
	"context"
	"database/sql"
	"strings"

	"golang.org/x/text/language"

	"kaveri/crm"
)

// untold stands for the language of a mail that was looked at in vain, or is
// ours (ISO 639-2: undetermined), so that it is not looked at again.
const untold = "und"

// noteLanguages notes the languages of mails, and what follows for the customers
// who wrote them.
func (b *batch) noteLanguages(list []crm.Reading) error {
	ids := make([]int64, 0, len(list))
	for _, r := range list {
		code := r.Language
		if code == "" {
			code = untold
		} else {
			ids = append(ids, int64(r.ID))
		}
		if err := b.x.exec(`UPDATE messages SET language = $1 WHERE id = $2`, code, int64(r.ID)); err != nil {
			return err
		}
	}
	customers := map[crm.CustomerID]bool{}
	if err := each(b.x, `SELECT DISTINCT ct.customer_id FROM links l JOIN contacts ct ON ct.id = l.contact_id WHERE l.message_id IN (IN)`, nil, ids, func(r *sql.Rows) error {
		var c crm.CustomerID
		err := r.Scan(&c)
		customers[c] = true
		return err
	}); err != nil {
		return err
	}
	for _, c := range sortedKeys(customers) {
		changed, err := b.x.preferLanguage(c)
		if err != nil {
			return err
		}
		if changed {
			b.touched[int64(c)] = true
		}
	}
	return nil
}

// languageMails is how many of a customer's last mails say in which language to
// write to it. Who changes it is answered in the new one before long.
const languageMails = 9

// preferLanguage sets the language in which most of a customer's last mails are
// written, of equals the one written last; not when a person has said it.
func (x *tx) preferLanguage(c crm.CustomerID) (changed bool, err error) {
	told, err := column[string](x, `SELECT language FROM (SELECT DISTINCT m.id, m.at_us, m.language FROM contacts ct JOIN links l ON l.contact_id = ct.id JOIN messages m ON m.id = l.message_id
WHERE ct.customer_id = $1 AND m.direction = 'in' AND m.class = 'human' AND m.language NOT IN ('', 'und')) AS told ORDER BY at_us DESC, id DESC LIMIT $2`, int64(c), languageMails)
	if err != nil || len(told) == 0 {
		return false, err
	}
	n, err := x.changed(`UPDATE customers SET language = $1 WHERE id = $2 AND language_said = 0 AND language <> $3`, majority(told), int64(c), majority(told))
	return n > 0, err
}

// majority gives what stands most often in a list, of equals the first.
func majority(list []string) string {
	count := map[string]int{}
	for _, v := range list {
		count[v]++
	}
	best := ""
	for _, v := range list {
		if best == "" || count[v] > count[best] {
			best = v
		}
	}
	return best
}

// SetCustomerLanguage says in which language to write to a customer, by its ISO
// 639-1 code. Mail does not change that, until "" leaves it to the mail again.
func (s *Store) SetCustomerLanguage(ctx context.Context, v crm.Viewer, id crm.CustomerID, code string) (crm.Customer, error) {
	if !mayRead(v) {
		return crm.Customer{}, noCustomer(id)
	}
	if code != "" && !isLanguage(code) {
		return crm.Customer{}, crm.Invalid("language", "%q is not a language; write its code of two letters (ISO 639-1), such as fi, sv or en", code)
	}
	var c crm.Customer
	err := s.write(ctx, func(x *tx) (err error) {
		if c, err = x.customer(id); err != nil { // of a merged one, the other
			return err
		}
		if err := x.exec(`UPDATE customers SET language = $1, language_said = $2 WHERE id = $3`, code, flag(code != ""), int64(c.ID)); err != nil {
			return err
		}
		if code == "" {
			if _, err := x.preferLanguage(c.ID); err != nil {
				return err
			}
		}
		x.tell(crm.Event{Kind: "mail", Customer: c.ID})
		c, err = x.customer(c.ID)
		return err
	})
	return c, err
}

// isLanguage reports a code of ISO 639-1 that a language has.
func isLanguage(code string) bool {
	base, err := language.ParseBase(code)
	return err == nil && len(code) == 2 && strings.ToLower(code) == code && base.String() != "und"
}
