package web

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

// postForm sends a form with files, each given as name and content.
func (v *visitor) postForm(target string, files [][2]string, pairs ...string) *httptest.ResponseRecorder {
	v.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		w.WriteField(pairs[i], pairs[i+1])
	}
	for _, f := range files {
		part, err := w.CreateFormFile("files", f[0])
		if err != nil {
			v.t.Fatal(err)
		}
		part.Write([]byte(f[1]))
	}
	w.Close()
	r := httptest.NewRequest("POST", target, &b)
	r.Header.Set("Content-Type", w.FormDataContentType())
	for k, vs := range v.header {
		r.Header[k] = vs
	}
	for _, k := range v.cookies {
		r.AddCookie(k)
	}
	rec := httptest.NewRecorder()
	v.h.ServeHTTP(rec, r)
	return rec
}

// begins presses a button that begins a draft and gives it.
func begins(t *testing.T, v *visitor, m *memory, target string, pairs ...string) *crm.SavedDraft {
	t.Helper()
	w := v.post(target, pairs...)
	if w.Code != http.StatusSeeOther {
		t.Fatalf("%s: %d %s", target, w.Code, gist(w))
	}
	for i := range m.letters.drafts {
		if w.Header().Get("Location") == draftPath(m.letters.drafts[i].ID) {
			return &m.letters.drafts[i]
		}
	}
	t.Fatalf("%s leads to %s", target, w.Header().Get("Location"))
	return nil
}

func addresses(list []crm.Party) string {
	var out []string
	for _, p := range list {
		out = append(out, string(p.Address))
	}
	return strings.Join(out, " ")
}

func TestPagesOfWriting(t *testing.T) {
	for _, lang := range languages {
		v := newSite(t, busyDesk()).signIn().in(lang)
		for _, p := range []string{"/drafts/801", "/drafts/803", "/snippets", "/customers/11", "/customers/12", "/conversations/51", "/conversations/53", "/mails/101"} {
			w := v.get(p)
			want(t, w, http.StatusOK, `<html lang="`+lang+`">`, "<h1>")
			if bad := bareKey.FindString(w.Body.String()); bad != "" {
				t.Errorf("%s in %s shows %q", p, lang, bad)
			}
		}
	}
}

// An answer goes to whom the answered mail is from; more of its people can be
// added, others cannot.
func TestReply(t *testing.T) {
	m := company()
	m.canWrite()
	v := newSite(t, m).signIn()
	d := begins(t, v, m, "/mails/104/reply", "customer", "11")
	if d.Subject != "Re: Kiitos ihanasta syksystä!" || addresses(d.To) != "aino.virtanen@postia.example" || len(d.Cc) != 0 || d.Customer != 11 || d.Mailbox != 31 || !d.Quoted ||
		!strings.Contains(d.Quote, "Aino Virtanen wrote:\n> Hei molemmat,\n>\n> Kiitos vielä Utön matkasta.") {
		t.Errorf("the answer begins as %+v", d)
	}
	w := v.get(draftPath(d.ID))
	want(t, w, 200, `value="aino.virtanen@postia.example" checked`, `value="sari@saarimatkat.example">`, "colleague", "Also in the answered mail")
	if again := begins(t, v, m, "/mails/104/reply"); again.ID != d.ID {
		t.Error("the same mail is answered twice")
	}
	if w := v.post(draftPath(d.ID), "do", "keep", "to", "aino.virtanen@postia.example", "cc", "sari@saarimatkat.example", "subject", "Re: x", "text", "Hei"); w.Code != 303 || addresses(d.Cc) != "sari@saarimatkat.example" || d.Cc[0].Name != "Sari Koskinen" || d.Quoted {
		t.Errorf("%d, %+v", w.Code, d)
	}
	want(t, v.post(draftPath(d.ID), "do", "keep", "to", "eve@else.example", "text", "Hei"), 422, "has no part in the mail")
	want(t, v.in("fi").post(draftPath(d.ID), "do", "keep", "to", "eve@else.example", "text", "Hei"), 422, "Valitse vastattavan viestin osapuolista")

	// To all: outsiders are in, told apart by words; our own are not.
	view := m.views[112]
	view.Participants = append(view.Participants, crm.Participant{Role: crm.RoleCc, Party: crm.Party{Address: "eve@else.example"}}, crm.Participant{Role: crm.RoleCc, Party: crm.Party{Address: "priya@balticseawalks.example"}}, crm.Participant{Role: crm.RoleCc, Party: crm.Party{Address: "mikko@saarimatkat.example"}})
	m.views[112] = view
	v.in("en")
	all := begins(t, v, m, "/mails/112/reply", "all", "yes")
	if addresses(all.To) != "thomas@balticseawalks.example" || addresses(all.Cc) != "eve@else.example priya@balticseawalks.example" {
		t.Errorf("to all: %s, %s", addresses(all.To), addresses(all.Cc))
	}
	w = v.get(draftPath(all.ID))
	want(t, w, 200, "outsider: not a known address of this customer")
	if n := strings.Count(w.Body.String(), `<span class="tag outside">`); n != 1 {
		t.Errorf("%d outsiders", n)
	}
	if strings.Contains(w.Body.String(), `value="mikko@saarimatkat.example"`) {
		t.Error("the author can write to herself")
	}
}

