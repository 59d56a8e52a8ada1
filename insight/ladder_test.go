package insight

import (
	"math"
	"slices"
	"testing"

	"kaveri/crm"
)

func within(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, want %v within %v", what, got, want, tolerance)
	}
}

func tallies(pairs map[crm.Signal][2]float64) (out [crm.SignalCount]crm.Tally) {
	for s, p := range pairs {
		out[s] = crm.Tally{Successes: p[0], Of: p[1]}
	}
	return out
}

// example is a customer of the worked examples in docs/loyalty.md §8.5.
type example struct {
	name                        string
	days                        []crm.Day
	signs                       crm.Signs
	silence, waiting            float64
	timing                      crm.Timing
	pAlive, pOrder              float64
	points, index               float64
	rung                        crm.Rung
	note                        crm.RungNote
	filled, cycles              int
	dueDay, overdueDay, lapsDay float64 // 0: not in the table
}

func examples() []example {
	e := crm.Signs{Tallies: tallies(map[crm.Signal][2]float64{
		crm.SignalFullPrice: {5, 5}, crm.SignalUnprompted: {4, 5}, crm.SignalBreadth: {4, 8}, crm.SignalReply: {3, 4}, crm.SignalInitiative: {2, 3}})}
	recommended := e
	recommended.Recommendations, recommended.Recent = 1, 1
	bound := crm.Signs{Tallies: tallies(map[crm.Signal][2]float64{
		crm.SignalFullPrice: {1, 8}, crm.SignalUnprompted: {1, 8}, crm.SignalBreadth: {2, 8}, crm.SignalReply: {0, 3}})}
	even := crm.Signs{Tallies: tallies(map[crm.Signal][2]float64{crm.SignalFullPrice: {3, 6}, crm.SignalUnprompted: {3, 6}})}
	friend := crm.Signs{Recommendations: 1, Recent: 1, Tallies: tallies(map[crm.Signal][2]float64{
		crm.SignalFullPrice: {2, 2}, crm.SignalUnprompted: {2, 2}, crm.SignalInitiative: {3, 3}, crm.SignalReply: {2, 2}})}
	steady := []crm.Day{600, 690, 780, 870, 950}
	return []example{
		{"A", []crm.Day{960}, crm.Signs{}, .6923, .6164, crm.TimingOnTime, .6750, .2761, 0, .5, crm.RungOneTime, "", 1, 1, 60.3, 161.2, 288.3},
		{"B", []crm.Day{800}, crm.Signs{}, .3103, .1403, crm.TimingOverdue, .4821, .1142, 0, .5, crm.RungOneTime, "", 1, 3, 60.3, 161.2, 288.3},
		{"C", []crm.Day{700}, crm.Signs{}, .2308, .0411, crm.TimingLapsed, .4091, .0767, 0, .5, crm.RungQuiet, "", 1, 4, 60.3, 161.2, 288.3},
		{"D", []crm.Day{931, 934, 938, 940}, crm.Signs{}, .1503, .1485, crm.TimingOverdue, .4742, .3953, 0, .5, crm.RungOccasional, "", 1, 1, 0, 0, 0},
		{"E", steady, e, .5838, .5625, crm.TimingOnTime, .8034, .4576, 3.2269, .9618, crm.RungLoyal, "", 5, 5, 60.6, 145.8, 262.6},
		{"F", steady, recommended, .5838, .5625, crm.TimingOnTime, .8034, .4576, 4.2269, .9856, crm.RungAdvocate, "", 5, 5, 60.6, 145.8, 262.6},
		{"G", []crm.Day{440, 520, 600, 680, 760, 840, 910, 980}, bound, .7788, .7729, crm.TimingOnTime, .8862, .5722, -3.4716, .0301,
			crm.RungFrequent, crm.NoteBound, 7, 7, 54.8, 131.0, 241.6},
		{"H", []crm.Day{560, 640, 730, 800, 890, 970}, even, .7050, .6935, crm.TimingOnTime, .8494, .5179, -.2451, .4390,
			crm.RungFrequent, crm.NoteUnproven, 5, 5, 0, 0, 0},
		{"I", []crm.Day{700, 940}, friend, .7160, .6333, crm.TimingOnTime, .7412, .2519, 4.0485, .9829, crm.RungOccasional, crm.NoteWellWisher, 2, 4, 91.6, 205.1, 312.0},
		{"J", []crm.Day{390, 480, 570, 660, 740}, e, .0981, .0519, crm.TimingOverdue, .4072, .1848, 3.2269, .9618, crm.RungLoyal, "", 5, 7, 0, 0, 0},
	}
}

