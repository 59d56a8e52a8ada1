package outbound

import (
	"fmt"

	"kaveri/crm"
)

// prepare looks at everything that is to leave before any of it does, and
// reports whether there is something to send. What it finds wrong is a fault of
// ours, at [crm.StageRender], or at a later stage what this server cannot take.
func (t *transaction) prepare(to Envelope) bool {
	c, err := examine(t.mail)
	if err != nil {
		t.unfit(crm.StageRender, fmt.Sprintf("the mail was not sent: %s", err), crm.BounceContentError, err)
		return false
	}
	if len(to.To) > maxRecipients {
		t.unfit(crm.StageRender, fmt.Sprintf("the mail has more than %d recipients", maxRecipients), crm.BounceSyntaxError, nil)
		return false
	}
	if !t.addresses(to) || !t.offered(c) {
		return false
	}
	if c.dots || c.endless {
		t.s.body = transparent(t.s.body[:0], t.mail)
		t.mail = t.s.body
	}
	t.declared = c.size
	return true
}

// addresses writes the paths of the envelope. A recipient with an address that
// is none fails by itself.
func (t *transaction) addresses(to Envelope) bool {
	s := t.s
	s.from = ""
	if to.From != "" {
		from, wide, err := path(to.From)
		if err != nil {
			t.unfit(crm.StageRender, fmt.Sprintf("the return path is no address: %s", err), crm.BounceSyntaxError, err)
			return false
		}
		s.from, t.wide = from, wide
	}
	for i, address := range to.To {
		p, wide, err := path(address)
		stage, reason := crm.StageRender, ""
		switch {
		case err != nil:
			reason = fmt.Sprintf("that is no address: %s", err)
		case wide && !s.offers.wide():
			stage, reason = crm.StageRcpt, fmt.Sprintf("%s does not take addresses whose name is not ASCII (SMTPUTF8)", s.Server)
		}
		if reason != "" {
			p = ""
			t.strike(i, unfit(stage, reason, crm.BounceSyntaxError, err))
		}
		t.paths = append(t.paths, p)
		t.wide = t.wide || wide && p != ""
	}
	return len(t.open) > 0
}

// offered compares what the mail needs with what the server offers.
func (t *transaction) offered(c content) bool {
	o := &t.s.offers
	t.wide = t.wide || c.wide
	t.eight = c.eight || c.wide
	switch {
	case t.wide && !o.wide():
		t.unfit(crm.StageMail, fmt.Sprintf("%s does not take mail from, or with a header of, other letters than ASCII (SMTPUTF8)", t.s.Server), crm.BounceContentError, nil)
	case t.eight && !o.eight:
		t.unfit(crm.StageMail, fmt.Sprintf("%s takes ASCII only, and the mail has other bytes (8BITMIME)", t.s.Server), crm.BounceContentError, nil)
	case o.size > 0 && c.size > o.size: // RFC 1870 §6.1
		t.unfit(crm.StageMail, fmt.Sprintf("the mail has %d bytes, and %s takes %d", c.size, t.s.Server, o.size), crm.BounceMesgTooBig, nil)
	default:
		return true
	}
	return false
}

// wide reports SMTPUTF8, which is worth nothing without 8BITMIME (RFC 6531
// §3.1).
func (o *offers) wide() bool { return o.utf8 && o.eight }

// unfit ends the transaction before anything was said. The recipients are not
// at fault, so none is suppressed.
func (t *transaction) unfit(stage crm.Stage, reason string, why crm.BounceReason, err error) {
	for _, i := range t.open {
		t.out[i] = unfit(stage, reason, why, err)
	}
}

func unfit(stage crm.Stage, reason string, why crm.BounceReason, err error) Outcome {
	return Outcome{State: crm.Failed, Stage: stage, Reason: reason, Err: err, Refusal: crm.Refusal{State: crm.Failed, Reason: why}}
}
