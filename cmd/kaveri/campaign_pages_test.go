package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"kaveri/crm"
)

// atDesk is a colleague at the pages of a firm.
type atDesk struct {
	*shopfront
	cookies []*http.Cookie
}

func (f *shopfront) browse() *atDesk {
	f.Helper()
	b := &atDesk{shopfront: f}
	w := b.post("/signin", url.Values{"address": {"aino@lumipolku.example"}, "password": {"a long password"}})
	if w.Code != http.StatusSeeOther {
		f.Fatalf("signing in: %d %s", w.Code, w.Body)
	}
	return b
}

func (b *atDesk) do(r *http.Request) *httptest.ResponseRecorder {
	for _, c := range b.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	b.cookies = append(b.cookies, w.Result().Cookies()...)
	return w
}

func (b *atDesk) get(path string) string {
	b.Helper()
	w := b.do(httptest.NewRequest("GET", path, nil))
	if w.Code != http.StatusOK {
		b.Errorf("GET %s: %d %s", path, w.Code, w.Body)
	}
	if bad := unready.FindString(w.Body.String()); bad != "" {
		b.Errorf("GET %s shows %q", path, bad)
	}
	return w.Body.String()
}

var unready = regexp.MustCompile(`%![a-zA-Z]?\(|&lt;no value|ZgotmplZ`)

