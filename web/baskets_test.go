package web

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/insight/buying"
)

const bicycles = "product=702&from=2026-09-19&to=2026-09-25"

func TestBasketsPage(t *testing.T) {
	v := newSite(t, company()).signIn()
	w := v.get("/baskets")
	want(t, w, 200, `aria-current="page">Bought together</a>`, ">Kajakki</a>", "→", "Pelastusliivi &lt;koko L&gt;", "hold the second too; of all orders", `<rect class="spread"`, "Times as often", "Beyond chance", "Fails less", "How to read this", "Counted today at 14:40, over ", `<a href="/baskets.xlsx" download>`)
	// Each order of the list keeps it.
	column := map[string]int{"lift": 8, "leverage": 11, "count": 2}
	for by, at := range column {
		want(t, v.get("/baskets?by="+by), 200, `by=`+by+`" aria-current="true"`)
		rows, err := csv.NewReader(v.get("/baskets.csv?by=" + by).Body).ReadAll()
		if err != nil || len(rows) < 5 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		last := 1e9
		for _, row := range rows[1:] {
			f, err := strconv.ParseFloat(row[at], 64)
			if err != nil || f > last {
				t.Errorf("by %s: %v after %v, %v", by, f, last, err)
			}
			last = f
		}
	}
	rows, _ := csv.NewReader(v.get("/baskets.csv?product=kypärä&least=100").Body).ReadAll()
	for _, row := range rows[1:] {
		if n, _ := strconv.Atoi(row[2]); !strings.Contains(row[0]+row[1], "Kypärä") || n < 100 {
			t.Errorf("a row that is not asked for: %q", row)
		}
	}
	if len(rows) < 2 {
		t.Error("no rule of helmets")
	}
	want(t, v.get("/baskets?product=zzz"), 200, "No rule fits")
	want(t, v.get("/baskets?page=x"), 422)
	want(t, newSite(t, company()).get("/baskets"), http.StatusSeeOther)
	fi := newSite(t, company()).signIn().in("fi")
	want(t, fi.get("/baskets"), 200, "Ostetaan yhdessä", "Niistä", "Kertaa useammin", "Laskettu tänään")
}

// Rules stand page by page, all of them in the file.
func TestBasketsByPages(t *testing.T) {
	m := company()
	m.stall = stallOf(4000, 13)
	body := m.stall.counter.found
	f, err := m.stall.Findings(t.Context(), crm.SystemViewer)
	if err != nil || body == nil {
		t.Fatal(err)
	}
	for len(f.Rules) <= rulesPerPage { // the same again, so that there is a second page
		f.Rules = append(f.Rules, f.Rules...)
	}
	v := newSite(t, m).signIn()
	first, second := v.get("/baskets?by=count").Body.String(), v.get("/baskets?by=count&page=2").Body.String()
	count := func(s string) int { return strings.Count(s, `<tr><th scope="row">`) }
	if count(first) != rulesPerPage || !strings.Contains(first, `href="/baskets?by=count&amp;page=2"`) || count(second) != min(rulesPerPage, len(f.Rules)-rulesPerPage) || !strings.Contains(second, `href="/baskets?by=count">Page before`) {
		t.Errorf("%d and %d of %d rules", count(first), count(second), len(f.Rules))
	}
	want(t, v.get("/baskets?page=99"), 200, "No rule fits")
}

// Without rules the page says what is missing, and how to bring it.
func TestBasketsMissing(t *testing.T) {
	m := company()
	m.stall = stallOf(0, 0)
	v := newSite(t, m).signIn()
	for _, page := range []string{"/baskets", "/offers"} {
		want(t, v.get(page), 200, "No orders yet", `href="/orders/import"`, `href="/settings/access"`)
	}
	want(t, v.get("/baskets.csv"), 200, "who_buys,also_buys")
	m.stall = stallOf(30, 13)
	want(t, newSite(t, m).signIn().get("/baskets"), 200, "There are too few orders", "Counted today")
	m.stall = stallOf(30, 13)
	for i := range m.stall.counter.baskets {
		m.stall.counter.baskets[i].Products = nil
	}
	m.stall.counter.found = nil
	if _, err := m.stall.Find(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, newSite(t, m).signIn().get("/baskets"), 200, "The orders list no products", "Orders: 30, and none")
}

