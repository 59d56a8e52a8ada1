package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"kaveri/crm"
	"kaveri/crm/sheet"
)

// Wishes is what the pages read and change of wishes, surveys and feedback. Every
// read takes a viewer: a wish quoted from a private mail is for those who may
// see that mail.
type Wishes interface {
	// AddWish keeps a wish; the same words of the same time are the one there is.
	AddWish(ctx context.Context, v crm.Viewer, w crm.Wish) (crm.Wish, error)
	// StepWish takes a wish to another state; [crm.KindConflict] when it cannot go there.
	StepWish(ctx context.Context, v crm.Viewer, id crm.WishID, to crm.WishState, reason string) error
	// Wish gives a wish with the steps that it went, the oldest first.
	Wish(ctx context.Context, v crm.Viewer, id crm.WishID) (crm.WishRow, []crm.WishStep, error)
	// EditWish changes what a wish says, but not whose it is or its state.
	EditWish(ctx context.Context, v crm.Viewer, w crm.Wish) error
	Wishes(ctx context.Context, v crm.Viewer, q crm.WishQuery) ([]crm.WishRow, crm.PageKey, error)
	// WishTopics sums what is open by topic, the largest first.
	WishTopics(ctx context.Context, v crm.Viewer, by crm.TopicOrder, limit int) ([]crm.TopicWishes, error)
	// WishProposals gives what mails say and nobody has decided about, of a
	// customer or of all with 0; DecideWish makes a wish of one, or dismisses it.
	WishProposals(ctx context.Context, v crm.Viewer, c crm.CustomerID, limit int) ([]crm.WishProposal, error)
	DecideWish(ctx context.Context, v crm.Viewer, id crm.WishID, yes bool, topic string) (crm.WishID, error)
	// Recommend says by whose word a contact came, 0 by nobody's.
	Recommend(ctx context.Context, v crm.Viewer, contact, by crm.ContactID) error
	RecommendedBy(ctx context.Context, v crm.Viewer, c crm.CustomerID) ([]crm.Recommendation, error)

	AddSurvey(ctx context.Context, v crm.Viewer, n crm.Survey) (crm.Survey, error)
	CloseSurvey(ctx context.Context, v crm.Viewer, id crm.SurveyID) error
	Surveys(ctx context.Context, v crm.Viewer) ([]crm.Survey, error)
	SurveyResults(ctx context.Context, v crm.Viewer, id crm.SurveyID) (crm.SurveyResult, error)
	// Feedback gives what came by the public form, newest first.
	Feedback(ctx context.Context, v crm.Viewer, after crm.PageKey, limit int) ([]crm.Feedback, crm.PageKey, error)
	SeenFeedback(ctx context.Context, v crm.Viewer, id int64) error
}

// WishesPage is the register of wishes.
type WishesPage struct {
	Shell
	Asks   []WishAsk
	Tell   []WishLine // done, and they do not know
	Topics []TopicLine
	By     crm.TopicOrder
	Rows   []WishLine
	Filter WishFilter
	Next   string // address of the next page
	Files  Files
	Faults Faults
	Alone  bool // a page of the list further down: nothing but the list
}

// WishFilter is what the list is narrowed to.
type WishFilter struct {
	Text, State, Kind, Topic string
	States, Kinds            []WishOption
}

// WishOption is one choice of a list.
type WishOption struct {
	Value, Label string
	Chosen       bool
}

// WishAsk is a proposal, in words.
type WishAsk struct {
	crm.WishProposal
	Title  string // "Aino Virtanen: wish?"
	What   string // "Wish?"
	From   string // "From a mail of 3 May"
	Before string // "not before 1 March", "" for any time
	Back   string // the page to come back to
}

// WishLine is a wish in a list, in words.
type WishLine struct {
	crm.WishRow
	What   string // its kind
	Status string
	Tone   string
	Before string
	Until  string // "of no interest after 1 May", "" for any time
	Force  string // how much it is wanted
	When   Stamp
	Last   Stamp
	Worth  string // "LOYAL · € 1,200 awaited"
	Moves  []WishOption
	Back   string
}

// TopicLine is a row of the table of topics.
type TopicLine struct {
	crm.TopicWishes
	Address string // the open wishes on it
	Worth   string
}

const (
	wishesPerPage = 40
	asksPerPage   = 20
	tellPerPage   = 30
	topicsPerPage = 30
)

func (s *Server) wishesPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showWishes(w, r, c, Faults{}, http.StatusOK)
}