// Who may not see a mail cannot answer it, and a draft of somebody else is not
// there.
func TestReplyRights(t *testing.T) {
	m := busyDesk()
	v := newSite(t, m)
	if w := v.post("/signin", "address", "sari@saarimatkat.example", "password", "toinen salasana"); w.Code != 303 {
		t.Fatal(w.Code)
	}
	m.private[101] = []crm.StaffID{1}
	want(t, v.post("/mails/101/reply"), 404)
	for _, target := range []string{"/drafts/801", "/drafts/802", "/drafts/801/undo", "/drafts/999"} {
		want(t, v.post(target, "do", "send", "to", "aino.virtanen@postia.example", "text", "x"), 404)
	}
	want(t, v.get("/drafts/801"), 404)
	want(t, v.get("/drafts/801/writers"), 404)
	for _, p := range []string{"/customers/11", "/conversations/53"} {
		w := v.get(p)
		if strings.Contains(w.Body.String(), "/drafts/") || strings.Contains(w.Body.String(), "vene kuuluu") {
			t.Errorf("%s shows a colleague's draft", p)
		}
	}
	var zero visitor = visitor{t: t, h: v.h, cookies: map[string]*http.Cookie{}, header: http.Header{}}
	if w := zero.post("/drafts/801", "do", "send"); w.Code != 303 || !strings.HasPrefix(w.Header().Get("Location"), "/signin") {
		t.Errorf("a stranger: %d %s", w.Code, w.Header().Get("Location"))
	}
}

// A new mail goes to known addresses of the customer.
func TestWriteToCustomer(t *testing.T) {
	m := company()
	m.canWrite()
	v := newSite(t, m).signIn()
	one := begins(t, v, m, "/customers/11/write")
	if addresses(one.To) != "aino.virtanen@postia.example" || one.Subject != "" {
		t.Errorf("%+v", one)
	}
	three := begins(t, v, m, "/customers/12/write")
	if len(three.To) != 0 {
		t.Errorf("chosen for the author: %+v", three.To)
	}
	want(t, v.get(draftPath(three.ID)), 200, "New mail: Baltic Sea Walks Ltd", "thomas@balticseawalks.example", "hello@balticseawalks.example")
	m.customers[0].Contacts[0].Addresses[0].Until = now.Add(-time.Hour)
	want(t, v.get(draftPath(one.ID)), 200, "No address of this customer is known.")
}

