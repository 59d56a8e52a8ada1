package main

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/store"
)

func (p *program) userCommand() *cobra.Command {
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List the colleagues who may sign in", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listUsers(c.Context()) },
	})
	passwd := &cobra.Command{
		Use: "passwd ADDRESS", Short: "Give a colleague a new password, read from the terminal or from standard input", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.setUserPassword(c.Context(), args[0]) },
	}
	return group("user", "The colleagues who sign in", p.userAddCommand(), list, passwd,
		p.userDisableCommand("disable", "Take away the way in of a colleague who has left; mailboxes and mail stay", true),
		p.userDisableCommand("enable", "Give it back", false))
}

func (p *program) userDisableCommand(name, short string, disabled bool) *cobra.Command {
	return &cobra.Command{
		Use: name + " ADDRESS", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.disableUser(c.Context(), args[0], disabled) },
	}
}

func (p *program) disableUser(ctx context.Context, who string, disabled bool) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	u, err := findStaff(ctx, s, "address", who)
	if err != nil {
		return err
	}
	if err := s.DisableStaff(ctx, crm.SystemViewer, u.ID, disabled); err != nil {
		return err
	}
	if disabled {
		p.printf("%s cannot sign in any more.\n", u.Address)
	} else {
		p.printf("%s may sign in again.\n", u.Address)
	}
	return nil
}

// userJSON is a colleague in JSON.
type userJSON struct {
	ID       crm.StaffID   `json:"id"`
	Name     string        `json:"name"`
	Address  crm.Address   `json:"address"`
	Role     crm.StaffRole `json:"role"`
	Language string        `json:"language"`
	Disabled bool          `json:"disabled"`
	Created  jsonTime      `json:"created"`
}

func userOf(s crm.Staff) userJSON {
	return userJSON{s.ID, s.Name, s.Address, s.Role, s.Language, s.Disabled, jsonTime(s.Created)}
}

func (p *program) userAddCommand() *cobra.Command {
	var u crm.Staff
	var role string
	c := p.reads(&cobra.Command{
		Use: "add ADDRESS", Short: "Add a colleague; the password is read from the terminal or from standard input", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			u.Role = crm.StaffRole(role)
			return p.addUser(c.Context(), args[0], u)
		},
	})
	c.Flags().StringVar(&u.Name, "name", "", "the colleague's name (default: made from the address)")
	c.Flags().StringVar(&role, "role", "", "admin or staff (default: admin for the first colleague, then staff)")
	c.Flags().StringVar(&u.Language, "language", "", "en or fi (default: the firm's)")
	return c
}

func (p *program) addUser(ctx context.Context, address string, u crm.Staff) error {
	var err error
	if u.Address, err = crm.ParseAddress(address); err != nil {
		return err
	}
	switch u.Role {
	case "", crm.StaffAdmin, crm.StaffMember:
	default:
		return crm.Invalid("role", "%q is unknown; choose admin or staff", u.Role)
	}
	switch u.Language {
	case "", "en", "fi":
	default:
		return crm.Invalid("language", "%q is not offered; choose en or fi", u.Language)
	}
	if u.Name = strings.TrimSpace(u.Name); u.Name == "" {
		u.Name = crm.NameFromAddress(u.Address)
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	staff, err := s.Staff(ctx)
	if err != nil {
		return err
	}
	for _, other := range staff {
		if other.Address == u.Address {
			return inConflict("address", "%s has an account already; kaveri user passwd gives it a new password", u.Address)
		}
	}
	if u.Role == "" {
		u.Role = crm.StaffMember
		if len(staff) == 0 {
			u.Role = crm.StaffAdmin
		}
	}
	password, err := p.newPassword(ctx, u.Address)
	if err != nil {
		return err
	}
	u.Created = p.now()
	if u, err = s.AddStaff(ctx, crm.SystemViewer, u, password); err != nil {
		return err
	}
	if p.json {
		return p.printJSON(userOf(u))
	}
	p.printf("%s <%s> may sign in as %s.\n", printable(u.Name), u.Address, u.Role)
	return nil
}

func (p *program) newPassword(ctx context.Context, a crm.Address) (string, error) {
	password, err := p.readPassword(ctx, "New password for "+string(a), true)
	if err == nil && utf8.RuneCountInString(password) < store.MinPassword {
		err = crm.Invalid("password", "the password has fewer than %d characters; take a few words", store.MinPassword)
	}
	return password, err
}

func (p *program) listUsers(ctx context.Context) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	staff, err := s.Staff(ctx)
	if err != nil {
		return err
	}
	if p.json {
		for _, u := range staff {
			if err := p.printJSON(userOf(u)); err != nil {
				return err
			}
		}
		return nil
	}
	t := p.table("ID", "NAME", "ADDRESS", "ROLE", "LANGUAGE", "DISABLED")
	for _, u := range staff {
		t.row(u.ID, u.Name, string(u.Address), string(u.Role), u.Language, u.Disabled)
	}
	return t.end()
}

func (p *program) setUserPassword(ctx context.Context, who string) error {
	s, err := p.openExisting(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	u, err := findStaff(ctx, s, "address", who)
	if err != nil {
		return err
	}
	password, err := p.newPassword(ctx, u.Address)
	if err != nil {
		return err
	}
	if err := s.SetPassword(ctx, crm.SystemViewer, u.ID, password); err != nil {
		return err
	}
	p.printf("%s has a new password.\n", u.Address)
	return nil
}

// findStaff finds a colleague by address or number.
func findStaff(ctx context.Context, s *store.Store, field, who string) (crm.Staff, error) {
	staff, err := s.Staff(ctx)
	if err != nil {
		return crm.Staff{}, err
	}
	if !strings.Contains(who, "@") {
		id, err := crm.ParseID[crm.StaffID](field, who)
		if err != nil {
			return crm.Staff{}, crm.Invalid(field, "%q is neither the address nor the number of a colleague; kaveri user list shows them", who)
		}
		for _, u := range staff {
			if u.ID == id {
				return u, nil
			}
		}
		return crm.Staff{}, &crm.Error{Kind: crm.KindNotFound, Field: field, Text: "no colleague has the number " + who + "; kaveri user list shows them"}
	}
	a, err := crm.ParseAddress(who)
	if err != nil {
		return crm.Staff{}, err
	}
	for _, u := range staff {
		if u.Address == a {
			return u, nil
		}
	}
	return crm.Staff{}, &crm.Error{Kind: crm.KindNotFound, Field: field, Text: string(a) + " is no colleague; kaveri user add makes an account"}
}

// asFlag adds --as, on whose behalf a verb reads or acts.
func asFlag(c *cobra.Command, as *string) {
	c.Flags().StringVar(as, "as", "", "read and act as this colleague (default: the first administrator)")
}

// viewer is on whose behalf the command line reads mail: the colleague named
// by --as, else the first administrator. Private mail of others stays private
// here too. Before anybody has an account there is nothing private.
func (p *program) viewer(ctx context.Context, s *store.Store, as string) (crm.Viewer, error) {
	if as != "" {
		u, err := findStaff(ctx, s, "as", as)
		return crm.ViewerOf(u), err
	}
	staff, err := s.Staff(ctx)
	if err != nil || len(staff) == 0 {
		return crm.SystemViewer, err
	}
	for _, u := range staff {
		if u.Role == crm.StaffAdmin && !u.Disabled {
			return crm.ViewerOf(u), nil
		}
	}
	return crm.ViewerOf(staff[0]), nil
}
