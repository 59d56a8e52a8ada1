package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// lacks checks that a page does not say any of the texts.
func lacks(t *testing.T, body string, texts ...string) {
	t.Helper()
	for _, x := range texts {
		if strings.Contains(body, x) {
			t.Errorf("the page says %q", x)
		}
	}
}

func (v *visitor) as(address, password string) *visitor {
	v.t.Helper()
	v.post("/signout")
	if w := v.post("/signin", "address", address, "password", password); w.Code != http.StatusSeeOther {
		v.t.Fatalf("sign in: %d", w.Code)
	}
	return v
}

// goes posts a form that sends the browser on, and gives the page it comes to.
func (v *visitor) goes(target string, pairs ...string) string {
	v.t.Helper()
	w := v.post(target, pairs...)
	if w.Code != http.StatusSeeOther {
		v.t.Fatalf("POST %s: %d\n%s", target, w.Code, gist(w))
	}
	to, _, _ := strings.Cut(w.Header().Get("Location"), "#") // which a browser keeps to itself
	page := v.get(to)
	if page.Code != http.StatusOK {
		v.t.Fatalf("POST %s leads to %s: %d", target, w.Header().Get("Location"), page.Code)
	}
	return page.Body.String()
}

func says(t *testing.T, body string, texts ...string) {
	t.Helper()
	for _, x := range texts {
		if !strings.Contains(body, x) {
			t.Errorf("the page does not say %q", x)
		}
	}
}

func TestQuestions(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.get("/reviews"), 200, "Does this mail from Mallory (m@evil.example) belong to Aino Virtanen?", "nothing shows that its author has seen", "Does Tuula Salo also use the address tuula@koti.example?",
		"Its author has the same name, Tuula Salo.", "Are Tuula Salo and Tuula Salo the same person?", "t.salo@posti.example", "Is everybody at rantakallio.example one customer?", "use the address yhteinen@taloyhtio.example",
		"but the address is new", "may be forged", "7 open questions", "Maksakaa ennakko")
	want(t, v.in("fi").get("/reviews"), 200, "Kuuluuko se asiakkaalle Aino Virtanen?", "Käyttääkö Tuula Salo myös osoitetta tuula@koti.example?", "Ovatko Tuula Salo ja Tuula Salo sama henkilö?", "7 avointa kysymystä", "Kyllä")
	v.in("en")

	w := v.post("/reviews/70", "answer", "yes", "back", "/reviews#review-69", "see", "/customers/21")
	if to := w.Header().Get("Location"); to != "/reviews?see=%2Fcustomers%2F21&done=answered#review-69" {
		t.Errorf("an answer leads to %q", to)
	}
	page := v.goes("/reviews/71", "answer", "yes", "back", "/reviews", "see", "/mails/161")
	says(t, page, "Your answer is kept", `href="/mails/161">See the mail`, "5 open questions")
	lacks(t, page, "belong to Aino Virtanen?</h2>\n<p>It answers", `id="review-71"`)
	want(t, v.get("/customers/11"), 200, `id="mail-161"`)
	says(t, v.goes("/reviews/71", "answer", "no"), "This question is answered already")
	v.goes("/reviews/65", "answer", "no", "back", "/mails/161")
	want(t, v.get("/mails/161"), 200, "Mikko Laine has said that it does not belong to Thomas Whitfield.", "It does belong to Thomas Whitfield")

	want(t, v.post("/reviews/69"), 422)
	want(t, v.post("/reviews/none", "answer", "yes"), 404)
	w = v.post("/reviews/68", "answer", "no", "back", "//evil.example", "see", "https://evil.example")
	if to := w.Header().Get("Location"); to != "/reviews?done=answered" {
		t.Errorf("an answer leads to %q", to)
	}
	lacks(t, v.get("/reviews?done=answered&see=//evil.example").Body.String(), "evil.example\"")
}

