package segment

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
)

// Step says of one part of a rule whether it holds for a customer, and what was
// found.
type Step struct {
	Op    Op
	Text  string // the part, in canonical words
	Holds bool
	Found Words  // of a condition: the value, for people
	Of    []Step // the steps of what And, Or and Not are made of
}

// Explain says step by step why the rule holds for a customer, or does not. All
// conditions are looked at, also those on which nothing depends any more.
func (r Rule) Explain(f *Facts) Step {
	s := Step{Op: r.Op, Text: r.String(), Holds: r.Holds(f)}
	for _, of := range r.Of {
		s.Of = append(s.Of, of.Explain(f))
	}
	if field, ok := FieldNamed(r.fieldName()); ok {
		s.Found = field.found(r.Is, f)
	}
	return s
}

func (r Rule) fieldName() string {
	if r.Op == Is {
		return r.Is.Field
	}
	return ""
}

// Because gives the conditions that decide: those that do not hold, when the
// rule does not, and those that do, when it does; through Not the other way.
func (s Step) Because() []Step {
	if s.Op == Is || len(s.Of) == 0 {
		return []Step{s}
	}
	var out []Step
	for _, of := range s.Of {
		if s.Op == Not || of.Holds == s.Holds {
			out = append(out, of.Because()...)
		}
	}
	return out
}

// said makes words of a sentence in each language, with the same values.
func said(english, finnish string, values ...any) Words {
	return Words{fmt.Sprintf(english, values...), fmt.Sprintf(finnish, values...)}
}

// counted gives how many there are of something.
func counted(n int, one, many Words) Words {
	if n == 1 {
		many = one
	}
	return Words{fmt.Sprint(n, " ", many.English), fmt.Sprint(n, " ", many.Finnish)}
}

// on gives a day in both languages.
func on(d crm.Day) Words {
	t := d.Time()
	return Words{t.Format("2 Jan 2006"), t.Format("2.1.2006")}
}

// at gives the day of a moment, in the firm's zone.
func (f *Facts) at(t time.Time) Words { return on(crm.DayOf(t.In(f.Clock.Zone))) }

// and joins what was found: a word with what follows in each language.
func (w Words) and(english, finnish string, more Words) Words {
	return Words{w.English + english + more.English, w.Finnish + finnish + more.Finnish}
}

var nothing = Words{"nothing", "ei mitään"}

func never(at Words, was bool) Words {
	if was {
		return at
	}
	return Words{"never", "ei koskaan"}
}

// standing gives rung, timing or note as people read it.
func standing(field string, c crm.RungChange) string {
	s := string(c.Rung)
	switch field {
	case "timing":
		s = string(c.Timing)
	case "note":
		s = string(c.Note)
	}
	if s == "" {
		return "-"
	}
	return s
}

func foundLabel(c *Condition, f *Facts) Words {
	now := standing(c.Field, f.Stands)
	w := Words{now, now}
	switch c.Test {
	case TestWasOn:
		was := standing(c.Field, f.stoodOn(c.Day))
		return Words{was, was}
	case TestEver:
		return foundEver(c, f, w)
	case TestChanged:
		if last, ok := f.changed(c.Field, f.Clock.Back(c.Span)); ok {
			return w.and(" since ", " alkaen ", on(last.Day))
		}
	case TestRose, TestFell:
		was := standing(c.Field, f.stoodOn(f.Clock.Back(c.Span)))
		return said("%s, was %s", "%s, oli %s", now, was)
	}
	if c.Field == "rung" && f.Stands.Day != 0 {
		return w.and(" since ", " alkaen ", on(f.Stands.Day))
	}
	return w
}

func foundEver(c *Condition, f *Facts, now Words) Words {
	for _, h := range f.History {
		if labelOf(c.Field, h) == c.Words[0] {
			s := standing(c.Field, h)
			return Words{s, s}.and(" on ", " ", on(h.Day))
		}
	}
	return now
}

func foundAwaited(c *Condition, f *Facts) Words {
	day := f.day(c.Field)
	if day == 0 {
		return Words{"no such day", "ei päivää"}
	}
	return on(day)
}

func foundOrderCount(c *Condition, f *Facts) Words {
	return counted(len(f.ordersIn(f.Clock.Last(c.Last))), Words{"order", "tilaus"}, Words{"orders", "tilausta"})
}

func foundSpent(c *Condition, f *Facts) Words {
	m := sum(f.ordersIn(f.Clock.Last(c.Last))).String()
	return Words{m, m}
}

func foundValue(_ *Condition, f *Facts) Words { return Words{f.Value.String(), f.Value.String()} }

func foundFirstOrder(_ *Condition, f *Facts) Words {
	first, _ := f.firstAndLast()
	return never(f.at(first), !first.IsZero())
}

func foundLastOrder(_ *Condition, f *Facts) Words {
	_, last := f.firstAndLast()
	return never(f.at(last), !last.IsZero())
}

