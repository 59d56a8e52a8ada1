package web

import (
	"strings"

	"kaveri/crm"
)

// Why says in plain words why a mail stands on a customer's timeline.
type Why struct {
	Text     string
	Evidence string
	Sure     string // how sure we are
}

// whyByAddress names the sentence of each rule that rests on an address.
var whyByAddress = map[crm.Rule]Key{
	crm.RuleReplyTo:   "why.reply-to",
	crm.RuleForwarded: "why.forwarded",
	crm.RuleBounced:   "why.bounced",
}

func (c *call) why(l crm.Link, contact string) Why {
	if contact == "" {
		contact = c.t("why.this-customer")
	}
	w := Why{Evidence: l.Evidence, Sure: c.t("why.sure", int(l.Confidence*100+0.5))}
	g := crm.GroundsOf(l.Evidence)
	switch place := Key("why.field." + g.Field); l.Rule {
	case crm.RuleByHand:
		w.Text, w.Evidence = c.t("why.by-hand", c.whoSaid(g.Value), contact), ""
	case crm.RuleExact, crm.RuleAlias:
		switch {
		case !words[place].has():
			w.Text = c.t("why.exact", contact)
		case l.Rule == crm.RuleAlias:
			w.Text = c.t("why.alias", g.Value, c.t(place), contact)
		default:
			w.Text = c.t("why.exact-field", g.Value, c.t(place), contact)
		}
	case crm.RuleReplyTo, crm.RuleForwarded, crm.RuleBounced:
		w.Text = c.t(whyByAddress[l.Rule], g.Value, contact)
	case crm.RuleThread:
		w.Text = join(c.t("why.thread", contact), c.proof(g))
	default:
		w.Text = c.t("why.rule", string(l.Rule))
	}
	if g.Shared {
		w.Text = join(w.Text, c.t("why.shared"))
	}
	return w
}

// proof says what shows that a mail belongs to the thread it answers.
func (c *call) proof(g crm.Grounds) string {
	switch g.Proof {
	case "":
		return ""
	case crm.ProofAuthor, crm.ProofQuote:
		return c.t(Key("proof." + string(g.Proof)))
	}
	return c.t(Key("proof."+string(g.Proof)), g.Detail)
}

// whoSaid names the colleague of the evidence "said by ...".
func (c *call) whoSaid(evidence string) string {
	name := strings.TrimPrefix(evidence, "said by ")
	if name == "" || name == "an administrator" {
		return c.t("why.administrator")
	}
	return name
}

// join puts sentences after one another.
func join(sentences ...string) string { return strings.TrimSpace(strings.Join(sentences, " ")) }
