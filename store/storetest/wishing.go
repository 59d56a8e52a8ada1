package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// quotes tells wishes as "state kind: quote".
func quotes(list []crm.WishRow) (told []string) {
	for _, w := range list {
		told = append(told, fmt.Sprintf("%s %s: %s", w.State, w.Kind, w.Quote))
	}
	return told
}

func (w *world) wishes(v crm.Viewer, q crm.WishQuery, want ...string) []crm.WishRow {
	w.Helper()
	var all []crm.WishRow
	for {
		list, next, err := w.s.Wishes(w.ctx, v, q)
		w.check(err)
		all = append(all, list...)
		if q.After = next; next == (crm.PageKey{}) {
			break
		}
	}
	if got := quotes(all); !equal(got, want) {
		w.Errorf("%+v: %q, want %q", q, got, want)
	}
	return all
}

func (w *world) wish(of crm.Customer, what crm.Wish) crm.Wish {
	w.Helper()
	what.Customer = of.ID
	kept, err := w.s.AddWish(w.ctx, w.anna, what)
	w.check(err)
	return kept
}

// unranked gives who is to be ranked, and forgets it.
func (w *world) unranked() []crm.CustomerID {
	w.Helper()
	ids, err := w.s.Unranked(w.ctx, 10)
	w.check(err)
	var all []crm.Ranked
	for _, id := range ids {
		all = append(all, crm.Ranked{Customer: id, Standing: crm.Standing{Day: today, Rung: crm.RungContact}})
	}
	w.check(w.s.SaveStandings(w.ctx, all))
	return ids
}

func testWishes(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")
	w.orders(store.OrderOptions{}, order("1", "carl@home.example", "10.00", "1 tea 10.00"))
	w.unranked()
	at := time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)
	blue := w.wish(dora, crm.Wish{Quote: "wants blue, not before March", Topic: "Blue covers", At: at})
	if blue.NotBefore.String() != "2026-03-01" || blue.State != crm.WishNew || blue.Staff != w.anna.Staff {
		t.Errorf("kept as %+v", blue)
	}
	if again := w.wish(dora, crm.Wish{Quote: "wants blue, not before March", Topic: "Blue covers", At: at}); again.ID != blue.ID {
		t.Errorf("the same words are two wishes: %d and %d", blue.ID, again.ID)
	}
	tea := w.wish(carl, crm.Wish{Quote: "More tea", Topic: "Fine tea", Strength: crm.StrengthMust, Asked: w.pekka.Staff, At: at.Add(time.Hour)})
	if tea.Product == 0 {
		t.Error("the product that the topic names is not found")
	}
	zip := w.wish(dora, crm.Wish{Quote: "The zip is broken", Kind: crm.WishProblem, At: at.Add(2 * time.Hour)})
	if got := w.unranked(); fmt.Sprint(got) != fmt.Sprint([]crm.CustomerID{dora.ID}) {
		t.Errorf("to be ranked: %v", got)
	}

	w.wishes(w.pekka, crm.WishQuery{Limit: 1}, "new problem: The zip is broken", "new wish: More tea", "new wish: wants blue, not before March")
	rows := w.wishes(w.pekka, crm.WishQuery{Customer: carl.ID}, "new wish: More tea")
	if r := rows[0]; r.CustomerName != "Carl" || r.StaffName != "Anna" || r.AskedName != "Pekka" || r.ProductName != "Fine tea" || r.LastSeen.IsZero() {
		t.Errorf("Carl's wish: %+v", r)
	}
	w.wishes(w.pekka, crm.WishQuery{Topic: "blue  COVERS"}, "new wish: wants blue, not before March")
	w.wishes(w.pekka, crm.WishQuery{Text: "cover blu"}, "new wish: wants blue, not before March")
	w.wishes(w.pekka, crm.WishQuery{Text: "?"})
	w.wishes(w.pekka, crm.WishQuery{Kind: crm.WishProblem, States: crm.OpenWishStates}, "new problem: The zip is broken")
	w.wishes(crm.Viewer{}, crm.WishQuery{})

	// Steps, and their history.
	w.refused(s.StepWish(w.ctx, w.anna, zip.ID, crm.WishTold, ""), crm.KindConflict, "state")
	w.refused(s.StepWish(w.ctx, w.anna, zip.ID, crm.WishDeclined, ""), crm.KindInvalid, "reason")
	w.refused(s.StepWish(w.ctx, crm.Viewer{}, zip.ID, crm.WishDone, ""), crm.KindForbidden, "")
	w.refused(s.StepWish(w.ctx, w.anna, 1<<40, crm.WishDone, ""), crm.KindNotFound, "")
	w.check(s.StepWish(w.ctx, w.pekka, zip.ID, crm.WishPromised, "by Friday"))
	w.check(s.StepWish(w.ctx, w.anna, zip.ID, crm.WishDone, ""))
	if got := w.unranked(); len(got) != 1 {
		t.Errorf("to be ranked: %v", got)
	}
	told := w.wishes(w.anna, crm.WishQuery{States: []crm.WishState{crm.WishDone}}, "done problem: The zip is broken")
	if told[0].Done.IsZero() {
		t.Error("when it was done is not kept")
	}
	w.check(s.StepWish(w.ctx, w.anna, zip.ID, crm.WishPromised, "it tore again"))
	row, steps, err := s.Wish(w.ctx, w.anna, zip.ID)
	w.check(err)
	if !row.Done.IsZero() || row.Reason != "it tore again" || len(steps) != 4 || steps[1].State != crm.WishPromised || steps[1].Staff != "Pekka" || steps[1].Reason != "by Friday" {
		t.Errorf("%+v went %+v", row, steps)
	}

	// What it says can be changed, and is found by the new words.
	edited := row.Wish
	edited.Kind, edited.Topic, edited.Quote = crm.WishPreference, "Zips", "Metal zips"
	w.check(s.EditWish(w.ctx, w.anna, edited))
	if got := w.unranked(); len(got) != 1 {
		t.Errorf("to be ranked: %v", got)
	}
	w.wishes(w.anna, crm.WishQuery{Text: "metal zips"}, "promised preference: Metal zips")
	w.wishes(w.anna, crm.WishQuery{Text: "broken"})

	_, err = s.AddWish(w.ctx, crm.Viewer{}, crm.Wish{Customer: dora.ID, Quote: "x"})
	w.refused(err, crm.KindForbidden, "")
	_, err = s.AddWish(w.ctx, w.anna, crm.Wish{Customer: dora.ID, Contact: carl.Contacts[0].ID, Quote: "x"})
	w.refused(err, crm.KindInvalid, "contact")
	_, err = s.AddWish(w.ctx, w.anna, crm.Wish{Customer: 1 << 40, Quote: "x"})
	w.refused(err, crm.KindNotFound, "")

	testWishMerge(w, dora, carl)
}

