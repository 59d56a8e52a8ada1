package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
	"kaveri/web"
)

func (p *program) orderCommand() *cobra.Command {
	var customer string
	var nobody bool
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List orders, the newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listOrders(c.Context(), customer, nobody) },
	})
	list.Flags().StringVar(&customer, "customer", "", "only those of this customer, by number or address")
	list.Flags().BoolVar(&nobody, "nobody", false, "only those of which it is not known whose they are")
	show := p.reads(&cobra.Command{
		Use: "show ID", Short: "Show an order with its lines, and why it is whose it is", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.showOrder(c.Context(), args[0]) },
	})
	var as, to string
	assign := &cobra.Command{
		Use: "assign ID --to CUSTOMER", Short: "Say whose an order is; it outranks the rules", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.assignOrder(c.Context(), as, args[0], to) },
	}
	assign.Flags().StringVar(&to, "to", "", "the customer, by number or address; 0 for nobody")
	assign.MarkFlagRequired("to")
	asFlag(assign, &as)
	imports := p.reads(&cobra.Command{
		Use: "imports", Short: "List the files of orders that were imported", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listOrderImports(c.Context()) },
	})
	undo := p.reads(&cobra.Command{
		Use: "undo IMPORT", Short: "Take an imported file of orders back; what it replaced is as it was before", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.undoOrderImport(c.Context(), args[0]) },
	})
	return group("order", "Orders: what customers bought", list, show, assign, imports, undo)
}

// orderJSON is an order in JSON: as programs get it, and whose it is by which rule.
type orderJSON struct {
	web.APIOrder
	Contact  crm.ContactID `json:"contact"`
	Rule     crm.Rule      `json:"rule"`
	Evidence string        `json:"evidence"`
	Buyer    buyerJSON     `json:"buyer"`
}

type buyerJSON struct {
	Number  string      `json:"number"`
	Name    string      `json:"name"`
	Address crm.Address `json:"address"`
	Phone   string      `json:"phone"`
}

func orderJSONOf(o *crm.Order) orderJSON {
	return orderJSON{web.APIOrderOf(o), o.Contact, o.Rule, o.Evidence, buyerJSON(o.Buyer)}
}

func (p *program) listOrders(ctx context.Context, customer string, nobody bool) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	q := store.OrderQuery{Nobody: nobody, Limit: 500}
	if customer != "" {
		if q.Customer, err = presentCustomer(ctx, s, crm.SystemViewer, customer); err != nil {
			return err
		}
	}
	l := p.listing("ID", "NUMBER", "DATE", "CUSTOMER", "BUYER", "TOTAL", "NET")
	for {
		list, next, err := s.Orders(ctx, crm.SystemViewer, q)
		if err != nil {
			return err
		}
		for i := range list {
			j := orderJSONOf(&list[i])
			if err := l.entry(j, int64(j.ID), j.Number, p.dayOf(list[i].At), int64(j.Customer), list[i].Buyer.Display(), j.Total+" "+j.Currency, j.Net); err != nil {
				return err
			}
		}
		if q.After = next; next == (crm.PageKey{}) {
			break
		}
	}
	return l.end()
}

func (p *program) showOrder(ctx context.Context, order string) error {
	id, err := crm.ParseID[crm.OrderID]("order", order)
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	o, err := s.Order(ctx, crm.SystemViewer, id)
	if err != nil {
		return err
	}
	j := orderJSONOf(&o)
	if p.json {
		return p.printJSON(j)
	}
	p.printf("Order %s of %s, %s: %s %s, net %s.\nCustomer %d (%s, %s).\n", printable(j.Number), printable(j.Source), p.when(o.At), j.Total, j.Currency, j.Net, j.Customer, j.Rule, printable(j.Evidence))
	t := p.table("PRODUCT", "NAME", "QUANTITY", "TOTAL", "DISCOUNT")
	for _, l := range j.Lines {
		t.row(l.SKU, l.Name, l.Quantity, l.Total, l.Discount)
	}
	return t.end()
}

func (p *program) assignOrder(ctx context.Context, as, order, to string) error {
	id, err := crm.ParseID[crm.OrderID]("order", order)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	var customer crm.CustomerID
	if to != "0" {
		if customer, err = presentCustomer(ctx, s, v, to); err != nil {
			return err
		}
	}
	if err := s.AssignOrder(ctx, v, id, customer, 0); err != nil {
		return err
	}
	if customer == 0 {
		p.printf("Order %d is nobody's.\n", id)
		return nil
	}
	p.printf("Order %d is customer %d's.\n", id, customer)
	return nil
}

// orderImportRowJSON is an imported file of orders in JSON.
type orderImportRowJSON struct {
	ID       crm.ImportID `json:"id"`
	Source   string       `json:"source"`
	File     string       `json:"file"`
	Added    int          `json:"added"`
	Replaced int          `json:"replaced"`
	At       jsonTime     `json:"at"`
	Undone   jsonTime     `json:"undone"`
}

func (p *program) listOrderImports(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.OrderImports(ctx, crm.SystemViewer)
	if err != nil {
		return err
	}
	l := p.listing("IMPORT", "SOURCE", "FILE", "ADDED", "REPLACED", "AT", "TAKEN BACK")
	for _, i := range list {
		if err := l.entry(orderImportRowJSON{i.ID, i.Source, i.Name, i.Added, i.Replaced, jsonTime(i.At), jsonTime(i.Undone)}, int64(i.ID), i.Source, i.Name, i.Added, i.Replaced, i.At, i.Undone); err != nil {
			return err
		}
	}
	return l.end()
}

func (p *program) undoOrderImport(ctx context.Context, number string) error {
	id, err := crm.ParseID[crm.ImportID]("import", number)
	if err != nil {
		return err
	}
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	orders, customers, err := s.UndoOrderImport(ctx, crm.SystemViewer, id)
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(struct {
			Orders    int `json:"orders"`
			Customers int `json:"customers"`
		}{orders, customers})
	}
	p.printf("%s taken back, and %s made for them.\n", plural(orders, "order was", "orders were"), plural(customers, "customer that was", "customers that were"))
	return nil
}