// Sending shows the mail with the seconds left; undo brings the draft back, or
// says that it is too late.
func TestSendAndUndo(t *testing.T) {
	m := company()
	l := m.canWrite()
	v := newSite(t, m).signIn()
	d := begins(t, v, m, "/mails/101/reply")
	form := []string{"do", "send", "from", "31", "to", "aino.virtanen@postia.example", "subject", d.Subject, "text", "Vene on.", "quoted", "yes"}
	w := v.post(draftPath(d.ID), form...)
	if w.Code != 303 || w.Header().Get("Location") != "/conversations/51#writing" || d.Mailing == 0 || d.Text != "Vene on." {
		t.Fatalf("%d to %s: %+v", w.Code, w.Header().Get("Location"), d)
	}
	w = v.get("/conversations/51")
	want(t, w, 200, `data-leaves="10000"`, "Leaves in <b>10</b> s", "Undo", "Vene on.")
	if w := v.post(draftPath(d.ID), form...); w.Code != 303 || len(l.states) != 1 {
		t.Errorf("pressed twice: %d, %v", w.Code, l.states)
	}
	if w := v.get(draftPath(d.ID)); w.Code != 303 {
		t.Errorf("a sent mail can be edited: %d", w.Code)
	}
	if w := v.post(draftPath(d.ID) + "/undo"); w.Code != 303 || w.Header().Get("Location") != draftPath(d.ID)+"?done=undone" || d.Mailing != 0 {
		t.Errorf("%d to %s, %+v", w.Code, w.Header().Get("Location"), d)
	}
	want(t, v.get(draftPath(d.ID)+"?done=undone"), 200, "nothing was sent", "Vene on.")
	if w := v.post(draftPath(d.ID) + "/undo"); w.Code != 303 {
		t.Errorf("pressed twice: %d", w.Code)
	}
	v.post(draftPath(d.ID), form...)
	l.states[d.ID] = crm.Armed
	want(t, v.post(draftPath(d.ID)+"/undo"), 409, "too late")
	want(t, v.in("fi").post(draftPath(d.ID)+"/undo"), 409, "liian myöhäistä")
	if d.Mailing == 0 {
		t.Error("what left is a draft")
	}
	for state, says := range map[crm.DispatchState]string{crm.Queued: "Peru lähetys", crm.Armed: "Lähetetään", crm.Sent: "Lähetetty", crm.Deferred: "yritetään uudelleen", crm.Unknown: "Epävarma", crm.Failed: "Kaikki eivät saa", crm.Cancelled: "Peruttu"} {
		l.states[d.ID] = state
		want(t, v.get("/customers/11/writing"), 200, says)
	}
	l.mailing, l.states[d.ID] = crm.MailingHeld, crm.Deferred
	want(t, v.get("/customers/11/writing"), 200, "Odottaa päätöstäsi")
	// What is on the timeline is not shown twice: only whom it does not reach.
	l.mailing, l.captured, l.states[d.ID] = "", true, crm.Failed
	w = v.get("/customers/11/writing")
	want(t, w, 200, "Kaikki eivät saa")
	if strings.Contains(w.Body.String(), "Vene on.") {
		t.Error("the text stands on the page twice")
	}
	l.captured = false
	l.trouble = "the login was refused"
	want(t, v.get("/customers/11/writing"), 200, "ei ole vielä Lähetetyt-kansiossasi", "the login was refused")
}

// What is missing is said before anything leaves, in both languages.
func TestSendRefused(t *testing.T) {
	for lang, says := range map[string]map[string]string{
		"en": {"nobody": "Choose at least one recipient", "text": "It has no text", "subject": "It has no subject", "sender": "No sender may send for saarimatkat.example", "mailbox": "You have no mailbox here", "stopped": "mail to it came back", "line": "line break"},
		"fi": {"nobody": "Valitse vähintään yksi", "text": "Viestissä ei ole tekstiä", "subject": "Viestillä ei ole aihetta", "sender": "Mikään lähettäjä ei saa lähettää osoitteista @saarimatkat.example", "mailbox": "Sinulla ei ole täällä postilaatikkoa", "stopped": "viestit ovat palanneet", "line": "riville"},
	} {
		m := company()
		l := m.canWrite()
		v := newSite(t, m).signIn().in(lang)
		d := begins(t, v, m, "/mails/101/reply")
		at, to := draftPath(d.ID), "aino.virtanen@postia.example"
		want(t, v.post(at, "do", "send", "from", "31", "subject", "x", "text", "Hei"), 422, says["nobody"], ">Hei</textarea>")
		want(t, v.post(at, "do", "send", "from", "31", "to", to, "subject", "x\r\ny", "text", "Hei"), 422, says["line"])
		// Asked once, and then as the author wants it.
		want(t, v.post(at, "do", "send", "from", "31", "to", to, "subject", "Re: x", "text", " "), 200, says["text"], `name="sure" value="text"`)
		if d.Mailing != 0 {
			t.Error("an empty mail left unasked")
		}
		if w := v.post(at, "do", "send", "from", "31", "to", to, "subject", "Re: x", "text", " ", "sure", "text"); w.Code != 303 || d.Mailing == 0 {
			t.Errorf("asked again: %d", w.Code)
		}
		n := begins(t, v, m, "/customers/11/write")
		at = draftPath(n.ID)
		want(t, v.post(at, "do", "send", "from", "31", "to", to, "subject", " ", "text", "Hei"), 200, says["subject"])
		m.outbox.stops = append(m.outbox.stops, crm.Suppression{Address: crm.Address(to), Reason: crm.SuppressedBounced})
		want(t, v.get(at), 200, says["stopped"])
		want(t, v.post(at, "do", "send", "from", "31", "to", to, "subject", "x", "text", "Hei"), 422, says["stopped"])
		m.outbox.stops[len(m.outbox.stops)-1].Reason = crm.SuppressedUnsubscribed // a colleague may write all the same
		m.outbox.senders[0].Domains, m.outbox.senders[1].Disabled = []string{"other.example"}, true
		want(t, v.get(at), 200, says["sender"], `href="/senders"`)
		want(t, v.post(at, "do", "send", "from", "31", "to", to, "subject", "x", "text", "Hei"), 422, says["sender"])
		l.boxes = nil
		want(t, v.get(at), 200, says["mailbox"], `href="/mailboxes/new"`)
		n.Mailbox = 0
		want(t, v.post(at, "do", "send", "to", to, "subject", "x", "text", "Hei"), 422, says["mailbox"])
		if n.Mailing != 0 {
			t.Error("it was sent")
		}
	}
}

