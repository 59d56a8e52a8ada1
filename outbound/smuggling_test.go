package outbound_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testsmtp"
)

// Whatever ends a mail at some server stands in the letter and in what is
// merged into it: at the far side there is one mail for each recipient, and
// nobody else gets any.
func TestNothingIsSmuggled(t *testing.T) {
	const more = "MAIL FROM:<evil@x.example>%[1]sRCPT TO:<victim@y.example>%[1]sDATA%[1]sSubject: smuggled%[1]s%[1]shi%[1]s.%[1]s"
	var ends []string
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r\n.\n", "\r\n.\r\n", "\r.\r", "\r\n.\r", "\r.\r\n", "\r.\n", "\n.\r", "\r\r\n.\r\r\n", "\r\n\x00.\r\n", "\u2028.\u2028", "\u0085.\u0085"} {
		ends = append(ends, "hello"+end+fmt.Sprintf(more, "\r\n")+fmt.Sprintf(more, "\n"))
	}
	sink := testsmtp.Start(t, testsmtp.Options{Keep: true})
	st := openStore(t, "sqlite://"+filepath.ToSlash(filepath.Join(t.TempDir(), "kaveri.db")), nil)
	s := sink.Sender()
	s.Name, s.Connections = "sink", 2
	if _, err := st.AddSender(t.Context(), crm.SystemViewer, s); err != nil {
		t.Fatal(err)
	}
	var ids []crm.MailingID
	for i, end := range ends {
		text := strings.NewReplacer("\x00", "", "{", "").Replace(end)
		m := crm.Mailing{Kind: crm.MailingAudience, Name: "autumn", From: crm.Party{Name: "Aino", Address: "aino@firm.example"},
			Template: crm.Template{Subject: "Hello", Text: text + "{{ order }}\n" + text, HTML: "<p>{{ order }}</p><pre>" + text + "</pre>"}}
		m, _, err := st.AddMailing(t.Context(), crm.SystemViewer, m, func(yield func(crm.Recipient, error) bool) {
			yield(crm.Recipient{Row: 2, Address: recipient(i), Name: "Customer", Fields: map[string]string{"order": end}}, nil)
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := st.StartMailing(t.Context(), crm.SystemViewer, m.ID); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.ID)
	}
	sent := map[string]bool{}
	for i, id := range ids {
		counts := finish(t, st, id, time.Now, func(r crm.Recipients) bool { return r.Open() == 0 })
		if counts[crm.Sent] == 1 {
			sent[string(recipient(i))] = true
			continue
		}
		for _, d := range inState(t, st, id, crm.Failed) {
			t.Logf("%q is refused: %s", ends[i][:12], d.Reason)
			if d.Reason == "" {
				t.Errorf("%q is refused without a reason", ends[i])
			}
		}
	}
	if len(sent) != len(ends) {
		t.Errorf("only %d of %d mails were sent", len(sent), len(ends))
	}
	for _, m := range sink.Mails() {
		if m.From == "evil@x.example" || len(m.To) != 1 || !sent[m.To[0]] || !strings.Contains(string(m.Raw), "MAIL FROM") && !strings.Contains(string(m.Raw), "base64") {
			t.Errorf("from %s to %v: %.200q", m.From, m.To, m.Raw)
		}
		delete(sent, m.To[0])
	}
	if len(sent) > 0 {
		t.Errorf("%v got none", sent)
	}
}
