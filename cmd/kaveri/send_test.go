package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/campaigns"
	"kaveri/crm"
)

// outbox is the far side of send: what the ledger would be given is rendered
// and kept.
type outbox struct {
	senders    []crm.Sender
	trouble    string // of the sender, which may pass
	refuses    error  // or may not
	unsigned   string
	url        string
	firm       crm.Firm
	suppressed map[crm.Address]crm.Suppression
	ends       crm.DispatchState // of every mail; "" is sent
	got        []*crm.Draft
}

func (o *outbox) Rendering(context.Context) (campaigns.RendererOptions, error) {
	keys := crm.NewKeyring(func(p crm.TokenPurpose) []byte { return []byte(p) })
	return campaigns.RendererOptions{Keys: keys, PublicURL: o.url, Language: "en"}, nil
}

func (o *outbox) Route(_ context.Context, from crm.Address, name string) (crm.Sender, error) {
	for _, s := range o.senders {
		if s.Serves(from) && (name == "" || name == s.Name) {
			return s, nil
		}
	}
	return crm.Sender{}, crm.Invalid("From", "no sender takes mail from %s", from)
}

func (o *outbox) Unsigned(context.Context, crm.Address) (string, error) { return o.unsigned, nil }

func (o *outbox) Try(context.Context, crm.Sender) (string, error) { return o.trouble, o.refuses }

func (o *outbox) Firm(context.Context) (crm.Firm, error) { return o.firm, nil }

func (o *outbox) Suppressed(_ context.Context, list []crm.Address, _ string) (map[crm.Address]crm.Suppression, error) {
	out := map[crm.Address]crm.Suppression{}
	for _, a := range list {
		if s, ok := o.suppressed[a]; ok {
			out[a] = s
		}
	}
	return out, nil
}

func (o *outbox) Doubtful(context.Context, crm.MailingID, func(crm.Dispatch) error) error { return nil }

func (o *outbox) Launch(ctx context.Context, m crm.Mailing, recipients iter.Seq2[crm.Dispatch, error], progress func(crm.Recipients)) (crm.MailingID, crm.Recipients, error) {
	options, _ := o.Rendering(ctx)
	r, err := campaigns.NewRenderer(options)
	if err != nil {
		return 0, nil, err
	}
	state, done := o.ends, crm.Recipients{}
	if state == "" {
		state = crm.Sent
	}
	m.ID = 7
	for d, err := range recipients {
		if err != nil {
			return 0, nil, err
		}
		draft, err := r.Render(ctx, &m, &d)
		if err != nil {
			return 0, nil, err
		}
		o.got = append(o.got, draft)
		done[state]++
		progress(done)
	}
	return m.ID, done, nil
}

func (o *outbox) Close() error { return nil }

// sends runs send on files with these contents and gives what it printed.
func sends(t *testing.T, o *outbox, template, audience string, asJSON bool, change func(*sendFlags)) (stdout, stderr string, code int) {
	t.Helper()
	dir := t.TempDir()
	f := sendFlags{template: filepath.Join(dir, "letter.txt"), audience: filepath.Join(dir, "list.csv")}
	for name, text := range map[string]string{f.template: template, f.audience: audience} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(&f)
	}
	var out, errs bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: os.Getenv, json: asJSON, now: func() time.Time { return time.Unix(1795000000, 0) }}
	err := p.send(context.Background(), f, func(context.Context) (sending, error) { return o, nil })
	if err != nil {
		fmt.Fprintf(&errs, "kaveri: %s\n", sentence(err))
	}
	clean := strings.NewReplacer(dir+string(filepath.Separator), "")
	return clean.Replace(out.String()), clean.Replace(errs.String()), exitCode(err)
}

func newOutbox() *outbox {
	return &outbox{senders: []crm.Sender{{ID: 3, Name: "relay", Domains: []string{"oy.example"}}}, url: "https://mail.oy.example",
		suppressed: map[crm.Address]crm.Suppression{"out@asiakas.example": {Reason: crm.SuppressedUnsubscribed}, "lifted@asiakas.example": {}}}
}

const (
	sendLetter = "Subject: Hei {{ name | default: \"there\" }}\nFrom: Anna <anna@oy.example>\n\nTilaus {{ order }}, {{ day | date | default: \"\" }}.\n"
	sendList   = "name,email,order,day\nAino,aino@asiakas.example,1,2026-11-14\nOlli,olli.asiakas.example,2,\nOut,out@asiakas.example,3,\n" +
		"Eeva,eeva@asiakas.example,,\nEmil,emil@asiakas.example,5,soon\nAgain,AINO@asiakas.example,6,\n\n,liisa@asiakas.example,7,\n"
)

