package warehouse

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"

	"kaveri/crm"
	"kaveri/store"
)

var _ Source = (*store.Exported)(nil)

// office is a firm with two colleagues, its customers, and a folder to export to.
type office struct {
	testing.TB
	ctx         context.Context
	s           *store.Store
	now         time.Time
	ritva, anna crm.Viewer
	inbox       crm.FolderID // Anna's
	dir         string
	n           int
}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{TB: t, ctx: context.Background(), now: time.Date(2026, 6, 1, 10, 0, 0, 0, time.UTC), dir: filepath.Join(t.TempDir(), "star")}
	s, err := store.Open(o.ctx, "sqlite://"+filepath.Join(t.TempDir(), "kaveri.db"), store.Options{Key: make([]byte, store.KeySize), Now: func() time.Time { return o.now }})
	o.check(err)
	t.Cleanup(func() { s.Close() })
	o.s = s
	o.check(s.SaveFirm(o.ctx, crm.SystemViewer, crm.Firm{Name: "Oy", Domains: []string{"oy.example"}, TimeZone: "Europe/Helsinki"}))
	o.ritva, o.anna = o.colleague("Ritva", crm.StaffAdmin), o.colleague("Anna", crm.StaffMember)
	box, err := s.AddMailbox(o.ctx, crm.SystemViewer, crm.Mailbox{Staff: o.anna.Staff, Address: "anna@oy.example", Host: "imap.oy.example", Password: "x"})
	o.check(err)
	folders, err := s.SyncFolders(o.ctx, box.ID, []crm.Folder{{Mailbox: box.ID, Name: "INBOX", Enabled: true}})
	o.check(err)
	o.inbox = folders[0].ID
	o.check(s.NewEpoch(o.ctx, o.inbox, crm.Cursor{UIDValidity: 1}))
	rate, err := crm.ParseRate("0.0883")
	o.check(err)
	o.check(s.SetRate(o.ctx, o.ritva, crm.CurrencyRate{Currency: "SEK", From: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), Rate: rate}))
	return o
}

func (o *office) check(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) colleague(name string, role crm.StaffRole) crm.Viewer {
	o.Helper()
	m, err := o.s.AddStaff(o.ctx, crm.SystemViewer, crm.Staff{Name: name, Address: crm.Address(strings.ToLower(name) + "@oy.example"), Role: role}, "kesämökki järvellä")
	o.check(err)
	return crm.ViewerOf(m)
}

func (o *office) customer(name string, a crm.Address) crm.CustomerID {
	o.Helper()
	c, err := o.s.AddCustomer(o.ctx, o.ritva, name, []crm.Address{a})
	o.check(err)
	return c.ID
}

// order saves an order of a day, such as 2026-03-14, of lines like "2 tea 8.00".
func (o *office) order(number, day string, buyer crm.Address, currency, total string, lines ...string) {
	o.Helper()
	at, err := time.Parse(time.DateOnly, day)
	o.check(err)
	order := crm.Order{Source: "shop", Number: number, At: at.Add(9 * time.Hour), Currency: currency, Buyer: crm.Buyer{Address: buyer}}
	order.Total, err = crm.ParseMoney("total", total)
	o.check(err)
	for _, l := range lines {
		var quantity, sku, paid string
		fmt.Sscan(l, &quantity, &sku, &paid)
		var line crm.OrderLine
		line.Product = crm.Product{SKU: sku, Name: "Fine " + sku, Group: "drinks"}
		line.Quantity, err = crm.ParseQuantity("quantity", quantity)
		o.check(err)
		line.Total, err = crm.ParseMoney("total", paid)
		o.check(err)
		order.Lines = append(order.Lines, line)
	}
	rs, err := o.s.SaveOrders(o.ctx, crm.SystemViewer, []crm.Order{order}, store.OrderOptions{Replace: true})
	o.check(err)
	o.check(rs[0].Err)
}

var encoder, _ = zstd.NewWriter(nil)

// mail delivers a mail into Anna's mailbox.
func (o *office) mail(day, from, to, subject, text string) crm.MessageID {
	o.Helper()
	o.n++
	at, err := time.Parse(time.DateOnly, day)
	o.check(err)
	at = at.Add(8*time.Hour + time.Duration(o.n)*time.Minute)
	m := &crm.Message{Text: text, TextSource: crm.TextPlain}
	m.Subject, m.MessageID, m.Date, m.Class = subject, fmt.Sprintf("%d@id", o.n), at, crm.ClassHuman
	m.From, m.To = []crm.Party{{Address: crm.Address(from), Written: from}}, []crm.Party{{Address: crm.Address(to), Written: to}}
	raw := fmt.Sprintf("From: %s\r\nTo: %s\r\nSubject: %s\r\n\r\n%s %d", from, to, subject, text, o.n)
	sum := sha256.Sum256([]byte(raw))
	out, err := o.s.Deliver(o.ctx, []crm.Delivery{{Folder: o.inbox, UIDValidity: 1, UID: uint32(o.n), Internal: at, Message: m,
		Raw: crm.Raw{Sum: sum, Content: sum, Size: int64(len(raw)), Zstd: encoder.EncodeAll([]byte(raw), nil)}}})
	o.check(err)
	if out[0].Message == 0 {
		o.Fatalf("%q is withheld by rule %q", subject, out[0].Rule)
	}
	return out[0].Message
}

