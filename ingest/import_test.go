package ingest_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/internal/testdovecot"
	"kaveri/store"
)

// letters are the mails of the import tests: what an mbox must quote, what has
// no end of line at its end, no Message-ID, an attachment, other letters.
func letters(theirs, ours string) [][]byte {
	return [][]byte{
		mail("yksi", theirs, ours, "Yksi", "Hei!\r\n\r\nFrom here on the text is quoted.\r\n>From this line too.\r\n>> From is not quoted.\r\nTerveisin"),
		mail("kaksi", ours, theirs, "VS: Yksi", "Kiitos.\r\n\r\n", "In-Reply-To: <yksi@test.example>\r\n"),
		bytes.TrimSuffix(mail("kolme", theirs, ours, "Kolme", "Ei rivinvaihtoa lopussa"), []byte("\r\n")),
		bytes.Replace(mail("x", theirs, ours, "Nimetön", "Tunnus puuttuu."), []byte("Message-ID: <x@test.example>\r\n"), nil, 1),
		withAttachment(theirs, ours, 3000),
		mail("kuusi", "Uutiset <noreply@uutiskirje.example>", ours, "Uutiskirje", "Osta!", "List-Id: <kirje.uutiskirje.example>\r\n"),
	}
}

// withAttachment makes a mail with an attachment of about size bytes.
func withAttachment(from, to string, size int) []byte {
	lines := strings.Repeat(strings.Repeat("QUJD", 19)+"\r\n", 1+size/78)
	return fmt.Appendf(nil, "Message-ID: <liite%d@test.example>\r\nDate: Mon, 02 Feb 2026 10:00:00 +0200\r\nFrom: %s\r\nTo: %s\r\nSubject: Liite %d\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=raja\r\n\r\n"+
		"--raja\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nLiitteenä sopimus.\r\n--raja\r\nContent-Type: application/pdf; name=sopimus.pdf\r\nContent-Disposition: attachment; filename=sopimus.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n%s--raja--\r\n",
		size, from, to, size, lines)
}

// mbox writes mails as an mbox, quoted as mboxrd.
func mbox(mails [][]byte, eol string) []byte {
	var b bytes.Buffer
	for i, m := range mails {
		fmt.Fprintf(&b, "From someone@example.org %s%s", time.Date(2026, 2, 3, 10, i, 0, 0, time.UTC).Format(time.ANSIC), eol)
		for line := range strings.Lines(strings.ReplaceAll(string(m), "\r\n", "\n")) {
			line = strings.TrimSuffix(line, "\n")
			if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
				line = ">" + line
			}
			b.WriteString(line + eol)
		}
		b.WriteString(eol)
	}
	return b.Bytes()
}

