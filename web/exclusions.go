package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"kaveri/crm"
)

// ExclusionSection lists what is excluded, in the firm or in one mailbox, with
// the form that adds to it.
type ExclusionSection struct {
	Base   string // where its forms lead
	Lines  []ExclusionLine
	Kind   crm.ExclusionKind // what was written into the form
	Value  string
	Faults Faults
}

// ExclusionLine is one exclusion.
type ExclusionLine struct {
	crm.Exclusion
	What  string // of which kind, in words
	Since Stamp
}

// ExclusionsPage is the section of one mailbox.
type ExclusionsPage struct {
	Shell
	Name       string
	Exclusions ExclusionSection
}

// ExcludePage asks before something is excluded, and says how much stored mail it
// concerns.
type ExcludePage struct {
	Shell
	Base, Back string
	What       string
	Exclusion  crm.Exclusion
	Effect     crm.ExclusionEffect
}

// exclusionsOf reads the section of the firm (0) or of a mailbox.
func (s *Server) exclusionsOf(r *http.Request, c *call, box crm.MailboxID) (ExclusionSection, error) {
	p := ExclusionSection{Base: exclusionsPath(box)}
	list, err := s.Store.Exclusions(r.Context(), c.viewer, box)
	for _, e := range list {
		p.Lines = append(p.Lines, ExclusionLine{e, c.t(Key("exclude.kind." + string(e.Kind))), c.clock.stamp(e.At)})
	}
	return p, err
}

func exclusionsPath(box crm.MailboxID) string {
	if box == 0 {
		return "/exclusions"
	}
	return fmt.Sprintf("/mailboxes/%d/exclusions", box)
}

// boxOf reads the mailbox that the address names, 0 where it names none.
func boxOf(r *http.Request) (crm.MailboxID, error) {
	if r.PathValue("id") == "" {
		return 0, nil
	}
	return routeID[crm.MailboxID](r, "id", "mailbox")
}

func (s *Server) exclusionsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	box, err := boxOf(r)
	if err != nil {
		return err
	}
	return s.showExclusions(w, r, c, box, ExclusionSection{}, http.StatusOK)
}

// showExclusions shows what is excluded where it belongs, with what was written.
func (s *Server) showExclusions(w http.ResponseWriter, r *http.Request, c *call, box crm.MailboxID, written ExclusionSection, status int) error {
	p, err := s.exclusionsOf(r, c, box)
	if err != nil {
		return err
	}
	p.Kind, p.Value, p.Faults = written.Kind, written.Value, written.Faults
	if box == 0 {
		settings := settingsOf(c.firm)
		settings.Exclusions = p
		return s.showSettings(w, r, c, settings, status)
	}
	boxes, err := s.Store.Health(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	for _, b := range boxes {
		if b.ID == box {
			s.render(w, r, c, status, "exclusions", ExclusionsPage{Shell: s.shell(c, "mailboxes", c.t("exclude.title")), Name: c.boxCard(b).Name, Exclusions: p})
			return nil
		}
	}
	return crm.NotFound("no such mailbox")
}

// exclude says what an exclusion would do, and does it once that was agreed to:
// the form then says to how many mails.
func (s *Server) exclude(w http.ResponseWriter, r *http.Request, c *call) error {
	box, err := boxOf(r)
	if err != nil {
		return err
	}
	written := ExclusionSection{Kind: crm.ExclusionKind(r.PostFormValue("kind")), Value: strings.TrimSpace(r.PostFormValue("value"))}
	e, err := parseExclusion(written)
	e.Mailbox = box
	var effect crm.ExclusionEffect
	if err == nil {
		effect, err = s.Store.PreviewExclusion(r.Context(), c.viewer, e)
	}
	agreed, bad := strconv.Atoi(r.PostFormValue("removes"))
	if err == nil && (bad != nil || agreed < effect.Removed) {
		back := "/settings#exclusions"
		if box != 0 {
			back = exclusionsPath(box)
		}
		s.render(w, r, c, http.StatusOK, "exclude", ExcludePage{Shell: s.shell(c, nav(box), c.t("exclude.title")), Base: exclusionsPath(box), Back: back,
			What: c.t(Key("exclude.kind." + string(e.Kind))), Exclusion: e, Effect: effect})
		return nil
	}
	if err == nil {
		_, _, err = s.Store.AddExclusion(r.Context(), c.viewer, e)
	}
	if err != nil {
		f, ok := c.faults(err, "exclusion")
		if !ok {
			return err
		}
		written.Faults = f
		return s.showExclusions(w, r, c, box, written, statusOf[crm.KindOf(err)])
	}
	return s.backToExclusions(w, r, box, "excluded")
}

func nav(box crm.MailboxID) string {
	if box == 0 {
		return "settings"
	}
	return "mailboxes"
}

func parseExclusion(w ExclusionSection) (crm.Exclusion, error) {
	if w.Kind == crm.ExcludedFolder {
		return crm.NewExclusion(w.Kind, w.Value)
	}
	return crm.ParseExclusion(w.Value)
}

func (s *Server) removeExclusion(w http.ResponseWriter, r *http.Request, c *call) error {
	box, err := boxOf(r)
	if err != nil {
		return err
	}
	id, err := routeID[crm.ExclusionID](r, "exclusion", "exclusion")
	if err != nil {
		return err
	}
	if err := s.Store.RemoveExclusion(r.Context(), c.viewer, id); err != nil {
		return err
	}
	return s.backToExclusions(w, r, box, "exclusion-removed")
}

func (s *Server) backToExclusions(w http.ResponseWriter, r *http.Request, box crm.MailboxID, done string) error {
	if box == 0 {
		return go303(w, r, "/settings#exclusions", done)
	}
	return go303(w, r, exclusionsPath(box), done)
}