// phoneQuestions are those that rest on a phone or a thread.
func phoneQuestions() []crm.Review {
	return []crm.Review{
		{ID: 64, Kind: crm.ReviewMail, Message: 164, Contact: 110, ContactName: "Aino Virtanen", Customer: 11, Reason: crm.ReasonPhone, Evidence: "phone: +358405550142"},
		{ID: 63, Kind: crm.ReviewMerge, Message: 164, Contact: 130, ContactName: "Ville Heikkinen", Customer: 13, Other: 200, OtherName: "Pekka Uusi", OtherOf: 20, Reason: crm.ReasonPhone, Evidence: "phone: +358405550142"},
		{ID: 62, Kind: crm.ReviewMerge, Message: 164, Contact: 130, ContactName: "Ville Heikkinen", Customer: 13, Other: 200, OtherName: "Pekka Uusi", OtherOf: 20, Reason: crm.ReasonAnswer, Evidence: "in-reply-to: m1@x (quotes it)"},
	}
}

// What a phone and a thread show is said with the proof.
func TestQuestionsOfPhoneAndThread(t *testing.T) {
	m := company()
	m.reviews = phoneQuestions()
	v := newSite(t, m).signIn()
	want(t, v.get("/reviews"), 200, "Its author signs with the phone number &#43;358 40 5550142, which belongs to Aino Virtanen.", "Both have the phone number &#43;358 40 5550142.",
		"This mail, under an address of Pekka Uusi, answers a conversation with Ville Heikkinen.", "It repeats words")
	want(t, v.in("fi").get("/reviews"), 200, "Kirjoittajan allekirjoituksessa on puhelinnumero &#43;358 40 5550142, jota käyttää Aino Virtanen.", "Molemmilla on puhelinnumero &#43;358 40 5550142.",
		"Tässä viestissä Pekka Uusi vastaa omasta osoitteestaan keskusteluun, jossa on mukana Ville Heikkinen.")
}

// What signatures show stands beside what is known until somebody decides; what
// is accepted can be taken back.
func TestDetails(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/customers/11"), 200, "From the signature of a mail of 18 Nov</a>: <b>phone &#43;358 40 5550199</b>", `href="/mails/101"`, "From the signature of a mail of 9 Nov</a>: <b>address Rantakatu 5 A 12, 20100 Turku</b>", "Dismiss")
	want(t, v.get("/customers/12"), 200, "<strong>Thomas Whitfield</strong> ", "<b>title Managing Director</b>", "(so far: Guide)", "Replace", "accepted by Sari Koskinen, 18 Aug")
	want(t, v.in("fi").get("/customers/11"), 200, "18.11. saapuneen viestin allekirjoituksesta</a>: <b>puhelin &#43;358 40 5550199</b>", "Hylkää")
	v.in("en")

	page := v.goes("/customers/11/details/81", "answer", "yes")
	says(t, page, "Added to the contact.", `href="tel:&#43;358405550199">&#43;358 40 5550199`, "accepted by Mikko Laine, 18 Nov")
	lacks(t, page, `id="detail-81"`)
	says(t, v.goes("/customers/11/details/81", "answer", "yes"), "This question is answered already")
	page = v.goes("/customers/11/details/82", "answer", "no")
	says(t, page, "It is not proposed again")
	lacks(t, page, "Rantakatu", `class="shown"`)
	page = v.goes("/customers/12/details/83", "answer", "yes")
	says(t, page, `class="known">Managing Director`)
	lacks(t, page, "Guide")
	page = v.goes("/customers/11/details/remove", "contact", "110", "kind", "phone", "value", "+358405550199")
	says(t, page, "Removed from the contact.")
	lacks(t, page, "tel:&#43;358405550199")
	want(t, v.post("/customers/11/details/remove", "contact", "110", "kind", "phone", "value", "+1"), 404)
	want(t, v.post("/customers/11/details/remove", "contact", "120", "kind", "title", "value", "Guide"), 404)
	want(t, v.post("/customers/12/details/83"), 422)
	want(t, v.post("/customers/12/details/none", "answer", "yes"), 404)
	want(t, v.post("/customers/99/details/83", "answer", "yes"), 404)
}

