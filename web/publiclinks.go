package web

import (
	"html"
	"net/http"

	"kaveri/crm"
)

// click leads to a stored address and nowhere else: the token names it, and
// what else stands in the request is not looked at.
func (p *public) click(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	id, n, ok := p.Keys.ReadLink(r.PathValue("token"))
	if !ok {
		return errNoPage
	}
	if n == crm.LinkTrap {
		p.visited(r, c, id, n)
		return errNoPage
	}
	to, err := p.Store.MailingLink(r.Context(), id, n)
	if err == nil {
		to, err = crm.ParseLink(to)
	}
	if err != nil {
		return err
	}
	p.visited(r, c, id, n)
	// Not http.Redirect: it would write the address into a page.
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
	return nil
}

// onePixel is a transparent GIF.
var onePixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\x00\x00\x00!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

// picture tells that a mail was opened; whether that is kept the mailing says.
func (p *public) picture(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	id, ok := p.Keys.Read(crm.TokenOpen, r.PathValue("token"))
	if !ok {
		return errNoPage
	}
	p.visited(r, c, crm.DispatchID(id), crm.LinkOpen)
	h := w.Header()
	h.Set("Content-Type", "image/gif")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // mail programs in browsers show it
	w.Write(onePixel)
	return nil
}

// copyPolicy rules a mail shown in a browser: as in the pages of colleagues, and
// in nobody's frame.
const copyPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// copy shows a mail in a browser: what stands in the mail and nothing more.
func (p *public) copy(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	if p.Letters == nil {
		return errNoPage
	}
	d, err := p.Letters.Letter(r.Context(), c.to.Dispatch)
	if err != nil {
		return err
	}
	body := "<pre>" + html.EscapeString(d.Text) + "</pre>"
	if d.HTML != "" {
		body = cleanMail(d.HTML, func(id string) ([]byte, string, error) { return inlineOf(d, id) }).html
	}
	h := w.Header()
	h.Set("Content-Security-Policy", copyPolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	if r.Method != http.MethodHead {
		writeLetter(w, d.Subject, body)
	}
	return nil
}

// inlineOf gives the picture of a draft with this Content-ID.
func inlineOf(d *crm.Draft, id string) ([]byte, string, error) {
	for _, f := range d.Files {
		if f.ContentID == id && id != "" {
			return f.Data, f.Type, nil
		}
	}
	return nil, "", crm.NotFound("no such picture")
}
