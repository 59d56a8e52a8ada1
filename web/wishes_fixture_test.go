package web

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"kaveri/crm"
)

// book is a small Wishes in memory.
type book struct {
	mu          sync.Mutex
	m           *memory
	wishes      []crm.WishRow // newest first
	proposed    []crm.WishProposal
	topics      []crm.TopicWishes
	surveys     []crm.SurveyResult
	feedback    []crm.Feedback
	recommended map[crm.ContactID]crm.ContactID
	decided     []string // "yes 5 topic"
}

func (b *book) sees(v crm.Viewer, id crm.MessageID) bool {
	b.m.mu.Lock()
	defer b.m.mu.Unlock()
	return id == 0 || b.m.sees(v, id)
}

func (b *book) AddWish(_ context.Context, v crm.Viewer, w crm.Wish) (crm.Wish, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w.ID, w.Staff, w.State = crm.WishID(b.m.id()), v.Staff, crm.WishNew
	b.wishes = slices.Insert(b.wishes, 0, crm.WishRow{Wish: w, CustomerName: "?"})
	return w, nil
}

func (b *book) StepWish(_ context.Context, _ crm.Viewer, id crm.WishID, to crm.WishState, reason string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.wishes {
		if w := &b.wishes[i]; w.ID == id {
			if err := w.State.Step(to, reason); err != nil {
				return err
			}
			w.State, w.Reason = to, reason
			return nil
		}
	}
	return crm.NotFound("no wish")
}

func (b *book) Wish(_ context.Context, v crm.Viewer, id crm.WishID) (crm.WishRow, []crm.WishStep, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.wishes {
		if w.ID == id && b.sees(v, w.Message) {
			return w, []crm.WishStep{{State: crm.WishNew, Staff: w.StaffName, At: w.At}, {State: w.State, Reason: w.Reason, At: now}}, nil
		}
	}
	return crm.WishRow{}, nil, crm.NotFound("no wish")
}

func (b *book) EditWish(_ context.Context, _ crm.Viewer, w crm.Wish) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.wishes {
		if b.wishes[i].ID == w.ID {
			b.wishes[i].Wish = w
			return nil
		}
	}
	return crm.NotFound("no wish")
}

func (b *book) Wishes(_ context.Context, v crm.Viewer, q crm.WishQuery) ([]crm.WishRow, crm.PageKey, error) {
	var out []crm.WishRow
	for _, w := range b.wishes {
		if b.sees(v, w.Message) && (q.Customer == 0 || q.Customer == w.Customer) && (len(q.States) == 0 || slices.Contains(q.States, w.State)) && (q.Kind == "" || q.Kind == w.Kind) &&
			(q.Topic == "" || crm.TopicKey(q.Topic) == crm.TopicKey(w.Topic)) && strings.Contains(strings.ToLower(w.Quote), strings.ToLower(q.Text)) {
			out = append(out, w)
		}
	}
	return page(out, func(w crm.WishRow) crm.PageKey { return crm.PageKey{At: w.At, ID: int64(w.ID)} }, q.After, q.Limit)
}

func (b *book) WishTopics(context.Context, crm.Viewer, crm.TopicOrder, int) ([]crm.TopicWishes, error) {
	return b.topics, nil
}

func (b *book) WishProposals(_ context.Context, v crm.Viewer, c crm.CustomerID, _ int) ([]crm.WishProposal, error) {
	var out []crm.WishProposal
	for _, p := range b.proposed {
		if b.sees(v, p.Message) && (c == 0 || p.Customer == c) {
			out = append(out, p)
		}
	}
	return out, nil
}

func (b *book) DecideWish(_ context.Context, _ crm.Viewer, id crm.WishID, yes bool, topic string) (crm.WishID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.proposed, func(p crm.WishProposal) bool { return p.ID == id })
	if i < 0 {
		return 0, crm.NotFound("no proposal")
	}
	p := b.proposed[i]
	b.proposed = slices.Delete(slices.Clone(b.proposed), i, i+1)
	b.decided = append(b.decided, map[bool]string{true: "yes", false: "no"}[yes]+" "+topic)
	if yes {
		b.wishes = slices.Insert(b.wishes, 0, crm.WishRow{Wish: crm.Wish{ID: crm.WishID(b.m.id()), Customer: p.Customer, Kind: p.Kind, Quote: p.Quote, Topic: topic, State: crm.WishNew, At: now}, CustomerName: p.CustomerName})
	}
	return id, nil
}

func (b *book) Recommend(_ context.Context, _ crm.Viewer, contact, by crm.ContactID) error {
	b.recommended[contact] = by
	return nil
}

func (b *book) RecommendedBy(_ context.Context, _ crm.Viewer, c crm.CustomerID) (out []crm.Recommendation, err error) {
	for contact, by := range b.recommended {
		if cu, k := b.m.contact(contact); cu != nil && cu.ID == c {
			if _, from := b.m.contact(by); from != nil {
				out = append(out, crm.Recommendation{Contact: k.ID, By: by, ByName: from.Name})
			}
		}
	}
	return out, nil
}

func (b *book) AddSurvey(_ context.Context, _ crm.Viewer, n crm.Survey) (crm.Survey, error) {
	if err := n.Validate(); err != nil {
		return n, err
	}
	n.ID = crm.SurveyID(b.m.id())
	b.surveys = append(b.surveys, crm.SurveyResult{Survey: n})
	return n, nil
}

