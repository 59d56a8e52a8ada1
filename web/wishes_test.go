package web

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

func TestWishesPage(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	body := v.get("/wishes").Body.String()
	for _, want := range []string{"Onko rannassa vene", "not before 1 Mar 2027", "They have been told", "Äidin huoneessa", "Group saunas", "Frequent · EUR\u00a08,800 expected", "product: Smoke sauna", `aria-keyshortcuts="y"`, "without a topic"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if body := v.get("/wishes?kind=preference&state=open").Body.String(); !strings.Contains(body, "Pähkinäallergia") || strings.Contains(body, "eighteen of us") {
		t.Error("the filter does not narrow")
	}
	if w := v.get("/wishes?after=x"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a page that is none: %d", w.Code)
	}
	// What is private is not for others.
	m.private[101] = []crm.StaffID{2}
	if strings.Contains(v.get("/wishes").Body.String(), "Onko rannassa vene") || strings.Contains(v.get("/customers/11").Body.String(), "/wishes/801/decide") {
		t.Error("a proposal from a private mail is shown")
	}
}

func TestDecideWish(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	for _, c := range []struct{ path, answer, back, to string }{
		{"/wishes/801/decide", "yes", "", "/wishes?done=wish-confirmed"}, {"/wishes/802/decide", "no", "/customers/11", "/customers/11?done=wish-dismissed"},
		{"/wishes/801/decide", "yes", "", "/wishes?done=answered-before"}, {"/wishes/802/decide", "no", "https://evil.example/", "/wishes?done=answered-before"},
	} {
		w := v.post(c.path, "answer", c.answer, "topic", "Veneet", "back", c.back)
		if got := w.Header().Get("Location"); w.Code != http.StatusSeeOther || got != c.to {
			t.Errorf("%s %s: %d to %q", c.path, c.answer, w.Code, got)
		}
	}
	if got := strings.Join(m.book.decided, ","); got != "yes Veneet,no Veneet" {
		t.Errorf("decided: %q", got)
	}
	if w := v.post("/wishes/801/decide", "answer", "perhaps"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an answer that is none: %d", w.Code)
	}
}

// TestEditWish changes a wish on its page; what cannot be kept stays in the form.
func TestEditWish(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/wishes"), 200, `href="/wishes/701"`)
	want(t, v.get("/wishes/701"), 200, "A wish of Aino Virtanen", "pyörät valmiiksi", `value="Pyörät"`, `value="2027-03-01"`, "What became of it", "not known")
	fields := []string{"quote", "Pyörät rantaan.", "kind", "plan", "topic", "Polkupyörät", "strength", "must", "job", "When we arrive", "before", "2027-04-01", "until", "2027-05-01"}
	says(t, v.goes("/wishes/701/edit", fields...), "The wish has been changed.")
	w := m.book.wishes[0]
	if w.Quote != "Pyörät rantaan." || w.Kind != crm.WishPlan || w.Topic != "Polkupyörät" || w.Strength != crm.StrengthMust || w.NotBefore.String() != "2027-04-01" || w.ExpiresOn.String() != "2027-05-01" || w.State != crm.WishNew {
		t.Errorf("%+v", w.Wish)
	}
	want(t, v.get("/wishes"), 200, "must have", "of no interest after 1 May 2027")
	for name, c := range map[string]struct{ field, value, says string }{
		"no words": {"quote", " ", "The wish is empty"}, "no day": {"before", "soon", "hoose a day"}, "ends before it begins": {"until", "2027-03-01", "before which it is not wanted"}, "no kind": {"kind", "whim", "whim"},
	} {
		changed := append([]string{}, fields...)
		for i := 0; i < len(changed); i += 2 {
			if changed[i] == c.field {
				changed[i+1] = c.value
			}
		}
		t.Run(name, func(t *testing.T) { want(t, v.post("/wishes/701/edit", changed...), 422, c.says, "Polkupyörät") })
	}
	m.book.wishes[0].ExpiresOn = crm.DayOf(now) - 1
	want(t, v.get("/wishes/701"), 200, "expired")
	m.book.wishes[0].Message = 101
	v.post("/wishes/701/edit", fields...)
	want(t, v.get("/wishes/701"), 200, "stay as they were written")
	m.private[101] = []crm.StaffID{2}
	want(t, v.get("/wishes/701"), 404)
	want(t, v.post("/wishes/701/edit", fields...), 404)
	want(t, newSite(t, company()).signIn().in("fi").get("/wishes/702"), 200, "Toive: Baltic Sea Walks Ltd", "Kuinka tärkeää se on")
}

func TestStepWish(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	if w := v.post("/wishes/703", "state", "told"); w.Code != http.StatusSeeOther || m.book.wishes[2].State != crm.WishTold {
		t.Errorf("told: %d, %s", w.Code, m.book.wishes[2].State)
	}
	for _, lang := range languages {
		v.post("/language", "language", lang)
		if w := v.post("/wishes/701", "state", "declined"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), strings.TrimSuffix(v.say(lang, "fault.reason"), ".")) {
			t.Errorf("declined without a reason: %d", w.Code)
		}
		if w := v.post("/wishes/701", "state", "told"); w.Code != http.StatusConflict {
			t.Errorf("told before it is done: %d", w.Code)
		}
	}
	if w := v.post("/wishes/99", "state", "done"); w.Code != http.StatusNotFound {
		t.Errorf("no wish: %d", w.Code)
	}
}

