package insight

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strings"

	"kaveri/crm"
)

// Baskets are purchases, each a set of items. The zero value holds none.
//
// They lie in two flat lists, about 4 bytes an entry: a million baskets need no
// more memory than their numbers.
type Baskets struct {
	names  []string
	number map[string]int32
	items  []int32 // of all baskets, one after the other
	ends   []int   // where each basket ends in items
}

// Add takes a basket. An item that stands in it twice counts once; blanks around
// names and empty names do not count. A basket without an item counts as one.
func (b *Baskets) Add(items ...string) {
	if b.number == nil {
		b.number = map[string]int32{}
	}
	begin := len(b.items)
	for _, name := range items {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		i, known := b.number[name]
		if !known {
			name = strings.Clone(name) // not the line that it was cut from
			i = int32(len(b.names))
			b.names, b.number[name] = append(b.names, name), i
		}
		if !slices.Contains(b.items[begin:], i) {
			b.items = append(b.items, i)
		}
	}
	b.ends = append(b.ends, len(b.items))
}

// Len gives the number of baskets.
func (b *Baskets) Len() int { return len(b.ends) }

// Items gives the number of different items.
func (b *Baskets) Items() int { return len(b.names) }

// basket gives the items of one.
func (b *Baskets) basket(i int) []int32 {
	begin := 0
	if i > 0 {
		begin = b.ends[i-1]
	}
	return b.items[begin:b.ends[i]]
}

// counts gives in how many baskets each item stands.
func (b *Baskets) counts() []int {
	n := make([]int, len(b.names))
	for _, i := range b.items {
		n[i]++
	}
	return n
}

// Fraction is an exact share, such as 1/1000. Thresholds are compared with
// counts, where a float64 would err by one: .07 of 100 baskets would be 8.
type Fraction struct{ num, den int64 }

// ParseFraction reads a share from 0 to 1, written as 0.001, 1/1000, 1e-3 or
// 0.1%.
func ParseFraction(s string) (Fraction, error) {
	text, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	r, ok := new(big.Rat).SetString(strings.TrimSpace(text))
	if !ok || len(text) > 32 {
		return Fraction{}, crm.Invalid("share", "%q is no number; write it like 0.001", s)
	}
	if percent {
		r.Quo(r, big.NewRat(100, 1))
	}
	if r.Sign() < 0 || r.Cmp(big.NewRat(1, 1)) > 0 {
		return Fraction{}, crm.Invalid("share", "%q is no share; it lies between 0 and 1, such as 0.001", s)
	}
	if !r.Denom().IsInt64() {
		return Fraction{}, crm.Invalid("share", "%q is finer than can be counted", s)
	}
	return Fraction{r.Num().Int64(), r.Denom().Int64()}, nil
}

// least gives the smallest count that is at least this share of n.
func (f Fraction) least(n int) int {
	if f.den == 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(f.num), uint64(n))
	count, rest := bits.Div64(hi, lo, uint64(f.den))
	if rest > 0 {
		count++
	}
	return int(count)
}

// BasketOptions bound what is looked for.
type BasketOptions struct {
	MinSupport    Fraction // of all baskets
	MinConfidence Fraction
	MaxLength     int // of an itemset; 0: any
	MaxItemsets   int // more are an error; 0: as many as ten million
}

// Itemset is items that are bought together, by name.
type Itemset struct {
	Items []string
	Count int
}

// Rule says that whoever buys the left side buys the right one too. Its
// measures are those of the field; N is the number of baskets.
type Rule struct {
	LHS        []string // sorted
	RHS        string
	Count      int     // baskets with both sides
	WithLHS    int     // baskets with the left side
	WithRHS    int     // baskets with the right side
	Support    float64 // Count/N
	Confidence float64 // Count over baskets with the left side
	Lift       float64 // Confidence over the share of all baskets with the right side; 1: nothing to do with each other
	Leverage   float64 // Support less what it would be if they had nothing to do with each other
	Conviction float64 // how much rarer the rule fails than it would then; +Inf when it never fails
	LiftLow    float64 // the 95 % interval of Lift
	LiftHigh   float64
	P          float64 // chance of so many together by nothing but chance (Fisher's exact test, one-sided)
	Adjusted   float64 // P after Benjamini and Hochberg, for all rules that the support allows
}

// Found is what is bought together.
type Found struct {
	Baskets, Items int
	MinCount       int         // what the smallest support came to
	Itemsets       int         // of any size
	BySize         map[int]int // itemsets of each size
	Rules          []Rule      // the highest lift first; see [Mine]
}

// maxItemsets bounds the memory of a search; beyond it the support is too low to
// mean anything.
const maxItemsets = 10_000_000

