package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
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
	show.Flags().StringVar(&state, "state", "", "list the recipients in this state: "+strings.Join(shownStates(), ", "))
	turn := func(verb, short, done string, f func(*store.Store, context.Context, crm.MailingID) error) *cobra.Command {
		return &cobra.Command{Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1),
			RunE: func(c *cobra.Command, args []string) error {
				return p.turnMailing(c.Context(), args[0], verb, done, f)
			}}
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
	l := p.listing("ID", "MAILING", "STATE", "SENT", "OPEN", "IN DOUBT", "NOT SENT", "MADE")
	err = eachPage(func(page crm.PageKey) ([]crm.MailingRow, crm.PageKey, error) {
		return s.Mailings(ctx, crm.SystemViewer, nil, page, 100)
	}, func(r crm.MailingRow) error {
		n := r.Recipients
		return l.entry(mailingOf(r), r.ID, r.Name, mailingState(&r), n[crm.Sent], n.Open()-n[crm.Unknown], n[crm.Unknown], n.Total()-n.Open()-n[crm.Sent], r.Created)
	})
	if err != nil {
		return err
	}
	return l.end()
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

// onMailing opens the store and finds the mailing that an argument names.
func (p *program) onMailing(ctx context.Context, which string, do func(*store.Store, crm.MailingRow) error) error {
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
	return do(s, r)
}

// shownStates are the states that people are told of. The steps of a mail that is
// being sent at this moment may be asked for too.
func shownStates() []string {
	var out []string
	for _, s := range crm.DispatchStates {
		if s != crm.Claimed && s != crm.Ready && s != crm.Armed {
			out = append(out, string(s))
		}
	}
	return out
}

func (p *program) showMailing(ctx context.Context, which, state string) error {
	if state != "" && !slices.Contains(crm.DispatchStates, crm.DispatchState(state)) {
		return misused("--state: %q is unknown; choose one of %s", state, strings.Join(shownStates(), ", "))
	}
	return p.onMailing(ctx, which, func(s *store.Store, r crm.MailingRow) error {
		if state != "" {
			return p.listDispatches(ctx, s, r.ID, crm.DispatchState(state))
		}
		return p.showProgress(ctx, s, r)
	})
}

// showProgress shows a mailing with what waits and what came of its links.
func (p *program) showProgress(ctx context.Context, s *store.Store, r crm.MailingRow) error {
	wait, err := s.MailingWaits(ctx, crm.SystemViewer, r.ID)
	if err != nil {
		return err
	}
	clicks, err := s.LinkClicks(ctx, crm.SystemViewer, r.ID)
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
		p.printf("put off   %d, the last until %s: %s\n", j.Waiting, p.when(time.Time(j.Forecast)), printable(j.Why))
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
	l := p.listing("ID", "RECIPIENT", "TRIES", "SINCE", "SERVER", "WHAT IT SAID")
	err := eachPage(func(page crm.PageKey) ([]crm.Dispatch, crm.PageKey, error) {
		return s.Dispatches(ctx, crm.SystemViewer, id, state, page, 500)
	}, func(d crm.Dispatch) error {
		j, err := dispatchOf(ctx, s, d)
		if err != nil {
			return err
		}
		return l.entry(j, d.ID, string(d.Address), d.Tries, d.Changed, j.Server, cmp.Or(j.Reply, j.Reason))
	})
	if err != nil {
		return err
	}
	return l.end()
}

// dispatchOf gives a dispatch with what its last attempt has come to.
func dispatchOf(ctx context.Context, s *store.Store, d crm.Dispatch) (dispatchJSON, error) {
	j := dispatchJSON{ID: d.ID, Address: d.Address, Name: d.Name, State: d.State, Tries: d.Tries, Due: jsonTime(d.Due), Changed: jsonTime(d.Changed), Reason: d.Reason}
	if d.Tries == 0 {
		return j, nil
	}
	tries, err := s.Attempts(ctx, crm.SystemViewer, d.ID)
	if n := len(tries); err == nil && n > 0 {
		last := &tries[n-1]
		j.Server, j.Reply, j.Reason = last.Server, last.Reply.String(), cmp.Or(j.Reason, last.Reason)
	}
	return j, err
}

func (p *program) turnMailing(ctx context.Context, which, verb, done string, f func(*store.Store, context.Context, crm.MailingID) error) error {
	return p.onMailing(ctx, which, func(s *store.Store, r crm.MailingRow) error {
		if err := mayTurn(&r, verb); err != nil {
			return err
		}
		if err := f(s, ctx, r.ID); err != nil {
			return err
		}
		p.printf("Mailing %d %s.\n", r.ID, done)
		return nil
	})
}

// mayTurn refuses a verb that would change nothing, and says what there is to
// do instead.
func mayTurn(r *crm.MailingRow, verb string) error {
	is := func(format string, args ...any) error {
		return inConflict("mailing", "mailing %d %s", r.ID, fmt.Sprintf(format, args...))
	}
	switch {
	case r.State == crm.MailingStopped:
		return is("is called off already; to write to the same people, send the letter again with --again")
	case r.State != crm.MailingDraft && r.Finished():
		return is("is finished: nothing of it waits to be sent; kaveri mailing retry %d writes again to those whose mail has failed", r.ID)
	case verb == "stop":
		return nil
	case r.State == crm.MailingDraft:
		return is("is not complete yet; the same kaveri send again completes it, kaveri mailing stop %d calls it off", r.ID)
	case verb == "pause" && r.State != crm.MailingRunning:
		return is("is %s already: %s; kaveri mailing resume %d goes on with it", r.State, r.Reason, r.ID)
	case verb == "resume" && r.State == crm.MailingRunning:
		return is("is not paused: it is sent while kaveri serve or kaveri send runs")
	}
	return nil
}

func (p *program) retryMailing(ctx context.Context, which string) error {
	return p.onMailing(ctx, which, func(s *store.Store, r crm.MailingRow) error {
		if r.State == crm.MailingStopped {
			return mayTurn(&r, "retry")
		}
		n, err := s.RetryFailed(ctx, crm.SystemViewer, r.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return inConflict("mailing", "of mailing %d no mail has failed or expired; kaveri mailing show %d counts what became of it", r.ID, r.ID)
		}
		p.printf("%s sent again when kaveri serve or kaveri send runs.\n", plural(n, "mail is", "mails are"))
		return nil
	})
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
				return misused("%q is no end of a doubt; say arrived, again or give-up", args[1])
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