func TestDraftFiles(t *testing.T) {
	m := company()
	m.canWrite()
	v := newSite(t, m).signIn()
	d := begins(t, v, m, "/mails/101/reply")
	at := draftPath(d.ID)
	if w := v.postForm(at, [][2]string{{"ohje.pdf", "1234"}, {`C:\kuvat\ranta.png`, "12"}}, "do", "keep", "text", "Hei", "to", "aino.virtanen@postia.example"); w.Code != 303 || len(d.Files) != 2 || d.Files[1].Name != "ranta.png" || d.Text != "Hei" {
		t.Fatalf("%d %+v", w.Code, d)
	}
	want(t, v.get(at), 200, "ohje.pdf", "Remove ranta.png")
	if w := v.postForm(at, nil, "do", "remove-1", "text", "Hei hei"); w.Code != 303 || len(d.Files) != 1 || d.Text != "Hei hei" {
		t.Errorf("%d %+v", w.Code, d)
	}
	want(t, v.postForm(at, [][2]string{{"tyhjä.txt", ""}}, "do", "keep", "text", "kolmas"), 422, "empty", ">kolmas</textarea>")
	want(t, v.postForm(at, [][2]string{{"huge.bin", strings.Repeat("x", maxUpload+1)}}, "do", "keep", "text", "neljäs"), 422, "larger than 20 MB")
	want(t, v.in("fi").postForm(at, [][2]string{{"huge.bin", strings.Repeat("x", maxUpload+1)}}, "do", "keep"), 422, "yli 20 Mt")
	if len(d.Files) != 1 || d.Text != "kolmas" {
		t.Errorf("what was refused is kept: %+v", d)
	}
	// Elsewhere forms are as small as ever.
	if w := v.postForm("/customers/11/notes", nil, "kind", "note", "body", strings.Repeat("x", 2<<20)); w.Code == 303 {
		t.Error("a note of two megabytes is taken")
	}
}

// The page keeps itself: the same form, and a fragment comes back.
func TestDraftKeepsItself(t *testing.T) {
	m := company()
	m.canWrite()
	v := newSite(t, m).signIn()
	d := begins(t, v, m, "/mails/101/reply")
	v.header.Set("HX-Request", "true")
	w := v.postForm(draftPath(d.ID), nil, "do", "keep", "text", "Hei A", "to", "aino.virtanen@postia.example")
	want(t, w, 200, `id="draft-state"`, "Saved at")
	if strings.Contains(w.Body.String(), "<html") || d.Text != "Hei A" {
		t.Errorf("%+v\n%s", d, w.Body)
	}
	want(t, v.postForm(draftPath(d.ID), nil, "do", "keep", "subject", "a\nb"), 200, "Not saved", "line break")
	d.Mailing = 5
	want(t, v.postForm(draftPath(d.ID), nil, "do", "keep", "text", "late"), 200, "sent already")
	if d.Text != "Hei A" {
		t.Error("what was sent has changed")
	}
}

func TestMoveAndDiscard(t *testing.T) {
	m := company()
	l := m.canWrite()
	v := newSite(t, m).signIn()
	d := begins(t, v, m, "/mails/101/reply")
	id := d.ID
	for _, c := range []struct {
		err    error
		en, fi string
	}{{crm.NotFound("no folder"), "no Drafts folder", "ei ole Luonnokset-kansiota"}, {crm.Unavailable(nil, "away"), "cannot be reached", "ei nyt saada yhteyttä"}, {crm.Invalid("password", "no"), "does not let Kaveri in", "ei päästä Kaveria"}} {
		l.ill = c.err
		want(t, v.in("en").post(draftPath(id), "do", "move", "from", "31", "text", "Kesken"), statusOf[crm.KindInvalid], c.en, ">Kesken</textarea>")
		want(t, v.in("fi").post(draftPath(id), "do", "move", "from", "31", "text", "Kesken"), statusOf[crm.KindInvalid], c.fi)
	}
	l.ill = nil
	if w := v.post(draftPath(id), "do", "move", "from", "31", "text", "Kesken"); w.Code != 303 || !slices.Equal(l.moved, []crm.DraftID{id}) || len(l.drafts) != 0 || !strings.Contains(w.Header().Get("Location"), "done=draft-moved") {
		t.Errorf("%d %s, %v", w.Code, w.Header().Get("Location"), l.moved)
	}
	d = begins(t, v, m, "/customers/12/write")
	if w := v.post(draftPath(d.ID), "do", "discard"); w.Code != 303 || w.Header().Get("Location") != "/customers/12?done=draft-gone#writing" || len(l.drafts) != 0 {
		t.Errorf("%d %s", w.Code, w.Header().Get("Location"))
	}
}

