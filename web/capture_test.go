package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/web/notebook"
)

func TestWeek(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/week"), 200, "My week", "Nobody else sees this page of yours.", "16 Nov to 18 Nov", "<b>41</b> mails from customers", "<b>37</b> mails from you to customers", "You answered 5 questions: half of them within 3 hours, the last of them after 4 days.",
		"2 of these customers wait for an answer now.", "You wrote down or confirmed 3 wishes.", "1 wish that you had written down was met.", "You could read 14 mails of colleagues who left, with 3 customers you were in touch with.",
		"2 orders followed within 14 days after you had talked with the customer.", "need not have come of the conversation", "talked on 15 Nov, ordered on 17 Nov", `href="/week/customers.pdf"`)
	want(t, v.get("/week?span=last-week"), 200, "9 Nov to 15 Nov", "You answered one question. It had waited for 2 hours.")
	want(t, v.get("/week?span=last-month"), 200, "1 Oct to 31 Oct")
	want(t, v.in("fi").get("/week"), 200, "Oma viikko", "Vastasit 5 kysymykseen. Odotusaika oli puolessa niistä enintään 3 tuntia ja pisimmillään 4 päivää.", "2 tilausta tuli 14 päivän kuluessa", "Kirjasit tai vahvistit 3 toivetta.")
	if w := v.in("en").get("/week"); strings.Contains(w.Body.String(), "Sari Koskinen") || strings.Contains(w.Body.String(), "caused") {
		t.Error("the page of one names another, or a cause")
	}
	m.team.captured = crm.Captured{}
	want(t, v.get("/week"), 200, "Nothing was captured for you in this time.", "Nothing to tell yet.")
	v.post("/signout")
	if w := v.get("/week"); w.Code != http.StatusSeeOther {
		t.Error("a stranger saw the page", w.Code)
	}
}

// Nobody is put beside anybody else before an administrator has switched it on.
func TestCompareColleagues(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	w := v.get("/settings/capture")
	want(t, w, 200, "There is a mail, a note or a call of 1,068 of 1,200 customers (89\u00a0%).", "2 of 3 colleagues have a mailbox that is followed.", "1 mailbox cannot be read just now.", "413 mails with customers were captured: 402 found their customer by themselves (97\u00a0%), 11 were placed by hand.",
		"5 mails wait for somebody", "On 2 of the last 30 days nothing was captured (2 of them working days): 20 Oct and 12 Nov.", "Compare colleagues")
	if strings.Contains(w.Body.String(), "Sari Koskinen") || strings.Contains(w.Body.String(), "team-table") {
		t.Error("colleagues stand beside each other")
	}
	want(t, v.post("/settings/capture", "compare", "perhaps"), 422)
	if w := v.post("/settings/capture", "compare", "true"); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	want(t, v.get("/settings/capture"), 200, "Sari Koskinen", ">123<", "Stop comparing colleagues")
	want(t, v.get("/week"), 200, "Your firm compares colleagues")
	want(t, v.in("fi").get("/settings/capture"), 200, "Lopeta vertailu", "Ilman tallennusta kului 2 viimeisistä 30 päivästä (arkipäiviä 2). Päivät: 20.10. ja 12.11.</p>")
	m.team.coverage.Mails = make([]int, 30)
	want(t, v.in("en").get("/settings/capture"), 200, "On 30 of the last 30 days nothing was captured, 22 of them working days.")
	v.post("/settings/capture", "compare", "false")
	if strings.Contains(v.get("/settings/capture").Body.String(), "Sari Koskinen") {
		t.Error("colleagues still stand beside each other")
	}
	v.post("/signout")
	v.post("/signin", "address", "sari@saarimatkat.example", "password", "toinen salasana")
	want(t, v.get("/settings/capture"), 403)
	want(t, v.post("/settings/capture", "compare", "true"), 403)
}

