package web

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	nethtml "golang.org/x/net/html"

	"kaveri/crm"
)

// framePolicy rules the document of a mail: no script, no form, no request to
// anywhere. Its images are within it, since a sandboxed document has an opaque
// origin, to which our SameSite cookie is not sent.
const framePolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

// Images within a mail are embedded up to this size together.
const maxInline = 15 << 20

// mailHTML gives the HTML of a mail, cleaned, for the sandboxed frame.
func (s *Server) mailHTML(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.mail(r, c)
	if err != nil {
		return err
	}
	raw, err := s.Store.RawMail(r.Context(), c.viewer, m.ID)
	if err != nil {
		return err
	}
	parsed := s.Reader.Open(raw)
	if parsed == nil || parsed.HTML == "" {
		return crm.NotFound("this mail has no HTML")
	}
	clean := cleanMail(parsed.HTML, func(id string) ([]byte, string, error) { return s.Reader.Inline(raw, id) })
	h := w.Header()
	h.Set("Content-Security-Policy", framePolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "private, no-store")
	writeLetter(w, m.Subject, clean.html)
	return nil
}

// writeLetter writes a mail as a document of its own. body has been cleaned.
func writeLetter(w io.Writer, subject, body string) {
	// Light on purpose: mails are written for white paper.
	fmt.Fprintf(w, "<!doctype html><html><head><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>%s</title><style>"+
		"html{color-scheme:light;background:#fff;color:#1c2427}body{margin:16px;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"+
		"img{max-width:100%%;height:auto}table{max-width:100%%}blockquote{margin:0 0 0 8px;padding-left:10px;border-left:2px solid #b9c2c2;color:#4a5558}pre{white-space:pre-wrap}"+
		"</style></head><body>%s</body></html>", html.EscapeString(subject), body)
}

// cleaned is the HTML of a mail made harmless.
type cleaned struct {
	html    string
	blocked int // remote images left out
}

// mailPolicy is the allow list for the HTML of mails: what lays out a letter,
// nothing that acts or loads. It knows neither SVG nor MathML.
var mailPolicy = newMailPolicy()

func newMailPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "div", "span", "br", "hr", "wbr", "h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "i", "em", "u", "s", "strike", "del", "ins", "sub", "sup",
		"small", "big", "tt", "code", "pre", "kbd", "samp", "abbr", "address", "blockquote", "q", "cite", "center", "font", "ul", "ol", "li", "dl", "dt", "dd",
		"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption", "colgroup", "col", "article", "section", "header", "footer", "main", "figure", "figcaption", "mark", "time")
	p.SkipElementsContent("title", "svg", "math", "template", "textarea", "select", "option", "xmp")
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("src").OnElements("img")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowDataURIImages()
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	words := regexp.MustCompile(`(?i)^[\p{L}\p{N}\s\-_.,:;!?()'&/+%#]*$`)
	p.AllowAttrs("alt", "title").Matching(words).Globally()
	p.AllowAttrs("align", "valign", "dir", "lang").Matching(regexp.MustCompile(`(?i)^[a-z-]{1,12}$`)).Globally()
	p.AllowAttrs("width", "height", "border", "cellpadding", "cellspacing", "colspan", "rowspan", "size", "start", "span").Matching(regexp.MustCompile(`^\d{1,5}%?$`)).Globally()
	p.AllowAttrs("bgcolor", "color").Matching(regexp.MustCompile(`(?i)^(#[0-9a-f]{3,8}|[a-z]{3,24})$`)).Globally()
	p.AllowAttrs("face").Matching(words).OnElements("font")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`(?i)^(disc|circle|square|[1ai])$`)).OnElements("ol", "ul", "li")
	p.AllowAttrs("style").Globally() // its declarations pass cleanStyle
	return p
}

// styleProps are the properties that mails may set: what shapes text and
// tables, and nothing that moves a box over another.
var styleProps = func() map[string]bool {
	m := map[string]bool{}
	for p := range strings.FieldsSeq(`color background-color background font font-family font-size font-style font-weight line-height letter-spacing
		text-align text-decoration text-indent text-transform vertical-align white-space width max-width min-width height max-height min-height
		display direction margin margin-top margin-right margin-bottom margin-left padding padding-top padding-right padding-bottom padding-left
		border border-top border-right border-bottom border-left border-color border-style border-width border-radius border-collapse border-spacing
		list-style list-style-type`) {
		m[p] = true
	}
	return m
}()

// Bounds on what a mail may make us work through.
const (
	maxHTML  = 4 << 20
	maxStyle = 4 << 10 // of one style attribute
)

