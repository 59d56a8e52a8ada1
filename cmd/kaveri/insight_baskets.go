package main

import (
	"context"
	"encoding/csv"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/crm/sheet"
	"kaveri/insight"
)

func (p *program) insightBasketsCommand() *cobra.Command {
	var support, confidence string
	var length int
	c := p.reads(&cobra.Command{
		Use: "baskets [FILE]", Short: "Find what is bought together: in a file of one basket a line, items separated by commas, or in the database",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.baskets(c.Context(), args, support, confidence, length)
		},
	})
	f := c.Flags()
	f.StringVar(&support, "min-support", "", "share of the baskets that an itemset must stand in, such as 0.001")
	f.StringVar(&confidence, "min-confidence", "", "share of the baskets with the left side of a rule that must have the right one, such as 0.5")
	f.IntVar(&length, "max-length", 0, "items of an itemset at most (default any number)")
	return c
}

// basketsJSON is what is bought together, in JSON.
type basketsJSON struct {
	Baskets  int         `json:"baskets"`
	Items    int         `json:"items"`
	MinCount int         `json:"min_count"`
	Itemsets int         `json:"itemsets"`
	BySize   map[int]int `json:"by_size"`
	Rules    []ruleJSON  `json:"rules"`
}

type ruleJSON struct {
	LHS        []string   `json:"lhs"`
	RHS        string     `json:"rhs"`
	Count      int        `json:"count"`
	Support    jsonNumber `json:"support"`
	Confidence jsonNumber `json:"confidence"`
	Lift       jsonNumber `json:"lift"`
	Leverage   jsonNumber `json:"leverage"`
	Conviction jsonNumber `json:"conviction"`
	LiftLow    jsonNumber `json:"lift_low"`
	P          jsonNumber `json:"p"`
	Adjusted   jsonNumber `json:"p_adjusted"`
}

func (p *program) baskets(ctx context.Context, args []string, support, confidence string, length int) error {
	usual := len(args) == 0 && support == "" && confidence == "" && length == 0
	if usual {
		return p.storedBaskets(ctx, insight.BasketOptions{}, true)
	}
	for _, flag := range []struct{ name, text string }{{"min-support", support}, {"min-confidence", confidence}} {
		if flag.text == "" {
			return misused("needed: --%s; only for the database, and without --max-length, is one found that suits", flag.name)
		}
	}
	o := insight.BasketOptions{MaxLength: length}
	for _, flag := range []struct {
		name, text string
		to         *insight.Fraction
	}{{"min-support", support, &o.MinSupport}, {"min-confidence", confidence, &o.MinConfidence}} {
		f, err := insight.ParseFraction(flag.text)
		if err != nil {
			return misused("--%s: %s", flag.name, strings.TrimPrefix(sentence(err), "share: "))
		}
		*flag.to = f
	}
	if length < 0 {
		return misused("--max-length: it must be 1 or more")
	}
	if len(args) == 0 {
		return p.storedBaskets(ctx, o, false)
	}
	b, left, err := p.readBaskets(ctx, args[0])
	if err != nil {
		return err
	}
	found, err := insight.Mine(b, o)
	if err != nil {
		return err
	}
	if p.json {
		err = p.printJSON(basketsOf(found))
	} else {
		err = p.printBaskets(found)
	}
	if err != nil {
		return err
	}
	return figuresWithout(left, "line")
}

// readBaskets reads one basket a line. Items with commas stand in quotes. Empty
// lines are no baskets; lines that cannot be read, or hold nothing, are named.
func (p *program) readBaskets(ctx context.Context, name string) (b *insight.Baskets, left int, err error) {
	data, err := p.readFile(ctx, name, maxFigures)
	if err != nil {
		return nil, 0, err
	}
	text, _, err := sheet.Decode(data)
	if err != nil {
		return nil, 0, err
	}
	b = new(insight.Baskets)
	number := 0
	for line := range strings.Lines(text) {
		number++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		items, why := cutBasket(line)
		if why != "" {
			if left++; left <= maxNamedRows {
				p.notef("%s: row %d: %s\n", printable(name), number, why)
			}
			continue
		}
		b.Add(items...)
	}
	if b.Len() == 0 {
		return nil, 0, crm.Invalid("file", "%s holds no basket; each line is one, its items separated by commas", name)
	}
	return b, left, nil
}

func cutBasket(line string) (items []string, why string) {
	items = strings.Split(line, ",")
	if strings.Contains(line, `"`) {
		r := csv.NewReader(strings.NewReader(line))
		r.TrimLeadingSpace = true
		cut, err := r.Read()
		if err != nil {
			return nil, "its quotes do not match; within an item they are written twice"
		}
		items = cut
	}
	if strings.Trim(strings.Join(items, ""), " \t") == "" {
		return nil, "it holds no item"
	}
	return items, ""
}

func basketsOf(f insight.Found) basketsJSON {
	j := basketsJSON{Baskets: f.Baskets, Items: f.Items, MinCount: f.MinCount, Itemsets: f.Itemsets, BySize: f.BySize, Rules: []ruleJSON{}}
	for _, r := range f.Rules {
		j.Rules = append(j.Rules, ruleJSON{r.LHS, r.RHS, r.Count, jsonNumber(r.Support), jsonNumber(r.Confidence), jsonNumber(r.Lift), jsonNumber(r.Leverage), jsonNumber(r.Conviction),
			jsonNumber(r.LiftLow), jsonNumber(r.P), jsonNumber(r.Adjusted)})
	}
	return j
}

// printBaskets prints the rules that may be relied on, the surest first.
func (p *program) printBaskets(f insight.Found) error {
	p.printf("%s baskets of %s; %s stand in at least %s.\n", thousands(f.Baskets), plural(f.Items, "item", "items"),
		plural(f.Itemsets, "itemset", "itemsets"), plural(f.MinCount, "basket", "baskets"))
	sure := insight.RankRules(f.Rules)
	p.printf("%s, of which %s shown: 10 baskets or more, hardly by chance, and not said by a shorter rule. A lift of 3 is three times as often as by chance.\n",
		plural(len(f.Rules), "rule", "rules"), plural(len(sure), "is", "are"))
	if len(sure) == 0 {
		return nil
	}
	p.printf("\n")
	t := p.table("WHO BUYS", "BUYS ALSO", "BASKETS", "OF THEM", "LIFT", "AT LEAST")
	for _, r := range sure {
		t.row(strings.Join(r.LHS, ", "), r.RHS, r.Count, inPercent(r.Confidence), fixed(r.Lift), fixed(r.LiftLow))
	}
	return t.end()
}
