package notebook

import (
	"io"
	"strconv"

	"github.com/signintech/gopdf"
)

// draw writes what was placed.
func draw(w io.Writer, b *Book, pages []page) error {
	var pdf gopdf.GoPdf
	pdf.Start(gopdf.Config{Unit: gopdf.UnitPT, PageSize: gopdf.Rect{W: pageWidth, H: pageHeight}})
	pdf.SetInfo(gopdf.PdfInfo{Title: b.Title, Author: b.Firm, Creator: "Kaveri", CreationDate: b.Made})
	for _, f := range faces {
		if err := pdf.AddTTFFontData(f.name, f.data); err != nil {
			return err
		}
	}
	pdf.SetLineWidth(.5)
	for i, p := range pages {
		pdf.AddPage()
		pdf.SetXY(0, 0)
		pdf.SetAnchor(anchor(i + 1))
		for _, r := range p.rules {
			pdf.Line(r.x, r.y, r.to, r.y)
		}
		for _, m := range p.marks {
			if err := drawMark(&pdf, m); err != nil {
				return err
			}
		}
	}
	_, err := pdf.WriteTo(w)
	return err
}

// anchor names a page, as a place to lead to.
func anchor(page int) string { return "page" + strconv.Itoa(page) }

func drawMark(pdf *gopdf.GoPdf, m mark) error {
	if err := pdf.SetFont(faces[m.in].name, "", m.size); err != nil {
		return err
	}
	pdf.SetXY(m.x, m.y)
	if err := pdf.Cell(nil, m.text); err != nil {
		return err
	}
	if m.to > 0 {
		pdf.AddInternalLink(anchor(m.to), m.x, m.y, pdf.GetX()-m.x, m.size*leading)
	}
	return nil
}
