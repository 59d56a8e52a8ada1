package web

import (
	"cmp"
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
	"kaveri/crm/sheet"
	"kaveri/insight/buying"
)

// Baskets is what the pages about what is bought together read; every read takes
// a viewer.
type Baskets interface {
	// Findings gives what was found last, nil before the first time.
	Findings(ctx context.Context, v crm.Viewer) (*buying.Findings, error)
	// Status says whether orders are being looked at now.
	Status() buying.Status
	// Study says what an offer did; ready is false while it is being measured.
	Study(ctx context.Context, v crm.Viewer, a buying.Ask) (st *buying.Study, ready bool, err error)
	// Search gives the products and groups that a text may mean.
	Search(ctx context.Context, v crm.Viewer, text string, limit int) ([]buying.Hit, error)
	// Used gives what was bought most by those who used a code.
	Used(ctx context.Context, v crm.Viewer, code string, limit int) ([]crm.ProductUse, error)
}

// BasketsPage is what is bought together.
type BasketsPage struct {
	Shell
	Found   bool   // the orders were looked at
	Ready   bool   // there are rules
	Why     Key    // why there are none
	WhyText string // with its numbers
	Counted string // when, and over which orders
	Running string // it is being counted now
	Notes   []string
	Text    string
	By      ruleOrder
	Least   int
	Sorts   []SpanLink
	Leasts  []WishOption
	Sum     string
	Rows    []RuleRow
	Prev    string
	Next    string
	Files   Files
}

// RuleRow is a rule in words and figures.
type RuleRow struct {
	Left, Right []RuleItem
	Says        string
	Count       int
	Support     string
	Confidence  string
	Lift, Range string
	More        string // orders beyond chance
	Leverage    string
	Conviction  string
	Bar         IntervalBar
}

// RuleItem is a product of a rule, and where its rules are.
type RuleItem struct{ Name, Link string }

// IntervalBar is an interval in a picture, in thousandths of its width.
type IntervalBar struct{ Low, Width, At, One int }

// ruleOrder is by what rules are sorted.
type ruleOrder string

// The orders of rules: by the lower end of the lift, the lift, the orders beyond
// chance, and the orders together.
const (
	rulesBySure     ruleOrder = "sure"
	rulesByLift     ruleOrder = "lift"
	rulesByLeverage ruleOrder = "leverage"
	rulesByCount    ruleOrder = "count"
)

var ruleOrders = []ruleOrder{rulesBySure, rulesByLift, rulesByLeverage, rulesByCount}

// leasts are the numbers of orders that rules can be narrowed to.
var leasts = []int{10, 25, 50, 100, 250, 1000}

const rulesPerPage = 25

func (s *Server) basketsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	f, err := s.Baskets.Findings(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	p := BasketsPage{Shell: s.shell(c, "loyalty", c.t("baskets.title"))}
	if st := s.Baskets.Status(); st.Running {
		p.Running = c.t("baskets.running", st.Orders)
	}
	if p.Found = f != nil && f.Orders > 0; p.Found {
		if err := c.fillBaskets(f, r.URL.Query(), &p); err != nil {
			return err
		}
	}
	if isFragment(r) {
		return s.renderPart(w, r, c, "baskets", "baskets", p)
	}
	s.render(w, r, c, http.StatusOK, "baskets", p)
	return nil
}

// fillBaskets narrows, sorts and cuts the rules.
func (c *call) fillBaskets(f *buying.Findings, v url.Values, p *BasketsPage) error {
	names := namesOf(f)
	p.Counted, p.Notes = c.counted(f), c.basketNotes(f)
	if p.Ready = len(f.Rules) > 0; !p.Ready {
		p.Why, p.WhyText = c.whyNoRules(f)
		return nil
	}
	at, err := pageOf(v)
	if err != nil {
		return err
	}
	rules := p.choose(c, f, names, v)
	p.Files = filesOf("/baskets", without(v, "page").Encode())
	shown, prev, next := cutPage(rules, at, rulesPerPage)
	p.Prev, p.Next = pagePath("/baskets", v, prev), pagePath("/baskets", v, next)
	p.Sum = c.n("baskets.rules", len(rules))
	scale := 1.0
	for _, k := range shown {
		scale = max(scale, k.LiftHigh)
	}
	for _, k := range shown {
		p.Rows = append(p.Rows, c.ruleRow(f, &k, names, scale))
	}
	return nil
}

