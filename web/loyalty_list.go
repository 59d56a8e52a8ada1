package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
	"kaveri/crm/sheet"
)

// LoyaltyListPage is the people behind a number of the ladder.
type LoyaltyListPage struct {
	Shell
	Heading string
	Sub     string
	Rungs   []SpanLink
	Timings []SpanLink
	Rows    []StandingLine
	Next    string
	Files   Files
}

// StandingLine is one of them.
type StandingLine struct {
	crm.LoyaltyRow
	Stands, Timed, Tone      string
	Since, Final, Next, Gone string // days; Gone is that from which they count as lapsed
	Spent, Value             string
}

const standingsPerPage = 50

// loyaltyQuery reads what a list is of.
func loyaltyQuery(v url.Values) (q crm.LoyaltyQuery, err error) {
	q.Limit = standingsPerPage
	for _, s := range v["rung"] {
		if q.Rungs, err = oneOf(q.Rungs, s, crm.Rungs); err != nil {
			return q, err
		}
	}
	for _, s := range v["timing"] {
		if q.Timings, err = oneOf(q.Timings, s, crm.Timings); err != nil {
			return q, err
		}
	}
	for _, s := range v["was"] {
		if q.Was, err = oneOf(q.Was, s, crm.Rungs); err != nil {
			return q, err
		}
	}
	q.Note = crm.RungNote(v.Get("note"))
	if q.Day, err = dayOf(v.Get("at")); err != nil {
		return q, err
	}
	if days := v.Get("days"); days != "" {
		if q.Span, err = strconv.Atoi(days); err != nil || !slices.Contains(crm.MoveSpans, q.Span) {
			return q, crm.Invalid("filter", "who moved is told over 30, 91 or 365 days")
		}
	}
	if after := v.Get("after"); after != "" {
		if q.After, err = strconv.ParseInt(after, 10, 64); err != nil || q.After <= 0 {
			return q, crm.Invalid("page", "this is not a page of the list; start again at its first page")
		}
	}
	return q, nil
}

// oneOf adds a word of a vocabulary.
func oneOf[T ~string](list []T, s string, of []T) ([]T, error) {
	if s == "" {
		return list, nil
	}
	if !slices.Contains(of, T(s)) {
		return nil, crm.Invalid("filter", "%q is none of them", s)
	}
	return append(list, T(s)), nil
}

// dayOf reads a day like 2026-03-31; "" is none.
func dayOf(s string) (crm.Day, error) {
	if s == "" {
		return 0, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, crm.Invalid("day", "%q is not a day; write it like 2026-03-31", s)
	}
	return crm.DayOf(t), nil
}

func (s *Server) loyaltyListPage(w http.ResponseWriter, r *http.Request, c *call) error {
	v := r.URL.Query()
	q, err := loyaltyQuery(v)
	if err != nil {
		return err
	}
	rows, next, err := s.Loyalty.Standings(r.Context(), c.viewer, q)
	if err != nil {
		return err
	}
	p := LoyaltyListPage{Heading: c.listHeading(&q), Sub: c.listSub(&q), Files: filesOf("/loyalty/list", without(v, "after").Encode())}
	p.Shell = s.shell(c, "loyalty", p.Heading)
	p.Rungs = choose(v, "rung", crm.Rungs, c.t("list.all"), c.rung)
	p.Timings = choose(v, "timing", crm.Timings, c.t("list.all"), c.timing)
	for _, row := range rows {
		p.Rows = append(p.Rows, c.standingLine(row))
	}
	if next != 0 {
		more := without(v)
		more.Set("after", strconv.FormatInt(next, 10))
		p.Next = "/loyalty/list?" + more.Encode()
	}
	s.render(w, r, c, http.StatusOK, "loyalty-list", p)
	return nil
}

