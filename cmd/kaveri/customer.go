package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) customerCommand() *cobra.Command {
	return group("customer", "Customers and their timelines",
		p.customerListCommand(), p.customerShowCommand(), p.customerSearchCommand(), p.customerAddCommand(), p.customerSetCommand(), p.customerImportCommand(),
		p.customerMergeCommand(), p.customerUnmergeCommand(), p.customerAddressCommand())
}

// customerJSON is a line of the customers list in JSON.
type customerJSON struct {
	ID       crm.CustomerID `json:"id"`
	Name     string         `json:"name"`
	Address  crm.Address    `json:"address"`
	Contacts int            `json:"contacts"`
	Mails    int            `json:"mails"`
	Notes    int            `json:"notes"`
	LastIn   jsonTime       `json:"last_in"`
	LastOut  jsonTime       `json:"last_out"`
	Tags     []string       `json:"tags"`
	Waiting  bool           `json:"waiting"` // a mail of theirs waits for our answer
}

func (p *program) customerListCommand() *cobra.Command {
	var limit int
	var tag, as string
	c := p.reads(&cobra.Command{
		Use: "list", Short: "List customers, newest contact first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.listCustomers(c.Context(), crm.CustomerQuery{Tag: tag}, limit, as)
		},
	})
	c.Flags().StringVar(&tag, "tag", "", "only those with this tag")
	c.Flags().IntVar(&limit, "limit", 50, "how many at most; 0 is all")
	asFlag(c, &as)
	return c
}

func (p *program) customerSearchCommand() *cobra.Command {
	var limit int
	var as string
	c := p.reads(&cobra.Command{
		Use: "search WORD...", Short: "Find customers by words of their name or address", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.listCustomers(c.Context(), crm.CustomerQuery{Text: strings.Join(args, " ")}, limit, as)
		},
	})
	c.Flags().IntVar(&limit, "limit", 50, "how many at most; 0 is all")
	asFlag(c, &as)
	return c
}

func (p *program) listCustomers(ctx context.Context, q crm.CustomerQuery, limit int, as string) error {
	if limit < 0 || limit > maxRows {
		return misused("--limit: %d is out of range; choose 1 to %d, or 0 for all", limit, maxRows)
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	t := table{}
	if !p.json {
		t = p.table("ID", "NAME", "ADDRESS", "MAILS", "NOTES", "LAST IN", "LAST OUT", "WAITING")
	}
	err = eachCustomer(ctx, s, v, q, limit, func(r crm.CustomerRow) error {
		if p.json {
			return p.printJSON(customerJSON{r.ID, r.Name, r.Address, r.Contacts, r.Mails, r.Notes, jsonTime(r.LastIn), jsonTime(r.LastOut), orEmpty(r.Tags), r.Waiting()})
		}
		t.row(r.ID, r.Name, string(r.Address), r.Mails, r.Notes, r.LastIn, r.LastOut, r.Waiting())
		return nil
	})
	if err != nil || p.json {
		return err
	}
	return t.end()
}

// eachCustomer goes through the pages of the list.
func eachCustomer(ctx context.Context, s *store.Store, v crm.Viewer, q crm.CustomerQuery, limit int, do func(crm.CustomerRow) error) error {
	for n := 0; limit == 0 || n < limit; {
		q.Limit = 200
		if limit > 0 {
			q.Limit = min(q.Limit, limit-n)
		}
		rows, next, err := s.Customers(ctx, v, q)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := do(r); err != nil {
				return err
			}
		}
		n += len(rows)
		if len(rows) == 0 || next == (crm.PageKey{}) {
			return nil
		}
		q.After = next
	}
	return nil
}

func (p *program) customerAddCommand() *cobra.Command {
	var name string
	c := p.reads(&cobra.Command{
		Use: "add ADDRESS...", Short: "Add a customer by hand; mail with these addresses is captured from now on, and fetched where it was left", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.addCustomer(c.Context(), name, args) },
	})
	c.Flags().StringVar(&name, "name", "", "the customer's name (default: made from the first address)")
	return c
}