// choose reads what the list is narrowed to and sorted by; what no list knows
// narrows nothing.
func (p *BasketsPage) choose(c *call, f *buying.Findings, names map[crm.ProductID]string, v url.Values) []buying.Rule {
	p.Text, p.By = strings.TrimSpace(v.Get("product")), ruleOrder(v.Get("by"))
	if !slices.Contains(ruleOrders, p.By) {
		p.By = rulesBySure
	}
	p.Least, _ = strconv.Atoi(v.Get("least"))
	rules := narrowRules(f, names, p.Text, p.Least)
	sortRules(rules, p.By)
	to := without(v, "page", "by")
	for _, o := range ruleOrders {
		to.Set("by", string(o))
		p.Sorts = append(p.Sorts, SpanLink{c.t(Key("baskets.by." + string(o))), "/baskets?" + to.Encode(), o == p.By})
	}
	p.Leasts = append(p.Leasts, WishOption{Value: "", Label: c.t("baskets.least.any"), Chosen: p.Least == 0})
	for _, n := range leasts {
		if n > f.Least {
			p.Leasts = append(p.Leasts, WishOption{Value: strconv.Itoa(n), Label: c.n("baskets.least.orders", n), Chosen: n == p.Least})
		}
	}
	return rules
}

// narrowRules gives the rules in which a product stands whose name has all words
// of a text.
func narrowRules(f *buying.Findings, names map[crm.ProductID]string, text string, least int) []buying.Rule {
	named := map[crm.ProductID]bool{}
	if words := crm.Tokens(text); len(words) > 0 {
		for _, one := range f.Products {
			named[one.ID] = buying.Holds(names[one.ID]+" "+one.SKU, words)
		}
	}
	var out []buying.Rule
	for _, k := range f.Rules {
		if k.Count >= least && (text == "" || named[k.Right] || slices.ContainsFunc(k.Left, func(id crm.ProductID) bool { return named[id] })) {
			out = append(out, k)
		}
	}
	return out
}

// sortRules sorts rules that come by the lower end of their lift.
func sortRules(rules []buying.Rule, by ruleOrder) {
	slices.SortStableFunc(rules, func(a, b buying.Rule) int {
		switch by {
		case rulesByLift:
			return cmp.Compare(b.Lift, a.Lift)
		case rulesByLeverage:
			return cmp.Compare(b.Leverage, a.Leverage)
		case rulesByCount:
			return cmp.Compare(b.Count, a.Count)
		}
		return 0
	})
}

// namesOf gives the names of products, of two that are called alike with their
// numbers.
func namesOf(f *buying.Findings) map[crm.ProductID]string {
	alike := map[string]int{}
	for _, p := range f.Products {
		alike[p.Name]++
	}
	names := map[crm.ProductID]string{}
	for _, p := range f.Products {
		switch name := p.Name; {
		case name == "":
			names[p.ID] = p.SKU
		case alike[name] > 1 && p.SKU != name:
			names[p.ID] = name + " (" + p.SKU + ")"
		default:
			names[p.ID] = name
		}
	}
	return names
}

// counted says when and over which orders.
func (c *call) counted(f *buying.Findings) string {
	return c.t("baskets.counted", c.clock.stamp(f.At).Text, f.Baskets, c.day(f.First), c.day(f.Last), f.Several)
}

// basketNotes says what was left out.
func (c *call) basketNotes(f *buying.Findings) (notes []string) {
	if silent := f.Orders - f.Baskets - f.Large; silent > 0 {
		notes = append(notes, c.n("baskets.silent", silent))
	}
	if f.Large > 0 {
		notes = append(notes, c.n("baskets.large", f.Large))
	}
	if f.Cut {
		notes = append(notes, c.t("baskets.cut", c.day(f.First)))
	}
	if len(f.Rules) > 0 {
		notes = append(notes, c.t("baskets.rest", f.Least))
	}
	if f.Sure > len(f.Rules) {
		notes = append(notes, c.t("baskets.kept", f.Sure, buying.KeptRules))
	}
	return notes
}

// whyNoRules says what is missing.
func (c *call) whyNoRules(f *buying.Findings) (Key, string) {
	switch {
	case f.Baskets == 0:
		return "baskets.unlisted", c.t("baskets.unlisted.text", f.Orders)
	case f.Several < 5*f.Least:
		return "baskets.few", c.t("baskets.few.text", f.Several, 5*f.Least)
	}
	return "baskets.none", c.t("baskets.none.text", f.Several, f.Least)
}