func (b *atDesk) post(path string, form url.Values) *httptest.ResponseRecorder {
	b.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// formOf reads the fields of the first form with a class, as a browser would send
// them.
func formOf(t *testing.T, page, class string) url.Values {
	t.Helper()
	_, rest, ok := strings.Cut(page, `class="form `+class)
	if !ok {
		t.Fatalf("the page has no form %q:\n%s", class, page)
	}
	body, _, _ := strings.Cut(rest, "</form>")
	out := url.Values{}
	for _, m := range inputTag.FindAllStringSubmatch(body, -1) {
		tag := m[0]
		name := attrOf(tag, "name")
		if name == "" || strings.Contains(tag, `type="checkbox"`) && !strings.Contains(tag, " checked") {
			continue
		}
		out.Add(name, attrOf(tag, "value"))
	}
	for _, m := range areaTag.FindAllStringSubmatch(body, -1) {
		out.Add(m[1], htmlUnescape.Replace(m[2]))
	}
	for _, m := range selectTag.FindAllStringSubmatch(body, -1) {
		options := optionTag.FindAllStringSubmatch(m[2], -1)
		chosen := ""
		for i, o := range options {
			if i == 0 || strings.Contains(o[0], " selected") {
				chosen = attrOf(o[0], "value")
			}
		}
		out.Add(m[1], chosen)
	}
	return out
}

var (
	inputTag     = regexp.MustCompile(`<input[^>]*>`)
	areaTag      = regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>`)
	selectTag    = regexp.MustCompile(`(?s)<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>`)
	optionTag    = regexp.MustCompile(`<option[^>]*>`)
	htmlUnescape = strings.NewReplacer("&#34;", `"`, "&quot;", `"`, "&#39;", "'", "&amp;", "&", "&lt;", "<", "&gt;", ">", "&#43;", "+")
)

func attrOf(tag, name string) string {
	m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if m == nil {
		return ""
	}
	return htmlUnescape.Replace(m[1])
}

// agreed adds customers who consented to the firm's news, each with an order.
func (f *shopfront) agreed(names ...string) (out []crm.Customer) {
	f.Helper()
	firm, err := f.s.Firm(f.Context())
	f.check(err)
	firm.Topics = []crm.Topic{{Name: "news", English: "News", Finnish: "Uutiset"}}
	f.check(f.s.SaveFirm(f.Context(), f.boss, firm))
	for _, name := range names {
		a := crm.Address(strings.ToLower(name) + "@koti.example")
		c, err := f.s.AddCustomer(f.Context(), f.boss, name, []crm.Address{a})
		f.check(err)
		f.check(f.s.AddConsent(f.Context(), crm.Consent{Contact: c.Contacts[0].ID, Address: a, Topic: "news", Given: true, At: f.clock.now().AddDate(0, -1, 0), Source: "shop", Wording: "v1: Send me news."}))
		out = append(out, c)
	}
	return out
}

// TestCampaignPages makes a campaign by the pages alone, from its name to its
// why-card, and meets the faults on the way.
func TestCampaignPages(t *testing.T) {
	f := newShopfront(t)
	people := f.agreed("Dora", "Eve", "Frida", "Greta", "Hanna", "Iris")
	b := f.browse()
	if page := b.get("/campaigns"); !strings.Contains(page, "No campaign yet") {
		t.Error("an empty list says nothing")
	}
	if w := b.post("/campaigns", url.Values{"name": {" "}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "name") {
		t.Errorf("a campaign without a name: %d", w.Code)
	}
	w := b.post("/campaigns", url.Values{"name": {"Second try"}})
	at := strings.TrimSuffix(w.Header().Get("Location"), "/plan")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(at, "/campaigns/") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	form := formOf(t, b.get(at+"/plan"), "plan")
	if form.Get("holdout") != "20" || form.Get("topic") != "news" || !form.Has("exit_reply") || form.Get("w.1.from") != "09:00" {
		t.Errorf("the usual plan: %v", form)
	}

	// What is wrong with the rule is said while it is written.
	r := b.post("/segments/count", url.Values{"rule": {"rung iss contact"}})
	if !strings.Contains(r.Body.String(), "^") {
		t.Errorf("a bad rule: %s", r.Body)
	}
	if r = b.post("/segments/count", url.Values{"rule": {"rung is contact"}}); !strings.Contains(r.Body.String(), "6 customers") || !strings.Contains(r.Body.String(), "Dora") {
		t.Errorf("a good one: %s", r.Body)
	}

	form.Set("why", "Six people who never bought")
	form.Set("rule", "rung is contact")
	form.Set("from", "news@lumipolku.example")
	form.Set("holdout", "50")
	form.Del("w.1.from") // at any time
	form.Set("do", "add-send")
	if w := b.post(at, form); w.Code != http.StatusSeeOther {
		t.Fatalf("adding a mail: %d %s", w.Code, w.Body)
	}
	plan := b.get(at + "/plan")
	if !strings.Contains(plan, "Six people who never bought") || !strings.Contains(plan, "6 customers") {
		t.Error("the plan forgot what was written")
	}

	// A campaign without a text cannot be launched, and says so at its place.
	check := b.do(httptest.NewRequest("GET", at+"/check", nil))
	if !strings.Contains(check.Body.String(), at+"/plan#what") {
		t.Errorf("checking without a text: %d %s", check.Code, check.Body)
	}

	// The mail: begun from a ready-made one, changed, looked at.
	letter := at + "/letters/send-1/0/en"
	lf := formOf(t, b.get(letter), "letter-form")
	lf.Set("do", "starter-what-was-missing")
	if w := b.post(letter, lf); w.Code != http.StatusSeeOther {
		t.Fatalf("a ready-made mail: %d %s", w.Code, w.Body)
	}
	lf = formOf(t, b.get(letter), "letter-form")
	if lf.Get("subject") != "One question: what was missing?" || lf.Get("b.1.kind") != "heading" {
		t.Fatalf("the mail's form: %v", lf)
	}
	lf.Set("do", "add-button-3")
	b.post(letter, lf)
	lf = formOf(t, b.get(letter), "letter-form")
	lf.Set("b.3.text", "Look")
	lf.Set("b.3.url", "lumipolku")
	lf.Set("do", "save")
	if w := b.post(letter, lf); !strings.Contains(w.Body.String(), "https://firm.example/autumn") {
		t.Errorf("a bad address in the mail: %d %s", w.Code, w.Body)
	}
	lf.Set("b.3.url", "https://lumipolku.example/tea?a=1&b=2")
	if w := b.post(letter, lf); w.Code != http.StatusSeeOther {
		t.Errorf("saving the mail: %d %s", w.Code, w.Body)
	}
	made := b.get(letter + "/preview?as=wide")
	if !strings.Contains(made, "https://lumipolku.example/tea?a=1&amp;b=2") || strings.Contains(made, "{{") {
		t.Errorf("the preview:\n%s", made)
	}
	b.get(letter + "/preview?as=plain")
	b.get(letter + "?as=dark")
	b.get(at + "/letters/send-1/0/fi")

	page := b.get(at + "/check")
	if !strings.Contains(page, "Made for all 6 people") {
		t.Errorf("the check:\n%s", page)
	}
	if w := b.post(at+"/launch", nil); w.Code != http.StatusSeeOther {
		t.Fatalf("launching: %d %s", w.Code, w.Body)
	}
	page = b.get(at)
	if !strings.Contains(page, "running") || !strings.Contains(page, "Held out, to compare with") {
		t.Errorf("the campaign:\n%s", page)
	}
	members := b.get(at + "/members?state=waiting&step=&reason=&arm=")
	if strings.Count(members, "/members/") != len(people) {
		t.Errorf("the members:\n%s", members)
	}
	why := b.get(at + "/members/" + idText(people[0].ID))
	for _, want := range []string{"rung is contact", "shop", "dora@koti.example"} {
		if !strings.Contains(why, want) {
			t.Errorf("the why-card lacks %q:\n%s", want, why)
		}
	}

	// What runs is changed only after it was said where people go.
	form = formOf(t, b.get(at+"/plan"), "plan")
	form.Set("do", "add-wait")
	if w := b.post(at, form); !strings.Contains(w.Body.String(), "Yes, change it for the rest") {
		t.Errorf("changing what runs: %d %s", w.Code, w.Body)
	}
	for _, do := range []string{"pause", "resume", "cancel"} {
		if w := b.post(at+"/turn", url.Values{"do": {do}}); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %s", do, w.Code, w.Body)
		}
		b.get(at)
	}
	b.post("/language", url.Values{"language": {"fi"}, "next": {"/campaigns"}})
	for _, path := range []string{"/campaigns", at, at + "/plan", letter, at + "/members", at + "/members/" + idText(people[0].ID)} {
		b.get(path)
	}
}

func idText(id crm.CustomerID) string { return strconv.FormatInt(int64(id), 10) }

// TestCampaignPagesRefuse tries what is not there.
func TestCampaignPagesRefuse(t *testing.T) {
	f := newShopfront(t)
	b := f.browse()
	at := strings.TrimSuffix(b.post("/campaigns", url.Values{"name": {"Autumn"}}).Header().Get("Location"), "/plan")
	for _, path := range []string{"/campaigns/1", "/campaigns/x/plan", at + "/letters/none/0/en", at + "/letters/none/0/sv", at + "/members/1", "/campaigns/99999/check"} {
		if w := b.do(httptest.NewRequest("GET", path, nil)); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
	if w := b.post(at+"/turn", url.Values{"do": {"explode"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an unknown turn: %d", w.Code)
	}
	if w := b.post(at+"/launch", nil); w.Code == http.StatusSeeOther {
		t.Error("an empty campaign was launched")
	}
	outside := httptest.NewRecorder()
	f.h.ServeHTTP(outside, httptest.NewRequest("GET", at+"/plan", nil))
	if outside.Code == http.StatusOK {
		t.Error("the plan is open to everybody")
	}
}

// TestSegmentPages saves a segment, changes it, asks why somebody is in it, and
// puts it away.
func TestSegmentPages(t *testing.T) {
	f := newShopfront(t)
	people := f.agreed("Dora", "Eve")
	b := f.browse()
	if page := b.get("/segments"); !strings.Contains(page, "rung is one-time") {
		t.Error("the page does not say what rules can ask")
	}
	for _, c := range []struct{ name, rule, says string }{
		{"", "rung is contact", "name"},
		{"Contacts", "rung iss contact", "^"},
		{"Contacts", "", "rule"},
	} {
		if w := b.post("/segments", url.Values{"name": {c.name}, "rule": {c.rule}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), c.says) || !strings.Contains(w.Body.String(), c.rule) {
			t.Errorf("%q as %q: %d", c.rule, c.name, w.Code)
		}
	}
	w := b.post("/segments", url.Values{"name": {"Contacts"}, "rule": {"RUNG is contact AND consents to \"news\""}})
	at := strings.TrimSuffix(w.Header().Get("Location"), "?done=segment")
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if w := b.post("/segments", url.Values{"name": {"contacts"}, "rule": {"rung is loyal"}}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Another segment has this name") {
		t.Errorf("the same name again: %d", w.Code)
	}
	page := b.get(at)
	for _, want := range []string{"2 customers", "Dora", "Eve", "rung is contact and consents to"} {
		if !strings.Contains(page, want) {
			t.Errorf("the segment lacks %q:\n%s", want, page)
		}
	}
	for _, who := range []string{idText(people[0].ID), "dora@koti.example", "Dora"} {
		if page = b.get(at + "?why=" + url.QueryEscape(who)); !strings.Contains(page, "is in it") || strings.Count(page, `class="holds"`) != 3 {
			t.Errorf("why %s:\n%s", who, page)
		}
	}
	if page = b.get(at + "?why=Nobody"); !strings.Contains(page, "No customer is found by that") {
		t.Error("a customer that there is not is found")
	}
	b.post(at, url.Values{"name": {"Contacts"}, "rule": {"rung is loyal"}})
	if page = b.get(at + "?why=Dora"); !strings.Contains(page, "is not in it") {
		t.Error("the changed rule does not count")
	}
	b.post(at+"/archive", nil)
	if page = b.get("/segments"); !strings.Contains(page, "In the archive") {
		t.Error("the archive is not shown")
	}
	b.post("/language", url.Values{"language": {"fi"}, "next": {"/segments"}})
	b.get("/segments")
	b.get(at + "?why=Dora")
}