func (s *Server) showWishes(w http.ResponseWriter, r *http.Request, c *call, f Faults, status int) error {
	ctx, q := r.Context(), r.URL.Query()
	if r.Method == http.MethodPost { // what was filtered stands in the page's own address
		q = url.Values{}
	}
	query, err := wishQuery(q)
	if err != nil {
		return err
	}
	p := WishesPage{Shell: s.shell(c, "wishes", c.t("wishes.title")), Faults: f, By: crm.TopicOrder(q.Get("by")), Alone: query.After != crm.PageKey{}}
	if p.By != crm.TopicsByValue && p.By != crm.TopicsByCount {
		p.By = crm.TopicsByWeight
	}
	if !p.Alone {
		if err := s.wishesAbove(ctx, c, &p); err != nil {
			return err
		}
	}
	rows, next, err := s.Wishes.Wishes(ctx, c.viewer, query)
	if err != nil {
		return err
	}
	p.Rows, p.Filter = c.wishLines(rows, "/wishes"), c.wishFilter(q)
	q.Del("after")
	q.Del("done")
	p.Files = filesOf("/wishes", q.Encode())
	if (next != crm.PageKey{}) {
		q.Set("after", formatKey(next))
		p.Next = "/wishes?" + q.Encode() + "#all"
	}
	s.render(w, r, c, status, "wishes", p)
	return nil
}

// wishesAbove reads what stands above the list.
func (s *Server) wishesAbove(ctx context.Context, c *call, p *WishesPage) error {
	asks, err := s.Wishes.WishProposals(ctx, c.viewer, 0, asksPerPage)
	if err != nil {
		return err
	}
	p.Asks = c.wishAsks(asks, "/wishes")
	done, _, err := s.Wishes.Wishes(ctx, c.viewer, crm.WishQuery{States: []crm.WishState{crm.WishDone}, Limit: tellPerPage})
	if err != nil {
		return err
	}
	p.Tell = c.wishLines(done, "/wishes")
	topics, err := s.Wishes.WishTopics(ctx, c.viewer, p.By, topicsPerPage)
	for _, t := range topics {
		l := TopicLine{TopicWishes: t, Worth: c.money(t.Value)}
		if t.Topic != "" {
			l.Address = "/wishes?" + url.Values{"state": {"open"}, "topic": {t.Topic}}.Encode() + "#all"
		}
		p.Topics = append(p.Topics, l)
	}
	return err
}

// wishQuery reads what the list is narrowed to. What no list knows narrows
// nothing.
func wishQuery(q url.Values) (crm.WishQuery, error) {
	after, err := parseKey(q.Get("after"))
	w := crm.WishQuery{Topic: q.Get("topic"), Text: q.Get("text"), After: after, Limit: wishesPerPage}
	if k := crm.WishKind(q.Get("kind")); slices.Contains(crm.WishKinds, k) {
		w.Kind = k
	}
	switch st := crm.WishState(q.Get("state")); {
	case st == "open":
		w.States = crm.OpenWishStates
	case slices.Contains(crm.WishStates, st):
		w.States = []crm.WishState{st}
	}
	return w, err
}

func (c *call) wishFilter(q url.Values) WishFilter {
	f := WishFilter{Text: q.Get("text"), State: q.Get("state"), Kind: q.Get("kind"), Topic: q.Get("topic")}
	f.States = []WishOption{{"", c.t("wishes.all-states"), f.State == ""}, {"open", c.t("wishes.open"), f.State == "open"}}
	for _, st := range crm.WishStates[2:] {
		f.States = append(f.States, WishOption{string(st), c.t(Key("wish.state." + string(st))), f.State == string(st)})
	}
	f.Kinds = []WishOption{{"", c.t("wishes.all-kinds"), f.Kind == ""}}
	for _, k := range crm.WishKinds {
		f.Kinds = append(f.Kinds, WishOption{string(k), c.t(Key("wish.kind." + string(k))), f.Kind == string(k)})
	}
	return f
}

func (c *call) wishAsks(ps []crm.WishProposal, back string) []WishAsk {
	var out []WishAsk
	for _, p := range ps {
		kind := c.t(Key("wish.kind." + string(p.Kind)))
		out = append(out, WishAsk{WishProposal: p, What: capital(kind) + "?", Back: back, Before: c.notBefore(p.NotBefore),
			Title: c.t("wish.ask", p.CustomerName, kind), From: c.t("wish.from-mail", c.clock.date(p.At.In(c.clock.loc)))})
	}
	return out
}

func (c *call) notBefore(d crm.Day) string {
	if d == 0 {
		return ""
	}
	return c.t("wish.not-before", c.clock.date(d.Time()))
}

// wishTones are the colours of states.
var wishTones = map[crm.WishState]string{crm.WishNew: "wait", crm.WishConsidering: "wait", crm.WishPromised: "wait", crm.WishDone: "good", crm.WishTold: "good"}

