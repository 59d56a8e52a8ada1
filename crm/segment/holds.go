package segment

import (
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// Holds reports whether the rule holds for a customer. It is the meaning of the
// language: the statement that the store makes of a rule gives the same.
func (r Rule) Holds(f *Facts) bool {
	switch r.Op {
	case Is:
		field, ok := FieldNamed(r.Is.Field)
		return ok && field.test(r.Is, f)
	case Not:
		return !r.Of[0].Holds(f)
	case And:
		return !slices.ContainsFunc(r.Of, func(of Rule) bool { return !of.Holds(f) })
	case Or:
		return slices.ContainsFunc(r.Of, func(of Rule) bool { return of.Holds(f) })
	}
	return true
}

// labelOf gives what a change says of rung, timing or note, as rules write it.
func labelOf(field string, c crm.RungChange) string {
	switch field {
	case "rung":
		return hyphened(c.Rung)
	case "timing":
		return hyphened(c.Timing)
	}
	return hyphened(c.Note)
}

// Nowhere is where a customer stands of whom nothing has been found yet.
var Nowhere = crm.RungChange{Rung: crm.RungContact}

// stoodOn gives where the customer stood on a day.
func (f *Facts) stoodOn(d crm.Day) crm.RungChange {
	at := Nowhere
	for _, h := range f.History {
		if h.Day <= d {
			at = h
		}
	}
	return at
}

func label(c *Condition, f *Facts) bool {
	now := labelOf(c.Field, f.Stands)
	switch c.Test {
	case TestIs, TestOneOf:
		return slices.Contains(c.Words, now)
	case TestIsNot, TestNoneOf:
		return !slices.Contains(c.Words, now)
	case TestWasOn:
		return labelOf(c.Field, f.stoodOn(c.Day)) == c.Words[0]
	case TestEver:
		return now == c.Words[0] || slices.ContainsFunc(f.History, func(h crm.RungChange) bool { return labelOf(c.Field, h) == c.Words[0] })
	case TestChanged:
		_, changed := f.changed(c.Field, f.Clock.Back(c.Span))
		return changed
	case TestRose:
		return Height(c.Field, f.Stands) > Height(c.Field, f.stoodOn(f.Clock.Back(c.Span)))
	case TestFell:
		return Height(c.Field, f.Stands) < Height(c.Field, f.stoodOn(f.Clock.Back(c.Span)))
	}
	return false
}

// changed gives the last change of rung, timing or note since a day.
func (f *Facts) changed(field string, since crm.Day) (last crm.RungChange, ok bool) {
	was := Nowhere
	for _, h := range f.History {
		if h.Day >= since && labelOf(field, h) != labelOf(field, was) {
			last, ok = h, true
		}
		was = h
	}
	return last, ok
}

// Height gives how high a standing is: on the ladder from contact to advocate,
// in time from lapsed to on time. Who is quiet or lapsed stands above who never
// ordered and below all who still do.
func Height(field string, c crm.RungChange) int {
	if field == "timing" {
		return TimingHeights[c.Timing]
	}
	return RungHeights[c.Rung]
}

// The heights, as [Height] has them.
var (
	RungHeights = map[crm.Rung]int{crm.RungContact: 0, crm.RungQuiet: 1, crm.RungLapsed: 1, crm.RungOneTime: 2, crm.RungOccasional: 3,
		crm.RungFrequent: 4, crm.RungLoyal: 5, crm.RungAdvocate: 6}
	TimingHeights = map[crm.Timing]int{"": 0, crm.TimingLapsed: 1, crm.TimingOverdue: 2, crm.TimingDue: 3, crm.TimingOnTime: 4}
)

func awaited(c *Condition, f *Facts) bool {
	day := f.day(c.Field)
	from, to := f.Clock.Coming(c)
	return day != 0 && day >= from && day <= to
}

func (f *Facts) day(field string) crm.Day {
	switch field {
	case "due":
		return f.Due
	case "overdue":
		return f.Overdue
	}
	return f.Lapsed
}

// compare applies the test of a number.
func compare(c *Condition, n int64) bool {
	switch c.Test {
	case TestExactly:
		return n == c.Number
	case TestAtLeast:
		return n >= c.Number
	case TestAtMost:
		return n <= c.Number
	case TestMore:
		return n > c.Number
	case TestLess:
		return n < c.Number
	}
	return n >= c.Number && n <= c.To
}

// ordersIn gives the orders of a window.
func (f *Facts) ordersIn(w Window) (list []Order) {
	for _, o := range f.Orders {
		if w.Holds(o.At) {
			list = append(list, o)
		}
	}
	return list
}

func orderCount(c *Condition, f *Facts) bool {
	return compare(c, int64(len(f.ordersIn(f.Clock.Last(c.Last)))))
}

func sum(list []Order) (all crm.Money) {
	for _, o := range list {
		all += o.Net
	}
	return all
}

func spent(c *Condition, f *Facts) bool {
	return compare(c, int64(sum(f.ordersIn(f.Clock.Last(c.Last)))))
}

func value(c *Condition, f *Facts) bool { return compare(c, int64(f.Value)) }

// firstAndLast give the first and the last order up to today.
func (f *Facts) firstAndLast() (first, last time.Time) {
	for _, o := range f.ordersIn(f.Clock.Last(Span{})) {
		if first.IsZero() || o.At.Before(first) {
			first = o.At
		}
		if o.At.After(last) {
			last = o.At
		}
	}
	return first, last
}

func firstOrder(c *Condition, f *Facts) bool {
	first, _ := f.firstAndLast()
	return f.Clock.Past(c).Holds(first)
}

func lastOrder(c *Condition, f *Facts) bool {
	_, last := f.firstAndLast()
	return f.Clock.Past(c).Holds(last)
}

// Key is the same for names that say the same: case and accents say nothing.
func Key(name string) string { return crm.NameKey(name) }

// named reports whether a text names a product: by its stock number or its name.
func (p Product) named(text string) bool {
	return slices.Contains(Codes(text), p.SKU) || Key(p.Name) == Key(text)
}

func bought(c *Condition, f *Facts) bool { return len(boughtOf(c, f)) > 0 }

// boughtOf gives the orders that hold what a condition asks for.
func boughtOf(c *Condition, f *Facts) (list []Order) {
	for _, o := range f.ordersIn(f.Clock.Last(c.Last)) {
		fits := c.Test == TestAny || slices.ContainsFunc(o.Lines, func(p Product) bool {
			if c.Field == "bought group" {
				return p.Group != "" && Key(p.Group) == Key(c.Words[0])
			}
			return p.named(c.Words[0])
		})
		if fits && (o.Full || !c.Full) {
			list = append(list, o)
		}
	}
	return list
}

func fullPrice(c *Condition, f *Facts) bool {
	n, of := fullPriceShare(c, f)
	scaled := *c
	scaled.Number, scaled.To = c.Number*of, c.To*of
	return of > 0 && compare(&scaled, 100*n)
}

func fullPriceShare(c *Condition, f *Facts) (n, of int64) {
	for _, o := range f.ordersIn(f.Clock.Last(c.Last)) {
		of++
		if o.Full {
			n++
		}
	}
	return n, of
}

// Codes gives the codes and stock numbers that a text names: as it is written, in capitals and in
// small letters.
func Codes(text string) []string {
	return []string{text, strings.ToUpper(text), strings.ToLower(text)}
}

func usedOffer(c *Condition, f *Facts) bool { return len(offersOf(c, f)) > 0 }

func offersOf(c *Condition, f *Facts) (codes []string) {
	for _, o := range f.ordersIn(f.Clock.Last(c.Last)) {
		for _, code := range o.Offers {
			if c.Test == TestAny || slices.Contains(Codes(c.Words[0]), code) {
				codes = append(codes, code)
			}
		}
	}
	return codes
}

func (f *Facts) moment(field string) time.Time {
	switch field {
	case "wrote":
		return f.Wrote
	case "we wrote":
		return f.Written
	}
	return f.Began
}

func moment(c *Condition, f *Facts) bool { return f.Clock.Past(c).Holds(f.moment(c.Field)) }

func waiting(c *Condition, f *Facts) bool { return f.Clock.Past(c).Holds(f.Open) }

func silent(c *Condition, f *Facts) bool {
	w := f.Clock.Last(c.Span)
	return len(f.ordersIn(w)) == 0 && !w.Holds(f.Wrote) && !w.Holds(f.Written)
}

func wishes(c *Condition, f *Facts) bool { return len(wishesOf(c, f)) > 0 }

// AboutWords gives the folded words that a wish must have to be about a text:
// each of them, or a longer word that begins so.
func AboutWords(c *Condition) []string {
	if len(c.Words) == 0 {
		return nil
	}
	return crm.Tokens(c.Words[0])
}

// States gives the states of the wishes that a condition asks for, all of those
// that are wishes when it asks for none.
func States(c *Condition) []crm.WishState {
	switch c.State {
	case "open":
		return crm.OpenWishStates
	case "fulfilled":
		return []crm.WishState{crm.WishDone}
	case "told":
		return []crm.WishState{crm.WishTold}
	}
	return append(slices.Clone(crm.OpenWishStates), crm.WishDone, crm.WishTold, crm.WishDeclined)
}

func wishesOf(c *Condition, f *Facts) (list []Wish) {
	window, about := f.Clock.Last(c.Last), AboutWords(c)
	for _, w := range f.Wishes {
		at := []time.Time{w.Said}
		switch c.State {
		case "fulfilled":
			at[0] = w.Done
		case "told":
			at = w.Told
		}
		missing := func(word string) bool {
			return !slices.ContainsFunc(w.Words, func(of string) bool { return strings.HasPrefix(of, word) })
		}
		if slices.Contains(States(c), w.State) && slices.ContainsFunc(at, window.Holds) && !slices.ContainsFunc(about, missing) {
			list = append(list, w)
		}
	}
	return list
}

func complaint(_ *Condition, f *Facts) bool { return !f.Complaint.IsZero() }

// Consents reports what somebody has said of mailings on a topic last, from all
// statements about an address, the oldest first. What they say of all mailings
// they say of this topic too; an import does not give back what was withdrawn.
func Consents(history []crm.Consent, topic string) bool {
	var about []crm.Consent
	for _, c := range history {
		if c.Topic == "" || c.Topic == topic {
			c.Topic = topic
			about = append(about, c)
		}
	}
	return crm.CurrentConsents(about)[topic].Given
}

func consents(c *Condition, f *Facts) bool {
	return slices.ContainsFunc(f.Addresses, func(a Address) bool { return Consents(a.Consents, c.Words[0]) })
}

func reachable(_ *Condition, f *Facts) bool {
	return slices.ContainsFunc(f.Addresses, func(a Address) bool { return !a.Stopped })
}

func suppressed(c *Condition, f *Facts) bool { return len(f.Addresses) > 0 && !reachable(c, f) }

// TagKey gives a tag as it is stored; "" for what can be no tag, which nobody has.
func TagKey(text string) string {
	key, _, err := crm.ParseTag(text)
	if err != nil {
		return ""
	}
	return key
}

func tagged(c *Condition, f *Facts) bool { return slices.Contains(f.Tags, TagKey(c.Words[0])) }

func (f *Facts) code(field string) string {
	if field == "owner" {
		return string(f.Owner)
	}
	return f.Language
}

func code(c *Condition, f *Facts) bool {
	is := f.code(c.Field)
	switch c.Test {
	case TestUnknown:
		return is == ""
	case TestIsNot, TestNoneOf:
		return !slices.Contains(c.Words, is)
	}
	return slices.Contains(c.Words, is)
}

func organisation(c *Condition, f *Facts) bool {
	return f.Company && (c.Test == TestAny || crm.SortKey(f.Name) == crm.SortKey(c.Words[0]))
}

// ofCampaign reports whether a condition asks for a campaign.
func ofCampaign(c *Condition, key string) bool {
	return c.Test == TestAny || key == Key(c.Words[0])
}

func touches(c *Condition, f *Facts, list []Touch) (at []time.Time) {
	w := f.Clock.Last(c.Last)
	for _, t := range list {
		if ofCampaign(c, t.Campaign) && w.Holds(t.At) {
			at = append(at, t.At)
		}
	}
	return at
}

func received(c *Condition, f *Facts) bool { return len(touches(c, f, f.Received)) > 0 }

func repliedTo(c *Condition, f *Facts) bool { return len(touches(c, f, f.Replies)) > 0 }

func boughtAfter(c *Condition, f *Facts) bool { return len(ordersAfter(c, f)) > 0 }

// ordersAfter gives when they ordered after the first mail of a campaign.
func ordersAfter(c *Condition, f *Facts) (at []time.Time) {
	for _, o := range f.ordersIn(f.Clock.Last(c.Last)) {
		if slices.ContainsFunc(f.Rounds, func(r Round) bool {
			return r.Treated && ofCampaign(c, r.Campaign) && !r.Exposed.IsZero() && o.At.After(r.Exposed)
		}) {
			at = append(at, o.At)
		}
	}
	return at
}

func heldOut(c *Condition, f *Facts) bool { return len(roundsOut(c, f)) > 0 }

func roundsOut(c *Condition, f *Facts) (at []time.Time) {
	w := f.Clock.Last(c.Last)
	for _, r := range f.Rounds {
		if r.HeldOut && ofCampaign(c, r.Campaign) && w.Holds(r.Entered) {
			at = append(at, r.Entered)
		}
	}
	return at
}

func (f *Facts) recommendations(field string) []time.Time {
	if field == "recommended" {
		return f.Recommended
	}
	return f.CameBy
}

func recommendation(c *Condition, f *Facts) bool {
	return slices.ContainsFunc(f.recommendations(c.Field), f.Clock.Last(c.Last).Holds)
}