// Mine finds all itemsets with the smallest support, and all rules of one item
// on the right that have the smallest confidence too.
//
// Rules come by lift, highest first; then by count, highest first; then by their
// names. [RankRules] puts those first of which most is known. More itemsets than
// memory holds are an error of kind [crm.KindInvalid].
func Mine(b *Baskets, o BasketOptions) (Found, error) {
	most := o.MaxItemsets
	if most <= 0 {
		most = maxItemsets
	}
	f, ok := mine(b, o, most)
	if !ok {
		return Found{}, crm.Invalid("min-support", "more than %d itemsets stand in at least %d baskets; ask for a higher support or a smaller length", most, f.MinCount)
	}
	return f, nil
}

// mine is false when there are more itemsets than that.
func mine(b *Baskets, o BasketOptions, most int) (Found, bool) {
	f := Found{Baskets: b.Len(), Items: b.Items(), MinCount: max(1, o.MinSupport.least(b.Len())), BySize: map[int]int{}}
	e := newEclat(b, f.MinCount, o.MaxLength)
	if e.limit = most; !e.search() {
		return f, false
	}
	for size, n := range e.bySize {
		if n > 0 {
			f.BySize[size], f.Itemsets = n, f.Itemsets+n
		}
	}
	f.Rules = e.rules(o.MinConfidence)
	return f, true
}

// What is looked for when nobody says what ([MineUsual]).
const (
	UsualCount    = 10   // baskets at least: below that, [RankRules] leaves a rule out
	usualShare    = 5000 // one basket in so many, when that is more
	usualLength   = 3    // "who buys X and Y also buys Z"; longer ones nobody reads
	usualItemsets = 100_000
)

// MineUsual finds rules at a support that suits the number of baskets: ten
// baskets, or one in 5,000 when that is more. When more than 100,000 itemsets
// stand in so many, that number is doubled until they do not, so that time and
// memory stay bounded. A rule must hold once in twenty times.
func MineUsual(b *Baskets) Found {
	if b.Len() == 0 {
		return Found{BySize: map[int]int{}}
	}
	for least := max(UsualCount, (b.Len()+usualShare-1)/usualShare); ; least *= 2 {
		o := BasketOptions{MinSupport: Fraction{int64(least), int64(b.Len())}, MinConfidence: Fraction{1, 20}, MaxLength: usualLength}
		if f, ok := mine(b, o, usualItemsets); ok || least > b.Len() {
			return f
		}
	}
}

// RankRules sorts rules for reading: by the lower end of the lift, so that a
// lift that is high by chance does not stand first. It leaves out those that are
// too rare (fewer than 10 baskets), those that may be chance (adjusted p above
// .05), and those of which a rule with less on its left side says as much.
func RankRules(rules []Rule) []Rule {
	sure := map[string]float64{} // confidence
	for _, r := range rules {
		sure[ruleKey(r.LHS, r.RHS)] = r.Confidence
	}
	kept := make([]Rule, 0, len(rules))
	for _, r := range rules {
		if r.Count >= 10 && r.Adjusted <= alpha && !saidShorter(r, sure) {
			kept = append(kept, r)
		}
	}
	slices.SortStableFunc(kept, func(a, b Rule) int { return descending(a.LiftLow, b.LiftLow) })
	return kept
}

// OwnRules gives of ranked rules those that say something of their own: a longer
// rule only when even the lower end of its lift is above the lift of every
// shorter one with the same right side ([Found.Rules] has them all). Else "who
// buys a kayak buys a vest" would stand there once with each third thing.
func OwnRules(ranked, all []Rule) []Rule {
	lift := map[string]float64{}
	for _, r := range all {
		lift[ruleKey(r.LHS, r.RHS)] = r.Lift
	}
	var own []Rule
	for _, r := range ranked {
		if !anyShorter(r, func(key string) bool { return lift[key] >= r.LiftLow }) {
			own = append(own, r)
		}
	}
	return own
}

func ruleKey(left []string, right string) string {
	return strings.Join(left, "\x00") + "\x00\x00" + right
}

// saidShorter reports a rule with fewer items on the left that holds as often.
func saidShorter(r Rule, sure map[string]float64) bool {
	return anyShorter(r, func(key string) bool {
		shorter, there := sure[key]
		return there && shorter >= r.Confidence
	})
}

// anyShorter reports a rule, by its key, with fewer items on the left.
func anyShorter(r Rule, is func(key string) bool) bool {
	for mask := 1; mask < 1<<min(len(r.LHS), 16)-1; mask++ {
		var part []string
		for i, item := range r.LHS {
			if mask>>i&1 == 1 {
				part = append(part, item)
			}
		}
		if is(ruleKey(part, r.RHS)) {
			return true
		}
	}
	return false
}