// The worked examples of docs/loyalty.md §8.5.
func TestWorkedExamples(t *testing.T) {
	l := NewLadder(1000, 90, Starter(90), nil)
	const tol = .00005000001
	for _, x := range examples() {
		t.Run(x.name, func(t *testing.T) {
			s := l.Stand(x.days, &x.signs)
			within(t, "S", s.Silence, x.silence, tol)
			within(t, "S_H", s.Waiting, x.waiting, tol)
			within(t, "P(alive)", s.PAlive, x.pAlive, tol)
			within(t, "P(order in 90 days)", s.POrder, x.pOrder, tol)
			within(t, "L", s.Attitude.Points, x.points, tol)
			within(t, "A", s.Attitude.Index, x.index, tol)
			if s.Timing != x.timing || s.Rung != x.rung || s.Note != x.note {
				t.Errorf("%s, %s, %q; want %s, %s, %q", s.Timing, s.Rung, s.Note, x.timing, x.rung, x.note)
			}
			if s.Filled != x.filled || s.Cycles != x.cycles || s.Events != len(x.days) {
				t.Errorf("m/K %d/%d of %d events, want %d/%d", s.Filled, s.Cycles, s.Events, x.filled, x.cycles)
			}
			if x.dueDay > 0 {
				within(t, "due", s.DueDay, x.dueDay, .05)
				within(t, "overdue", s.OverdueDay, x.overdueDay, .05)
				within(t, "lapsed", s.LapsedDay, x.lapsDay, .05)
			}
		})
	}
	e := l.Stand(examples()[4].days, &examples()[4].signs).Attitude
	if got := e.Evidence[0].String(); got != "pays full price 5 of 5, typical 60 %: +1.13" {
		t.Errorf("arithmetic: %q", got)
	}
	within(t, "shrunk", e.Evidence[0].Shrunk, .8222, tol)
}

// Days with S_H of .5, .2 and .05 are where the timing changes, for any k.
func TestTimingChangesOnItsDay(t *testing.T) {
	for _, k := range []int{1, 2, 4} {
		m := Model{MBGCNBD, 1.3, 60, .5, 2, k}
		for _, s := range []Summary{{}, {3, 200, 200}, {40, 1500, 1500}} {
			h := Horizon(90)
			for _, q := range []float64{dueShare, overdueShare, lapsedShare} {
				within(t, "S_H on its day", m.Waiting(s, m.Day(s, q, h), h), q, 1e-9)
			}
			within(t, "S at the median", m.Silence(s, m.Median(s)), .5, 1e-9)
		}
	}
}

func TestStandWithoutOrders(t *testing.T) {
	l := NewLadder(1000, 90, Starter(90), nil)
	s := l.Stand([]crm.Day{1001}, nil) // tomorrow's order is not known yet
	if s.Rung != crm.RungContact || s.Timing != "" || s.Events != 0 || s.Attitude.Index != .5 || s.Attitude.Enough {
		t.Errorf("%+v", s)
	}
}

