package web

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/insight"
)

func TestLoyaltyPage(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	w := v.get("/loyalty")
	want(t, w, 200, "The ladder", "Advocate", `<rect class="good" x="0"`, "every 49 days", "A new pace of 61 days is proposed", ">Use it<", "Call today.", "Aino Virtanen",
		"Of 100 who order once, 40 order again within a year", "<polyline points=\"0,120 ", "Second order: ", "heat", "was=ONE-TIME", "Are the labels true?", "(0.", "within one pace")
	for _, span := range crm.MoveSpans {
		want(t, v.get(fmt.Sprintf("/loyalty?days=%d", span)), 200, fmt.Sprintf(`<a href="/loyalty?days=%d#moves" aria-current="true">`, span))
	}
	if n := m.register.counted; n != len(crm.MoveSpans) {
		t.Errorf("who moved was counted %d times for %d spans", n, len(crm.MoveSpans))
	}
	says(t, v.goes("/loyalty/pace"), "every 61 days")
	want(t, v.post("/loyalty/pace"), 409)
	fi := newSite(t, company()).signIn().in("fi")
	want(t, fi.get("/loyalty"), 200, "Portaat", "49 päivän välein", "Soita tänään.", "Pitävätkö nimitykset paikkansa?", "Ota käyttöön")
}

// Other weights are offered where the label does not prove itself: an administrator
// puts them in use and takes them back.
func TestOtherWeights(t *testing.T) {
	m := company()
	m.register.offered(false)
	v := newSite(t, m).signIn()
	want(t, v.get("/loyalty"), 200, "do not prove themselves either", "does not prove itself here")
	want(t, v.post("/loyalty/weights"), 409)
	m.register.offered(true)
	w := v.get("/loyalty")
	want(t, w, 200, "would prove themselves", "47\u00a0% of 130", "75\u00a0% of 77", "31 steady customers would be loyal", "Answers personal mail", ">2.20<", ">Use these weights<")
	if strings.Contains(w.Body.String(), "/loyalty/weights/table") {
		t.Error("the usual weights are in use, and are offered")
	}
	says(t, v.goes("/loyalty/weights"), "The weights are in use; everybody was placed anew.")
	want(t, v.get("/loyalty"), 200, "Since 18 Nov the signs weigh as your customers taught (Mikko Laine).", ">Back to the usual weights<", ">In use<")
	says(t, v.goes("/loyalty/weights/table"), "The usual weights are in use again.")
	want(t, v.get("/loyalty"), 200, "On 18 Nov the usual weights were put in use again (Mikko Laine).")
	fi := newSite(t, m).signIn().in("fi")
	want(t, fi.get("/loyalty"), 200, "Ota painot käyttöön", "Vastaa henkilökohtaiseen postiin", "2,20")
}

// What is drawn over time stands in a table.
func TestNumbersOverTime(t *testing.T) {
	v := newSite(t, company()).signIn()
	w := v.get("/loyalty")
	want(t, w, 200, "The ladder over time", `<tr data-at="`, `data-tone="loyal"`, `data-tone="lapsed" data-off`, `<details class="numbers" open>`, "Loyal customers and advocates: on ", "Both days are told by the pace of the first, 49 days")
	want(t, v.get("/loyalty?days=365"), 200, "Kaveri was not here on the first day.")
	want(t, v.get("/orders"), 200, "Orders by week", "In the last 53 weeks: ", `data-kind="weeks"`)
	if s := v.get("/orders?nobody=1").Body.String(); strings.Contains(s, "figure") {
		t.Error("orders of nobody have a chart")
	}
	want(t, v.in("fi").get("/orders"), 200, "Tilaukset viikoittain", "Viikko alkaen")
	m := company()
	m.register = registerOf(0)
	if s := newSite(t, m).signIn().get("/orders").Body.String(); strings.Contains(s, "figure") {
		t.Error("no orders have a chart")
	}
}

