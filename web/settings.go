package web

import (
	"net/http"
	"strings"

	"kaveri/crm"
)

// SettingsPage is what the firm says about itself.
type SettingsPage struct {
	Shell
	Name, Domains, Addresses, Zone, Currency, Language string
	Policy                                             crm.Policy
	Faults                                             Faults
}

func (s *Server) settingsPage(w http.ResponseWriter, r *http.Request, c *call) error {
	f := c.firm
	var own []string
	for _, a := range f.Addresses {
		own = append(own, string(a))
	}
	if f.Policy == "" {
		f.Policy = crm.PolicyKnown
	}
	s.showSettings(w, r, c, SettingsPage{Name: f.Name, Domains: strings.Join(f.Domains, "\n"), Addresses: strings.Join(own, "\n"), Zone: f.TimeZone, Currency: f.Currency, Language: f.Language, Policy: f.Policy}, http.StatusOK)
	return nil
}

func (s *Server) showSettings(w http.ResponseWriter, r *http.Request, c *call, p SettingsPage, status int) {
	p.Shell = s.shell(c, "settings", c.t("settings.title"))
	s.render(w, r, c, status, "settings", p)
}

func (s *Server) saveSettings(w http.ResponseWriter, r *http.Request, c *call) error {
	p := SettingsPage{Name: strings.TrimSpace(r.PostFormValue("name")), Domains: r.PostFormValue("domains"), Addresses: r.PostFormValue("addresses"),
		Zone: strings.TrimSpace(r.PostFormValue("zone")), Currency: strings.ToUpper(strings.TrimSpace(r.PostFormValue("currency"))), Language: r.PostFormValue("language"), Policy: crm.Policy(r.PostFormValue("policy"))}
	own, err := parseAddresses(p.Addresses)
	if err == nil {
		f := c.firm
		f.Name, f.Domains, f.Addresses, f.TimeZone, f.Currency, f.Language, f.Policy = p.Name, strings.Fields(strings.NewReplacer(",", " ", ";", " ").Replace(p.Domains)), own, p.Zone, p.Currency, p.Language, p.Policy
		if err = f.Validate(); err == nil {
			err = s.Store.SaveFirm(r.Context(), c.viewer, f)
		}
	}
	if err != nil {
		f, ok := c.faults(err, "own domain", "address", "time zone", "currency", "language", "capture policy", "name")
		if !ok {
			return err
		}
		p.Faults = f
		s.showSettings(w, r, c, p, statusOf[crm.KindOf(err)])
		return nil
	}
	return go303(w, r, "/settings", "settings")
}