// What a lapsed customer fell from is not forgotten with the years.
func TestLapsedKeepsWhatWas(t *testing.T) {
	steady := []crm.Day{100, 180, 260, 340, 420, 500}
	signs := examples()[4].signs
	for _, today := range []crm.Day{900, 1500, 9000} {
		l := NewLadder(today, 90, Starter(90), nil)
		if s := l.Stand(steady, nil); s.Rung != crm.RungLapsed || s.Note != "was FREQUENT" || s.Timing != crm.TimingLapsed {
			t.Errorf("on day %d: %s %q", today, s.Rung, s.Note)
		}
		if s := l.Stand(steady, &signs); s.Note != "was LOYAL" {
			t.Errorf("on day %d: %q", today, s.Note)
		}
		if s := l.Stand([]crm.Day{100, 103}, nil); s.Note != "was OCCASIONAL" {
			t.Errorf("on day %d: %q", today, s.Note)
		}
	}
}

// Evidence needs five observations of two kinds; breadth is a kind only, and
// nothing at all below four events.
func TestEnoughEvidence(t *testing.T) {
	type tally = map[crm.Signal][2]float64
	for name, c := range map[string]struct {
		events int
		signs  crm.Signs
		want   bool
	}{
		"nothing":           {4, crm.Signs{}, false},
		"one kind":          {4, crm.Signs{Tallies: tallies(tally{crm.SignalReply: {9, 9}})}, false},
		"two kinds":         {4, crm.Signs{Tallies: tallies(tally{crm.SignalReply: {4, 4}, crm.SignalVoice: {0, 1}})}, true},
		"four observations": {4, crm.Signs{Tallies: tallies(tally{crm.SignalReply: {3, 3}, crm.SignalVoice: {0, 1}})}, false},
		"breadth as kind":   {4, crm.Signs{Tallies: tallies(tally{crm.SignalReply: {5, 5}, crm.SignalBreadth: {2, 8}})}, true},
		"breadth not many":  {4, crm.Signs{Tallies: tallies(tally{crm.SignalReply: {4, 4}, crm.SignalBreadth: {2, 8}})}, false},
		"breadth too early": {3, crm.Signs{Tallies: tallies(tally{crm.SignalReply: {5, 5}, crm.SignalBreadth: {2, 8}})}, false},
		"recommendations":   {2, crm.Signs{Recommendations: 2, Tallies: tallies(tally{crm.SignalReply: {3, 3}})}, true},
	} {
		if got := AttitudeOf(&c.signs, c.events, &StarterRates, &TableWeights); got.Enough != c.want {
			t.Errorf("%s: %v", name, got.Enough)
		}
	}
	all := crm.Signs{Recommendations: 5, Competitor: true, OpenComplaint: true, Unsubscribed: true}
	within(t, "adjustment", AttitudeOf(&all, 2, &StarterRates, &TableWeights).Points, 2-1-1-.5, 0)
	extreme := crm.Signs{Tallies: tallies(tally{crm.SignalReply: {50, 50}, crm.SignalVoice: {0, 50}})}
	within(t, "at most two points each", AttitudeOf(&extreme, 2, &StarterRates, &TableWeights).Points, 0, 1e-12)
	for _, rate := range []float64{0, 1, math.Nextafter(1, 0)} {
		typical := StarterRates
		typical[crm.SignalReply] = rate
		if p := AttitudeOf(&extreme, 2, &typical, &TableWeights).Points; math.IsNaN(p) || math.Abs(p) > 4 {
			t.Errorf("typical rate %v: %v points", rate, p)
		}
	}
}

func TestTypicalRates(t *testing.T) {
	one := func(events int, s, n float64) Observed {
		o := Observed{Events: events}
		o.Tallies[crm.SignalReply] = crm.Tally{Successes: s, Of: n}
		o.Tallies[crm.SignalBreadth] = crm.Tally{Successes: s, Of: n}
		return o
	}
	few := TypicalRates([]Observed{one(5, 10, 199), one(1, 0, 500)})
	if few != StarterRates {
		t.Errorf("199 opportunities: %v", few)
	}
	own := TypicalRates([]Observed{one(5, 90, 100), one(4, 10, 200), one(2, 20, 100), one(1, 0, 500)})
	within(t, "pooled", own[crm.SignalReply], 120.0/400, 1e-12)
	within(t, "mean share", own[crm.SignalBreadth], (.9+.05)/2, 1e-12)
	within(t, "not asked", own[crm.SignalVoice], .5, 0)
}

