package main

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

// wishJSON is a wish in JSON.
type wishJSON struct {
	ID         crm.WishID       `json:"id"`
	Customer   string           `json:"customer"`
	CustomerID crm.CustomerID   `json:"customer_id"`
	Contact    string           `json:"contact"` // "" when nobody is named
	Kind       crm.WishKind     `json:"kind"`
	Quote      string           `json:"quote"`
	Topic      string           `json:"topic"`
	Product    string           `json:"product"` // that the topic names
	Strength   crm.WishStrength `json:"strength"`
	Force      crm.WishForce    `json:"force"`
	Job        string           `json:"job"`
	State      crm.WishState    `json:"state"`
	Reason     string           `json:"reason"` // of the last step
	NotBefore  crm.Day          `json:"not_before"`
	Expires    crm.Day          `json:"expires"`
	Mail       crm.MessageID    `json:"mail"`  // where it was said; 0: in none
	Place      int              `json:"place"` // in that mail's text, in bytes
	Note       crm.NoteID       `json:"note"`
	Staff      string           `json:"staff"`    // who wrote it down
	AskedBy    string           `json:"asked_by"` // who asked
	Rung       crm.Rung         `json:"rung"`
	Value      string           `json:"value_12m"`
	At         jsonTime         `json:"at"`
	Done       jsonTime         `json:"done"`
	LastSeen   jsonTime         `json:"last_contact"`
	Steps      []wishStepJSON   `json:"steps,omitempty"`
}

type wishStepJSON struct {
	State  crm.WishState `json:"state"`
	Reason string        `json:"reason"`
	Staff  string        `json:"staff"`
	At     jsonTime      `json:"at"`
}

func wishOf(w crm.WishRow) wishJSON {
	return wishJSON{w.ID, w.CustomerName, w.Customer, w.ContactName, w.Kind, w.Quote, w.Topic, w.ProductName, w.Strength, w.Force, w.Job, w.State, w.Reason, w.NotBefore, w.ExpiresOn,
		w.Message, w.Place, w.Note, w.StaffName, w.AskedName, w.Rung, w.Value.String(), jsonTime(w.At), jsonTime(w.Done), jsonTime(w.LastSeen), nil}
}

// wishListFlags select wishes.
type wishListFlags struct {
	customer, topic, kind, search, as string
	states                            []string
	limit                             int
}

func (p *program) wishListCommand() *cobra.Command {
	var f wishListFlags
	c := p.reads(&cobra.Command{
		Use: "list", Short: "List wishes, the newest first; those that are done and not told are whom to write to: --state done", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listWishes(c.Context(), f) },
	})
	g := c.Flags()
	g.StringVar(&f.customer, "customer", "", "only of this one (number or address)")
	g.StringVar(&f.topic, "topic", "", "only on this topic")
	g.StringVar(&f.kind, "kind", "", "only one of "+wordsOf(crm.WishKinds))
	g.StringSliceVar(&f.states, "state", nil, "only these, such as new,promised (default: all); open: those that wait")
	g.StringVar(&f.search, "search", "", "only with these words in quote or topic")
	g.IntVar(&f.limit, "limit", 50, "how many at most")
	asFlag(c, &f.as)
	return c
}

// query reads the flags.
func (f *wishListFlags) query(ctx context.Context, s *store.Store, v crm.Viewer) (q crm.WishQuery, err error) {
	if f.customer != "" {
		if q.Customer, err = customerID(ctx, s, v, f.customer); err != nil {
			return q, err
		}
	}
	for _, st := range f.states {
		switch {
		case st == "open":
			q.States = append(q.States, crm.OpenWishStates...)
		case slices.Contains(crm.WishStates, crm.WishState(st)):
			q.States = append(q.States, crm.WishState(st))
		default:
			return q, misused("--state: %q is none; choose of open, %s", st, wordsOf(crm.WishStates))
		}
	}
	if q.Kind = crm.WishKind(f.kind); q.Kind != "" && !slices.Contains(crm.WishKinds, q.Kind) {
		return q, misused("--kind: %q is none; choose of %s", f.kind, wordsOf(crm.WishKinds))
	}
	q.Topic, q.Text = f.topic, f.search
	return q, nil
}

func (p *program) listWishes(ctx context.Context, f wishListFlags) error {
	if err := checkLimit(f.limit); err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, f.as)
	if err != nil {
		return err
	}
	defer s.Close()
	q, err := f.query(ctx, s, v)
	if err != nil {
		return err
	}
	l := p.listing("ID", "SAID", "CUSTOMER", "RUNG", "KIND", "STATE", "TOPIC", "NOT BEFORE", "WISH")
	for n := 0; n < f.limit; {
		q.Limit = min(200, f.limit-n)
		rows, next, err := s.Wishes(ctx, v, q)
		if err != nil {
			return err
		}
		for _, w := range rows {
			if err := l.entry(wishOf(w), w.ID, w.At, w.CustomerName, string(w.Rung), string(w.Kind), string(w.State), w.Topic, dayCell(w.NotBefore), w.Quote); err != nil {
				return err
			}
		}
		n += len(rows)
		if q.After = next; len(rows) == 0 || next == (crm.PageKey{}) {
			break
		}
	}
	return l.end()
}