func TestThinnedDays(t *testing.T) {
	days := func(n, step int) (out []crm.Day) {
		for i := range n {
			out = append(out, crm.Day(20_000+i*step))
		}
		return out
	}
	for _, c := range []struct{ n, step, want int }{{0, 1, 0}, {20, 1, 20}, {100, 1, 15}, {400, 1, 14}, {10, 100, 10}} {
		got := thinned(days(c.n, c.step))
		if len(got) != c.want || c.n > 0 && got[len(got)-1] != crm.Day(20_000+(c.n-1)*c.step) {
			t.Errorf("%d days, each %d: %d, %v", c.n, c.step, len(got), got)
		}
	}
	for day, want := range map[crm.Day]crm.Day{0: -3, -3: -3, 4: 4, 10: 4, 20_000: 19_996} {
		if got := day.Monday(); got != want {
			t.Errorf("the Monday of %s is %s", day, got)
		}
	}
}

func TestLoyaltyOfFew(t *testing.T) {
	m := company()
	m.register = registerOf(0)
	v := newSite(t, m).signIn()
	want(t, v.get("/loyalty"), 200, "Nobody&#39;s place is known yet")
	m.register = registerOf(5)
	m.register.facts.Assumed = true
	want(t, newSite(t, m).signIn().get("/loyalty"), 200, "It is assumed that", "Too early to tell until", `class="few"`)
	m.register.rows = nil
	want(t, newSite(t, m).signIn().get("/loyalty"), 200, "No orders yet")
}

// Behind each number stand exactly so many people.
func TestPeopleBehindTheNumbers(t *testing.T) {
	v := newSite(t, company()).signIn()
	cells := regexp.MustCompile(`<a href="(/loyalty/list\?[^"]*)">([\d,]+)</a>`).FindAllStringSubmatch(v.get("/loyalty").Body.String(), -1)
	if len(cells) < 25 {
		t.Fatalf("only %d numbers lead to people", len(cells))
	}
	for _, cell := range cells {
		path := strings.ReplaceAll(cell[1], "&amp;", "&")
		lines := strings.Count(v.get(strings.Replace(path, "list?", "list.csv?", 1)).Body.String(), "\n")
		if got := fmt.Sprint(lines - 1); got != strings.ReplaceAll(cell[2], ",", "") {
			t.Errorf("%s says %s, and lists %s", path, cell[2], got)
		}
	}
}

func TestLoyaltyList(t *testing.T) {
	v := newSite(t, company()).signIn()
	w := v.get("/loyalty/list")
	want(t, w, 200, "Everybody on the ladder", "Next page", "/loyalty/list?after=", `<a href="/loyalty/list.xlsx" download>XLSX</a>`)
	if n := strings.Count(w.Body.String(), "data-step"); n != standingsPerPage {
		t.Errorf("%d on a page", n)
	}
	want(t, v.get("/loyalty/list?rung=LOYAL&timing=OVERDUE"), 200, "Loyal, Overdue", "Aino Virtanen")
	want(t, v.get("/loyalty/list?was=ONE-TIME&days=91&rung=QUIET"), 200, "91 days ago they stood here: One order.")
	want(t, v.get("/loyalty/list?note=was+LOYAL"), 200, "was: loyal")
	for _, bad := range []string{"rung=KING", "timing=SOON", "at=yesterday", "after=x", "was=1", "days=92"} {
		want(t, v.get("/loyalty/list?"+bad), 422)
		want(t, v.get("/loyalty/list.csv?"+bad), 422)
		want(t, v.get("/loyalty/list.xlsx?"+bad), 422)
	}
	csv := v.get("/loyalty/list.csv")
	want(t, csv, 200, "customer,name,rung", `"'=HYPERLINK(""http://evil.example"")"`)
	if ct := csv.Header().Get("Content-Type"); !strings.HasPrefix(ct, "text/csv") {
		t.Errorf("it is %s", ct)
	}
}

