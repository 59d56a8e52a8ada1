package standing

import (
	"context"
	"encoding/json"

	"kaveri/crm"
	"kaveri/insight"
)

// AcceptWeights puts in use the weights of the signs that the newest [Trial]
// offers, on a person's word, and finds all standings anew. [Service.TableWeights]
// takes it back.
func (s *Service) AcceptWeights(ctx context.Context, v crm.Viewer) (crm.LadderFacts, error) {
	body, err := s.o.Store.Validity(ctx, crm.SystemViewer)
	if err != nil {
		return crm.LadderFacts{}, err
	}
	var t Trial
	if body != nil {
		if err := json.Unmarshal(body, &t); err != nil {
			return crm.LadderFacts{}, err
		}
	}
	if t.Offer == nil || !t.Offer.Better() {
		return crm.LadderFacts{}, crm.Conflict("weights: no other weights are offered")
	}
	return s.weigh(ctx, v, t.Offer.Weights[:])
}

// TableWeights puts the weights of docs/loyalty.md §8.4 in use again.
func (s *Service) TableWeights(ctx context.Context, v crm.Viewer) (crm.LadderFacts, error) {
	return s.weigh(ctx, v, nil)
}

func (s *Service) weigh(ctx context.Context, v crm.Viewer, weights []float64) (crm.LadderFacts, error) {
	f, ok, err := s.o.Store.Ladder(ctx)
	if err != nil {
		return f, err
	}
	wanted := insight.TableWeights
	if weights != nil {
		copy(wanted[:], weights)
	}
	if !ok || wanted.Weighs(f.Weights) {
		return f, crm.Conflict("weights: these are in use already")
	}
	if f.Day, err = s.today(ctx); err != nil { // on the days before, the others were in use
		return f, err
	}
	was := f.Weights
	f.Weights = weights
	if err := s.o.Store.ChangeWeights(ctx, v, f, was); err != nil {
		return f, err
	}
	return s.Night(ctx)
}

// weightsOf gives the weights that facts have in use.
func weightsOf(f *crm.LadderFacts) insight.Weights {
	w := insight.TableWeights
	if len(f.Weights) == crm.SignalCount {
		copy(w[:], f.Weights)
	}
	return w
}
