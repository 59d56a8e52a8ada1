package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testproc"
	"kaveri/internal/testsmtp"
)

// machine is one Kaveri as an operator has it: a data folder and the binary.
type machine struct {
	*testing.T
	data string
}

// says runs a command that must end with this code, and gives what it printed.
func (m *machine) says(code int, args ...string) string {
	m.Helper()
	cmd := exec.Command("kaveri", append(args, "--data", m.data)...)
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != code {
		m.Fatalf("kaveri %s ends with %d, %v:\n%s", strings.Join(args, " "), got, err, out)
	}
	return string(out)
}

// serves starts kaveri serve; its log can be read while it is written.
func (m *machine) serves() (log *output, stop func()) {
	m.Helper()
	log, stop, _ = m.starts()
	return log, stop
}

// starts is serves with another end, the sudden one.
func (m *machine) starts() (log *output, stop, kill func()) {
	m.Helper()
	log = newOutput()
	cmd := exec.Command("kaveri", "serve", "--listen", "127.0.0.1:0", "--data", m.data)
	cmd.Stderr = log
	p, err := testproc.Start(cmd, nil, syscall.SIGKILL)
	if err != nil {
		m.Fatal(err)
	}
	m.Cleanup(p.Kill)
	return log, func() { p.Stop(syscall.SIGTERM, time.Minute) }, p.Kill
}

// schedules makes a firm with a sender and a mailing to n, made an hour ago, to
// begin then.
func (m *machine) schedules(sink *testsmtp.Sink, n int, begin time.Time) crm.MailingID {
	m.Helper()
	s := sink.Sender()
	m.says(exitDone, "firm", "set", "--name", "Kauppa Oy", "--domain", "kauppa.example")
	m.says(exitDone, "sender", "add", "sink", "--host", s.Host, "--port", fmt.Sprint(s.Port), "--security", "none", "--domain", "kauppa.example")
	p := &program{data: m.data, getenv: func(string) string { return "" }, log: slog.New(slog.DiscardHandler), now: func() time.Time { return time.Now().Add(-time.Hour) }}
	st, err := p.open(m.Context())
	if err != nil {
		m.Fatal(err)
	}
	defer st.Close()
	mailing := crm.Mailing{Kind: crm.MailingAudience, Name: "autumn", From: crm.Party{Address: "anna@kauppa.example"}, Start: begin, Template: crm.Template{Subject: "Autumn", Text: "Hello.\n"}}
	mailing, _, err = st.AddMailing(m.Context(), crm.SystemViewer, mailing, func(yield func(crm.Recipient, error) bool) {
		for i := range n {
			if !yield(crm.Recipient{Row: i + 2, Address: crm.Address(fmt.Sprintf("c%d@asiakas.example", i))}, nil) {
				return
			}
		}
	}, nil)
	if err == nil {
		err = st.StartMailing(m.Context(), crm.SystemViewer, mailing.ID)
	}
	if err != nil {
		m.Fatal(err)
	}
	return mailing.ID
}

// elsewhere gives a copy of the data folder, as cp or a snapshot makes one.
func (m *machine) elsewhere() *machine {
	m.Helper()
	to := m.TempDir()
	if err := os.CopyFS(to, os.DirFS(m.data)); err != nil {
		m.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(to, "kaveri.key"), 0o600); err != nil { // CopyFS adds what the mask allows
		m.Fatal(err)
	}
	return &machine{m.T, to}
}

// mailing reads the one mailing.
func (m *machine) mailing() (j mailingJSON) {
	m.Helper()
	if err := json.Unmarshal([]byte(m.says(exitDone, "mailing", "list", "--json")), &j); err != nil {
		m.Fatal(err)
	}
	return j
}

// until waits until the mailing is as wanted.
func (m *machine) until(what string, is func(mailingJSON) bool) {
	m.Helper()
	end := time.Now().Add(time.Minute)
	for !is(m.mailing()) {
		if time.Now().After(end) {
			m.Fatalf("never %s: %+v", what, m.mailing())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (m *machine) tookOnce(sink *testsmtp.Sink, n int) {
	m.Helper()
	to := map[string]int{}
	for _, mail := range sink.Mails() {
		to[mail.To[0]]++
	}
	for a, k := range to {
		if k != 1 {
			m.Errorf("%s got %d mails", a, k)
		}
	}
	if len(to) != n {
		m.Errorf("%d of %d got their mail", len(to), n)
	}
}

// Scenario 6: the data folder is copied while a mailing is scheduled. The copy,
// started elsewhere, sends nothing until a person says that it is the only one.
func TestScenario6ClonedServer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	t.Parallel()
	const n = 20
	sink := testsmtp.Start(t, testsmtp.Options{})
	original := &machine{t, t.TempDir()}
	id := original.schedules(sink, n, time.Now().Add(-10*time.Minute))
	clone := original.elsewhere()
	log, stop := clone.serves()
	why := log.find(t, `(?s)msg="mail waits" why="([^"]+)`)
	if !strings.HasPrefix(why, "nothing is sent: this database was restored, copied or moved") {
		t.Errorf("it says: %s", why)
	}
	template, audience := filepath.Join(t.TempDir(), "letter.txt"), filepath.Join(t.TempDir(), "list.csv")
	for name, text := range map[string]string{template: "Subject: Hello\nFrom: anna@kauppa.example\n\nHello.\n", audience: "email\na@asiakas.example\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if said := clone.says(exitFailed, "send", "--template", template, "--audience", audience); !strings.Contains(said, "copied or moved") || !strings.Contains(said, "kaveri sender confirm") {
		t.Errorf("kaveri send says: %s", said)
	}
	if j := clone.mailing(); len(sink.Mails()) > 0 || j.Recipients[crm.Queued] != n || j.ID != id {
		t.Errorf("the copy has sent %d: %+v", len(sink.Mails()), j)
	}
	clone.says(exitDone, "sender", "confirm")
	clone.until("finished", func(j mailingJSON) bool { return j.Finished })
	stop()
	clone.tookOnce(sink, n)
}

// Scenario 6, the other half: the original starts forty minutes after the
// mailing was to begin. It waits for a decision instead of firing.
func TestScenario6LateStart(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers")
	}
	t.Parallel()
	const n = 20
	sink := testsmtp.Start(t, testsmtp.Options{})
	original := &machine{t, t.TempDir()}
	id := original.schedules(sink, n, time.Now().Add(-40*time.Minute))
	_, stop := original.serves()
	original.until("held", func(j mailingJSON) bool { return j.State == crm.MailingHeld })
	if j := original.mailing(); !strings.Contains(j.Reason, "it was to begin 40m0s before anything could send it") || j.Recipients[crm.Queued] != n || len(sink.Mails()) > 0 {
		t.Errorf("%d were sent: %+v", len(sink.Mails()), j)
	}
	original.says(exitDone, "mailing", "resume", fmt.Sprint(id))
	original.until("finished", func(j mailingJSON) bool { return j.Finished })
	stop()
	original.tookOnce(sink, n)
}
