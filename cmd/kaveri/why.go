package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) whyCommand() *cobra.Command {
	var as string
	c := p.reads(&cobra.Command{
		Use: "why MAIL", Short: "Say why a mail (number or Message-ID) is where it is, or why it is on nobody's page", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.why(c.Context(), args[0], as) },
	})
	asFlag(c, &as)
	return c
}

// explainedJSON is a mail with what is known about where it belongs, in JSON.
type explainedJSON struct {
	Mail         mailJSON     `json:"mail"`
	MessageID    string       `json:"message_id"`
	ClassReasons []string     `json:"class_reasons"`
	Checked      bool         `json:"checked"`  // your server has looked at who sent it
	Verified     bool         `json:"verified"` // and the sender is who it claims to be
	Links        []linkJSON   `json:"links"`
	Denied       []denialJSON `json:"denied"`
	Open         []reviewJSON `json:"open"`
	Unplaced     crm.Unplaced `json:"unplaced"` // "" when it is on somebody's page
}

// linkJSON says to whom a mail belongs, and why, in JSON.
type linkJSON struct {
	Contact      namedJSON `json:"contact"`
	CustomerName string    `json:"customer_name"`
	whyJSON
	Text string `json:"text"`
}

// denialJSON says to whom a mail does not belong, in JSON.
type denialJSON struct {
	Contact      namedJSON `json:"contact"`
	CustomerName string    `json:"customer_name"`
	Staff        string    `json:"staff"`
	At           jsonTime  `json:"at"`
}

// mailID reads a mail's number, or finds the mail with a Message-ID.
func mailID(ctx context.Context, s *store.Store, v crm.Viewer, which string) (crm.MessageID, error) {
	if id := strings.Trim(which, "<> "); strings.Contains(id, "@") {
		return s.MailNamed(ctx, v, id)
	}
	id, err := crm.ParseID[crm.MessageID]("mail", which)
	if err != nil {
		err = crm.Invalid("mail", "%q is neither a number nor a Message-ID; kaveri search and kaveri customer show list mails", which)
	}
	return id, err
}

// openMail opens the store on behalf of a colleague, and reads a mail as they
// may see it.
func (p *program) openMail(ctx context.Context, which, as string) (*store.Store, crm.Viewer, crm.MailView, error) {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return nil, v, crm.MailView{}, err
	}
	id, err := mailID(ctx, s, v, which)
	if err == nil {
		var m crm.MailView
		if m, err = s.Mail(ctx, v, id); err == nil {
			return s, v, m, nil
		}
	}
	s.Close()
	return nil, v, crm.MailView{}, err
}

func (p *program) why(ctx context.Context, which, as string) error {
	s, v, m, err := p.openMail(ctx, which, as)
	if crm.KindOf(err) == crm.KindNotFound && strings.Contains(which, "@") {
		return p.whyWithheld(ctx, which, as, err)
	}
	if err != nil {
		return err
	}
	defer s.Close()
	open, err := s.MailReviews(ctx, v, m.ID)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(explained(m, open))
	}
	p.printWhy(m, open)
	return nil
}

// withheldJSON is a mail that is not stored, in JSON.
type withheldJSON struct {
	MessageID string            `json:"message_id"`
	Withheld  []withheldRowJSON `json:"withheld"`
}

type withheldRowJSON struct {
	Mailbox string   `json:"mailbox"`
	Folder  string   `json:"folder"`
	UID     uint32   `json:"uid"`
	Rule    crm.Rule `json:"rule"`
	Text    string   `json:"text"`
}

// withheldText says why a mail is not kept.
var withheldText = map[crm.Rule]string{
	crm.RuleInternal:   "only colleagues write and read it",
	crm.RuleNoCustomer: "nobody in it is a customer; it is fetched when somebody becomes one",
	crm.RuleNobody:     "it names no address",
	crm.RuleExcluded:   "its address, domain or folder is excluded",
}

// whyWithheld says why a mail is not stored; missing is what is said when it is
// not known at all.
func (p *program) whyWithheld(ctx context.Context, which, as string, missing error) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	id := strings.Trim(which, "<> ")
	rows, err := s.Withheld(ctx, v, id)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return missing
	}
	j := withheldJSON{id, nil}
	for _, r := range rows {
		j.Withheld = append(j.Withheld, withheldRowJSON{r.Mailbox, r.Folder, r.UID, r.Rule, withheldText[r.Rule]})
	}
	if p.json {
		return p.printJSON(j)
	}
	p.printf("The mail is not stored; only a keyed hash of its Message-ID is.\n")
	for _, r := range j.Withheld {
		p.printf("In %s, %s: by the rule %s, %s.\n", printable(r.Mailbox), printable(r.Folder), r.Rule, r.Text)
	}
	return nil
}

func explained(m crm.MailView, open []crm.Review) explainedJSON {
	j := explainedJSON{mailOf(m.MailRow), m.MessageID, orEmpty(m.ClassReasons), m.Checked, m.Verified, []linkJSON{}, []denialJSON{}, []reviewJSON{}, m.Unplaced(len(open) > 0)}
	for _, l := range m.Links {
		j.Links = append(j.Links, linkJSON{*named(l.Contact, l.ContactName, l.Customer), l.CustomerName, whyJSON{l.Rule, l.Evidence, l.Confidence}, whyText(l.Link, whoIs(l.ContactName, l.CustomerName))})
	}
	for _, d := range m.Denied {
		j.Denied = append(j.Denied, denialJSON{*named(d.Contact, d.ContactName, d.Customer), d.CustomerName, d.Staff, jsonTime(d.At)})
	}
	for _, q := range open {
		j.Open = append(j.Open, reviewOf(q))
	}
	return j
}

func (p *program) printWhy(m crm.MailView, open []crm.Review) {
	say := func(text string) { p.printf("%s\n", printable(text)) }
	p.printf("Mail %d, %s, %s: %s\n", m.ID, p.when(m.At), printable(m.From.Display()), printable(m.Subject))
	p.printf("Kind: %s, %s (%s)\n", m.Class, classText[m.Class], printable(strings.Join(m.ClassReasons, "; ")))
	switch {
	case m.Verified:
		say("Sender: verified by your mail server.")
	case m.Checked:
		say("Sender: not verified by your mail server; it may be somebody else.")
	}
	p.printf("\n")
	for _, l := range m.Links {
		who := whoIs(l.ContactName, l.CustomerName)
		p.printf("It belongs to %s, customer %d: by the rule %s, %s.\n  %s\n  evidence: %s\n", printable(who), l.Customer, l.Rule, sureText(l.Confidence), printable(whyText(l.Link, who)), printable(l.Evidence))
	}
	if why := m.Unplaced(len(open) > 0); why != "" {
		say(unplacedText[why])
	}
	for _, d := range m.Denied {
		by := d.Staff
		if by == "" {
			by = "an administrator"
		}
		p.printf("It does not belong to %s: %s said so, %s.\n", printable(whoIs(d.ContactName, d.CustomerName)), printable(by), p.when(d.At))
	}
	for _, q := range open {
		p.printf("\nOpen question ")
		p.printReview(q)
	}
}
