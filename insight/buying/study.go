package buying

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/insight"
)

// Ask is an offer to be measured: of a product, or of a whole group when that is
// not "".
type Ask struct {
	Product  crm.ProductID
	Group    string
	From, To crm.Day // both included
}

// LongestOffer is how many days an offer may have: what is longer changes the
// season that it is compared with.
const LongestOffer = 92

// Check says what is wrong with an offer, with the field.
func (a Ask) Check(today crm.Day) error {
	switch {
	case a.Product == 0 && a.Group == "":
		return crm.Invalid("what", "say which product or group was on offer")
	case a.From == 0:
		return crm.Invalid("from", "say on which day the offer began")
	case a.To == 0:
		return crm.Invalid("to", "say on which day the offer ended")
	case a.To < a.From:
		return crm.Invalid("to", "the offer ends before it begins")
	case a.To-a.From >= LongestOffer:
		return crm.Invalid("to", "an offer of more than %d days cannot be compared with the days around it", LongestOffer)
	case a.From > today:
		return crm.Invalid("from", "the offer has not begun yet")
	}
	return nil
}

// Study is what an offer did.
type Study struct {
	Ask
	Name        string
	First, Last crm.Day // of the days that were compared
	Early       bool    // some of them are still to come
	Promo       int     // orders during the offer
	Base        int     // on like days without it
	After       int     // for as many days right after
	Control     insight.PromotionLift
	Affine      []string       // go with it anyway, so they are no control
	Products    []StudyProduct // what was on offer first, then the surest
	At          time.Time
}

// StudyProduct is a product and what the offer did to it. Of a whole group on
// offer the product has a name only.
type StudyProduct struct {
	Product crm.Product
	insight.ProductLift
}

// groupItem names a group where arithmetic has products.
const groupItem = "group"

// study is one under way.
type study struct {
	ask      Ask
	item     string // what was on offer
	products map[crm.ProductID]crm.Product
	items    map[crm.ProductID]string
	match    *insight.Match
	offer    insight.Offer
}