// An administrator says who has left, but not of themselves, and can take it back.
func TestColleagueLeaves(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/colleagues"), 200, `action="/colleagues/2/left"`, "Sari Koskinen has left</button>", `action="/colleagues/4/back"`)
	if strings.Contains(v.get("/colleagues").Body.String(), `action="/colleagues/1/left"`) {
		t.Error("one's own way in is offered")
	}
	want(t, v.post("/colleagues/1/left"), 422, "Another administrator")
	want(t, v.post("/colleagues/99/left"), 404)
	want(t, v.post("/colleagues/x/back"), 404)
	if w := v.post("/colleagues/2/left"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/colleagues/2/handover?done=left" || !m.staff[1].Disabled {
		t.Fatal(w.Code, w.Header(), m.staff[1])
	}
	want(t, v.get("/colleagues/2/handover?done=left"), 200, "They cannot sign in any more.")
	if w := v.post("/colleagues/2/back"); w.Code != http.StatusSeeOther || m.staff[1].Disabled {
		t.Fatal(w.Code, m.staff[1])
	}
	want(t, v.in("fi").get("/colleagues"), 200, "Sari Koskinen on lähtenyt</button>")
	v.post("/signout")
	v.post("/signin", "address", "sari@saarimatkat.example", "password", "toinen salasana")
	want(t, v.post("/colleagues/4/back"), 403)
	want(t, v.post("/colleagues/1/left"), 403)
	if strings.Contains(v.get("/colleagues").Body.String(), "/left") {
		t.Error("the way is shown to who may not go it")
	}
}

func TestHandOver(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/colleagues"), 200, `href="/colleagues/4/handover"`, `href="/week"`)
	w := v.get("/colleagues/4/handover")
	want(t, w, 200, "Customers of Juho Mäki, to be handed over", "at risk.", "of the relationship", "an answer is owed since", `name="to-18"`, "Sari Koskinen (corresponds with them)", "more whom they know")
	if strings.Contains(w.Body.String(), "This colleague can still sign in") || strings.Contains(w.Body.String(), `value="4"`) {
		t.Error("who left may take customers")
	}
	want(t, v.in("fi").get("/colleagues/4/handover"), 200, "Juho Mäki: luovutettavat asiakkaat", "Luovuta nämä asiakkaat")
	if w := v.post("/colleagues/4/handover", "to-18", "2", "to-15", "0", "rest", "3"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/colleagues/4/handover?done=handed-over" {
		t.Fatal(w.Code, w.Header())
	}
	if m.team.owner(18) != 2 || m.team.owner(15) != 3 {
		t.Errorf("they were given to %d and %d", m.team.owner(18), m.team.owner(15))
	}
	w = v.in("en").get("/colleagues/4/handover?done=handed-over")
	want(t, w, 200, "The customers are with those you chose.")
	if strings.Contains(w.Body.String(), `name="to-18"`) {
		t.Error("a customer who was handed over is still there")
	}
	want(t, v.post("/colleagues/4/handover", "to-18", "4"), 422)
	want(t, v.post("/colleagues/4/handover", "to-x", "2"), 422)
	want(t, v.get("/colleagues/99/handover"), 404)
	want(t, v.get("/colleagues/2/handover"), 200, "This colleague can still sign in.")
	v.post("/signout")
	v.post("/signin", "address", "sari@saarimatkat.example", "password", "toinen salasana")
	want(t, v.get("/colleagues/4/handover"), 403)
	want(t, v.post("/colleagues/4/handover", "to-18", "2"), 403)
	if strings.Contains(v.get("/colleagues").Body.String(), "handover") {
		t.Error("the way is shown to who may not go it")
	}
}

// Of very many customers those with the most at risk come first; the rest follows
// when these have been handed over.
func TestHandOverMany(t *testing.T) {
	m := company()
	for i := range 180 {
		m.customer(crm.CustomerID(9000+i), "Asiakas", 0, person("Asiakas", crm.Address(fmt.Sprintf("c%d@home.example", i))))
	}
	v := newSite(t, m).signIn()
	w := v.get("/colleagues/4/handover")
	want(t, w, 200, "63 customers,", "13 more follow when these have been handed over.")
	if n := strings.Count(w.Body.String(), `name="to-`); n != 50 {
		t.Errorf("%d are shown", n)
	}
	form := url.Values{"rest": {"3"}}
	for _, field := range regexp.MustCompile(`name="(to-\d+)"`).FindAllStringSubmatch(w.Body.String(), -1) {
		form.Set(field[1], "0")
	}
	if w := v.do("POST", "/colleagues/4/handover", form); w.Code != http.StatusSeeOther {
		t.Fatal(w.Code)
	}
	want(t, v.get("/colleagues/4/handover"), 200, "13 customers,")
}

