package store

import (
	"database/sql"
	"time"

	"kaveri/crm"
)

// place is a UID in its folder and epoch.
type place struct {
	folder      crm.FolderID
	uidValidity uint32
	uid         uint32
}

// usage is a contact's use of an address.
type usage struct {
	contact, customer int64
	from, until       int64
	named             bool // the contact's name is known, not made from the address
}

// batch is one transaction's worth of capture: what was looked up, kept true
// while the batch itself adds to it, and the rows to be written at its end.
// It is the [crm.Directory] of the rules.
type batch struct {
	x    *tx
	now  time.Time
	firm crm.Firm   // Policy is that of the mail at hand, see under
	rule crm.Policy // the firm's own policy
	ex   *excluded
	err  error // of a lookup that the rules made

	messages  map[[32]byte]int64 // content -> message that is stored
	rawIDs    map[[32]byte]int64
	threads   map[string]int64 // Message-ID -> conversation
	merged    map[int64]int64  // conversation -> the one it went into
	moved     map[int64]int64  // message -> the conversation it went into with one that it answers
	addresses map[crm.Address]int64
	keyed     map[crm.Address]int64 // keyed hashes made so far
	usages    map[crm.Address][]usage
	alike     map[crm.Address][]crm.Address // canonical form -> addresses in use
	domains   map[string]int64              // of confirmed organisations -> customer
	named     map[string][]crm.Person
	said      map[int64][]crm.Correction
	stored    map[int64]*decided // what this batch has decided
	byID      map[string]int64   // Message-ID -> message of this batch
	hand      *decided           // the mail at hand
	asked     map[string]bool    // marks of reviews
	spoken    map[int64]spoken   // keyed address -> correspondence
	wanted    map[int64]bool
	customers map[int64]int64 // contact -> customer

	messageRows, raws, search, people, attachments, sightings, links []any
	uids, uidKeys, threadRows, wantedRows                            []any
	addressRows, conversationRows, reviewRows                        []any
	settled                                                          []place
	renewed                                                          map[place][]int64 // folder and epoch -> known messages seen there
	spokenNow                                                        map[int64]spoken
	last                                                             map[int64]int64 // customer -> newest mail
	touched                                                          map[int64]bool  // customers whose timeline changed
	heard                                                            []heard         // what its mails say about dispatches
	suspects                                                         map[crm.Address][]suspicion
	since                                                            int64               // when the first mailing was made; looked up for reports that name nothing
	lost                                                             map[int64]bool      // customers that have lost a link
	grown                                                            map[int64]int       // conversation -> how many mails were decided when a link of it last changed
	changed                                                          map[crm.Address]int // canonical form -> how many were decided when its use last changed
}

// decided is a mail of this batch with what later ones may ask of it.
type decided struct {
	id     int64
	n      int // how many were decided before
	author crm.Address
	people []int64                // contacts
	text   func() (string, error) // for proof by quotation
}

// spoken is which ways human mail has gone.
type spoken struct{ wrote, answered bool }

func (x *tx) newBatch(now time.Time) (*batch, error) {
	firm, err := x.firm()
	if err != nil {
		return nil, err
	}
	ex, err := x.excluded(&firm)
	if err != nil {
		return nil, err
	}
	return &batch{
		x: x, now: now, firm: firm, rule: firm.Policy, ex: ex,
		messages: map[[32]byte]int64{}, rawIDs: map[[32]byte]int64{}, threads: map[string]int64{}, merged: map[int64]int64{}, moved: map[int64]int64{},
		addresses: map[crm.Address]int64{}, keyed: map[crm.Address]int64{}, usages: map[crm.Address][]usage{},
		alike: map[crm.Address][]crm.Address{}, domains: map[string]int64{}, named: map[string][]crm.Person{}, said: map[int64][]crm.Correction{},
		stored: map[int64]*decided{}, asked: map[string]bool{}, byID: map[string]int64{}, lost: map[int64]bool{}, grown: map[int64]int{}, changed: map[crm.Address]int{},
		spoken: map[int64]spoken{}, suspects: map[crm.Address][]suspicion{},
		wanted: map[int64]bool{}, customers: map[int64]int64{},
		renewed: map[place][]int64{}, spokenNow: map[int64]spoken{}, last: map[int64]int64{}, touched: map[int64]bool{},
	}, nil
}

// addressKey gives the keyed hash of an address.
func (b *batch) addressKey(a crm.Address) int64 {
	k, ok := b.keyed[a]
	if !ok {
		k = b.x.s.key.address(a)
		b.keyed[a] = k
	}
	return k
}

// under sets the policy by which the next mail is judged.
func (b *batch) under(p crm.Policy) {
	if b.firm.Policy = p; p == "" {
		b.firm.Policy = b.rule
	}
}