func (c *call) ruleRow(f *buying.Findings, k *buying.Rule, names map[crm.ProductID]string, scale float64) RuleRow {
	row := RuleRow{Count: k.Count, Support: c.fine(k.Support), Confidence: c.fine(k.Confidence), Lift: c.times(k.Lift), Range: c.span(k.LiftLow, k.LiftHigh),
		More: number(c.lang, int64(math.Round(k.Leverage*float64(f.Baskets)))), Leverage: c.fine(k.Leverage), Conviction: c.t("baskets.never")}
	if k.Conviction != 0 {
		row.Conviction = c.times(k.Conviction)
	}
	for _, id := range k.Left {
		row.Left = append(row.Left, ruleItem(names[id]))
	}
	row.Right = []RuleItem{ruleItem(names[k.Right])}
	row.Says = c.t("baskets.says", k.WithLeft, k.Count, c.fine(k.Confidence), c.fine(float64(k.WithRight)/float64(f.Baskets)))
	row.Bar = logBar(k.Lift, k.LiftLow, k.LiftHigh, 1, scale)
	return row
}

func ruleItem(name string) RuleItem {
	return RuleItem{name, "/baskets?" + url.Values{"product": {name}}.Encode()}
}

// logBar draws an interval of ratios between two of them, where twice as much is
// as far from one as half as much.
func logBar(at, low, high, from, to float64) IntervalBar {
	place := func(f float64) int {
		if f <= from || from >= to {
			return 0
		}
		return int(math.Round(1000 * min(1, math.Log(f/from)/math.Log(to/from))))
	}
	b := IntervalBar{Low: place(low), At: min(994, place(at)), One: place(1)}
	b.Width = max(4, place(high)-b.Low)
	return b
}

// fine writes a share; a small one has a fraction.
func (c *call) fine(f float64) string {
	places := 0
	switch {
	case f < .001:
		places = 2
	case f < .1:
		places = 1
	}
	return c.decimal(100*f, places) + "\u00a0%"
}

// times writes a ratio; what nobody can tell is a dash.
func (c *call) times(f float64) string {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return "–"
	case f >= 100:
		return number(c.lang, int64(math.Round(f)))
	case f >= 10:
		return c.decimal(f, 1)
	}
	return c.decimal(f, 2)
}

func (c *call) span(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return ""
	}
	return c.times(low) + "–" + c.times(high)
}

// pageOf reads the number of a page, from 1.
func pageOf(v url.Values) (int, error) {
	if v.Get("page") == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(v.Get("page"))
	if err != nil || n < 1 || n > 100_000 {
		return 0, crm.Invalid("page", "this is not a page of the list; start again at its first page")
	}
	return n, nil
}

// cutPage gives a page of a list that is in memory, and the numbers of those
// beside it, 0 for none.
func cutPage[T any](list []T, at, size int) (page []T, prev, next int) {
	from := min(len(list), (at-1)*size)
	to := min(len(list), from+size)
	if to < len(list) {
		next = at + 1
	}
	return list[from:to], at - 1, next
}

// pagePath is the address of a page, "" for none.
func pagePath(path string, v url.Values, page int) string {
	if page == 0 {
		return ""
	}
	to := without(v, "page", "done")
	if page > 1 {
		to.Set("page", strconv.Itoa(page))
	}
	if len(to) == 0 {
		return path
	}
	return path + "?" + to.Encode()
}

// basketsFile gives the rules that the page is narrowed to as a file.
func (s *Server) basketsFile(w http.ResponseWriter, r *http.Request, c *call) error {
	f, err := s.Baskets.Findings(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	if f == nil {
		f = new(buying.Findings)
	}
	names := namesOf(f)
	rules := new(BasketsPage).choose(c, f, names, r.URL.Query())
	titles := []string{"who_buys", "also_buys", "orders", "orders_of_first", "orders_of_second", "all_orders", "support", "confidence", "lift", "lift_low", "lift_high", "leverage", "conviction", "p_adjusted"}
	return s.export(w, r, c, titles, func(row func(...sheet.Cell) error) error {
		for _, k := range rules {
			var left []string
			for _, id := range k.Left {
				left = append(left, names[id])
			}
			conviction := sheet.Cell{} // it never fails
			if k.Conviction != 0 {
				conviction = sheet.Number(k.Conviction, 4)
			}
			if err := row(sheet.Text(strings.Join(left, "; ")), sheet.Text(names[k.Right]), sheet.Int(k.Count), sheet.Int(k.WithLeft), sheet.Int(k.WithRight), sheet.Int(f.Baskets),
				sheet.Number(k.Support, 6), sheet.Number(k.Confidence, 4), sheet.Number(k.Lift, 4), sheet.Number(k.LiftLow, 4), sheet.Number(k.LiftHigh, 4), sheet.Number(k.Leverage, 6), conviction, sheet.Number(k.Adjusted, 8)); err != nil {
				return err
			}
		}
		return nil
	})
}