func writeFile(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// firm makes a store with a firm of one colleague and one known customer.
func firm(t testing.TB, dsn string, policy crm.Policy) (st *store.Store, owner crm.StaffID) {
	t.Helper()
	st = openStore(t, dsn, nil)
	o := &office{domain: "kauppa.example"}
	owner = o.found(t, st, policy)
	if _, err := st.AddCustomer(t.Context(), crm.SystemViewer, "Aino Virtanen", []crm.Address{"aino@virtanen.example"}); err != nil {
		t.Fatal(err)
	}
	return st, owner
}

const (
	aino = "aino@virtanen.example"
	olli = "olli@kauppa.example"
)

// contents gives what an import must leave alone when it is done again.
func (d database) contents() []string {
	d.t.Helper()
	out := d.linkRows()
	for _, q := range []string{`SELECT id FROM messages ORDER BY id`, `SELECT id FROM raws ORDER BY id`, `SELECT id FROM conversations ORDER BY id`, `SELECT id FROM customers ORDER BY id`} {
		for _, r := range d.each(1, q) {
			out = append(out, r[0])
		}
	}
	for _, r := range d.each(4, `SELECT f.name, CAST(s.uid AS TEXT), CAST(s.message_id AS TEXT), CAST(s.raw_id AS TEXT) FROM sightings s JOIN folders f ON f.id = s.folder_id ORDER BY f.id, s.uid, s.uidvalidity`) {
		out = append(out, strings.Join(r, " "))
	}
	return out
}

func importFrom(t testing.TB, st *store.Store, o ingest.ImportOptions) ingest.Summary {
	t.Helper()
	sum, err := ingest.Import(t.Context(), st, o)
	if err != nil {
		t.Fatalf("import %s: %v", o.Kind, err)
	}
	return sum
}

// The same mails as mbox with either line end, as Maildir and as files: the
// messages are the same ones, each with a sighting for each place; importing
// again changes nothing.
func TestImport(t *testing.T) {
	t.Parallel()
	onBothEngines(t, func(t *testing.T, dsn string) {
		st, owner := firm(t, dsn, crm.PolicyAll)
		db := openDatabase(t, dsn)
		mails := letters(aino, olli)
		dir := t.TempDir()
		unix, dos := filepath.Join(dir, "unix.mbox"), filepath.Join(dir, "dos.mbox")
		writeFile(t, unix, mbox(mails, "\n"))
		writeFile(t, dos, mbox(mails, "\r\n"))
		maildir, eml := filepath.Join(dir, "Maildir"), filepath.Join(dir, "eml")
		for i, m := range mails {
			box := []string{"", ".Sent", ".Asiakkaat.T&AOQ-rke&AOQ-t"}[i%3]
			writeFile(t, filepath.Join(maildir, box, "cur", fmt.Sprintf("%d.x:2,S", i)), m)
			writeFile(t, filepath.Join(eml, []string{"a", "b"}[i%2], fmt.Sprintf("%d.EML", i)), m)
		}
		writeFile(t, filepath.Join(maildir, "new", "9.x"), mails[0])
		writeFile(t, filepath.Join(eml, "lue.txt"), []byte("ei viesti"))

		for i, c := range []struct {
			kind, path string
			mails      int
		}{{"mbox", unix, 6}, {"mbox", dos, 6}, {"maildir", maildir, 7}, {"eml", eml, 6}} {
			o := ingest.ImportOptions{Kind: c.kind, Path: c.path, Owner: owner}
			sum := importFrom(t, st, o)
			fresh := 0
			if i == 0 {
				fresh = len(mails)
			}
			if sum.Listed != int64(c.mails) || sum.Stored != int64(c.mails) || sum.New != int64(fresh) || sum.Failed != 0 || sum.Withheld != 0 {
				t.Errorf("%s: %+v; it holds %d mails, %d new", filepath.Base(c.path), sum, c.mails, fresh)
			}
			before := db.contents()
			if again := importFrom(t, st, o); again.New != 0 || again.Failed != 0 || !reflect.DeepEqual(before, db.contents()) {
				t.Errorf("%s again: %+v, and other rows:\n%q\n%q", filepath.Base(c.path), again, before, db.contents())
			}
		}
		db.checkConsistent()
		if m, s := db.number(`SELECT count(*) FROM messages`), db.number(`SELECT count(*) FROM sightings WHERE gone_us = 0`); m != contentsOf(mails...) || m != 6 || s != 25 {
			t.Errorf("%d messages with %d sightings, want 6 with 25", m, s)
		}
		if n := db.number(`SELECT count(*) FROM folders WHERE name = 'Asiakkaat/Tärkeät'`); n != 1 {
			t.Error("the Maildir's folder name was not decoded")
		}
		if n := db.number(`SELECT count(*) FROM folders WHERE name = 'Sent' AND special_use = 'sent'`); n != 1 {
			t.Error("the Maildir's Sent was not recognised")
		}
		// The quoting is undone: the bytes are those of the letter.
		for what, raw := range map[string][]byte{"CRLF": mails[0], "LF": bytes.ReplaceAll(mails[0], []byte("\r\n"), []byte("\n"))} {
			if n := db.number(`SELECT count(*) FROM raws WHERE size = $1 AND message_id = (SELECT id FROM messages WHERE subject = 'Yksi')`, len(raw)); n != 1 {
				t.Errorf("the letter with %s is not there as it was", what)
			}
		}
		if n := db.number(`SELECT count(*) FROM links`); n != 5 {
			t.Errorf("%d mails are linked to the customer, want 5", n)
		}

		// A file that has grown: what is new comes in, the rest is known.
		writeFile(t, unix, mbox(append(mails, mail("lisa", aino, olli, "Lisää", "Jatkoa.")), "\n"))
		if sum := importFrom(t, st, ingest.ImportOptions{Kind: "mbox", Path: unix, Owner: owner}); sum.New != 1 || sum.Listed != 7 {
			t.Errorf("a longer mbox: %+v", sum)
		}
		db.checkConsistent()
	})
}

// A mail in an old archive and in the mailbox is one message.
func TestImportAndCapture(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 16, 0, 3)
	user, ours := o.staff[2].User(), o.staff[2].Addresses[0]
	mails := letters(aino, ours)
	for _, m := range mails {
		o.Append(user, "INBOX", m, time.Now())
	}
	onBothEngines(t, func(t *testing.T, dsn string) {
		st, owner := firm(t, dsn, crm.PolicyAll)
		o.addMailbox(t, st, owner, o.Addr(), user, testdovecot.Password)
		db := openDatabase(t, dsn)
		path := filepath.Join(t.TempDir(), "vanha.mbox")
		writeFile(t, path, mbox(mails, "\n"))
		importFrom(t, st, ingest.ImportOptions{Kind: "mbox", Path: path, Owner: owner})
		if sum := syncAll(t, st); sum.New != 0 || sum.Stored != int64(len(mails)) {
			t.Errorf("capture after import: %+v", sum)
		}
		db.checkConsistent()
		if m, s := db.number(`SELECT count(*) FROM messages`), db.number(`SELECT count(*) FROM sightings`); m != len(mails) || s != 2*len(mails) {
			t.Errorf("%d messages with %d sightings", m, s)
		}
	})
}

