package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// The own page is found in the own menu; another period is a click away, and so
// is the file.
func TestWeekInTheBrowser(t *testing.T) {
	b := openTab(t, company())
	b.do(chromedp.EmulateViewport(1280, 900))
	b.open("/?token=demo-link")
	js[bool](b, `document.querySelector(".me summary").click(), document.querySelector(".me a[href='/week']").click(), true`)
	b.until(`location.pathname === "/week" && document.querySelectorAll("ul.figures li").length === 5`)
	js[bool](b, `document.querySelector("ul.pills a[href$='last-month']").click(), true`)
	b.until(`location.search === "?span=last-month" && document.querySelector("#led li").textContent.includes("one question")`)
	js[bool](b, `fetch(document.querySelector("#paper a.button").href).then(r => window.printed = r.headers.get("Content-Type")), true`)
	b.until(`window.printed === "application/pdf"`)
	b.quiet()
}

// Columns are drawn, also where the window is narrow, and colleagues appear with
// the switch.
func TestCoverageInTheBrowser(t *testing.T) {
	b := openTab(t, company())
	b.do(chromedp.EmulateViewport(390, 800))
	b.open("/?token=demo-link")
	b.open("/settings/capture")
	b.until(`document.querySelectorAll("svg.columns rect").length === 30`)
	if !js[bool](b, `document.querySelector("svg.columns").getBoundingClientRect().height > 60 && document.documentElement.scrollWidth <= 390`) {
		t.Error("the columns are not drawn, or the page is too wide")
	}
	if js[bool](b, `document.querySelector(".team-table") !== null`) {
		t.Error("colleagues are compared unasked")
	}
	js[bool](b, `document.querySelector("#compare button").click(), true`)
	b.until(`document.querySelectorAll(".team-table tbody tr").length === 3`)
	js[bool](b, `document.querySelector("#compare button").click(), true`)
	b.until(`document.querySelector(".done") !== null && document.querySelector(".team-table") === null`)
	b.quiet()
}

// Who has left has a way to the handover; customers go with one click.
func TestHandOverInTheBrowser(t *testing.T) {
	m := company()
	b := openTab(t, m)
	b.do(chromedp.EmulateViewport(390, 800))
	b.open("/?token=demo-link")
	b.open("/colleagues")
	js[bool](b, `document.querySelector("a[href='/colleagues/4/handover']").click(), true`)
	b.until(`document.querySelectorAll("ol.handover > li").length > 1`)
	if !js[bool](b, `document.documentElement.scrollWidth <= 390`) {
		t.Error("the page is too wide")
	}
	js[bool](b, `document.querySelector("#rest").value = "3", document.querySelector("form[action$='handover'] .strong").click(), true`)
	b.until(`document.querySelector(".done") !== null && document.querySelector(".empty") !== null`)
	for _, k := range m.customers {
		if m.team.was(k.ID) && m.team.owner(k.ID) == 0 {
			t.Errorf("%s is nobody's", k.Name)
		}
	}
	b.quiet()
}

// From the ladder one comes to what hangs on one colleague, and to the customer.
func TestValueAtRiskInTheBrowser(t *testing.T) {
	m := company()
	m.register.rows[0].Customer = crm.CustomerID(11)
	b := openTab(t, m)
	b.do(chromedp.EmulateViewport(390, 800))
	b.open("/?token=demo-link")
	b.open("/loyalty")
	js[bool](b, `document.querySelector("a[href='/loyalty/risk']").click(), true`)
	b.until(`location.pathname === "/loyalty/risk" && document.querySelectorAll("table.risk tbody tr").length === 50`)
	if !js[bool](b, `document.documentElement.scrollWidth <= 390`) {
		t.Error("the page is too wide")
	}
	js[bool](b, `document.querySelector("table.risk a[href='/customers/11']").click(), true`)
	b.until(`location.pathname === "/customers/11"`)
	b.quiet()
}
