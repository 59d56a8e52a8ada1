package web

import (
	"cmp"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kaveri/crm"
	"kaveri/crm/sheet"
	"kaveri/insight"
	"kaveri/insight/buying"
)

// OffersPage is the offers that can be measured.
type OffersPage struct {
	Shell
	Faults
	Orders         bool // there are some
	What, From, To string
	Hits           []OfferLink // what the text may mean
	Seen           []SeenLine
	Prev, Next     string
	Uses           []UseLine
	Code           string // whose products are shown
	Long           bool   // it was in use for longer than can be compared
	Used           []UsedLine
}

// OfferLink leads to what an offer did.
type OfferLink struct{ Text, Link string }

// SeenLine is an offer that prices show.
type SeenLine struct {
	Name, Link, Days string
	Orders, Cheaper  int
}

// UseLine is a code that orders bear.
type UseLine struct {
	Code, Link, Days string
	Orders           int
}

// UsedLine is a product that was bought with a code.
type UsedLine struct {
	Name, Group, Link string
	Orders, Cheaper   int
}

const (
	offersPerPage = 20
	codesShown    = 20
	hitsShown     = 8
)

// offersPage lists offers, and takes one that a person names.
func (s *Server) offersPage(w http.ResponseWriter, r *http.Request, c *call) error {
	v := r.URL.Query()
	p := OffersPage{Shell: s.shell(c, "loyalty", c.t("offers.title")), What: strings.TrimSpace(v.Get("what")), From: v.Get("from"), To: v.Get("to"), Code: v.Get("code")}
	status := http.StatusOK
	if v.Has("what") {
		to, err := s.namedOffer(r, c, &p)
		switch f, ok := c.faults(err, "what", "from", "to"); {
		case ok:
			p.Faults, status = f, http.StatusUnprocessableEntity
		case err != nil:
			return err
		case to != "":
			http.Redirect(w, r, to, http.StatusSeeOther)
			return nil
		}
	}
	if err := s.fillOffers(r, c, v, &p); err != nil {
		return err
	}
	s.render(w, r, c, status, "offers", p)
	return nil
}

// namedOffer gives the address of the offer that the form names; "" when the text
// may mean several things, which stand on the page then.
func (s *Server) namedOffer(r *http.Request, c *call, p *OffersPage) (string, error) {
	if p.What == "" {
		return "", c.fault("what", "offers.what.missing")
	}
	a, err := c.askDays(p.From, p.To)
	if err != nil {
		return "", err
	}
	hits, err := s.Baskets.Search(r.Context(), c.viewer, p.What, hitsShown)
	if err != nil {
		return "", err
	}
	if len(hits) == 0 {
		return "", c.fault("what", "offers.what.none", p.What)
	}
	for i, h := range hits {
		a.Product, a.Group = h.Product.ID, ""
		l := OfferLink{Text: h.Product.Name}
		if h.Product.ID == 0 {
			a.Group, l.Text = h.Product.Group, c.t("offers.group", h.Product.Group)
		} else if l.Text == "" || len(hits) > 1 && h.Product.SKU != l.Text {
			l.Text = strings.TrimSpace(l.Text + " (" + h.Product.SKU + ")")
		}
		l.Link = askPath("/offers/measured", a)
		if h.Exact && (len(hits) == 1 || i == 0 && !hits[1].Exact) || len(hits) == 1 {
			return l.Link, nil
		}
		p.Hits = append(p.Hits, l)
	}
	return "", nil
}

// askDays reads the days of an offer.
func (c *call) askDays(from, to string) (a buying.Ask, err error) {
	if a.From, err = c.askDay("from", from, "offers.day.missing.from"); err != nil {
		return a, err
	}
	if a.To, err = c.askDay("to", to, "offers.day.missing.to"); err != nil {
		return a, err
	}
	switch today := crm.DayOf(c.clock.now); {
	case a.To < a.From:
		return a, c.fault("to", "offers.day.backwards")
	case a.From > today:
		return a, c.fault("from", "offers.day.ahead")
	case a.To-a.From >= buying.LongestOffer:
		return a, c.fault("to", "offers.day.long", buying.LongestOffer)
	}
	return a, nil
}

// askDay reads a day that must be given: it asks for one that is missing, and names
// what is none.
func (c *call) askDay(field, text string, missing Key) (crm.Day, error) {
	if text == "" {
		return 0, c.fault(field, missing)
	}
	d, err := dayOf(text)
	if err != nil || d == 0 {
		return 0, c.fault(field, "offers.day.none", text)
	}
	return d, nil
}

