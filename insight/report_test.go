package insight

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kaveri/crm"
)

// docs/loyalty.md §8.5: spread evenly, and in a burst.
func TestClumpiness(t *testing.T) {
	within(t, "even", Clumpiness([]int{20, 40, 60, 80}, 99), 0, 1e-12)
	within(t, "burst", Clumpiness([]int{48, 49, 50, 51}, 99), .4781, 5e-5)
	within(t, "the same by days", ClumpinessOf([]crm.Day{900, 1047, 1048, 1049, 1050, 1200}, 1000, 1098), .4781, 5e-5)
	within(t, "nothing", Clumpiness(nil, 99), 0, 0)
	if !Bursts(.4781, 4) || Bursts(.41, 4) || Bursts(.9, 2) || !Bursts(.32, 7) || Bursts(.31, 7) || Bursts(.16, 99) {
		t.Error("bounds of bursts")
	}
}

// The mean under random timing is 1 - (h_{n+1} - 1)/ln(n+1), and one in twenty
// passes the bound (docs/loyalty.md §2).
func TestClumpinessAtRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	const draws, window = 20_000, 1_000_000
	for _, n := range []int{3, 5, 12, 30} {
		sum, passed := 0.0, 0
		for range draws {
			at := make([]int, n)
			for i := range at {
				at[i] = 1 + r.IntN(window)
			}
			slices.Sort(at)
			h := Clumpiness(at, window)
			sum += h
			passed += one(Bursts(h, n))
		}
		harmonic := 0.0
		for i := 1; i <= n+1; i++ {
			harmonic += 1 / float64(i)
		}
		within(t, fmt.Sprintf("mean of %d", n), sum/draws, 1-(harmonic-1)/math.Log(float64(n+1)), .003)
		within(t, fmt.Sprintf("bound of %d", n), float64(passed)/draws, .05, .006)
	}
}

// docs/loyalty.md §8.7: Matti 12 exchanges 5 days ago and 3 40 days ago, Liisa 4
// 10 days ago.
func TestHandover(t *testing.T) {
	const matti, liisa, newcomer = crm.StaffID(1), crm.StaffID(2), crm.StaffID(3)
	var list []Exchange
	for days, n := range map[float64]int{5: 12, 40: 3} {
		for range n {
			list = append(list, Exchange{matti, days})
		}
	}
	for range 4 {
		list = append(list, Exchange{liisa, 10})
	}
	got := Relations(list)
	if len(got) != 2 || got[0].Staff != matti || got[1].Staff != liisa {
		t.Fatalf("%+v", got)
	}
	within(t, "Matti", got[0].Weight, 13.7513, 5e-5)
	within(t, "Liisa", got[1].Weight, 3.7035, 5e-5)
	within(t, "share", got[0].Share, .7878, 5e-5)

	left := Handover(matti, []LeaverAccount{
		{10, []Exchange{{matti, 1}}, .5, 100},
		{11, list, .8, 1000},
		{12, []Exchange{{liisa, 1}}, 1, 9999},
		{13, []Exchange{{matti, 3}, {newcomer, 4}, {liisa, 3}}, .9, 300},
	})
	if len(left) != 3 || left[0].Customer != 11 || left[1].Customer != 13 || left[2].Customer != 10 {
		t.Fatalf("%+v", left)
	}
	within(t, "value at risk", left[0].AtRisk, .7878*.8*1000, .1)
	if left[0].Successor != liisa || left[1].Successor != liisa || left[2].Successor != 0 {
		t.Errorf("successors %+v", left)
	}
}

// Who knows a customer is told from exchanges; from what went one way only while
// there were none, and of those who are asked about.
func TestKeeper(t *testing.T) {
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	talk := func(staff crm.StaffID, days int, answered bool) crm.Talk {
		return crm.Talk{Staff: staff, At: now.AddDate(0, 0, -days), Answered: answered}
	}
	all := func(crm.StaffID) bool { return true }
	talks := []crm.Talk{talk(1, 1, false), talk(1, 2, false), talk(2, 300, true), talk(2, 300, true), talk(3, 100, true)}
	if got := Keeper(talks, now, all); got != 3 {
		t.Errorf("of all it is %d", got)
	}
	if got := Keeper(talks, now, func(s crm.StaffID) bool { return s == 1 }); got != 1 {
		t.Errorf("of one it is %d", got)
	}
	if got := Keeper(nil, now, all); got != 0 {
		t.Errorf("of nobody it is %d", got)
	}
	exchanges := Exchanges(talks, now)
	if len(exchanges) != 3 {
		t.Fatalf("exchanges: %+v", exchanges)
	}
	within(t, "days", exchanges[2].Days, 100, 1e-9)
}