// Merged, wishes are the kept customer's, and go back.
func testWishMerge(w *world, dora, carl crm.Customer) {
	w.Helper()
	merge, err := w.s.Merge(w.ctx, w.anna, dora.ID, carl.ID, true)
	w.check(err)
	w.wishes(w.anna, crm.WishQuery{Customer: dora.ID}, "promised preference: Metal zips", "new wish: More tea", "new wish: wants blue, not before March")
	var seen []string
	for _, it := range w.timeline(w.anna, dora.ID, 1) {
		if it.Wish != nil {
			seen = append(seen, it.Kind+" "+it.Wish.Quote)
		}
	}
	if !equal(seen, []string{"wish Metal zips", "wish More tea", "wish wants blue, not before March"}) {
		w.Errorf("the timeline has %q", seen)
	}
	w.check(w.s.Unmerge(w.ctx, w.anna, merge))
	w.wishes(w.anna, crm.WishQuery{Customer: carl.ID}, "new wish: More tea")
}

func testWishTopics(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl, eve := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example"), w.customer("Eve", "eve@home.example")
	stand := func(c crm.Customer, rung crm.Rung, value string) {
		w.check(s.SaveStandings(w.ctx, []crm.Ranked{{Customer: c.ID, Standing: crm.Standing{Day: today, Rung: rung}, Value: money(value)}}))
	}
	stand(dora, crm.RungLoyal, "100.00")
	stand(carl, crm.RungOneTime, "500.00")
	for i, q := range []string{"a", "b", "c"} {
		w.wish(carl, crm.Wish{Quote: q, Topic: "Cheaper", At: time.Unix(int64(1_700_000_000+i), 0)})
	}
	w.wish(dora, crm.Wish{Quote: "blue", Topic: "Blue"})
	w.wish(eve, crm.Wish{Quote: "blue too", Topic: "BLUE"})
	w.wish(eve, crm.Wish{Quote: "thanks", Kind: crm.WishPraise, Topic: "Staff"})
	w.wish(eve, crm.Wish{Quote: "for the summer of 1970", Topic: "Summer", ExpiresOn: 200})
	done := w.wish(eve, crm.Wish{Quote: "red", Topic: "Red"})
	w.check(s.StepWish(w.ctx, w.anna, done.ID, crm.WishDone, ""))
	tell := func(by crm.TopicOrder) (told []string) {
		list, err := s.WishTopics(w.ctx, w.pekka, by, 10)
		w.check(err)
		for _, p := range list {
			told = append(told, fmt.Sprintf("%s %d of %d (%d loyal) %d %s", crm.TopicKey(p.Topic), p.Wishes, p.Customers, p.Loyal, p.Weight, p.Value))
		}
		return told
	}
	blue, cheap := "blue 2 of 2 (1 loyal) 5 100.00", "cheaper 3 of 1 (0 loyal) 1 500.00"
	if got := tell(crm.TopicsByWeight); !equal(got, []string{blue, cheap}) {
		t.Errorf("by weight: %q", got)
	}
	if got := tell(crm.TopicsByValue); !equal(got, []string{cheap, blue}) {
		t.Errorf("by value: %q", got)
	}
	if got := tell(crm.TopicsByCount); !equal(got, []string{cheap, blue}) {
		t.Errorf("by count: %q", got)
	}
	_, err := s.WishTopics(w.ctx, w.pekka, "hue", 10)
	w.refused(err, crm.KindInvalid, "order")
}