// lookUpMessages finds the messages of these contents and all their raws.
func (b *batch) lookUpMessages(contents [][]byte) error {
	var known []int64
	err := each(b.x, `SELECT content, id FROM messages WHERE content IN (IN)`, nil, contents, func(r *sql.Rows) error {
		var c []byte
		var id int64
		if err := r.Scan(&c, &id); err != nil {
			return err
		}
		b.messages[[32]byte(c)] = id
		known = append(known, id)
		return nil
	})
	if err != nil {
		return err
	}
	return each(b.x, `SELECT bytes_hash, id FROM raws WHERE message_id IN (IN)`, nil, known, func(r *sql.Rows) error {
		var c []byte
		var id int64
		if err := r.Scan(&c, &id); err != nil {
			return err
		}
		b.rawIDs[[32]byte(c)] = id
		return nil
	})
}

func (b *batch) lookUpThreads(ids []string) error {
	return each(b.x, `SELECT message_id, conversation_id FROM thread_ids WHERE message_id IN (IN)`, nil, distinct(ids), func(r *sql.Rows) error {
		var id string
		var c int64
		if err := r.Scan(&id, &c); err != nil {
			return err
		}
		b.threads[id] = c
		return nil
	})
}

// lookUpPeople reads addresses, the contacts that use them, and with whom we
// have corresponded.
func (b *batch) lookUpPeople(es []*crm.Envelope) error {
	var all, forms, domains []string
	var keys []int64
	for _, e := range es {
		for _, p := range e.Participants() {
			all = append(all, string(p.Address))
			if !b.firm.Internal(p.Address) {
				forms = append(forms, string(p.Address.Canonical()))
				domains = append(domains, p.Address.Organisation())
				keys = append(keys, b.addressKey(p.Address))
			}
		}
	}
	all = distinct(all)
	if err := each(b.x, `SELECT address, id FROM addresses WHERE address IN (IN)`, nil, all, func(r *sql.Rows) error {
		var a string
		var id int64
		if err := r.Scan(&a, &id); err != nil {
			return err
		}
		b.addresses[crm.Address(a)] = id
		return nil
	}); err != nil {
		return err
	}
	if err := b.lookUpUsages(distinct(forms)); err != nil {
		return err
	}
	if err := b.lookUpDomains(distinct(domains)); err != nil {
		return err
	}
	return each(b.x, `SELECT key, wrote, answered FROM correspondents WHERE key IN (IN)`, nil, distinct(keys), func(r *sql.Rows) error {
		var k, wrote, answered int64
		if err := r.Scan(&k, &wrote, &answered); err != nil {
			return err
		}
		b.spoken[k] = spoken{wrote != 0, answered != 0}
		return nil
	})
}

// lookUpUsages reads who uses the addresses of these canonical forms.
func (b *batch) lookUpUsages(forms []string) error {
	const query = `SELECT a.address, u.contact_id, c.customer_id, u.from_us, u.until_us, c.named
FROM addresses a JOIN contact_addresses u ON u.address_id = a.id JOIN contacts c ON c.id = u.contact_id
WHERE a.canonical IN (IN) ORDER BY a.id, u.contact_id`
	return each(b.x, query, nil, forms, func(r *sql.Rows) error {
		var a string
		var u usage
		var named int64
		if err := r.Scan(&a, &u.contact, &u.customer, &u.from, &u.until, &named); err != nil {
			return err
		}
		u.named = named != 0
		b.using(crm.Address(a), u)
		return nil
	})
}

// using notes that a contact uses an address.
func (b *batch) using(a crm.Address, u usage) {
	if len(b.usages[a]) == 0 {
		b.alike[a.Canonical()] = append(b.alike[a.Canonical()], a)
	}
	b.usages[a] = append(b.usages[a], u)
	b.customers[u.contact] = u.customer
}

// addressID gives the row of an address, made when new.
func (b *batch) addressID(a crm.Address) (int64, error) {
	if id, ok := b.addresses[a]; ok {
		return id, nil
	}
	id, err := b.x.id()
	if err != nil {
		return 0, err
	}
	b.addresses[a] = id
	b.addressRows = append(b.addressRows, id, string(a), string(a.Canonical()), a.Organisation())
	return id, nil
}

// parents writes the rows that others of this batch refer to.
func (b *batch) parents() error {
	if err := b.x.insert(`INSERT INTO addresses (id, address, canonical, domain) VALUES `, 4, b.addressRows, ``); err != nil {
		return err
	}
	b.addressRows = b.addressRows[:0]
	err := b.x.insert(`INSERT INTO conversations (id, created_us) VALUES `, 2, b.conversationRows, ``)
	b.conversationRows = b.conversationRows[:0]
	return err
}

// The number of columns of the rows that a batch writes.
const (
	messageCols = 15
	linkCols    = 6
	uidCols     = 8
)

