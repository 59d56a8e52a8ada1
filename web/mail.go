package web

import (
	"fmt"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode"

	"kaveri/crm"
)

// MailCard is a mail in a list that can be opened in place.
type MailCard struct {
	crm.MailRow
	When     Stamp
	Style    string         // in, out, internal or robot
	Robot    string         // which kind of robot wrote it, "" for people
	Who      string         // the other side, as people would say it
	Title    string         // the subject, or words for none
	Through  string         // in whose mailbox it was seen
	Why      Why            // set where it stands on a customer's timeline
	Customer crm.CustomerID // whose timeline that is
	Back     string         // the page it stands on
	Text     crm.Letter     // when it is shown at once
	Shown    bool           // the text is
	Topics   bool           // it stands in its conversation
	Replies  bool           // it can be answered
	Open     bool
}

func (c *call) mailCard(m crm.MailRow, when Stamp) MailCard {
	k := MailCard{MailRow: m, When: when, Style: string(m.Direction), Title: m.Subject}
	if strings.TrimSpace(m.Subject) == "" {
		k.Title = c.t("mail.no-subject")
	}
	if m.Class != crm.ClassHuman && m.Class != "" {
		k.Style, k.Robot = "robot", c.t(Key("class."+string(m.Class)))
	}
	to := ""
	if len(m.To) > 0 {
		to = m.To[0].Display()
		if more := len(m.To) - 1; more > 0 {
			to += " " + c.t("mail.and-more", more)
		}
	}
	from := m.From.Display()
	if from == "" {
		from = c.t("mail.unknown-sender")
	}
	k.Who = from
	if to != "" {
		k.Who = c.t("mail.from-to", from, to)
	}
	if len(m.Through) > 0 {
		k.Through = c.t("mail.through", listOf(c.lang, m.Through))
	}
	return k
}

// answerable reports a mail that somebody may want to answer. A bounce goes to
// nobody.
func answerable(m *crm.MailRow) bool {
	return m.Class != crm.ClassBounce && m.Class != crm.ClassComplaint && m.Class != crm.ClassAutoReply && m.From.Address != ""
}

// MailPage is one mail with all that is known about it.
type MailPage struct {
	Shell
	Mail      crm.MailView
	Card      MailCard
	Sent      Stamp
	People    []PeopleLine
	Text      crm.Letter
	HasHTML   bool
	HTML      bool // the HTML view is chosen
	Blocked   int  // remote images that the HTML view leaves out
	Files     []FileLine
	Links     []LinkLine
	Denied    []DenialLine
	Questions []Question
	Unplaced  string // why it is on nobody's page
	Class     string // who wrote it, in words
	Reasons   []string
	Sightings []SightingLine
	Defects   []string
	MayHide   bool // the viewer holds a copy
	Writing   WritingPart
	Size      int64
}

// PeopleLine is one header field with its people.
type PeopleLine struct {
	Field   string
	Parties []crm.Party
}

// FileLine is an attachment.
type FileLine struct {
	crm.Attachment
	Label string
	URL   string
}

// LinkLine says to whom a mail belongs, and why.
type LinkLine struct {
	crm.MailLink
	Why Why
}

// DenialLine says to whom a mail does not belong, by whose word.
type DenialLine struct {
	crm.MailDenial
	Text string
}

// SightingLine is one place where the mail was seen.
type SightingLine struct {
	crm.SightingRow
	SeenAt, GoneAt Stamp
}