func (v *visitor) say(lang string, k Key) string {
	s, err := say(lang, k)
	if err != nil {
		v.t.Error(err)
	}
	return s
}

func TestAddWish(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	w := v.post("/customers/12/notes", "kind", "wish", "body", "wants a later ferry", "topic", "Ferries", "not-before", "2027-05-01")
	if got := w.Header().Get("Location"); got != "/customers/12?done=wish#wishes" {
		t.Errorf("%d to %q", w.Code, got)
	}
	if k := m.book.wishes[0]; k.Quote != "wants a later ferry" || k.Topic != "Ferries" || k.NotBefore.String() != "2027-05-01" || k.Customer != 12 || k.Staff != 1 {
		t.Errorf("kept as %+v", k)
	}
	w = v.post("/customers/12/notes", "kind", "wish", "body", "once more", "not-before", "May")
	if body := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, "once more") || !strings.Contains(body, `value="wish" checked`) {
		t.Errorf("a day that is none: %d", w.Code)
	}
	if w := v.post("/customers/12/notes", "kind", "wish", "body", " "); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an empty wish: %d", w.Code)
	}
}

func TestRecommendedBy(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	aino := m.customers[0].Contacts[0].ID
	for by, want := range map[string]int{"thomas@balticseawalks.example": http.StatusSeeOther, "Baltic Sea Walks Ltd": http.StatusSeeOther, "nobody at all": http.StatusUnprocessableEntity, "a": http.StatusUnprocessableEntity, "": http.StatusSeeOther} {
		if w := v.post("/customers/11/recommended", "by", by); w.Code != want {
			t.Errorf("by %q: %d, want %d", by, w.Code, want)
		}
	}
	v.post("/customers/11/recommended", "by", "thomas@balticseawalks.example")
	if m.book.recommended[aino] != m.customers[1].Contacts[0].ID {
		t.Errorf("recommended: %v", m.book.recommended)
	}
	if !strings.Contains(v.get("/customers/11?desk=1").Body.String(), `value="Thomas Whitfield"`) {
		t.Error("the page does not say by whom")
	}
}

// No cell of the file is a formula, whatever a customer wrote.
func TestWishesCSV(t *testing.T) {
	m := company()
	m.book.wishes[1].Quote = `=HYPERLINK("https://evil.example")`
	w := newSite(t, m).signIn().get("/wishes.csv?text=hyperlink")
	rows, err := csv.NewReader(w.Body).ReadAll()
	if err != nil || len(rows) != 2 || rows[0][0] != "\ufeffid" || rows[1][14] != `'=HYPERLINK("https://evil.example")` || rows[1][3] != "Baltic Sea Walks Ltd" {
		t.Errorf("%q, %v", rows, err)
	}
}

