package insight

import (
	"cmp"
	"math"
	"slices"

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
	PAlive    float64
	Value     float64 // of the next 12 months, if they stay
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
