package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kaveri/internal/testdovecot"
)

// window is a page in a real Chromium.
type window struct {
	*testing.T
	ctx context.Context
}

func openWindow(t *testing.T) *window {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing; install it with: apt-get install chromium")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	alloc, cancel1 := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel2 := chromedp.NewContext(alloc)
	ctx, cancel3 := context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(func() { cancel3(); cancel2(); cancel1() })
	return &window{t, ctx}
}

func (w *window) open(address string) {
	w.Helper()
	if err := chromedp.Do(w.ctx, chromedp.Navigate(address)); err != nil {
		w.Fatalf("%s: %v", address, err)
	}
}

// is asks the page a yes-or-no question; while it loads, the answer is no.
func (w *window) is(question string) bool {
	yes, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](question))
	return err == nil && yes
}

// until waits for the page to say yes, and gives how long that took.
func (w *window) until(what, question string) time.Duration {
	w.Helper()
	began := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !w.is(question) {
		if time.Since(began) > time.Minute {
			says, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
			w.Fatalf("%s: the page never says yes to %s; it is %s", what, question, says)
		}
		<-tick.C
	}
	return time.Since(began)
}

// TestNewcomer goes the whole way in a browser: the printed address, the offer
// to look around, a customer's page, a mail that arrives while it is open, and
// a search. Nothing is replaced: mail comes over IMAP from the sample company's
// server through the ingester and the store.
func TestNewcomer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	t.Setenv("TMPDIR", t.TempDir())
	r := start(t, nil, "--data", t.TempDir(), "serve", "--listen", "127.0.0.1:0")
	defer func() {
		if t.Failed() {
			t.Logf("its log: %s", r.log)
		}
	}()
	w := openWindow(t)
	w.open(r.out.find(t, `Begin at (\S+)`))
	w.until("the offer to look around", `((b) => { if (!b || document.readyState !== "complete") return false; b.click(); return true })(document.querySelector("form[action='/demo'] button"))`)
	w.until("the sample company", `location.pathname === "/customers" && document.querySelectorAll("main a[href^='/customers/']").length > 3`)
	w.until("a customer's page", `location.pathname.match(/^\/customers\/\d+$/) !== null || (window.gone || (window.gone = true, document.querySelector("#customer-list a[href^='/customers/']").click()), false)`)
	w.until("the timeline", `document.querySelectorAll("main time").length > 2`)
	if w.is(`document.body.innerText.includes("undefined")`) {
		t.Error("the page says undefined")
	}
	// Mail goes on arriving: the list of customers changes without a reload.
	w.open(origin(w) + "/customers")
	w.is(`window.same = true, window.was = document.querySelector("main").innerText, true`)
	took := w.until("live arrival", `window.same === true && document.querySelector("main").innerText !== window.was`)
	t.Logf("a change of the list came after %s", took.Round(time.Millisecond))
	w.open(origin(w) + "/search?q=revontulet")
	// The history may still be on its way in: search again until it is there.
	w.until("search", `document.readyState === "complete" && (document.querySelectorAll("main mark").length > 0 && document.querySelectorAll("main a[href^='/mails/']").length > 0 || (window.again ||= setTimeout(() => location.reload(), 500), false))`)
	r.end(t)
}

func origin(w *window) string {
	w.Helper()
	o, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.origin`))
	if err != nil {
		w.Fatal(err)
	}
	return o
}

// TestOnThePageWithinTwoSeconds: a mail put into a Dovecot mailbox while a
// browser shows its customer is on the page within two seconds, without a
// reload and with the intervals of everyday work. The best of five counts: it
// tells the way from a slow one, and a busy machine from neither.
func TestOnThePageWithinTwoSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser and Dovecot")
	}
	mails := testdovecot.Start(t)
	mails.AddUser("anna@laiva.example")
	host, port, err := net.SplitHostPort(mails.Addr())
	if err != nil {
		t.Fatal(err)
	}
	k := cli{t, t.TempDir(), ""}
	k.run("", exitDone, "firm", "set", "--name", "Laiva Oy", "--domain", "laiva.example")
	k.run("correct-horse-battery\n", exitDone, "user", "add", "anna@laiva.example", "--name", "Anna")
	k.run(testdovecot.Password+"\n", exitDone, "mailbox", "add", "anna@laiva.example", "--owner", "anna@laiva.example", "--host", host, "--port", port, "--security", "none")
	var customer struct{ ID json.Number }
	k.json(&customer, "customer", "add", "kati@salonen.example")
	r := start(t, map[string]string{"KAVERI_DATA": k.data}, "serve", "--listen", "127.0.0.1:0")
	base := r.out.find(t, `Kaveri is at (\S+)`)
	w := openWindow(t)
	w.open(base + "customers/" + fmt.Sprint(customer.ID))
	w.until("sign in", `((f) => { if (!f || document.readyState !== "complete") return false; f.address.value = "anna@laiva.example"; f.password.value = "correct-horse-battery"; f.requestSubmit(); return true })(document.querySelector("form[action='/signin']"))`)
	w.until("the customer's page", fmt.Sprintf(`location.pathname === "/customers/%v" && document.readyState === "complete"`, customer.ID))
	w.is(`window.same = true`)

	arrive := func(subject string) time.Duration {
		at := time.Now()
		mails.Append("anna@laiva.example", "INBOX", fmt.Appendf(nil, "From: Kati <kati@salonen.example>\r\nTo: anna@laiva.example\r\nSubject: %s\r\nMessage-ID: <%s@salonen.example>\r\nDate: %s\r\n\r\nHei!\r\n", subject, subject, at.Format(time.RFC1123Z)), at)
		w.until("the mail "+subject, fmt.Sprintf(`window.same === true && document.querySelector("main").innerText.includes(%q)`, subject))
		return time.Since(at)
	}
	arrive("First") // the connection may still be on its way
	best := time.Hour
	for i := range 5 {
		best = min(best, arrive(fmt.Sprintf("Wish%d", i)))
	}
	t.Logf("a mail was on the page after %s", best.Round(time.Millisecond))
	if best > 2*time.Second {
		t.Errorf("the fastest of five mails was on the page after %s", best)
	}
	r.end(t)
}