func TestSurveysPage(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	body := v.get("/surveys").Body.String()
	for _, want := range []string{"NPS 30", "between 16 and 44", "80 per cent are content", "These are few answers", "Nobody has answered yet.", "{{ survey_after_visit }}", "Opas oli mahtava.", "Enemmän kasvisruokaa.", "The form is closed"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	m.firm.FeedbackForm, m.firm.PublicURL = true, "https://post.example"
	if !strings.Contains(v.get("/surveys").Body.String(), "https://post.example/feedback") {
		t.Error("the form is not named")
	}
	if w := v.post("/surveys", "name", "new one", "kind", "nps", "en", "Well?"); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Well?") {
		t.Errorf("a bad name: %d", w.Code)
	}
	for path, pairs := range map[string][]string{"/surveys": {"name", "new", "kind", "csat", "fi", "No?"}, "/surveys/901/close": nil, "/feedback/951/seen": nil} {
		if w := v.post(path, pairs...); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if len(m.book.surveys) != 4 || m.book.surveys[0].Closed.IsZero() || !m.book.feedback[0].Seen {
		t.Error("nothing was kept")
	}
}

// Opening the link votes for nothing; the button does, and the trap is noted.
func TestPublicSurvey(t *testing.T) {
	s := newPublicSite(t)
	page := s.Survey(ainosMail, questionID)
	for path, want := range map[string]int{page: 200, page + "/9": 200, page + "/11": 404, page + "/x": 404, s.Survey(ainosMail, questionID+1): 404, s.Survey(ainosMail+1, questionID): 404, "/s/" + s.Keys.Make(crm.TokenSurvey, 1): 404} {
		if w := s.do("GET", path, "", ""); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	if len(s.m.ballots) != 1 || s.m.ballots[0] != (crm.Ballot{Score: 9, At: now}) || len(s.m.visits) < 2 {
		t.Fatalf("looking was kept as %+v", s.m.ballots)
	}
	if body := s.do("GET", page+"/9", "", "").Body.String(); !strings.Contains(body, `value="9" required checked`) {
		t.Error("the answer of the link is not chosen beforehand")
	}
	const form = "application/x-www-form-urlencoded"
	if w := s.do("POST", page, form, "words=hm"); w.Code != 200 || !strings.Contains(w.Body.String(), "Please choose") {
		t.Errorf("without an answer: %d", w.Code)
	}
	s.m.ballots = nil
	s.do("POST", page, form, "score=8&words=Lovely")
	s.do("POST", page, form, "score=3&website=x")
	if len(s.m.ballots) != 2 || s.m.ballots[0] != (crm.Ballot{Score: 8, Posted: true, At: now}) || !s.m.ballots[1].Trapped || s.m.words[len(s.m.words)-2] != "Lovely" {
		t.Errorf("votes: %+v, %q", s.m.ballots, s.m.words)
	}
	s.m.survey.Closed = now
	if body := s.do("GET", page, "", "").Body.String(); strings.Contains(body, "<form") || !strings.Contains(body, "closed") {
		t.Error("a closed survey asks")
	}
}

func TestPublicFeedback(t *testing.T) {
	at := now
	s := newPublicSite(t, func(o *PublicOptions) { o.Now = func() time.Time { return at } })
	const form = "application/x-www-form-urlencoded"
	for _, method := range []string{"GET", "POST"} {
		if w := s.do(method, "/feedback", form, "words=x"); w.Code != 404 {
			t.Errorf("%s while it is closed: %d", method, w.Code)
		}
	}
	s.m.firm.FeedbackForm = true
	if w := s.do("GET", "/feedback", "", ""); w.Code != 200 {
		t.Errorf("the form: %d", w.Code)
	}
	send := func(body string, want int) string {
		t.Helper()
		w := s.do("POST", "/feedback", form, body)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", body, w.Code, want)
		}
		return w.Body.String()
	}
	send("words=Kiitos&address=aino@x.example&name=Aino", 200)
	send("words=spam&website=1", 200)
	at = at.Add(time.Minute)
	if body := send("words=", 422); !strings.Contains(body, "Kirjoita muutama sana.") {
		t.Error("nothing asks for words")
	}
	if body := send("words="+strings.Repeat("%C3%A4", 6000), 422); !strings.Contains(body, strings.Repeat("ä", 6000)) || !strings.Contains(body, "enintään 5\u00a0000 merkkiä") {
		t.Error("what is too long is lost, or its limit untold")
	}
	if body := send("words=keep+this&address=nowhere", 422); !strings.Contains(body, "keep this") {
		t.Error("what was written is lost")
	}
	send("words=2", 200)
	send("words=3", 200)
	if body := send("words=4", 429); !strings.Contains(body, "4</textarea>") {
		t.Error("what was written is lost")
	}
	at = at.Add(time.Minute)
	send("words=5", 200)
	if len(s.m.feedback) != 4 || s.m.feedback[0].Address != "aino@x.example" {
		t.Errorf("kept: %+v", s.m.feedback)
	}
}