// What is wrong is named by row before anything is sent, and what is good goes.
func TestSend(t *testing.T) {
	o := newOutbox()
	o.unsigned = "no DKIM key is known for oy.example"
	stdout, stderr, code := sends(t, o, sendLetter, sendList, false, nil)
	if code != exitPartly {
		t.Errorf("exit code %d", code)
	}
	wantErr := `kaveri: row 3: "olli.asiakas.example" has no name or no domain; write it like name@example.com
kaveri: row 4, out@asiakas.example: they have unsubscribed
kaveri: row 5, eeva@asiakas.example: order has no value, and the text has no fallback for it
kaveri: row 6, emil@asiakas.example: day, "soon", is not a date like 2026-11-14 or 14.11.2026
kaveri: row 7: aino@asiakas.example is in row 2 already
kaveri: 5 rows were left out; mend what can be mended and send to them alone
`
	if stderr != wantErr {
		t.Errorf("standard error:\n%s\nwant\n%s", stderr, wantErr)
	}
	for _, want := range []string{"from      Anna <anna@oy.example>, by relay\n", "audience  list.csv: UTF-8, delimiter \",\"; name from name; addresses from email\n",
		"rows      7; 2 can be written to, 5 left out\n", "day: no date in 1 row: 6\n", "order: no value in 1 row: 5\n", "note      no DKIM key", "subject   Hei Aino\n", "Tilaus 1, 14 November 2026.", "Mailing 7: 2 sent\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("standard output lacks %q:\n%s", want, stdout)
		}
	}
	var to []string
	for _, d := range o.got {
		to = append(to, string(d.To[0].Address))
	}
	if !slices.Equal(to, []string{"aino@asiakas.example", "liisa@asiakas.example"}) {
		t.Errorf("sent to %v", to)
	}
}

// The same as JSON, without sending.
func TestSendDry(t *testing.T) {
	o := newOutbox()
	stdout, _, code := sends(t, o, sendLetter, sendList, true, func(f *sendFlags) { f.dryRun, f.policy = true, "verify" })
	var j sendJSON
	if err := json.Unmarshal([]byte(stdout), &j); err != nil {
		t.Fatal(err)
	}
	if code != exitPartly || j.Good != 2 || j.LeftOut != 5 || len(j.LeftOutRows) != 5 || j.Rows != 7 || j.Mailing != 0 || len(j.Recipients) != 0 || len(o.got) != 0 || j.Policy != "verify" {
		t.Errorf("exit %d: %s", code, stdout)
	}
	if got := fmt.Sprint(j.Problems); got != "map[date:1 duplicate:1 malformed-address:1 missing:1 suppressed:1]" {
		t.Error(got)
	}
	if j.Preview == nil || j.Preview.Subject != "Hei Aino" || !strings.Contains(j.Preview.Text, "https://mail.oy.example/u/") {
		t.Errorf("preview %+v", j.Preview)
	}
}

// What is wrong with the whole is told before a single row.
func TestSendRefused(t *testing.T) {
	list := "email,order\na@asiakas.example,1\n"
	for name, c := range map[string]struct {
		template, audience string
		change             func(*outbox, *sendFlags)
		want               string
		code               int
	}{
		"template":       {"Subject: {{ x\nFrom: a@oy.example\n\nHei", list, nil, "kaveri: template: letter.txt has 1 error", exitUsage},
		"no route":       {"Subject: x\nFrom: a@other.example\n\nHei", list, nil, "kaveri: From: no sender takes mail from a@other.example", exitUsage},
		"named sender":   {sendLetter, list, func(_ *outbox, f *sendFlags) { f.sender = "other" }, "no sender takes mail", exitUsage},
		"policy":         {sendLetter, list, func(_ *outbox, f *sendFlags) { f.policy = "hope" }, `kaveri: policy: "hope" is none of`, exitUsage},
		"missing column": {"Subject: x\nFrom: a@oy.example\n\n{{ city }} {{ first_name }} {{ order }}", list, nil, "kaveri: audience: the template needs city, first_name, and no column is called so; the columns are: order", exitUsage},
		"no addresses":   {sendLetter, "name,order\nAino,1\n", nil, "the columns are: name, order", exitUsage},
		"no link":        {"Subject: x\nFrom: a@oy.example\n\n{{ unsubscribe_url }}", list, func(o *outbox, _ *sendFlags) { o.url = "" }, "no public address is known", exitUsage},
		"nobody":         {sendLetter, "email,order\nx,1\n", nil, "kaveri: audience: nobody is left to write to", exitUsage},
		"an empty list":  {sendLetter, "email,order\n", nil, "nobody is left to write to", exitUsage},
		"no file":        {sendLetter, list, func(_ *outbox, f *sendFlags) { f.audience += "x" }, "there is no", exitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutbox()
			_, stderr, code := sends(t, o, c.template, c.audience, false, func(f *sendFlags) {
				if c.change != nil {
					c.change(o, f)
				}
			})
			if code != c.code || !strings.Contains(stderr, c.want) || len(o.got) > 0 {
				t.Errorf("exit %d, %d sent: %s", code, len(o.got), stderr)
			}
		})
	}
}