func dayCell(d crm.Day) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func (p *program) wishShowCommand() *cobra.Command {
	var as string
	c := p.reads(&cobra.Command{
		Use: "show ID", Short: "Show a wish and each step that it went", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			id, err := crm.ParseID[crm.WishID]("wish", args[0])
			if err != nil {
				return err
			}
			s, v, err := p.openAs(c.Context(), as)
			if err != nil {
				return err
			}
			defer s.Close()
			return p.showWish(c.Context(), s, v, id)
		},
	})
	asFlag(c, &as)
	return c
}

func (p *program) showWish(ctx context.Context, s *store.Store, v crm.Viewer, id crm.WishID) error {
	w, steps, err := s.Wish(ctx, v, id)
	if err != nil {
		return err
	}
	if p.json {
		j := wishOf(w)
		for _, st := range steps {
			j.Steps = append(j.Steps, wishStepJSON{st.State, st.Reason, st.Staff, jsonTime(st.At)})
		}
		return p.printJSON(j)
	}
	p.printf("%s (customer %d), %s, %s: %s\n", printable(w.CustomerName), w.Customer, w.Kind, w.State, printable(w.Quote))
	t := p.table("FACT", "VALUE")
	for _, row := range [][2]string{{"topic", w.Topic}, {"product", w.ProductName}, {"strength", string(w.Strength)}, {"force", string(w.Force)}, {"job", w.Job}, {"not before", dayCell(w.NotBefore)}, {"expires", dayCell(w.ExpiresOn)}, {"asked by", w.AskedName}} {
		if row[1] != "" {
			t.row(row[0], row[1])
		}
	}
	for _, st := range steps {
		t.row(string(st.State), p.when(st.At)+" "+st.Staff+" "+st.Reason)
	}
	return t.end()
}

func (p *program) wishTopicsCommand() *cobra.Command {
	var by, as string
	var limit int
	c := p.reads(&cobra.Command{
		Use: "topics", Short: "Sum the open wishes by topic: how many, whose, and what these customers weigh and are worth", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.sumWishes(c.Context(), crm.TopicOrder(by), limit, as)
		},
	})
	c.Flags().StringVar(&by, "by", string(crm.TopicsByWeight), "the largest first by weight, value or count")
	c.Flags().IntVar(&limit, "limit", 50, "how many at most")
	asFlag(c, &as)
	return c
}

type topicJSON struct {
	Topic     string `json:"topic"` // "": none is named
	Wishes    int    `json:"wishes"`
	Customers int    `json:"customers"`
	Loyal     int    `json:"loyal"`  // customers of those
	Weight    int    `json:"weight"` // each customer once, by rung
	Value     string `json:"value_12m"`
}

func (p *program) sumWishes(ctx context.Context, by crm.TopicOrder, limit int, as string) error {
	if err := checkLimit(limit); err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.WishTopics(ctx, v, by, limit)
	if err != nil {
		return err
	}
	l := p.listing("TOPIC", "WISHES", "CUSTOMERS", "LOYAL", "WEIGHT", "VALUE IN 12 MONTHS")
	for _, w := range list {
		j := topicJSON{w.Topic, w.Wishes, w.Customers, w.Loyal, w.Weight, w.Value.String()}
		if err := l.entry(j, j.Topic, j.Wishes, j.Customers, j.Loyal, j.Weight, j.Value); err != nil {
			return err
		}
	}
	return l.end()
}

type wishProposalJSON struct {
	ID         crm.WishID     `json:"id"`
	Kind       crm.WishKind   `json:"kind"`
	Quote      string         `json:"quote"`
	Topic      string         `json:"topic"` // proposed
	NotBefore  crm.Day        `json:"not_before"`
	Customer   string         `json:"customer"`
	CustomerID crm.CustomerID `json:"customer_id"`
	Mail       crm.MessageID  `json:"mail"`
	Place      int            `json:"place"`
	At         jsonTime       `json:"at"`
}

func (p *program) wishProposedCommand() *cobra.Command {
	var as string
	var limit int
	c := p.reads(&cobra.Command{
		Use: "proposed [CUSTOMER]", Short: "List what mails say and nobody has decided about, of all customers or one (number or address)", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.listProposedWishes(c.Context(), args, limit, as) },
	})
	c.Flags().IntVar(&limit, "limit", 50, "how many at most")
	asFlag(c, &as)
	return c
}

func (p *program) listProposedWishes(ctx context.Context, args []string, limit int, as string) error {
	if err := checkLimit(limit); err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	var customer crm.CustomerID
	for _, who := range args {
		if customer, err = presentCustomer(ctx, s, v, who); err != nil {
			return err
		}
	}
	list, err := s.WishProposals(ctx, v, customer, limit)
	if err != nil {
		return err
	}
	for _, w := range list {
		if p.json {
			err = p.printJSON(wishProposalJSON{w.ID, w.Kind, w.Quote, w.Topic, w.NotBefore, w.CustomerName, w.Customer, w.Message, w.Place, jsonTime(w.At)})
		} else {
			p.printf("%d  %s (customer %d), %s: %s\n    From mail %d, %s.\n", w.ID, printable(w.CustomerName), w.Customer, w.Kind, printable(w.Quote), w.Message, p.when(w.At))
		}
		if err != nil {
			return err
		}
	}
	if len(list) == 0 && !p.json {
		p.notef("nothing to decide\n")
	}
	return nil
}
