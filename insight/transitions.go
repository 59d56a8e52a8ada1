package insight

import (
	"slices"

	"kaveri/crm"
)

// movable are the rungs of rows and columns: everybody who has ordered stands
// on one of them.
var movable = crm.Rungs[1:]

// RowNew is the row of those who had not ordered at the first snapshot.
const RowNew = "new"

// fewInRow is the number below which percentages of a row are shown in grey.
const fewInRow = 30

// Transitions counts who moved from where to where between two snapshots
// (docs/loyalty.md §8.6).
type Transitions struct {
	Rows    []string // the rungs, then [RowNew]
	Columns []string // the rungs
	Counts  [][]int
	Who     [][][]int32 // the customers behind each count, by their place in the lists
}

// CountTransitions compares two standings of each customer, in the same order.
// An empty rung or CONTACT is somebody who has not ordered.
func CountTransitions(before, after []crm.Rung) *Transitions {
	t := &Transitions{}
	for _, r := range movable {
		t.Rows = append(t.Rows, string(r))
		t.Columns = append(t.Columns, string(r))
	}
	t.Rows = append(t.Rows, RowNew)
	for range t.Rows {
		t.Counts = append(t.Counts, make([]int, len(t.Columns)))
		t.Who = append(t.Who, make([][]int32, len(t.Columns)))
	}
	for i := range before {
		row, column := slices.Index(movable, before[i]), slices.Index(movable, after[i])
		if column < 0 {
			continue
		}
		if row < 0 {
			row = len(movable)
		}
		t.Counts[row][column]++
		t.Who[row][column] = append(t.Who[row][column], int32(i))
	}
	return t
}

// SumTransitions makes the matrix of counts; nobody is named behind them. Who had
// not ordered stands in the row of [RowNew].
func SumTransitions(list []crm.RungMove) *Transitions {
	t := CountTransitions(nil, nil)
	for _, m := range list {
		row, column := slices.Index(t.Rows, string(m.Was)), slices.Index(t.Columns, string(m.Now))
		if row < 0 {
			row = slices.Index(t.Rows, RowNew)
		}
		if column >= 0 {
			t.Counts[row][column] += m.Customers
		}
	}
	return t
}

// RowSum gives the number of customers of a row.
func (t *Transitions) RowSum(row int) int {
	n := 0
	for _, c := range t.Counts[row] {
		n += c
	}
	return n
}

// Few reports a row of so few customers that its percentages say little.
func (t *Transitions) Few(row int) bool { return t.RowSum(row) < fewInRow }

// Share gives the part of a row that went to a column.
func (t *Transitions) Share(row, column int) Proportion {
	return ProportionOf(t.Counts[row][column], t.RowSum(row))
}

// Proportion is a share with its 95 % interval (Wilson).
type Proportion struct {
	Count, Of int
	Low, High float64
}

// ProportionOf makes a proportion; of nothing, the interval is all of 0 to 1.
func ProportionOf(count, of int) Proportion {
	low, high := Wilson(count, of, .95)
	return Proportion{count, of, low, high}
}

// Rate gives the share, NaN of nothing.
func (p Proportion) Rate() float64 { return float64(p.Count) / float64(p.Of) }

// Movement is one of the five rates of the report.
type Movement string

// The movements, with whom they count.
const (
	MoveSecondOrder Movement = "second_order" // ONE-TIME and QUIET to any higher rung
	MovePromotion   Movement = "promotion"    // OCCASIONAL to FREQUENT or higher
	MoveProof       Movement = "proof"        // FREQUENT to LOYAL or higher
	MoveWinBack     Movement = "win_back"     // QUIET and LAPSED to any active rung
	MoveLeak        Movement = "leak"         // LOYAL and ADVOCATE to LAPSED
)

// movements say from where and to where each counts.
var movements = []struct {
	name     Movement
	from, to []crm.Rung
}{
	{MoveSecondOrder, []crm.Rung{crm.RungOneTime, crm.RungQuiet}, []crm.Rung{crm.RungOccasional, crm.RungFrequent, crm.RungLoyal, crm.RungAdvocate}},
	{MovePromotion, []crm.Rung{crm.RungOccasional}, []crm.Rung{crm.RungFrequent, crm.RungLoyal, crm.RungAdvocate}},
	{MoveProof, []crm.Rung{crm.RungFrequent}, []crm.Rung{crm.RungLoyal, crm.RungAdvocate}},
	{MoveWinBack, []crm.Rung{crm.RungQuiet, crm.RungLapsed}, []crm.Rung{crm.RungOneTime, crm.RungOccasional, crm.RungFrequent, crm.RungLoyal, crm.RungAdvocate}},
	{MoveLeak, []crm.Rung{crm.RungLoyal, crm.RungAdvocate}, []crm.Rung{crm.RungLapsed}},
}

// Movements lists the five rates in their order.
func Movements() []Movement {
	var names []Movement
	for _, m := range movements {
		names = append(names, m.name)
	}
	return names
}

// Rate gives how many of those who could move so did.
func (t *Transitions) Rate(name Movement) Proportion {
	count, of := 0, 0
	for _, m := range movements {
		if m.name != name {
			continue
		}
		for _, from := range m.from {
			row := slices.Index(movable, from)
			of += t.RowSum(row)
			for _, to := range m.to {
				count += t.Counts[row][slices.Index(movable, to)]
			}
		}
	}
	return ProportionOf(count, of)
}
