package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/crm/segment"
	"kaveri/store"
)

func (p *program) segmentCommand() *cobra.Command {
	return group("segment", "Rules that name customers, such as: rung is one-time and due after 14 days",
		p.segmentCheckCommand(), p.segmentFieldsCommand(), p.segmentListCommand(), p.segmentShowCommand(), p.segmentSaveCommand(), p.segmentCountCommand(), p.segmentSampleCommand(),
		p.segmentWhyCommand(), p.segmentArchiveCommand())
}

// checkedJSON is what segment check says of a rule.
type checkedJSON struct {
	Canonical string         `json:"canonical"` // "" when it cannot be read
	Rule      *segment.Rule  `json:"rule"`
	Error     *segment.Error `json:"error"`
}

func (p *program) segmentCheckCommand() *cobra.Command {
	return p.reads(&cobra.Command{
		Use: "check TEXT...", Short: "Read a rule without a database: its canonical text, or where it cannot be read (- reads from the input)", Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return p.checkSegment(strings.Join(args, " ")) },
	})
}

func (p *program) checkSegment(text string) error {
	if text == "-" {
		b, err := io.ReadAll(io.LimitReader(p.stdin, segment.MaxText+1))
		if err != nil {
			return err
		}
		text = strings.TrimRight(string(b), "\r\n")
	}
	r, err := segment.Parse(text)
	var bad *segment.Error
	switch {
	case errors.As(err, &bad) && p.json:
		if err := p.printJSON(checkedJSON{Error: bad}); err != nil {
			return err
		}
		return failure("%s", bad.Error())
	case err != nil:
		return p.badRule(text, err)
	case p.json:
		return p.printJSON(checkedJSON{Canonical: r.String(), Rule: &r})
	}
	p.printf("%s\n", r)
	return nil
}

// badRule shows the place of a rule that cannot be read. Whatever was given, the
// command line itself was understood.
func (p *program) badRule(text string, err error) error {
	var bad *segment.Error
	if !errors.As(err, &bad) {
		return err
	}
	p.notef("%s\n", bad.Caret(text))
	return failure("%s", bad.Error())
}

// ruleFieldJSON is a field of the language in JSON.
type ruleFieldJSON struct {
	Name     string       `json:"name"`
	Kind     segment.Kind `json:"kind"`
	Values   []string     `json:"values"`
	Forms    []string     `json:"forms"`
	Help     string       `json:"help"`
	Examples []string     `json:"examples"`
}

func (p *program) segmentFieldsCommand() *cobra.Command {
	var language string
	c := p.reads(&cobra.Command{
		Use: "fields", Short: "List what a rule can ask about, and how it is written", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			l := p.listing("FIELD", "EXAMPLE", "WHAT IT IS")
			for _, f := range segment.Fields() {
				j := ruleFieldJSON{f.Name, f.Kind, orEmpty(f.Values), nil, f.Help.In(language), f.Examples}
				for _, form := range f.Forms() {
					j.Forms = append(j.Forms, form.Pattern)
				}
				if err := l.entry(j, f.Name, f.Examples[0], j.Help); err != nil {
					return err
				}
			}
			return l.end()
		},
	})
	c.Flags().StringVar(&language, "language", "en", "en or fi")
	return c
}

// savedJSON is a saved segment in JSON.
type savedJSON struct {
	ID       crm.SegmentID `json:"id"`
	Name     string        `json:"name"`
	Rule     string        `json:"rule"`
	Starter  string        `json:"starter"` // which of the ready-made ones; "" none
	Maker    string        `json:"maker"`
	Members  int           `json:"members"` // when it was counted last
	Counted  jsonTime      `json:"counted"`
	Changed  jsonTime      `json:"changed"`
	Archived jsonTime      `json:"archived"`
	Days     []dayJSON     `json:"days,omitempty"`
}

type dayJSON struct {
	Day     crm.Day `json:"day"`
	Members int     `json:"members"`
	Came    int     `json:"came"`
	Went    int     `json:"went"`
}

func savedOf(g segment.Saved) savedJSON {
	return savedJSON{g.ID, g.Name, g.Text, g.Starter, g.Maker, g.Members, jsonTime(g.Counted), jsonTime(g.Changed), jsonTime(g.Archived), nil}
}

// onSegments runs a verb over the store, with the ready-made segments in it.
func (p *program) onSegments(ctx context.Context, as string, f func(*store.Store, crm.Viewer) error) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.AddStarters(ctx); err != nil {
		return err
	}
	return f(s, v)
}