// listHeading names who is listed.
func (c *call) listHeading(q *crm.LoyaltyQuery) string {
	var parts []string
	for _, r := range q.Rungs {
		parts = append(parts, c.rung(r))
	}
	if q.Note != "" && c.knownNote(q.Note) {
		parts = append(parts, c.note(q.Note))
	}
	for _, t := range q.Timings {
		parts = append(parts, c.timing(t))
	}
	if len(parts) == 0 {
		return c.t("list.everybody")
	}
	return strings.Join(parts, ", ")
}

// knownNote reports a note that has words.
func (c *call) knownNote(n crm.RungNote) bool {
	return words[Key("rung-note."+string(n))].has() || slices.ContainsFunc(crm.Rungs, func(r crm.Rung) bool { return n == crm.NoteWas(r) })
}

func (c *call) listSub(q *crm.LoyaltyQuery) string {
	var parts []string
	for _, r := range q.Was {
		if r == crm.RungContact {
			parts = append(parts, c.t("list.was-new", c.n("moves.days", q.Span)))
		} else {
			parts = append(parts, c.t("list.was", c.n("moves.days", q.Span), c.rung(r)))
		}
	}
	if q.Day != 0 {
		parts = append(parts, c.t("list.at", c.day(q.Day)))
	}
	return join(append(parts, c.t("list.order"))...)
}

// without gives the values but for some, to be changed.
func without(v url.Values, names ...string) url.Values {
	out := url.Values{}
	for k, list := range v {
		if !slices.Contains(names, k) {
			out[k] = slices.Clone(list)
		}
	}
	return out
}

// choose makes the links that set one filter and keep the others.
func choose[T ~string](v url.Values, name string, of []T, all string, word func(T) string) []SpanLink {
	to := without(v, "after", name)
	out := []SpanLink{{all, "/loyalty/list?" + to.Encode(), v.Get(name) == ""}}
	for _, s := range of {
		to.Set(name, string(s))
		out = append(out, SpanLink{word(s), "/loyalty/list?" + to.Encode(), v.Get(name) == string(s)})
	}
	return out
}

func (c *call) standingLine(row crm.LoyaltyRow) StandingLine {
	return StandingLine{LoyaltyRow: row, Stands: c.stands(row.Rung, row.Note), Timed: c.timing(row.Timing), Tone: timingTones[row.Timing],
		Since: c.day(row.Since), Final: c.day(row.Last), Next: c.day(row.Due), Gone: c.day(row.Lapsed), Spent: c.rounded(row.Spent), Value: c.rounded(row.Value)}
}

// loyaltyFile gives a whole list as a file.
func (s *Server) loyaltyFile(w http.ResponseWriter, r *http.Request, c *call) error {
	q, err := loyaltyQuery(r.URL.Query())
	if err != nil {
		return err
	}
	titles := []string{"customer", "name", "rung", "note", "timing", "since", "orders", "first", "last", "due", "overdue", "lapsed", "p_alive", "p_order_90", "spent", "value_12m", "attitude"}
	return exportPages(s, w, r, c, titles, func(ctx context.Context, after int64) ([]crm.LoyaltyRow, int64, error) {
		q.Limit = exportPage
		if after != 0 {
			q.After = after
		}
		return s.Loyalty.Standings(ctx, c.viewer, q)
	}, loyaltyRecord)
}

func loyaltyRecord(l *crm.LoyaltyRow) []sheet.Cell {
	return []sheet.Cell{sheet.Int(l.Customer), sheet.Text(l.Name), sheet.Text(l.Rung), sheet.Text(l.Note), sheet.Text(l.Timing), sheet.Day(l.Since), sheet.Int(l.Events), sheet.Day(l.First), sheet.Day(l.Last),
		sheet.Day(l.Due), sheet.Day(l.Overdue), sheet.Day(l.Lapsed), sheet.Number(l.PAlive, 4), sheet.Number(l.POrder, 4), sheet.Money(l.Spent), sheet.Money(l.Value), sheet.Number(l.Attitude.Index, 4)}
}