func TestClock(t *testing.T) {
	var orders []Order
	for c := range int32(30) { // mean gaps 10, 11 ... 39
		orders = append(orders, Order{c, 100, 5}, Order{c, 110 + crm.Day(c), 5}, Order{c, 120 + 2*crm.Day(c), 5}, Order{c, 121, -9})
	}
	h := Collect(orders, 31, Paid)
	if c := BusinessClock(h, 400); c != (Clock{24.5, 30, false}) {
		t.Errorf("%+v", c)
	}
	if c := BusinessClock(h, 138); c != (Clock{DefaultClock, 29, true}) {
		t.Errorf("29 customers: %+v", c)
	}
	if !(Clock{Days: 73}).Moved(Clock{Days: 60}) || (Clock{Days: 72}).Moved(Clock{Days: 60}) {
		t.Error("a change is asked about above 20 %")
	}
}

// The curve of second orders tells the timing of those who ordered once, when
// there are enough of them.
func TestLadderBySecondOrders(t *testing.T) {
	var spells []Spell
	for d := 1; d <= 100; d++ {
		spells = append(spells, Spell{d, true}, Spell{500, false})
	}
	l := NewLadder(1000, 30, Starter(30), KaplanMeier(spells))
	if !l.BySecondOrders() {
		t.Fatal("100 second orders are not enough")
	}
	s := l.Stand([]crm.Day{960}, nil)
	if !s.BySecondOrders || s.DueDay != 50 || s.OverdueDay != 80 || s.LapsedDay != 95 || s.Timing != crm.TimingOnTime {
		t.Errorf("%+v", s)
	}
	within(t, "G", s.Silence, .8, 1e-9)
	within(t, "S_H", s.Waiting, .6, 1e-9)
	within(t, "P(alive)", s.PAlive, Starter(30).PAlive(Summary{0, 0, 40}), 0)
	for silent, want := range map[crm.Day]crm.Timing{49: crm.TimingOnTime, 50: crm.TimingDue, 80: crm.TimingOverdue, 95: crm.TimingLapsed} {
		if got := l.Stand([]crm.Day{1000 - silent}, nil).Timing; got != want {
			t.Errorf("after %d days: %s", silent, got)
		}
	}
	if NewLadder(1000, 30, Starter(30), KaplanMeier(spells[2:])).BySecondOrders() {
		t.Error("99 second orders are enough")
	}
	if s := l.Stand([]crm.Day{900, 960}, nil); s.BySecondOrders {
		t.Error("who has ordered twice has a rhythm of their own")
	}
}

func TestCollect(t *testing.T) {
	h := Collect([]Order{{1, 9, 5}, {0, 7, 3}, {1, 4, 2}, {1, 9, 6}, {1, 9, -6}, {2, 3, -1}, {0, 8, 0}, {3, 1, 0}}, 5, Paid)
	want := [][]crm.Day{{7}, {4, 9}, {}, {}, {}}
	for i, w := range want {
		if !slices.Equal(h.Days(i), w) {
			t.Errorf("customer %d: %v, want %v", i, h.Days(i), w)
		}
	}
	if !slices.Equal(h.Values(1), []float64{2, 11}) {
		t.Errorf("values %v", h.Values(1))
	}
	if h := Collect([]Order{{0, 8, 0}, {0, 8, -1}}, 1, PaidOrFree); len(h.Days(0)) != 1 {
		t.Error("an order of value 0 makes no event where it counts")
	}
	days := []crm.Day{3, 9}
	if got := Insert(days, 5); !slices.Equal(got, []crm.Day{3, 5, 9}) || !slices.Equal(Insert(days, 9), days) {
		t.Errorf("inserted: %v", got)
	}
}
