package store

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/internal/testpg"
)

// bothEngines runs a test that looks behind the exported methods.
func bothEngines(t *testing.T, test func(t *testing.T, s *Store)) {
	for name, dsn := range map[string]func(t *testing.T) string{
		"sqlite": func(t *testing.T) string { return "sqlite://" + filepath.Join(t.TempDir(), "kaveri.db") },
		"postgres": func(t *testing.T) string {
			if testing.Short() {
				t.Skip("starts a PostgreSQL server")
			}
			return testpg.DSN(t)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(t.Context(), dsn(t), Options{Key: bytes.Repeat([]byte{7}, KeySize)})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			test(t, s)
		})
	}
}

// A customer that is an organisation has several contacts. A mail to two of
// them stands on its timeline once, through the surer link.
func TestTimelineOfSeveralContacts(t *testing.T) {
	bothEngines(t, func(t *testing.T, s *Store) {
		ctx, v := t.Context(), crm.SystemViewer
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		anna, err := s.AddStaff(ctx, v, crm.Staff{Name: "Anna", Address: "anna@firm.example"}, "long enough a word")
		check(err)
		box, err := s.AddMailbox(ctx, v, crm.Mailbox{Staff: anna.ID, Address: anna.Address, Host: "imap.firm.example"})
		check(err)
		folders, err := s.SyncFolders(ctx, box.ID, []crm.Folder{{Name: "INBOX", Enabled: true}})
		check(err)
		company, err := s.AddCustomer(ctx, v, "Oy Laiva Ab", []crm.Address{"aino@laiva.example"})
		check(err)
		second, err := s.AddCustomer(ctx, v, "Bo", []crm.Address{"bo@laiva.example"})
		check(err)

		var ds []crm.Delivery
		for i := range 30 {
			to := [][]crm.Party{{{Address: "aino@laiva.example"}}, {{Address: "bo@laiva.example"}}, {{Address: "aino@laiva.example"}, {Address: "bo@laiva.example"}}}[i%3]
			at := time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC)
			sum := sha256.Sum256([]byte{byte(i)})
			m := &crm.Message{Envelope: crm.Envelope{Date: at, Subject: fmt.Sprint(i), From: []crm.Party{{Address: anna.Address}}, To: to, Class: crm.ClassHuman}}
			ds = append(ds, crm.Delivery{Folder: folders[0].ID, UIDValidity: 1, UID: uint32(i + 1), Internal: at, Message: m, Raw: crm.Raw{Sum: sum, Content: sum, Zstd: textEncoder.EncodeAll(nil, nil)}})
		}
		_, err = s.Deliver(ctx, ds)
		check(err)
		// The company is confirmed: Bo is one of its contacts. Organisations
		// have no method of their own yet.
		check(s.write(ctx, func(x *tx) error {
			if err := x.exec(`UPDATE contacts SET customer_id = $1 WHERE customer_id = $2`, int64(company.ID), int64(second.ID)); err != nil {
				return err
			}
			return x.exec(`UPDATE links SET confidence = 500000 WHERE contact_id = $1`, int64(company.Contacts[0].ID))
		}))
		for _, size := range []int{1, 4, 100} {
			var got []string
			for page := (crm.PageKey{}); ; {
				items, next, err := s.Timeline(ctx, v, company.ID, page, size)
				check(err)
				for _, i := range items {
					got = append(got, i.Mail.Subject)
					if want := map[bool]string{true: "Oy Laiva Ab", false: "Bo"}[len(i.Mail.To) == 1 && i.Mail.To[0].Address == "aino@laiva.example"]; i.Contact != want {
						t.Errorf("mail %s is there through %s, want %s", i.Mail.Subject, i.Contact, want)
					}
				}
				if page = next; page == (crm.PageKey{}) {
					break
				}
			}
			if len(got) != 30 || got[0] != "29" || got[29] != "0" {
				t.Errorf("pages of %d give %v", size, got)
			}
		}
		rows, _, err := s.Customers(ctx, v, crm.CustomerQuery{Text: "oy"})
		check(err)
		if rows[0].Mails != 30 || rows[0].Contacts != 2 {
			t.Errorf("the row is %+v", rows[0])
		}
	})
}