func descending(a, b float64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}

// Companion is an item that is bought together with another.
type Companion struct {
	Item    string
	Count   int // baskets with both
	Lift    float64
	LiftLow float64
}

// Companions gives the items that stand in at least min baskets together with
// item, the highest lift first: what may go beside it, and what an offer for it
// may take along. Whether it does is for [Promotion.Measure] to say.
func (b *Baskets) Companions(item string, min int) []Companion {
	number, known := b.number[item]
	if !known {
		return nil
	}
	all, joint := b.counts(), make([]int, len(b.names))
	for i := range b.ends {
		if basket := b.basket(i); slices.Contains(basket, number) {
			for _, other := range basket {
				joint[other]++
			}
		}
	}
	var out []Companion
	for other, n := range joint {
		if int32(other) != number && n >= min && n > 0 {
			m := together{n, all[number], all[other], b.Len()}
			out = append(out, Companion{b.names[other], n, m.lift(), m.liftLow()})
		}
	}
	slices.SortFunc(out, func(x, y Companion) int {
		if c := descending(x.Lift, y.Lift); c != 0 {
			return c
		}
		return strings.Compare(x.Item, y.Item)
	})
	return out
}

// together are the counts behind a rule.
type together struct{ both, left, right, baskets int }

func (m together) confidence() float64 { return float64(m.both) / float64(m.left) }

func (m together) lift() float64 {
	return float64(m.both) * float64(m.baskets) / (float64(m.left) * float64(m.right))
}

// leverage and conviction compare with sides that have nothing to do with each
// other. Both are made of whole numbers as long as they can be.
func (m together) leverage() float64 {
	n := float64(m.baskets)
	return (float64(m.both)*n - float64(m.left)*float64(m.right)) / (n * n)
}

func (m together) conviction() float64 {
	if m.both == m.left {
		return math.Inf(1)
	}
	return float64(m.baskets-m.right) * float64(m.left) / (float64(m.baskets) * float64(m.left-m.both))
}

// liftHigh is the upper end of the same interval.
func (m together) liftHigh() float64 {
	_, high := Wilson(m.both, m.left, confidence)
	low, _ := Wilson(m.right, m.baskets, confidence)
	up := math.Log(high / m.confidence())
	down := math.Log(float64(m.right) / float64(m.baskets) / low)
	return m.lift() * math.Exp(math.Hypot(up, down))
}

// liftLow is the lower end of the interval of a ratio of two shares, made of
// their Wilson intervals (Zou and Donner 2008). The usual formula by logarithms
// would make a rule that held 10 times of 10 the most certain of all.
func (m together) liftLow() float64 {
	low, _ := Wilson(m.both, m.left, confidence)
	_, high := Wilson(m.right, m.baskets, confidence)
	down := math.Log(m.confidence() / low)
	up := math.Log(high * float64(m.baskets) / float64(m.right))
	return m.lift() * math.Exp(-math.Hypot(down, up))
}

// p is the upper tail of the hypergeometric distribution. Its terms fall fast:
// most sums are done after a few.
func (m together) p() float64 {
	logChoose := func(n, k int) float64 {
		return logGamma(float64(n+1)) - logGamma(float64(k+1)) - logGamma(float64(n-k+1))
	}
	if float64(m.both)*float64(m.baskets) <= float64(m.left)*float64(m.right) {
		return 1 - m.under(logChoose)
	}
	log := logChoose(m.left, m.both) + logChoose(m.baskets-m.left, m.right-m.both) - logChoose(m.baskets, m.right)
	term, sum := 1.0, 1.0
	for k := m.both; k < min(m.left, m.right) && term > 1e-17*sum; k++ {
		term *= float64(m.left-k) * float64(m.right-k) / (float64(k+1) * float64(m.baskets-m.left-m.right+k+1))
		sum += term
	}
	return min(1, math.Exp(log)*sum)
}

// under is the share below the count, for counts that are below what chance
// would give: there the upper tail is long.
func (m together) under(logChoose func(n, k int) float64) float64 {
	k := m.both - 1
	if k < 0 || k < m.left+m.right-m.baskets {
		return 0
	}
	log := logChoose(m.left, k) + logChoose(m.baskets-m.left, m.right-k) - logChoose(m.baskets, m.right)
	term, sum := 1.0, 1.0
	for ; k > max(0, m.left+m.right-m.baskets) && term > 1e-17*sum; k-- {
		term *= float64(k) * float64(m.baskets-m.left-m.right+k) / (float64(m.left-k+1) * float64(m.right-k+1))
		sum += term
	}
	return min(1, math.Exp(log)*sum)
}