// Measure says what an offer did: it reads the orders around it, once. What
// cannot be compared is an error of kind [crm.KindInvalid].
func (s *Service) Measure(ctx context.Context, v crm.Viewer, a Ask) (*Study, error) {
	today, err := s.today(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.Check(today); err != nil {
		return nil, err
	}
	t := &study{ask: a, item: ItemOf(a.Product), products: map[crm.ProductID]crm.Product{}, items: map[crm.ProductID]string{}}
	if a.Group != "" {
		t.item = groupItem
	}
	if err := t.begin(ctx, s, v); err != nil {
		return nil, err
	}
	first, last := t.match.Days()
	items := make([]string, 0, MaxBasket)
	err = s.o.Store.Baskets(ctx, v, crm.Day(first), crm.Day(last), func(b *crm.Basket) error {
		if len(b.Products) > 0 {
			items = t.cut(b, items[:0])
			t.match.Add(insight.Sale{Day: int(b.Day), Products: items})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out, err := t.end()
	if err != nil {
		return nil, err
	}
	out.First, out.Last, out.Early, out.At = crm.Day(first), min(crm.Day(last), today), crm.Day(last) >= today, s.o.Now()
	return out, nil
}

// begin reads the products and the other offers that are known.
func (t *study) begin(ctx context.Context, s *Service, v crm.Viewer) error {
	categories, there := map[string]string{}, false
	err := s.o.Store.Products(ctx, v, func(p crm.Product) error {
		t.products[p.ID], t.items[p.ID] = p, ItemOf(p.ID)
		categories[ItemOf(p.ID)] = p.Group
		there = there || p.ID == t.ask.Product || t.ask.Group != "" && p.Group == t.ask.Group
		return nil
	})
	if err != nil {
		return err
	}
	if !there {
		return crm.NotFound("no such product or group was ever sold")
	}
	f, err := s.Findings(ctx, v)
	if err != nil {
		return err
	}
	var others []insight.Offer
	if f != nil {
		for _, o := range f.Offers {
			others = append(others, insight.Offer{Product: ItemOf(o.Product), From: int(o.From), To: int(o.To)})
		}
	}
	t.offer = insight.Offer{Product: t.item, From: int(t.ask.From), To: int(t.ask.To)}
	t.match, err = insight.NewMatch(categories, t.offer, others)
	return err
}

// cut gives the items of a basket. A group on offer stands for all its products.
func (t *study) cut(b *crm.Basket, items []string) []string {
	group := false
	for _, id := range b.Products {
		if t.ask.Group != "" && t.products[id].Group == t.ask.Group {
			if group {
				continue
			}
			group = true
			items = append(items, groupItem)
			continue
		}
		items = append(items, t.items[id])
	}
	return items
}

func (t *study) end() (*Study, error) {
	p, err := t.match.Promotion()
	if err != nil {
		return nil, err
	}
	l, err := p.Measure()
	if err != nil {
		return nil, err
	}
	out := &Study{Ask: t.ask, Name: t.named(t.item).Name, Promo: p.PromoBaskets, Base: p.BaseBaskets, After: p.AfterBaskets, Control: l}
	for _, item := range p.Affine {
		out.Affine = append(out.Affine, t.named(item).Name)
	}
	for _, one := range l.Products {
		out.Products = append(out.Products, StudyProduct{t.named(one.Product), one})
	}
	out.Control.Products = nil // they stand there with their names
	slices.SortStableFunc(out.Products, func(a, b StudyProduct) int {
		return cmp.Or(cmp.Compare(a.order(), b.order()), strings.Compare(a.Product.Name, b.Product.Name))
	})
	return out, nil
}

// named gives the product that an item stands for, always with a name.
func (t *study) named(item string) crm.Product {
	if item == groupItem {
		return crm.Product{Name: t.ask.Group, Group: t.ask.Group}
	}
	p := t.products[productOf(item)]
	if p.Name == "" {
		p.Name = p.SKU
	}
	return p
}

// order puts what was on offer first, then what an offer can be shown to have
// moved, then by the chance that it is nothing.
func (p *StudyProduct) order() float64 {
	switch {
	case p.Part == insight.PartPromoted:
		return -1
	case math.IsNaN(p.P):
		return 3
	case p.Significant:
		return p.P
	}
	return 1 + p.P
}

// keptStudies is how many studies are kept, and how many may wait.
const keptStudies = 32

// studyKept is for how long one is given again: a list is looked at page by page,
// and orders that come meanwhile are not to move it.
const studyKept = 10 * time.Minute

// studyKey is what a study is kept by: also by who asked, so that nobody is given
// what was read for another.
type studyKey struct {
	ask    Ask
	viewer crm.Viewer
}

// job is a study that was asked for.
type job struct {
	key  studyKey
	at   time.Time
	done chan struct{}
	out  *Study
	err  error
}

// Study gives what [Service.Measure] does, from the background: ready is false
// while it is not there yet; ask again. It needs [Service.Run] to be running.
func (s *Service) Study(ctx context.Context, v crm.Viewer, a Ask) (out *Study, ready bool, err error) {
	today, err := s.today(ctx)
	if err != nil {
		return nil, false, err
	}
	if err := a.Check(today); err != nil {
		return nil, false, err
	}
	j, err := s.ask(studyKey{a, v})
	if err != nil {
		return nil, false, err
	}
	select {
	case <-j.done:
		return j.out, true, j.err
	default:
	}
	select {
	case <-j.done:
		return j.out, true, j.err
	case <-time.After(s.o.Patience):
		return nil, false, nil
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
}

// ask gives the job of a study, a new one when there is none.
func (s *Service) ask(k studyKey) (*job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.Now()
	if j := s.jobs[k]; j != nil && now.Sub(j.at) < studyKept {
		return j, nil
	}
	j := &job{key: k, at: now, done: make(chan struct{})}
	select {
	case s.queue <- j:
	default:
		return nil, crm.Unavailable(nil, "too many offers are being measured just now; try again in a minute")
	}
	s.jobs[k] = j
	s.asked = slices.DeleteFunc(s.asked, func(other studyKey) bool { return other == k })
	if s.asked = append(s.asked, k); len(s.asked) > keptStudies {
		delete(s.jobs, s.asked[0])
		s.asked = s.asked[1:]
	}
	return j, nil
}

// forget drops a study that has failed for a reason that may pass.
func (s *Service) forget(k studyKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.jobs, k)
	s.asked = slices.DeleteFunc(s.asked, func(other studyKey) bool { return other == k })
}

// work measures one offer after the other until ctx ends.
func (s *Service) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-s.queue:
			s.measure(ctx, j)
		}
	}
}

func (s *Service) measure(ctx context.Context, j *job) {
	defer close(j.done)
	within, cancel := context.WithTimeout(ctx, s.o.Longest)
	defer cancel()
	j.out, j.err = s.Measure(within, j.key.viewer, j.key.ask)
	if errors.Is(j.err, context.DeadlineExceeded) {
		j.err = crm.Unavailable(j.err, "there are too many orders around this offer to be read in %s", s.o.Longest)
	}
	switch crm.KindOf(j.err) {
	case crm.KindInvalid, crm.KindNotFound:
	default:
		if j.err != nil {
			s.forget(j.key)
		}
	}
}

// Hit is a product or a group that a text may mean.
type Hit struct {
	Product crm.Product // of a group, only Group is set
	Exact   bool        // it is called just so
}

// Search gives the products and groups that a text may mean: those that are
// called just so first, then those whose name has all its words.
func (s *Service) Search(ctx context.Context, v crm.Viewer, text string, limit int) ([]Hit, error) {
	words := crm.Tokens(text)
	if len(words) == 0 {
		return nil, nil
	}
	var exact, other []Hit
	groups := map[string]bool{}
	take := func(p crm.Product, names ...string) {
		switch {
		case slices.ContainsFunc(names, func(n string) bool { return slices.Equal(crm.Tokens(n), words) }):
			exact = append(exact, Hit{p, true})
		case len(other) < limit && Holds(strings.Join(names, " "), words):
			other = append(other, Hit{p, false})
		}
	}
	err := s.o.Store.Products(ctx, v, func(p crm.Product) error {
		if p.Group != "" && !groups[p.Group] {
			groups[p.Group] = true
			take(crm.Product{Group: p.Group}, p.Group)
		}
		take(p, p.Name, p.SKU)
		return nil
	})
	all := append(exact, other...)
	return all[:min(len(all), limit)], err
}

// Used gives what was bought most by those who used a code: what it may have been
// for.
func (s *Service) Used(ctx context.Context, v crm.Viewer, code string, limit int) ([]crm.ProductUse, error) {
	return s.o.Store.OfferProducts(ctx, v, code, limit)
}

// Holds reports that each of these words begins a word of the text.
func Holds(text string, words []string) bool {
	have := crm.Tokens(text)
	return !slices.ContainsFunc(words, func(w string) bool {
		return !slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, w) })
	})
}
