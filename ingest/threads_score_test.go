//go:build score

package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	netmail "net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/parse"
	"kaveri/internal/corpora"
)

func TestScoreBaseSubject(t *testing.T) {
	type row struct {
		Input    string
		Expected struct {
			Base  string
			Depth int `json:"re_depth"`
		}
	}
	rows := corpora.Labels[row](t, "subject-base-mailkit.jsonl")
	for _, r := range rows {
		if base, replies, _ := crm.BaseSubject(r.Input); base != r.Expected.Base || replies != r.Expected.Depth {
			t.Errorf("%q: %q, %d; want %q, %d", r.Input, base, replies, r.Expected.Base, r.Expected.Depth)
		}
	}
	t.Logf("subject-base-mailkit: %d rows", len(rows))
}

// TestScoreThreadsJWZ: the trees of the classic test of the algorithm. Mails
// that the label lost (loops through a mail that is there) are compared apart:
// ours are in a thread of their own.
func TestScoreThreadsJWZ(t *testing.T) {
	type row struct {
		Test, Algorithm string
		Messages        []struct {
			N          int
			Subject    string
			ID         string `json:"message_id"`
			Date       string
			References []string
		}
		Expected struct{ Tree string }
	}
	rows := corpora.Labels[row](t, "threads-jwz-mailkit.jsonl")
	for _, r := range rows {
		var mails []crm.ThreadMail
		for _, m := range r.Messages {
			date, err := netmail.ParseDate(m.Date)
			if err != nil {
				t.Fatal(err)
			}
			tm := crm.ThreadMail{MessageID: strings.Trim(m.ID, "<>"), Subject: m.Subject, Date: date, Seq: m.N}
			for _, ref := range m.References {
				tm.References = append(tm.References, strings.Trim(ref, "<>"))
			}
			mails = append(mails, tm)
		}
		var got strings.Builder
		lost := 0
		for _, th := range crm.Threads(mails, crm.ThreadOptions{Rule: crm.ThreadRule(strings.ToLower(r.Algorithm))}) {
			var tree strings.Builder
			for _, n := range th.Nodes {
				subject := "dummy"
				if n.Mail >= 0 {
					subject = mails[n.Mail].Subject
				}
				fmt.Fprintf(&tree, "%s%s\n", strings.Repeat("   ", n.Depth), subject)
			}
			if first, _, _ := strings.Cut(tree.String(), "\n"); !slices.Contains(strings.Split(r.Expected.Tree, "\n"), first) {
				lost += len(th.Nodes)
				continue
			}
			got.WriteString(tree.String())
		}
		if got.String() != r.Expected.Tree {
			t.Errorf("%s:\n%s\nwant\n%s", r.Test, got.String(), r.Expected.Tree)
		}
		t.Logf("threads-jwz-mailkit %s: %d mails, %d that the label lost", r.Test, len(mails), lost)
	}
}

// fileMails reads the mails of an mbox for threading.
func fileMails(t *testing.T, path string) (mails []crm.ThreadMail, envelopes []*crm.Envelope) {
	t.Helper()
	h := ingest.HeaderReader{
		Found: func(f ingest.FoundMail) error {
			mails = append(mails, f.Envelope.ThreadMail(f.At, len(mails)+1))
			envelopes = append(envelopes, f.Envelope)
			return nil
		},
		Bad: func(err error) { t.Logf("%s: %v", path, err) },
	}
	if err := h.Read(context.Background(), path); err != nil {
		t.Fatal(err)
	}
	return mails, envelopes
}

// TestScoreThreadsIMAP runs the scripts of an IMAP test suite that ask for
// threads, with their answers in the form of RFC 5256 §4.
func TestScoreThreadsIMAP(t *testing.T) {
	type row struct {
		File     string
		Script   string
		Expected []struct {
			Command  string
			Untagged []string
		}
	}
	rows := corpora.Labels[row](t, "threads-imaptest.jsonl.gz")
	for _, r := range rows {
		data := corpora.Dir(t)
		mails, _ := fileMails(t, filepath.Join(data, r.File))
		script, err := os.ReadFile(filepath.Join(data, r.Script))
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		var deleted []int
		for line := range strings.Lines(string(script)) {
			words := strings.Fields(strings.ToLower(line))
			switch {
			case len(words) >= 4 && words[1] == "store" && words[3] == "+flags":
				var n int
				fmt.Sscan(words[2], &n)
				deleted = append(deleted, n)
			case len(words) == 2 && words[1] == "expunge":
				slices.Sort(deleted)
				for _, n := range slices.Backward(deleted) {
					mails = slices.Delete(mails, n-1, n)
				}
				for i := range mails {
					mails[i].Seq = i + 1
				}
				deleted = nil
			case len(words) >= 3 && words[0] != "*" && words[1] == "thread":
				if asked == len(r.Expected) {
					t.Fatalf("%s: more questions than answers", r.Script)
				}
				want := strings.ToLower(strings.Join(r.Expected[asked].Untagged, " "))
				got := "* thread " + imapThreads(mails, crm.Threads(mails, crm.ThreadOptions{Rule: crm.ThreadRule(words[2])}))
				if got != want {
					t.Errorf("%s, question %d: %s; want %s", r.Script, asked+1, got, want)
				}
				asked++
			}
		}
		if asked != len(r.Expected) {
			t.Errorf("%s: %d questions of %d", r.Script, asked, len(r.Expected))
		}
	}
	t.Logf("threads-imaptest: %d scripts", len(rows))
}

