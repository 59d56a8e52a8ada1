package mailgen

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"mime"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-message/charset"
)

var decoder = &mime.WordDecoder{CharsetReader: charset.Reader}

func digest(deliveries func(func(Delivery) bool)) string {
	h := sha256.New()
	for d := range deliveries {
		raw := d.Raw
		d.Raw = nil
		fmt.Fprintf(h, "%v\n%s\n", d, raw)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func usersOf(staff []Person) map[string]bool {
	users := map[string]bool{}
	for _, p := range staff {
		users[p.User()] = true
	}
	return users
}

func TestLoadIsDeterministic(t *testing.T) {
	cfg := Config{Seed: 7, Deliveries: 600}
	a := Load(cfg)
	first := digest(a.All())
	if again := digest(a.All()); again != first {
		t.Error("a second pass over one archive gives other bytes")
	}
	if other := digest(Load(cfg).All()); other != first {
		t.Error("the same configuration gives other bytes")
	}
	if cfg.Seed = 8; digest(Load(cfg).All()) == first {
		t.Error("another seed gives the same bytes")
	}
}

func TestLoadTellsTheTruth(t *testing.T) {
	for seed := range uint64(2) {
		a := Load(Config{Seed: seed, Deliveries: 3000, Mailboxes: 8, Customers: 500})
		kinds := checkAll(t, a.All(), usersOf(a.Staff))
		for _, k := range []Kind{KindCase, KindAutoReply, KindBounce, KindInternal, KindNewsletter, KindNotification, KindStranger} {
			if kinds[k] == 0 {
				t.Errorf("seed %d: no mail of kind %s", seed, k)
			}
		}
	}
}

// The customer of a mail is the one whose address it bears: in From when it comes in, in To when it goes out.
func TestLoadNamesTheRightCustomer(t *testing.T) {
	a := Load(Config{Seed: 3, Deliveries: 1500, Customers: 200})
	owner := map[string]int{}
	for _, c := range a.Customers {
		for _, addr := range c.Addresses {
			if was, ok := owner[strings.ToLower(addr)]; ok {
				t.Errorf("%s belongs to %d and %d", addr, was, c.ID)
			}
			owner[strings.ToLower(addr)] = c.ID
		}
	}
	capitals, second := 0, 0
	for d := range a.All() {
		if d.Kind != KindCase || d.Defect != "" {
			continue
		}
		s, err := read(d.Raw)
		if err != nil {
			t.Fatal(err)
		}
		addr := d.From
		if d.Direction == Out {
			to, err := parser.ParseList(s.header.Get("To"))
			if err != nil {
				t.Fatal(err)
			}
			addr = to[0].Address
		}
		if owner[strings.ToLower(addr)] != d.Customer {
			t.Errorf("mail %d with %s: truth says customer %d", d.Message, addr, d.Customer)
		}
		if addr != strings.ToLower(addr) {
			capitals++
		}
		if len(a.Customers[d.Customer-1].Addresses) > 1 && strings.EqualFold(addr, a.Customers[d.Customer-1].Addresses[1]) {
			second++
		}
	}
	if capitals == 0 || second == 0 {
		t.Errorf("capitals in %d mails, second addresses in %d; both should happen", capitals, second)
	}
}

func TestLoadVariety(t *testing.T) {
	a := Load(Config{Seed: 11, Deliveries: 6000, Customers: 900})
	var all bytes.Buffer
	copies, defects, folders := map[int]int{}, map[Defect]int{}, map[string]int{}
	noRefs, broken, total := 0, 0, 0
	for d := range a.All() {
		total++
		copies[d.Message]++
		folders[d.Folder]++
		if d.Defect != "" {
			broken++
		}
		defects[d.Defect]++
		head, _, _ := bytes.Cut(d.Raw, []byte("\r\n\r\n"))
		if bytes.Contains(head, []byte("\r\nIn-Reply-To:")) && !bytes.Contains(head, []byte("\r\nReferences:")) {
			noRefs++
		}
		if all.Len() < 60<<20 {
			all.Write(d.Raw)
		}
	}
	if total != 6000 {
		t.Errorf("%d deliveries", total)
	}
	for _, want := range []string{"iso-8859-1\r", "iso-8859-15\r", `"windows-1252"`, "utf-8; format=flowed", "Encoding: 8bit", "Encoding: base64",
		"Encoding: quoted-printable", "filename*=utf-8''", "filename=\"=?utf-8?b?", "multipart/related", "multipart/report", "List-Unsubscribe-Post",
		"=?windows-1252?Q?", "=?iso-8859-1?Q?", "=?utf-8?b?", "=?utf-8?q?", "text/calendar", "-----Alkuperäinen viesti", "image/jpeg", "us-ascii\r"} {
		if !bytes.Contains(all.Bytes(), []byte(want)) && !bytes.Contains(all.Bytes(), []byte(encodeAs("windows-1252", want))) &&
			!bytes.Contains(all.Bytes(), []byte(strings.ReplaceAll(want, "ä", "=E4"))) {
			t.Errorf("nowhere %q", want)
		}
	}
	for _, d := range []Defect{NoEndBoundary, RawHeader, LyingCharset, NoMessageID, DuplicateMessageID, AbsurdDate} {
		if defects[d] == 0 {
			t.Errorf("nothing is broken by %s: %v", d, defects)
		}
	}
	if broken < total/400 || broken > total/100 {
		t.Errorf("%d of %d broken, about 1 in 200 is meant", broken, total)
	}
	for _, f := range Folders {
		if folders[f] == 0 {
			t.Errorf("nothing in %s", f)
		}
	}
	if noRefs == 0 {
		t.Error("no client drops References")
	}
	if most := slices.Max(values(copies)); most < 3 {
		t.Errorf("a mail has at most %d copies", most)
	}
}

func values(m map[int]int) []int {
	var out []int
	for _, v := range m {
		out = append(out, v)
	}
	return out
}

// A duplicate Message-ID stands on two mails that say different things.
func TestLoadDuplicates(t *testing.T) {
	byID, content, found := map[string]int{}, map[int]string{}, 0
	for d := range Load(Config{Seed: 5, Deliveries: 5000}).All() {
		content[d.Message] = withoutTransport(d.Raw)
		was, ok := byID[d.MessageID]
		if d.Defect == DuplicateMessageID && ok && was != d.Message {
			found++
			if content[was] == content[d.Message] {
				t.Errorf("mails %d and %d are the same", was, d.Message)
			}
		} else if ok && d.MessageID != "" && was != d.Message && d.Defect == "" {
			t.Errorf("mail %d has the id of mail %d and is not marked", d.Message, was)
		}
		if !ok {
			byID[d.MessageID] = d.Message
		}
	}
	if found == 0 {
		t.Error("no duplicates among 5,000")
	}
}

func TestLoadStopsWhenAsked(t *testing.T) {
	n := 0
	for range Load(Config{Deliveries: 1000}).All() {
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("read %d", n)
	}
}

// Streaming keeps memory flat: after thousands of deliveries the heap is not larger than a few attachments.
func TestLoadMemoryIsFlat(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n, most := heap(), 0, uint64(0)
	for range Load(Config{Seed: 2, Deliveries: 5000, Customers: 100}).All() {
		if n++; n%1000 == 0 {
			most = max(most, heap())
		}
	}
	if most > before+24<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, most)
	}
}

func BenchmarkLoad(b *testing.B) {
	bytes := int64(0)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for d := range Load(Config{Seed: 1, Deliveries: 20000, Mailboxes: 12, Customers: 4000}).All() {
			bytes += int64(len(d.Raw))
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64(bytes)/float64(n), "bytes/delivery")
}
