package campaigns

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kaveri/crm"
)

// TextFields lists what texts of campaigns may name, with what it becomes for a
// customer of the sample company.
func TextFields() []crm.LetterField {
	return []crm.LetterField{
		{Name: "first_name", Example: "Dora"}, {Name: "name", Example: "Dora Dahl"}, {Name: "firm", Example: "Kaukoranta", Always: true},
		{Name: "colleague", Example: "Anna Aalto"}, {Name: "signature", Example: "Anna Aalto, Kaukoranta"},
		{Name: "last_product", Example: "Lofoten in spring"}, {Name: "last_order", Example: "2026-03-01"}, {Name: "days", Example: "265"}, {Name: "orders", Example: "2"}, {Name: "due", Example: "2026-12-10"},
		{Name: "wish", Example: "a cruise on the lake"}, {Name: "wish_topic", Example: "lake cruises"}, {Name: "rung", Example: "OCCASIONAL"}, {Name: "timing", Example: "DUE"},
		{Name: "language", Example: "en", Always: true},
	}
}

// example is somebody of whom everything is known.
func example() map[string]string {
	out := map[string]string{}
	for _, f := range TextFields() {
		out[f.Name] = f.Example
	}
	return out
}

// PreviewPeople gives some of those whom a campaign would write to now. A rule that
// cannot be read names nobody.
func (r *Runner) PreviewPeople(ctx context.Context, v crm.Viewer, id crm.CampaignID, n int) ([]crm.PreviewPerson, error) {
	c, err := r.o.Store.Campaign(ctx, v, id)
	if err != nil {
		return nil, err
	}
	if _, err := r.o.Segments.CheckRule(ctx, c.Plan.Whom.Rule); err != nil {
		return nil, nil
	}
	now := r.o.Now()
	var ids []crm.CustomerID
	for customer, err := range r.o.Segments.CustomersOf(ctx, c.Plan.Whom.Rule, now) {
		if err != nil {
			return nil, err
		}
		if ids = append(ids, customer); len(ids) == 4*n { // some of them cannot be written to
			break
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	es, err := r.o.Store.Entrants(ctx, ids, crm.EntrantsOptions{Topic: c.Plan.Whom.Topic, Since: now, Until: now})
	var out []crm.PreviewPerson
	for i := range es {
		p, _, no := choosePerson(&es[i], c.Plan.Whom.Topic)
		if no.Code == "" && len(out) < n {
			out = append(out, crm.PreviewPerson{Contact: p.Contact, Customer: es[i].Customer, Name: p.Name})
		}
	}
	return out, err
}

// PreviewLetter makes a text for somebody as a campaign would; for the zero person
// it makes an example. What is wrong with the text, or with what is known of that
// person, is told and is no error.
func (r *Runner) PreviewLetter(ctx context.Context, v crm.Viewer, id crm.CampaignID, t crm.Template, language string, who crm.PreviewPerson) (out crm.LetterPreview, err error) {
	c, err := r.o.Store.Campaign(ctx, v, id)
	if err != nil {
		return out, err
	}
	if _, err := CompileTemplate(t); err != nil {
		var wrong SyntaxErrors
		if !errors.As(err, &wrong) {
			return out, err
		}
		for _, e := range wrong {
			out.Problems = append(out.Problems, fmt.Sprintf("%d:%d: %s", e.Line, e.Col, e.Text))
		}
		return out, nil
	}
	firm, err := r.o.Store.Firm(ctx)
	if err != nil {
		return out, err
	}
	d := &crm.Dispatch{Contact: who.Contact, Address: "dora@customer.example", Name: "Dora Dahl", Fields: example()}
	if who.Contact != 0 {
		facts, err := r.o.Store.MemberFields(ctx, []crm.Member{{MemberKey: crm.MemberKey{Campaign: id, Customer: who.Customer}, Contact: who.Contact}})
		if err != nil {
			return out, err
		}
		d.Name, d.Fields = facts[0].Name, facts[0].Fields
		addWriter(d.Fields, crm.CampaignWriter{}, &c.Plan, &firm)
	}
	d.Fields["language"] = language
	renderer, err := r.o.Renderer(ctx)
	if err != nil {
		return out, err
	}
	m := mailingOf(&c, &c.Plan, &firm, crm.CampaignMailing{Campaign: id, Language: language}, crm.CampaignWriter{}, t, renderer)
	made, err := renderer.Copy(ctx, &m, d)
	var wrong ValueErrors
	if errors.As(err, &wrong) {
		for _, e := range wrong {
			if !slices.Contains(out.Missing, e.Field) {
				out.Missing = append(out.Missing, e.Field)
			}
		}
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Subject, out.HTML, out.Text, out.Bytes = made.Subject, made.HTML, made.Text, len(made.HTML)
	return out, nil
}
