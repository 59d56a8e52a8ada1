package web

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// TestComposer writes an answer as people do: by the keyboard, with a file and a
// ready-made text, kept without a press, sent by Ctrl+Enter and taken back.
func TestComposer(t *testing.T) {
	m := company()
	l := m.canWrite()
	b := openTab(t, m)
	b.open("/?token=demo-link")
	b.open("/conversations/51")
	b.press("r")
	b.until(`location.pathname.startsWith("/drafts/") && document.activeElement?.id === "f-text"`)
	b.do(chromedp.KeyEvent("Hei Aino,"))
	b.until(`document.querySelector("#draft-state .saved").textContent.includes("Saved at")`)
	if d := l.first(); d.Text != "Hei Aino," || d.Mailing != 0 {
		t.Errorf("kept as %+v", d)
	}
	js[bool](b, `document.querySelector(".snippets summary").click(), document.querySelector("[data-snippet]").click(), true`)
	b.until(`document.querySelector("#f-text").value === "Hei Aino,\n\nHei Aino Virtanen,\n\ntoimisto on auki arkisin klo 9–16."`)

	file := filepath.Join(t.TempDir(), "ohje.txt")
	if err := os.WriteFile(file, []byte("Sauna on lämmin."), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles("#f-files", []string{file}))
	b.until(`document.querySelector(".draft-files li")?.textContent.includes("ohje.txt")`)
	if d := l.first(); len(d.Files) != 1 || string(d.Files[0].Data) != "Sauna on lämmin." || !strings.Contains(d.Text, "arkisin") {
		t.Errorf("kept as %+v", d)
	}
	js[bool](b, `document.querySelector("[data-remove]").click(), true`)
	b.until(`document.querySelector(".draft-files") === null`)

	// Enter in the subject moves on and sends nothing.
	js[bool](b, `document.querySelector("#f-subject").focus(), true`)
	b.do(chromedp.KeyEvent("\r"))
	b.until(`document.activeElement.id === "f-text"`)
	b.ctrlEnter()
	b.until(`location.pathname === "/conversations/51" && document.querySelector("[data-leaves] b") !== null`)
	if d := l.first(); d.Mailing == 0 || len(d.Files) != 0 {
		t.Errorf("sent as %+v", d)
	}
	b.until(`Number(document.querySelector("[data-leaves] b")?.textContent) < 10`)
	js[bool](b, `document.querySelector("[data-undo]").click(), true`)
	b.until(`location.pathname.startsWith("/drafts/") && document.querySelector("#f-text")?.value.startsWith("Hei Aino,")`)
	if d := l.first(); d.Mailing != 0 {
		t.Error("it was not taken back")
	}
	// A colleague begins to write: it is said without a reload.
	l.set(func() { l.others = []crm.Writing{{Staff: 2, Name: "Sari Koskinen", Since: now}} })
	m.tell(crm.Event{Kind: "draft", Customer: 11, Conversation: 51, Message: 101})
	b.until(`document.querySelector("#writers").textContent.includes("Sari Koskinen is writing")`)
	b.quiet()
}

// Whoever leaves in the middle of a sentence finds it again.
func TestComposerKeepsWhatWasLeft(t *testing.T) {
	m := company()
	l := m.canWrite()
	b := openTab(t, m)
	b.open("/?token=demo-link")
	b.open("/customers/11")
	js[bool](b, `document.querySelector(".write button").click(), true`)
	b.until(`document.activeElement?.id === "f-text"`)
	b.do(chromedp.KeyEvent("Kesken jäi"))
	b.open("/customers")
	b.open("/customers/11")
	b.until(`document.querySelector(".own-drafts")?.textContent.includes("Kesken jäi")`)
	if d := l.first(); d.Text != "Kesken jäi" {
		t.Errorf("%+v", d)
	}
	b.quiet()
}

// A mail on its way is looked at again by itself, until nothing moves.
func TestOutgoingMovesOn(t *testing.T) {
	m := busyDesk()
	b := openTab(t, m)
	b.open("/?token=demo-link")
	b.open("/customers/12")
	b.until(`document.querySelector("[data-leaves]") !== null`)
	m.letters.set(func() { m.letters.states[802] = crm.Sent })
	b.until(`document.querySelector(".outgoing .badge")?.textContent === "Sent" && document.querySelector("#writing [hx-trigger='every 2s']") === null`)
	b.quiet()
}

func TestNarrowPagesOfWriting(t *testing.T) {
	b := openTab(t, busyDesk())
	b.do(chromedp.EmulateViewport(390, 844))
	b.open("/?token=demo-link")
	for _, p := range []string{"/drafts/801", "/drafts/803", "/customers/12", "/customers/11", "/conversations/51", "/conversations/53", "/mails/101", "/snippets"} {
		b.open(p)
		if w := js[int](b, `document.documentElement.scrollWidth`); w > 390 {
			t.Errorf("%s is %d px wide: %s", p, w, js[string](b, `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > 391).map(e => e.tagName + "." + e.className).slice(0, 6).join(" ")`))
		}
		if small := js[string](b, `[...document.querySelectorAll("main button:not(.quiet), main .button, main input:not([type=radio], [type=checkbox], [type=hidden]), main select, main .party")].filter(e => { const r = e.getBoundingClientRect(); return r.width > 2 && r.height < 32 }).map(e => e.outerHTML.slice(0, 60)).join(" ")`); small != "" {
			t.Errorf("%s has controls too small to touch: %s", p, small)
		}
	}
}

func (b *tab) ctrlEnter() {
	b.t.Helper()
	for _, typ := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		b.do(chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
			_, err := cdp.Call(ctx, tg, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: typ, Modifiers: 2, Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13})
			return err
		}))
	}
}
