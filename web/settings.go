package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
)

// SettingsPage is what the firm says about itself.
type SettingsPage struct {
	Shell
	Name, Domains, Addresses, Zone, Currency, Language string
	Relays, AuthServer, PublicURL                      string
	TrackOpens, TrackClicks, FeedbackForm              bool
	Topics                                             []crm.Topic
	Policy                                             crm.Policy
	FollowDeletions                                    string // days
	Exclusions                                         ExclusionSection
	Faults                                             Faults
}

func (s *Server) settingsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	return s.showSettings(w, r, c, settingsOf(c.firm), http.StatusOK)
}

func settingsOf(f crm.Firm) SettingsPage {
	if f.Policy == "" {
		f.Policy = crm.PolicyKnown
	}
	days := ""
	if f.FollowDeletions > 0 {
		days = strconv.Itoa(f.FollowDeletions)
	}
	return SettingsPage{Name: f.Name, Domains: strings.Join(f.Domains, "\n"), Addresses: lines(f.Addresses), Relays: lines(f.Relays), AuthServer: f.AuthServer, Zone: f.TimeZone, Currency: f.Currency, Language: f.Language, Policy: f.Policy,
		PublicURL: f.PublicURL, TrackOpens: f.TrackOpens, TrackClicks: f.TrackClicks, FeedbackForm: f.FeedbackForm, Topics: f.Topics, FollowDeletions: days}
}

// lines writes addresses one per line.
func lines(list []crm.Address) string {
	var out []string
	for _, a := range list {
		out = append(out, string(a))
	}
	return strings.Join(out, "\n")
}

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, c *call, p SettingsPage, status int) error {
	if p.Exclusions.Base == "" {
		var err error
		if p.Exclusions, err = s.exclusionsOf(r, c, 0); err != nil {
			return err
		}
	}
	p.Topics = append(slices.Clone(p.Topics), crm.Topic{}) // room for one more
	p.Shell = s.shell(c, "settings", c.t("settings.title"))
	s.render(w, r, c, status, "settings", p)
	return nil
}

func (s *Server) saveSettings(w http.ResponseWriter, r *http.Request, c *call) error {
	p := SettingsPage{Name: strings.TrimSpace(r.PostFormValue("name")), Domains: r.PostFormValue("domains"), Addresses: r.PostFormValue("addresses"),
		Relays: r.PostFormValue("relays"), AuthServer: strings.ToLower(strings.TrimSpace(r.PostFormValue("auth-server"))),
		Zone: strings.TrimSpace(r.PostFormValue("zone")), Currency: strings.ToUpper(strings.TrimSpace(r.PostFormValue("currency"))), Language: r.PostFormValue("language"), Policy: crm.Policy(r.PostFormValue("policy")),
		PublicURL: strings.TrimSpace(r.PostFormValue("public-url")), TrackOpens: r.PostFormValue("track-opens") != "", TrackClicks: r.PostFormValue("track-clicks") != "", FeedbackForm: r.PostFormValue("feedback-form") != "", Topics: c.firm.Topics,
		FollowDeletions: strings.TrimSpace(r.PostFormValue("follow-deletions"))}
	if _, shown := r.PostForm["topic-name"]; shown {
		p.Topics = topicsOf(r)
	}
	own, err := parseAddresses(p.Addresses)
	days := 0
	if err == nil && p.FollowDeletions != "" {
		if days, err = strconv.Atoi(p.FollowDeletions); err != nil {
			err = c.fault("follow deletions", "fault.follow deletions")
		}
	}
	var relays []crm.Address
	if err == nil {
		relays, err = parseAddresses(p.Relays)
		err = atField(err, "relay")
	}
	if err == nil {
		f := c.firm
		f.FollowDeletions = days
		f.Relays, f.AuthServer, f.PublicURL, f.TrackOpens, f.TrackClicks, f.FeedbackForm, f.Topics = relays, p.AuthServer, p.PublicURL, p.TrackOpens, p.TrackClicks, p.FeedbackForm, slices.Clone(p.Topics)
		f.Name, f.Domains, f.Addresses, f.TimeZone, f.Currency, f.Language, f.Policy = p.Name, strings.Fields(strings.NewReplacer(",", " ", ";", " ").Replace(p.Domains)), own, p.Zone, p.Currency, p.Language, p.Policy
		if err = f.Validate(); err == nil {
			err = s.Store.SaveFirm(r.Context(), c.viewer, f)
		}
	}
	if err != nil {
		f, ok := c.faults(err, "own domain", "address", "relay", "time zone", "currency", "language", "capture policy", "name", "public address", "topic", "follow deletions")
		if !ok {
			return err
		}
		p.Faults = f
		return s.showSettings(w, r, c, p, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, "/settings", "settings")
}

// topicsOf reads the rows of topics; one without a name is none.
func topicsOf(r *http.Request) []crm.Topic {
	names, english, finnish := r.PostForm["topic-name"], r.PostForm["topic-en"], r.PostForm["topic-fi"]
	var out []crm.Topic
	for i := range min(len(names), len(english), len(finnish)) {
		if strings.TrimSpace(names[i]) != "" {
			out = append(out, crm.Topic{Name: names[i], English: english[i], Finnish: finnish[i]})
		}
	}
	return out
}

// atField places an error about a value at the field that held it.
func atField(err error, field string) error {
	var e *crm.Error
	if !errors.As(err, &e) {
		return err
	}
	there := *e
	there.Field = field
	return &there
}
