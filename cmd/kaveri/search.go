package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
)

// maxRows bounds what --limit may ask for.
const maxRows = 10_000

func (p *program) searchCommand() *cobra.Command {
	var limit int
	var as string
	c := p.reads(&cobra.Command{
		Use: "search WORD...", Short: "Search mail: subjects, people, texts, names of attachments", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.search(c.Context(), strings.Join(args, " "), limit, as)
		},
	})
	c.Flags().IntVar(&limit, "limit", 20, "how many at most")
	asFlag(c, &as)
	return c
}

func checkLimit(n int) error {
	if n < 1 || n > maxRows {
		return misused("--limit: %d is out of range; choose 1 to %d", n, maxRows)
	}
	return nil
}

// mailJSON is a mail in a list, in JSON.
type mailJSON struct {
	ID           crm.MessageID      `json:"id"`
	Conversation crm.ConversationID `json:"conversation"`
	At           jsonTime           `json:"at"`
	Direction    crm.Direction      `json:"direction"`
	Class        crm.Class          `json:"class"`
	From         party              `json:"from"`
	To           []party            `json:"to"`
	Subject      string             `json:"subject"`
	Preview      string             `json:"preview"`
	Attachments  int                `json:"attachments"`
	Private      bool               `json:"private"`
	Mailboxes    []string           `json:"mailboxes"`
}

func mailOf(m crm.MailRow) mailJSON {
	return mailJSON{m.ID, m.Conversation, jsonTime(m.At), m.Direction, m.Class, partyOf(m.From), partiesOf(m.To), m.Subject, m.Preview, m.Attachments, m.Private, orEmpty(m.Through)}
}

// hitJSON is a mail found, in JSON.
type hitJSON struct {
	mailJSON
	Snippet   []snippetJSON `json:"snippet"`
	Customers []refJSON     `json:"customers"`
}

type snippetJSON struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit"`
}

type refJSON struct {
	ID   crm.CustomerID `json:"id"`
	Name string         `json:"name"`
}

func hitOf(h crm.SearchHit) hitJSON {
	j := hitJSON{mailOf(h.MailRow), []snippetJSON{}, []refJSON{}}
	for _, s := range h.Snippet {
		j.Snippet = append(j.Snippet, snippetJSON(s))
	}
	for _, c := range h.Customers {
		j.Customers = append(j.Customers, refJSON(c))
	}
	return j
}

func (p *program) search(ctx context.Context, query string, limit int, as string) error {
	if err := checkLimit(limit); err != nil {
		return err
	}
	s, v, err := p.openAs(ctx, as)
	if err != nil {
		return err
	}
	defer s.Close()
	hits, err := s.Search(ctx, v, query, limit)
	if err != nil {
		return err
	}
	if p.json {
		for _, h := range hits {
			if err := p.printJSON(hitOf(h)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(hits) == 0 {
		p.notef("nothing found\n")
		return nil
	}
	t := p.table("ID", "WHEN", "FROM", "SUBJECT", "CUSTOMER", "TEXT")
	for _, h := range hits {
		var names, text []string
		for _, c := range h.Customers {
			names = append(names, c.Name)
		}
		for _, s := range h.Snippet {
			text = append(text, s.Text)
		}
		t.row(h.ID, h.At, h.From.Display(), h.Subject, strings.Join(names, ", "), strings.Join(text, ""))
	}
	return t.end()
}