// What is read while the page is open appears on it, and can be decided from
// the keyboard.
func TestDetailsInTheBrowser(t *testing.T) {
	m := company()
	b := openTab(t, m)
	b.open("/?token=demo-link")
	b.open("/customers/11")
	b.until(`document.querySelectorAll(".shown li").length === 2 && window.htmx !== undefined`)
	m.mu.Lock()
	m.proposed = append([]crm.DetailProposal{{ID: 84, Detail: crm.Detail{Kind: crm.DetailTitle, Value: "Rehtori"}, Contact: 110, ContactName: "Aino Virtanen", Customer: 11, Message: 101, At: now}}, m.proposed...)
	m.mu.Unlock()
	m.tell(crm.Event{Kind: "detail", Customer: 11})
	b.until(`document.querySelectorAll(".shown li").length === 3 && document.querySelector("#detail-84") !== null`)
	js[bool](b, `document.querySelector("#detail-84 button[value=yes]").focus(), true`)
	b.do(chromedp.KeyEvent("\r"))
	b.until(`document.readyState === "complete" && document.querySelector(".contacts .known")?.textContent === "Rehtori"`)
	b.quiet()
}

// What only a private mail shows is on nobody else's page.
func TestPrivateDetails(t *testing.T) {
	m := company()
	m.private[101] = []crm.StaffID{1}
	v := newSite(t, m).signIn()
	want(t, v.get("/customers/11"), 200, "5550199")
	v.as("sari@saarimatkat.example", "toinen salasana")
	lacks(t, v.get("/customers/11").Body.String(), "5550199")
	says(t, v.goes("/customers/11/details/81", "answer", "yes"), "This question is answered already")
}

func TestCustomerLanguage(t *testing.T) {
	m := company()
	m.customers[0].Language = "fi"
	v := newSite(t, m).signIn()
	want(t, v.get("/customers/11"), 200, "Language: Finnish", `<option value="sv">Swedish</option>`)
	lacks(t, v.get("/customers/12").Body.String(), "Language: ")
	page := v.goes("/customers/11/language", "language", "sv")
	says(t, page, "Language: Swedish", `<option value="sv" selected>Swedish</option>`, "The language has been set.")
	want(t, v.in("fi").get("/customers/11"), 200, "Kieli: ruotsi", "Viestien mukaan")
	says(t, v.goes("/customers/11/language", "language", ""), "Kieli: suomi")
	want(t, v.post("/customers/11/language", "language", "Suomi"), 422)
	want(t, v.post("/customers/99/language", "language", "fi"), 404)
}

// A question that cannot be answered with yes as things are stays, and says why.
func TestQuestionThatCannotBe(t *testing.T) {
	m := company()
	m.reviews = append(m.reviews, crm.Review{ID: 60, Kind: crm.ReviewMerge, Contact: 120, ContactName: "Thomas Whitfield", Customer: 12, Other: 110, OtherName: "Thomas Whitfield", OtherOf: 11, Reason: crm.ReasonName})
	v := newSite(t, m).signIn()
	want(t, v.post("/reviews/60", "answer", "yes"), 422, "several contacts", `id="review-60"`)
	want(t, v.in("fi").post("/reviews/60", "answer", "yes"), 422, "useita yhteyshenkilöitä")
}

func TestNoQuestions(t *testing.T) {
	m := company()
	m.reviews = nil
	v := newSite(t, m).signIn()
	w := v.get("/reviews")
	want(t, w, 200, "Nothing to decide")
	lacks(t, w.Body.String(), "open question")
	want(t, v.in("fi").get("/reviews"), 200, "Ei mitään päätettävää")
	for i := range 1000 {
		m.reviews = append(m.reviews, crm.Review{ID: crm.ReviewID(5000 + i), Kind: crm.ReviewOrganisation, Subject: "acme.example"})
	}
	want(t, v.in("en").get("/reviews"), 200, ">999+<", "960 more questions follow")
	v.header.Set("HX-Request", "true") // what the page fetches when something has changed
	want(t, v.get("/reviews"), 200, "960 more questions follow")
	want(t, v.get("/reviews/count"), 200, ">999+<", "1,000 open questions")
}

