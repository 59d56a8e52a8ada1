package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/crm/segment"
	"kaveri/store"
)

func (p *program) segmentCountCommand() *cobra.Command {
	var as string
	c := p.reads(&cobra.Command{
		Use: "count SEGMENT", Short: "Count the customers of a segment now: a number or name of a saved one, or a rule", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onSegments(c.Context(), as, func(s *store.Store, v crm.Viewer) error {
				r, err := p.ruleOf(c.Context(), s, v, strings.Join(args, " "))
				if err != nil {
					return err
				}
				n, err := s.CountSegment(c.Context(), v, r, time.Time{})
				if err != nil {
					return err
				}
				if p.json {
					return p.printJSON(struct {
						Rule      string `json:"rule"`
						Customers int    `json:"customers"`
					}{r.String(), n})
				}
				p.printf("%s\n", plural(n, "customer", "customers"))
				return nil
			})
		},
	})
	asFlag(c, &as)
	return c
}

// memberJSON is a customer of a segment in JSON.
type memberJSON struct {
	ID       crm.CustomerID `json:"id"`
	Name     string         `json:"name"`
	Language string         `json:"language"`
	Rung     crm.Rung       `json:"rung"`
	Timing   crm.Timing     `json:"timing"`
	Note     crm.RungNote   `json:"note"`
	Last     crm.Day        `json:"last_order"`
	Due      crm.Day        `json:"due"`
	Spent    string         `json:"spent"`
	Value    string         `json:"value_12m"`
}

func memberOf(m segment.Member) memberJSON {
	return memberJSON{m.Customer, m.Name, m.Language, m.Rung, m.Timing, m.Note, m.Last, m.Due, m.Spent.String(), m.Value.String()}
}

func (p *program) segmentSampleCommand() *cobra.Command {
	var as string
	var limit int
	var all bool
	c := p.reads(&cobra.Command{
		Use: "sample SEGMENT", Short: "List some customers of a segment, drawn at random, or all of them", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return p.onSegments(c.Context(), as, func(s *store.Store, v crm.Viewer) error {
				r, err := p.ruleOf(c.Context(), s, v, strings.Join(args, " "))
				if err != nil {
					return err
				}
				if all {
					limit = 0
				}
				return p.listMembers(c.Context(), s, v, r, limit)
			})
		},
	})
	c.Flags().IntVar(&limit, "limit", 20, "how many at most, up to 500")
	c.Flags().BoolVar(&all, "all", false, "all of them, by their numbers")
	asFlag(c, &as)
	return c
}

// listMembers lists some of the customers for whom a rule holds; with 0 all.
func (p *program) listMembers(ctx context.Context, s *store.Store, v crm.Viewer, r segment.Rule, limit int) error {
	l := p.listing("ID", "CUSTOMER", "RUNG", "TIMING", "NOTE", "LAST ORDER", "DUE", "VALUE 12 M")
	entry := func(m segment.Member) error {
		return l.entry(memberOf(m), m.Customer, m.Name, string(m.Rung), string(m.Timing), string(m.Note), dayCell(m.Last), dayCell(m.Due), m.Value)
	}
	if limit == 0 {
		for m, err := range s.SegmentCustomers(ctx, v, r, time.Time{}) {
			if err == nil {
				err = entry(m)
			}
			if err != nil {
				return err
			}
		}
		return l.end()
	}
	list, err := s.SegmentSample(ctx, v, r, time.Time{}, limit)
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := entry(m); err != nil {
			return err
		}
	}
	return l.end()
}

// stepJSON is a step of an explanation in JSON.
type stepJSON struct {
	Rule  string     `json:"rule"`
	Holds bool       `json:"holds"`
	Found string     `json:"found,omitempty"` // of a condition
	Of    []stepJSON `json:"of,omitempty"`
}

func stepOf(s segment.Step, language string) stepJSON {
	j := stepJSON{Rule: s.Text, Holds: s.Holds, Found: s.Found.In(language)}
	for _, of := range s.Of {
		j.Of = append(j.Of, stepOf(of, language))
	}
	return j
}

func (p *program) segmentWhyCommand() *cobra.Command {
	var as, language string
	c := p.reads(&cobra.Command{
		Use: "why CUSTOMER SEGMENT", Short: "Say step by step why a customer (number or address) is in a segment, or is not", Args: cobra.MinimumNArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			return p.onSegments(c.Context(), as, func(s *store.Store, v crm.Viewer) error {
				return p.whySegment(c.Context(), s, v, args[0], strings.Join(args[1:], " "), language)
			})
		},
	})
	c.Flags().StringVar(&language, "language", "en", "en or fi")
	asFlag(c, &as)
	return c
}

func (p *program) whySegment(ctx context.Context, s *store.Store, v crm.Viewer, who, which, language string) error {
	id, err := presentCustomer(ctx, s, v, who)
	if err != nil {
		return err
	}
	r, err := p.ruleOf(ctx, s, v, which)
	if err != nil {
		return err
	}
	step, err := s.ExplainCustomer(ctx, v, r, id, time.Time{})
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(struct {
			Customer crm.CustomerID `json:"customer"`
			stepJSON
		}{id, stepOf(step, language)})
	}
	p.printf("Customer %d is %s.\n", id, map[bool]string{true: "in", false: "not in"}[step.Holds])
	p.printStep(step, language, 0)
	return nil
}

// printStep prints a step and those that it is made of.
func (p *program) printStep(s segment.Step, language string, depth int) {
	mark := map[bool]string{true: "yes", false: "no "}[s.Holds]
	text := map[segment.Op]string{segment.And: "all of these", segment.Or: "one of these", segment.Not: "not"}[s.Op]
	if text == "" {
		text = s.Text
	}
	if found := s.Found.In(language); found != "" {
		text += ": " + found
	}
	p.printf("%s%s  %s\n", strings.Repeat("     ", depth), mark, printable(text))
	for _, of := range s.Of {
		p.printStep(of, language, depth+1)
	}
}