// says reads a mail as if its author had said this.
func (w *world) says(m crm.MessageID, sayings ...crm.Saying) {
	w.Helper()
	w.check(w.s.Enrich(w.ctx, []crm.Reading{{ID: m, Sayings: sayings}}))
}

func testWishProposals(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")
	w.wish(carl, crm.Wish{Quote: "a hut", Topic: "Lake huts"})
	proposed := func(v crm.Viewer, c crm.CustomerID, want ...string) []crm.WishProposal {
		t.Helper()
		list, err := s.WishProposals(w.ctx, v, c, 10)
		w.check(err)
		var got []string
		for _, p := range list {
			got = append(got, fmt.Sprintf("%s %s: %s [%s]", p.CustomerName, p.Kind, p.Quote, p.Topic))
		}
		if !equal(got, want) {
			t.Errorf("proposed %q, want %q", got, want)
		}
		return list
	}
	m := w.arrives(letter{From: "dora@acme.example", To: "anna@kaukoranta.example, carl@home.example", Subject: "s", Text: "Hello. I wish for lakeside huts."}, w.anna)
	w.says(m, crm.Saying{Kind: crm.WishWish, Quote: "I wish for lake huts.", Place: 7}, crm.Saying{Kind: crm.WishSwitch, Quote: "Or we go.", Place: 40, NotBefore: 20600})
	w.says(m, crm.Saying{Kind: crm.WishWish, Quote: "read twice", Place: 7})
	list := proposed(w.pekka, dora.ID, "Dora wish: I wish for lake huts. [Lake huts]", "Dora switch: Or we go. []")
	proposed(w.pekka, 0, "Dora wish: I wish for lake huts. [Lake huts]", "Dora switch: Or we go. []")
	proposed(w.pekka, carl.ID)

	// A private mail's are for those who may see it, and so is what becomes of them.
	w.check(s.SetPrivate(w.ctx, w.anna, m, true))
	proposed(w.pekka, dora.ID)
	_, err := s.DecideWish(w.ctx, w.pekka, list[0].ID, true, "")
	w.refused(err, crm.KindNotFound, "")
	w.unranked()
	made, err := s.DecideWish(w.ctx, w.anna, list[1].ID, true, "Price")
	w.check(err)
	if got := w.unranked(); fmt.Sprint(got) != fmt.Sprint([]crm.CustomerID{dora.ID}) {
		t.Errorf("to be ranked: %v", got)
	}
	w.wishes(w.pekka, crm.WishQuery{Customer: dora.ID})
	w.wishes(w.ritva, crm.WishQuery{Text: "go"})
	row := w.wishes(w.anna, crm.WishQuery{Topic: "price"}, "new switch: Or we go.")[0]
	if row.ID != made || row.Message != m || row.Place != 40 || row.NotBefore != 20600 || row.ContactName != "Dora" || !row.At.Equal(w.clock) {
		t.Errorf("made of it: %+v", row)
	}
	_, _, err = s.Wish(w.ctx, w.pekka, made)
	w.refused(err, crm.KindNotFound, "")
	w.refused(s.StepWish(w.ctx, w.pekka, made, crm.WishDone, ""), crm.KindNotFound, "")
	_, err = s.AddWish(w.ctx, w.pekka, crm.Wish{Customer: dora.ID, Message: m, Quote: "x"})
	w.refused(err, crm.KindNotFound, "")
	for _, v := range []crm.Viewer{w.pekka, w.anna} {
		n := 0
		for _, it := range w.timeline(v, dora.ID, 10) {
			if it.Wish != nil {
				n++
			}
		}
		if want := map[bool]int{true: 1}[v.Staff == w.anna.Staff]; n != want {
			t.Errorf("staff %d sees %d wishes on the timeline, want %d", v.Staff, n, want)
		}
	}
	if topics, err := s.WishTopics(w.ctx, w.pekka, crm.TopicsByCount, 10); err != nil || len(topics) != 1 {
		t.Errorf("topics: %+v, %v", topics, err)
	}

	_, err = s.DecideWish(w.ctx, w.anna, list[0].ID, false, "")
	w.check(err)
	_, err = s.DecideWish(w.ctx, w.anna, list[0].ID, true, "")
	w.refused(err, crm.KindNotFound, "")
	proposed(w.anna, 0)

	// A stranger's mail says nothing of anybody until a colleague says whose it is.
	stray := w.arrives(letter{From: "x@else.example", To: "anna@kaukoranta.example", Subject: "t", Text: "I wish."}, w.anna)
	w.says(stray, crm.Saying{Kind: crm.WishWish, Quote: "I wish."})
	proposed(w.anna, 0)
	w.check(s.Correct(w.ctx, w.anna, stray, carl.Contacts[0].ID, true))
	proposed(w.anna, 0, "Carl wish: I wish. []")
}