func (p *program) segmentListCommand() *cobra.Command {
	var as string
	var archived bool
	c := p.reads(&cobra.Command{
		Use: "list", Short: "List the saved segments, with how many were in each when it was counted last", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.onSegments(c.Context(), as, func(s *store.Store, v crm.Viewer) error {
				list, err := s.Segments(c.Context(), v, archived)
				if err != nil {
					return err
				}
				l := p.listing("ID", "NAME", "CUSTOMERS", "COUNTED", "RULE")
				for _, g := range list {
					if err := l.entry(savedOf(g), g.ID, g.Name, g.Members, g.Counted, g.Text); err != nil {
						return err
					}
				}
				return l.end()
			})
		},
	})
	c.Flags().BoolVar(&archived, "archived", false, "those in the archive instead")
	asFlag(c, &as)
	return c
}

// savedSegment finds a saved segment by its number or name.
func savedSegment(ctx context.Context, s *store.Store, v crm.Viewer, which string) (segment.Saved, error) {
	if id, err := strconv.ParseInt(which, 10, 64); err == nil && id > 0 {
		return s.ReadSegment(ctx, v, crm.SegmentID(id))
	}
	return s.SegmentNamed(ctx, v, which)
}

// ruleOf reads a rule: that of a saved segment, by its number or name, else the
// text itself.
func (p *program) ruleOf(ctx context.Context, s *store.Store, v crm.Viewer, which string) (segment.Rule, error) {
	g, err := savedSegment(ctx, s, v, which)
	if err == nil {
		return g.Rule()
	}
	if crm.KindOf(err) != crm.KindNotFound || strings.Trim(which, "0123456789") == "" {
		return segment.Rule{}, err
	}
	r, bad := segment.Parse(which)
	if bad != nil {
		return r, p.badRule(which, bad)
	}
	return r, nil
}

func (p *program) segmentShowCommand() *cobra.Command {
	var as string
	c := p.reads(&cobra.Command{
		Use: "show SEGMENT", Short: "Show a saved segment (number or name), and who came and went on each day", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onSegments(c.Context(), as, func(s *store.Store, v crm.Viewer) error {
				g, err := savedSegment(c.Context(), s, v, args[0])
				if err != nil {
					return err
				}
				return p.showSegment(c.Context(), s, v, g)
			})
		},
	})
	asFlag(c, &as)
	return c
}

func (p *program) showSegment(ctx context.Context, s *store.Store, v crm.Viewer, g segment.Saved) error {
	days, err := s.SegmentDays(ctx, v, g.ID, 0)
	if err != nil {
		return err
	}
	if p.json {
		j := savedOf(g)
		for _, d := range days {
			j.Days = append(j.Days, dayJSON(d))
		}
		return p.printJSON(j)
	}
	p.printf("%d  %s\n%s\n", g.ID, printable(g.Name), g.Text)
	if len(days) == 0 {
		p.printf("It is counted each night while Kaveri runs; \"kaveri segment count %d\" counts it now.\n", g.ID)
		return nil
	}
	t := p.table("DAY", "CUSTOMERS", "CAME", "WENT")
	for _, d := range days {
		t.row(d.Day, d.Members, d.Came, d.Went)
	}
	return t.end()
}

func (p *program) segmentSaveCommand() *cobra.Command {
	var as, change string
	c := p.reads(&cobra.Command{
		Use: "save NAME TEXT...", Short: "Save a rule under a name; with --change give another one, or only another name", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onSegments(c.Context(), as, func(s *store.Store, v crm.Viewer) error {
				return p.saveSegment(c.Context(), s, v, change, args[0], strings.Join(args[1:], " "))
			})
		},
	})
	c.Flags().StringVar(&change, "change", "", "the number or name of the segment that is to be changed")
	asFlag(c, &as)
	return c
}

func (p *program) saveSegment(ctx context.Context, s *store.Store, v crm.Viewer, change, name, text string) error {
	var g segment.Saved
	if change != "" {
		var err error
		if g, err = savedSegment(ctx, s, v, change); err != nil {
			return err
		}
	}
	if text != "" {
		if _, err := segment.Parse(text); err != nil {
			return p.badRule(text, err)
		}
		g.Text = text
	}
	if g.Text == "" {
		return misused("write the rule behind the name")
	}
	g.Name = name
	g, err := s.SaveSegment(ctx, v, g)
	if err != nil {
		return err
	}
	return p.showSegment(ctx, s, v, g)
}

func (p *program) segmentArchiveCommand() *cobra.Command {
	var as string
	var back bool
	c := &cobra.Command{
		Use: "archive SEGMENT", Short: "Put a saved segment (number or name) into the archive; with --back take it out", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onSegments(c.Context(), as, func(s *store.Store, v crm.Viewer) error {
				g, err := savedSegment(c.Context(), s, v, args[0])
				if err != nil {
					return err
				}
				return s.ArchiveSegment(c.Context(), v, g.ID, !back)
			})
		},
	}
	c.Flags().BoolVar(&back, "back", false, "take it out")
	asFlag(c, &as)
	return c
}
