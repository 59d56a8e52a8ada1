package web

import (
	"net/http"
	"strings"
	"testing"

	"kaveri/crm"
)

// At the start page stands first who waits for an answer: by rung, then by time.
func TestWaiting(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	start := v.get("/customers")
	want(t, start, http.StatusOK, `id="waiting-top"`, "Re: Kesän Kökar-matka", `action="/mails/101/no-answer"`, `action="/mails/101/reply"`)
	page := v.get("/waiting")
	want(t, page, http.StatusOK, "Waiting for our answer", "Looked after by Mikko Laine", "since", "today at")
	body := page.Body.String()
	if strings.Contains(body, "Group of 18") {
		t.Error("what is answered waits")
	}
	// Aino stands higher than Ville, who has waited longer.
	if a, b := strings.Index(body, "Aino Virtanen"), strings.Index(body, "Ville Heikkinen"); a < 0 || b < 0 || a > b {
		t.Errorf("Aino at %d, Ville at %d", a, b)
	}
	want(t, v.in("fi").get("/waiting"), http.StatusOK, "Odottaa vastaustamme", "Ei tarvitse vastausta")
	want(t, v.in("en").get("/waiting?top=1"), http.StatusOK, `id="waiting-top"`)
}

func TestNoAnswerNeeded(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/customers/11"), http.StatusOK, "Waits for our answer since", `action="/mails/101/no-answer"`)
	if w := v.post("/mails/101/no-answer", "answer", "none", "back", "/customers/11"); w.Header().Get("Location") != "/customers/11?done=no-answer" {
		t.Errorf("closed: %d, to %q", w.Code, w.Header().Get("Location"))
	}
	page := v.get("/customers/11")
	want(t, page, http.StatusOK, "Needs no answer, said Mikko Laine", `value="undo"`)
	if strings.Contains(page.Body.String(), "Waits for our answer since") {
		t.Error("it still waits")
	}
	want(t, v.get("/waiting"), http.StatusOK, "Said to need no answer since yesterday", "Needs no answer, said Mikko Laine")
	for _, c := range []struct{ path, answer, back, to string }{
		{"/mails/101/no-answer", "undo", "https://evil.example/", "/waiting?done=no-answer-undone"},
		{"/mails/101/no-answer", "undo", "/waiting", "/waiting?done=answered-before"},
		{"/mails/112/no-answer", "none", "/waiting", "/waiting?done=answered-before"}, // it is answered
	} {
		if w := v.post(c.path, "answer", c.answer, "back", c.back); w.Code != http.StatusSeeOther || w.Header().Get("Location") != c.to {
			t.Errorf("%s %s: %d to %q", c.path, c.answer, w.Code, w.Header().Get("Location"))
		}
	}
	if w := v.post("/mails/101/no-answer", "answer", "perhaps"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an answer that is none: %d", w.Code)
	}
	if w := v.post("/mails/999/no-answer", "answer", "none"); w.Code != http.StatusNotFound {
		t.Errorf("a mail that is none: %d", w.Code)
	}
}

// A private question is nobody's business but its holders'.
func TestPrivateQuestion(t *testing.T) {
	m := company()
	m.private[101] = []crm.StaffID{2}
	v := newSite(t, m).signIn()
	for _, path := range []string{"/customers", "/waiting", "/customers/11"} {
		if body := v.get(path).Body.String(); strings.Contains(body, "/mails/101/no-answer") || strings.Contains(body, "Re: Kesän") || strings.Contains(body, "Waits for our answer since") {
			t.Errorf("%s tells of it", path)
		}
	}
	if w := v.post("/mails/101/no-answer", "answer", "none"); w.Code != http.StatusNotFound {
		t.Errorf("closed by another one: %d", w.Code)
	}
}

func TestTagsOnPages(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	if w := v.post("/customers/11/tags", "tag", "VIP, Sauna"); w.Header().Get("Location") != "/customers/11#tags" {
		t.Fatalf("added: %d, %s", w.Code, w.Body)
	}
	v.post("/customers/12/tags", "tag", "VIP")
	want(t, v.get("/customers/11"), http.StatusOK, `href="/customers?tag=VIP"`, "Remove the tag Sauna")
	want(t, v.get("/customers/13"), http.StatusOK, `<option value="Sauna">`)
	list := v.get("/customers?tag=vip")
	want(t, list, http.StatusOK, "Aino Virtanen", "Baltic Sea Walks", `aria-current="true">VIP`, `name="tag" value="vip"`)
	if strings.Contains(list.Body.String(), "Ville Heikkinen") {
		t.Error("the filter does not narrow")
	}
	want(t, v.get("/customers?tag=none"), http.StatusOK, "Nobody has the tag “none”")
	want(t, v.post("/customers/11/tags", "tag", `say "a"`), http.StatusUnprocessableEntity, "A tag has no comma", `aria-describedby="h-tag"`)
	want(t, v.post("/customers/11/tags", "tag", " , "), http.StatusUnprocessableEntity, "Write a word or two")
	for range 2 { // the second one comes too late, and is no fault
		if w := v.post("/customers/11/tags/remove", "tag", "VIP"); w.Code != http.StatusSeeOther {
			t.Errorf("removed: %d", w.Code)
		}
	}
	if got := m.customers[0].Tags; len(got) != 1 || got[0] != "Sauna" {
		t.Errorf("left: %q", got)
	}
}
