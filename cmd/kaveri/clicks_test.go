package main

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
)

// office is a data folder on which the program runs, as its users run it.
type office struct {
	*testing.T
	dir string
}

// does runs one command, which must end with a code, and gives what it said.
func (o *office) does(code int, args ...string) string {
	o.Helper()
	var out, log bytes.Buffer
	if got := run(o.Context(), append(args, "--data", o.dir), strings.NewReader(""), &out, &log, func(string) string { return "" }); got != code {
		o.Fatalf("kaveri %s ended with %d:\n%s%s", strings.Join(args, " "), got, &out, &log)
	}
	return out.String()
}

func (o *office) file(name, text string) string {
	o.Helper()
	path := filepath.Join(o.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		o.Fatal(err)
	}
	return path
}

// partsOf reads the texts of a mail by their types.
func partsOf(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"List-Id": m.Header.Get("List-Id")}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body := io.Reader(p)
		if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(p)
		}
		b, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		out[kind] = string(b)
	}
}

const autumnLetter = `Subject: Autumn, {{ name }}
From: Anna <anna@oy.example>

Autumn is here: https://shop.example/autumn?a=1&b=2
--- html ---
<html><body><p>Hello {{ name }}</p><a href="https://shop.example/autumn?a=1&amp;b=2">Autumn</a>
<a href="https://shop.example/order/{{ order }}">Your order</a> <a href="{{ copy_url }}">In a browser</a></body></html>
`

// The links of mails that were sent with --clicks are followed from the sink
// over the public listener to where they were stored; a click is an event of its
// mail, and proves that one in doubt has arrived. Who leaves by a mail about a
// topic leaves that topic.
func TestSendWithClicks(t *testing.T) {
	o := &office{t, t.TempDir()}
	sink := testsmtp.Start(t, testsmtp.Options{Keep: true})
	at := sink.Sender()
	o.does(exitDone, "firm", "set", "--name", "Oy", "--domain", "oy.example", "--public-url", "http://mail.oy.example")
	o.does(exitDone, "topic", "add", "offers", "--english", "Offers", "--finnish", "Tarjoukset")
	o.does(exitDone, "sender", "add", "sink", "--host", at.Host, "--port", fmt.Sprint(at.Port), "--security", "none")
	letter, list := o.file("autumn.txt", autumnLetter), o.file("list.csv", "name,email,order\nAino,aino@asiakas.example,1\nEero,eero@asiakas.example,2\n")
	o.does(exitFailed, "send", "--template", letter, "--audience", list, "--topic", "news")
	said := o.does(exitDone, "send", "--template", letter, "--audience", list, "--topic", "offers", "--clicks", "--opens")
	for _, want := range []string{"clicks    counted of 1 link\n", "not of line 7: https://shop.example/order/{{ order }} (its address has a tag", "opens     told by a picture", "topic     offers"} {
		if !strings.Contains(said, want) {
			t.Errorf("send does not say %q:\n%s", want, said)
		}
	}
	id := regexp.MustCompile(`Mailing (\d+): 2 sent`).FindStringSubmatch(said)
	if n := len(sink.Mails()); id == nil || n != 2 {
		t.Fatalf("%d mails at the sink:\n%s", n, said)
	}

	r := start(t, nil, "serve", "--data", o.dir, "--listen", "127.0.0.1:0", "--public", "127.0.0.1:0")
	base := r.out.find(t, `answered at (http://\S+)/`)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, m := range sink.Mails() {
		parts := partsOf(t, m.Raw)
		if parts["List-Id"] != "<offers.oy.example>" || !strings.Contains(parts["text/plain"], "https://shop.example/autumn?a=1&b=2") || !strings.Contains(parts["text/html"], `href="https://shop.example/order/`) || strings.Contains(parts["text/plain"], "/c/") {
			t.Errorf("the mail to %v is %q", m.To, parts)
		}
		links := regexp.MustCompile(`"http://mail\.oy\.example(/c/[a-z2-7]+)"`).FindAllStringSubmatch(parts["text/html"], -1)
		if len(links) != 2 {
			t.Fatalf("clicks and trap are %v", links)
		}
		if m.To[0] != "aino@asiakas.example" {
			continue
		}
		req, err := http.NewRequest("GET", base+links[0][1], nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("User-Agent", firefox)
		res, err := client.Do(req)
		page(t, res, err)
		if res.StatusCode != 302 || res.Header.Get("Location") != "https://shop.example/autumn?a=1&b=2" {
			t.Errorf("the link gives %d to %q", res.StatusCode, res.Header.Get("Location"))
		}
	}
	r.end(t)
	// Within seconds of the mail: taken for a scanner's.
	if shown := o.does(exitDone, "mailing", "show", id[1], "--json"); !strings.Contains(shown, `"links":[{"n":1,"url":"https://shop.example/autumn?a=1&b=2","people":0,"machines":1}]`) || !strings.Contains(shown, `"topic":"offers","opens":true`) {
		t.Error(shown)
	}
}

// A click settles the doubt about its mail.
func TestClickSettlesDoubt(t *testing.T) {
	m := sendMailing(t, 2)
	m.enlist(1)
	d := m.claim()[0]
	m.settle(nil, []crm.DispatchID{d.ID})
	m.settle([]crm.Attempt{{Dispatch: d.ID, Token: m.lease.Token, Stage: crm.StageDot, At: m.clock.now(), State: crm.Unknown, Reason: "no answer"}}, nil)
	state := func() crm.DispatchState {
		got, err := m.s.Dispatch(m.ctx, crm.SystemViewer, d.ID)
		m.check(err)
		return got.State
	}
	if state() != crm.Unknown {
		t.Fatal(state())
	}
	m.clock.pass(5 * time.Minute)
	if w := m.ask("GET", m.links(d.ID)[1], firefox, "192.0.2.9", ""); w.Code != 302 || w.Header().Get("Location") != "https://lumipolku.example/kevat" {
		t.Fatal(w.Code, w.Header())
	}
	events, err := m.s.DispatchEvents(m.ctx, crm.SystemViewer, d.ID)
	m.check(err)
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, fmt.Sprint(e.Kind, " ", e.Mark, " ", e.Machine))
	}
	if got := strings.Join(kinds, ", "); state() != crm.Sent || !strings.Contains(got, "clicked link 2 false") || !strings.Contains(got, "settled") {
		t.Errorf("%s, %s", state(), got)
	}
}