// What is awaited of a customer counts once that they may be gone.
func TestAtStake(t *testing.T) {
	row := crm.LoyaltyRow{Customer: 7, PAlive: .5, Value: crm.MoneyOf(400)}
	a := LeaverAccountOf(&row, []Exchange{{1, 0}, {1, 0}, {1, 0}, {2, 0}})
	within(t, "value if they stay", a.Value, 800, 1e-9)
	best, atRisk := AtStake(&a)
	if best.Staff != 1 {
		t.Errorf("best known by %+v", best)
	}
	within(t, "at risk", atRisk, 300, 1e-9)
	if left := Handover(1, []LeaverAccount{a}); len(left) != 1 || left[0].AtRisk != atRisk {
		t.Errorf("handed over: %+v", left)
	}
	gone := LeaverAccountOf(&crm.LoyaltyRow{Customer: 8}, nil)
	if _, atRisk := AtStake(&gone); atRisk != 0 {
		t.Errorf("of nobody's customer %v is at risk", atRisk)
	}
}

func TestNextAction(t *testing.T) {
	for _, c := range []struct {
		rung   crm.Rung
		timing crm.Timing
		note   crm.RungNote
		want   Action
		order  int
	}{
		{crm.RungContact, "", "", ActionWelcome, 5},
		{crm.RungOneTime, crm.TimingOnTime, "", ActionAskHow, 5},
		{crm.RungOneTime, crm.TimingDue, "", ActionSecondOrder, 5},
		{crm.RungOneTime, crm.TimingOverdue, crm.NoteWellWisher, ActionWinBack, 3},
		{crm.RungOneTime, crm.TimingDue, crm.NoteWellWisher, ActionInvite, 3},
		{crm.RungQuiet, crm.TimingLapsed, "", ActionAskMissing, 5},
		{crm.RungOccasional, crm.TimingDue, crm.NoteWellWisher, ActionInvite, 3},
		{crm.RungOccasional, crm.TimingDue, "", ActionServe, 5},
		{crm.RungOccasional, crm.TimingOverdue, "", ActionWinBack, 5},
		{crm.RungFrequent, crm.TimingOnTime, crm.NoteUnproven, ActionAskPreference, 4},
		{crm.RungFrequent, crm.TimingOnTime, crm.NoteBound, ActionOtherReason, 4},
		{crm.RungFrequent, crm.TimingOverdue, crm.NoteBound, ActionWinBack, 2},
		{crm.RungLoyal, crm.TimingDue, "", ActionEarlyNews, 1},
		{crm.RungLoyal, crm.TimingOverdue, "", ActionCall, 1},
		{crm.RungAdvocate, crm.TimingOnTime, "", ActionThank, 0},
		{crm.RungAdvocate, crm.TimingOverdue, "", ActionCall, 0},
		{crm.RungLapsed, crm.TimingLapsed, "was LOYAL", ActionManagerWrites, 2},
		{crm.RungLapsed, crm.TimingLapsed, "was FREQUENT", ActionLapsedMail, 5},
	} {
		s := crm.Standing{Rung: c.rung, Timing: c.timing, Note: c.note}
		if got := NextAction(&s); got != c.want {
			t.Errorf("%s %s %q: %s, want %s", c.rung, c.timing, c.note, got, c.want)
		}
		if got := ServiceOrder(&s); got != c.order {
			t.Errorf("%s %s %q: place %d, want %d", c.rung, c.timing, c.note, got, c.order)
		}
	}
	loyal := crm.Standing{Rung: crm.RungLoyal, Timing: crm.TimingOverdue}
	once := crm.Standing{Rung: crm.RungOneTime, Timing: crm.TimingOverdue}
	if AlertWorth(&loyal, 100) <= AlertWorth(&once, 300) || AlertWorth(&crm.Standing{Rung: crm.RungLoyal, Timing: crm.TimingDue}, 100) != 0 {
		t.Error("alerts")
	}
}

