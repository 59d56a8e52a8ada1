package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
)

func (p *program) ladderMovesCommand() *cobra.Command {
	var span int
	c := p.reads(&cobra.Command{
		Use: "moves", Short: "Show who moved over 30, 91 or 365 days, told by the clock and model of the first day", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.showMoves(c.Context(), span) },
	})
	c.Flags().IntVar(&span, "days", 91, "look back over so many: 30, 91 or 365")
	return c
}

// movesJSON is who moved, in JSON.
type movesJSON struct {
	crm.Movement
	Rows    []string              `json:"rows"`
	Columns []string              `json:"columns"`
	Counts  [][]int               `json:"counts"`
	Rates   map[string]*shareJSON `json:"rates"` // null: nobody could move so
}

// shareJSON is a share with its 95 % interval.
type shareJSON struct {
	Count int     `json:"count"`
	Of    int     `json:"of"`
	Rate  float64 `json:"rate"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func shareOf(p insight.Proportion) *shareJSON {
	if p.Of == 0 {
		return nil
	}
	return &shareJSON{p.Count, p.Of, p.Rate(), p.Low, p.High}
}

func (p *program) showMoves(ctx context.Context, span int) error {
	if !slices.Contains(crm.MoveSpans, span) {
		return misused("--days: write 30, 91 or 365")
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m, list, ok, err := s.RungMoves(ctx, crm.SystemViewer, span)
	if err != nil {
		return err
	}
	if !ok {
		return crm.NotFound("nobody has told who moved yet; kaveri ladder run does")
	}
	t := insight.SumTransitions(list)
	if p.json {
		j := movesJSON{Movement: m, Rows: t.Rows, Columns: t.Columns, Counts: t.Counts, Rates: map[string]*shareJSON{}}
		for _, name := range insight.Movements() {
			j.Rates[string(name)] = shareOf(t.Rate(name))
		}
		return p.printJSON(j)
	}
	return p.printMoves(&m, t)
}

func (p *program) printMoves(m *crm.Movement, t *insight.Transitions) error {
	by := "those in use on that day"
	if !m.Kept {
		by = "those that the orders until that day tell"
	}
	p.printf("From %s (rows) to %s (columns), both told by the clock of %s, %s days, and its model: %s.\n", m.Since, m.Until, m.Since, figure(m.Clock), by)
	table := p.table(append([]string{"FROM"}, t.Columns...)...)
	for i, row := range t.Rows {
		cells := []any{row}
		for _, n := range t.Counts[i] {
			cells = append(cells, n)
		}
		table.row(cells...)
	}
	if err := table.end(); err != nil {
		return err
	}
	for _, name := range insight.Movements() {
		if r := t.Rate(name); r.Of > 0 {
			p.printf("%s: %d of %d, %s\n", name, r.Count, r.Of, rangeText(r))
		}
	}
	return nil
}

// rangeText writes a share with its interval: "33 % (21 to 48 %)".
func rangeText(r insight.Proportion) string {
	return fmt.Sprintf("%.0f %% (%.0f to %.0f %%)", 100*r.Rate(), 100*r.Low, 100*r.High)
}
