package store

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
	"kaveri/crm/segment"
)

// This file and rule_sql_people.go make one statement of a segment's rule. What
// people wrote stands in its arguments only. A condition that finds nothing may
// be NULL, which counts for false; Not takes that into account.
//
// Conditions that few customers meet are sets that SQLite can begin with
// ("c.id IN (SELECT ...)"); the others look at one customer after another,
// ordered from the cheapest to the dearest, since neither engine knows their
// price.

// ruleSQL is a rule under way.
type ruleSQL struct {
	clock segment.Clock
	args  []any
	joins map[string]bool // tables beside customers that it reads
}

func (q *ruleSQL) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// ruleWriter makes the condition of a field, and says what it costs beside the
// others.
type ruleWriter struct {
	price int
	write func(q *ruleSQL, c *segment.Condition) string
}

// ruleWriters has one for each field of the language; a test holds them against
// each other.
var ruleWriters = map[string]ruleWriter{
	"rung": {1, ruleLabel}, "timing": {1, ruleLabel}, "note": {1, ruleLabel},
	"due": {1, ruleAwaited}, "overdue": {1, ruleAwaited}, "lapsed": {1, ruleAwaited}, "value": {1, ruleValue},
	"language": {2, ruleLanguage}, "organisation": {2, ruleOrganisation}, "owner": {3, ruleOwner}, "tagged": {3, ruleTagged},
	"wrote": {4, ruleMoment}, "we wrote": {4, ruleMoment}, "began a conversation": {4, ruleMoment}, "waiting for our answer": {4, ruleMoment},
	"wishes": {5, ruleWishes}, "complaint open": {5, ruleComplaint},
	"came by recommendation": {5, ruleRecommendation}, "recommended": {5, ruleRecommendation},
	"received": {6, ruleReceived}, "replied to": {6, ruleReplied}, "held out of": {6, ruleHeldOut}, "bought after": {6, ruleBoughtAfter},
	"first order": {7, ruleOrdered}, "last order": {7, ruleOrdered}, "silent": {7, ruleSilent},
	"used offer": {8, ruleOffer}, "bought": {8, ruleBought}, "bought group": {8, ruleBought},
	"orders": {9, ruleOrders}, "spent": {9, ruleSpent}, "full-price share": {10, ruleFullPrice},
	"consents to": {11, ruleConsents}, "reachable": {11, ruleReachable}, "suppressed": {11, ruleSuppressed},
}

// ruleQuery gives the statement that reads columns of the customers c for whom a
// rule holds, and its arguments. tail follows the condition.
func ruleQuery(r segment.Rule, clock segment.Clock, columns, tail string) (query string, args []any) {
	q := ruleSQL{clock: clock, joins: map[string]bool{}}
	set, rest := q.labelSet(topLevel(r))
	where := set
	for _, of := range q.ordered(rest) {
		where += " AND " + q.rule(of)
	}
	from := "customers c"
	if q.joins["l"] {
		from += " LEFT JOIN loyalty l ON l.customer_id = c.id"
	}
	if q.joins["k"] {
		from += " LEFT JOIN correspondence k ON k.customer_id = c.id"
	}
	return "SELECT " + columns + " FROM " + from + " WHERE c.merged_into = 0" + where + tail, q.args
}

// topLevel gives what must hold together.
func topLevel(r segment.Rule) []segment.Rule {
	if r.Op == segment.And {
		return r.Of
	}
	return []segment.Rule{r}
}

// labelSet takes the conditions that ask where a customer stands now out of what
// must hold together, and makes one set of them. It is read from an index alone
// and comes sorted by customer, so the tables that are asked next are read from
// their beginning to their end.
func (q *ruleSQL) labelSet(rules []segment.Rule) (set string, rest []segment.Rule) {
	for _, r := range rules {
		if r.Op == segment.Is && standsNow(r.Is) {
			set += " AND i." + r.Is.Field + " IN " + q.in(stored(r.Is))
		} else {
			rest = append(rest, r)
		}
	}
	if set != "" {
		set = " AND c.id IN (SELECT i.customer_id FROM loyalty i WHERE " + strings.TrimPrefix(set, " AND ") + ")"
	}
	return set, rest
}

// standsNow reports a condition on the newest standing, that who has none does not
// meet.
func standsNow(c *segment.Condition) bool {
	label := c.Field == "rung" || c.Field == "timing" || c.Field == "note"
	return label && (c.Test == segment.TestIs || c.Test == segment.TestOneOf) && !slices.Contains(stored(c), nowhere(c.Field))
}

// stored gives the words of a condition as the ladder writes them.
func stored(c *segment.Condition) (out []string) {
	for _, w := range c.Words {
		out = append(out, segment.Stored(c.Field, w))
	}
	return out
}

// price gives what a rule costs: as much as its dearest condition.
func price(r segment.Rule) (p int) {
	for _, c := range r.Conditions() {
		p = max(p, ruleWriters[c.Field].price)
	}
	return p
}

