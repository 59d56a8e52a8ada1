package web

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

// upload sends a file of orders and gives the answer.
func (v *visitor) upload(name, source string, content io.Reader) *httptest.ResponseRecorder {
	v.t.Helper()
	body, w := io.Pipe()
	m := multipart.NewWriter(w)
	go func() {
		m.WriteField("source", source)
		p, err := m.CreateFormFile("file", name)
		if err == nil {
			_, err = io.Copy(p, content)
		}
		if err == nil {
			err = m.Close()
		}
		w.CloseWithError(err)
	}()
	defer body.Close()
	r := httptest.NewRequest("POST", "/orders/import", body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	for k, vs := range v.header {
		r.Header[k] = vs
	}
	for _, k := range v.cookies {
		r.AddCookie(k)
	}
	rec := httptest.NewRecorder()
	v.h.ServeHTTP(rec, r)
	return rec
}

// staged uploads a file and gives the page on which it is looked at.
func (v *visitor) staged(content string) string {
	v.t.Helper()
	w := v.upload("tilaukset.csv", "kassa", strings.NewReader(content))
	to := w.Header().Get("Location")
	if w.Code != 303 || !strings.HasPrefix(to, "/orders/import/") {
		v.t.Fatalf("%d %s %s", w.Code, to, gist(w))
	}
	return to
}

const goodFile = "Tilausnumero;Pvm;Sähköposti;Tuote;Kpl;Hinta\n17;31.1.2026;matti@koti.example;Kahvi;2;4,50\n18;1.2.2026;;Pulla;1;3,00\n18;1.2.2026;;Kahvi;many;3,00\n19;2.2.2026;;Pulla;-1;3,00\n"

func TestImportOrders(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/orders/import"), 200, "lokakuu.csv", "1,204 orders", "Taken back")
	page := v.staged(goodFile)
	want(t, v.get(page), 200, "UTF-8, columns apart by semicolons", "4 rows", "3 orders", "9.00 EUR", "Nothing is kept yet", "Row 3 (18)", "Bring the orders in", "day.month.year")
	if len(m.intake.orders) != 0 {
		t.Error("looking at a file kept something")
	}
	w := v.post(page)
	if w.Code != 303 || w.Header().Get("Location") != page {
		t.Fatal(w.Code, gist(w))
	}
	v.post(page) // pressed twice
	want(t, v.get(page), 200, "2 orders were brought in", "1 kept aside", "Row 3 (18)", page+"/rejects", "/orders/imports/501/undo")
	w = v.get(page + "/rejects")
	want(t, w, 200, "row,reason,Tilausnumero", "3,")
	if !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") || strings.Count(w.Body.String(), "\n") != 3 {
		t.Error(w.Header(), w.Body)
	}
	if w := v.post("/orders/imports/501/undo"); w.Code != 303 {
		t.Error(w.Code)
	}
	want(t, v.in("fi").get(page), 200, "2 tilausta tuotiin")
}

// TestFirstOrders says that only some of a longer file were looked at, and promises no
// number of orders.
func TestFirstOrders(t *testing.T) {
	v := newSite(t, company()).signIn()
	file := "order,date,total\n"
	for n := range 13 {
		file += strconv.Itoa(n) + ",2026-01-0" + strconv.Itoa(min(n, 5)) + ",x\n"
	}
	w := v.get(v.staged(file))
	want(t, w, 200, "13 orders", "Only 5 of the 13 orders were looked at here", "Bring the orders in")
	if strings.Contains(w.Body.String(), "Bring in 13") {
		t.Error("a number was promised")
	}
}

// TestChooseColumns tells of a file what its titles do not.
func TestChooseColumns(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	page := v.staged("A,B,\"C, and more\",D\n1,03/04/2026,matti@koti.example,\"1,234\"\n")
	want(t, v.get(page), 200, "Choose the columns that are still missing", "Which column has the number of the order?", `>C, and more</option>`)
	w := v.post(page)
	want(t, w, 422, "still missing")
	chosen := page + "?col-order=0&col-date=1&col-email=2&col-total=3"
	want(t, v.get(chosen), 200, "1,234 is read as 1234. Choose", "read as the 3rd of April", "1234.00 EUR", "matti@koti.example", "3 Apr 2026")
	want(t, v.get(chosen+"&dates=mdy&decimal=comma&currency=sek&replace=1"), 200, "1.234 SEK", "4 Mar 2026", "checked")
	want(t, v.get(chosen+"&currency=crowns"), 200, "ISO 4217")
	want(t, v.get(page+"?col-order=99&col-date=x"), 200, "Which column has the number")
	if w := v.post(page, "col-order", "0", "col-date", "1", "col-email", "2", "col-total", "3", "dates", "mdy", "decimal", "comma"); w.Code != 303 {
		t.Fatal(w.Code, gist(w))
	}
	if o := m.intake.orders["kassa/1"]; o.Total.String() != "1.234" || o.At.Month() != time.March {
		t.Errorf("%+v", o)
	}
}