func TestCustomersStanding(t *testing.T) {
	v := newSite(t, company()).signIn()
	w := v.get("/customers/11")
	want(t, w, 200, "Overdue", "Call today.", "Next order awaited by", "Pays the full price: 6 of 6 orders; typical is 60\u00a0%", "Together &#43;", "They are well disposed.", "Order V-904", "€412.50", "2 × Kökar, rantamökki", "€120 of it given back", "Polkupyörä &lt;vuokra&gt;", "The buyer&#39;s address aino.virtanen@postia.example is theirs.")
	want(t, v.get("/customers/11/loyalty"), 200, `id="loyalty-card"`, "Where they stood")
	if w := v.get("/customers/20"); strings.Contains(w.Body.String(), "standing-title") {
		t.Error("who never ordered has a card")
	}
	fi := newSite(t, company()).signIn().in("fi")
	want(t, fi.get("/customers/11"), 200, "Maksaa täyden hinnan: 6 / 6 tilausta; tavallisesti 60\u00a0%", "412,50\u00a0€", "Asiakas on suopea.")
}

func TestOrdersAreAssigned(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/orders"), 200, "Order V-904", "Refund V-901 of order V-880", "−40\u00a0SEK")
	w := v.get("/orders?nobody=1")
	want(t, w, 200, "Order V-903", "The order names nobody.", "Several customers use the address toimisto@yhtio.example.", "/orders/902?q=toimisto%40yhtio.example#assign")
	if strings.Contains(w.Body.String(), "V-904") {
		t.Error("an order of somebody is listed as nobody's")
	}
	want(t, v.get("/orders/904"), 200, "T-POL", "€7.50", "SYKSY", "V-905", "1042", "Counts as €292.50", "It is nobody&#39;s")
	want(t, v.get("/orders/902?q=aino"), 200, "Aino Virtanen", "It is theirs")
	says(t, v.goes("/orders/902/assign", "customer", "11"), "Mikko Laine has said whose it is.")
	if m.register.orders[2].Customer != 11 {
		t.Error("it is not hers")
	}
	says(t, v.goes("/orders/902/assign", "customer", "0"), "Nobody&#39;s")
	want(t, v.post("/orders/902/assign", "customer", "x"), 422)
	want(t, v.get("/orders/1"), 404)
}

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		money    float64
		currency string
		round    bool
		en, fi   string
	}{{1234.5, "EUR", false, "€1,234.50", "1\u00a0234,50\u00a0€"}, {1234.5, "EUR", true, "€1,235", "1\u00a0235\u00a0€"}, {-3, "SEK", false, "−3\u00a0SEK", "−3\u00a0SEK"}, {0, "USD", true, "$0", "0\u00a0USD"}} {
		if en, fi := amount("en", crm.MoneyOf(c.money), c.currency, c.round), amount("fi", crm.MoneyOf(c.money), c.currency, c.round); en != c.en || fi != c.fi {
			t.Errorf("%v: %q, %q", c, en, fi)
		}
	}
}

// Whatever stands on the ladder has words.
func TestEveryStandingHasWords(t *testing.T) {
	for _, lang := range languages {
		c := &call{lang: lang}
		for _, r := range crm.Rungs {
			c.rung(r)
			c.note(crm.NoteWas(r))
			for _, tm := range crm.Timings {
				c.timing(tm)
				for _, n := range []crm.RungNote{"", crm.NoteUnproven, crm.NoteBound, crm.NoteWellWisher, crm.NoteWas(crm.RungLoyal)} {
					if s := c.action(&crm.Standing{Rung: r, Timing: tm, Note: n}); s == "" {
						t.Errorf("nothing is to be done for %s %s %s", r, tm, n)
					}
				}
			}
		}
		v := insight.HoldAgainst(nil, nil, 90)
		for _, rows := range [][]insight.ValidityRow{v.Rungs, v.Notes, v.Timings, v.BySilence, v.ByCount} {
			for _, row := range rows {
				found := false
				for _, prefix := range []string{"rung.", "label.", "timing.", "band."} {
					found = found || words[Key(prefix+row.Label)].has()
				}
				if !found {
					t.Errorf("%q has no words", row.Label)
				}
			}
		}
	}
}