// No sender, or none that will do: the sentence names the one that would, and
// what to type.
func TestRouted(t *testing.T) {
	relay := crm.Sender{ID: 1, Name: "relay", Domains: []string{"oy.example"}}
	off := crm.Sender{ID: 2, Name: "spare", Disabled: true}
	news := crm.Sender{ID: 3, Name: "news", Domains: []string{"uutiset.example"}, Disabled: true}
	for _, c := range []struct {
		all        []crm.Sender
		name, want string // of the sender that is taken, or what is said
	}{
		{nil, "", "sender: there is no mail server to send through; add one: kaveri sender add NAME --host HOST"},
		{[]crm.Sender{off, relay}, "", "relay"},
		{[]crm.Sender{news, off}, "", "sender: spare would send for oy.example and is switched off; switch it on: kaveri sender set spare --on"},
		{[]crm.Sender{news}, "", "sender: no sender may send for oy.example; there are: news; add the domain to one: kaveri sender set NAME --domain oy.example"},
		{[]crm.Sender{relay, off}, "SPARE", "sender: spare is switched off; switch it on: kaveri sender set spare --on, or name another"},
		{[]crm.Sender{relay, news}, "news", "sender: news may not send for oy.example: add the domain to it (kaveri sender set news --domain oy.example), or name another"},
		{[]crm.Sender{relay}, "other", `sender: no sender is called "other"; there are: relay`},
	} {
		got, err := routed(c.all, "anna@oy.example", c.name)
		said := got.Name
		if err != nil {
			said = err.Error()
		}
		if said != c.want {
			t.Errorf("%s, want %s", said, c.want)
		}
	}
}

// Everything good ends with 0, a mail that fails with 3.
func TestSendEnds(t *testing.T) {
	list := "email,order,day\na@asiakas.example,1,\n"
	if _, stderr, code := sends(t, newOutbox(), sendLetter, list, false, nil); code != exitDone || stderr != "" {
		t.Errorf("exit %d: %s", code, stderr)
	}
	o := newOutbox()
	o.ends = crm.Failed
	if stdout, stderr, code := sends(t, o, sendLetter, list, false, nil); code != exitPartly || !strings.Contains(stdout, "Mailing 7: 1 failed") || !strings.Contains(stderr, "1 mail was not sent") {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
}

// Until it is wired, the command says so.
func TestSendCommand(t *testing.T) {
	p := &program{stdin: strings.NewReader(""), stdout: new(bytes.Buffer), stderr: new(bytes.Buffer), getenv: os.Getenv, now: time.Now}
	c := p.sendCommand()
	c.SetArgs([]string{"--template", "missing.txt", "--audience", "missing.csv"})
	c.SilenceErrors, c.SilenceUsage = true, true
	if err := c.Execute(); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("%v", err)
	}
}

// A sender that takes no mail is named before anything is put on the ledger; one
// that is only out of reach keeps mail waiting, and that is said.
func TestSendTriesTheSender(t *testing.T) {
	o := newOutbox()
	o.refuses = crm.Invalid("sender", "relay takes no mail: the password is refused; mend it with kaveri sender set relay, or name another")
	_, stderr, code := sends(t, o, sendLetter, "email,order\naino@asiakas.example,1\n", false, nil)
	if code != exitUsage || !strings.Contains(stderr, "kaveri: sender: relay takes no mail: the password is refused") || len(o.got) != 0 {
		t.Errorf("refused: exit %d, sent %d, %s", code, len(o.got), stderr)
	}
	o.refuses, o.trouble = nil, "relay does not take mail just now (it does not answer); mail waits until it does"
	stdout, _, _ := sends(t, o, sendLetter, "email,order\naino@asiakas.example,1\n", false, nil)
	if !strings.Contains(stdout, o.trouble) {
		t.Errorf("out of reach: %s", stdout)
	}
}
