package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) firmCommand() *cobra.Command {
	show := p.reads(&cobra.Command{
		Use: "show", Short: "Show the settings of your firm", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.showFirm(c.Context()) },
	})
	return group("firm", "Your firm: name, own domains and addresses, what is captured", show, p.firmSetCommand())
}

func (p *program) showFirm(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	f, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	return p.printFirm(f)
}

func (p *program) printFirm(f crm.Firm) error {
	f.Domains, f.Addresses, f.Relays, f.Topics = orEmpty(f.Domains), orEmpty(f.Addresses), orEmpty(f.Relays), orEmpty(f.Topics)
	if p.json {
		return p.printJSON(f)
	}
	t := p.table("SETTING", "VALUE")
	t.row("name", f.Name)
	t.row("own domains", strings.Join(f.Domains, " "))
	t.row("own addresses", joinAddresses(f.Addresses))
	t.row("relays", joinAddresses(f.Relays))
	t.row("receiving server", f.AuthServer)
	t.row("time zone", f.TimeZone)
	t.row("currency", f.Currency)
	t.row("language", f.Language)
	t.row("capture policy", string(f.Policy))
	t.row("public address", f.PublicURL)
	t.row("opens kept", f.TrackOpens)
	t.row("public form", f.FeedbackForm)
	t.row("clicks counted", f.TrackClicks)
	var topics []string
	for _, topic := range f.Topics {
		topics = append(topics, topic.Name)
	}
	t.row("topics", strings.Join(topics, " "))
	t.row("deletions followed", deletionsText(f.FollowDeletions))
	t.row("colleagues compared", f.CompareColleagues)
	return t.end()
}

func deletionsText(days int) string {
	if days == 0 {
		return "no"
	}
	return "after " + plural(days, "day", "days")
}

func joinAddresses(list []crm.Address) string {
	var out []string
	for _, a := range list {
		out = append(out, string(a))
	}
	return strings.Join(out, " ")
}

// firmChange is what the flags of firm set ask for.
type firmChange struct {
	name, zone, currency, language, policy, server, public, deletions string
	domains, addresses, relays                                        []string
	opens, clicks, form, compare                                      bool
}

func (p *program) firmSetCommand() *cobra.Command {
	var ch firmChange
	c := p.reads(&cobra.Command{
		Use: "set", Short: "Change settings of your firm; what is not named stays",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.ContainsFunc([]string{"name", "domain", "address", "relay", "auth-server", "time-zone", "currency", "language", "policy", "public-url", "track-opens", "track-clicks", "follow-deletions", "feedback-form", "compare-colleagues"}, c.Flags().Changed) {
				return misused("nothing to change: name a setting, such as --domain example.com")
			}
			return p.setFirm(c, ch)
		},
	})
	f := c.Flags()
	f.StringVar(&ch.name, "name", "", "name of the firm")
	f.StringSliceVar(&ch.domains, "domain", nil, "own domains, all of them: mail among them is internal")
	f.StringSliceVar(&ch.addresses, "address", nil, "own addresses at domains that are not yours, all of them")
	f.StringSliceVar(&ch.relays, "relay", nil, "senders that write for others, named in Reply-To (your shop, a contact form), all of them")
	f.StringVar(&ch.server, "auth-server", "", "name of your receiving mail server as it stands in Authentication-Results; only what it found about senders counts")
	f.StringVar(&ch.zone, "time-zone", "", "IANA name, such as Europe/Helsinki")
	f.StringVar(&ch.currency, "currency", "", "ISO 4217 code, such as EUR")
	f.StringVar(&ch.language, "language", "", "en or fi")
	f.StringVar(&ch.policy, "policy", "", "what is captured: known, external or all")
	f.StringVar(&ch.public, "public-url", "", "address where the links in mail lead, such as https://mail.example.com; see serve --public")
	f.BoolVar(&ch.opens, "track-opens", false, "have a picture in new mailings that tells when it is fetched")
	f.BoolVar(&ch.clicks, "track-clicks", false, "lead the links of new mailings over the public address, so that clicks are counted")
	f.StringVar(&ch.deletions, "follow-deletions", "", "remove captured mail when it has been gone from every mailbox for so long, such as 30d; off keeps it")
	f.BoolVar(&ch.form, "feedback-form", false, "open the form at /feedback of the public address, which anybody may fill in")
	f.BoolVar(&ch.compare, "compare-colleagues", false, "let administrators see beside each other, in numbers, what was captured for each colleague")
	return c
}

// parseDays reads a number of days as people write it: 30, 30d or off.
func parseDays(s string) (int, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "off" || s == "0" {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
	if err != nil || n < 1 {
		return 0, crm.Invalid("follow deletions", "%q is no number of days; write it like 30d, or off", s)
	}
	return n, nil
}

func (p *program) setFirm(c *cobra.Command, ch firmChange) error {
	ctx := c.Context()
	own, err := parseAddresses(ch.addresses)
	if err != nil {
		return err
	}
	relays, err := parseAddresses(ch.relays)
	if err != nil {
		return err
	}
	days := 0
	if c.Flags().Changed("follow-deletions") {
		if days, err = parseDays(ch.deletions); err != nil {
			return err
		}
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	f, err := s.Firm(ctx)
	if err != nil && crm.KindOf(err) != crm.KindNotFound {
		return err
	}
	ch.apply(&f, c.Flags().Changed, own, relays)
	if c.Flags().Changed("follow-deletions") {
		f.FollowDeletions = days
	}
	if c.Flags().Changed("domain") && len(f.Domains)+len(f.Addresses) == 0 {
		return misused("--domain: without a domain or address of your own, mail among colleagues would be taken for mail of customers; name yours, or your addresses with --address")
	}
	if err := f.Validate(); err != nil {
		return err
	}
	if err := s.SaveFirm(ctx, crm.SystemViewer, f); err != nil {
		return err
	}
	return p.printFirm(f)
}

func (ch firmChange) apply(f *crm.Firm, changed func(string) bool, own, relays []crm.Address) {
	set := func(flag string, to *string, value string) {
		if changed(flag) {
			*to = value
		}
	}
	set("name", &f.Name, strings.TrimSpace(ch.name))
	set("auth-server", &f.AuthServer, strings.ToLower(strings.TrimSpace(ch.server)))
	set("time-zone", &f.TimeZone, ch.zone)
	set("currency", &f.Currency, ch.currency)
	set("language", &f.Language, ch.language)
	set("policy", (*string)(&f.Policy), ch.policy)
	set("public-url", &f.PublicURL, ch.public)
	if changed("track-opens") {
		f.TrackOpens = ch.opens
	}
	if changed("feedback-form") {
		f.FeedbackForm = ch.form
	}
	if changed("compare-colleagues") {
		f.CompareColleagues = ch.compare
	}
	if changed("track-clicks") {
		f.TrackClicks = ch.clicks
	}
	if changed("domain") {
		f.Domains = slices.DeleteFunc(ch.domains, func(d string) bool { return strings.TrimSpace(d) == "" })
	}
	if changed("address") {
		f.Addresses = own
	}
	if changed("relay") {
		f.Relays = relays
	}
}

func parseAddresses(list []string) ([]crm.Address, error) {
	var out []crm.Address
	for _, s := range list {
		if strings.TrimSpace(s) == "" {
			continue
		}
		a, err := crm.ParseAddress(s)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
