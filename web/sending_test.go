package web

import (
	"fmt"
	"strings"
	"testing"

	"kaveri/crm"
)

func TestMailings(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	w := v.get("/mailings")
	want(t, w, 200, "Talven saaret", "Being sent", "Held: asks you", "Paused", "In doubt", "Finished", "Draft", "3,420 sent", "2 in doubt", "1,233 waiting", `<rect class="good" x="0"`, "Kevään risteilyt &lt;uutuus&gt;")
	if n := strings.Count(w.Body.String(), ">Finished<"); n != 1 {
		t.Errorf("%d are said to be finished; one has nothing open", n)
	}
	want(t, v.get("/mailings/95"), 200, "unknown.1@postia.example", "It arrived", "was sent again once", "Opened a link, by scanners only", "Try the 7 failed ones again", ">Pause<", "Call off", "Tried again later <strong>13")
	want(t, v.get("/mailings/94"), 200, "It was to begin 3h0m0s before anything could send it", "Send it now")
	want(t, v.get("/mailings/95?state=failed"), 200, "no such mailbox", "/dispatches/95143")
	want(t, v.get("/mailings/95?state=lost"), 422)
	want(t, v.get("/mailings/1"), 404)
	want(t, v.get("/mailings/95"), 200, `saarimatkat.example/talvi?a=1</a>`, "<strong>180</strong>", `by scanners only">55</td>`, "The hidden link, which no person sees", "1,140 mails are put off:", "Warm-up: 50 of 50 mails")
	if w := v.get("/mailings/94"); strings.Contains(w.Body.String(), `id="links"`) || strings.Contains(w.Body.String(), `id="waits"`) {
		t.Error("a mailing whose clicks are not counted shows links, or waits")
	}
	w = v.get("/mailings/95?state=queued")
	want(t, w, 200, "queued.50@postia.example", "Next page", "/mailings/95?after=")
	if strings.Contains(w.Body.String(), "queued.51@") {
		t.Error("the page has no end")
	}
}

// Whatever the counts, the bar is full at most, and nothing in it is too narrow
// to be seen.
func TestProgressBar(t *testing.T) {
	for _, n := range []crm.Recipients{{crm.Sent: 998, crm.Unknown: 2}, {crm.Sent: 1_000_000, crm.Unknown: 1, crm.Failed: 1, crm.Suppressed: 1}, {crm.Sent: 1}, {crm.Queued: 3}, {}, {crm.Sent: 500, crm.Failed: 499, crm.Unknown: 1}, {crm.Queued: 999_999, crm.Failed: 1}} {
		l := MailingLine{MailingRow: crm.MailingRow{Recipients: n}, Total: n.Total()}
		l.measure()
		end := 0
		for _, p := range l.Bar {
			if p.X != end || p.Width < 6 {
				t.Errorf("%v: %+v", n, l.Bar)
			}
			end = p.X + p.Width
		}
		if end > 1000 || n.Open() == n[crm.Unknown] && n.Total() > 0 && end < 997 {
			t.Errorf("%v: the bar ends at %d", n, end)
		}
	}
}

func TestTurningMailings(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	state := func(id crm.MailingID) crm.MailingState {
		row, _ := m.outbox.ReadMailing(t.Context(), crm.Viewer{Staff: 1}, id)
		return row.State
	}
	for _, c := range []struct {
		path, act string
		id        crm.MailingID
		becomes   crm.MailingState
		says      string
	}{{"/mailings/95", "pause", 95, crm.MailingPaused, "Paused by Mikko Laine"}, {"/mailings/95", "resume", 95, crm.MailingRunning, "It goes on."}, {"/mailings/94", "resume", 94, crm.MailingRunning, "It goes on."},
		{"/mailings/90", "start", 90, crm.MailingRunning, "It is being sent."}, {"/mailings/93/stop", "", 93, crm.MailingStopped, "Called off"}} {
		says(t, v.goes(c.path, "act", c.act), c.says)
		if got := state(c.id); got != c.becomes {
			t.Errorf("%s %s makes it %s", c.path, c.act, got)
		}
	}
	want(t, v.get("/mailings/95/stop"), 200, "1,233 recipients will not get it")
	says(t, v.goes("/mailings/91", "act", "retry"), "4 waiting")
	want(t, v.post("/mailings/95", "act", "explode"), 422)
}