func testWishEvents(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	events := s.Subscribe(ctx)
	w.wish(dora, crm.Wish{Quote: "blue"})
	if e := <-events; e != (crm.Event{Kind: "wish", Customer: dora.ID}) {
		t.Errorf("told of %+v", e)
	}
}

func testSurveys(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	nps, err := s.AddSurvey(w.ctx, w.anna, crm.Survey{Name: "visit", Kind: crm.SurveyNPS, Question: map[string]string{"en": "Would you?", "fi": "Suosittelisitko?"}})
	w.check(err)
	_, err = s.AddSurvey(w.ctx, w.anna, crm.Survey{Name: "Visit", Kind: crm.SurveyCSAT, Question: map[string]string{"": "Well?"}})
	w.refused(err, crm.KindConflict, "name")
	if list, err := s.Surveys(w.ctx, w.pekka); err != nil || len(list) != 1 || list[0].In("fi") != "Suosittelisitko?" || list[0].Votes != 0 {
		t.Errorf("surveys: %+v, %v", list, err)
	}
	if id, err := s.SurveyID(w.ctx, "visit"); err != nil || id != nps.ID {
		t.Errorf("by its name: %d, %v", id, err)
	}
	p := w.post("dora@acme.example", "x@else.example")
	d, e := p.to["dora@acme.example"], p.to["x@else.example"]
	now := time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)
	post := func(d crm.DispatchID, score, second int, words string) {
		t.Helper()
		w.check(s.Ballot(w.ctx, d, nps.ID, crm.Ballot{Score: score, Posted: true, At: now.Add(time.Duration(second) * time.Second)}, words))
	}
	results := func(want string) crm.SurveyResult {
		t.Helper()
		r, err := s.SurveyResults(w.ctx, w.pekka, nps.ID)
		w.check(err)
		if got := fmt.Sprint(r.Counts); got != want {
			t.Errorf("answers %s, want %s", got, want)
		}
		return r
	}
	w.unranked()
	w.check(s.Ballot(w.ctx, d, nps.ID, crm.Ballot{Score: 9, At: now}, ""))
	results("[0 0 0 0 0 0 0 0 0 0 0]") // opening votes for nothing
	post(d, 9, 3, "")
	post(d, 10, 60, "Lovely guide")
	post(d, 10, 61, "Lovely guide") // sent twice
	r := results("[0 0 0 0 0 0 0 0 0 0 1]")
	if len(r.Said) != 1 || r.Said[0].Words != "Lovely guide" || r.Said[0].Customer != dora.ID {
		t.Errorf("said: %+v", r.Said)
	}
	if got := w.unranked(); fmt.Sprint(got) != fmt.Sprint([]crm.CustomerID{dora.ID}) {
		t.Errorf("to be ranked: %v", got)
	}
	post(e, 0, 0, "")
	post(e, 1, 1, "") // a scanner presses each
	results("[0 0 0 0 0 0 0 0 0 0 1]")
	w.refused(s.Ballot(w.ctx, d, nps.ID, crm.Ballot{Score: 11, Posted: true}, ""), crm.KindInvalid, "score")
	w.refused(s.Ballot(w.ctx, d, 1<<40, crm.Ballot{Score: 1, Posted: true}, ""), crm.KindNotFound, "")
	items := w.timeline(w.pekka, dora.ID, 10)
	if len(items) != 1 || items[0].Kind != "vote" || items[0].Vote.Score != 10 {
		t.Errorf("the timeline has %+v", items)
	}
	w.check(s.CloseSurvey(w.ctx, w.anna, nps.ID))
	w.refused(s.CloseSurvey(w.ctx, w.anna, nps.ID), crm.KindNotFound, "")
	post(d, 0, 600, "")
	results("[0 0 0 0 0 0 0 0 0 0 1]")
}

