package web

import (
	"net/http"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/insight/standing"
)

// WeightsView offers other weights of the signs, and says which are in use.
type WeightsView struct {
	Offered bool   // they can be put in use
	Text    string // what they would do, or why none are offered; "" for nothing
	Proofs  []ProofLine
	Moves   string // whom they would move
	Rows    []WeightRow
	InUse   string // that those in use are learned, since when and by whom; "" for the table's
	Past    []string
}

// ProofLine is how surely customers came, by some weights.
type ProofLine struct {
	By, Loyal, LoyalRange, Unproven, UnprovenRange string
}

// WeightRow is what one sign weighs.
type WeightRow struct{ Sign, Table, InUse, Offered string }

// weights says what was learned of the weights.
func (s *Server) weights(r *http.Request, c *call, f *crm.LadderFacts, t *standing.Trial) (WeightsView, error) {
	var v WeightsView
	changes, err := s.Loyalty.WeightChanges(r.Context(), c.viewer)
	if err != nil {
		return v, err
	}
	for i, w := range changes {
		text := c.weightChange(&w)
		if i == 0 && len(f.Weights) > 0 {
			v.InUse = text
		} else {
			v.Past = append(v.Past, text)
		}
	}
	if o := t.Offer; o != nil && !o.Weights.Weighs(f.Weights) {
		c.offer(o, &v)
	}
	if v.Offered || v.InUse != "" {
		v.Rows = c.weightRows(f, t.Offer, v.Offered)
	}
	return v, nil
}

func (c *call) weightChange(w *crm.WeightChange) string {
	name := w.Name
	if name == "" {
		name = c.t("why.administrator")
	}
	k := Key("weights.learned")
	if len(w.Weights) == 0 {
		k = "weights.table"
	}
	return c.t(k, c.clock.date(w.At.In(c.clock.loc)), name)
}

// offer puts into words what other weights would change.
func (c *call) offer(o *insight.WeightOffer, v *WeightsView) {
	v.Offered, v.Text = o.Better(), c.t("weights.no-better")
	if v.Offered {
		v.Text = c.t("weights.offered")
		v.Moves = c.t("weights.moves", o.Up, o.Down)
	}
	for _, p := range []struct {
		by    Key
		proof *insight.WeightProof
	}{{"weights.before", &o.Before}, {"weights.after", &o.After}} {
		v.Proofs = append(v.Proofs, ProofLine{c.t(p.by), c.countShare(p.proof.Loyal), c.between(p.proof.Loyal), c.countShare(p.proof.Unproven), c.between(p.proof.Unproven)})
	}
}

// countShare writes a share and of how many it is.
func (c *call) countShare(p insight.Proportion) string {
	if p.Of == 0 {
		return number(c.lang, 0)
	}
	return c.t("weights.share", c.share(p), p.Of)
}

func (c *call) weightRows(f *crm.LadderFacts, o *insight.WeightOffer, offered bool) (rows []WeightRow) {
	for j := range crm.SignalCount {
		sign := crm.Signal(j)
		row := WeightRow{Sign: c.t(Key("sign." + sign.String())), Table: c.decimal(insight.TableWeights[j], 2)}
		if len(f.Weights) == crm.SignalCount {
			row.InUse = c.decimal(f.Weights[j], 2)
		}
		if offered {
			row.Offered = c.decimal(o.Weights[j], 2)
		}
		rows = append(rows, row)
	}
	return rows
}

// acceptWeights puts the weights that are offered in use.
func (s *Server) acceptWeights(w http.ResponseWriter, r *http.Request, c *call) error {
	if _, err := s.Clock.AcceptWeights(r.Context(), c.viewer); err != nil {
		return err
	}
	return go303(w, r, "/loyalty#trial", "weights")
}

// tableWeights takes them back.
func (s *Server) tableWeights(w http.ResponseWriter, r *http.Request, c *call) error {
	if _, err := s.Clock.TableWeights(r.Context(), c.viewer); err != nil {
		return err
	}
	return go303(w, r, "/loyalty#trial", "weights-table")
}