func (s *Server) mailPage(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.mail(r, c)
	if err != nil {
		return err
	}
	text, err := s.Store.MailText(r.Context(), c.viewer, m.ID)
	if err != nil {
		return err
	}
	p := MailPage{Mail: m, Text: text, Card: c.mailCard(m.MailRow, c.clock.stamp(m.At)), Sent: c.clock.stamp(m.Sent), Size: m.Size, Defects: c.defects(m)}
	p.Shell, p.Card.Replies = s.shell(c, "customers", p.Card.Title), answerable(&m.MailRow)
	if p.Card.Replies && m.Conversation != 0 {
		if p.Writing, err = s.writing(r, c, crm.Correspondence{Conversation: m.Conversation}); err != nil {
			return err
		}
	}
	if raw, err := s.Store.RawMail(r.Context(), c.viewer, m.ID); err == nil {
		parsed := s.Reader.Open(raw)
		if p.HasHTML = parsed != nil && strings.TrimSpace(parsed.HTML) != ""; p.HasHTML && r.URL.Query().Get("view") == "html" {
			p.HTML = true
			p.Blocked = cleanMail(parsed.HTML, nil).blocked
		}
	} else if crm.KindOf(err) != crm.KindNotFound {
		return err
	}
	p.People = c.people(m.Participants)
	for _, f := range m.Files {
		p.Files = append(p.Files, FileLine{Attachment: f, Label: fileName(f), URL: fmt.Sprintf("/mails/%d/parts/%s", m.ID, f.Part)})
	}
	if err := s.place(r, c, m, &p); err != nil {
		return err
	}
	for _, g := range m.Sightings {
		p.Sightings = append(p.Sightings, SightingLine{SightingRow: g, SeenAt: c.clock.stamp(g.Seen), GoneAt: c.clock.stamp(g.Gone)})
	}
	if p.MayHide, err = s.holds(r, c, m); err != nil {
		return err
	}
	s.render(w, r, c, http.StatusOK, "mail", p)
	return nil
}

// place says where a mail belongs, and why.
func (s *Server) place(r *http.Request, c *call, m crm.MailView, p *MailPage) error {
	for _, l := range m.Links {
		p.Links = append(p.Links, LinkLine{MailLink: l, Why: c.why(l.Link, l.ContactName)})
	}
	for _, d := range m.Denied {
		who := d.Staff
		if who == "" {
			who = c.t("why.administrator")
		}
		p.Denied = append(p.Denied, DenialLine{d, c.t("belongs.denied", who, d.ContactName)})
	}
	open, err := s.Store.MailReviews(r.Context(), c.viewer, m.ID)
	if err != nil {
		return err
	}
	if p.Questions, err = s.questions(r, c, open, false); err != nil {
		return err
	}
	for i := range p.Questions {
		p.Questions[i].Back = mailPath(m.ID)
	}
	if why := m.Unplaced(len(open) > 0); why != "" {
		p.Unplaced = c.t(Key("unplaced." + string(why)))
	}
	if k := Key("class-text." + string(m.Class)); words[k].has() {
		p.Class = c.t(k)
	}
	if m.Class != crm.ClassHuman { // of people there is nothing to show
		p.Reasons = m.ClassReasons
	}
	return nil
}

func (s *Server) mail(r *http.Request, c *call) (crm.MailView, error) {
	id, err := routeID[crm.MessageID](r, "id", "mail")
	if err != nil {
		return crm.MailView{}, err
	}
	return s.Store.Mail(r.Context(), c.viewer, id)
}

// holds reports whether the mail was seen in a mailbox of the viewer's own, so
// that the page offers to make it private. The store decides in any case.
func (s *Server) holds(r *http.Request, c *call, m crm.MailView) (bool, error) {
	boxes, err := s.Store.Health(r.Context(), c.viewer)
	if err != nil {
		return false, err
	}
	for _, b := range boxes {
		if b.Staff != c.me.ID {
			continue
		}
		for _, g := range m.Sightings {
			if g.Mailbox == b.Label || g.Mailbox == string(b.Address) {
				return true, nil
			}
		}
	}
	return slices.Contains(m.Through, c.me.Name), nil
}

