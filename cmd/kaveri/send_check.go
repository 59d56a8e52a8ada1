package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"kaveri/campaigns"
	"kaveri/crm"
)

// The caps of what is told about rows that are left out: the counts are whole.
const (
	maxToldRows = 100
	maxJSONRows = 1000
)

// preflight is everything that is looked at before a mailing is put on the
// ledger.
type preflight struct {
	sending sending
	letter  *campaigns.Letter
	mailing crm.Mailing
	file    io.ReadSeeker

	sender   crm.Sender
	audience *campaigns.Audience
	report   campaigns.Report
	rows     int // with cells
	leftOut  []leftOut
	counts   map[string]int // of rows left out, by problem
	out      map[int]bool   // good rows of the file that are left out all the same
	empty    int            // empty lines within the file
	notes    []string
}

// leftOut is a row that gets no mail.
type leftOut struct {
	Row     int    `json:"row"`
	Line    int    `json:"line"`
	Problem string `json:"problem"`
	Address string `json:"address"`
	Reason  string `json:"reason"`
}

// run checks all. An error is of the whole: nothing can be sent.
func (f *preflight) run(ctx context.Context, sender string) error {
	o, err := f.sending.Rendering(ctx)
	if err != nil {
		return err
	}
	r, err := campaigns.NewRenderer(o)
	if err != nil {
		return err
	}
	if f.sender, err = f.sending.Route(ctx, f.mailing.From.Address, sender); err != nil {
		return err
	}
	f.mailing.Sender = f.sender.ID
	if err := f.road(ctx); err != nil {
		return err
	}
	if o.PublicURL == "" {
		f.notes = append(f.notes, "no public address is known, so the mails bear no link to unsubscribe")
	}
	if f.audience, err = campaigns.OpenAudience(f.file); err != nil {
		return err
	}
	f.notes = append(f.notes, f.audience.Notes()...)
	if err := f.columns(o.PublicURL != "", r.Survey); err != nil {
		return err
	}
	return f.recipientsOf(ctx, r.NewCheck(&f.mailing))
}

// road tries the sender, and looks whether mail would be signed.
func (f *preflight) road(ctx context.Context) error {
	trouble, err := f.sending.Try(ctx, f.sender)
	if err != nil {
		return err
	}
	unsigned, err := f.sending.Unsigned(ctx, f.mailing.From.Address)
	for _, note := range []string{trouble, unsigned} {
		if note != "" {
			f.notes = append(f.notes, note)
		}
	}
	return err
}

// columns compares the template's fields with the columns: a field that nobody
// has is one mistake and not one for each row.
func (f *preflight) columns(linked bool, survey func(string) crm.SurveyID) error {
	var missing []string
	for _, field := range f.letter.Texts.Fields() {
		list, _, part := strings.Cut(field.Name, ".")
		link := campaigns.OwnLink(field.Name)
		switch {
		case part, link && linked, f.audience.Has(list), survey(field.Name) != 0:
		case link:
			return crm.Invalid("template", "it has %s, and no public address is known where that link could lead: kaveri firm set --public-url https://mail.example.com", field.Name)
		case field.Required:
			missing = append(missing, field.Name)
		default:
			f.notes = append(f.notes, fmt.Sprintf("no column is called %s: nobody has a value for it", field.Name))
		}
	}
	if len(missing) > 0 {
		return crm.Invalid("audience", "the template needs %s, and no column is called so; the columns are: %s", strings.Join(missing, ", "), strings.Join(f.audience.Fields(), ", "))
	}
	return nil
}

// suppressedBatch is how many addresses are asked about at once.
const suppressedBatch = 1000

// recipientsOf tries every row.
func (f *preflight) recipientsOf(ctx context.Context, check *campaigns.Check) error {
	f.counts = map[string]int{}
	var batch []campaigns.Recipient
	for {
		r, err := f.audience.Next()
		var bad *campaigns.RowError
		switch {
		case errors.Is(err, io.EOF):
			err = f.try(ctx, check, batch)
			f.report = check.Report()
			slices.SortStableFunc(f.leftOut, func(a, b leftOut) int { return cmp.Compare(a.Row, b.Row) })
			return err
		case errors.As(err, &bad) && bad.Problem == campaigns.RowEmpty:
			f.empty++
			continue
		case errors.As(err, &bad):
			f.rows++
			f.leave(leftOut{bad.Row, bad.Line, string(bad.Problem), bad.Address, bad.Text})
			continue
		case err != nil:
			return err
		}
		f.rows++
		if batch = append(batch, r); len(batch) == suppressedBatch {
			if err := f.try(ctx, check, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
}

// try asks whether recipients may be written to, and renders their mails.
func (f *preflight) try(ctx context.Context, check *campaigns.Check, batch []campaigns.Recipient) error {
	addresses := make([]crm.Address, len(batch))
	for i, r := range batch {
		addresses[i] = r.Address
	}
	stopped, err := f.sending.Suppressed(ctx, addresses, f.mailing.Topic)
	if err != nil {
		return err
	}
	for _, r := range batch {
		row := leftOut{Row: r.Row, Line: r.Line, Address: string(r.Address)}
		if s, ok := stopped[r.Address]; ok && s.Stops(f.mailing.Kind, f.mailing.Topic) {
			row.Problem, row.Reason = "suppressed", suppressedText(s)
			f.leaveGood(row)
			continue
		}
		d := r.Dispatch()
		err := check.Try(ctx, r.Row, &d)
		var wrong campaigns.ValueErrors
		switch {
		case errors.As(err, &wrong):
			row.Problem, row.Reason = string(wrong[0].Problem), wrong.Error()
			f.leaveGood(row)
		case err != nil:
			return err
		}
	}
	return nil
}

func (f *preflight) leave(row leftOut) {
	f.counts[row.Problem]++
	if len(f.leftOut) < maxJSONRows {
		f.leftOut = append(f.leftOut, row)
	}
}

// leaveGood leaves out a row that the file has no fault in.
func (f *preflight) leaveGood(row leftOut) {
	f.out[row.Row] = true
	f.leave(row)
}

// left counts the rows that get no mail.
func (f *preflight) left() int {
	n := 0
	for _, k := range f.counts {
		n += k
	}
	return n
}

// recipients reads the file a second time and gives the rows that go.
func (f *preflight) recipients() iter.Seq2[crm.Dispatch, error] {
	return func(yield func(crm.Dispatch, error) bool) {
		_, err := f.file.Seek(0, io.SeekStart)
		var a *campaigns.Audience
		if err == nil {
			a, err = campaigns.OpenAudience(f.file)
		}
		for err == nil {
			var r campaigns.Recipient
			r, err = a.Next()
			var bad *campaigns.RowError
			switch {
			case errors.As(err, &bad):
				err = nil
			case err == nil && !f.out[r.Row] && !yield(r.Dispatch(), nil):
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(crm.Dispatch{}, err)
		}
	}
}

// suppressedText says why an address is not written to.
func suppressedText(s crm.Suppression) string {
	if s.Topic != "" {
		return "they want no mailings about " + s.Topic
	}
	return map[crm.SuppressionReason]string{
		crm.SuppressedUnsubscribed: "they have unsubscribed",
		crm.SuppressedComplained:   "they have complained about a mailing",
		crm.SuppressedBounced:      "mail to the address has come back for good",
		crm.SuppressedByHand:       "a colleague said not to write there",
	}[s.Reason]
}
