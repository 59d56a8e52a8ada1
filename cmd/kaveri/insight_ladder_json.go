package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"slices"

	"kaveri/crm"
	"kaveri/insight"
)

// modelGiven is the model of a ladder that its input names.
const modelGiven = "given"

// ladderInput is the JSON form of what a ladder is asked about.
type ladderInput struct {
	Clock     *float64            `json:"C"`
	Today     *jsonDay            `json:"today"`
	Model     *modelInput         `json:"model"`
	Base      map[string]*float64 `json:"base"`
	Customers []json.RawMessage   `json:"customers"`
}

// modelInput is a model in JSON. k may be missing: 1.
type modelInput struct {
	R     float64  `json:"r"`
	Alpha float64  `json:"alpha"`
	A     float64  `json:"a"`
	B     float64  `json:"b"`
	K     *float64 `json:"k"`
}

// customerInput is a customer in JSON.
type customerInput struct {
	ID            any                   `json:"id"`
	Orders        []jsonDay             `json:"orders"`
	Signals       map[string][]*float64 `json:"signals"`
	Referrals     float64               `json:"referrals"`
	Competitor    jsonFlag              `json:"competitor"`
	OpenComplaint jsonFlag              `json:"open_complaint"`
	Unsubscribed  jsonFlag              `json:"unsub"`
}

// jsonDay is a day as a whole number from any beginning, or as an ISO date.
type jsonDay crm.Day

// farthestDay bounds days: some 27,000 years from the beginning.
const farthestDay = 10_000_000

// UnmarshalJSON reads the day.
func (d *jsonDay) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) == nil && len(b) > 0 && b[0] == '"' {
		day, err := parseDay(text, nil)
		*d = jsonDay(day)
		return err
	}
	var f float64
	if err := json.Unmarshal(b, &f); err != nil || string(b) == "null" || f != math.Trunc(f) || math.Abs(f) > farthestDay {
		return crm.Invalid("day", "%s is neither a whole number nor a date such as 2026-03-31", b)
	}
	*d = jsonDay(f)
	return nil
}

// jsonFlag is true, false, 1, 0 or null.
type jsonFlag bool

// UnmarshalJSON reads the flag.
func (f *jsonFlag) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "true", "1":
		*f = true
	case "false", "0", "null":
		*f = false
	default:
		return crm.Invalid("flag", "%s is neither true nor false", b)
	}
	return nil
}

// ladderOfJSON answers for the customers of a JSON document, by the model and
// the rates that it names.
func (p *program) ladderOfJSON(data []byte, f ladderFlags) error {
	var in ladderInput
	if err := decodeJSON(bytes.TrimPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("\ufeff")), &in); err != nil {
		return err
	}
	ladder, source, err := in.ladder(f.today)
	if err != nil {
		return err
	}
	out := p.standings(source)
	bad := 0
	for i, raw := range in.Customers {
		c, signs, err := readCustomer(raw)
		if err != nil {
			bad++
			p.notef("kaveri: row %d%s: %s\n", i+1, idOf(c.ID), sentence(err))
			continue
		}
		s := ladder.Stand(c.days(), &signs)
		if err := out.add(c.ID, &s); err != nil {
			return err
		}
	}
	if err := out.end(); err != nil {
		return err
	}
	switch {
	case bad > 0 && bad == len(in.Customers):
		return failure("no customer of %d could be read", bad)
	case bad > 0:
		return partly("%s could not be read and %s left out", plural(bad, "customer", "customers"), wasWere(bad))
	}
	return nil
}

// decodeJSON reads one document, numbers that nobody looks at as they stand.
func decodeJSON(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	err := d.Decode(into)
	if err == nil {
		if rest := bytes.TrimSpace(data[d.InputOffset():]); len(rest) > 0 {
			return crm.Invalid("file", "behind the JSON document stands %q", shorten(string(rest), 20))
		}
		return nil
	}
	var known *crm.Error
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &wrong):
		return crm.Invalid(cmp.Or(wrong.Field, "file"), "a %s does not belong here", wrong.Value)
	}
	return crm.Invalid("file", "it is not JSON: %v", err)
}