// flush writes the batch's rows, parents before children.
func (b *batch) flush() error {
	b.x.syncPut()
	if err := b.parents(); err != nil {
		return err
	}
	for _, w := range []struct {
		head string
		cols int
		rows []any
		tail string
	}{
		{`INSERT INTO messages (id, content, conversation_id, message_id, at_us, sent_us, direction, class, subject, preview, attachments, size, loose, details, body) VALUES `, messageCols, b.messageRows, ``},
		{`INSERT INTO raws (id, message_id, bytes_hash, size, zstd) VALUES `, 5, b.raws, ``},
		{`INSERT INTO participants (message_id, n, role, address_id, name, written) VALUES `, 6, b.people, ``},
		{`INSERT INTO attachments (message_id, part, name, type, size, inline, content_id) VALUES `, 7, b.attachments, ` ON CONFLICT (message_id, part) DO NOTHING`},
		{`INSERT INTO thread_ids (message_id, conversation_id) VALUES `, 2, b.threadRows, ` ON CONFLICT (message_id) DO UPDATE SET conversation_id = excluded.conversation_id`},
		{`INSERT INTO links (contact_id, at_us, message_id, rule, evidence, confidence) VALUES `, linkCols, b.links, ` ON CONFLICT (contact_id, at_us, message_id) DO NOTHING`},
		{`INSERT INTO sightings (folder_id, uidvalidity, uid, message_id, raw_id, internal_us, seen_us, gone_us) VALUES `, 8, b.sightings, ` ON CONFLICT (folder_id, uid, uidvalidity) DO UPDATE SET gone_us = 0`},
	} {
		if err := b.x.insert(w.head, w.cols, w.rows, w.tail); err != nil {
			return err
		}
	}
	b.x.toIndex = append(b.x.toIndex, b.search...)
	if err := b.renew(); err != nil {
		return err
	}
	if err := b.flushCorrespondence(); err != nil {
		return err
	}
	if err := b.settle(); err != nil {
		return err
	}
	for _, w := range []struct {
		head string
		cols int
		rows []any
	}{
		{`INSERT INTO uids (folder_id, uidvalidity, uid, state, rule, size, internal_us, id_key) VALUES `, uidCols, b.uids},
		{`INSERT INTO uid_keys (key, folder_id, uid, uidvalidity) VALUES `, 4, b.uidKeys},
		{`INSERT INTO wanted_keys (key) VALUES `, 1, b.wantedRows},
	} {
		if err := b.x.insert(w.head, w.cols, w.rows, ` ON CONFLICT DO NOTHING`); err != nil {
			return err
		}
	}
	if err := b.ask(); err != nil {
		return err
	}
	if err := b.hear(); err != nil {
		return err
	}
	if err := b.placeOrdersAgain(); err != nil {
		return err
	}
	if err := b.wake(); err != nil {
		return err
	}
	for _, customer := range sortedKeys(b.last) {
		if err := b.x.exec(`UPDATE customers SET last_us = $1 WHERE id = $2 AND last_us < $3`, b.last[customer], customer, b.last[customer]); err != nil {
			return err
		}
	}
	return nil
}

// renew removes the sightings that known messages had in an earlier epoch of
// their folder: the mail was fetched again, and is at one place there.
func (b *batch) renew() error {
	for p, messages := range b.renewed {
		if err := each(b.x, `DELETE FROM sightings WHERE folder_id = $1 AND uidvalidity <> $2 AND message_id IN (IN)`,
			[]any{int64(p.folder), int64(p.uidValidity)}, messages, func(*sql.Rows) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// settle removes the rows of UIDs that have become sightings or are decided
// anew. Keys and quarantine have rows of few UIDs, and often none at all.
func (b *batch) settle() error {
	byFolder := map[int64]map[int64][]int64{}
	for _, p := range b.settled {
		f, v := int64(p.folder), int64(p.uidValidity)
		if byFolder[f] == nil {
			byFolder[f] = map[int64][]int64{}
		}
		byFolder[f][v] = append(byFolder[f][v], int64(p.uid))
	}
	if len(byFolder) == 0 {
		return nil
	}
	tables := []string{"uids"}
	for _, table := range []string{"uid_keys", "quarantine"} {
		var n int
		if err := b.x.row(`SELECT count(*) FROM (SELECT 1 AS one FROM ` + table + ` LIMIT 1) AS s`).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			tables = append(tables, table)
		}
	}
	for _, f := range sortedKeys(byFolder) {
		for _, v := range sortedKeys(byFolder[f]) {
			for _, table := range tables {
				if err := each(b.x, `DELETE FROM `+table+` WHERE folder_id = $1 AND uidvalidity = $2 AND uid IN (IN)`, []any{f, v}, byFolder[f][v], func(*sql.Rows) error { return nil }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// distinct gives the different values of vs, in their first order.
func distinct[T comparable](vs []T) []T {
	seen := make(map[T]struct{}, len(vs))
	out := vs[:0:0]
	var zero T
	for _, v := range vs {
		if _, ok := seen[v]; !ok && v != zero {
			seen[v] = struct{}{}
			out = append(out, v)
		}
	}
	return out
}
