package web

import (
	"encoding/json"
	"strings"
	"testing"
)

// chooseFile chooses a file in the form and sends it.
func (b *tab) chooseFile(name, content string) {
	b.t.Helper()
	text, err := json.Marshal(content)
	if err != nil {
		b.t.Fatal(err)
	}
	b.open("/orders/import")
	js[bool](b, `(() => { const d = new DataTransfer(); d.items.add(new File([`+string(text)+`], "`+name+`")); document.querySelector("#f-file").files = d.files; document.querySelector("main form .strong").click(); return true })()`)
	b.until(`/^\/orders\/import\/./.test(location.pathname) && document.readyState === "complete"`)
}

// says waits for the page to say something.
func (b *tab) says(text string) {
	b.t.Helper()
	b.until(`document.querySelector("main")?.innerText.includes(` + "`" + text + "`" + `)`)
}

// TestImportInTheBrowser brings a file in as somebody does: choose it, tell a
// column, look again, bring it in, take it back.
func TestImportInTheBrowser(t *testing.T) {
	m := company()
	b := openTab(t, m, func(*Options) {})
	b.open("/?token=demo-link")
	b.chooseFile("kesä.csv", strings.Replace(goodFile, "Tilausnumero", "Nro", 1))
	b.says("Which column has the number of the order?")
	js[bool](b, `document.querySelector("#f-order").value = "0", document.querySelector("#again").click(), true`)
	b.says("Bring the orders in")
	js[bool](b, `document.querySelector(".mapping .strong").click(), true`)
	b.says("2 orders were brought in")
	m.intake.mu.Lock()
	n := len(m.intake.orders)
	m.intake.mu.Unlock()
	if n != 2 {
		t.Errorf("%d orders were kept", n)
	}
	js[bool](b, `document.querySelector(".sure summary").click(), document.querySelector(".sure button").click(), true`)
	b.says("Taken back. What it had replaced")
	b.quiet()
}