func askPath(path string, a buying.Ask) string {
	v := url.Values{"from": {a.From.String()}, "to": {a.To.String()}}
	if a.Group != "" {
		v.Set("group", a.Group)
	} else {
		v.Set("product", strconv.FormatInt(int64(a.Product), 10))
	}
	return path + "?" + v.Encode()
}

// fillOffers lists what was seen in prices and codes.
func (s *Server) fillOffers(r *http.Request, c *call, v url.Values, p *OffersPage) error {
	f, err := s.Baskets.Findings(r.Context(), c.viewer)
	if err != nil || f == nil || f.Baskets == 0 {
		return err
	}
	p.Orders = true
	at, err := pageOf(v)
	if err != nil {
		return err
	}
	names := namesOf(f)
	seen, prev, next := cutPage(f.Offers, at, offersPerPage)
	p.Prev, p.Next = pagePath("/offers", v, prev), pagePath("/offers", v, next)
	for _, o := range seen {
		p.Seen = append(p.Seen, SeenLine{names[o.Product], askPath("/offers/measured", buying.Ask{Product: o.Product, From: o.From, To: o.To}), c.daySpan(o.From, o.To), o.Orders, o.Cheaper})
	}
	for _, u := range f.Uses[:min(len(f.Uses), codesShown)] {
		l := UseLine{u.Code, "/offers?" + url.Values{"code": {u.Code}, "from": {u.First.String()}, "to": {u.Last.String()}}.Encode() + "#code", c.daySpan(u.First, u.Last), u.Orders}
		p.Uses = append(p.Uses, l)
	}
	if p.Code == "" {
		return nil
	}
	var a buying.Ask
	a.From, err = dayOf(p.From)
	if err == nil {
		a.To, err = dayOf(p.To)
	}
	if err != nil {
		return err
	}
	p.Long = a.To-a.From >= buying.LongestOffer
	used, err := s.Baskets.Used(r.Context(), c.viewer, p.Code, offersPerPage)
	for _, u := range used {
		a.Product = u.Product.ID
		l := UsedLine{cmp.Or(u.Product.Name, u.Product.SKU), u.Product.Group, askPath("/offers/measured", a), u.Orders, u.Cheaper}
		p.Used = append(p.Used, l)
	}
	return err
}

func (c *call) daySpan(from, to crm.Day) string {
	if from == to {
		return c.day(from)
	}
	return c.day(from) + " – " + c.day(to)
}

// StudyPage is what an offer did.
type StudyPage struct {
	Shell
	Pending bool
	Fault   string // why it cannot be measured
	Heading string
	Days    string
	Says    []string // what came out, in plain words
	How     []string // what was compared with what
	All     []SpanLink
	Rows    []StudyRow
	Prev    string
	Next    string
	Files   Files
	Left    string // ends of the picture
	Right   string
}

// StudyRow is a product and what the offer did to it.
type StudyRow struct {
	Name, Group string
	Verdict     string // sold more, sold less, no evidence
	Tone        string
	Part        string // why, in plain words
	Ratio       string
	Range       string
	Likely      string
	Orders      string // during the offer
	Usual       string // as many would have been bought anyway
	Extra       string
	P           string
	After       string
	AfterRange  string
	Bar         IntervalBar
}

const studyPerPage = 40

func (s *Server) studyPage(w http.ResponseWriter, r *http.Request, c *call) error {
	st, ready, err := s.study(r, c)
	p := StudyPage{Pending: !ready, Heading: c.t("study.title")}
	switch {
	case crm.KindOf(err) == crm.KindInvalid && crm.FieldOf(err) == "offer":
		p.Pending, p.Fault = false, c.t("study.no-base")
	case err != nil:
		return err
	case ready:
		p.Heading = c.t("study.of", st.Name)
		if err := c.fillStudy(st, r.URL.Query(), &p); err != nil {
			return err
		}
	}
	p.Shell = s.shell(c, "loyalty", p.Heading)
	if isFragment(r) {
		return s.renderPart(w, r, c, "study", "study", p)
	}
	s.render(w, r, c, http.StatusOK, "study", p)
	return nil
}

// study reads which offer is meant, and asks for it.
func (s *Server) study(r *http.Request, c *call) (*buying.Study, bool, error) {
	v := r.URL.Query()
	a, err := c.askDays(v.Get("from"), v.Get("to"))
	if err != nil {
		return nil, false, err
	}
	if a.Group = v.Get("group"); a.Group == "" {
		if a.Product, err = crm.ParseID[crm.ProductID]("product", v.Get("product")); err != nil {
			return nil, false, err
		}
	}
	return s.Baskets.Study(r.Context(), c.viewer, a)
}