func TestOffersPage(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.get("/offers"), 200, "Offers that prices show", "Polkupyörän vuokra", "/offers/measured?from=2026-09-19&amp;product=702&amp;to=2026-09-25", "19 Sep – 25 Sep", "SYKSY", "KANTA-ASIAKAS")
	want(t, v.get("/offers?code=SYKSY&from=2026-09-19&to=2026-09-25"), 200, "The code SYKSY", `<a href="/offers/measured?from=2026-09-19&amp;product=702&amp;to=2026-09-25">Polkupyörän vuokra</a>`)
	want(t, v.get("/offers?code=KANTA-ASIAKAS&from=2026-05-22&to=2026-11-18"), 200, "another season")
	// What is named exactly is looked at, what may be several things is asked about.
	for what, to := range map[string]string{"kajakki": "product=700", "sauna": "group=Sauna", "T-003": "product=703"} {
		w := v.get("/offers?what=" + what + "&from=2026-09-19&to=2026-09-25")
		if w.Code != http.StatusSeeOther || !strings.Contains(w.Header().Get("Location"), to) {
			t.Errorf("%s leads to %d %s", what, w.Code, w.Header().Get("Location"))
		}
	}
	want(t, v.get("/offers?what=vuokra&from=2026-09-19&to=2026-09-25"), 200, "Which of these was it?", "Sähköpyörän vuokra (T-010)")
	for query, says := range map[string]string{"what=&from=2026-09-19&to=2026-09-25": "Write which product", "what=zzz&from=2026-09-19&to=2026-09-25": "No product or group", "what=kajakki&from=&to=2026-09-25": "Give the first day of the offer.", "what=kajakki&from=2026-02-30&to=2026-03-05": "There is no day “2026-02-30”", "what=kajakki&from=2026-09-25&to=2026-09-19": "ends before it begins",
		"what=kajakki&from=2027-01-01&to=2027-01-02": "has not begun", "what=kajakki&from=2026-01-01&to=2026-09-19": "An offer of more than 92 days"} {
		want(t, v.get("/offers?"+query), 422, says)
	}
	fi := newSite(t, company()).signIn().in("fi")
	want(t, fi.get("/offers?what=kajakki&from=&to=2026-09-25"), 422, "Anna tarjouksen ensimmäinen päivä.")
}

