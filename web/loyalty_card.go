package web

import (
	"net/http"
	"strconv"

	"kaveri/crm"
)

// LoyaltyCard says on a customer's page where they stand, and why.
type LoyaltyCard struct {
	StandingLine
	Rhythm   string // how steadily they order
	Overdue  string // the day from which they are
	Chance   string // of an order in the next 90 days
	Do       string // what is to be done next
	Attitude string
	Evidence []EvidenceLine
	Sum      string
	History  []HistoryLine
}

// EvidenceLine is what one signal says.
type EvidenceLine struct {
	Text, Points string
	Against      bool
}

// HistoryLine is a day from which they stood on a rung.
type HistoryLine struct {
	Day, Stands string
}

// historyShown is how many of the last rungs stand on the card.
const historyShown = 8

// loyaltyCard gathers the card; nil while it is not known where they stand, and
// of contacts of whom nothing is to be said.
func (s *Server) loyaltyCard(r *http.Request, c *call, id crm.CustomerID) (*LoyaltyCard, error) {
	l, ok, err := s.Loyalty.Loyalty(r.Context(), c.viewer, id)
	if err != nil || !ok || l.Events == 0 {
		return nil, err
	}
	st := l.Standing()
	card := &LoyaltyCard{StandingLine: c.standingLine(l), Overdue: c.day(l.Overdue), Chance: c.percent(l.POrder), Do: c.action(&st), Rhythm: c.n("card.once", 1)}
	if l.Events > 1 {
		card.Rhythm = c.t("card.rhythm", l.Events, l.Filled, l.Cycles)
	}
	c.attitude(&l.Attitude, card)
	history, err := s.Loyalty.LoyaltyHistory(r.Context(), c.viewer, id)
	if err != nil {
		return nil, err
	}
	card.History = c.history(history)
	return card, nil
}

// attitude puts the index and its arithmetic into words.
func (c *call) attitude(a *crm.Attitude, card *LoyaltyCard) {
	switch {
	case !a.Enough:
		card.Attitude = c.t("attitude.unknown")
	case a.Index >= .75:
		card.Attitude = c.t("attitude.high")
	case a.Index <= .25:
		card.Attitude = c.t("attitude.low")
	default:
		card.Attitude = c.t("attitude.between")
	}
	for _, e := range a.Evidence {
		points := e.Weight * e.Points
		card.Evidence = append(card.Evidence, EvidenceLine{c.t(Key("evidence."+e.Signal.String()), c.plain(e.Successes), c.plain(e.Of), c.percent(e.Typical)), c.signed(points), points < 0})
	}
	for _, f := range a.Facts {
		key := Key("fact." + string(f.Kind))
		words := ""
		if f.Kind == crm.FactRecommended {
			words = c.n(key, f.Count)
		} else {
			words = c.t(key)
		}
		card.Evidence = append(card.Evidence, EvidenceLine{words, c.signed(f.Points), f.Points < 0})
	}
	card.Sum = c.t("attitude.sum", c.signed(a.Points), c.decimal(a.Index, 2))
}

// plain writes a count that may have a fraction.
func (c *call) plain(f float64) string {
	return decimalComma(c.lang, strconv.FormatFloat(f, 'f', -1, 64))
}

// signed writes points of evidence.
func (c *call) signed(f float64) string {
	s := c.decimal(f, 2)
	if f < 0 {
		return "−" + s[1:]
	}
	return "+" + s
}

// history gives the rungs, the newest first; changes of timing alone are left out.
func (c *call) history(list []crm.RungChange) (out []HistoryLine) {
	var was crm.RungChange
	for i, h := range list {
		if i == 0 || h.Rung != was.Rung || h.Note != was.Note {
			out = append([]HistoryLine{{c.day(h.Day), c.stands(h.Rung, h.Note)}}, out...)
		}
		was = h
	}
	return out[:min(len(out), historyShown)]
}

// loyaltyCardPart gives the card again for a page that is open.
func (s *Server) loyaltyCardPart(w http.ResponseWriter, r *http.Request, c *call) error {
	cu, err := s.customer(r, c)
	if err != nil {
		return err
	}
	card, err := s.loyaltyCard(r, c, cu.ID)
	if err != nil {
		return err
	}
	return s.renderPart(w, r, c, "customer", "loyalty-card", CardPart{cu.ID, card})
}

// CardPart is the card in its place, which stays when there is none.
type CardPart struct {
	ID   crm.CustomerID
	Card *LoyaltyCard
}