// ordered gives rules from the cheapest to the dearest.
func (q *ruleSQL) ordered(rules []segment.Rule) []segment.Rule {
	rules = slices.Clone(rules)
	slices.SortStableFunc(rules, func(a, b segment.Rule) int { return cmp.Compare(price(a), price(b)) })
	return rules
}

func (q *ruleSQL) rule(r segment.Rule) string {
	switch r.Op {
	case segment.Is:
		return ruleWriters[r.Is.Field].write(q, r.Is)
	case segment.Not:
		return not(q.rule(r.Of[0]))
	case segment.And, segment.Or:
		var parts []string
		for _, of := range q.ordered(r.Of) {
			parts = append(parts, q.rule(of))
		}
		return "(" + strings.Join(parts, " "+strings.ToUpper(string(r.Op))+" ") + ")"
	}
	return "TRUE"
}

// not negates a condition that may be NULL.
func not(condition string) string { return "NOT COALESCE(" + condition + ", FALSE)" }

// in gives a list of arguments.
func (q *ruleSQL) in(values []string) string {
	var out []string
	for _, v := range values {
		out = append(out, q.arg(v))
	}
	return "(" + strings.Join(out, ", ") + ")"
}

// within bounds a column of moments.
func (q *ruleSQL) within(column string, w segment.Window) string {
	return column + " >= " + q.arg(w.From) + " AND " + column + " < " + q.arg(w.To)
}

// comparisons are the tests of a number; between is two of them.
var comparisons = map[segment.Test]string{segment.TestExactly: " = ", segment.TestAtLeast: " >= ", segment.TestAtMost: " <= ", segment.TestMore: " > ", segment.TestLess: " < "}

// compare applies the test of a number to an expression; times follows what it is
// compared with.
func (q *ruleSQL) compare(c *segment.Condition, n, times string) string {
	if op := comparisons[c.Test]; op != "" {
		return n + op + q.arg(c.Number) + times
	}
	return n + " BETWEEN " + q.arg(c.Number) + times + " AND " + q.arg(c.To) + times
}

// nowhere gives what rung, timing and note are of who stands nowhere.
func nowhere(field string) string {
	if field == "rung" {
		return string(segment.Nowhere.Rung)
	}
	return ""
}

// ruleLabel asks for rung, timing or note. The field's name is a column's.
func ruleLabel(q *ruleSQL, c *segment.Condition) string {
	q.joins["l"] = true
	column := c.Field
	then := func(day crm.Day, expression string) string {
		return "(SELECT " + expression + " FROM standings t WHERE t.customer_id = c.id AND t.day <= " + q.arg(int64(day)) + " ORDER BY t.day DESC LIMIT 1)"
	}
	switch c.Test {
	case segment.TestIsNot, segment.TestNoneOf:
		return not(q.labelled(c))
	case segment.TestWasOn:
		return "COALESCE(" + then(c.Day, "t."+column) + ", " + q.arg(nowhere(c.Field)) + ") = " + q.arg(segment.Stored(c.Field, c.Words[0]))
	case segment.TestEver:
		return "(" + q.labelled(c) + " OR EXISTS (SELECT 1 FROM standings t WHERE t.customer_id = c.id AND t." + column + " = " + q.arg(segment.Stored(c.Field, c.Words[0])) + "))"
	case segment.TestChanged:
		return "EXISTS (SELECT 1 FROM standings t WHERE t.customer_id = c.id AND t.day >= " + q.arg(int64(q.clock.Back(c.Span))) + " AND t." + column +
			" <> COALESCE((SELECT b." + column + " FROM standings b WHERE b.customer_id = t.customer_id AND b.day < t.day ORDER BY b.day DESC LIMIT 1), " + q.arg(nowhere(c.Field)) + "))"
	case segment.TestRose, segment.TestFell:
		op := map[segment.Test]string{segment.TestRose: " > ", segment.TestFell: " < "}[c.Test]
		return q.height(c.Field, "l."+column) + op + "COALESCE(" + then(q.clock.Back(c.Span), q.height(c.Field, "t."+column)) + ", 0)"
	}
	return q.labelled(c)
}

// labelled reports that the newest standing is one of those.
func (q *ruleSQL) labelled(c *segment.Condition) string {
	words := stored(c)
	is := "l." + c.Field + " IN " + q.in(words)
	if slices.Contains(words, nowhere(c.Field)) {
		return "(l.customer_id IS NULL OR " + is + ")"
	}
	return is
}

// height gives how high a rung or timing is, 0 for none.
func (q *ruleSQL) height(field, column string) string {
	s := "CASE " + column
	if field == "timing" {
		for _, t := range crm.Timings {
			s += " WHEN " + q.arg(string(t)) + " THEN " + strconv.Itoa(segment.TimingHeights[t])
		}
		return s + " ELSE 0 END"
	}
	for _, r := range crm.Rungs {
		s += " WHEN " + q.arg(string(r)) + " THEN " + strconv.Itoa(segment.RungHeights[r])
	}
	return s + " ELSE 0 END"
}

