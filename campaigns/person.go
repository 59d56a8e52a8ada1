package campaigns

import (
	"fmt"
	"slices"
	"time"

	"kaveri/crm"
	"kaveri/insight"
)

// choosePerson chooses who of a customer gets the mail: of those who may be
// written to the one who wrote or ordered last, and says why. When nobody may, it
// gives the reason of whoever came nearest to it.
func choosePerson(e *crm.Entrant, topic string) (p crm.EntrantPerson, why string, no crm.Reason) {
	no = crm.Reason{Code: crm.ReasonNoAddress}
	best, may, nearest := -1, 0, -1
	for i := range e.People {
		q := &e.People[i]
		reason, far := refusal(q, topic)
		if far > nearest {
			nearest, no = far, reason
		}
		if reason.Code != "" {
			continue
		}
		may++
		if best < 0 || last(q).After(last(&e.People[best])) {
			best = i
		}
	}
	if best < 0 {
		return p, "", no
	}
	p = e.People[best]
	switch seen := last(&p); {
	case may == 1:
		why = "the only one who may be written to"
	case seen.IsZero():
		why = fmt.Sprintf("the first of %d who may be written to; none of them has written or ordered", may)
	case seen.Equal(p.Wrote):
		why = fmt.Sprintf("of %d who may be written to wrote last, on %s", may, seen.Format(time.DateOnly))
	default:
		why = fmt.Sprintf("of %d who may be written to ordered last, on %s", may, seen.Format(time.DateOnly))
	}
	return p, why, crm.Reason{}
}

// last is when somebody wrote or ordered last.
func last(p *crm.EntrantPerson) time.Time {
	if p.Ordered.After(p.Wrote) {
		return p.Ordered
	}
	return p.Wrote
}

// refusal says why an address is not written to, and how far it came: the reason
// of the one who came farthest is told.
func refusal(p *crm.EntrantPerson, topic string) (crm.Reason, int) {
	switch {
	case p.Address == "":
		return crm.Reason{Code: crm.ReasonNoAddress}, 0
	case p.Address.Deliverable() != nil:
		return crm.Reason{Code: crm.ReasonNoAddress, What: string(p.Address)}, 1
	case p.Shared:
		return crm.Reason{Code: crm.ReasonNoAddress, What: string(p.Address)}, 2
	case p.Suppressed != "":
		return crm.Reason{Code: crm.ReasonSuppressed, What: string(p.Suppressed)}, 3
	case !p.Consent.Given:
		return crm.Reason{Code: crm.ReasonNoConsent, What: topic}, 4
	}
	return crm.Reason{}, 5
}

// writerMemory is how far back mails say who knows a customer.
const writerMemory = 2 * 365 * 24 * time.Hour

// knownWriters finds for customers the colleague whom they know: by the share of
// the relationship (docs/loyalty.md §8.7), where each mail of a colleague in a
// conversation in which the customer wrote as well is an exchange, worth half as
// much after 90 days. So who wrote last, most and with answers counts most.
func knownWriters(written []crm.WrittenBy, able map[crm.StaffID]crm.CampaignWriter, now time.Time) map[crm.CustomerID]knownWriter {
	of := map[crm.CustomerID][]insight.Exchange{}
	for _, w := range written {
		of[w.Customer] = append(of[w.Customer], insight.Exchange{Staff: w.Staff, Days: now.Sub(w.At).Hours() / 24})
	}
	out := map[crm.CustomerID]knownWriter{}
	for c, es := range of {
		for _, rel := range insight.Relations(es) {
			if w, ok := able[rel.Staff]; ok && !w.Disabled && w.Address != "" {
				n := len(slices.DeleteFunc(slices.Clone(es), func(e insight.Exchange) bool { return e.Staff != rel.Staff }))
				out[c] = knownWriter{rel.Staff, fmt.Sprintf("%d of %d mails in shared conversations, %.0f %% of the relationship", n, len(es), 100*rel.Share)}
				break
			}
		}
	}
	return out
}

// knownWriter is a colleague, and how we know that the customer knows them.
type knownWriter struct {
	staff crm.StaffID
	why   string
}