func (c *call) people(ps []crm.Participant) []PeopleLine {
	var out []PeopleLine
	for _, p := range ps {
		if n := len(out); n > 0 && out[n-1].Field == c.t(Key("field."+string(p.Role))) {
			out[n-1].Parties = append(out[n-1].Parties, p.Party)
			continue
		}
		out = append(out, PeopleLine{Field: c.t(Key("field." + string(p.Role))), Parties: []crm.Party{p.Party}})
	}
	return out
}

// defects says in words what was odd about a mail; a word that the catalogue
// lacks is shown as it is.
func (c *call) defects(m crm.MailView) []string {
	var out []string
	if m.Lossy {
		out = append(out, c.t("mail.lossy"))
	}
	for _, d := range m.Defects {
		if k := Key("defect." + d); words[k].has() {
			d = c.t(k)
		}
		out = append(out, d)
	}
	return out
}

// mailTextPart gives the text of a mail that is opened within a list.
func (s *Server) mailTextPart(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.mail(r, c)
	if err != nil {
		return err
	}
	text, err := s.Store.MailText(r.Context(), c.viewer, m.ID)
	if err != nil {
		return err
	}
	if !isFragment(r) {
		return go303(w, r, fmt.Sprintf("/mails/%d", m.ID), "")
	}
	k := c.mailCard(m.MailRow, c.clock.stamp(m.At))
	k.Text, k.Shown = text, true
	return s.renderPart(w, r, c, "mail", "mail-text", k)
}

// mailRaw gives the bytes as the server gave them.
func (s *Server) mailRaw(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.mail(r, c)
	if err != nil {
		return err
	}
	raw, err := s.Store.RawMail(r.Context(), c.viewer, m.ID)
	if err != nil {
		return err
	}
	download(w, fmt.Sprintf("mail-%d.eml", m.ID), "message/rfc822", raw)
	return nil
}

// mailPart gives an attachment, cut from the raw mail. It is always a download
// and never opens here: a page among attachments would act as one of ours.
func (s *Server) mailPart(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.mail(r, c)
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		if f.Part != r.PathValue("part") {
			continue
		}
		raw, err := s.Store.RawMail(r.Context(), c.viewer, m.ID)
		if err != nil {
			return err
		}
		data, err := s.Reader.Part(raw, f.Part)
		if err != nil {
			return err
		}
		download(w, fileName(f), f.Type, data)
		return nil
	}
	return crm.NotFound("no such attachment")
}

// setPrivate hides a mail from those who hold no copy, or shows it again.
func (s *Server) setPrivate(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.MessageID](r, "id", "mail")
	if err != nil {
		return err
	}
	private := r.PostFormValue("private") == "yes"
	if err := s.Store.SetPrivate(r.Context(), c.viewer, id, private); err != nil {
		return err
	}
	done := "shared"
	if private {
		done = "private"
	}
	return go303(w, r, fmt.Sprintf("/mails/%d", id), done)
}

// fileName is a name for people and for a download: no path, no control
// characters, and never empty.
func fileName(a crm.Attachment) string {
	name := strings.Map(func(r rune) rune {
		// U+202E and its like turn "exe.fdp" around on screen.
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`/\:"<>|?*`, r) {
			return -1
		}
		return r
	}, a.Name)
	if name = strings.Trim(name, " ."); name != "" {
		return name
	}
	ext := ""
	if exts, _ := mime.ExtensionsByType(a.Type); len(exts) > 0 {
		ext = exts[0]
	}
	return "part-" + path.Base(a.Part) + ext
}

func download(w http.ResponseWriter, name, typ string, data []byte) {
	h := w.Header()
	if _, _, err := mime.ParseMediaType(typ); err != nil || typ == "" {
		typ = "application/octet-stream"
	}
	h.Set("Content-Type", typ)
	// mime writes a name outside ASCII as RFC 2231 asks (filename*=utf-8''...).
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Content-Length", fmt.Sprint(len(data)))
	h.Set("Cache-Control", "private, no-store")
	w.Write(data)
}
