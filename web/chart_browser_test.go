package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// TestChartInTheBrowser draws the ladder over time above its table, by mouse and by
// keys, and again when a new night comes.
func TestChartInTheBrowser(t *testing.T) {
	m := company()
	b := openTab(t, m)
	b.do(chromedp.EmulateViewport(1280, 900))
	b.open("/?token=demo-link")
	b.open("/loyalty")
	b.until(`document.querySelector("#chart-time canvas") !== null && window.htmx !== undefined`)
	for what, expression := range map[string]string{
		"it is not drawn":              `(() => { const c = document.querySelector("#chart-time canvas"); return c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v > 0); })()`,
		"it is not as wide as it can":  `document.querySelector("#chart-time canvas").getBoundingClientRect().width > 600`,
		"its table is open":            `!document.querySelector("#chart-time details.numbers").open`,
		"the table holds no numbers":   `document.querySelectorAll("#chart-time tbody tr").length > 5`,
		"keys do not say what is on":   `[...document.querySelectorAll("#chart-time .keys button")].map(b => b.getAttribute("aria-pressed")).join() === "true,true,true,true,true,false,false"`,
		"it has no words":              `document.querySelector("#chart-time .plot").getAttribute("aria-label").startsWith("Loyal customers and advocates: on ")`,
		"it cannot be reached by keys": `document.querySelector("#chart-time .plot").tabIndex === 0`,
	} {
		if !js[bool](b, expression) {
			t.Error(what)
		}
	}
	js[bool](b, `window.same = true, document.querySelector("#chart-time .plot").focus(), document.querySelector("#chart-time .plot").dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true })), true`)
	b.until(`document.querySelector("#chart-time output").textContent.startsWith(document.querySelector("#chart-time tbody tr:last-child th").textContent + ": Advocate ")`)
	js[bool](b, `document.querySelector("#chart-time .keys button:last-child").click(), true`)
	b.until(`document.querySelector("#chart-time .keys button:last-child").getAttribute("aria-pressed") === "true"`)

	m.tell(crm.Event{Kind: "ladder"})
	b.until(`window.same === true && document.querySelector("#chart-time canvas") !== null && !document.querySelector("#chart-time .plot").hidden`)
	if !js[bool](b, `document.querySelector("#chart-time .keys button:last-child").getAttribute("aria-pressed") === "true"`) {
		t.Error("what was chosen is forgotten")
	}
	b.do(chromedp.EmulateViewport(390, 860))
	b.until(`document.querySelector("#chart-time canvas").getBoundingClientRect().width < 390`)
	if js[bool](b, `document.documentElement.scrollWidth > 390`) {
		t.Error("the page is wider than the screen")
	}
	b.open("/orders")
	b.until(`document.querySelector("#chart-weeks canvas") !== null`)
	b.quiet()
}
