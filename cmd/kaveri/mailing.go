package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) mailingCommand() *cobra.Command {
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List what was sent and is being sent, the newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listMailings(c.Context()) },
	})
	var state string
	show := p.reads(&cobra.Command{
		Use: "show ID", Short: "Show a mailing: counts by state, and with --state its recipients", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.showMailing(c.Context(), args[0], state) },
	})
	show.Flags().StringVar(&state, "state", "", "list the recipients in this state: queued, sent, deferred, failed, unknown, suppressed, expired, cancelled ...")
	turn := func(verb, short, done string, f func(*store.Store, context.Context, crm.MailingID) error) *cobra.Command {
		return &cobra.Command{Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error { return p.turnMailing(c.Context(), args[0], done, f) }}
	}
	retry := &cobra.Command{
		Use: "retry ID", Short: "Send again to those whose mail has failed or expired", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.retryMailing(c.Context(), args[0]) },
	}
	return group("mailing", "What was sent to many, and is being sent", list, show,
		turn("pause", "Send no more of a mailing for now", "is paused", func(s *store.Store, ctx context.Context, id crm.MailingID) error {
			return s.PauseMailing(ctx, id, "paused on the command line")
		}),
		turn("resume", "Go on with a mailing that is paused or held", "goes on", func(s *store.Store, ctx context.Context, id crm.MailingID) error {
			return s.ResumeMailing(ctx, crm.SystemViewer, id)
		}),
		turn("stop", "Call a mailing off: what is not sent is cancelled", "is called off", func(s *store.Store, ctx context.Context, id crm.MailingID) error {
			return s.StopMailing(ctx, crm.SystemViewer, id)
		}),
		retry, p.mailingSettleCommand())
}

// mailingJSON is a mailing in JSON.
type mailingJSON struct {
	ID         crm.MailingID    `json:"id"`
	Kind       crm.MailingKind  `json:"kind"`
	Name       string           `json:"name"`
	From       party            `json:"from"`
	Subject    string           `json:"subject"`
	Policy     crm.DoubtPolicy  `json:"policy"`
	State      crm.MailingState `json:"state"`
	Reason     string           `json:"reason"`
	Finished   bool             `json:"finished"`
	Start      jsonTime         `json:"start"`
	Created    jsonTime         `json:"created"`
	Recipients crm.Recipients   `json:"recipients"`
	Topic      string           `json:"topic"` // "": of none
	Opens      bool             `json:"opens"`
}

// mailingShowJSON is a mailing with what came of its links.
type mailingShowJSON struct {
	mailingJSON
	Links    []clicksJSON `json:"links"`         // whose clicks are counted
	Waiting  int          `json:"put_off"`       // mails that wait for a later day
	Forecast jsonTime     `json:"put_off_until"` // when the last of them goes, as things are
	Why      string       `json:"put_off_why"`
}

// clicksJSON is how many mails had a link opened; the hidden link has no url.
type clicksJSON struct {
	N        crm.LinkNumber `json:"n"`
	URL      string         `json:"url"`
	People   int            `json:"people"`
	Machines int            `json:"machines"`
}

func mailingOf(r crm.MailingRow) mailingJSON {
	return mailingJSON{r.ID, r.Kind, r.Name, partyOf(r.From), r.Template.Subject, r.Doubt, r.State, r.Reason, r.Finished(), jsonTime(r.Start), jsonTime(r.Created), r.Recipients, r.Topic, r.Opens}
}

func (p *program) listMailings(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	var page crm.PageKey
	t := p.table("ID", "MAILING", "STATE", "SENT", "OPEN", "IN DOUBT", "NOT SENT", "MADE")
	for {
		all, next, err := s.Mailings(ctx, crm.SystemViewer, nil, page, 100)
		if err != nil {
			return err
		}
		for _, r := range all {
			if p.json {
				if err := p.printJSON(mailingOf(r)); err != nil {
					return err
				}
				continue
			}
			n := r.Recipients
			t.row(r.ID, r.Name, mailingState(&r), n[crm.Sent], n.Open()-n[crm.Unknown], n[crm.Unknown], n.Total()-n.Open()-n[crm.Sent], r.Created)
		}
		if next == (crm.PageKey{}) {
			break
		}
		page = next
	}
	if p.json {
		return nil
	}
	return t.end()
}

// mailingState is a mailing's state in a word. Finished is said only when
// nothing is open.
func mailingState(r *crm.MailingRow) string {
	if r.State == crm.MailingRunning && r.Finished() {
		return "finished"
	}
	return string(r.State)
}

// dispatchJSON is a dispatch in JSON.
type dispatchJSON struct {
	ID      crm.DispatchID    `json:"id"`
	Address crm.Address       `json:"address"`
	Name    string            `json:"name"`
	State   crm.DispatchState `json:"state"`
	Tries   int               `json:"tries"`
	Due     jsonTime          `json:"due"`
	Changed jsonTime          `json:"changed"`
	Reason  string            `json:"reason"`
	Server  string            `json:"server"` // of the last attempt
	Reply   string            `json:"reply"`
}

