package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// The ladder in a browser: its pictures are drawn, a number leads to the people,
// the pace is taken, and a new night shows without a reload.
func TestLadderInTheBrowser(t *testing.T) {
	m := company()
	b := openTab(t, m)
	b.do(chromedp.EmulateViewport(1280, 900))
	b.open("/?token=demo-link")
	b.open("/loyalty")
	b.until(`document.querySelectorAll("table.ladder rect").length > 8 && window.htmx !== undefined`)
	for what, expression := range map[string]string{
		"a rung is not drawn":          `document.querySelector("table.ladder rect.good").getBoundingClientRect().width > 20`,
		"the rungs are not alike":      `new Set([...document.querySelectorAll("table.ladder td.bar svg")].map(s => Math.round(s.getBoundingClientRect().width))).size === 1`,
		"the curve is not drawn":       `document.querySelector("svg.curve polyline").getBoundingClientRect().height > 20`,
		"an interval is not drawn":     `document.querySelector("table.trial rect.spread").getBoundingClientRect().width > 2`,
		"up and down look alike":       `getComputedStyle(document.querySelector("tr:not(.few) .up.heat1, tr:not(.few) .up.heat2")).backgroundColor !== getComputedStyle(document.querySelector("tr:not(.few) .down.heat1, tr:not(.few) .down.heat2")).backgroundColor`,
		"each chart is beside a table": `document.querySelectorAll("svg.curve + table").length === 1`,
	} {
		if !js[bool](b, expression) {
			t.Error(what)
		}
	}
	js[bool](b, `window.same = true, window.was = document.querySelector("table.ladder .sum").textContent, true`)
	m.register.mu.Lock()
	m.register.rows = m.register.rows[:100]
	m.register.mu.Unlock()
	m.tell(crm.Event{Kind: "ladder"})
	b.until(`window.same === true && document.querySelectorAll("#loyalty > section p")[0].textContent.match(/^\d+/)[0] <= 100`)
	js[bool](b, `document.querySelector("form[action='/loyalty/pace'] button").click(), true`)
	b.until(`document.querySelector(".done") !== null && document.querySelector(".pace").textContent.includes("61")`)
	js[bool](b, `document.querySelector("table.matrix td a").click(), true`)
	b.until(`location.pathname === "/loyalty/list" && document.querySelectorAll("ol.rows > li").length > 0`)
	b.quiet()
}

// A customer's card and an order, which finds its customer.
func TestOrderInTheBrowser(t *testing.T) {
	m := company()
	b := openTab(t, m)
	b.open("/?token=demo-link")
	b.open("/customers/11")
	b.until(`document.querySelector("#loyalty-card h3") !== null && document.querySelector("#order-904") !== null && window.htmx !== undefined`)
	js[bool](b, `window.same = true, document.querySelector("#card-attitude").open = true, true`)
	m.register.mu.Lock()
	for i := range m.register.rows {
		if m.register.rows[i].Customer == 11 {
			m.register.rows[i].Rung, m.register.rows[i].Timing = crm.RungAdvocate, crm.TimingOnTime
		}
	}
	m.register.mu.Unlock()
	m.tell(crm.Event{Kind: "standing", Customer: 11})
	b.until(`window.same === true && document.querySelector("#loyalty-card h3").textContent === "Advocate" && document.querySelector("#card-attitude").open`)

	b.open("/orders?nobody=1")
	js[bool](b, `document.querySelector("a[href^='/orders/902?q=']").click(), true`)
	b.until(`location.pathname === "/orders/902" && document.readyState === "complete"`)
	js[bool](b, `document.querySelector("#f-q").value = "aino", document.querySelector("#assign form").requestSubmit(), true`)
	b.until(`document.querySelector(".picks button") !== null`)
	js[bool](b, `document.querySelector(".picks button").click(), true`)
	b.until(`document.querySelector(".done") !== null && document.querySelector("#assign a").textContent.includes("Aino")`)
	b.quiet()
}