// Identical customers have identical scores.
func TestRFMScores(t *testing.T) {
	var list []RFM
	for i := range 10 { // six ordered once, as in most businesses
		list = append(list, RFM{crm.Day(i), int32(max(1, i-4)), float64(i) * 10})
	}
	list = append(list, RFM{})
	scores, ties := ScoreRFM(list)
	want := []Scores{{1, 2, 1}, {1, 2, 1}, {2, 2, 2}, {2, 2, 2}, {3, 2, 3}, {3, 2, 3}, {4, 4, 4}, {4, 4, 4}, {5, 5, 5}, {5, 5, 5}, {}}
	if !slices.Equal(scores, want) {
		t.Errorf("%v", scores)
	}
	if ties != (Ties{0, .6, 0}) {
		t.Errorf("%+v", ties)
	}
}

func TestRFM(t *testing.T) {
	orders := []Order{{0, 5, 10}, {0, 9, 4}, {0, 5, 1}, {1, 7, -3}, {0, 12, 99}, {2, 3, 0}}
	h := Collect(orders, 3, Paid)
	if got := h.RFMs(9); !slices.Equal(got, []RFM{{9, 2, 15}, {}, {}}) {
		t.Errorf("%v", got)
	}
	if got := AggregateRFM(orders, 3, Paid, 9); !slices.Equal(got, []RFM{{9, 3, 15}, {}, {}}) {
		t.Errorf("%v", got)
	}
}

func TestTransitions(t *testing.T) {
	const once, quiet, occasional, frequent, loyal, lapsed = crm.RungOneTime, crm.RungQuiet, crm.RungOccasional, crm.RungFrequent, crm.RungLoyal, crm.RungLapsed
	before := []crm.Rung{once, quiet, quiet, occasional, frequent, frequent, loyal, lapsed, crm.RungContact, "", crm.RungContact}
	after := []crm.Rung{occasional, quiet, frequent, frequent, loyal, frequent, lapsed, occasional, once, once, crm.RungContact}
	m := CountTransitions(before, after)
	for move, want := range map[Movement][2]int{MoveSecondOrder: {2, 3}, MovePromotion: {1, 1}, MoveProof: {1, 2}, MoveWinBack: {2, 3}, MoveLeak: {1, 1}} {
		if p := m.Rate(move); p.Count != want[0] || p.Of != want[1] {
			t.Errorf("%s: %d of %d, want %v", move, p.Count, p.Of, want)
		}
	}
	fresh := len(m.Rows) - 1
	if m.Rows[fresh] != RowNew || m.Counts[fresh][0] != 2 || !slices.Equal(m.Who[fresh][0], []int32{8, 9}) || !m.Few(fresh) {
		t.Errorf("the new: %v %v", m.Counts[fresh], m.Who[fresh])
	}
	p := ProportionOf(78, 1131)
	within(t, "low", p.Low, .0556, 5e-5)
	within(t, "high", p.High, .0852, 5e-5)
	p = ProportionOf(163, 220)
	within(t, "low", p.Low, .6792, 5e-5)
	within(t, "high", p.High, .7943, 5e-5)
}

// The curve is a product over the days; ties are counted before those cut off.
func TestKaplanMeier(t *testing.T) {
	c := KaplanMeier([]Spell{{3, true}, {3, false}, {5, true}, {7, false}, {9, true}, {9, true}})
	for day, want := range map[int]float64{-1: 1, 0: 1, 2: 1, 3: 5. / 6, 4: 5. / 6, 5: 5. / 6 * 3 / 4, 8: 5. / 6 * 3 / 4, 9: 0, 99: 0} {
		within(t, fmt.Sprint("silent on day ", day), c.Silent(day), want, 1e-12)
	}
	if _, ok := KaplanMeier(nil).Day(.5, 365); ok {
		t.Error("a day out of nothing")
	}
	if _, ok := KaplanMeier([]Spell{{30, false}}).Day(.5, 365); ok {
		t.Error("a day though nobody came")
	}
	within(t, "chance after everybody has come", c.Chance(9, 5), 0, 0)
}

