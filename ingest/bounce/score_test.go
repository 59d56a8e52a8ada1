//go:build score

package bounce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/ingest/parse"
	"kaveri/internal/corpora"
)

// The labels are what other programs made of these mails. A row is a mail; of
// the sets that label a reason for each recipient, each recipient is a row.

// tally counts what is right and writes what is not.
type tally struct {
	right, all int
	misses     *bytes.Buffer
}

func (s *tally) row(file string, ok bool, expected, got any) {
	s.all++
	if ok {
		s.right++
		return
	}
	fmt.Fprintf(s.misses, "%s\texpected %v\tgot %v\n", file, expected, got)
}

func (s *tally) percent() float64 { return corpora.Percent(s.right, s.all) }

// measure runs judge on each row of the labels and demands a share of rows that
// are right, in percent. It writes the misses to KAVERI_SCORE_DIR.
func measure(t *testing.T, name, labels string, demand float64, judge func(s *tally, file string, expected json.RawMessage, m *crm.Message, b *crm.Bounce, c *crm.Complaint)) {
	t.Helper()
	s := &tally{misses: new(bytes.Buffer)}
	for _, row := range corpora.Labels[corpora.Row](t, labels) {
		raw := corpora.Mail(t, row.File)
		m := parse.Message(raw)
		b, c := Read(raw, m)
		judge(s, row.File, row.Expected, m, b, c)
	}
	corpora.Misses(t, "bounce-"+name+".txt", s.misses.Bytes())
	t.Logf("%s: %d of %d right, %.1f %%\n%s", name, s.right, s.all, s.percent(), s.misses)
	if s.percent() < demand || s.all == 0 {
		t.Errorf("%s: %.1f %% is below %.1f %%", name, s.percent(), demand)
	}
}

func into[T any](raw json.RawMessage) (v T) {
	if err := json.Unmarshal(raw, &v); err != nil {
		panic(err)
	}
	return v
}

type sisimaiRow struct {
	Status, ReplyCode, Reason, FeedbackType string
	HardBounce                              bool
}

// sisimai gives the recipients of a label and of a bounce side by side; where
// one has more, the other's are empty.
func sisimai(expected json.RawMessage, b *crm.Bounce, each func(want sisimaiRow, got crm.BouncedRecipient)) {
	want := into[[]sisimaiRow](expected)
	var got []crm.BouncedRecipient
	if b != nil {
		got = b.Recipients
	}
	for i := range max(len(want), len(got)) {
		var w sisimaiRow
		var g crm.BouncedRecipient
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		each(w, g)
	}
}

func TestScoreBounceReason(t *testing.T) {
	for _, set := range []string{"sisimai", "sisimai-set-of-emails"} {
		measure(t, set+"-reason", set+".jsonl", 95, func(s *tally, file string, expected json.RawMessage, _ *crm.Message, b *crm.Bounce, _ *crm.Complaint) {
			sisimai(expected, b, func(want sisimaiRow, got crm.BouncedRecipient) {
				s.row(file, want.Reason == string(got.Reason), want.Reason, fmt.Sprintf("%s: %s %s %.300s", got.Reason, got.ReplyCode, got.Status, got.Diagnostic))
			})
		})
		measure(t, set+"-permanent", set+".jsonl", 97, func(s *tally, file string, expected json.RawMessage, _ *crm.Message, b *crm.Bounce, _ *crm.Complaint) {
			sisimai(expected, b, func(want sisimaiRow, got crm.BouncedRecipient) {
				permanent := crm.BounceReason(want.Reason).Permanent()
				s.row(file, permanent == got.Permanent && want.Reason != "", permanent, fmt.Sprintf("%v (%s for %s)", got.Permanent, got.Reason, want.Reason))
			})
		})
		// Codes that the labels made up (x.0.9xx) are not in the mails.
		measure(t, set+"-codes", set+".jsonl", 85, func(s *tally, file string, expected json.RawMessage, _ *crm.Message, b *crm.Bounce, _ *crm.Complaint) {
			sisimai(expected, b, func(want sisimaiRow, got crm.BouncedRecipient) {
				status := want.Status == got.Status || strings.Contains(want.Status, ".0.9") || strings.HasSuffix(want.Status, ".0.0") && got.Status == ""
				s.row(file, status && want.ReplyCode == got.ReplyCode, want.Status+" "+want.ReplyCode, got.Status+" "+got.ReplyCode)
			})
		})
	}
}