func TestValueAtRisk(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.get("/loyalty"), 200, `href="/loyalty/risk"`)
	want(t, v.get("/loyalty/risk"), 200, "Value at risk", " at risk, with ", "Mikko Laine, 100\u00a0% of the relationship", "customers of whom most is awaited:", "nobody who is here has exchanged a word")
	want(t, v.in("fi").get("/loyalty/risk"), 200, "Vaarassa oleva arvo", "Vaarassa on")
}

// What is printed is a PDF, also of nobody; and nothing is when the database is away.
func TestPrintMyCustomers(t *testing.T) {
	v := newSite(t, company()).signIn()
	w := v.get("/week/customers.pdf")
	want(t, w, 200, "%PDF-1.")
	if w.Header().Get("Content-Type") != "application/pdf" || !strings.Contains(w.Header().Get("Content-Disposition"), "kaveri-customers.pdf") {
		t.Error(w.Header())
	}
	m := newMemory()
	m.firm, m.staff = crm.Firm{Name: "Tyhjä Oy", Language: "fi"}, []crm.Staff{{ID: 1, Name: "Noora"}}
	var b bytes.Buffer
	got, err := PrintNotebook(context.Background(), struct {
		Acquaintances
		Store
	}{m.team, m}, m.staff[0], now, &b)
	if err != nil || got.Pages != 1 || len(got.Customers) != 0 {
		t.Errorf("of nobody: %+v, %v", got, err)
	}
	m.broken = crm.Unavailable(nil, "the database is away")
	if _, err := PrintNotebook(context.Background(), struct {
		Acquaintances
		Store
	}{m.team, m}, m.staff[0], now, &b); err == nil {
		t.Error("a notebook without a database")
	}
}

// What stands about a customer: what is open first, and nothing that is not known.
func TestNotebookEntry(t *testing.T) {
	brief := crm.CustomerBrief{Customer: 12, Name: "Baltic Sea Walks Ltd", Owed: now.AddDate(0, 0, -2),
		Contacts: []crm.Contact{{Name: "Thomas", Phones: []string{"+442079460018"}, Addresses: []crm.ContactAddress{{Address: "thomas@bsw.example"}}, Details: []crm.KnownDetail{{Detail: crm.Detail{Kind: crm.DetailAddress, Value: "1 Quay, London"}}}}, {Name: "Priya", Addresses: []crm.ContactAddress{{Address: "priya@bsw.example"}}}},
		Said:     crm.Words{At: now.AddDate(0, 0, -2), By: "Thomas", Text: "Is there room?"}, Noted: crm.Words{At: now.AddDate(-1, 0, 0), By: "Sari", Kind: crm.NoteKindCall, Text: "Likes saunas"},
		Wishes:   []crm.Wish{{Quote: "a sauna", Kind: crm.WishPlan, State: crm.WishPromised, NotBefore: crm.DayOf(now), ExpiresOn: crm.DayOf(now) + 30}},
		Orders:   []crm.Order{{Number: "V-1", At: now, Value: crm.MoneyOf(1250.5)}},
		Standing: crm.LoyaltyRow{Rung: crm.RungLoyal, Timing: crm.TimingOverdue, Due: crm.DayOf(now) - 5}}
	for lang, want := range map[string]string{
		"en": "Loyal, overdue|We owe an answer: since 16 Nov|Phone: Thomas +44 20 7946 0018|Mail: Thomas thomas@bsw.example; Priya priya@bsw.example|Address: Thomas 1 Quay, London|They wrote: 16 Nov, Thomas: “Is there room?”|Noted: 18 Nov 2025, Sari: Likes saunas|Open wish: “a sauna” (plan, promised, not before 18 Nov, until 18 Dec)|Last orders: 18 Nov: V-1, €1,250.50|Next order: was expected about 13 Nov",
		"fi": "Uskollinen, myöhässä|Odottaa vastausta: 16.11. alkaen|Puhelin: Thomas +44 20 7946 0018|Sähköposti: Thomas thomas@bsw.example; Priya priya@bsw.example|Osoite: Thomas 1 Quay, London|Asiakas kirjoitti: 16.11., Thomas: “Is there room?”|Kirjattu: 18.11.2025, Sari: Likes saunas|Avoin toive: “a sauna” (suunnitelma, luvattu, aikaisintaan 18.11., 18.12. asti)|Viime tilaukset: 18.11.: V-1, 1\u00a0250,50\u00a0€|Seuraava tilaus: odotettiin noin 13.11.",
	} {
		c := &call{lang: lang, firm: crm.Firm{Currency: "EUR"}, clock: newClock(lang, &crm.Firm{TimeZone: "Europe/Helsinki"}, now)}
		e := c.notebookEntry(&brief)
		got := []string{e.Note}
		for _, l := range e.Lines {
			got = append(got, l.Label+": "+l.Text)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s\n%s\nwant\n%s", lang, strings.Join(got, "|"), want)
		}
		if e := c.notebookEntry(&crm.CustomerBrief{Name: "Carl"}); len(e.Lines) != 0 || e.Wait != "" || e.Note != "" {
			t.Errorf("of Carl: %+v", e)
		}
	}
}