// labelled makes customers of one label of whom some are active.
func labelled(standing crm.Standing, active, of int) (s []crm.Standing, o []Outcome) {
	for i := range of {
		s = append(s, standing)
		o = append(o, Outcome{Active: i < active, FullPrice: crm.Tally{Successes: float64(one(i < active)), Of: 1}, Recommended: i == 0})
	}
	return s, o
}

func TestValidity(t *testing.T) {
	loyal := crm.Standing{Day: 1000, Last: 980, Events: 9, Rung: crm.RungLoyal, Timing: crm.TimingOnTime, PAlive: .9}
	unproven := crm.Standing{Day: 1000, Last: 900, Events: 5, Rung: crm.RungFrequent, Note: crm.NoteUnproven, Timing: crm.TimingDue, PAlive: .8}
	for _, c := range []struct {
		active, of int
		want       Proof
	}{{90, 100, ProofBetter}, {55, 100, ProofNone}, {10, 100, ProofWorse}, {49, 49, ProofTooFew}} {
		s, o := labelled(loyal, c.active, c.of)
		s2, o2 := labelled(unproven, 50, 100)
		v := HoldAgainst(append(s, s2...), append(o, o2...), 90)
		if v.Loyal != c.want {
			t.Errorf("%d of %d: %s, want %s", c.active, c.of, v.Loyal, c.want)
		}
		row := v.Rungs[slices.Index(crm.Rungs, crm.RungLoyal)]
		if row.Label != "LOYAL" || row.Active.Count != c.active || row.Active.Of != c.of || row.FullPrice.Of != c.of || row.Recommended.Count != 1 {
			t.Errorf("%+v", row)
		}
		if v.BySilence[0].Active.Of != c.of || v.BySilence[1].Active.Of != 100 || v.ByCount[3].Active.Of != c.of {
			t.Errorf("baselines %+v %+v", v.BySilence, v.ByCount)
		}
	}
}

// Where replies tell who stays and surveys tell nothing, refitting learns both;
// with nothing to learn from it leaves the weights alone.
func TestRefitWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	var s []crm.Standing
	var o []Outcome
	for range 4000 {
		reply, voice := r.NormFloat64(), r.NormFloat64()
		s = append(s, crm.Standing{Attitude: crm.Attitude{Evidence: []crm.Evidence{{Signal: crm.SignalReply, Points: reply}, {Signal: crm.SignalVoice, Points: voice}}}})
		o = append(o, Outcome{Active: r.Float64() < logistic(.3+1.6*reply)})
	}
	w := RefitWeights(s, o, TableWeights)
	within(t, "reply", w[crm.SignalReply], 1.6, .15)
	within(t, "voice", w[crm.SignalVoice], 0, .1)
	within(t, "never seen", w[crm.SignalForgive], 1, 1e-9)
	if got := RefitWeights(nil, nil, TableWeights); got != TableWeights {
		t.Errorf("of nobody: %v", got)
	}
}

func TestAUC(t *testing.T) {
	came := []bool{false, false, true, true}
	within(t, "perfect", AUC([]float64{1, 2, 3, 4}, came), 1, 0)
	within(t, "upside down", AUC([]float64{4, 3, 2, 1}, came), 0, 0)
	within(t, "ties", AUC([]float64{1, 1, 1, 1}, came), .5, 0)
	within(t, "one tie", AUC([]float64{1, 2, 2, 3}, came), .875, 1e-12)
	within(t, "Brier", Brier([]float64{0, .5, .5, 1}, came), .125, 1e-12)
}

func TestByService(t *testing.T) {
	at := func(h int) time.Time { return time.Date(2026, 3, 1, h, 0, 0, 0, time.UTC) }
	rows := []crm.WaitingRow{
		{Name: "new", Since: at(1)},
		{Name: "loyal", Rung: crm.RungLoyal, Since: at(4)},
		{Name: "loyal, longer", Rung: crm.RungLoyal, Since: at(3)},
		{Name: "advocate", Rung: crm.RungAdvocate, Since: at(5)},
		{Name: "once", Rung: crm.RungOneTime, Since: at(0)},
		{Name: "about to be lost", Rung: crm.RungFrequent, Timing: crm.TimingOverdue, Since: at(5)},
	}
	ByService(rows)
	var got []string
	for _, r := range rows {
		got = append(got, r.Name)
	}
	if want := []string{"advocate", "loyal, longer", "loyal", "about to be lost", "once", "new"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
