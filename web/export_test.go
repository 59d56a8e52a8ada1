package web

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"

	"kaveri/crm/sheet"
)

// workbook gives the cells of a workbook's first sheet, row by row, each with its
// type in front: s for words, n for numbers and days.
func workbook(t *testing.T, file []byte) (rows [][]string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	var book struct {
		Rows []struct {
			Cells []struct {
				At      string  `xml:"r,attr"`
				Type    string  `xml:"t,attr"`
				Value   string  `xml:"v"`
				Formula *string `xml:"f"`
				Text    string  `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(data, &book); err != nil {
		t.Fatal(err)
	}
	for i := range book.Rows {
		row := make([]string, len(book.Rows[0].Cells))
		for _, c := range book.Rows[i].Cells {
			if c.Formula != nil {
				t.Errorf("%s is a formula", c.At)
			}
			column := 0
			for _, r := range strings.TrimRight(c.At, "0123456789") {
				column = 26*column + int(r-'A') + 1
			}
			if row[column-1] = "n " + c.Value; c.Type == "inlineStr" {
				row[column-1] = "s " + c.Text
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// Each list is there as CSV and as XLSX, with the same rows and titles; a page
// that shows it leads there.
func TestListsAsFiles(t *testing.T) {
	m := company()
	m.register.rows[0].Name = "@SUM(A1)"
	m.customers[0].Name = "+358 40"
	v := newSite(t, m).signIn()
	for page, file := range map[string]string{"/loyalty/list?rung=LOYAL": "/loyalty/list.csv?rung=LOYAL", "/loyalty/list": "/loyalty/list.csv", "/wishes": "/wishes.csv", "/orders?nobody=1": "/orders.csv?nobody=1", "/orders": "/orders.csv", "/customers": "/customers.csv", "/customers?q=aino": "/customers.csv?q=aino"} {
		want(t, v.get(page), http.StatusOK, `<a href="`+file+`" download>CSV</a>`)
		w := v.get(file)
		rows, err := csv.NewReader(w.Body).ReadAll()
		if err != nil || len(rows) < 2 || !strings.HasPrefix(rows[0][0], "\ufeff") {
			t.Fatalf("%s: %d rows, %v", file, len(rows), err)
		}
		x := v.get(strings.Replace(file, ".csv", ".xlsx", 1))
		if got := x.Header().Get("Content-Type"); got != sheet.FormatXLSX.MediaType() {
			t.Errorf("%s is %s", file, got)
		}
		book := workbook(t, x.Body.Bytes())
		if len(book) != len(rows) {
			t.Errorf("%s has %d rows, and %d as XLSX", file, len(rows), len(book))
		}
		for i, cells := range book {
			for j, cell := range cells {
				kind, text, _ := strings.Cut(cell, " ")
				plain := strings.TrimPrefix(rows[i][j], "\ufeff")
				if cell != "" && text != plain && "'"+text != plain && kind != "n" { // days and times are numbers there
					t.Errorf("%s: row %d has %q, and %q as XLSX", file, i, plain, cell)
				}
			}
		}
	}
	if book := workbook(t, v.get("/loyalty/list.xlsx").Body.Bytes()); book[1][1] != "s @SUM(A1)" || !strings.HasPrefix(book[1][0], "n ") {
		t.Errorf("the first row: %q", book[1])
	}
	want(t, v.get("/wishes.xlsx?after=x"), http.StatusUnprocessableEntity)
	want(t, newSite(t, company()).get("/customers.xlsx"), http.StatusSeeOther)
}
