package store

import "database/sql"

// lonely finds, of contacts, those of whom nothing is known but what an import
// has said.
const lonely = `SELECT c.id FROM contacts c WHERE c.merged_into = 0
AND NOT EXISTS (SELECT 1 FROM orders t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM links t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM notes t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM corrections t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM recipients t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM suppressions t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM consents t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM contact_details t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM contacts t WHERE t.merged_into = c.id AND t.merged_into <> 0)
AND NOT EXISTS (SELECT 1 FROM import_contacts t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM wishes t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM votes t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM feedback t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM recommendations t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM recommendations t WHERE t.by_id = c.id)
AND NOT EXISTS (SELECT 1 FROM members t WHERE t.contact_id = c.id)
AND NOT EXISTS (SELECT 1 FROM reviews t WHERE t.contact_id = c.id AND t.state <> 'open' AND t.state <> 'settled')
AND NOT EXISTS (SELECT 1 FROM reviews t WHERE t.other_id = c.id AND t.state <> 'open' AND t.state <> 'settled')
AND c.id IN (IN)`

// unbound holds of a customer on which nothing hangs but its contacts.
const unbound = `c.organisation_id IS NULL AND c.owner_id IS NULL AND c.language_said = 0 AND c.merged_into = 0
AND NOT EXISTS (SELECT 1 FROM notes t WHERE t.customer_id = c.id)
AND NOT EXISTS (SELECT 1 FROM orders t WHERE t.customer_id = c.id)
AND NOT EXISTS (SELECT 1 FROM wishes t WHERE t.customer_id = c.id)
AND NOT EXISTS (SELECT 1 FROM drafts t WHERE t.customer_id = c.id)
AND NOT EXISTS (SELECT 1 FROM customer_tags t WHERE t.customer_id = c.id)
AND NOT EXISTS (SELECT 1 FROM members t WHERE t.customer_id = c.id)
AND NOT EXISTS (SELECT 1 FROM merges t WHERE t.kept_id = c.id)
AND NOT EXISTS (SELECT 1 FROM merges t WHERE t.gone_id = c.id)`

// forgetContacts removes those contacts of whom nothing is known, with their
// addresses and phones, and the customers that are left without anything: for
// imports that are taken back.
func (x *tx) forgetContacts(ids []int64) (contacts, customers []int64, err error) {
	if contacts, err = x.idsOf(lonely, ids); err != nil {
		return nil, nil, err
	}
	// A customer goes with its last contacts or keeps them.
	of, err := x.idsOf(`SELECT DISTINCT customer_id FROM contacts WHERE id IN (IN)`, contacts)
	if err != nil {
		return nil, nil, err
	}
	free, err := x.idsOf(`SELECT c.id FROM customers c WHERE `+unbound+` AND c.id IN (IN)`, of)
	if err != nil {
		return nil, nil, err
	}
	kept, err := x.lastContacts(without(of, free), contacts)
	if err != nil {
		return nil, nil, err
	}
	contacts = without(contacts, kept)
	for _, table := range []string{`reviews WHERE contact_id`, `reviews WHERE other_id`, `buyers WHERE contact_id`, `phones WHERE contact_id`, `contact_addresses WHERE contact_id`, `contacts WHERE id`} {
		if _, err := x.changedEach(`DELETE FROM `+table+` IN (IN)`, nil, contacts); err != nil {
			return nil, nil, err
		}
	}
	if customers, err = x.idsOf(`SELECT c.id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM contacts t WHERE t.customer_id = c.id) AND c.id IN (IN)`, free); err != nil {
		return nil, nil, err
	}
	touched := map[int64]bool{}
	for _, c := range of {
		touched[c] = true
	}
	x.tellOf(touched)
	for _, table := range []string{`customer_words WHERE customer_id`, `standings WHERE customer_id`, `loyalty WHERE customer_id`, `moves WHERE customer_id`, `unranked WHERE customer_id`,
		`open_questions WHERE customer_id`, `correspondence WHERE customer_id`, `uncounted WHERE customer_id`, `segment_members WHERE customer_id`, `customers WHERE id`} {
		if _, err := x.changedEach(`DELETE FROM `+table+` IN (IN)`, nil, customers); err != nil {
			return nil, nil, err
		}
	}
	return contacts, customers, nil
}

// lastContacts gives the contacts of those customers who would have none left
// without these.
func (x *tx) lastContacts(customers, going []int64) (last []int64, err error) {
	goes, of, stays := map[int64]bool{}, map[int64][]int64{}, map[int64]bool{}
	for _, c := range going {
		goes[c] = true
	}
	err = each(x, `SELECT customer_id, id FROM contacts WHERE customer_id IN (IN)`, nil, customers, func(r *sql.Rows) error {
		var customer, contact int64
		err := r.Scan(&customer, &contact)
		of[customer] = append(of[customer], contact)
		stays[customer] = stays[customer] || !goes[contact]
		return err
	})
	for customer, contacts := range of {
		if !stays[customer] {
			last = append(last, contacts...)
		}
	}
	return last, err
}

// idsOf gives what a query finds for these numbers.
func (x *tx) idsOf(query string, ids []int64) (found []int64, err error) {
	err = each(x, query, nil, ids, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		found = append(found, id)
		return err
	})
	return found, err
}

// without gives a list without the members of another.
func without(list, others []int64) []int64 {
	is := map[int64]bool{}
	for _, o := range others {
		is[o] = true
	}
	var out []int64
	for _, v := range list {
		if !is[v] {
			out = append(out, v)
		}
	}
	return out
}
