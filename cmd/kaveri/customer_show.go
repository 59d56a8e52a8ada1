package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) customerShowCommand() *cobra.Command {
	var limit int
	var as string
	c := p.reads(&cobra.Command{
		Use: "show CUSTOMER", Short: "Show a customer (number or address) with contacts and timeline, and why each mail is there", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.showCustomer(c.Context(), args[0], limit, as) },
	})
	c.Flags().IntVar(&limit, "limit", 50, "how many entries of the timeline at most, newest first")
	asFlag(c, &as)
	return c
}

// itemJSON is an entry of the timeline in JSON.
type itemJSON struct {
	Kind     string        `json:"kind"` // mail, note, order, wish, vote or feedback
	At       jsonTime      `json:"at"`
	Contact  string        `json:"contact"`
	Mail     *mailJSON     `json:"mail,omitempty"`
	Note     *noteJSON     `json:"note,omitempty"`
	Wish     *wishJSON     `json:"wish,omitempty"`
	Vote     *voteJSON     `json:"vote,omitempty"`
	Feedback *feedbackJSON `json:"feedback,omitempty"`
	Why      *whyJSON      `json:"why,omitempty"`
}

type voteJSON struct {
	Survey string         `json:"survey"`
	Kind   crm.SurveyKind `json:"kind"`
	Score  int            `json:"score"`
	Words  string         `json:"words"`
}

type feedbackJSON struct {
	Name    string      `json:"name"`
	Address crm.Address `json:"address"` // as they gave it; nothing proves it
	Words   string      `json:"words"`
}

type noteJSON struct {
	ID    crm.NoteID `json:"id"`
	Kind  string     `json:"kind"` // note or call
	Staff string     `json:"staff"`
	Body  string     `json:"body"`
}

type whyJSON struct {
	Rule       crm.Rule `json:"rule"`
	Evidence   string   `json:"evidence"`
	Confidence float64  `json:"confidence"`
}

// shownJSON is a customer with the timeline in JSON.
type shownJSON struct {
	accountJSON
	Merges   []mergeJSON `json:"merges"`
	Timeline []itemJSON  `json:"timeline"`
	More     bool        `json:"more"` // the timeline goes on
}

func itemOf(it crm.TimelineItem) itemJSON {
	j := itemJSON{Kind: it.Kind, At: jsonTime(it.At), Contact: it.Contact}
	if it.Mail != nil {
		m := mailOf(*it.Mail)
		j.Mail = &m
		j.Why = &whyJSON{it.Link.Rule, it.Link.Evidence, it.Link.Confidence}
	}
	if it.Note != nil {
		j.Note = &noteJSON{it.Note.ID, it.Note.Kind, it.Staff, it.Note.Body}
	}
	if it.Wish != nil {
		w := wishOf(*it.Wish)
		j.Wish = &w
	}
	if v := it.Vote; v != nil {
		j.Vote = &voteJSON{v.Survey, v.Kind, v.Score, v.Words}
	}
	if f := it.Feedback; f != nil {
		j.Feedback = &feedbackJSON{f.Name, f.Address, f.Words}
	}
	return j
}

func (p *program) showCustomer(ctx context.Context, who string, limit int, as string) error {
	if err := checkLimit(limit); err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	id, err := customerID(ctx, s, v, who)
	if err != nil {
		return err
	}
	cu, err := s.Customer(ctx, v, id)
	if err != nil {
		return err
	}
	items, more, err := timeline(ctx, s, v, cu.ID, limit)
	if err != nil {
		return err
	}
	merges, err := s.Merges(ctx, v, cu.ID)
	if err != nil {
		return err
	}
	if p.json {
		j := shownJSON{accountJSON: accountOf(cu), Merges: []mergeJSON{}, Timeline: []itemJSON{}, More: more}
		for _, m := range merges {
			j.Merges = append(j.Merges, mergeOf(m))
		}
		for _, it := range items {
			j.Timeline = append(j.Timeline, itemOf(it))
		}
		return p.printJSON(j)
	}
	return p.printCustomer(cu, merges, items, more)
}

func timeline(ctx context.Context, s *store.Store, v crm.Viewer, id crm.CustomerID, limit int) (items []crm.TimelineItem, more bool, err error) {
	var after crm.PageKey
	for len(items) < limit {
		page, next, err := s.Timeline(ctx, v, id, after, min(200, limit-len(items)))
		if err != nil {
			return nil, false, err
		}
		items = append(items, page...)
		if len(page) == 0 || next == (crm.PageKey{}) {
			return items, false, nil
		}
		after = next
	}
	return items, true, nil
}

func (p *program) printCustomer(cu crm.Customer, merges []crm.MergeRow, items []crm.TimelineItem, more bool) error {
	p.printf("%s (customer %d", printable(cu.Name), cu.ID)
	if len(cu.Tags) > 0 {
		p.printf(", tags: %s", printable(strings.Join(cu.Tags, ", ")))
	}
	if cu.Language != "" {
		p.printf(", writes %s", cu.Language)
	}
	p.printf(")\n")
	for _, c := range cu.Contacts {
		p.printf("  %s", printable(c.Name))
		for _, a := range c.Addresses {
			p.printf(" <%s>", a.Address)
		}
		for _, phone := range c.Phones {
			p.printf(" %s", printable(phone))
		}
		p.printf(", %s\n", printable(c.Origin))
		for _, d := range c.Details {
			p.printf("    %s %s, accepted by %s on %s\n", d.Kind, printable(d.Value), printable(cmp.Or(d.Staff, "an administrator")), p.when(d.At))
		}
	}
	for _, d := range cu.Domains {
		p.printf("  everybody at %s belongs here; to undo it: kaveri organisation remove %s\n", d, d)
	}
	for _, m := range merges {
		p.printf("  merged with %s (customer %d) on %s; to undo it: kaveri customer unmerge %d\n", printable(m.Name), m.Other, p.when(m.At), m.ID)
	}
	p.printf("\n")
	t := p.table("WHEN", "WHAT", "WHO", "SUBJECT OR NOTE", "THROUGH", "WHY")
	for _, it := range items {
		switch {
		case it.Mail != nil:
			through := ""
			if len(it.Mail.Through) > 0 {
				through = it.Mail.Through[0]
			}
			t.row(it.At, "mail "+string(it.Mail.Direction), it.Mail.From.Display(), it.Mail.Subject, through, string(it.Link.Rule)+", "+it.Link.Evidence)
		case it.Note != nil:
			t.row(it.At, it.Note.Kind, it.Staff, it.Note.Body, "", "")
		case it.Wish != nil:
			t.row(it.At, string(it.Wish.Kind)+", "+string(it.Wish.State), it.Staff, it.Wish.Quote, it.Wish.Topic, "")
		case it.Vote != nil:
			t.row(it.At, fmt.Sprintf("answer %d", it.Vote.Score), it.Contact, it.Vote.Words, it.Vote.Survey, "")
		case it.Feedback != nil:
			t.row(it.At, "feedback", it.Feedback.Name, it.Feedback.Words, "", "the address given in the public form")
		}
	}
	if err := t.end(); err != nil {
		return err
	}
	if more {
		p.notef("There is more: raise --limit.\n")
	}
	return nil
}