// What is private is in nobody else's queue, count or form.
func TestPrivateMailStaysOutOfTheQueue(t *testing.T) {
	m := company()
	m.private[161] = []crm.StaffID{2}
	v := newSite(t, m).signIn()
	w := v.get("/reviews")
	want(t, w, 200, "5 open questions")
	lacks(t, w.Body.String(), "Mallory", "evil.example", "Maksakaa")
	want(t, v.post("/reviews/71", "answer", "yes"), 404)
	want(t, v.get("/mails/161/belongs?q=aino"), 404)
	want(t, v.post("/mails/161/belongs", "contact", "110", "belongs", "yes"), 404)
	lacks(t, v.get("/customers/11").Body.String(), "/mails/161")
	v.as("sari@saarimatkat.example", "toinen salasana") // who holds it, and is no administrator
	want(t, v.get("/reviews"), 200, "7 open questions", "Mallory")
	says(t, v.goes("/reviews/71", "answer", "yes"), "Your answer is kept")
	want(t, v.get("/customers/11"), 200, "/mails/161")
}

func TestCorrections(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.get("/customers/11"), 200, "Does not belong here", `action="/mails/101/belongs"`, `name="customer" value="11"`, `name="back" value="/customers/11"`)
	page := v.goes("/mails/101/belongs", "customer", "11", "belongs", "no", "back", "/customers/11")
	says(t, page, "no longer on that page", `href="/mails/101">See the mail`)
	lacks(t, page, `id="mail-101"`)
	want(t, v.get("/mails/101"), 200, "Why is it on no customer’s page?", "A colleague has said whose it is not", "Mikko Laine has said that it does not belong to Aino Virtanen.")
	says(t, v.goes("/mails/101/belongs", "contact", "110", "belongs", "yes"), "The mail is on the customer’s page now.", "Mikko Laine has said that it belongs to Aino Virtanen.")
	want(t, v.get("/customers/11"), 200, `id="mail-101"`)

	want(t, v.get("/mails/162"), 200, "Programs never become customers.", "One mail to many", "Auto-Submitted: auto-replied")
	want(t, v.get("/mails/162/belongs"), 200, "Whom does this mail belong to?")
	want(t, v.get("/mails/162/belongs?q=baltic"), 200, "It belongs to Thomas Whitfield", "It belongs to Priya Nair", `value="121"`)
	want(t, v.get("/mails/162/belongs?q=zzz"), 200, "No customer matches")
	says(t, v.goes("/mails/162/belongs", "contact", "121", "belongs", "yes"), "said that it belongs to Priya Nair")
	want(t, v.post("/mails/162/belongs", "contact", "99999", "belongs", "yes"), 404)
	want(t, v.post("/mails/162/belongs", "belongs", "yes"), 422)
}

// Each rule is told in words, and what the receiving server found.
func TestWhyInWords(t *testing.T) {
	v := newSite(t, company()).signIn()
	for id, texts := range map[string][2]string{
		"150": {"A form or a shop of yours wrote it for the address tuula.salo@kirja.example", "osoitteen tuula.salo@kirja.example puolesta"},
		"151": {"another form of an address of Tuula Salo", "toinen muoto osoitteesta, jota käyttää Tuula Salo"},
		"152": {"A colleague forwards in it a mail from the address tuula.salo@kirja.example", "Työkaveri välittää siinä viestin osoitteesta tuula.salo@kirja.example"},
		"153": {"did not arrive", "ettei viesti mennyt perille osoitteeseen tuula.salo@kirja.example"},
		"154": {"it answers a conversation with Tuula Salo. Its author has the same name, Tuula Salo.", "jossa on mukana Tuula Salo. Kirjoittajalla on sama nimi, Tuula Salo."},
		"155": {"Sari Koskinen has said that it belongs to Tuula Salo.", "Sari Koskinen on sanonut, että se kuuluu asiakkaalle Tuula Salo."},
		"161": {"unverified sender", "vahvistamaton lähettäjä"},
		"104": {"confirmed by your mail server", "sähköpostipalvelimenne vahvistama"},
	} {
		want(t, v.in("en").get("/mails/"+id), 200, texts[0])
		want(t, v.in("fi").get("/mails/"+id), 200, texts[1])
	}
	lacks(t, v.in("en").get("/mails/101").Body.String(), "unverified sender", "confirmed by your mail server")
	c := &call{lang: "en"}
	for evidence, text := range map[string]string{"said by an administrator": "An administrator has said that it belongs to Dora.", "said by Anna": "Anna has said that it belongs to Dora."} {
		if w := c.why(crm.Link{Rule: crm.RuleByHand, Evidence: evidence, Confidence: 1}, "Dora"); w.Text != text || w.Evidence != "" {
			t.Errorf("%q becomes %+v", evidence, w)
		}
	}
	for evidence, text := range map[string]string{
		"from: a@b.example (shared)":         "The address a@b.example stands as the sender, and it belongs to Dora. Several people use this address, so the mail stands with each of them.",
		"somewhere":                          "The mail names an address that belongs to Dora.",
		"in-reply-to: t (quotes it)":         "No address in it is known, but it answers a conversation with Dora. It repeats words of that conversation.",
		"in-reply-to: t (also of b.example)": "No address in it is known, but it answers a conversation with Dora. Its author writes from the same organisation, b.example.",
	} {
		rule := crm.RuleExact
		if strings.HasPrefix(evidence, "in-reply-to") {
			rule = crm.RuleThread
		}
		if w := c.why(crm.Link{Rule: rule, Evidence: evidence}, "Dora"); w.Text != text {
			t.Errorf("%q becomes %q", evidence, w.Text)
		}
	}
}

