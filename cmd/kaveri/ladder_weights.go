package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/insight"
	"kaveri/insight/standing"
	"kaveri/store"
)

func (p *program) ladderWeightsCommand() *cobra.Command {
	var accept, table bool
	c := p.reads(&cobra.Command{
		Use: "weights", Short: "Show what the signs of attitude weigh, and other weights where LOYAL does not prove itself", Args: cobra.NoArgs,
		Long: "Show what the signs of attitude weigh. Where LOYAL tells no more than FREQUENT, weights are learned from the firm's own customers, and offered when\n" +
			"LOYAL would prove itself by them. --accept puts them in use and finds all standings anew; --table takes them back. Both are noted.",
		RunE: func(c *cobra.Command, _ []string) error { return p.weights(c.Context(), accept, table) },
	})
	c.Flags().BoolVar(&accept, "accept", false, "put the weights that are offered in use")
	c.Flags().BoolVar(&table, "table", false, "put the usual weights in use again")
	return c
}

// weightsJSON is what the signs weigh, in JSON.
type weightsJSON struct {
	InUse   map[string]float64 `json:"in_use"`
	Table   map[string]float64 `json:"table"`
	Offer   *offerJSON         `json:"offer"` // null: none is needed, or there are too few customers
	Changes []weightChangeJSON `json:"changes"`
}

type offerJSON struct {
	Weights map[string]float64 `json:"weights"`
	Better  bool               `json:"better"` // LOYAL would prove itself: they can be accepted
	Before  proofJSON          `json:"before"`
	After   proofJSON          `json:"after"`
	Up      int                `json:"up"`   // customers who would become LOYAL
	Down    int                `json:"down"` // who would not be any more
}

type proofJSON struct {
	Loyal    *shareJSON    `json:"loyal"`
	Unproven *shareJSON    `json:"unproven"`
	Proof    insight.Proof `json:"proof"`
}

type weightChangeJSON struct {
	At      string             `json:"at"`
	Staff   crm.StaffID        `json:"staff"`
	Weights map[string]float64 `json:"weights"`
}

// weightsBySign names weights; none are those of the table.
func weightsBySign(list []float64) map[string]float64 {
	if len(list) != crm.SignalCount {
		list = insight.TableWeights[:]
	}
	out := map[string]float64{}
	for j, w := range list {
		out[crm.Signal(j).String()] = w
	}
	return out
}

func (p *program) weights(ctx context.Context, accept, table bool) error {
	if accept && table {
		return misused("--accept and --table: choose one; the first puts other weights in use, the second the usual ones")
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	f, err := ladderOf(ctx, s)
	if err != nil {
		return err
	}
	if accept || table {
		k := standing.New(standing.Options{Store: s, Log: p.log, Now: p.now})
		change := k.AcceptWeights
		if table {
			change = k.TableWeights
		}
		if f, err = change(ctx, crm.SystemViewer); err != nil {
			return err
		}
		if err := k.Review(ctx, f); err != nil {
			return err
		}
	}
	return p.printWeights(ctx, s, &f)
}

func (p *program) printWeights(ctx context.Context, s *store.Store, f *crm.LadderFacts) error {
	var t standing.Trial
	body, err := s.Validity(ctx, crm.SystemViewer)
	if err == nil && body != nil {
		err = json.Unmarshal(body, &t)
	}
	if err != nil {
		return err
	}
	changes, err := s.WeightChanges(ctx, crm.SystemViewer)
	if err != nil {
		return err
	}
	j := weightsJSON{InUse: weightsBySign(f.Weights), Table: weightsBySign(nil), Changes: []weightChangeJSON{}}
	if o := t.Offer; o != nil && !o.Weights.Weighs(f.Weights) {
		j.Offer = &offerJSON{weightsBySign(o.Weights[:]), o.Better(), proofJSONOf(&o.Before), proofJSONOf(&o.After), o.Up, o.Down}
	}
	for _, c := range changes {
		j.Changes = append(j.Changes, weightChangeJSON{c.At.UTC().Format("2006-01-02T15:04:05Z"), c.Staff, weightsBySign(c.Weights)})
	}
	if p.json {
		return p.printJSON(j)
	}
	return p.printSigns(&j, t.Offer)
}

func proofJSONOf(w *insight.WeightProof) proofJSON {
	return proofJSON{shareOf(w.Loyal), shareOf(w.Unproven), w.Proof}
}

func (p *program) printSigns(j *weightsJSON, o *insight.WeightOffer) error {
	table := p.table("SIGN", "USUAL", "IN USE", "OFFERED")
	for i := range crm.SignalCount {
		name, offered := crm.Signal(i).String(), "-"
		if j.Offer != nil && j.Offer.Better {
			offered = fmt.Sprintf("%.2f", j.Offer.Weights[name])
		}
		table.row(name, fmt.Sprintf("%.2f", j.Table[name]), fmt.Sprintf("%.2f", j.InUse[name]), offered)
	}
	if err := table.end(); err != nil {
		return err
	}
	switch {
	case j.Offer == nil:
		p.printf("No other weights are offered.\n")
		return nil
	case !j.Offer.Better:
		p.printf("Weights learned from your customers do not prove themselves either:\n")
	default:
		p.printf("Told by customers from whom they were not learned; kaveri ladder weights --accept puts them in use:\n")
	}
	for _, by := range []struct {
		name  string
		proof *insight.WeightProof
	}{{"in use ", &o.Before}, {"learned", &o.After}} {
		p.printf("  %s  LOYAL came: %s, unproven came: %s\n", by.name, shareText(by.proof.Loyal), shareText(by.proof.Unproven))
	}
	p.printf("%s would become LOYAL, %d would not be any more.\n", plural(j.Offer.Up, "customer", "customers"), j.Offer.Down)
	return nil
}

// shareText writes of how many a share is, too.
func shareText(r insight.Proportion) string {
	if r.Of == 0 {
		return "nobody"
	}
	return fmt.Sprintf("%d of %d, %s", r.Count, r.Of, rangeText(r))
}