// addresses gives the recipients in lower case, sorted, those that fit.
func addresses(b *crm.Bounce, fits func(*crm.BouncedRecipient) bool) (all []string) {
	if b == nil {
		return nil
	}
	for i := range b.Recipients {
		if fits(&b.Recipients[i]) {
			all = append(all, strings.ToLower(b.Recipients[i].Address))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func lowered(list []string) []string {
	out := make([]string, 0, len(list))
	for _, a := range list {
		out = append(out, strings.ToLower(a))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// The other set tells delays apart and lists their recipients; a mail that two
// of its detectors read has a row with what the stronger one found.
func TestScoreBounceRecipients(t *testing.T) {
	any := func(*crm.BouncedRecipient) bool { return true }
	best := bestRow(t, "flufl-bounce.jsonl")
	measure(t, "flufl-bounce", "flufl-bounce.jsonl", 98, func(s *tally, file string, expected json.RawMessage, _ *crm.Message, b *crm.Bounce, _ *crm.Complaint) {
		e := into[struct {
			Recipients []string
			Temporary  bool
		}](expected)
		if len(e.Recipients) < best[file] {
			return
		}
		got := addresses(b, any)
		failed := addresses(b, (*crm.BouncedRecipient).Failed)
		s.row(file, slices.Equal(got, lowered(e.Recipients)) && (len(failed) == 0) == (e.Temporary || len(e.Recipients) == 0), fmt.Sprint(e.Recipients, " temporary ", e.Temporary), fmt.Sprint(got, " failed ", failed))
	})
	best = bestRow(t, "mailman2-bounces.jsonl")
	measure(t, "mailman2-bounces", "mailman2-bounces.jsonl", 98, func(s *tally, file string, expected json.RawMessage, _ *crm.Message, b *crm.Bounce, _ *crm.Complaint) {
		e := into[struct {
			Recipients []string
			Ignore     bool `json:"ignore_transient"`
		}](expected)
		if len(e.Recipients) < best[file] {
			return
		}
		got := addresses(b, (*crm.BouncedRecipient).Failed)
		s.row(file, slices.Equal(got, lowered(e.Recipients)), fmt.Sprint(e.Recipients, " ignore ", e.Ignore), got)
	})
}

func bestRow(t *testing.T, labels string) map[string]int {
	most := map[string]int{}
	for _, row := range corpora.Labels[corpora.Row](t, labels) {
		most[row.File] = max(most[row.File], len(into[struct{ Recipients []string }](row.Expected).Recipients))
	}
	return most
}

func TestScoreBounceOthers(t *testing.T) {
	yes := func(s *tally, file string, expected json.RawMessage, m *crm.Message, _ *crm.Bounce, _ *crm.Complaint) {
		e := into[struct {
			Is     bool   `json:"is_bounce"`
			Code   string `json:"code"`
			Status string `json:"status"`
		}](expected)
		s.row(file, e.Is == (m.Class == crm.ClassBounce), e.Is, m.Class)
	}
	measure(t, "bounce_email", "bounce_email.jsonl", 95, yes)
	measure(t, "bounce_email-rtd", "bounce_email-rtd.jsonl", 95, yes)
	measure(t, "flanker-bounce", "flanker-bounce.jsonl", 100, yes)
	measure(t, "kumomta-dsn", "kumomta-dsn.jsonl", 100, func(s *tally, file string, expected json.RawMessage, _ *crm.Message, b *crm.Bounce, _ *crm.Complaint) {
		e := into[struct {
			Final           []string `json:"final_recipients"`
			Actions, Status []string
		}](expected)
		var final, actions, status []string
		for _, r := range b.Recipients {
			final, actions, status = append(final, r.Address), append(actions, string(r.Action)), append(status, r.Status)
		}
		s.row(file, slices.Equal(e.Final, final) && slices.Equal(lowered(e.Actions), lowered(actions)), e, fmt.Sprint(final, actions, status))
	})
	measure(t, "php-bounce-handler", "php-bounce-handler.jsonl", 75, func(s *tally, file string, expected json.RawMessage, _ *crm.Message, b *crm.Bounce, c *crm.Complaint) {
		e := into[struct{ EmailType, DeliveryStatus, Recipient string }](expected)
		got := ""
		if b != nil && len(b.Recipients) > 0 {
			got = b.Recipients[0].Address
		}
		s.row(file, strings.EqualFold(got, e.Recipient) && (c != nil) == (e.EmailType == "Fbl"), e, got)
	})
	measure(t, "emailengine-autoreply", "emailengine-autoreply.jsonl", 100, func(s *tally, file string, _ json.RawMessage, m *crm.Message, b *crm.Bounce, _ *crm.Complaint) {
		s.row(file, m.Class == crm.ClassAutoReply && b.Recipients[0].Reason == crm.BounceVacation, crm.ClassAutoReply, m.Class)
	})
}

func TestScoreComplaint(t *testing.T) {
	type arf struct {
		FeedbackType string `json:"feedback_type"`
		UserAgent    string `json:"user_agent"`
		MailFrom     string `json:"original_mail_from"`
		RcptTo       string `json:"original_rcpt_to"`
		SourceIP     string `json:"source_ip"`
		ReportingMTA string `json:"reporting_mta"`
	}
	same := func(want, got string) bool {
		flat := func(s string) string {
			return strings.ToLower(strings.NewReplacer("-", "", "<", "", ">", "").Replace(s))
		}
		return want == "" || flat(want) == flat(got)
	}
	judge := func(s *tally, file string, expected json.RawMessage, m *crm.Message, _ *crm.Bounce, c *crm.Complaint) {
		e := into[arf](expected)
		if c == nil {
			s.row(file, false, e, m.Class)
			return
		}
		s.row(file, same(e.FeedbackType, c.FeedbackType) && same(e.UserAgent, c.UserAgent) && same(e.MailFrom, c.OriginalMailFrom) && same(e.RcptTo, c.Recipient) && same(e.SourceIP, c.SourceIP) && same(e.ReportingMTA, c.ReportingMTA), e, *c)
	}
	measure(t, "kumomta-arf", "kumomta-arf.jsonl", 100, judge)
	measure(t, "stalwart-arf", "stalwart-arf.jsonl.gz", 100, judge)
	measure(t, "emailengine-complaints", "emailengine-complaints.jsonl", 100, judge)
	for _, set := range []string{"sisimai", "sisimai-set-of-emails"} {
		measure(t, set+"-feedback", set+".jsonl", 100, func(s *tally, file string, expected json.RawMessage, m *crm.Message, _ *crm.Bounce, c *crm.Complaint) {
			for _, want := range into[[]sisimaiRow](expected) {
				if want.Reason == "feedback" {
					s.row(file, c != nil && (want.FeedbackType == "" || want.FeedbackType == c.FeedbackType), want.FeedbackType, fmt.Sprint(m.Class, c))
				} else if c != nil {
					s.row(file, false, want, *c)
				}
			}
		})
	}
}

// Ordinary mail is no bounce and no complaint. The sets have some true ones.
func TestScoreBounceFalse(t *testing.T) {
	var report bytes.Buffer
	n, wrong := 0, 0
	eachOrdinary(t, func(name string, raw []byte) {
		n++
		m := parse.Message(raw)
		if m.Class == crm.ClassBounce || m.Class == crm.ClassComplaint {
			wrong++
			fmt.Fprintf(&report, "%s\t%s\t%s\t%s\n", name, m.Class, strconv.Quote(m.Subject), strings.Join(m.ClassReasons, ", "))
		}
	})
	t.Logf("%d of %d ordinary mails are called bounces or complaints\n%s", wrong, n, report.String())
	if n == 0 || 1000*wrong > n {
		t.Errorf("%d of %d are too many", wrong, n)
	}
}

// eachOrdinary reads the sets in which people write to each other.
func eachOrdinary(t *testing.T, do func(name string, raw []byte)) {
	t.Helper()
	for _, set := range []string{"spamassassin-corpus", "list-usrp-users"} {
		corpora.EachMail(t, set+".tar.gz", do)
	}
	dir := corpora.Dir(t)
	for _, set := range []string{"stalwart-mail-parser/eml", "redmine-mail", "zammad-mail", "rt-mail/emails", "notmuch/default", "email_reply_trimmer/emails"} {
		err := filepath.WalkDir(filepath.Join(dir, set), func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.HasSuffix(path, ".json") {
				return err
			}
			raw, err := os.ReadFile(path)
			do(strings.TrimPrefix(path, dir), raw)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