// The import's own policy goes before the firm's, and by the rules of "known"
// the two passes work for files as well.
func TestImportPolicy(t *testing.T) {
	t.Parallel()
	mails := append(letters(aino, olli),
		mail("v1", "Vieras <vieras@muualla.example>", olli, "Tarjous", "Ostatteko?"),
		mail("sisainen", "maija@kauppa.example", olli, "Palaveri", "Klo 9."),
		// Two-way by what stands last: the question is fetched for the answer's sake.
		mail("k1", "Kaisa <kaisa@toisaalla.example>", olli, "Kysymys", "Onko tilaa?"),
		mail("k2", olli, "kaisa@toisaalla.example", "VS: Kysymys", "On."))
	for policy, want := range map[crm.Policy]struct{ firm, stored, customers int }{
		crm.PolicyKnown:    {stored: 7, customers: 2}, // Aino's five and Kaisa's two
		crm.PolicyExternal: {stored: 9, customers: 2}, // and the newsletter and the offer
		crm.PolicyAll:      {stored: 10, customers: 2},
	} {
		t.Run(string(policy), func(t *testing.T) {
			other := crm.PolicyAll
			if policy == crm.PolicyAll {
				other = crm.PolicyKnown
			}
			dsn := sqliteDSN(t)
			st, owner := firm(t, dsn, other)
			db := openDatabase(t, dsn)
			path := filepath.Join(t.TempDir(), "kaikki.mbox")
			writeFile(t, path, mbox(mails, "\n"))
			o := ingest.ImportOptions{Kind: "mbox", Path: path, Owner: owner, Policy: policy}
			sum := importFrom(t, st, o)
			db.checkConsistent()
			if m, c := db.number(`SELECT count(*) FROM messages`), db.number(`SELECT count(*) FROM customers`); m != want.stored || c != want.customers || sum.New != int64(want.stored) {
				t.Errorf("%d messages and %d customers, want %d and %d; %+v", m, c, want.stored, want.customers, sum)
			}
			before := db.contents()
			importFrom(t, st, o)
			if !reflect.DeepEqual(before, db.contents()) {
				t.Error("importing again changed something")
			}
		})
	}
}

