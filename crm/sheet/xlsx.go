package sheet

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
)

// The limits of a worksheet (ECMA-376; they are those of the programs).
const (
	maxSheetRows = 1 << 20
	maxCellUnits = 32767 // UTF-16 code units of a text
)

// xlsxWriter writes a workbook (ECMA-376 Part 1 §18) with the few parts that
// one needs: sheets, styles and what leads to them. Text stands in the cells
// themselves, so nothing is kept until the end. A table with more rows than a
// sheet holds goes on in the next one.
type xlsxWriter struct {
	z      *zip.Writer
	sheet  *bufio.Writer
	titles []string
	sheets int
	rows   int // of this sheet
	limit  int // of rows in a sheet
	err    error
}

func newXLSX(w io.Writer, titles []string) *xlsxWriter {
	x := &xlsxWriter{z: zip.NewWriter(w), titles: titles, limit: maxSheetRows}
	x.part("[Content_Types].xml", contentTypes)
	x.part("_rels/.rels", packageRels)
	x.part("xl/styles.xml", styles)
	x.begin()
	return x
}

// part writes a whole part of the package.
func (x *xlsxWriter) part(name, content string) {
	if x.err != nil {
		return
	}
	var w io.Writer
	if w, x.err = x.z.Create(name); x.err == nil {
		_, x.err = io.WriteString(w, xml.Header+content)
	}
}

// begin opens the next sheet, with the titles in a row that stays in sight.
func (x *xlsxWriter) begin() {
	if x.err != nil {
		return
	}
	x.sheets, x.rows = x.sheets+1, 0
	w, err := x.z.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", x.sheets))
	if x.err = err; err != nil {
		return
	}
	x.sheet = bufio.NewWriterSize(w, 32<<10)
	x.sheet.WriteString(xml.Header + sheetHead)
	fmt.Fprintf(x.sheet, `<cols><col min="1" max="%d" width="16" customWidth="1"/></cols><sheetData>`, max(1, len(x.titles)))
	cells := make([]Cell, len(x.titles))
	for i, title := range x.titles {
		cells[i] = Text(title)
	}
	x.row(cells, styleTitle)
}

func (x *xlsxWriter) end() {
	if x.err == nil {
		x.sheet.WriteString(`</sheetData></worksheet>`)
		x.err = x.sheet.Flush()
	}
}

func (x *xlsxWriter) Row(cells ...Cell) error {
	if x.rows >= x.limit {
		x.end()
		x.begin()
	}
	x.row(cells, styleNone)
	return x.err
}

func (x *xlsxWriter) row(cells []Cell, text int) {
	if x.err != nil {
		return
	}
	x.rows++
	fmt.Fprintf(x.sheet, `<row r="%d">`, x.rows)
	for i, c := range cells {
		x.cell(columnName(i)+strconv.Itoa(x.rows), c, text)
	}
	_, x.err = x.sheet.WriteString(`</row>`)
}

// cell writes one cell. A text that begins like a formula is marked as quoted, so
// that it stays text when somebody edits it.
func (x *xlsxWriter) cell(at string, c Cell, text int) {
	switch c.kind {
	case cellEmpty:
	case cellText:
		if Safe(c.text) != c.text {
			text = styleQuoted
		}
		fmt.Fprintf(x.sheet, `<c r="%s" s="%d" t="inlineStr"><is><t xml:space="preserve">`, at, text)
		xml.EscapeText(x.sheet, []byte(cutUnits(c.text, maxCellUnits)))
		x.sheet.WriteString(`</t></is></c>`)
	case cellDay, cellTime:
		fmt.Fprintf(x.sheet, `<c r="%s" s="%d"><v>%s</v></c>`, at, styleOf[c.kind], strconv.FormatFloat(c.num, 'f', -1, 64))
	default:
		fmt.Fprintf(x.sheet, `<c r="%s" s="%d"><v>%s</v></c>`, at, styleOf[c.kind], c.text)
	}
}

func (x *xlsxWriter) Close() error {
	x.end()
	var list, rels strings.Builder
	for n := 1; n <= x.sheets; n++ {
		fmt.Fprintf(&list, `<sheet name="%d" sheetId="%d" r:id="rId%d"/>`, n, n, n)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, n, relationships, n)
	}
	fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, x.sheets+1, relationships)
	x.part("xl/workbook.xml", `<workbook xmlns="`+spreadsheetML+`" xmlns:r="`+relationships+`"><sheets>`+list.String()+`</sheets></workbook>`)
	x.part("xl/_rels/workbook.xml.rels", `<Relationships xmlns="`+packageML+`/relationships">`+rels.String()+`</Relationships>`)
	if x.err != nil {
		return x.err
	}
	return x.z.Close()
}

// columnName gives A for 0, Z for 25, AA for 26.
func columnName(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

// cutUnits gives a text of at most so many UTF-16 code units, without half a
// character at its end.
func cutUnits(s string, most int) string {
	if len(s) <= most {
		return s
	}
	units := 0
	for i, r := range s {
		if units += utf16.RuneLen(max(r, 0)); units > most {
			return s[:i]
		}
	}
	return s
}

// The styles, by their place in the list of cell formats.
const (
	styleNone = iota
	styleTitle
	styleQuoted
	styleMoney
	styleDay
	styleTime
)

var styleOf = map[cellKind]int{cellMoney: styleMoney, cellDay: styleDay, cellTime: styleTime}

const (
	spreadsheetML = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageML     = "http://schemas.openxmlformats.org/package/2006"
	mediaML       = "application/vnd.openxmlformats-officedocument.spreadsheetml."

	// contentTypes has all sheets by the ending of their names, so that it can
	// stand first, where some programs look for it.
	contentTypes = `<Types xmlns="` + packageML + `/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="` + mediaML + `worksheet+xml"/><Override PartName="/xl/workbook.xml" ContentType="` + mediaML + `sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + mediaML + `styles+xml"/></Types>`
	packageRels = `<Relationships xmlns="` + packageML + `/relationships"><Relationship Id="rId1" Type="` + relationships + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`

	// styles has the formats 4 (#,##0.00), 14 (a date) and 22 (date and time) of
	// §18.8.30, which programs show as their user's country writes them.
	styles = `<styleSheet xmlns="` + spreadsheetML + `"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="6"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/>` +
		`<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"/><xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="22" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

	sheetHead = `<worksheet xmlns="` + spreadsheetML + `"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`
)
