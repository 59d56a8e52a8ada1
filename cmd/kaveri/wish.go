package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) wishCommand() *cobra.Command {
	return group("wish", "What customers wish, prefer, dislike and plan, in their words",
		p.wishAddCommand(), p.wishListCommand(), p.wishShowCommand(), p.wishSetCommand(), p.wishTopicsCommand(), p.wishProposedCommand(),
		p.wishDecideCommand("confirm", "Make wishes of what mails say", true), p.wishDecideCommand("dismiss", "Say that it is no wish; it is not proposed again", false))
}

// wishFlags say what a wish is like.
type wishFlags struct {
	kind, topic, before, expires, strength, force, job, asked, as string
	note, call                                                    bool
}

func (p *program) wishAddCommand() *cobra.Command {
	var f wishFlags
	c := p.reads(&cobra.Command{
		Use: "add CUSTOMER TEXT...", Short: "Write down what a customer (number or address) wishes, in their words", Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			if f.note && f.call {
				return misused("--note or --call, not both")
			}
			return p.addWish(c.Context(), args[0], strings.Join(args[1:], " "), f)
		},
	})
	f.flags(c, "wish")
	c.Flags().BoolVar(&f.note, "note", false, "keep the text as a note too")
	c.Flags().BoolVar(&f.call, "call", false, "keep the text as a call too")
	return c
}

func (f *wishFlags) flags(c *cobra.Command, kind string) {
	g := c.Flags()
	g.StringVar(&f.kind, "kind", kind, "one of "+wordsOf(crm.WishKinds))
	g.StringVar(&f.topic, "topic", "", "what it is about, in a word or two; the name of a product links it")
	g.StringVar(&f.before, "not-before", "", "not wanted before this day, like 2026-03-01 (default: as the text says it)")
	g.StringVar(&f.expires, "expires", "", "of no interest after this day")
	g.StringVar(&f.strength, "strength", "", "one of "+wordsOf(crm.WishStrengths))
	g.StringVar(&f.force, "force", "", "what moves them or holds them back: one of "+wordsOf(crm.WishForces))
	g.StringVar(&f.job, "job", "", "what for: when ... I want ... so that ...")
	g.StringVar(&f.asked, "asked-by", "", "the colleague who asked them (number or address)")
	asFlag(c, &f.as)
}

// into puts into a wish what the flags say of it.
func (f *wishFlags) into(ctx context.Context, s *store.Store, w *crm.Wish, changed func(string) bool) error {
	days := map[string]*crm.Day{"not-before": &w.NotBefore, "expires": &w.ExpiresOn}
	for flag, value := range map[string]string{"not-before": f.before, "expires": f.expires} {
		if !changed(flag) {
			continue
		}
		day, err := wishDay("--"+flag, value)
		if err != nil {
			return err
		}
		*days[flag] = day
	}
	set := func(flag string, to *string, value string) {
		if changed(flag) {
			*to = value
		}
	}
	set("kind", (*string)(&w.Kind), f.kind)
	set("topic", &w.Topic, f.topic)
	set("strength", (*string)(&w.Strength), f.strength)
	set("force", (*string)(&w.Force), f.force)
	set("job", &w.Job, f.job)
	if !changed("asked-by") {
		return nil
	}
	u, err := findStaff(ctx, s, "asked-by", f.asked)
	w.Asked = u.ID
	return err
}

// wishDay reads a day of the command line, 0 for an empty one.
func wishDay(flag, s string) (crm.Day, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, misused("%s: %q is not a day; write it like 2026-03-01", flag, s)
	}
	return crm.DayOf(t), nil
}

