package store

import "kaveri/crm"

// maxChain bounds how many ancestors of a mail are remembered: the first,
// which names the thread, and the last ones, which are near.
const maxChain = 100

// root follows merges made in this batch.
func (b *batch) root(c int64) int64 {
	for {
		to, ok := b.merged[c]
		if !ok {
			return c
		}
		c = to
	}
}

// conversation gives the conversation of a mail: the one its own Message-ID or
// an ancestor's is in, whatever the mailbox. Ancestors not seen yet get a row
// too, and hold the thread together until they come. A mail that belongs to
// several joins them.
//
// A mail that only claims to belong to a thread stays by itself (alone): its
// content is shown to nobody who reads the thread, and the other way round.
func (b *batch) conversation(e *crm.Envelope, alone bool) (int64, error) {
	ids := threadIDs(e)
	if alone {
		ids = nil
		if _, taken := b.threads[e.MessageID]; !taken && e.MessageID != "" {
			ids = []string{e.MessageID}
		}
	}
	var found int64
	var others []int64
	for _, id := range ids {
		c, ok := b.threads[id]
		if !ok {
			continue
		}
		switch c = b.root(c); {
		case found == 0:
			found = c
		case c != found:
			others = append(others, c)
		}
	}
	if found == 0 {
		var err error
		if found, err = b.x.id(); err != nil {
			return 0, err
		}
		b.conversationRows = append(b.conversationRows, found, micros(b.now))
	}
	for _, o := range others {
		var err error
		if found, err = b.join(found, o); err != nil {
			return 0, err
		}
	}
	for _, id := range ids {
		if _, ok := b.threads[id]; !ok {
			b.threads[id] = found
			b.threadRows = append(b.threadRows, id, found)
		}
	}
	return found, nil
}

// threadIDs lists the Message-IDs that place a mail: its own and its chain's.
func threadIDs(e *crm.Envelope) []string {
	chain := e.Chain()
	if len(chain) > maxChain {
		chain = append(chain[:1:1], chain[len(chain)-maxChain+1:]...)
	}
	if e.MessageID != "" {
		chain = append(chain, e.MessageID)
	}
	return chain
}

// join moves the younger of two conversations into the older one.
func (b *batch) join(x, y int64) (int64, error) {
	x, y = b.root(x), b.root(y)
	if x == y {
		return x, nil
	}
	if y < x {
		x, y = y, x
	}
	b.merged[y] = x
	if err := b.parents(); err != nil {
		return 0, err
	}
	for _, q := range []string{
		`UPDATE thread_ids SET conversation_id = $1 WHERE conversation_id = $2`,
		`UPDATE messages SET conversation_id = $1 WHERE conversation_id = $2`,
	} {
		if err := b.x.exec(q, x, y); err != nil {
			return 0, err
		}
	}
	if err := b.x.markConversation(x); err != nil {
		return 0, err
	}
	for i := 0; i < len(b.messageRows); i += messageCols {
		if b.messageRows[i+2].(int64) == y {
			b.messageRows[i+2] = x
		}
	}
	for i := 1; i < len(b.threadRows); i += 2 {
		if b.threadRows[i].(int64) == y {
			b.threadRows[i] = x
		}
	}
	for id, c := range b.threads {
		if c == y {
			b.threads[id] = x
		}
	}
	b.grown[x] = len(b.stored)
	return x, nil
}
