//go:build score

package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/ingest/bounce"
	"kaveri/ingest/parse"
)

// specimen is a bounce or complaint of others with what another program read in
// it.
type specimen struct {
	File     string `json:"file"`
	Expected []struct {
		Status, ReplyCode, Reason, FeedbackType string
	} `json:"expected"`
	raw []byte
}

func specimens(t *testing.T) (out []specimen) {
	t.Helper()
	dir := os.Getenv("KAVERI_SHARED")
	if dir == "" {
		dir = "../../shared"
	}
	dir = filepath.Join(dir, "data")
	seen := map[[32]byte]bool{}
	for _, set := range []string{"sisimai", "sisimai-set-of-emails"} {
		labels, err := os.ReadFile(filepath.Join(dir, "labels", set+".jsonl"))
		if err != nil {
			t.Fatalf("the corpora are missing; set KAVERI_SHARED to the folder that holds data/: %v", err)
		}
		for dec := json.NewDecoder(bytes.NewReader(labels)); dec.More(); {
			var s specimen
			if err := dec.Decode(&s); err != nil {
				t.Fatal(err)
			}
			if s.raw, err = os.ReadFile(filepath.Join(dir, s.File)); err != nil {
				t.Fatal(err)
			}
			if _, content := parse.Hash(s.raw); !seen[content] && len(s.Expected) > 0 {
				seen[content] = true
				out = append(out, s)
			}
		}
	}
	return out
}

var (
	quotedID   = regexp.MustCompile(`(?im)^([ \t>|]*(?:X-)?(?:Original-)?Message-Id:\s*)<[^>\r\n]*>`)
	quotedPath = regexp.MustCompile(`(?im)^([ \t>|]*(?:Return-Path|Original-Mail-From|X-Envelope-From):\s*)<?[^>\s]+>?`)
	quotedEnv  = regexp.MustCompile(`(?im)^(Original-Envelope-Id:\s*)\S+`)
	ownTo      = regexp.MustCompile(`(?im)^To:.*(\r?\n[ \t].*)*`)
)

// ours rewrites a specimen as it would be if the mail that it is about had been
// sent from here. By the return path: as a bounce it would have come there.
func ours(raw []byte, s sent, byReturnPath bool) []byte {
	at := bytes.Index(raw, []byte("\n\n"))
	if i := bytes.Index(raw, []byte("\r\n\r\n")); i >= 0 && (at < 0 || i < at) {
		at = i
	}
	if at < 0 {
		at = len(raw)
	}
	head, body := raw[:at], raw[at:]
	body = quotedID.ReplaceAll(body, []byte("${1}<"+s.message+">"))
	if byReturnPath {
		head = ownTo.ReplaceAll(head, []byte("To: <"+s.path+">"))
		body = quotedPath.ReplaceAll(body, []byte("${1}<"+s.path+">"))
		body = quotedEnv.ReplaceAll(body, []byte("${1}"+s.envelope))
	}
	return append(bytes.Clone(head), body...)
}

// Scenario 10 of the campaigns on bounces and complaints of others: as they come
// to a return path of ours, as they come anywhere else and quote what they
// quote, and as they lie in an inbox, where no flag may change.
func TestScoreCampaignScenario10BounceZoo(t *testing.T) {
	all := specimens(t)
	for _, c := range []struct {
		name                string
		byReturnPath, inbox bool
		demand              float64
	}{{"to the return path", true, false, 98}, {"by what they quote", false, false, 98}, {"in an inbox of Dovecot", true, true, 98}} {
		z := newZoo(t)
		deliver, capture := func(raw []byte) { z.hears(string(raw)) }, func() {}
		if c.inbox {
			deliver, capture = z.inbox()
		}
		var mails []sent
		var about []*specimen
		for i := range all {
			s := z.sent(z.named(&all[i], i), crm.Unknown)
			raw := ours(all[i].raw, s, c.byReturnPath)
			if !c.byReturnPath && !bytes.Contains(raw, []byte(s.message)) {
				continue // it quotes no Message-ID that could be ours
			}
			deliver(raw)
			mails, about = append(mails, s), append(about, &all[i])
		}
		capture()
		right, wrong := 0, new(strings.Builder)
		for i, s := range mails {
			if strings.HasPrefix(z.ledger.fate(s.id), "unknown") {
				fmt.Fprintf(wrong, "%s\t%s\n", about[i].File, z.ledger.fate(s.id))
				continue
			}
			right++
			z.temporary(t, about[i], s)
		}
		// One mail says one thing of one mail.
		if n := z.ledger.words(`SELECT count(*) AS w FROM dispatches d WHERE d.state <> 'unknown'`); n != fmt.Sprint(right) {
			t.Errorf("%s: %s mails are settled by %d reports", c.name, n, right)
		}
		percent := 100 * float64(right) / float64(len(mails))
		t.Logf("%s: %d of %d map to their mail, %.1f %%; %s in sight as nobody's\n%s", c.name, right, len(mails), percent, z.ledger.words(`SELECT count(*) AS w FROM unmatched_reports`), wrong)
		if percent < c.demand {
			t.Errorf("%s: %.1f %% is below %.1f %%", c.name, percent, c.demand)
		}
	}
}

// named gives the recipient that a specimen names: the worst case, in which a
// report may suppress.
func (z *zoo) named(s *specimen, n int) crm.Address {
	m := parse.Captured(s.raw)
	if b, _ := bounce.Read(s.raw, m); b != nil && len(b.Recipients) > 0 {
		if a, err := crm.ParseAddress(b.Recipients[0].Address); err == nil && !strings.ContainsAny(string(a), "'") {
			return a
		}
	}
	return crm.Address(fmt.Sprintf("somebody%d@asiakas.example", n))
}

// temporary checks that a failure for now suppresses nobody.
func (z *zoo) temporary(t *testing.T, s *specimen, d sent) {
	t.Helper()
	for _, e := range s.Expected {
		if !strings.HasPrefix(e.Status, "4.") || e.FeedbackType != "" {
			return
		}
	}
	if why := z.ledger.words(`SELECT reason AS w FROM suppressions WHERE dispatch_id = $1`, d.id); why != "" {
		t.Errorf("%s: suppressed (%s) by what may pass: %+v", s.File, why, s.Expected)
	}
}