func (c *call) fillStudy(st *buying.Study, v url.Values, p *StudyPage) error {
	p.Days, p.Says, p.How = c.daySpan(st.From, st.To), c.studySays(st), c.studyHow(st)
	p.Files = filesOf("/offers/measured", without(v, "page", "all").Encode())
	at, err := pageOf(v)
	if err != nil {
		return err
	}
	all, told := v.Get("all") != "", 0
	for told < len(st.Products) && (st.Products[told].Part == insight.PartPromoted || st.Products[told].Significant) {
		told++
	}
	rows := st.Products
	if !all {
		rows = rows[:told]
	}
	only := without(v, "page", "all")
	p.All = []SpanLink{{c.n("study.told", withEvidence(st.Products)), "/offers/measured?" + only.Encode(), !all}}
	only.Set("all", "1")
	p.All = append(p.All, SpanLink{c.n("study.all", len(st.Products)), "/offers/measured?" + only.Encode(), all})
	shown, prev, next := cutPage(rows, at, studyPerPage)
	p.Prev, p.Next = pagePath("/offers/measured", v, prev), pagePath("/offers/measured", v, next)
	scale := 2.0
	for _, one := range shown {
		for _, end := range []float64{1 / one.AdjustedInterval.Low, one.AdjustedInterval.High} {
			if end > scale && !math.IsInf(end, 0) {
				scale = min(10, end)
			}
		}
	}
	p.Left, p.Right = c.times(1/scale), c.times(scale)
	for i := range shown {
		p.Rows = append(p.Rows, c.studyRow(&shown[i], st, scale))
	}
	return nil
}

// withEvidence counts the products that an offer did something to. What was on
// offer is always shown, and not always among them.
func withEvidence(products []buying.StudyProduct) (n int) {
	for i := range products {
		if word, _ := verdict(&products[i].ProductLift); word == "verdict.more" || word == "verdict.less" {
			n++
		}
	}
	return n
}

// verdict says what an offer did to a product; more, less and none are all that
// figures can say.
func verdict(l *insight.ProductLift) (word Key, tone string) {
	switch {
	case l.Part == insight.PartOwnOffer:
		return "verdict.own", "wait"
	case !l.Significant:
		return "verdict.none", "calm"
	case l.AdjustedRatio > 1:
		return "verdict.more", "good"
	}
	return "verdict.less", "bad"
}

// ahead reports that fewer than usual were bought right after the offer.
func ahead(l *insight.ProductLift) bool { return l.AfterInterval.High < 1 }

func (c *call) studyRow(one *buying.StudyProduct, st *buying.Study, scale float64) StudyRow {
	word, tone := verdict(&one.ProductLift)
	row := StudyRow{Name: one.Product.Name, Group: one.Product.Group, Verdict: c.t(word), Tone: tone, Orders: number(c.lang, int64(one.Promo)), Ratio: c.times(one.AdjustedRatio), Range: c.span(one.AdjustedInterval.Low, one.AdjustedInterval.High),
		Likely: c.times(one.Shrunk), P: c.chance(one.AdjustedP), Part: c.t(Key("part." + string(one.Part)))}
	if one.Part == insight.PartPromoted {
		row.P = c.chance(one.P)
	}
	if !math.IsNaN(one.Extra) {
		row.Usual, row.Extra = number(c.lang, int64(math.Round(float64(one.Promo)-one.Extra))), signed(c.lang, one.Extra)
	}
	if st.After > 0 && !math.IsNaN(one.AfterRatio) {
		row.After, row.AfterRange = c.times(one.AfterRatio), c.span(one.AfterInterval.Low, one.AfterInterval.High)
	}
	row.Bar = logBar(one.AdjustedRatio, one.AdjustedInterval.Low, one.AdjustedInterval.High, 1/scale, scale)
	return row
}

// chance writes a p-value.
func (c *call) chance(p float64) string {
	switch {
	case math.IsNaN(p):
		return ""
	case p < .001:
		return "< " + c.decimal(.001, 3)
	}
	return c.decimal(p, 3)
}

func signed(lang string, f float64) string {
	n := int64(math.Round(f))
	switch {
	case n > 0:
		return "+" + number(lang, n)
	case n < 0:
		return "−" + number(lang, -n)
	}
	return "0"
}