func TestStudyPage(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	w := v.get("/offers/measured?" + bicycles)
	want(t, w, 200, "On offer: Polkupyörän vuokra", "Polkupyörän vuokra sold ", "Sold along with it: Kypärä.", "Of the same group, sold less: Sähköpyörän vuokra.", "No evidence that people bought ahead", `<span class="badge good">sold more</span>`, `<span class="badge bad">sold less</span>`, "came along with the offer", "the offer was taken instead", "were asked about", "on the same weekdays", "likely ")
	if strings.Contains(w.Body.String(), "may be chance</small>") {
		t.Error("products without evidence stand among those with some")
	}
	want(t, v.get("/offers/measured?"+bicycles+"&all=1"), 200, "all 13 products", `<span class="badge calm">no evidence</span>`, "may be chance</small>", "=HYPERLINK(")
	rows, err := csv.NewReader(v.get("/offers/measured.csv?" + bicycles).Body).ReadAll()
	if err != nil || len(rows) != 14 || rows[1][3] != "more" || rows[1][4] != "promoted" {
		t.Errorf("the file: %q, %v", rows, err)
	}
	if book := workbook(t, v.get("/offers/measured.xlsx?"+bicycles).Body.Bytes()); len(book) != 14 || !regexp.MustCompile(`^n \d+$`).MatchString(book[1][5]) {
		t.Errorf("the workbook: %q", book[1])
	}
	want(t, v.get("/offers/measured?group=V%C3%A4lineet&from=2026-09-19&to=2026-09-25"), 200, "On offer: Välineet")
	want(t, v.get("/offers/measured?product=702&from=2025-01-01&to=2025-01-07"), 200, "This offer cannot be measured")
	want(t, v.get("/offers/measured?product=1&from=2026-09-19&to=2026-09-25"), 404)
	want(t, v.get("/offers/measured?product=x&from=2026-09-19&to=2026-09-25"), 422)
	want(t, v.get("/offers/measured?product=702&from=2026-09-19"), 422, "Give the last day of the offer.")
	want(t, v.get("/offers/measured"), 422, "Give the first day of the offer.")
	want(t, v.get("/offers/measured?product=702&from=2026-09-19&to=2026-09-31"), 422, "There is no day “2026-09-31”")
	want(t, v.get("/offers/measured?product=702&from=2026-11-12&to=2026-11-18&all=1"), 200, "cannot be told before the days after the offer have passed", "still to come")
	fi := newSite(t, company()).signIn().in("fi")
	want(t, fi.get("/offers/measured?"+bicycles), 200, "Tarjouksessa: Polkupyörän vuokra", "myytiin enemmän", "tuli tarjouksen mukana", "Ei näyttöä, että olisi ostettu varastoon")

	m.stall.pending = true
	want(t, v.get("/offers/measured?"+bicycles), 200, "are being counted", `hx-trigger="load delay:2s"`, "Look again")
	want(t, v.get("/offers/measured.csv?"+bicycles), 503)
}

// What the page says of an offer follows the figures, also where there is nothing
// to compare with, and where people bought ahead.
func TestStudySays(t *testing.T) {
	m := company()
	m.stall = stallOf(6000, 3) // all of one group and a map
	for i := range m.stall.counter.products {
		m.stall.counter.products[i].Group = "Välineet"
	}
	want(t, newSite(t, m).signIn().get("/offers/measured?"+bicycles), 200, "Nothing can be told: no product of another group")
	for _, c := range []struct {
		l    insight.ProductLift
		want Key
	}{
		{insight.ProductLift{Part: insight.PartOwnOffer, Significant: true, AdjustedRatio: 2}, "verdict.own"},
		{insight.ProductLift{Part: insight.PartNone, AdjustedRatio: 2}, "verdict.none"},
		{insight.ProductLift{Part: insight.PartPromoted, Significant: true, AdjustedRatio: .5}, "verdict.less"},
	} {
		if got, _ := verdict(&c.l); got != c.want {
			t.Errorf("%+v: %s, want %s", c.l, got, c.want)
		}
	}
	if !ahead(&insight.ProductLift{AfterInterval: insight.Interval{Low: .3, High: .9}}) || ahead(&insight.ProductLift{AfterInterval: insight.Interval{Low: .3, High: 1.1}}) {
		t.Error("who bought ahead is not told from chance")
	}
}

// The link to what has evidence does not count what was on offer when it has none.
func TestWithEvidence(t *testing.T) {
	products := []buying.StudyProduct{{ProductLift: insight.ProductLift{Part: insight.PartPromoted, AdjustedRatio: 2}}, {ProductLift: insight.ProductLift{Part: insight.PartNone}}}
	if n := withEvidence(products); n != 0 {
		t.Errorf("%d with evidence, want none", n)
	}
	products[0].Significant = true
	if n := withEvidence(products); n != 1 {
		t.Errorf("%d with evidence, want what was on offer", n)
	}
}

func TestLogBar(t *testing.T) {
	b := logBar(1, .5, 2, .25, 4)
	if b.Low != 250 || b.Width != 500 || b.At != 500 || b.One != 500 {
		t.Errorf("%+v", b)
	}
	if b := logBar(0, 0, 50, .25, 4); b.Low != 0 || b.Width != 1000 || b.At != 0 {
		t.Errorf("beyond the ends: %+v", b)
	}
}