func ruleAwaited(q *ruleSQL, c *segment.Condition) string {
	q.joins["l"] = true
	from, to := q.clock.Coming(c)
	return "l." + c.Field + "_day BETWEEN " + q.arg(max(int64(from), 1)) + " AND " + q.arg(int64(to))
}

func ruleValue(q *ruleSQL, c *segment.Condition) string {
	q.joins["l"] = true
	return q.compare(c, "COALESCE(l.value, 0)", "")
}

// standingOrders conditions the orders o that stand, of a window.
func (q *ruleSQL) standingOrders(w segment.Window) string {
	return q.within("o.at_us", w) + " AND o.state = " + q.arg(string(crm.OrderPlaced)) + " AND o.value + o.refunded > 0"
}

// ordersOf is a FROM and WHERE of the customer's orders that stand, of a window.
func (q *ruleSQL) ordersOf(w segment.Window) string {
	return " FROM orders o WHERE o.customer_id = c.id AND " + q.standingOrders(w)
}

func ruleOrders(q *ruleSQL, c *segment.Condition) string {
	orders := q.ordersOf(q.clock.Last(c.Last))
	switch n := c.Number; {
	case c.Test == segment.TestAtLeast && n == 1 || c.Test == segment.TestMore && n == 0:
		return "EXISTS (SELECT 1" + orders + ")"
	case (c.Test == segment.TestExactly || c.Test == segment.TestAtMost) && n == 0 || c.Test == segment.TestLess && n == 1:
		return "NOT EXISTS (SELECT 1" + orders + ")"
	}
	return q.compare(c, "(SELECT count(*)"+orders+")", "")
}

func ruleSpent(q *ruleSQL, c *segment.Condition) string {
	return q.compare(c, "COALESCE((SELECT CAST(sum(o.value + o.refunded) AS BIGINT)"+q.ordersOf(q.clock.Last(c.Last))+"), 0)", "")
}

// ruleOrdered asks for the first or the last order: there is one in the window,
// and none before or after it.
func ruleOrdered(q *ruleSQL, c *segment.Condition) string {
	w, all := q.clock.Past(c), q.clock.Last(segment.Span{})
	there := "EXISTS (SELECT 1" + q.ordersOf(w) + ")"
	beyond := segment.Window{From: w.To, To: all.To}
	if c.Field == "first order" {
		beyond = segment.Window{From: all.From, To: w.From}
	}
	if beyond.From >= beyond.To {
		return there
	}
	return "(NOT EXISTS (SELECT 1" + q.ordersOf(beyond) + ") AND " + there + ")"
}

func ruleFullPrice(q *ruleSQL, c *segment.Condition) string {
	const share = "100 * sum(o.full_price)"
	orders := q.ordersOf(q.clock.Last(c.Last))
	return "EXISTS (SELECT count(*)" + orders + " HAVING count(*) > 0 AND " + q.compare(c, share, " * count(*)") + ")"
}

// ruleBought asks for a product or a group of them.
func ruleBought(q *ruleSQL, c *segment.Condition) string {
	full := ""
	if c.Full {
		full = " AND o.full_price = 1"
	}
	if c.Test == segment.TestAny {
		return "EXISTS (SELECT 1" + q.ordersOf(q.clock.Last(c.Last)) + full + ")"
	}
	key := q.arg(segment.Key(c.Words[0])) // an argument that is not used has no type for PostgreSQL
	products := "p.group_id IN (SELECT g.id FROM product_groups g WHERE g.name_key = " + key + ")"
	if c.Field == "bought" {
		products = "(p.sku IN " + q.in(segment.Codes(c.Words[0])) + " OR p.name_key = " + key + ")"
	}
	return "c.id IN (SELECT o.customer_id FROM products p JOIN order_lines i ON i.product_id = p.id JOIN orders o ON o.id = i.order_id WHERE " + products +
		" AND i.total > 0 AND o.customer_id IS NOT NULL AND " + q.standingOrders(q.clock.Last(c.Last)) + full + ")"
}

func ruleOffer(q *ruleSQL, c *segment.Condition) string {
	if c.Test == segment.TestAny {
		return "EXISTS (SELECT 1" + q.ordersOf(q.clock.Last(c.Last)) + " AND EXISTS (SELECT 1 FROM order_offers u WHERE u.order_id = o.id))"
	}
	return "c.id IN (SELECT o.customer_id FROM offers f JOIN order_offers u ON u.offer_id = f.id JOIN orders o ON o.id = u.order_id WHERE f.code IN " + q.in(segment.Codes(c.Words[0])) +
		" AND o.customer_id IS NOT NULL AND " + q.standingOrders(q.clock.Last(c.Last)) + ")"
}