// studySays says what came out.
func (c *call) studySays(st *buying.Study) (says []string) {
	if st.Control.ControlProducts == 0 {
		return []string{c.t("study.no-control")}
	}
	offered := &st.Products[0]
	between := c.span(offered.AdjustedInterval.Low, offered.AdjustedInterval.High)
	switch word, _ := verdict(&offered.ProductLift); word {
	case "verdict.more":
		says = append(says, c.t("study.more", st.Name, c.times(offered.AdjustedRatio), between, int(math.Round(offered.Extra))))
	case "verdict.less":
		says = append(says, c.t("study.less", st.Name, c.times(offered.AdjustedRatio), between))
	default:
		says = append(says, c.t("study.none", st.Name, between))
	}
	parts := map[insight.Part][]string{}
	for _, one := range st.Products[1:] {
		parts[one.Part] = append(parts[one.Part], one.Product.Name)
	}
	for _, part := range []insight.Part{insight.PartHalo, insight.PartCannibalised, insight.PartDisplaced} {
		if names := parts[part]; len(names) > 0 {
			says = append(says, c.t(Key("study."+string(part)), c.someOf(names)))
		}
	}
	if len(parts[insight.PartHalo])+len(parts[insight.PartCannibalised])+len(parts[insight.PartDisplaced]) == 0 {
		says = append(says, c.t("study.nothing", len(parts[insight.PartNone])))
	}
	switch {
	case st.After == 0 || st.To+8 > crm.DayOf(c.clock.now):
		says = append(says, c.t("study.after.early"))
	case ahead(&offered.ProductLift):
		says = append(says, c.t("study.after.ahead", c.times(offered.AfterRatio), c.span(offered.AfterInterval.Low, offered.AfterInterval.High), int(math.Round(offered.AfterMissing))))
	default:
		says = append(says, c.t("study.after.none", c.times(offered.AfterRatio), c.span(offered.AfterInterval.Low, offered.AfterInterval.High)))
	}
	return says
}

// someOf names the first of a list.
func (c *call) someOf(names []string) string {
	const most = 6
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + " " + c.n("study.others", len(names)-most)
}

// studyHow says what was compared with what.
func (c *call) studyHow(st *buying.Study) []string {
	how := []string{c.t("study.days", st.Promo, st.Base, c.day(st.First), c.day(st.Last))}
	if st.Control.ControlProducts > 0 {
		how = append(how, c.t("study.control", st.Control.ControlProducts, c.times(st.Control.ControlRatio), c.span(st.Control.ControlInterval.Low, st.Control.ControlInterval.High)))
	}
	if len(st.Affine) > 0 {
		how = append(how, c.t("study.affine", c.someOf(st.Affine)))
	}
	if st.Early {
		how = append(how, c.t("study.early"))
	}
	return append(how, c.t("study.asked", len(st.Products)-1))
}

// studyFile gives all products of a study as a file.
func (s *Server) studyFile(w http.ResponseWriter, r *http.Request, c *call) error {
	st, ready, err := s.study(r, c)
	if err != nil {
		return err
	}
	if !ready {
		return &worded{crm.Error{Kind: crm.KindUnavailable, Text: c.t("study.pending")}}
	}
	titles := []string{"product", "sku", "group", "verdict", "part", "orders", "base_orders", "ratio", "ratio_low", "ratio_high", "adjusted_ratio", "adjusted_low", "adjusted_high", "likely_ratio", "extra_orders", "p", "p_adjusted", "after_orders", "after_ratio", "after_low", "after_high", "after_missing"}
	return s.export(w, r, c, titles, func(row func(...sheet.Cell) error) error {
		for i := range st.Products {
			one := &st.Products[i]
			word, _ := verdict(&one.ProductLift)
			n := func(f float64) sheet.Cell { return sheet.Number(f, 4) }
			if err := row(sheet.Text(one.Product.Name), sheet.Text(one.Product.SKU), sheet.Text(one.Product.Group), sheet.Text(strings.TrimPrefix(string(word), "verdict.")), sheet.Text(one.Part), sheet.Int(one.Promo), sheet.Int(one.Base), n(one.Ratio), n(one.Interval.Low), n(one.Interval.High),
				n(one.AdjustedRatio), n(one.AdjustedInterval.Low), n(one.AdjustedInterval.High), n(one.Shrunk), sheet.Number(one.Extra, 1), sheet.Number(one.P, 8), sheet.Number(one.AdjustedP, 8), sheet.Int(one.After), n(one.AfterRatio), n(one.AfterInterval.Low), n(one.AfterInterval.High), sheet.Number(one.AfterMissing, 1)); err != nil {
				return err
			}
		}
		return nil
	})
}