func (c *call) wishLines(rows []crm.WishRow, back string) []WishLine {
	var out []WishLine
	for _, w := range rows {
		l := WishLine{WishRow: w, Back: back, What: c.t(Key("wish.kind." + string(w.Kind))), Status: c.t(Key("wish.state." + string(w.State))), Tone: wishTones[w.State],
			Before: c.notBefore(w.NotBefore), When: c.clock.stamp(w.At), Last: c.clock.ago(w.LastSeen)}
		if w.Strength != "" {
			l.Force = c.t(Key("wish.strength." + string(w.Strength)))
		}
		if w.ExpiresOn != 0 {
			l.Until = c.t("wish.until", c.day(w.ExpiresOn))
			if w.State.Open() && w.ExpiresOn < crm.DayOf(c.clock.now.In(c.clock.loc)) {
				l.Status, l.Tone = c.t("wish.expired"), ""
			}
		}
		if w.Rung != "" {
			rung := string(w.Rung)
			if k := Key("rung." + rung); words[k].has() {
				rung = c.t(k)
			}
			l.Worth = c.t("wish.worth", rung, c.money(w.Value))
		}
		for _, st := range w.State.Next() {
			l.Moves = append(l.Moves, WishOption{Value: string(st), Label: c.t(Key("wish.move." + string(st)))})
		}
		out = append(out, l)
	}
	return out
}

// money writes an amount of the firm's currency without its cents.
func (c *call) money(m crm.Money) string {
	currency := c.firm.Currency
	if currency == "" {
		currency = "EUR"
	}
	whole := number(c.lang, int64(m)/10_000)
	if c.lang == "fi" {
		return whole + "\u00a0" + currency
	}
	return currency + "\u00a0" + whole
}

// decideWish answers a proposal.
func (s *Server) decideWish(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.WishID](r, "id", "proposal")
	if err != nil {
		return err
	}
	answer, done := r.PostFormValue("answer"), map[string]string{"yes": "wish-confirmed", "no": "wish-dismissed"}
	if done[answer] == "" {
		return crm.Invalid("answer", "answer with yes or no")
	}
	back := wishBack(r)
	_, err = s.Wishes.DecideWish(r.Context(), c.viewer, id, answer == "yes", r.PostFormValue("topic"))
	if err != nil && crm.KindOf(err) == crm.KindNotFound {
		return go303(w, r, back, "answered-before")
	}
	if err != nil {
		return s.wishFault(w, r, c, err)
	}
	return go303(w, r, back, done[answer])
}

// wishBack gives the page that a form came from.
func wishBack(r *http.Request) string {
	if back := ownPath(r.PostFormValue("back")); back != "/" {
		return back
	}
	return "/wishes"
}

func (s *Server) wishFault(w http.ResponseWriter, r *http.Request, c *call, err error) error {
	f, ok := c.faults(err)
	if !ok {
		return err
	}
	return s.showWishes(w, r, c, f, statusOf[crm.KindOf(err)])
}

// stepWish takes a wish further.
func (s *Server) stepWish(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.WishID](r, "id", "wish")
	if err != nil {
		return err
	}
	if err := s.Wishes.StepWish(r.Context(), c.viewer, id, crm.WishState(r.PostFormValue("state")), r.PostFormValue("reason")); err != nil {
		return s.wishFault(w, r, c, err)
	}
	return go303(w, r, wishBack(r), "wish-step")
}

// wishesFile gives the list as a file for a spreadsheet.
func (s *Server) wishesFile(w http.ResponseWriter, r *http.Request, c *call) error {
	q, err := wishQuery(r.URL.Query())
	if err != nil {
		return err
	}
	titles := []string{"id", "said", "customer_id", "customer", "rung", "value_12m", "kind", "state", "reason", "topic", "product", "strength", "not_before", "expires", "quote", "written_by"}
	return exportPages(s, w, r, c, titles, func(ctx context.Context, after crm.PageKey) ([]crm.WishRow, crm.PageKey, error) {
		q.Limit = exportPage
		if (after != crm.PageKey{}) {
			q.After = after
		}
		return s.Wishes.Wishes(ctx, c.viewer, q)
	}, c.wishRecord)
}

func (c *call) wishRecord(l *crm.WishRow) []sheet.Cell {
	return []sheet.Cell{sheet.Int(l.ID), c.timeCell(l.At), sheet.Int(l.Customer), sheet.Text(l.CustomerName), sheet.Text(l.Rung), sheet.Money(l.Value), sheet.Text(l.Kind), sheet.Text(l.State), sheet.Text(l.Reason), sheet.Text(l.Topic),
		sheet.Text(l.ProductName), sheet.Text(l.Strength), sheet.Day(l.NotBefore), sheet.Day(l.ExpiresOn), sheet.Text(l.Quote), sheet.Text(l.StaffName)}
}