func (b *book) CloseSurvey(_ context.Context, _ crm.Viewer, id crm.SurveyID) error {
	for i := range b.surveys {
		if b.surveys[i].ID == id {
			b.surveys[i].Closed = now
		}
	}
	return nil
}

func (b *book) Surveys(context.Context, crm.Viewer) (out []crm.Survey, err error) {
	for _, r := range b.surveys {
		out = append(out, r.Survey)
	}
	return out, nil
}

func (b *book) SurveyResults(_ context.Context, _ crm.Viewer, id crm.SurveyID) (crm.SurveyResult, error) {
	for _, r := range b.surveys {
		if r.ID == id {
			return r, nil
		}
	}
	return crm.SurveyResult{}, crm.NotFound("no survey")
}

func (b *book) Feedback(context.Context, crm.Viewer, crm.PageKey, int) ([]crm.Feedback, crm.PageKey, error) {
	return b.feedback, crm.PageKey{}, nil
}

func (b *book) SeenFeedback(_ context.Context, _ crm.Viewer, id int64) error {
	for i := range b.feedback {
		if b.feedback[i].ID == id {
			b.feedback[i].Seen = true
		}
	}
	return nil
}

// fill writes down what the customers of the company wish.
func (b *book) fill() {
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	day := crm.DayOf(time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC))
	row := func(id crm.WishID, c crm.CustomerID, name string, kind crm.WishKind, state crm.WishState, topic, quote string, d time.Duration, rung crm.Rung, value crm.Money) crm.WishRow {
		return crm.WishRow{Wish: crm.Wish{ID: id, Customer: c, Kind: kind, State: state, Topic: topic, Quote: quote, At: ago(d)}, CustomerName: name, StaffName: "Sari Koskinen", Rung: rung, Value: value, LastSeen: ago(35 * time.Minute)}
	}
	b.wishes = []crm.WishRow{
		row(701, 11, "Aino Virtanen", crm.WishWish, crm.WishNew, "Pyörät", "Toive: pyörät valmiiksi rannassa.", 27*time.Hour, crm.RungLoyal, 12_400_000),
		row(702, 12, "Baltic Sea Walks Ltd", crm.WishWish, crm.WishPromised, "Group saunas", "It would be great if the sauna could take all eighteen of us at once, =SUM(A1) or not.", 30*time.Hour, crm.RungFrequent, 88_000_000),
		row(703, 11, "Aino Virtanen", crm.WishProblem, crm.WishDone, "Esteettömyys", "Äidin huoneessa oli kaksi porrasta.", 9*24*time.Hour, crm.RungLoyal, 12_400_000),
		row(704, 11, "Aino Virtanen", crm.WishPreference, crm.WishNew, "Ruoka", "Pähkinäallergia perheen nuorimmalla.", 40*24*time.Hour, crm.RungLoyal, 12_400_000),
	}
	b.wishes[0].NotBefore, b.wishes[1].ProductName, b.wishes[1].Reason = day, "Smoke sauna", "from May on"
	b.proposed = []crm.WishProposal{
		{ID: 801, Saying: crm.Saying{Kind: crm.WishQuestion, Quote: "Onko rannassa vene, jota voi lainata?"}, Topic: "Veneet", Customer: 11, CustomerName: "Aino Virtanen", Message: 101, At: ago(35 * time.Minute)},
		{ID: 802, Saying: crm.Saying{Kind: crm.WishWish, Quote: "Kunpa esteetön huone löytyisi samasta pihapiiristä, mutta ei ennen maaliskuuta.", NotBefore: day}, Customer: 11, CustomerName: "Aino Virtanen", Message: 101, At: ago(35 * time.Minute)},
	}
	b.topics = []crm.TopicWishes{{Topic: "Pyörät", Wishes: 3, Customers: 2, Loyal: 1, Weight: 7, Value: 22_400_000}, {Topic: "Group saunas", Wishes: 1, Customers: 1, Weight: 3, Value: 88_000_000}, {Wishes: 2, Customers: 2, Weight: 2}}
	b.surveys = []crm.SurveyResult{
		{Survey: crm.Survey{ID: 901, Name: "after-visit", Kind: crm.SurveyNPS, Question: map[string]string{"en": "Would you recommend us to a friend?", "fi": "Suosittelisitko meitä ystävällesi?"}}, Counts: [11]int{0: 1, 5: 4, 6: 10, 7: 20, 8: 20, 9: 15, 10: 30},
			Said: []crm.Vote{{Score: 10, Words: "Opas oli mahtava.", Customer: 11, Contact: "Aino Virtanen", At: ago(24 * time.Hour)}}},
		{Survey: crm.Survey{ID: 902, Name: "ferry", Kind: crm.SurveyCSAT, Question: map[string]string{"": "Oliko lautta ajallaan?"}}, Counts: [11]int{3: 1, 5: 4}},
		{Survey: crm.Survey{ID: 903, Name: "food", Kind: crm.SurveyCSAT, Question: map[string]string{"": "Maistuiko ruoka?"}, Closed: ago(time.Hour)}},
	}
	b.feedback = []crm.Feedback{{ID: 951, Name: "A. Virtanen", Address: "aino.virtanen@postia.example", Words: "Lautta lähti etuajassa.\nMuuten hienoa!", Customer: 11, At: ago(3 * time.Hour)}, {ID: 952, Words: "Enemmän kasvisruokaa.", At: ago(50 * time.Hour), Seen: true}}
}