// ladder makes the ladder that the document asks for. Without a model it is the
// starter prior; rates that are not named are the starter rates.
func (in *ladderInput) ladder(today string) (*insight.Ladder, string, error) {
	if in.Clock == nil {
		clock := insight.DefaultClock
		in.Clock = &clock
	}
	if !(*in.Clock >= .001 && *in.Clock <= farthestDay) {
		return nil, "", crm.Invalid("C", "%v is not a number of days above 0", *in.Clock)
	}
	if in.Today == nil {
		if today == "" {
			return nil, "", crm.Invalid("today", "it is missing: the day to stand on")
		}
		day, err := dayFlag("today", today)
		if err != nil {
			return nil, "", err
		}
		in.Today = (*jsonDay)(&day)
	}
	model, source := insight.Starter(*in.Clock), modelStarter
	if in.Model != nil {
		var err error
		if model, err = in.Model.model(); err != nil {
			return nil, "", err
		}
		source = modelGiven
	}
	ladder := insight.NewLadder(crm.Day(*in.Today), *in.Clock, model, nil)
	for name, rate := range in.Base {
		signal, ok := crm.SignalNamed(name)
		if !ok {
			return nil, "", crm.Invalid("base."+name, "no signal is called so")
		}
		if rate == nil || !(*rate >= 0 && *rate <= 1) {
			return nil, "", crm.Invalid("base."+name, "a rate from 0 to 1 belongs here")
		}
		ladder.Typical[signal] = *rate
	}
	return ladder, source, nil
}

func (m modelInput) model() (insight.Model, error) {
	k := 1.0
	if m.K != nil {
		k = *m.K
	}
	if k != math.Trunc(k) || math.Abs(k) > 1e6 {
		return insight.Model{}, crm.Invalid("model.k", "%v is not a whole number", k)
	}
	out := insight.Model{Family: insight.MBGCNBD, R: m.R, Alpha: m.Alpha, A: m.A, B: m.B, K: int(k)}
	return out, out.Check()
}

// readCustomer reads a customer. Even a bad one may have its id.
func readCustomer(raw json.RawMessage) (c customerInput, signs crm.Signs, err error) {
	if err := decodeJSON(raw, &c); err != nil {
		return c, signs, fieldOf(raw, err)
	}
	if c.ID == nil {
		return c, signs, crm.Invalid("id", "it is missing")
	}
	if c.Referrals < 0 || c.Referrals != math.Trunc(c.Referrals) || c.Referrals > math.MaxInt32 {
		return c, signs, crm.Invalid("referrals", "%v is not a number of people", c.Referrals)
	}
	signs = crm.Signs{
		Recommendations: int(c.Referrals), Recent: int(c.Referrals),
		Competitor: bool(c.Competitor), OpenComplaint: bool(c.OpenComplaint), Unsubscribed: bool(c.Unsubscribed),
	}
	for name, pair := range c.Signals {
		signal, ok := crm.SignalNamed(name)
		if !ok {
			return c, signs, crm.Invalid("signals."+name, "no signal is called so")
		}
		if len(pair) != 2 || pair[0] == nil || pair[1] == nil || !(*pair[0] >= 0 && *pair[0] <= *pair[1]) {
			return c, signs, crm.Invalid("signals."+name, "successes and opportunities belong here, such as [3, 5]")
		}
		signs.Tallies[signal] = crm.Tally{Successes: *pair[0], Of: *pair[1]}
	}
	return c, signs, nil
}

// fieldOf names the field of a customer that an error is about: what reads a
// day or a flag does not know where it stands.
func fieldOf(raw json.RawMessage, err error) error {
	var fields map[string]json.RawMessage
	var known *crm.Error
	if !errors.As(err, &known) || json.Unmarshal(raw, &fields) != nil {
		return err
	}
	for _, name := range []string{"orders", "competitor", "open_complaint", "unsub"} {
		var c customerInput
		one, e := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if fields[name] != nil && e == nil && decodeJSON(one, &c) != nil {
			return crm.Invalid(name, "%s", known.Text)
		}
	}
	return err
}

// days gives the event days, ascending, each once.
func (c *customerInput) days() []crm.Day {
	days := make([]crm.Day, len(c.Orders))
	for i, d := range c.Orders {
		days[i] = crm.Day(d)
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// idOf shows an id behind the number of a row.
func idOf(id any) string {
	if id == nil {
		return ""
	}
	b, err := json.Marshal(id)
	if err != nil {
		return ""
	}
	return " (" + shorten(printable(string(b)), 40) + ")"
}