// TestBadFiles sends what is no file of orders: each is refused with a sentence,
// nothing is kept, and nothing stays on the disk.
func TestBadFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.post("/orders/import"), 422, "Choose a file")
	want(t, v.upload("", "x", strings.NewReader("a")), 422, "hoose a file")
	want(t, v.upload("empty.csv", "x", strings.NewReader("")), 422, "is empty")
	want(t, v.upload("large.csv", "x", io.LimitReader(endless{}, 2<<30)), 422, "larger than 32 MB", "kaveri import orders")
	for content, says := range map[string]string{"PK\x03\x04xlsx": "save the sheet as CSV", "\x00\x01\x02\x03": "not a text file", "\n": "no header row"} {
		want(t, v.get(v.staged(content)), 200, says)
	}
	if len(m.intake.orders) != 0 || len(m.intake.files) != 2 {
		t.Error("something was kept")
	}
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "kaveri-orders-*")); err != nil || len(left) != 0 {
		t.Errorf("files stay: %v %v", left, err)
	}
}

// endless is a file of orders that does not end.
type endless struct{}

var endlessRow = []byte("17;31.1.2026;Kahvi;2;4,50\n")

// Read gives more rows.
func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = endlessRow[i%len(endlessRow)]
	}
	return len(b), nil
}

// TestOtherCharsets reads windows-1252 and UTF-16.
func TestOtherCharsets(t *testing.T) {
	v := newSite(t, company()).signIn()
	latin := strings.NewReplacer("ö", "\xf6", "ä", "\xe4").Replace("Tilausnumero;Pvm;Nimi;Yhteensä\n1;31.1.2026;Määttä;5,00\n")
	want(t, v.get(v.staged(latin)), 200, "windows-1252", "Määttä", "5.00 EUR")
	var wide bytes.Buffer
	wide.WriteString("\xff\xfe")
	for _, r := range "Tilausnumero;Pvm;Nimi;Yhteensä\n1;31.1.2026;Määttä;5,00\n" {
		wide.Write([]byte{byte(r), byte(r >> 8)})
	}
	want(t, v.get(v.staged(wide.String())), 200, "UTF-16", "Määttä", "5.00 EUR")
}

// TestUploadsAreTheirOwn has one colleague look for the file of another, and a
// file go when its time is over.
func TestUploadsAreTheirOwn(t *testing.T) {
	clock := now
	m := company()
	change := func(o *Options) { o.Now = func() time.Time { return clock } }
	v := newSite(t, m, change).signIn()
	page := v.staged(goodFile)
	m.passwords[string(m.staff[1].Address)] = "toinen salasana"
	other := &visitor{t: t, h: v.h, cookies: map[string]*http.Cookie{}, header: http.Header{}}
	if w := other.post("/signin", "address", string(m.staff[1].Address), "password", "toinen salasana"); w.Code != 303 {
		t.Fatal(w.Code)
	}
	want(t, other.get(page), 404)
	want(t, other.post(page), 404)
	second := v.staged(goodFile) // in its place
	want(t, v.get(page), 404)
	want(t, v.get(second), 200)
	want(t, v.get(second+"/rejects"), 404)
	clock = clock.Add(uploadLife + time.Second)
	want(t, v.get(second), 404)
}

func TestUploadsAreBounded(t *testing.T) {
	a := newUploads(func() time.Time { return now })
	for i := range maxUploads + 4 {
		f, err := unnamed()
		if err != nil {
			t.Fatal(err)
		}
		u := &upload{staff: crm.StaffID(i + 1), file: f}
		a.add(u)
		t.Cleanup(u.discard)
	}
	if len(a.all) != maxUploads {
		t.Error(len(a.all))
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{"orders.csv": "orders.csv", `C:\Users\x\orders.csv`: "orders.csv", "../../etc/passwd": "passwd", "a\r\nb\u202ec.csv": "abc.csv", "": "", "/": ""} {
		if got := cleanName(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
