//go:build score

package ingest_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/parse"
	"kaveri/store"
)

// TestScoreAttach holds the customers that captured mail is attached to against
// the truth of the bench set's generator, for several seeds. Every mail in
// which a known address takes part must be on that customer, none on another,
// and nobody but the seeded customers and two-way correspondents may appear.
func TestScoreAttach(t *testing.T) {
	bench := filepath.Join(os.Getenv("KAVERI_SHARED"), "bench")
	genmail := filepath.Join(t.TempDir(), "genmail")
	build := exec.Command("go", "build", "-o", genmail, "./cmd/genmail")
	build.Dir, build.Env = bench, append(os.Environ(), "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the bench set in %s: %v\n%s", bench, err, out)
	}
	for _, seed := range []string{"1", "7", "2026"} {
		set := filepath.Join(t.TempDir(), "mail")
		if out, err := exec.Command(genmail, "-n", "3000", "-mailboxes", "6", "-customers", "600", "-seed", seed, "-out", set).CombinedOutput(); err != nil {
			t.Fatalf("genmail: %v\n%s", err, out)
		}
		for _, policy := range []crm.Policy{crm.PolicyKnown, crm.PolicyAll} {
			scoreAttach(t, set, seed, policy)
		}
	}
}

func scoreAttach(t *testing.T, set, seed string, policy crm.Policy) {
	ctx := context.Background()
	s, err := store.Open(ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: make([]byte, store.KeySize)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	firm := crm.Firm{Name: "Kaveri", Domains: []string{"kaveri.test"}, Relays: []crm.Address{"shop@verkkokauppa.example"}, Policy: policy}
	if err := s.SaveFirm(ctx, crm.SystemViewer, firm); err != nil {
		t.Fatal(err)
	}
	customers := seedCustomers(t, s, filepath.Join(set, "customers.tsv"))
	for _, user := range column(t, filepath.Join(set, "staff.tsv"), "addresses") {
		staff, err := s.AddStaff(ctx, crm.SystemViewer, crm.Staff{Name: user, Address: crm.Address(user), Role: crm.StaffMember}, "a long password")
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(set, strings.TrimSuffix(user, "@kaveri.test"), "Maildir")
		if _, err := ingest.Import(ctx, s, ingest.ImportOptions{Kind: "maildir", Path: path, Owner: staff.ID}); err != nil {
			t.Fatal(err)
		}
	}
	linked := linksByBytes(t, s)
	var known, right, wrong, strangers int
	for _, row := range table(t, filepath.Join(set, "truth.tsv")) {
		raw, err := os.ReadFile(truthFile(set, row))
		if err != nil {
			t.Fatal(err)
		}
		sum, _ := parse.Hash(raw)
		got := linked[sum]
		// Notifications name the customer in Reply-To only, bounces only in
		// their report.
		if kind := row["kind"]; kind == "case" || kind == "autoreply" || kind == "notification" || kind == "bounce" {
			known++
			if len(got) == 1 && got[0] == customers[row["customer"]] {
				right++
			}
		}
		for _, c := range got {
			if row["customer"] != "" && row["customer"] != "0" && c != customers[row["customer"]] {
				wrong++
			}
			if row["kind"] == "newsletter" || row["kind"] == "internal" {
				strangers++
			}
		}
	}
	rows := everyCustomer(t, s)
	fmt.Printf("attach  seed %-5s policy %-6s  known address %5d, right %5d, wrong %d, robots and colleagues linked %d, customers %d (seeded %d)\n",
		seed, policy, known, right, wrong, strangers, len(rows), len(customers))
	if right != known || wrong+strangers > 0 || known == 0 {
		t.Errorf("seed %s, policy %s: %d of %d on the right customer, %d wrong, %d of nobody", seed, policy, right, known, wrong, strangers)
	}
	if len(rows) != len(customers) {
		t.Errorf("seed %s: %d customers of %d seeded: a robot became one", seed, len(rows), len(customers))
	}
}

// seedCustomers imports the generator's customers and gives their ids by its
// numbers.
func seedCustomers(t *testing.T, s *store.Store, file string) map[string]crm.CustomerID {
	byAddress := map[crm.Address]string{}
	var list []store.CustomerImport
	for _, row := range table(t, file) {
		c := store.CustomerImport{Name: row["name"], Organisation: row["company"]}
		for _, a := range strings.Split(row["addresses"], ",") {
			p, err := crm.ParseAddress(a)
			if err != nil {
				t.Fatal(err)
			}
			byAddress[p] = row["id"]
			c.Addresses = append(c.Addresses, p)
		}
		list = append(list, c)
	}
	if _, _, err := s.ImportCustomers(context.Background(), crm.SystemViewer, list); err != nil {
		t.Fatal(err)
	}
	rows := everyCustomer(t, s)
	out := map[string]crm.CustomerID{}
	for _, r := range rows {
		out[byAddress[r.Address]] = r.ID
	}
	if len(out) != len(list) {
		t.Fatalf("%d customers of %d seeded", len(out), len(list))
	}
	return out
}

func everyCustomer(t *testing.T, s *store.Store) (all []crm.CustomerRow) {
	for q := (crm.CustomerQuery{Limit: 200}); ; {
		rows, next, err := s.Customers(context.Background(), crm.SystemViewer, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rows...)
		if q.After = next; next == (crm.PageKey{}) {
			return all
		}
	}
}

// linksByBytes gives the customers of each stored mail by the hash of its bytes.
func linksByBytes(t *testing.T, s *store.Store) map[[32]byte][]crm.CustomerID {
	ctx := context.Background()
	out := map[[32]byte][]crm.CustomerID{}
	rows := everyCustomer(t, s)
	for _, c := range rows {
		var after crm.PageKey
		for {
			items, next, err := s.Timeline(ctx, crm.SystemViewer, c.ID, after, 200)
			if err != nil {
				t.Fatal(err)
			}
			for _, it := range items {
				raw, err := s.RawMail(ctx, crm.SystemViewer, it.Mail.ID)
				if err != nil {
					t.Fatal(err)
				}
				sum, _ := parse.Hash(raw)
				out[sum] = append(out[sum], c.ID)
			}
			if after = next; next == (crm.PageKey{}) {
				break
			}
		}
	}
	return out
}

// truthFile is the mail of a row of truth.tsv.
func truthFile(set string, row map[string]string) string {
	dir := filepath.Join(set, row["user"], "Maildir", row["folder"])
	for _, sub := range []string{"cur", "new"} {
		if file := filepath.Join(dir, sub, row["file"]); exists(file) {
			return file
		}
	}
	return filepath.Join(dir, row["file"])
}

func exists(file string) bool { _, err := os.Stat(file); return err == nil }

// table reads a tab-separated file with a header.
func table(t *testing.T, file string) []map[string]string {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(b))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			if i < len(row) {
				m[name] = row[i]
			}
		}
		out = append(out, m)
	}
	return out
}

func column(t *testing.T, file, name string) (out []string) {
	for _, row := range table(t, file) {
		out = append(out, strings.Split(row[name], ",")[0])
	}
	return out
}