func TestNotebookOrder(t *testing.T) {
	for lang, want := range map[string]string{
		"fi": "A:aalto B:berg O:Orava Z:Zeta Å:Åke Ä:Äiti Ö:Öljy Ж:Жанна #: #:123 Oy",
		"en": "A:aalto A:Äiti A:Åke B:berg O:Öljy O:Orava Z:Zeta Ж:Жанна #: #:123 Oy",
	} {
		var entries []notebook.Entry
		for _, name := range []string{"Öljy", "Жанна", "Åke", "", "Zeta", "123 Oy", "Äiti", "berg", "Orava", "aalto"} {
			entries = append(entries, notebook.Entry{Name: name})
		}
		sortEntries(lang, entries)
		var got []string
		for _, e := range entries {
			got = append(got, e.Letter+":"+e.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %s\nwant %s", lang, strings.Join(got, " "), want)
		}
	}
}

// The week begins on Monday where the firm is, also when clocks are changed.
func TestSpans(t *testing.T) {
	helsinki, err := time.LoadLocation("Europe/Helsinki")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) clock {
		when, err := time.ParseInLocation(time.DateTime, s, helsinki)
		if err != nil {
			t.Fatal(err)
		}
		return newClock("en", &crm.Firm{TimeZone: "Europe/Helsinki"}, when)
	}
	for _, c := range []struct{ now, name, since, until string }{
		{"2026-11-18 14:40:00", "week", "2026-11-16", "2026-11-19"},
		{"2026-11-16 00:00:00", "week", "2026-11-16", "2026-11-17"},
		{"2026-11-15 23:59:59", "week", "2026-11-09", "2026-11-16"},
		{"2026-11-15 23:59:59", "last-week", "2026-11-02", "2026-11-09"},
		{"2026-03-30 09:00:00", "last-week", "2026-03-23", "2026-03-30"},
		{"2026-01-31 09:00:00", "last-month", "2025-12-01", "2026-01-01"},
		{"2026-03-31 09:00:00", "month", "2026-03-01", "2026-04-01"},
		{"2026-03-31 09:00:00", "nonsense", "2026-03-30", "2026-04-01"},
	} {
		span := at(c.now).span(c.name)
		if got := []string{span.Since.Format(time.DateTime), span.Until.Format(time.DateTime)}; !slices.Equal(got, []string{c.since + " 00:00:00", c.until + " 00:00:00"}) {
			t.Errorf("%s on %s: %q", c.name, c.now, got)
		}
	}
}