// imapThreads writes threads as RFC 5256 §4 has them: a mail and its only child
// side by side, several children each in parentheses.
func imapThreads(mails []crm.ThreadMail, threads []crm.Thread) string {
	var b strings.Builder
	for _, th := range threads {
		children := make([][]int, len(th.Nodes))
		for i, n := range th.Nodes {
			if n.Parent >= 0 {
				children[n.Parent] = append(children[n.Parent], i)
			}
		}
		var write func(i int, sep string)
		write = func(i int, sep string) {
			if m := th.Nodes[i].Mail; m >= 0 {
				fmt.Fprintf(&b, "%s%d", sep, mails[m].Seq)
				sep = " "
			}
			for _, c := range children[i] {
				if len(children[i]) == 1 {
					write(c, sep)
					continue
				}
				b.WriteString(sep + "(")
				sep = ""
				write(c, "")
				b.WriteString(")")
			}
		}
		b.WriteString("(")
		write(0, "")
		b.WriteString(")")
	}
	return b.String()
}

// TestScoreThreadsPerl: thread dumps of another implementation, which shows
// every mail that is missing ("*-") and joins nothing by subject.
func TestScoreThreadsPerl(t *testing.T) {
	type row struct {
		File     string
		Expected struct{ Kind, Dump string }
	}
	rows := corpora.Labels[row](t, "threads-perl-mail-box.jsonl.gz")
	for i, r := range rows {
		mails, _ := fileMails(t, filepath.Join(corpora.Dir(t), r.File))
		threads := crm.Threads(mails, crm.ThreadOptions{Rule: crm.ThreadHeaders, Missing: true})
		var dumps [][]string
		for _, th := range threads {
			dumps = append(dumps, dumpRoots(th, mails)...)
		}
		want := dumpLines(r.Expected.Dump)
		switch r.Expected.Kind {
		case "DUMP":
			got := slices.Concat(dumps...)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("row %d:\n%s\nwant\n%s", i, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		case "FOLDED": // the first child of a missing mail is folded up to a count
			want[0] = strings.Replace(want[0], "[4] ", "", 1)
			fallthrough
		default: // one thread, from its root or from a mail in the middle
			found := slices.ContainsFunc(dumps, func(d []string) bool { return holdsTree(d, want, r.Expected.Kind) })
			if !found {
				t.Errorf("row %d: no thread is\n%s", i, strings.Join(want, "\n"))
			}
		}
	}
	t.Logf("threads-perl-mail-box: %d dumps", len(rows))
}

// dumpLines takes sizes and lines of the drawing away: what remains is how deep
// a line is, the sign of missing mails and the subject.
func dumpLines(dump string) []string {
	lines := strings.Split(dump, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(strings.ReplaceAll(l[min(5, len(l)):], "|", " "), " ")
	}
	return lines
}

// dumpRoots draws the trees of a thread as that implementation does: a missing
// mail stands in the line of its first child.
func dumpRoots(th crm.Thread, mails []crm.ThreadMail) (dumps [][]string) {
	columns := make([]int, len(th.Nodes))
	missing := ""
	for i, n := range th.Nodes {
		if n.Depth == 0 {
			dumps = append(dumps, nil)
		}
		first := n.Parent >= 0 && n.Parent == i-1 // the first child of the node before
		if n.Parent >= 0 {
			columns[i] = columns[n.Parent] + 3
		}
		if n.Mail < 0 {
			if n.Parent >= 0 {
				missing = "`--*- "
			} else {
				missing = "*- "
			}
			continue
		}
		text := mails[n.Mail].Subject
		switch {
		case missing != "" && first:
			text = strings.Repeat(" ", columns[n.Parent]-3*min(1, th.Nodes[n.Parent].Depth)) + missing + text
		case n.Parent >= 0:
			text = strings.Repeat(" ", columns[i]-3) + "`- " + text
		}
		missing = ""
		k := len(dumps) - 1
		dumps[k] = append(dumps[k], strings.TrimRight(text, " "))
	}
	return dumps
}

// holdsTree reports that a dump is the wanted one, or holds it further in, or
// is it when the first branch is folded.
func holdsTree(got, want []string, kind string) bool {
	switch kind {
	case "FOLDED":
		return len(got) > len(want) && got[0] == want[0] && got[len(got)-1] == want[1]
	case "MIDDLE":
		for i := range got {
			if len(got)-i < len(want) {
				return false
			}
			ok := true
			for k := range want {
				ok = ok && strings.TrimLeft(got[i+k], " *-`") == strings.TrimLeft(want[k], " *-`")
			}
			if ok {
				return true
			}
		}
		return false
	}
	return slices.Equal(got, want)
}

// corpusMail is a mail of a large set with its label.
type corpusMail struct {
	crm.ThreadMail
	file, thread string
}

func corpus(t *testing.T, set string) (mails []corpusMail) {
	t.Helper()
	type row struct{ File, Thread string }
	thread := map[string]string{}
	for _, r := range corpora.Labels[row](t, "threads-"+set+".jsonl.gz") {
		thread[r.File] = r.Thread
	}
	corpora.EachMail(t, set+".tar.gz", func(name string, raw []byte) {
		if thread[name] != "" {
			m := parse.Header(raw).ThreadMail(time.Time{}, len(mails))
			mails = append(mails, corpusMail{ThreadMail: m, file: name, thread: thread[name]})
		}
	})
	if len(mails) != len(thread) || len(mails) == 0 {
		t.Fatalf("%s: %d mails of %d labels", set, len(mails), len(thread))
	}
	return mails
}

// TestScoreThreadsCorpora measures the pairs of mails in the same thread. The
// labels are the union of In-Reply-To and References. Nothing in a label says
// where a reply without either field belongs.
func TestScoreThreadsCorpora(t *testing.T) {
	var report bytes.Buffer
	for _, set := range []string{"list-usrp-users", "spamassassin-corpus"} {
		mails := corpus(t, set)
		raw := make([]string, len(mails))
		for i, m := range mails {
			raw[i] = m.thread
		}
		got, threads := threadOf(mails, nil, false)
		s := score(&report, set, "headers as they are", raw, got)
		if s.precision < 0.99 || s.recall < 0.99 {
			t.Errorf("%s: precision %.4f, recall %.4f: below 0.99", set, s.precision, s.recall)
		}
		r := rand.New(rand.NewPCG(1, 5256))
		cut := make([]bool, len(mails))
		for i := range cut {
			cut[i] = r.IntN(10) == 0
		}
		for _, lists := range []bool{false, true} {
			got, _ = threadOf(mails, cut, lists)
			score(&report, set, fmt.Sprintf("fields cut in 10 %%, lists %v", lists), raw, got)
		}
		got, _ = threadOf(mails, nil, true)
		score(&report, set, "lists true", raw, got)
		listMisses(&report, mails, raw, threads)
	}
	corpora.Misses(t, "threads.txt", report.Bytes())
	for line := range strings.Lines(report.String()) {
		if strings.Contains(line, "precision") {
			t.Log(strings.TrimSpace(line))
		}
	}
}

// threadOf gives the thread of each mail; of those in cut the fields are taken.
func threadOf(mails []corpusMail, cut []bool, lists bool) (of []string, threads []crm.Thread) {
	in := make([]crm.ThreadMail, len(mails))
	for i, m := range mails {
		in[i] = m.ThreadMail
		if cut != nil && cut[i] {
			in[i].References, in[i].InReplyTo = nil, nil
		}
	}
	of = make([]string, len(mails))
	threads = crm.Threads(in, crm.ThreadOptions{Lists: lists})
	for k, th := range threads {
		for _, n := range th.Nodes {
			if n.Mail >= 0 {
				of[n.Mail] = fmt.Sprint(k)
			}
		}
	}
	return of, threads
}

type pairScore struct{ precision, recall float64 }

// score compares by pairs of mails in the same thread.
func score(report *bytes.Buffer, set, what string, want, got []string) pairScore {
	both, w, g := map[[2]string]int{}, map[string]int{}, map[string]int{}
	for i := range want {
		both[[2]string{want[i], got[i]}]++
		w[want[i]]++
		g[got[i]]++
	}
	common, expected, given := pairs(both), pairs(w), pairs(g)
	s := pairScore{float64(common) / float64(given), float64(common) / float64(expected)}
	fmt.Fprintf(report, "threads-%-20s %-32s precision %.4f recall %.4f (%d pairs expected, %d given, %d in common)\n", set, what, s.precision, s.recall, expected, given, common)
	return s
}

func pairs[K comparable](sizes map[K]int) (n int) {
	for _, c := range sizes {
		n += c * (c - 1) / 2
	}
	return n
}

// listMisses writes the mails that hang where the label does not have them.
func listMisses(report *bytes.Buffer, mails []corpusMail, want []string, threads []crm.Thread) {
	at := map[string]int{}
	for k, th := range threads {
		for _, n := range th.Nodes {
			if n.Mail < 0 {
				continue
			}
			m := mails[n.Mail]
			if p := n.Parent; p >= 0 && th.Nodes[p].Mail >= 0 && want[th.Nodes[p].Mail] != want[n.Mail] {
				fmt.Fprintf(report, "%s hangs under %s, link %s\n    %q of %s\n    reason: the label has no line from one to the other\n", m.file, mails[th.Nodes[p].Mail].file, n.Link, m.Subject, m.Author)
			}
			if other, ok := at[want[n.Mail]]; ok && other != k {
				fmt.Fprintf(report, "%s is apart from others of its thread\n    %q of %s\n    reason: the mail between them is not here\n", m.file, m.Subject, m.Author)
			}
			at[want[n.Mail]] = k
		}
	}
}