// stand keeps where a customer stands from a day on.
func (o *office) stand(c crm.CustomerID, day crm.Day, rung crm.Rung) {
	o.Helper()
	o.check(o.s.SaveStandings(o.ctx, []crm.Ranked{{Customer: c, Standing: crm.Standing{Day: day, Rung: rung, Timing: crm.TimingOnTime, PAlive: .8}, Spent: 90_000}}))
}

// write tells the office's story: orders of three months, mail both ways, a
// mailing, and where Dora has stood.
func (o *office) write() (dora crm.CustomerID) {
	o.Helper()
	dora = o.customer("Dora", "dora@acme.example")
	carl := o.customer("Carl", "carl@home.example")
	o.order("1", "2026-01-14", "dora@acme.example", "EUR", "10.00", "2 tea 8.00", "1 mug 2.00")
	o.order("2", "2026-02-14", "dora@acme.example", "SEK", "100.01", "1 tea 33.33", "1 mug 33.33", "1 cup 33.35")
	o.order("3", "2026-03-14", "carl@home.example", "EUR", "7.00", "1 tea 8.00")
	o.order("4", "2026-03-15", "", "EUR", "5.00")
	o.mail("2026-03-01", "dora@acme.example", "anna@oy.example", "Lakes", "How deep are they?")
	o.mail("2026-04-01", "anna@oy.example", "dora@acme.example", "Re: Lakes", "Deep.")
	o.mail("2026-04-02", "carl@home.example", "anna@oy.example", "Huts", "Are there any?")
	m, _, err := o.s.AddMailing(o.ctx, o.anna, crm.Mailing{Kind: crm.MailingAudience, Name: "spring", From: crm.Party{Address: "anna@oy.example"}, Template: crm.Template{Subject: "Spring", Text: "It is here."}},
		func(yield func(crm.Recipient, error) bool) {
			_ = yield(crm.Recipient{Row: 1, Address: "dora@acme.example"}, nil) && yield(crm.Recipient{Row: 2, Address: "stranger@home.example"}, nil)
		}, nil)
	o.check(err)
	o.check(o.s.StartMailing(o.ctx, o.anna, m.ID))
	o.stand(dora, 20500, crm.RungOneTime)
	o.stand(dora, 20560, crm.RungOccasional)
	o.stand(carl, 20560, crm.RungOneTime)
	return dora
}

// exports exports as a colleague.
func (o *office) exports(v crm.Viewer, with Options) (sum Summary, err error) {
	o.Helper()
	with.As, with.Now = fmt.Sprint(v.Staff), func() time.Time { return o.now }
	err = o.s.Export(o.ctx, v, func(e *store.Exported) (err error) {
		sum, err = Write(o.dir, e, with)
		return err
	})
	return sum, err
}

// export exports for Ritva.
func (o *office) export() Summary {
	o.Helper()
	sum, err := o.exports(o.ritva, Options{})
	o.check(err)
	return sum
}

// wrote says what was written of each table, as "order_line 1, ...".
func wrote(sum Summary) string {
	var told []string
	for _, t := range sum.Tables {
		if t.Written+t.Removed > 0 {
			s := fmt.Sprint(t.Name, " ", t.Written)
			if t.Removed > 0 {
				s += fmt.Sprint(" -", t.Removed)
			}
			told = append(told, s)
		}
	}
	return strings.Join(told, ", ")
}

// read reads what the current state has of a table, by the pattern that readers
// use.
func read[R any](o *office, name string) (rows []R) {
	o.Helper()
	files, err := filepath.Glob(filepath.Join(o.dir, "current", name, "*.parquet"))
	o.check(err)
	if len(files) == 0 {
		o.Fatalf("the pattern finds no file of %s", name)
	}
	for _, f := range files {
		part, err := parquet.ReadFile[R](f)
		o.check(err)
		rows = append(rows, part...)
	}
	return rows
}

// states lists what lies in the export folder.
func (o *office) states() (names []string) {
	o.Helper()
	entries, err := os.ReadDir(o.dir)
	o.check(err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