func TestDoubtsAreSettledOneByOne(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	var doubts []crm.DispatchID
	for _, d := range m.outbox.rows[92] {
		if d.State == crm.Unknown {
			doubts = append(doubts, d.ID)
		}
	}
	path := func(i int) string { return "/dispatches/" + fmt.Sprint(doubts[i]) + "/settle" }
	if w := v.get("/mailings/92"); strings.Contains(w.Body.String(), "Finished") {
		t.Error("finished, with two in doubt")
	}
	want(t, v.post(path(0), "state", "failed"), 422)
	says(t, v.goes(path(0), "state", "sent"), "Your word is kept.", "999 sent", "1 in doubt")
	says(t, v.goes(path(1), "state", "cancelled"), "Finished")
	want(t, v.get("/dispatches/95143"), 200, "451 4.7.1 Greylisted, &lt;try&gt; again later", "naming the recipient", "4 seconds", "550 5.1.1 No such user", "storm: curl", "Did not arrive", "Try again")
	says(t, v.goes("/dispatches/95143/retry"), "They are tried again.", "Waiting")
}

func TestSenders(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	w := v.get("/senders")
	want(t, w, 200, "Postitalo", "Takes mail", "Sign-in refused", "535 5.7.8 authentication failed")
	if strings.Contains(w.Body.String(), "never-to-be-shown") {
		t.Error("a password is shown")
	}
	form := []string{"name", "Uusi", "host", "smtp.uusi.example", "port", "465", "security", "tls", "username", "me", "domains", "a.example, b.example"}
	w = v.post("/senders", append(form, "password", "wrong-password")...)
	want(t, w, 422, "does not accept this password", `value="smtp.uusi.example"`)
	if strings.Contains(w.Body.String(), "wrong-password") {
		t.Error("the password is given back")
	}
	want(t, v.post("/senders", "host", "x.example", "port", "no"), 422, "is not a port")
	want(t, v.post("/senders", "port", "465"), 422, "Name the server")
	want(t, v.post("/senders", append(form, "password", "")...), 422, "The password is empty")
	says(t, v.goes("/senders", append(form, "password", "right-password")...), "Added: signing in works.", "a.example, b.example")
	says(t, v.goes("/senders/81/test"), "Signing in works.")
	says(t, v.goes("/senders/82/test"), "it does not work")
	want(t, v.get("/senders/82/remove"), 200, "Remove Vara?")
	v.goes("/senders/82/remove")
	if len(m.outbox.senders) != 2 {
		t.Error(len(m.outbox.senders))
	}
	want(t, v.get("/senders/7/remove"), 404)
	sari := newSite(t, m)
	sari.post("/signin", "address", "sari@saarimatkat.example", "password", "toinen salasana")
	want(t, sari.get("/senders"), 200, "Postitalo")
	for _, p := range []string{"/senders", "/senders/81/test", "/senders/81/remove", "/sending"} {
		want(t, sari.post(p), 403)
	}
}

func TestSuppressionsAndReports(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/suppressions"), 200, "ei@postia.example", "unsubscribed", "from 192.0.2.1", "550 5.1.1 &lt;poissa&gt; unknown")
	want(t, v.get("/suppressions"), 200, "osa@postia.example", "(only about: tarjoukset)", `name="topic" value="tarjoukset"`)
	says(t, v.goes("/suppressions/lift", "address", "ei@postia.example", "reason", "unsubscribed"), "The evidence stays.")
	says(t, v.goes("/suppressions/lift", "address", "osa@postia.example", "reason", "unsubscribed", "topic", "tarjoukset"), "The evidence stays.")
	want(t, v.post("/suppressions", "address", "nobody"), 422, "aria-invalid")
	says(t, v.goes("/suppressions", "address", "Uusi@Postia.example", "note", "asked by phone"), "uusi@postia.example", "asked by phone", "entered by hand")
	if len(m.outbox.stops) != 2 || m.outbox.stops[0].Staff != 1 {
		t.Errorf("%+v", m.outbox.stops)
	}
	want(t, v.get("/reports"), 200, "Undelivered Mail", "It names no mail that was sent from here")
	says(t, v.goes("/reports/104/seen"), "Marked as looked at.")
	if !m.outbox.reports[0].Seen {
		t.Error("not marked")
	}
}