func TestAddressesOfAContact(t *testing.T) {
	v := newSite(t, company()).signIn()
	lacks(t, v.get("/customers/12").Body.String(), `id="desk" open`)
	page := v.goes("/customers/12/addresses", "contact", "121", "address", "Priya@Home.example")
	says(t, page, "The address has been added", "priya@home.example", `id="desk" open`)
	want(t, v.post("/customers/12/addresses", "contact", "121", "address", "nobody"), 422, `value="nobody" aria-invalid="true"`, `id="desk" open`)
	want(t, v.post("/customers/12/addresses", "contact", "121", "address", "me@saarimatkat.example"), 422, "one of your own addresses")
	want(t, v.post("/customers/12/addresses", "contact", "110", "address", "a@b.example"), 404) // of another customer
	page = v.goes("/customers/12/addresses/remove", "contact", "121", "address", "priya@home.example")
	says(t, page, "The address has been removed")
	lacks(t, page, "priya@home.example")
	want(t, v.post("/customers/12/addresses/remove", "contact", "121", "address", "priya@home.example"), 404)
}

func TestDomainOfAnOrganisation(t *testing.T) {
	v := newSite(t, company()).signIn()
	want(t, v.get("/customers/12"), 200, "Whoever writes from balticseawalks.example belongs here.")
	want(t, v.post("/customers/11/domains/remove", "domain", "balticseawalks.example"), 404)
	page := v.goes("/customers/12/domains/remove", "domain", "balticseawalks.example")
	says(t, page, "Who is here stays.")
	lacks(t, page, "Whoever writes from balticseawalks.example")
}

func TestMergeCustomers(t *testing.T) {
	v := newSite(t, company()).signIn()
	w := v.get("/customers/21/merge")
	want(t, w, 200, "Merge Tuula Salo with whom?", `href="/customers/21/merge?with=22"`)
	lacks(t, w.Body.String(), "?with=21")
	want(t, v.get("/customers/21/merge?q=zzz"), 200, "No other customer is called so.")
	want(t, v.get("/customers/21/merge?with=22"), 200, `name="same" value="yes" checked`, "come to the page of Tuula Salo (tuula.salo@kirja.example)", "Nothing is lost", `href="/customers/22/merge?with=21"`)
	w = v.get("/customers/21/merge?with=12")
	want(t, w, 200, `name="same" value="no" checked`, "several contacts")
	lacks(t, w.Body.String(), `value="yes"`)
	want(t, v.get("/customers/21/merge?with=9999"), 404)
	want(t, v.post("/customers/21/merge", "with", "12", "same", "yes"), 422, "several contacts")
	want(t, v.post("/customers/21/merge", "with", "21", "same", "no"), 422, "one customer already")

	says(t, v.goes("/customers/21/merge", "with", "22", "same", "no"), "The two customers are one now.", "Tuula Salo was merged into this customer by Mikko Laine.", `id="desk" open`)
	if to := v.get("/customers/22").Header().Get("Location"); to != "/customers/21" {
		t.Errorf("the old page leads to %q", to)
	}
	undo := "/customers/21/merges/1001/undo"
	want(t, v.get("/customers/21"), 200, undo)
	says(t, v.goes(undo), "customers of their own again")
	want(t, v.post(undo), 409, "undone already", `id="desk" open`)
	want(t, v.get("/customers/22"), 200, "Tuula Salo")
}

