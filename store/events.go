package store

import (
	"context"
	"sync"

	"kaveri/crm"
)

// broadcaster tells subscribers what has changed, once the transaction that
// changed it is durable ([tx.tell]). An event carries ids only: whoever shows
// something reads it anew, through the policy.
type broadcaster struct {
	mu     sync.Mutex
	subs   map[chan crm.Event]struct{}
	closed bool
}

// Subscribe gives the events from now on, until ctx ends; the channel is then
// closed. A reader who lags loses events, never blocks the writer: polling
// stays correct without them.
func (s *Store) Subscribe(ctx context.Context) <-chan crm.Event {
	b := &s.events
	ch := make(chan crm.Event, 256)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		close(ch)
		return ch
	}
	if b.subs == nil {
		b.subs = map[chan crm.Event]struct{}{}
	}
	b.subs[ch] = struct{}{}
	context.AfterFunc(ctx, func() { b.drop(ch) })
	return ch
}

func (b *broadcaster) drop(ch chan crm.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.subs[ch]; ok {
		delete(b.subs, ch)
		close(ch)
	}
}

func (b *broadcaster) send(events ...crm.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.subs {
		for _, e := range events {
			select {
			case ch <- e:
			default:
			}
		}
	}
}

func (b *broadcaster) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for ch := range b.subs {
		delete(b.subs, ch)
		close(ch)
	}
}
