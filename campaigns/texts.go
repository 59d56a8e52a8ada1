package campaigns

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"kaveri/crm"
)

// readyMailing is the mailing of a text, on the ledger, with what renders it.
type readyMailing struct {
	mailing  crm.Mailing
	renderer *Renderer
}

// text gives the mailing of a step for a member: each variant, language and writer
// has one, made when it is first needed.
func (r *Runner) text(ctx context.Context, t *turn, step *crm.Step, m *crm.Member, language string, w crm.CampaignWriter) (readyMailing, error) {
	renderer, err := r.o.Renderer(ctx)
	if err != nil {
		return readyMailing{}, err
	}
	k := crm.CampaignMailing{Campaign: t.c.ID, Version: t.version, Step: step.Name, Writer: w.Staff}
	var letter crm.Template
	k.Variant, k.Language, letter = letterFor(step, m.Variant, language, t.firm.Language)
	if ready, ok := r.mailings[k.Mark()]; ok {
		ready.renderer = renderer
		return ready, nil
	}
	made := mailingOf(t.c, t.plan, t.firm, k, w, letter, renderer)
	id, err := r.o.Store.CampaignMailing(ctx, k, made)
	if err != nil {
		return readyMailing{}, err
	}
	made.ID, made.Kind = id, crm.MailingCampaign
	if len(r.mailings) > 10_000 {
		clear(r.mailings)
	}
	r.mailings[k.Mark()] = readyMailing{mailing: made}
	return readyMailing{made, renderer}, nil
}

// letterFor chooses the text for a member: the variant that was drawn, and of its
// languages theirs, the firm's, English, or the first there is.
func letterFor(step *crm.Step, variant int, theirs, ours string) (n int, language string, t crm.Template) {
	n = variant % len(step.Letters)
	letters := step.Letters[n].Letters
	for _, l := range append([]string{theirs, ours, "en"}, slices.Sorted(maps.Keys(letters))...) {
		if t, ok := letters[l]; ok {
			return n, l, t
		}
	}
	return n, "", t
}

// mailingOf makes the mailing of a text. Who subscribes to mail is to be able to
// tell it from a colleague's own, so its address is the campaign's, and answers go
// to the colleague's real mailbox.
func mailingOf(c *crm.Campaign, p *crm.Plan, firm *crm.Firm, k crm.CampaignMailing, w crm.CampaignWriter, letter crm.Template, renderer *Renderer) crm.Mailing {
	m := crm.Mailing{Kind: crm.MailingCampaign, Name: fmt.Sprintf("%s: %s", c.Name, k.Step), Sender: p.From.Sender, Template: letter, Topic: p.Whom.Topic, Doubt: crm.DoubtHold, Staff: c.Staff,
		From: crm.Party{Name: cmp.Or(w.Name, p.From.Name, firm.Name), Address: p.From.Address}}
	switch {
	case w.Staff != 0:
		m.ReplyTo = crm.Party{Name: w.Name, Address: w.Address}
	case p.From.ReplyTo != "":
		m.ReplyTo = crm.Party{Name: p.From.Name, Address: p.From.ReplyTo}
	}
	if firm.TrackClicks && firm.PublicURL != "" && letter.HTML != "" {
		m.Links = CountedLinks(letter, renderer.links.Base)
	}
	m.Opens = firm.TrackOpens && firm.PublicURL != "" && letter.HTML != ""
	return m
}