func TestSnippetsPage(t *testing.T) {
	m := company()
	l := m.canWrite()
	v := newSite(t, m).signIn()
	want(t, v.get("/snippets"), 200, "Aukioloajat", "Kiitos &lt;tilauksesta&gt;")
	if w := v.post("/snippets", "name", "Ajo-ohje", "text", "Käänny vasemmalle."); w.Code != 303 || len(l.snippets) != 3 {
		t.Errorf("%d %+v", w.Code, l.snippets)
	}
	want(t, v.post("/snippets", "name", "Ajo-ohje", "text", "x"), 422, "Another text has this name", ">x</textarea>")
	want(t, v.in("fi").post("/snippets", "name", "", "text", "x"), 422, "Kirjoita tähän nimi")
	if w := v.post("/snippets/71", "name", "Aukioloajat", "text", "Hei {{ name }}, auki aina."); w.Code != 303 || l.snippets[0].Text != "Hei {{ name }}, auki aina." {
		t.Errorf("%d %+v", w.Code, l.snippets[0])
	}
	want(t, v.post("/snippets/999", "name", "a", "text", "b"), 404)
	d := begins(t, v, m, "/mails/101/reply")
	want(t, v.get(draftPath(d.ID)), 200, `data-snippet="Hei Aino Virtanen, auki aina."`)
	if w := v.post(draftPath(d.ID), "do", "insert-71", "to", "aino.virtanen@postia.example", "text", "Moi!"); w.Code != 303 || d.Text != "Moi!\n\nHei Aino Virtanen, auki aina." {
		t.Errorf("%d %q", w.Code, d.Text)
	}
	if w := v.post("/snippets/71/remove"); w.Code != 303 || len(l.snippets) != 2 {
		t.Errorf("%d", w.Code)
	}
}

// A colleague who is writing is shown, on the pages and where one writes.
func TestWritersAreShown(t *testing.T) {
	m := busyDesk()
	v := newSite(t, m).signIn()
	for _, p := range []string{"/customers/11", "/conversations/51", "/mails/101", "/drafts/801", "/drafts/801/writers", "/customers/11/writing"} {
		want(t, v.get(p), 200, "Sari Koskinen is writing since 14:32")
	}
	m.letters.others[0].Sent = true
	want(t, v.get("/drafts/801/writers"), 200, "Sari Koskinen has answered")
	want(t, v.get("/customers/11"), 200, "Re: Kesän Kökar-matka", `href="/drafts/801"`)
	m.letters.others = nil
	if w := v.get("/drafts/801/writers"); strings.Contains(w.Body.String(), "writing since") {
		t.Error("nobody writes, and somebody is shown")
	}
}

// A note has no way into a mail: its id is no draft's, and the routes that send
// take drafts alone.
func TestNotesAreNotSent(t *testing.T) {
	m := company()
	l := m.canWrite()
	v := newSite(t, m).signIn()
	v.post("/customers/11/notes", "kind", "note", "body", "Only for us: allergic to nuts")
	note := m.items[11][0].Note
	for _, target := range []string{"/drafts/%d", "/drafts/%d/undo", "/mails/%d/reply"} {
		want(t, v.post(fmt.Sprintf(target, note.ID), "do", "send", "to", "aino.virtanen@postia.example", "text", "x"), 404)
	}
	d := begins(t, v, m, "/mails/101/reply")
	begins(t, v, m, "/customers/11/write")
	for _, p := range []string{draftPath(d.ID), draftPath(l.drafts[1].ID)} {
		if w := v.get(p); strings.Contains(w.Body.String(), "allergic") {
			t.Errorf("%s shows a note where mail is written", p)
		}
	}
	for _, d := range l.drafts {
		if strings.Contains(d.Text+d.Quote, "allergic") {
			t.Errorf("a note is in a draft: %+v", d)
		}
	}
}
