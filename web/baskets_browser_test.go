package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// Rules and an offer in a browser: what is found while the page is open shows
// without a reload, intervals are drawn, a product narrows the list, and an offer
// leads from its form to what it did, with all products behind one more link.
func TestBasketsInTheBrowser(t *testing.T) {
	m := company()
	m.stall = stallOf(0, 0)
	drawn := stallOf(6000, 13).counter
	b := openTab(t, m)
	b.do(chromedp.EmulateViewport(1280, 900))
	b.open("/?token=demo-link")
	b.open("/baskets")
	b.until(`document.querySelector("#baskets .empty") !== null && window.htmx !== undefined`)
	js[bool](b, `window.same = true, true`)
	m.stall.counter.take(drawn)
	m.tell(crm.Event{Kind: "baskets"})
	b.until(`window.same === true && document.querySelectorAll("table.rules tbody tr").length > 3`)
	for what, expression := range map[string]string{
		"an interval is not drawn":      `document.querySelector("table.rules rect.spread").getBoundingClientRect().width > 2`,
		"a picture is beside no table":  `[...document.querySelectorAll("#baskets svg")].every(s => s.closest("table") !== null)`,
		"the pictures are not alike":    `new Set([...document.querySelectorAll("table.rules td.bar svg")].map(s => Math.round(s.getBoundingClientRect().width))).size === 1`,
		"the page is wider than it may": `document.documentElement.scrollWidth <= innerWidth`,
	} {
		if !js[bool](b, expression) {
			t.Error(what)
		}
	}
	js[bool](b, `document.querySelector("table.rules th a").click(), true`)
	b.until(`location.search.startsWith("?product=") && document.querySelector("#f-product").value !== "" && document.readyState === "complete"`)

	b.open("/offers")
	b.until(`window.htmx !== undefined`)
	js[bool](b, `document.querySelector("#f-what").value = "polkupyörän vuokra", document.querySelector("#f-from").value = "2026-09-19", document.querySelector("#f-to").value = "2026-09-25", document.querySelector("form.narrowing").requestSubmit(), true`)
	b.until(`location.pathname === "/offers/measured" && document.querySelectorAll("table.study .badge.good").length === 2`)
	if !js[bool](b, `document.querySelector("table.study .badge.bad") !== null && document.querySelector("table.study rect.spread").getBoundingClientRect().width > 2`) {
		t.Error("what sold less is not shown, or no interval is drawn")
	}
	js[bool](b, `document.querySelector(".pills a[href*='all=1']").click(), true`)
	b.until(`document.querySelectorAll("table.study .badge.calm").length > 5`)
	b.do(chromedp.EmulateViewport(390, 860))
	if !js[bool](b, `document.documentElement.scrollWidth <= innerWidth`) {
		t.Error("the page is wider than a phone")
	}
	b.quiet()
}