// newest gives the newest of some orders' times.
func newest(list []Order) (at time.Time) {
	for _, o := range list {
		if o.At.After(at) {
			at = o.At
		}
	}
	return at
}

func foundBought(c *Condition, f *Facts) Words {
	list := boughtOf(c, f)
	if len(list) == 0 {
		return Words{"no such order", "ei sellaista tilausta"}
	}
	return counted(len(list), Words{"order", "tilaus"}, Words{"orders", "tilausta"}).and(", last on ", ", viimeksi ", f.at(newest(list)))
}

func foundFullPrice(c *Condition, f *Facts) Words {
	n, of := fullPriceShare(c, f)
	return said("%d of %d orders", "%d / %d tilausta", n, of)
}

func foundOffer(c *Condition, f *Facts) Words {
	codes := offersOf(c, f)
	slices.Sort(codes)
	return listed(slices.Compact(codes))
}

// listed gives words as they are, at most a few of them.
func listed(words []string) Words {
	if len(words) == 0 {
		return nothing
	}
	s := strings.Join(words[:min(len(words), 5)], ", ")
	if len(words) > 5 {
		s += ", ..."
	}
	return Words{s, s}
}

func foundMoment(c *Condition, f *Facts) Words {
	at := f.moment(c.Field)
	return never(f.at(at), !at.IsZero())
}

func foundWaiting(_ *Condition, f *Facts) Words {
	if f.Open.IsZero() {
		return Words{"nothing waits", "mikään ei odota"}
	}
	return Words{"since ", "alkaen "}.and("", "", f.at(f.Open))
}

func foundSilent(_ *Condition, f *Facts) Words {
	last := newest(f.ordersIn(f.Clock.Last(Span{})))
	for _, t := range []time.Time{f.Wrote, f.Written} {
		if t.After(last) {
			last = t
		}
	}
	return Words{"last sign: ", "viimeisin merkki: "}.and("", "", never(f.at(last), !last.IsZero()))
}

func foundWishes(c *Condition, f *Facts) Words {
	list := wishesOf(c, f)
	if len(list) == 0 {
		return said("none of %d wishes", "ei yksikään %d toiveesta", len(f.Wishes))
	}
	return said("%d of %d wishes", "%d / %d toivetta", len(list), len(f.Wishes))
}

func foundComplaint(_ *Condition, f *Facts) Words {
	if f.Complaint.IsZero() {
		return Words{"none is open", "yhtään ei ole auki"}
	}
	return Words{"since ", "alkaen "}.and("", "", f.at(f.Complaint))
}

func foundConsents(c *Condition, f *Facts) Words {
	for _, a := range f.Addresses {
		if Consents(a.Consents, c.Words[0]) {
			return Words{string(a.Address), string(a.Address)}
		}
	}
	return said("none of %d addresses", "ei yksikään %d osoitteesta", len(f.Addresses))
}

func foundReachable(_ *Condition, f *Facts) Words {
	stopped := 0
	for _, a := range f.Addresses {
		if a.Stopped {
			stopped++
		}
	}
	return counted(len(f.Addresses), Words{"address", "osoite"}, Words{"addresses", "osoitetta"}).and(", ", ", ", said("%d suppressed", "%d estetty", stopped))
}

func foundTags(_ *Condition, f *Facts) Words { return listed(f.Tags) }

func foundCode(c *Condition, f *Facts) Words {
	is := f.code(c.Field)
	switch {
	case is != "":
		return Words{is, is}
	case c.Field == "owner":
		return Words{"nobody", "ei kukaan"}
	}
	return Words{"unknown", "ei tiedossa"}
}

func foundOrganisation(_ *Condition, f *Facts) Words {
	if f.Company {
		return Words{f.Name, f.Name}
	}
	return Words{"a person", "yksityishenkilö"}
}

// newestOf gives the newest of some times in words.
func (f *Facts) newestOf(times []time.Time) Words {
	if len(times) == 0 {
		return Words{"never", "ei koskaan"}
	}
	return f.at(slices.MaxFunc(times, time.Time.Compare))
}

func foundReceived(c *Condition, f *Facts) Words { return f.newestOf(touches(c, f, f.Received)) }
func foundReplied(c *Condition, f *Facts) Words  { return f.newestOf(touches(c, f, f.Replies)) }
func foundBoughtAfter(c *Condition, f *Facts) Words {
	return f.newestOf(ordersAfter(c, f))
}
func foundHeldOut(c *Condition, f *Facts) Words { return f.newestOf(roundsOut(c, f)) }

func foundRecommendation(c *Condition, f *Facts) Words {
	return f.newestOf(slices.DeleteFunc(slices.Clone(f.recommendations(c.Field)), func(t time.Time) bool { return !f.Clock.Last(c.Last).Holds(t) }))
}
