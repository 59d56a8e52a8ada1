package main

import (
	"context"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

func (p *program) tokenCommand() *cobra.Command {
	var as string
	list := p.reads(&cobra.Command{
		Use: "list", Short: "List the tokens by which programs use the API", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.listTokens(c.Context(), as) },
	})
	var scopes []string
	add := p.reads(&cobra.Command{
		Use: "add NAME --scope SCOPE", Short: "Make a token for a program; it is shown once and kept nowhere", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.addToken(c.Context(), as, args[0], scopes) },
	})
	add.Flags().StringSliceVar(&scopes, "scope", nil, "what it may do: orders:write (bring orders), orders:read (ask for one)")
	add.MarkFlagRequired("scope")
	revoke := &cobra.Command{
		Use: "revoke ID", Short: "End a token at once", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.revokeToken(c.Context(), as, args[0]) },
	}
	for _, c := range []*cobra.Command{list, add, revoke} {
		asFlag(c, &as)
	}
	return group("token", "Tokens by which programs use the API", list, add, revoke)
}

// tokenJSON is a token in JSON. Token stands only where it was just made.
type tokenJSON struct {
	ID      crm.APITokenID `json:"id"`
	Name    string         `json:"name"`
	Scopes  []crm.APIScope `json:"scopes"`
	Maker   string         `json:"maker"`
	Created jsonTime       `json:"created"`
	Used    jsonTime       `json:"used"`
	Revoked jsonTime       `json:"revoked"`
	Token   string         `json:"token,omitempty"`
}

func tokenJSONOf(t *crm.APIToken) tokenJSON {
	return tokenJSON{ID: t.ID, Name: t.Name, Scopes: t.Scopes, Maker: t.Maker, Created: jsonTime(t.Created), Used: jsonTime(t.Used), Revoked: jsonTime(t.Revoked)}
}

func (p *program) listTokens(ctx context.Context, as string) error {
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.APITokens(ctx, v)
	if err != nil {
		return err
	}
	l := p.listing("ID", "NAME", "SCOPES", "MADE BY", "CREATED", "LAST USED", "REVOKED")
	for i := range list {
		j := tokenJSONOf(&list[i])
		if err := l.entry(j, int64(j.ID), j.Name, words(j.Scopes), j.Maker, list[i].Created, list[i].Used, list[i].Revoked); err != nil {
			return err
		}
	}
	return l.end()
}

// words writes names apart by blanks.
func words[T ~string](list []T) (out string) {
	for i, s := range list {
		if i > 0 {
			out += " "
		}
		out += string(s)
	}
	return out
}

func (p *program) addToken(ctx context.Context, as, name string, scopes []string) error {
	list, err := crm.ParseAPIScopes(scopes)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	t, text, err := s.AddAPIToken(ctx, v, name, list)
	if err != nil {
		return err
	}
	if p.json {
		j := tokenJSONOf(&t)
		j.Token = text
		return p.printJSON(j)
	}
	p.printf("Token %d for %s (%s). It is shown this once; keep it as you keep a password:\n%s\n", t.ID, printable(t.Name), words(t.Scopes), text)
	return nil
}

func (p *program) revokeToken(ctx context.Context, as, number string) error {
	id, err := crm.ParseID[crm.APITokenID]("token", number)
	if err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.RevokeAPIToken(ctx, v, id); err != nil {
		return err
	}
	p.printf("Token %d is revoked.\n", id)
	return nil
}
