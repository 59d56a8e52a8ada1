package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

// sample is a table with one cell of each kind, and words that a spreadsheet
// would take for a formula.
func sample(w io.Writer, f Format) error {
	out := NewWriter(w, f, "id", "name", "share", "spent", "day", "at", "nothing")
	out.Row(Int(crm.CustomerID(12)), Text("=1+1"), Number(.25, 4), Money(-12_345_600), Day(20_000), Time(time.Date(2026, 3, 31, 14, 30, 0, 0, time.FixedZone("EEST", 3*3600))), Cell{})
	out.Row(Int(-7), Text(`Kökar & "<b>"`+"\x01\n"), Number(math.Inf(1), 2), Money(0), Day(0), Time(time.Time{}), Text(""))
	return out.Close()
}

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	if err := sample(&b, FormatCSV); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffid,name,share,spent,day,at,nothing\n" +
		"12,'=1+1,0.2500,-1234.56,2024-10-04,2026-03-31T14:30:00+03:00,\n" +
		"-7,\"Kökar & \"\"<b>\"\"\x01\n\",,0.00,,,\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

// opened is a workbook as a reader of its own finds it: from the package's
// relationships to the sheets, cell by cell. What the format does not allow is an
// error.
func opened(t *testing.T, file []byte) (sheets []map[string]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	if z.File[0].Name != "[Content_Types].xml" {
		t.Errorf("the package begins with %s", z.File[0].Name)
	}
	read := func(name string, to any) {
		t.Helper()
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(f)
		d.Strict = true
		if err := d.Decode(to); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	type rels struct {
		XMLName xml.Name `xml:"http://schemas.openxmlformats.org/package/2006/relationships Relationships"`
		List    []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	var top, of rels
	read("_rels/.rels", &top)
	var book struct {
		XMLName xml.Name `xml:"http://schemas.openxmlformats.org/spreadsheetml/2006/main workbook"`
		Sheets  []struct {
			Name string `xml:"name,attr"`
			Rel  string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	read(top.List[0].Target, &book)
	read("xl/_rels/workbook.xml.rels", &of)
	targets := map[string]string{}
	for _, r := range of.List {
		targets[r.ID] = path.Join("xl", r.Target)
	}
	var looks struct {
		Formats []struct {
			Number int    `xml:"numFmtId,attr"`
			Quoted string `xml:"quotePrefix,attr"`
		} `xml:"cellXfs>xf"`
	}
	read("xl/styles.xml", &looks)
	for _, s := range book.Sheets {
		var sheet struct {
			XMLName xml.Name `xml:"http://schemas.openxmlformats.org/spreadsheetml/2006/main worksheet"`
			Rows    []struct {
				N     int `xml:"r,attr"`
				Cells []struct {
					At      string  `xml:"r,attr"`
					Style   int     `xml:"s,attr"`
					Type    string  `xml:"t,attr"`
					Value   string  `xml:"v"`
					Formula *string `xml:"f"`
					Text    string  `xml:"is>t"`
				} `xml:"c"`
			} `xml:"sheetData>row"`
		}
		read(targets[s.Rel], &sheet)
		cells := map[string]string{}
		for i, row := range sheet.Rows {
			if row.N != i+1 {
				t.Errorf("row %d says that it is %d", i+1, row.N)
			}
			for _, c := range row.Cells {
				look := looks.Formats[c.Style]
				switch {
				case c.Formula != nil:
					t.Errorf("%s is a formula", c.At)
				case c.Type == "inlineStr":
					cells[c.At] = c.Text
					if look.Quoted == "1" {
						cells[c.At] = "quoted " + c.Text
					}
				default:
					cells[c.At] = fmt.Sprintf("%d:%s", look.Number, c.Value)
				}
			}
		}
		sheets = append(sheets, cells)
	}
	return sheets
}

// Words are text, numbers are numbers, days are days.
func TestXLSX(t *testing.T) {
	var b bytes.Buffer
	if err := sample(&b, FormatXLSX); err != nil {
		t.Fatal(err)
	}
	sheets := opened(t, b.Bytes())
	if len(sheets) != 1 {
		t.Fatalf("%d sheets", len(sheets))
	}
	for at, want := range map[string]string{"A1": "id", "G1": "nothing", "A2": "0:12", "B2": "quoted =1+1", "C2": "0:0.2500", "D2": "4:-1234.56", "E2": "14:45569", "F2": "22:46112.60416666667", "A3": "0:-7", "B3": "Kökar & \"<b>\"\uFFFD\n", "C3": "", "E3": "", "G3": ""} {
		if got := sheets[0][at]; got != want {
			t.Errorf("%s holds %q, want %q", at, got, want)
		}
	}
}

// A table that is longer than a sheet goes on in the next, under its titles.
func TestXLSXOfManyRows(t *testing.T) {
	var b bytes.Buffer
	x := newXLSX(&b, []string{"n"})
	x.limit = 3
	for n := range 5 {
		if err := x.Row(Int(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	sheets := opened(t, b.Bytes())
	if len(sheets) != 3 || sheets[1]["A1"] != "n" || sheets[1]["A2"] != "0:2" || sheets[2]["A2"] != "0:4" {
		t.Errorf("sheets: %v", sheets)
	}
}

func TestColumnNames(t *testing.T) {
	for i, want := range map[int]string{0: "A", 25: "Z", 26: "AA", 701: "ZZ", 702: "AAA"} {
		if got := columnName(i); got != want {
			t.Errorf("column %d is %s, want %s", i, got, want)
		}
	}
}

func TestLongTextIsCut(t *testing.T) {
	if got := cutUnits(strings.Repeat("😀", 20_000), maxCellUnits); len(got) != 4*(maxCellUnits/2) {
		t.Errorf("%d bytes are left", len(got))
	}
	if got := cutUnits("kala", 4); got != "kala" {
		t.Errorf("got %q", got)
	}
}

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("the disk is full")
	}
	return len(p), nil
}

// What cannot be written is told, at the latest in the end.
func TestWriteFails(t *testing.T) {
	for _, f := range []Format{FormatCSV, FormatXLSX} {
		if err := sample(&full{left: 20}, f); err == nil {
			t.Errorf("%s: no error", f)
		}
	}
}
