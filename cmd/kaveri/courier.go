package main

import (
	"context"
	"errors"
	"slices"

	"kaveri/crm"
	"kaveri/outbound"
	"kaveri/store"
	"kaveri/web"
)

// courier tries mail servers that take our mail, for the pages.
type courier struct {
	s *store.Store
	c *outbound.Courier
}

var (
	_ web.Courier = courier{}
	_ web.Ledger  = (*store.Store)(nil)
)

// TrySender signs in. One that is kept already is tried with its password, and
// what came of it is noted on it.
func (o courier) TrySender(ctx context.Context, m crm.Sender) error {
	if m.ID == 0 {
		return o.try(ctx, m)
	}
	all, err := o.s.Senders(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(k crm.Sender) bool { return k.ID == m.ID })
	if i < 0 {
		return crm.NotFound("no such sender")
	}
	err = o.try(ctx, all[i])
	state, problem := crm.SenderWell, ""
	var known *crm.Error
	switch {
	case errors.As(err, &known) && known.Kind != crm.KindUnavailable:
		state, problem = crm.SenderRefused, known.Text // somebody has to act
	case err != nil:
		state, problem = crm.SenderTrouble, sentence(err)
	}
	return errors.Join(err, o.s.SenderFares(context.WithoutCancel(ctx), m.ID, state, problem))
}

func (o courier) try(ctx context.Context, m crm.Sender) error {
	err := o.c.Try(ctx, m)
	if errors.Is(err, context.DeadlineExceeded) {
		err = crm.Unavailable(err, "%s does not answer", m.Host)
	}
	return atField(err, "host")
}
