package web

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// TestWishesInTheBrowser: a proposal is confirmed with one key, a wish is written
// down beside the timeline, and neither page is wider than a telephone.
func TestWishesInTheBrowser(t *testing.T) {
	m := company()
	b := openTab(t, m)
	b.open("/?token=demo-link")
	b.open("/wishes")
	b.press("j")
	b.press("j")
	b.until(`document.activeElement.closest("#ask-802") !== null`)
	b.press("k")
	b.press("y")
	b.until(`location.search.includes("done=wish-confirmed") && document.readyState === "complete"`)
	b.press("j")
	b.press("n")
	b.until(`location.search.includes("done=wish-dismissed")`)
	if got := strings.Join(m.book.decided, ","); got != "yes Veneet,no " {
		t.Errorf("decided by keys: %q", got)
	}

	b.do(chromedp.EmulateViewport(390, 844))
	for _, path := range []string{"/wishes", "/surveys", "/customers/11"} {
		b.open(path)
		if w := js[int](b, `document.documentElement.scrollWidth`); w > 390 {
			t.Errorf("%s is %d px wide", path, w)
		}
	}
	shown := `document.querySelector(".wish-only").getBoundingClientRect().height > 0`
	if js[bool](b, shown) {
		t.Error("a note asks for a topic")
	}
	js[bool](b, `document.querySelector("#note-form [value=wish]").click(), true`)
	if !js[bool](b, shown) {
		t.Error("a wish does not ask for its topic")
	}
	if top := js[int](b, `Math.round(document.querySelector("#note-form button").getBoundingClientRect().bottom)`); top > 844+400 {
		t.Errorf("the form ends %d px below the top", top)
	}
	js[bool](b, `document.querySelector("#f-body").value = "wants blue", document.querySelector("#note-form button").click(), true`)
	b.until(`location.search.includes("done=wish")`)
	if w := m.book.wishes[0]; w.Quote != "wants blue" || w.Customer != 11 {
		t.Errorf("written down: %+v", w)
	}
	b.quiet()
}

// The note box in either language and width, as a note and as a wish: no control
// lies under another, and none reaches into its margin.
func TestNoteBoxInTheBrowser(t *testing.T) {
	m := company()
	b := openTab(t, m)
	b.open("/?token=demo-link")
	const apart = `(() => {
		const form = document.querySelector("#note-form"), box = form.getBoundingClientRect(), room = parseFloat(getComputedStyle(form).paddingRight) - 1, wrong = [];
		const all = [...form.querySelectorAll(".switch span, textarea, label:not(.switch label, .quiet), input:not([type=radio]), button")]
			.map(e => [e.id || (e.htmlFor ? "label of " + e.htmlFor : e.textContent.trim()), e.getBoundingClientRect()]).filter(([, r]) => r.width > 1 && r.height > 1);
		if (all.length < 5) wrong.push("only " + all.length + " controls");
		all.forEach(([name, r], i) => {
			if (r.left < box.left + room || r.right > box.right - room) wrong.push(name + " leaves " + Math.round(box.right - r.right) + " px to the edge");
			for (const [other, o] of all.slice(i + 1))
				if (Math.min(r.right, o.right) - Math.max(r.left, o.left) > 1 && Math.min(r.bottom, o.bottom) - Math.max(r.top, o.top) > 1) wrong.push(name + " on " + other);
		});
		return wrong.join("; ");
	})()`
	for _, lang := range languages {
		m.mu.Lock() // the page before may still be asking for its parts
		m.staff[0].Language = lang
		m.mu.Unlock()
		for _, width := range []int{390, 820, 1040, 1280} {
			b.do(chromedp.EmulateViewport(int64(width), 844))
			b.open("/customers/11")
			for _, kind := range []string{"note", "wish"} {
				js[bool](b, `document.querySelector("#note-form [value=`+kind+`]").click(), true`)
				if wrong := js[string](b, apart); wrong != "" {
					t.Errorf("a %s in %s at %d px: %s", kind, lang, width, wrong)
				}
			}
		}
	}
	b.quiet()
}

// TestSurveyInTheBrowser: under the policy of the public pages, by a touch or the
// keyboard, and the trap is out of reach.
func TestSurveyInTheBrowser(t *testing.T) {
	s := newPublicSite(t)
	b := openTabOn(t, s.h)
	b.do(chromedp.EmulateViewport(390, 844))
	s.m.firm.FeedbackForm = true
	for _, lang := range languages {
		s.m.to.Language, s.m.firm.Language = lang, lang
		for _, path := range []string{s.Survey(ainosMail, questionID) + "/9", "/feedback"} {
			b.open(path)
			if w := js[int](b, `document.documentElement.scrollWidth`); w > 390 {
				t.Errorf("%s in %s is %d px wide", path[:3], lang, w)
			}
			if small := js[int](b, `[...document.querySelectorAll("button, .scale label")].filter(e => e.getBoundingClientRect().height < 44).length`); small > 0 {
				t.Errorf("%s in %s has %d controls too small to touch", path[:3], lang, small)
			}
		}
	}
	b.open(s.Survey(ainosMail, questionID) + "/9")
	s.m.ballots = nil
	js[bool](b, `document.querySelector("[value='7']").click(), document.querySelector("button").click(), true`)
	b.until(`document.querySelector("form") === null`)
	if len(s.m.ballots) != 1 || s.m.ballots[0] != (crm.Ballot{Score: 7, Posted: true, At: now}) {
		t.Errorf("voted: %+v", s.m.ballots)
	}
	b.quiet()
}