func (p *program) addWish(ctx context.Context, who, text string, f wishFlags) error {
	s, v, err := p.openAs(ctx, f.as)
	if err != nil {
		return err
	}
	defer s.Close()
	w := crm.Wish{Quote: text, Kind: crm.WishKind(f.kind)}
	if w.Customer, err = customerID(ctx, s, v, who); err != nil {
		return err
	}
	if err := f.into(ctx, s, &w, func(flag string) bool { return f.given(flag) }); err != nil {
		return err
	}
	if err := w.Validate(); err != nil {
		return err
	}
	if f.note || f.call {
		kind := map[bool]string{true: crm.NoteKindCall}[f.call]
		n, err := s.AddNote(ctx, v, crm.Note{Customer: w.Customer, Kind: kind, Body: text})
		if err != nil {
			return err
		}
		w.Note, w.At = n.ID, n.At
	}
	if w, err = s.AddWish(ctx, v, w); err != nil {
		return err
	}
	row, _, err := s.Wish(ctx, v, w.ID)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(wishOf(row))
	}
	p.printf("Wish %d of %s is written down", w.ID, printable(row.CustomerName))
	if w.NotBefore != 0 {
		p.printf(", not before %s", w.NotBefore)
	}
	p.printf(".\n")
	return nil
}

// given reports a flag that was set to something.
func (f *wishFlags) given(flag string) bool {
	return map[string]string{"kind": f.kind, "topic": f.topic, "not-before": f.before, "expires": f.expires, "strength": f.strength, "force": f.force, "job": f.job, "asked-by": f.asked}[flag] != ""
}

func (p *program) wishSetCommand() *cobra.Command {
	var f wishFlags
	var reason string
	c := p.reads(&cobra.Command{
		Use: "set ID [STATE]", Short: "Take a wish further: " + wordsOf(crm.WishStates[2:]) + "; or change what is said of it", Args: cobra.RangeArgs(1, 2),
		RunE: func(c *cobra.Command, args []string) error {
			state := crm.WishState("")
			if len(args) == 2 {
				state = crm.WishState(args[1])
			}
			return p.setWish(c, args[0], state, reason, f)
		},
	})
	f.flags(c, "")
	c.Flags().StringVar(&reason, "reason", "", "why; a wish that is declined needs one")
	return c
}

func (p *program) setWish(c *cobra.Command, number string, to crm.WishState, reason string, f wishFlags) error {
	ctx := c.Context()
	id, err := crm.ParseID[crm.WishID]("wish", number)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, f.as)
	if err != nil {
		return err
	}
	defer s.Close()
	row, _, err := s.Wish(ctx, v, id)
	if err != nil {
		return err
	}
	w := row.Wish
	if err := f.into(ctx, s, &w, c.Flags().Changed); err != nil {
		return err
	}
	if w == row.Wish && to == "" {
		return misused("say what to change: a state, or a flag such as --topic")
	}
	if w != row.Wish {
		if w.Topic != row.Topic {
			w.Product = 0
		}
		if err := s.EditWish(ctx, v, w); err != nil {
			return err
		}
	}
	if to != "" {
		if err := s.StepWish(ctx, v, id, to, reason); err != nil {
			return err
		}
	}
	return p.showWish(ctx, s, v, id)
}

func (p *program) wishDecideCommand(name, short string, yes bool) *cobra.Command {
	var topic, as string
	c := &cobra.Command{
		Use: name + " ID...", Short: short, Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.decideWishes(c.Context(), args, yes, topic, as) },
	}
	if yes {
		c.Flags().StringVar(&topic, "topic", "", "what they are about")
	}
	asFlag(c, &as)
	return c
}

// decideWishes decides about each.
func (p *program) decideWishes(ctx context.Context, args []string, yes bool, topic, as string) error {
	return decideEach(ctx, p, args, as, decision[crm.WishID]{"proposal", "proposals", "decided", func(s *store.Store, v crm.Viewer, id crm.WishID) (string, error) {
		made, err := s.DecideWish(ctx, v, id, yes, topic)
		if !yes {
			return "dismissed", err
		}
		return fmt.Sprintf("wish %d", made), err
	}})
}