func TestMatchingSettings(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	form := []string{"name", "X", "domains", "x.example", "policy", "known", "zone", "Europe/Helsinki", "currency", "EUR", "language", "en"}
	want(t, v.post("/settings", append(form, "relays", "shop")...), 422, "aria-invalid", `name="relays"`)
	want(t, v.in("fi").post("/settings", append(form, "relays", "shop")...), 422, "kauppa@example.com")
	page := v.in("en").goes("/settings", append(form, "relays", "shop@x.example\nform@x.example", "auth-server", " MX.x.example ")...)
	says(t, page, "shop@x.example\nform@x.example", `value="mx.x.example"`)
	if len(m.firm.Relays) != 2 || m.firm.AuthServer != "mx.x.example" {
		t.Errorf("%+v", m.firm)
	}
}

// An answer given elsewhere leaves the open queue by itself, and every answer
// can be given from the keyboard.
func TestQueueInTheBrowser(t *testing.T) {
	m := company()
	b := openTab(t, m)
	b.open("/?token=demo-link")
	b.open("/reviews")
	b.until(`document.querySelectorAll(".ask").length === 7 && window.htmx !== undefined`)
	m.mu.Lock()
	asked := m.reviews[0]
	m.reviews = m.reviews[1:]
	m.mu.Unlock()
	m.tell(crm.Event{Kind: "question"})
	b.until(`document.querySelectorAll(".ask").length === 6 && document.querySelector("#open-questions").textContent.startsWith("6")`)
	m.mu.Lock()
	m.reviews = slices.Insert(m.reviews, 0, asked)
	m.mu.Unlock()
	m.tell(crm.Event{Kind: "question", Message: asked.Message})
	b.until(`document.querySelector(".ask").id === "review-71" && document.querySelector("#open-questions").textContent.startsWith("7")`)
	js[bool](b, `document.querySelector("#review-70 button[value=yes]").focus(), true`)
	b.do(chromedp.KeyEvent("\r"))
	b.until(`document.readyState === "complete" && document.querySelectorAll(".ask").length === 6 && document.querySelector(".done") !== null`)
	b.do(chromedp.KeyEvent("\t"))
	b.press("j")
	b.until(`document.activeElement.closest("[data-step]") !== null`)
	b.quiet()
}

// A letter shows what its author wrote; what it quotes is behind a fold. Within
// a conversation a colleague says where a topic begins, and takes it back.
func TestLetterAndTopics(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	var ids []crm.MessageID
	rows, err := m.Conversation(t.Context(), crm.SystemViewer, 51)
	if err != nil || len(rows) < 2 {
		t.Fatalf("%d mails in the conversation: %v", len(rows), err)
	}
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	last := ids[len(ids)-1]
	m.texts[last] = "In May, please.\n> When shall we come?\n"
	path := "/mails/" + strconv.FormatInt(int64(last), 10)
	want(t, v.get(path), 200, `<div class="text" dir="auto">In May, please.</div>`, "The whole mail, with what it quotes", "&gt; When shall we come?")
	page := v.get("/conversations/51").Body.String()
	says(t, page, "A new topic begins here")
	lacks(t, page, "New topic")
	page = v.goes(path+"/topic", "begins", "yes")
	says(t, page, "A new topic begins with this mail.", "New topic", "Same topic as above")
	page = v.goes(path+"/topic", "begins", "no")
	says(t, page, "The mail is part of the topic before it.")
	lacks(t, page, "Same topic as above")
	if w := v.post("/mails/999999/topic", "begins", "yes"); w.Code != http.StatusNotFound {
		t.Errorf("a topic of no mail: %d", w.Code)
	}
}