// cleanStyle keeps the declarations that are known and plain. A declaration is
// judged by itself, with its quotes and brackets closed, so that none can reach
// into the next. QUIRK: the sanitiser's own parser for styles takes quadratic
// time on "/*/*/*", so it is not used.
func cleanStyle(style string) string {
	if len(style) > maxStyle {
		return ""
	}
	var out []string
	for d := range strings.SplitSeq(style, ";") {
		prop, value, ok := strings.Cut(d, ":")
		prop, value = strings.ToLower(strings.TrimSpace(prop)), strings.TrimSpace(value)
		if ok && value != "" && styleProps[prop] && plainStyle(value) {
			out = append(out, prop+": "+value)
		}
	}
	return strings.Join(out, "; ")
}

// plainStyle lets through values that name no resource and call nothing that
// could load one. A backslash could spell any word.
func plainStyle(v string) bool {
	l := strings.ToLower(v)
	if strings.ContainsAny(l, "\\<>{}@;\x00\r\n\f") || strings.Contains(l, "/*") || strings.Count(l, `"`)%2 != 0 || strings.Count(l, "'")%2 != 0 || strings.Count(l, "(") != strings.Count(l, ")") {
		return false
	}
	for _, word := range []string{"url", "expression", "image", "var(", "attr(", "element(", "src(", "env(", "cross-fade("} {
		if strings.Contains(l, word) {
			return false
		}
	}
	return true
}

// Image kinds that cannot carry script.
var imageTypes = map[string]bool{"image/png": true, "image/jpeg": true, "image/gif": true, "image/webp": true, "image/avif": true, "image/bmp": true}

// cleanMail makes the HTML of a mail harmless: allow list, then images: those
// of the mail itself are embedded, remote ones are left out and counted.
func cleanMail(dirty string, inline func(contentID string) ([]byte, string, error)) cleaned {
	var out cleaned
	var b strings.Builder
	room := maxInline
	dirty = strings.ToValidUTF8(dirty[:min(len(dirty), maxHTML)], "")
	z := nethtml.NewTokenizer(strings.NewReader(mailPolicy.Sanitize(dirty)))
	for {
		kind := z.Next()
		if kind == nethtml.ErrorToken {
			break
		}
		tok := z.Token()
		if kind != nethtml.StartTagToken && kind != nethtml.SelfClosingTagToken {
			b.WriteString(tok.String())
			continue
		}
		restyle(&tok)
		switch tok.Data {
		case "a":
			tok.Attr = append(tok.Attr, nethtml.Attribute{Key: "target", Val: "_blank"}, nethtml.Attribute{Key: "rel", Val: "noopener noreferrer nofollow"})
		case "img":
			if !embedImage(&tok, inline, &room) {
				out.blocked++
				if alt := attr(tok, "alt"); alt != "" {
					b.WriteString("<span>[" + html.EscapeString(alt) + "]</span>")
				}
				continue
			}
		}
		b.WriteString(tok.String())
	}
	out.html = b.String()
	return out
}

// restyle cleans the style of an element, or takes it away.
func restyle(tok *nethtml.Token) {
	tok.Attr = slices.DeleteFunc(tok.Attr, func(a nethtml.Attribute) bool { return a.Key == "style" && cleanStyle(a.Val) == "" })
	for i, a := range tok.Attr {
		if a.Key == "style" {
			tok.Attr[i].Val = cleanStyle(a.Val)
		}
	}
}

// embedImage turns the source of an image into a data: address; it reports false
// for what is not in the mail.
func embedImage(tok *nethtml.Token, inline func(string) ([]byte, string, error), room *int) bool {
	for i, a := range tok.Attr {
		if a.Key != "src" {
			continue
		}
		src := strings.TrimSpace(a.Val)
		if strings.HasPrefix(strings.ToLower(src), "data:image/") {
			typ, _, _ := strings.Cut(src[len("data:"):], ";")
			return imageTypes[strings.ToLower(typ)]
		}
		id, ok := strings.CutPrefix(src, "cid:")
		if !ok {
			return false
		}
		if inline == nil { // only counting
			return true
		}
		if u, err := url.PathUnescape(id); err == nil {
			id = u
		}
		data, typ, err := inline(id)
		typ = strings.ToLower(strings.TrimSpace(typ))
		if err != nil || !imageTypes[typ] || len(data) > *room {
			return false
		}
		*room -= len(data)
		tok.Attr[i].Val = "data:" + typ + ";base64," + base64.StdEncoding.EncodeToString(data)
		return true
	}
	return false
}

func attr(tok nethtml.Token, key string) string {
	for _, a := range tok.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
