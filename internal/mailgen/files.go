package mailgen

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// file is what is attached to a mail.
type file struct {
	name, mediaType string
	contentID       string // for pictures that the HTML shows, else empty
	data            []byte
}

// pdf is a valid one-page document (PDF 1.4, ISO 32000-1 §7.5) with a line of text for each string.
func pdf(title string, lines []string) []byte {
	var content strings.Builder
	fmt.Fprintf(&content, "BT /F1 18 Tf 60 780 Td (%s) Tj ET\n", pdfText(title))
	for i, l := range lines {
		fmt.Fprintf(&content, "BT /F1 11 Tf 60 %d Td (%s) Tj ET\n", 745-16*i, pdfText(l))
	}
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", content.Len(), content.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, xref)
	return b.Bytes()
}

// pdfText escapes a string for a literal in WinAnsiEncoding, which is windows-1252.
func pdfText(s string) string {
	var b strings.Builder
	for _, r := range s {
		c, ok := charmap.Windows1252.EncodeRune(r)
		switch {
		case !ok:
			b.WriteByte('?')
		case c >= 0x80 || c == '(' || c == ')' || c == '\\':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// picture paints northern lights over a dark hill: small, valid, and different for each number.
func picture(width, height, number int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		crest := height/2 + (x*7+number*13)%29 - 14
		hill := height*3/4 + (x*(width-x))%17/3
		for y := range height {
			glow := max(0, 150-6*abs(y-crest)/max(1, height/40))
			c := color.RGBA{R: uint8(10 + number*17%40), G: uint8(20 + glow), B: uint8(60 + glow/2), A: 255}
			if y > hill {
				c = color.RGBA{R: 225, G: 232, B: 240, A: 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil // not reachable: the picture is not empty and a buffer takes every byte
	}
	return b.Bytes()
}

func abs(n int) int { return max(n, -n) }

// logo is the picture in the signatures of the sample company.
var logo = sync.OnceValue(func() []byte { return picture(96, 32, 1) })

// invitation is an iCalendar event (RFC 5545) with the method REQUEST (RFC 5546 §3.2.2).
func invitation(uid, summary, organizer, attendee string, start time.Time) []byte {
	const layout = "20060102T150405Z"
	lines := []string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Lumipolku Matkat//Kalenteri//FI", "METHOD:REQUEST", "BEGIN:VEVENT",
		"UID:" + uid, "DTSTAMP:" + start.AddDate(0, 0, -7).UTC().Format(layout), "DTSTART:" + start.UTC().Format(layout),
		"DTEND:" + start.Add(time.Hour).UTC().Format(layout), "SUMMARY:" + summary, "ORGANIZER:mailto:" + organizer,
		"ATTENDEE;RSVP=TRUE:mailto:" + attendee, "END:VEVENT", "END:VCALENDAR", "",
	}
	return []byte(strings.Join(lines, "\r\n"))
}

// participants is a list of travellers as a spreadsheet program saves it in Finland: semicolons, UTF-8.
func participants(r random, n int) []byte {
	var b strings.Builder
	b.WriteString("Nimi;Syntymävuosi;Ruokavalio;Huone\r\n")
	for i := range n {
		fmt.Fprintf(&b, "%s %s;%d;%s;%d\r\n", pick(r, firstNames), pick(r, lastNames), 1958+r.IntN(52),
			pick(r, []string{"", "", "", "gluteeniton", "laktoositon", "kasvis", "pähkinäallergia"}), 1+i/2)
	}
	return []byte(b.String())
}

// randomFile is an attachment of a load: the right first bytes, then noise of a size as mail shows it (most are small,
// a few are large).
func randomFile(r random) file {
	size := int(min(900_000, max(300, float64(r.about(12_000, 1.3)))))
	name := pick(r, []string{"lasku", "tarjous", "kuva", "Näyte", "pöytäkirja", "hinnasto", "sopimus", "Ääniä ja öylättejä",
		"report", "översikt", "Bestätigung"}) + fmt.Sprintf("_%d", r.IntN(9000))
	magic := func(m string) []byte { return append([]byte(m), r.bytes(size)...) }
	switch r.IntN(8) {
	case 0, 1:
		return file{name: name + ".pdf", mediaType: "application/pdf", data: magic("%PDF-1.6\n%\xe2\xe3\xcf\xd3\n")}
	case 2, 3:
		return file{name: name + ".jpg", mediaType: "image/jpeg", data: magic("\xff\xd8\xff\xe0\x00\x10JFIF\x00")}
	case 4:
		return file{name: name + ".xlsx", mediaType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			data: magic("PK\x03\x04\x14\x00\x06\x00")}
	case 5:
		return file{name: name + ".csv", mediaType: "text/csv; charset=utf-8", data: participants(r, size/40)}
	case 6:
		return file{name: name + ".ics", mediaType: "text/calendar; method=REQUEST; charset=utf-8",
			data: invitation(r.hex(24), "Palaveri", "info@"+loadDomain, "x@"+loadDomain, loadEnd)}
	}
	return file{name: name + ".zip", mediaType: "application/zip", data: magic("PK\x03\x04\x14\x00\x00\x00")}
}
