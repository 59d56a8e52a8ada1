package web

import (
	"testing"

	"github.com/chromedp/chromedp"

	"kaveri/crm"
)

// TestPublicPagesInTheBrowser: without script and under their policy they look
// as meant, fit a telephone, and one button does what it says.
func TestPublicPagesInTheBrowser(t *testing.T) {
	s := newPublicSite(t)
	b := openTabOn(t, s.h)
	b.do(chromedp.EmulateViewport(390, 844))
	for _, lang := range languages {
		s.m.to.Language = lang
		for _, path := range []string{s.Unsubscribe(ainosMail), s.Preferences(ainosMail), s.Copy(ainosMail)} {
			b.open(path)
			if w := js[int](b, `document.documentElement.scrollWidth`); w > 390 {
				t.Errorf("%s in %s is %d px wide", path[:3], lang, w)
			}
			if small := js[int](b, `[...document.querySelectorAll("button, label")].filter(e => e.getBoundingClientRect().height < 44).length`); small > 0 {
				t.Errorf("%s in %s has %d controls too small to touch", path[:3], lang, small)
			}
		}
	}
	b.open(s.Unsubscribe(ainosMail))
	if js[string](b, `getComputedStyle(document.querySelector("main")).borderRadius`) != "14px" {
		t.Error("the policy keeps the style out")
	}
	b.do(chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	b.until(`document.querySelector("form[action$=undo] button") !== null`)
	if s.m.to.Stopped != crm.SuppressedUnsubscribed {
		t.Error("the button does nothing")
	}
	js[bool](b, `document.querySelector("form button").click(), true`)
	b.until(`document.querySelector("form") === null`)
	if s.m.to.Stopped != "" || len(s.m.statements) != 2 {
		t.Errorf("%+v", s.m.statements)
	}
	b.quiet()
}