func testFeedback(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora := w.customer("Dora", "dora@acme.example")
	w.check(s.AddFeedback(w.ctx, crm.Feedback{Name: "D", Address: "DORA@acme.example", Words: "Thanks!"}))
	w.check(s.AddFeedback(w.ctx, crm.Feedback{Words: "Anonymous"}))
	w.refused(s.AddFeedback(w.ctx, crm.Feedback{}), crm.KindInvalid, "words")
	first, next, err := s.Feedback(w.ctx, w.pekka, crm.PageKey{}, 1)
	w.check(err)
	rest, _, err := s.Feedback(w.ctx, w.pekka, next, 1)
	w.check(err)
	if len(first) != 1 || len(rest) != 1 || first[0].Words != "Anonymous" || rest[0].Customer != dora.ID || rest[0].Seen {
		t.Fatalf("came in: %+v, %+v", first, rest)
	}
	if items := w.timeline(w.pekka, dora.ID, 10); len(items) != 1 || items[0].Kind != "feedback" || items[0].Feedback.Words != "Thanks!" {
		t.Errorf("the timeline has %+v", items)
	}
	w.check(s.SeenFeedback(w.ctx, w.anna, rest[0].ID))
	w.refused(s.SeenFeedback(w.ctx, w.anna, rest[0].ID), crm.KindNotFound, "")
	_, _, err = s.Feedback(w.ctx, crm.Viewer{}, crm.PageKey{}, 1)
	w.refused(err, crm.KindForbidden, "")
}

func testRecommend(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	dora, carl := w.customer("Dora", "dora@acme.example"), w.customer("Carl", "carl@home.example")
	w.unranked()
	came, by := carl.Contacts[0].ID, dora.Contacts[0].ID
	w.check(s.Recommend(w.ctx, w.anna, came, by))
	if got := w.unranked(); fmt.Sprint(got) != fmt.Sprint([]crm.CustomerID{dora.ID}) {
		t.Errorf("to be ranked: %v", got)
	}
	if list, err := s.RecommendedBy(w.ctx, w.pekka, carl.ID); err != nil || len(list) != 1 || list[0].ByName != "Dora" || list[0].Customer != dora.ID || list[0].Contact != came {
		t.Errorf("came by: %+v, %v", list, err)
	}
	w.refused(s.Recommend(w.ctx, w.anna, came, came), crm.KindInvalid, "recommended by")
	w.refused(s.Recommend(w.ctx, w.anna, by, came), crm.KindInvalid, "recommended by") // in a circle nobody came by anybody's word
	w.refused(s.Recommend(w.ctx, w.anna, came, 1<<40), crm.KindNotFound, "")
	w.check(s.Recommend(w.ctx, w.anna, came, 0))
	if got := w.unranked(); len(got) != 1 {
		t.Errorf("to be ranked: %v", got)
	}
	if list, err := s.RecommendedBy(w.ctx, w.pekka, carl.ID); err != nil || len(list) != 0 {
		t.Errorf("taken back: %+v, %v", list, err)
	}
}