func (p *program) addCustomer(ctx context.Context, name string, addresses []string) error {
	as, err := parseAddresses(addresses)
	if err != nil {
		return err
	}
	for _, a := range as {
		if err := a.Deliverable(); err != nil {
			return err
		}
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	cu, err := s.AddCustomer(ctx, crm.SystemViewer, name, as)
	if crm.KindOf(err) == crm.KindConflict {
		return inConflict("address", "%s; kaveri customer show shows them, kaveri customer address add --shared lets several use it", sentence(err))
	}
	if err != nil {
		return err
	}
	if p.json {
		return p.printJSON(accountOf(cu))
	}
	p.printf("%s is customer %d.\n", printable(cu.Name), cu.ID)
	return nil
}

// accountJSON is a customer with its contacts in JSON.
type accountJSON struct {
	ID           crm.CustomerID     `json:"id"`
	Name         string             `json:"name"`
	Organisation crm.OrganisationID `json:"organisation"` // 0: one contact alone
	Domains      []string           `json:"domains"`      // at which everybody is of the organisation
	Owner        crm.StaffID        `json:"owner"`        // 0: nobody
	Language     string             `json:"language"`     // in which to write to it; "" when unknown
	Tags         []string           `json:"tags"`
	Created      jsonTime           `json:"created"`
	Contacts     []contactJSON      `json:"contacts"`
}

type contactJSON struct {
	ID        crm.ContactID `json:"id"`
	Name      string        `json:"name"`
	Addresses []usedJSON    `json:"addresses"`
	Phones    []string      `json:"phones"`
	Origin    string        `json:"origin"`
	Created   jsonTime      `json:"created"`
	Details   []detailJSON  `json:"details"` // that colleagues have accepted
}

type usedJSON struct {
	Address crm.Address `json:"address"`
	From    jsonTime    `json:"from"`
	Until   jsonTime    `json:"until"`
	Shared  bool        `json:"shared"`
}

func accountOf(cu crm.Customer) accountJSON {
	j := accountJSON{cu.ID, cu.Name, cu.Organisation, orEmpty(cu.Domains), cu.Owner, cu.Language, orEmpty(cu.Tags), jsonTime(cu.Created), []contactJSON{}}
	for _, c := range cu.Contacts {
		k := contactJSON{c.ID, c.Name, []usedJSON{}, orEmpty(c.Phones), c.Origin, jsonTime(c.Created), detailsOf(c.Details)}
		for _, a := range c.Addresses {
			k.Addresses = append(k.Addresses, usedJSON{a.Address, jsonTime(a.From), jsonTime(a.Until), a.Shared})
		}
		j.Contacts = append(j.Contacts, k)
	}
	return j
}

// writtenAddress reads an address that somebody writes to: one that no mail
// could reach is a slip of the pen.
func writtenAddress(s string) (crm.Address, error) {
	a, err := crm.ParseAddress(s)
	if err == nil {
		err = a.Deliverable()
	}
	return a, err
}

// customerID reads a customer's number, or finds who has the address.
func customerID(ctx context.Context, s *store.Store, v crm.Viewer, who string) (crm.CustomerID, error) {
	if !strings.Contains(who, "@") {
		id, err := crm.ParseID[crm.CustomerID]("customer", who)
		if err != nil {
			err = crm.Invalid("customer", "%q is neither a number nor an address; kaveri customer list shows both", who)
		}
		return id, err
	}
	a, err := crm.ParseAddress(who)
	if err != nil {
		return 0, err
	}
	users, err := usersOf(ctx, s, v, a)
	switch {
	case err != nil:
		return 0, err
	case len(users) == 0:
		return 0, missing("customer", "no customer has the address %s; kaveri customer search finds names too", a)
	}
	return users[0].customer.ID, nil
}

// presentCustomer finds a customer by number or address; one that was merged is
// whom it went into.
func presentCustomer(ctx context.Context, s *store.Store, v crm.Viewer, who string) (crm.CustomerID, error) {
	id, err := customerID(ctx, s, v, who)
	if err != nil {
		return 0, err
	}
	c, err := s.Customer(ctx, v, id)
	return c.ID, err
}

// addressUser is a contact with the use it makes of an address.
type addressUser struct {
	customer crm.Customer
	contact  crm.ContactID
	use      crm.ContactAddress
}

// usersOf finds the contacts that have an address.
func usersOf(ctx context.Context, s *store.Store, v crm.Viewer, a crm.Address) ([]addressUser, error) {
	var users []addressUser
	err := eachCustomer(ctx, s, v, crm.CustomerQuery{Text: string(a)}, maxRows, func(r crm.CustomerRow) error {
		cu, err := s.Customer(ctx, v, r.ID)
		for _, c := range cu.Contacts {
			for _, used := range c.Addresses {
				if used.Address == a {
					users = append(users, addressUser{cu, c.ID, used})
				}
			}
		}
		return err
	})
	return users, err
}
