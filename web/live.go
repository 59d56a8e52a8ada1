package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"kaveri/crm"
)

// liveLife bounds one connection; the browser opens the next by itself and is
// asked again who it is.
const liveLife = 15 * time.Minute

// events tells an open page what has changed: ids only, as server-sent events.
//
//	hello            what was missed is fetched: the connection stands now, or
//	                 more has changed than it could take
//	customer-<id>    the timeline or head of this customer, or its details
//	customers        the list of customers
//	mailboxes        the mailboxes and their numbers
//	questions        the queue of questions and its count
//	mailing-<id>     this mailing
//	mailings         the list of mailings
//	wishes           the register of wishes, or an answer to a survey
//	senders          the senders and how they fare
//	ladder           where all customers stand
//	writing-<id>     who writes to this customer, and what is on its way
//	answering-<id>   the same of a conversation
func (s *Server) events(w http.ResponseWriter, r *http.Request, c *call) error {
	ctx, cancel := context.WithTimeout(r.Context(), liveLife)
	defer cancel()
	changes := s.Store.Subscribe(ctx)
	out := http.NewResponseController(w)
	out.SetWriteDeadline(time.Time{}) // the server's deadline is for pages; an error means it has none
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies must not hold events back
	w.WriteHeader(http.StatusOK)
	send := func(name string) error {
		if _, err := fmt.Fprintf(w, "event: %s\ndata:\n\n", name); err != nil {
			return err
		}
		return nil
	}
	if send("hello") != nil || out.Flush() != nil {
		return nil
	}
	beat := time.NewTicker(s.Heartbeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			_, err = fmt.Fprint(w, ": still here\n\n")
		case e, ok := <-changes:
			if !ok {
				return nil
			}
			missed := len(changes) >= cap(changes)-1 // it was full
			names := s.eventNames(ctx, c, gather(e, changes))
			if missed {
				names = []string{"hello"}
			}
			for _, name := range names {
				if err == nil {
					err = send(name)
				}
			}
		}
		if err != nil || out.Flush() != nil {
			return nil // the page was closed
		}
	}
}

// gather takes what else is waiting, so that a burst becomes one event of each
// name.
func gather(e crm.Event, more <-chan crm.Event) []crm.Event {
	out := []crm.Event{e}
	for len(out) < 200 {
		select {
		case e, ok := <-more:
			if !ok {
				return out
			}
			out = append(out, e)
		default:
			return out
		}
	}
	return out
}

// eventNames gives the names of the events that this viewer may know of, each once.
func (s *Server) eventNames(ctx context.Context, c *call, changes []crm.Event) []string {
	var out []string
	have := map[string]bool{}
	add := func(name string) {
		if !have[name] {
			have[name] = true
			out = append(out, name)
		}
	}
	for _, e := range changes {
		if e.Message != 0 {
			if _, err := s.Store.Mail(ctx, c.viewer, e.Message); err != nil {
				continue // not for this viewer, or gone
			}
		}
		switch e.Kind {
		case "mailbox":
			add("mailboxes")
		case "question":
			add("questions")
		case "wish", "survey", "feedback":
			add("wishes")
		case "sender":
			add("senders")
		case "ladder":
			add("ladder")
		case "baskets":
			add("baskets")
		case "draft":
			if e.Customer != 0 {
				add(fmt.Sprintf("writing-%d", e.Customer))
			}
			if e.Conversation != 0 {
				add(fmt.Sprintf("answering-%d", e.Conversation))
			}
			continue // the timeline itself has not changed
		case "mailing":
			if name := fmt.Sprintf("mailing-%d", e.Mailing); !have[name] {
				if _, err := s.Ledger.ReadMailing(ctx, c.viewer, e.Mailing); err == nil {
					add(name)
					add("mailings")
				}
			}
		}
		if e.Customer == 0 {
			continue
		}
		if _, err := s.Store.Customer(ctx, c.viewer, e.Customer); err != nil {
			continue
		}
		add(fmt.Sprintf("customer-%d", e.Customer))
		add("customers")
	}
	return out
}
