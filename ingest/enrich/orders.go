package enrich

import (
	"context"

	"kaveri/crm"
	"kaveri/crm/orders"
	"kaveri/ingest/parse"
)

// orderStep reads the orders of some mails and gives how many mails it looked at.
func orderStep(ctx context.Context, s Store) (int, error) {
	mails, err := s.OrderMails(ctx, batch)
	if err != nil || len(mails) == 0 {
		return 0, err
	}
	firm, err := s.Firm(ctx)
	if err != nil {
		return 0, err
	}
	for i := range mails {
		if err := s.TakeOrderMail(ctx, mails[i].ID, ordersIn(&mails[i], &firm)); err != nil {
			return i, err
		}
	}
	return len(mails), nil
}

// ordersIn reads the orders that a mail carries. They are of the address that
// wrote it, and of whom it was written to when they do not say.
func ordersIn(m *crm.OrderMail, firm *crm.Firm) []crm.Order {
	if !m.Trusted {
		return nil
	}
	list := orders.ReadMail(parse.Captured(m.Raw).HTML, m.At, firm.Zone(), firm.Currency)
	for i := range list {
		list[i].Source = string(m.Author)
		if b := m.Buyer(firm); list[i].Buyer.Anonymous() {
			list[i].Buyer = b
		}
	}
	return list
}