// A copy says on every page that it sends nothing, until an administrator has
// made sure that it is the only one.
func TestHeldCopy(t *testing.T) {
	m := company()
	m.outbox.held = "nothing is sent: this database was restored, copied or moved"
	v := newSite(t, m).signIn()
	for _, p := range []string{"/customers", "/mailings", "/settings"} {
		want(t, v.get(p), 200, "Nothing is sent: this database was restored", "send from here", `name="next" value="`+p+`"`)
	}
	sari := newSite(t, m)
	sari.post("/signin", "address", "sari@saarimatkat.example", "password", "toinen salasana")
	if w := sari.get("/customers"); strings.Contains(w.Body.String(), `action="/sending"`) || !strings.Contains(w.Body.String(), "an administrator can confirm") {
		t.Error("a colleague is offered what only administrators may do")
	}
	says(t, v.goes("/sending", "next", "/mailings"), "Mail is sent from here.")
	if w := v.get("/customers"); strings.Contains(w.Body.String(), "Nothing is sent") {
		t.Error("the banner stays")
	}
}

// Why mail waits stands on the pages about sending and on no others; a copy that
// may not send says that alone.
func TestMailWaits(t *testing.T) {
	m := company()
	const why = "the disk is full, or a limit keeps files from growing; make room and everything goes on by itself"
	waiting := why
	v := newSite(t, m, func(o *Options) { o.Waiting = func() string { return waiting } }).signIn()
	for _, p := range []string{"/mailings", "/mailings/95", "/senders"} {
		want(t, v.get(p), 200, "Mail waits.", "<span>The disk is full, or a limit keeps files from growing; make room and everything goes on by itself.</span>")
	}
	if w := v.get("/customers"); strings.Contains(w.Body.String(), "Mail waits") {
		t.Error("it stands among the customers")
	}
	m.outbox.held = "nothing is sent: this database was restored, copied or moved"
	if w := v.get("/mailings"); strings.Contains(w.Body.String(), "Mail waits") {
		t.Error("a copy gives two reasons")
	}
	m.outbox.held, waiting = "", ""
	if w := v.get("/mailings"); strings.Contains(w.Body.String(), "Mail waits") {
		t.Error("nothing waits")
	}
}

func TestPublicAddressInSettings(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	form := []string{"name", "X", "domains", "x.example", "policy", "known", "zone", "Europe/Helsinki", "currency", "EUR", "language", "en"}
	want(t, v.post("/settings", append(form, "public-url", "mail.x.example")...), 422, "aria-invalid", `value="mail.x.example"`)
	says(t, v.goes("/settings", append(form, "public-url", "https://mail.x.example/", "track-opens", "1")...), `value="https://mail.x.example"`, `name="track-opens" value="1" checked`)
	says(t, v.goes("/settings", append(form, "track-clicks", "1", "topic-name", "Offers", "topic-en", "Offers", "topic-fi", "Tarjoukset", "topic-name", "", "topic-en", "x", "topic-fi", "")...), `name="track-clicks" value="1" checked`, `name="topic-name" value="offers"`, `value="Tarjoukset"`)
	want(t, v.post("/settings", append(form, "topic-name", "Sales & more", "topic-en", "", "topic-fi", "")...), 422, `value="Sales &amp; more"`, "write it in small letters")
	v.goes("/settings", form...)
	if len(m.firm.Topics) != 1 || m.firm.TrackClicks {
		t.Errorf("a form without topics takes them away: %+v", m.firm)
	}
	v.goes("/settings", append(form, "topic-name", "", "topic-en", "", "topic-fi", "")...)
	if len(m.firm.Topics) != 0 {
		t.Errorf("a topic whose name was emptied stays: %+v", m.firm.Topics)
	}
	if m.firm.PublicURL != "" || m.firm.TrackOpens {
		t.Errorf("%+v", m.firm)
	}
}
