package main

import (
	"context"
	"encoding/csv"
	"strconv"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest/signature"
)

// maxList bounds a list of customers, in bytes: a few million rows.
const maxList = 512 << 20

// importBatch is how many customers share a transaction.
const importBatch = 1000

func (p *program) customerImportCommand() *cobra.Command {
	var rejects string
	c := p.reads(&cobra.Command{
		Use: "import FILE", Short: "Import customers from CSV or TSV with a header; bad rows are kept aside, the rest imported",
		Long: "Import customers from CSV or TSV. The first row names the columns: name, email or addresses, organisation or company, phone.\n" +
			"Delimiter and charset are guessed. A customer whose address is known already gains the other addresses. FILE may be - for standard input.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.importCustomers(c.Context(), args[0], rejects) },
	})
	c.Flags().StringVar(&rejects, "rejects", "", "write the rows kept aside to this CSV file, with line and reason in front")
	return c
}

// importedJSON is what a customer import did, in JSON.
type importedJSON struct {
	Rows     int       `json:"rows"`
	Added    int       `json:"added"`
	Matched  int       `json:"matched"`
	Rejected int       `json:"rejected"`
	Read     string    `json:"read"` // how the file was understood
	Bad      []badJSON `json:"bad"`
}

type badJSON struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

func (p *program) importCustomers(ctx context.Context, file, rejects string) error {
	if rejects != "" {
		if err := mayCreate(rejects, file); err != nil {
			return err
		}
	}
	data, err := p.readFile(ctx, file, maxList)
	if err != nil {
		return err
	}
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	firm, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	list, err := readCustomers(data, firm.Internal)
	if err != nil {
		return err
	}
	for _, r := range list.rows {
		inE164(r.Phones, signature.Home(&firm))
	}
	if err := writeRejects(rejects, file, list.bad); err != nil {
		return err
	}
	j := importedJSON{Rows: list.total, Rejected: len(list.bad), Read: list.seen, Bad: []badJSON{}}
	b := p.bar("customers")
	for rest := list.rows; len(rest) > 0; {
		n := min(importBatch, len(rest))
		added, matched, err := s.ImportCustomers(ctx, crm.SystemViewer, rest[:n])
		if err != nil {
			return err
		}
		j.Added, j.Matched, rest = j.Added+added, j.Matched+matched, rest[n:]
		b.of(int64(j.Added+j.Matched), int64(len(list.rows)))
	}
	b.end()
	for _, bad := range list.bad {
		j.Bad = append(j.Bad, badJSON{bad.line, bad.reason})
		p.notef("kaveri: line %d: %s\n", bad.line, bad.reason)
	}
	if err := p.printImported(j); err != nil {
		return err
	}
	if j.Rejected > 0 {
		return partly("%s kept aside; mend and import them again", plural(j.Rejected, "row was", "rows were"))
	}
	return nil
}

// inE164 writes phones as the network does, by which they are found; what is no
// number of the firm's country, or of the one it names, stays as it is.
func inE164(phones []string, home string) {
	for i, s := range phones {
		if n, ok := signature.Number(s, home); ok {
			phones[i] = n
		}
	}
}

func (p *program) printImported(j importedJSON) error {
	if p.json {
		return p.printJSON(j)
	}
	p.printf("Read as %s.\n", j.Read)
	p.printf("%d rows: %d customers added, %d known already, %d rows kept aside.\n", j.Rows, j.Added, j.Matched, j.Rejected)
	return nil
}

// writeRejects writes what is kept aside, before the others are imported: where it
// cannot be written, nothing has been done.
func writeRejects(name, input string, bad []badRow) error {
	if name == "" || len(bad) == 0 {
		return nil
	}
	f, err := createFile(name, input)
	if err != nil {
		return err
	}
	defer f.Close()
	w := csv.NewWriter(f)
	for _, b := range bad {
		w.Write(append([]string{strconv.Itoa(b.line), b.reason}, b.cells...))
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return fileError(name, err)
	}
	return f.Close()
}
