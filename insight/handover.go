package insight

import (
	"cmp"
	"math"
	"slices"
	"time"

	"kaveri/crm"
)

// exchangeHalfLife is the time in days in which an exchange loses half its
// weight.
const exchangeHalfLife = 90

// Exchange is a two-way exchange of a colleague with a customer: somebody wrote
// or called, and was answered.
type Exchange struct {
	Staff crm.StaffID
	Days  float64 // ago
}

// Exchanges gives the two-way exchanges among contacts: what went one way tells of
// no relationship.
func Exchanges(talks []crm.Talk, now time.Time) (out []Exchange) {
	for _, t := range talks {
		if t.Answered {
			out = append(out, Exchange{t.Staff, now.Sub(t.At).Hours() / 24})
		}
	}
	return out
}

// Keeper gives who of these colleagues corresponds most with a customer: who has
// the largest part in the exchanges or, while there were none, in what went one
// way. 0: nobody does.
func Keeper(talks []crm.Talk, now time.Time, among func(crm.StaffID) bool) crm.StaffID {
	var one, two []Exchange
	for _, t := range talks {
		switch e := (Exchange{t.Staff, now.Sub(t.At).Hours() / 24}); {
		case !among(t.Staff):
		case t.Answered:
			two = append(two, e)
		default:
			one = append(one, e)
		}
	}
	for _, list := range [][]Exchange{two, one} {
		if relations := Relations(list); len(relations) > 0 {
			return relations[0].Staff
		}
	}
	return 0
}

// Relation is a colleague's part in the relationship with a customer.
type Relation struct {
	Staff  crm.StaffID
	Weight float64 // sum of 2^(-age/90)
	Share  float64 // of the weights of all colleagues
}

// Relations gives the parts of all colleagues, the largest first
// (docs/loyalty.md §8.7).
func Relations(exchanges []Exchange) []Relation {
	weights := map[crm.StaffID]float64{}
	sum := 0.0
	for _, e := range exchanges {
		w := math.Exp2(-math.Max(0, e.Days) / exchangeHalfLife)
		weights[e.Staff] += w
		sum += w
	}
	var list []Relation
	for staff, w := range weights {
		list = append(list, Relation{staff, w, w / sum})
	}
	slices.SortFunc(list, func(a, b Relation) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Staff, b.Staff))
	})
	return list
}

// Leaving is what is at stake with one customer when a colleague leaves.
type Leaving struct {
	Customer  crm.CustomerID
	Share     float64     // of the relationship
	AtRisk    float64     // share x P(alive) x value of 12 months
	Successor crm.StaffID // with the next largest share; 0: nobody else knows them
}

// LeaverAccount is a customer of somebody who leaves.
type LeaverAccount struct {
	Customer  crm.CustomerID
	Exchanges []Exchange
	PAlive    float64 // probability that they order again
	Value     float64 // of the next 12 months, if they stay
}

// LeaverAccountOf makes one of what the ladder knows. The value that it awaits of
// a customer has the probability that they order again in it already; taken out,
// it is that of one who stays.
func LeaverAccountOf(l *crm.LoyaltyRow, exchanges []Exchange) LeaverAccount {
	a := LeaverAccount{Customer: l.Customer, Exchanges: exchanges, PAlive: l.PAlive}
	if l.PAlive > 0 {
		a.Value = l.Value.Float() / l.PAlive
	}
	return a
}

// AtStake gives what hangs on the colleague who knows a customer best: their part
// in the relationship, and the value at risk if they left.
func AtStake(a *LeaverAccount) (best Relation, atRisk float64) {
	relations := Relations(a.Exchanges)
	if len(relations) == 0 {
		return Relation{}, 0
	}
	return relations[0], relations[0].Share * a.PAlive * a.Value
}

// Handover lists the customers of a leaver by value at risk, the largest first.
// Those whom the leaver never exchanged a word with are left out.
func Handover(leaver crm.StaffID, accounts []LeaverAccount) []Leaving {
	var list []Leaving
	for _, a := range accounts {
		relations := Relations(a.Exchanges)
		at := slices.IndexFunc(relations, func(r Relation) bool { return r.Staff == leaver })
		if at < 0 {
			continue
		}
		l := Leaving{Customer: a.Customer, Share: relations[at].Share}
		l.AtRisk = l.Share * a.PAlive * a.Value
		for _, r := range relations {
			if r.Staff != leaver {
				l.Successor = r.Staff
				break
			}
		}
		list = append(list, l)
	}
	slices.SortStableFunc(list, func(a, b Leaving) int {
		return cmp.Or(cmp.Compare(b.AtRisk, a.AtRisk), cmp.Compare(a.Customer, b.Customer))
	})
	return list
}