func (p *program) showMailing(ctx context.Context, which, state string) error {
	id, err := crm.ParseID[crm.MailingID]("mailing", which)
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := s.ReadMailing(ctx, crm.SystemViewer, id)
	if err != nil {
		return err
	}
	if state != "" {
		wanted, err := crm.ParseDispatchState(state)
		if err != nil {
			return err
		}
		return p.listDispatches(ctx, s, id, wanted)
	}
	wait, err := s.MailingWaits(ctx, crm.SystemViewer, id)
	if err != nil {
		return err
	}
	clicks, err := s.LinkClicks(ctx, crm.SystemViewer, id)
	if err != nil {
		return err
	}
	j := mailingShowJSON{mailingOf(r), []clicksJSON{}, wait.N, jsonTime(wait.Until), wait.Reason}
	for _, l := range clicks {
		j.Links = append(j.Links, clicksJSON(l))
	}
	if p.json {
		return p.printJSON(j)
	}
	p.printMailing(&r, &j)
	return nil
}

// printMailing shows a mailing: who, how far, and what came of its links.
func (p *program) printMailing(r *crm.MailingRow, j *mailingShowJSON) {
	p.printf("%s\nfrom      %s\nstate     %s", printable(r.Name), printable(r.From.Display()), mailingState(r))
	if r.Reason != "" {
		p.printf(": %s", printable(r.Reason))
	}
	p.printf("\npolicy    %s\n", r.Doubt)
	if r.Topic != "" {
		p.printf("topic     %s\n", r.Topic)
	}
	for _, st := range crm.DispatchStates {
		if n := r.Recipients[st]; n > 0 {
			p.printf("%-9s %d\n", st, n)
		}
	}
	if j.Waiting > 0 {
		p.printf("put off   %d, the last until %s: %s\n", j.Waiting, time.Time(j.Forecast).UTC().Format(time.RFC3339), printable(j.Why))
	}
	for _, l := range j.Links {
		url := printable(l.URL)
		if l.N == crm.LinkTrap {
			url = "the hidden link"
		}
		p.printf("link      %s: opened in %s by people, in %d by scanners only\n", url, plural(l.People, "mail", "mails"), l.Machines)
	}
}

func (p *program) listDispatches(ctx context.Context, s *store.Store, id crm.MailingID, state crm.DispatchState) error {
	t := p.table("ID", "RECIPIENT", "TRIES", "SINCE", "SERVER", "WHAT IT SAID")
	var page crm.PageKey
	for {
		all, next, err := s.Dispatches(ctx, crm.SystemViewer, id, state, page, 500)
		if err != nil {
			return err
		}
		for _, d := range all {
			j := dispatchJSON{ID: d.ID, Address: d.Address, Name: d.Name, State: d.State, Tries: d.Tries, Due: jsonTime(d.Due), Changed: jsonTime(d.Changed), Reason: d.Reason}
			if d.Tries > 0 {
				tries, err := s.Attempts(ctx, crm.SystemViewer, d.ID)
				if err != nil {
					return err
				}
				if n := len(tries); n > 0 {
					last := &tries[n-1]
					j.Server, j.Reply = last.Server, last.Reply.String()
					if j.Reason == "" {
						j.Reason = last.Reason
					}
				}
			}
			if p.json {
				if err := p.printJSON(j); err != nil {
					return err
				}
				continue
			}
			said := j.Reply
			if said == "" {
				said = j.Reason
			}
			t.row(d.ID, string(d.Address), d.Tries, d.Changed, j.Server, said)
		}
		if next == (crm.PageKey{}) {
			break
		}
		page = next
	}
	if p.json {
		return nil
	}
	return t.end()
}

func (p *program) turnMailing(ctx context.Context, which, done string, f func(*store.Store, context.Context, crm.MailingID) error) error {
	id, err := crm.ParseID[crm.MailingID]("mailing", which)
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := f(s, ctx, id); err != nil {
		return err
	}
	p.printf("Mailing %d %s.\n", id, done)
	return nil
}

func (p *program) retryMailing(ctx context.Context, which string) error {
	id, err := crm.ParseID[crm.MailingID]("mailing", which)
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	n, err := s.RetryFailed(ctx, crm.SystemViewer, id)
	if err != nil {
		return err
	}
	p.printf("%s sent again when kaveri serve or kaveri send runs.\n", plural(n, "mail is", "mails are"))
	return nil
}

// mailingSettleCommand settles what is in doubt by a person's word.
func (p *program) mailingSettleCommand() *cobra.Command {
	words := map[string]crm.DispatchState{"arrived": crm.Sent, "again": crm.Queued, "give-up": crm.Cancelled}
	return &cobra.Command{
		Use: "settle DISPATCH arrived|again|give-up", Short: "Say what became of a mail that is in doubt: it arrived, send it again, or let it be", Args: cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := crm.ParseID[crm.DispatchID]("dispatch", args[0])
			if err != nil {
				return err
			}
			state, ok := words[args[1]]
			if !ok {
				return misused("%q: say arrived, again or give-up", args[1])
			}
			s, err := p.openExisting(c.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			if err := s.ResolveUnknown(c.Context(), crm.SystemViewer, id, state); err != nil {
				return err
			}
			p.printf("Noted: the mail is %s.\n", state)
			return nil
		},
	}
}
