package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"kaveri/crm"
)

// output is a stream that a test reads while it is written.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{}
}

func newOutput() *output { return &output{grown: make(chan struct{}, 1)} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.grown <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// find waits until the output has a match, and gives its first group.
func (o *output) find(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(time.Minute)
	for {
		if m := re.FindStringSubmatch(o.String()); m != nil {
			return m[1]
		}
		select {
		case <-o.grown:
		case <-deadline:
			t.Fatalf("no %q in:\n%s", pattern, o)
		}
	}
}

// running is the program started by a test.
type running struct {
	out, log *output
	stop     context.CancelFunc
	code     chan int
}

func start(t *testing.T, env map[string]string, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{newOutput(), newOutput(), stop, make(chan int, 1)}
	go func() {
		r.code <- run(ctx, args, strings.NewReader(""), r.out, r.log, func(name string) string { return env[name] })
	}()
	return r
}

// end stops the program as an interrupt does.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	select {
	case code := <-r.code:
		if code != exitDone {
			t.Errorf("exit code %d; log:\n%s", code, r.log)
		}
	case <-time.After(time.Minute):
		t.Fatal("does not end")
	}
}

func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: time.Minute}
}

func page(t *testing.T, res *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestServe goes the way of a newcomer: the printed address, the first page,
// the account, and the orderly end with a live connection open.
func TestServe(t *testing.T) {
	data := t.TempDir()
	r := start(t, map[string]string{"KAVERI_DATA": data}, "serve", "--listen", "127.0.0.1:0")
	begin := r.out.find(t, `Begin at (\S+)`)
	base := r.out.find(t, `Kaveri is at (\S+)`)
	token, err := url.Parse(begin)
	if err != nil {
		t.Fatal(err)
	}
	c := browser(t)
	res, err := c.Get(begin)
	if text := page(t, res, err); !strings.Contains(text, "demo") {
		t.Errorf("the first page does not offer the sample company:\n%s", text)
	}
	res, err = c.PostForm(base+"setup", url.Values{"token": {token.Query().Get("token")}, "firm": {"Oy"}, "name": {"Aino"},
		"address": {"aino@oy.example"}, "password": {"correct-horse-battery"}, "domains": {"oy.example"}})
	page(t, res, err)
	if res.StatusCode != http.StatusOK || res.Request.URL.Path != "/mailboxes/new" {
		t.Errorf("set up leads to %s, %s", res.Request.URL.Path, res.Status)
	}
	live, err := c.Get(base + "events")
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	r.end(t)
	if _, err := os.Stat(filepath.Join(data, "kaveri.db")); err != nil {
		t.Error(err)
	}

	// The second start needs no token.
	r = start(t, map[string]string{"KAVERI_DATA": data}, "serve", "--listen", "127.0.0.1:0", "--url", "https://kaveri.example.com/")
	if got := r.out.find(t, `Kaveri is at (\S+)`); got != "https://kaveri.example.com/" {
		t.Errorf("announced as %s", got)
	}
	r.end(t)
	if strings.Contains(r.out.String(), "token") {
		t.Errorf("a token although somebody works here:\n%s", r.out)
	}
}

// TestServeDemo: the first page's button starts the sample company, whose link
// signs in once, and which leaves nothing behind.
func TestServeDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := start(t, map[string]string{"KAVERI_DATA": t.TempDir()}, "serve", "--listen", "127.0.0.1:0")
	begin, err := url.Parse(r.out.find(t, `Begin at (\S+)`))
	if err != nil {
		t.Fatal(err)
	}
	res, err := browser(t).PostForm(r.out.find(t, `Kaveri is at (\S+)`)+"demo", url.Values{"token": {begin.Query().Get("token")}})
	text := page(t, res, err)
	link := regexp.MustCompile(`http://localhost:\d+/\?token=\w+`).FindString(text)
	if link == "" {
		t.Fatalf("no link in:\n%s", text)
	}
	signsInOnce(t, link)
	r.end(t)
	noTemporaryFiles(t)
}

func TestDemo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := start(t, nil, "demo", "--listen", "127.0.0.1:0", "--every", "1h")
	signsInOnce(t, r.out.find(t, `company is at (\S+)`))
	// Another verb beside it, by the folder that was printed.
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"--data", r.out.find(t, `kaveri --data (\S+) `), "user", "list", "--json"}, nil, &out, &errs, os.Getenv); code != exitDone || !strings.Contains(out.String(), `"role":"admin"`) {
		t.Errorf("user list beside it: %d, %s%s", code, &out, &errs)
	}
	r.end(t)
	noTemporaryFiles(t)
}

// signsInOnce: the first visit of the link is signed in, the second is not.
func signsInOnce(t *testing.T, link string) {
	t.Helper()
	for i, want := range []bool{true, false} {
		c := browser(t)
		res, err := c.Get(link)
		page(t, res, err)
		res, err = c.Get(strings.Split(link, "?")[0] + "customers")
		page(t, res, err)
		if in := res.Request.URL.Path == "/customers"; in != want {
			t.Errorf("visit %d of the link: signed in %t, want %t", i+1, in, want)
		}
	}
}

func noTemporaryFiles(t *testing.T) {
	t.Helper()
	left, err := os.ReadDir(os.TempDir())
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestExitCodes: every kind of error has its code.
func TestExitCodes(t *testing.T) {
	for kind := crm.KindInternal; kind <= crm.KindUnavailable; kind++ {
		code, ok := exitOf[kind]
		if want := map[bool]int{true: exitUsage, false: exitFailed}[kind == crm.KindInvalid]; !ok || code != want {
			t.Errorf("kind %d: exit code %d, want %d", kind, code, want)
		}
	}
	if got := sentence(&crm.Error{Kind: crm.KindForbidden, Field: "password", Text: "a\x1b[31m server's\r\nanswer"}); got != "password: a[31m server's answer" {
		t.Errorf("%q", got)
	}
}

// TestConnector: the pages get every trouble with a mail server as one of
// their form.
func TestConnector(t *testing.T) {
	_, err := connector{}.Discover(t.Context(), "aino@hotmail.fi")
	if e := new(crm.Error); !errors.As(err, &e) || e.Kind != crm.KindInvalid || e.Field != "address" || !strings.Contains(e.Text, "OAuth2") {
		t.Errorf("Microsoft: %v", err)
	}
	if found, err := (connector{}).Discover(t.Context(), "aino@gmail.com"); err != nil || found[0].Host != "imap.gmail.com" {
		t.Errorf("Google: %v, %v", found, err)
	}
	for _, tc := range []struct{ in, want crm.Error }{
		{crm.Error{Kind: crm.KindForbidden, Field: "password"}, crm.Error{Kind: crm.KindInvalid, Field: "password"}},
		{crm.Error{Kind: crm.KindInvalid, Field: "server"}, crm.Error{Kind: crm.KindInvalid, Field: "host"}},
		{crm.Error{Kind: crm.KindNotFound}, crm.Error{Kind: crm.KindInvalid, Field: "host"}},
		{crm.Error{Kind: crm.KindUnavailable}, crm.Error{Kind: crm.KindUnavailable, Field: "host"}},
	} {
		var got *crm.Error
		if err := atField(&tc.in, "host"); !errors.As(err, &got) || got.Kind != tc.want.Kind || got.Field != tc.want.Field {
			t.Errorf("%+v became %+v", tc.in, got)
		}
	}
}