// A mail over the limit keeps its header and text, and a placeholder for the
// rest, whether it comes from a server or a file.
func TestOversize(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 17, 0, 3)
	user, ours := o.staff[2].User(), o.staff[2].Addresses[0]
	big, small := withAttachment(aino, ours, 4<<20), withAttachment(aino, ours, 100<<10)
	o.Append(user, "INBOX", big, time.Now())
	o.Append(user, "INBOX", small, time.Now())
	dsn := sqliteDSN(t)
	st, owner := firm(t, dsn, crm.PolicyAll)
	o.addMailbox(t, st, owner, o.Addr(), user, testdovecot.Password)
	db := openDatabase(t, dsn)
	opts := quick(t, st)
	opts.MaxSize = 2 << 20
	sum, err := ingest.New(opts).Sync(t.Context(), nil, nil)
	if err != nil || sum.New != 2 || sum.Bytes > 2<<20 {
		t.Fatalf("%+v, %v", sum, err)
	}
	path := filepath.Join(t.TempDir(), "iso.eml")
	writeFile(t, path, big)
	if sum := importFrom(t, st, ingest.ImportOptions{Kind: "eml", Path: path, Owner: owner, Service: ingest.Options{MaxSize: 2 << 20}}); sum.New != 0 || sum.Stored != 1 {
		t.Errorf("the import did not find the mail known: %+v", sum)
	}
	db.checkConsistent()
	checkCensus(t, st, map[string]testdovecot.Snapshot{user: o.Snapshot(user)})

	for _, c := range []struct {
		raw  []byte
		over bool
	}{{big, true}, {small, false}} {
		subject := fmt.Sprintf("Liite %d", map[bool]int{true: 4 << 20, false: 100 << 10}[c.over])
		var id int64
		var details string
		if err := db.QueryRow(`SELECT id, details FROM messages WHERE subject = $1`, subject).Scan(&id, &details); err != nil {
			t.Fatal(err)
		}
		view, err := st.Mail(t.Context(), crm.SystemViewer, crm.MessageID(id))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(details, crm.DefectOversize) != c.over || view.Lossy != c.over {
			t.Errorf("%s: details %s, lossy %v", subject, details, view.Lossy)
		}
		if !strings.Contains(view.Preview, "Liitteenä sopimus.") || len(view.Links) != 1 {
			t.Errorf("%s: preview %q, %d links", subject, view.Preview, len(view.Links))
		}
		rest := 0
		for _, f := range view.Files {
			if f.Part == "rest" {
				if rest++; f.Size+view.Size != int64(len(c.raw)) {
					t.Errorf("the placeholder stands for %d bytes, %d are kept, the mail has %d", f.Size, view.Size, len(c.raw))
				}
			}
		}
		if (rest == 1) != c.over {
			t.Errorf("%s: files %+v", subject, view.Files)
		}
		if raw := db.rawOf(id); !bytes.HasPrefix(c.raw, raw) || !c.over && len(raw) != len(c.raw) {
			t.Errorf("%s: %d bytes are kept, and not the first of the mail", subject, len(raw))
		}
	}
}

// rawOf gives the bytes of a message that has one raw.
func (d database) rawOf(message int64) []byte {
	d.t.Helper()
	for _, raw := range d.unpacked(`SELECT message_id, zstd FROM raws WHERE message_id = $1`, message) {
		return raw
	}
	return nil
}

// What cannot be imported is said in a sentence, and nothing is left behind.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	dsn := sqliteDSN(t)
	st, owner := firm(t, dsn, crm.PolicyAll)
	dir := t.TempDir()
	text := filepath.Join(dir, "text.txt")
	writeFile(t, text, []byte("no mail here\n"))
	for name, o := range map[string]ingest.ImportOptions{
		"no mbox":        {Kind: "mbox", Path: text, Owner: owner},
		"folder as mbox": {Kind: "mbox", Path: dir, Owner: owner},
		"file as folder": {Kind: "maildir", Path: text, Owner: owner},
		"no Maildir":     {Kind: "maildir", Path: dir, Owner: owner},
		"no mails":       {Kind: "eml", Path: dir, Owner: owner},
		"unknown kind":   {Kind: "pst", Path: text, Owner: owner},
		"nobody's":       {Kind: "eml", Path: text, Owner: owner + 1000},
	} {
		if _, err := ingest.Import(t.Context(), st, o); crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ingest.Import(t.Context(), st, ingest.ImportOptions{Kind: "mbox", Path: filepath.Join(dir, "nothing"), Owner: owner}); crm.KindOf(err) != crm.KindNotFound {
		t.Errorf("missing: %v", err)
	}
	if n := openDatabase(t, dsn).number(`SELECT count(*) FROM mailboxes`); n != 0 {
		t.Errorf("%d mailboxes stand for what was not imported", n)
	}
}
