package sheet

import (
	"bufio"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"

	"kaveri/crm"
)

// The caps of what a row may be, in bytes.
const (
	maxRow    = 1 << 20   // longer lines are told and passed over
	maxQuoted = 256 << 10 // of a cell over several lines; a longer one has lost its closing quote
)

// Guess is how a file was understood.
type Guess struct {
	Charset   string // UTF-8, UTF-16, windows-1252, or another that the titles show
	Assumed   bool   // nothing in the file says so
	Delimiter rune
}

// delimiters, the likelier first.
var delimiters = []struct {
	sign rune
	name string
}{{'\t', "tab"}, {';', "semicolon"}, {',', "comma"}, {'|', "bar"}}

// String gives the guess for people: "windows-1252, semicolon-separated".
func (g Guess) String() string {
	for _, d := range delimiters {
		if d.sign == g.Delimiter {
			return g.Charset + ", " + d.name + "-separated"
		}
	}
	return g.Charset
}

// Row is one row behind the titles.
type Row struct {
	Number  int      // as a spreadsheet counts; the titles are 1
	Line    int      // as an editor counts, where the row begins
	Cells   []string // none: an empty line
	Problem string   // why the row cannot be read; Cells is then its line
}

// Reader reads a table.
type Reader struct {
	known  func(title string) bool
	such   string // titles, for example
	mixed  bool   // windows-1252, with UTF-8 in some rows
	guess  Guess
	head   []string
	comma  string
	lazy   bool // quotes within a cell are only quotes
	file   *bufio.Reader
	end    byte
	line   int    // lines read
	number int    // rows given
	ahead  []line // to be read again
}

type line struct {
	text string
	long bool // longer than a row may be; text is its beginning
}

// NewReader looks through the whole file for its charset, then goes back and
// reads the titles. A file without titles is an error of kind [crm.KindInvalid].
func NewReader(f io.ReadSeeker) (*Reader, error) {
	return NewReaderKnowing(f, func(title string) bool { return kindOf(title) != Other }, "name and email")
}

// NewReaderKnowing is [NewReader] for a table whose titles are of another kind:
// delimiter and charset are those with which most of them are known. such names a
// few for people.
func NewReaderKnowing(f io.ReadSeeker, known func(title string) bool, such string) (*Reader, error) {
	s, err := scanAll(f)
	if err != nil {
		return nil, err
	}
	charset, sure, decode, err := s.charset(true)
	if err != nil {
		return nil, err
	}
	if !sure && charset == assumed {
		charset, decode = s.byTitles(known)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	from := io.Reader(f)
	if decode != nil {
		from = transform.NewReader(f, decode)
	}
	r := &Reader{known: known, such: such, mixed: charset == assumed && s.mixed(), guess: Guess{Charset: charset, Assumed: !sure}, file: bufio.NewReaderSize(from, 64<<10), end: '\n'}
	if s.feeds == 0 && s.crs > 0 {
		r.end = '\r' // as spreadsheets of old Macintoshes end lines
	}
	if b, _ := r.file.Peek(3); string(b) == "\ufeff" {
		r.file.Discard(3)
	}
	return r, r.titles()
}

// Guess says how the file was understood.
func (r *Reader) Guess() Guess { return r.guess }

// Head gives the titles, without blanks around them.
func (r *Reader) Head() []string { return r.head }

// titles reads the first row.
func (r *Reader) titles() error {
	begin, err := r.readLine()
	first := begin.text
	if errors.Is(err, io.EOF) {
		return r.noTitles()
	}
	if err != nil {
		return err
	}
	if sign, ok := strings.CutPrefix(strings.ToLower(first), "sep="); ok && utf8.RuneCountInString(sign) == 1 {
		// A line by which files tell Excel their delimiter.
		r.setDelimiter([]rune(sign)[0])
		r.number++
	} else {
		r.setDelimiter(delimiterOf(first, r.known))
		r.again([]line{begin})
	}
	row, err := r.Next()
	switch {
	case errors.Is(err, io.EOF), err == nil && len(row.Cells) == 0:
		return r.noTitles()
	case err == nil && row.Problem != "":
		return crm.Invalid("titles", "the first row, which must name the columns, cannot be read: %s", row.Problem)
	}
	for _, title := range row.Cells {
		r.head = append(r.head, strings.TrimSpace(title))
	}
	return err
}

func (r *Reader) noTitles() error {
	return crm.Invalid("titles", "the file has no header row; the first row must name the columns, such as %s", r.such)
}

func (r *Reader) setDelimiter(d rune) {
	r.guess.Delimiter, r.comma, r.lazy = d, string(d), d == '\t'
}

// delimiterOf finds the delimiter that makes most titles known ones, and of
// several the one that the line has most of, outside quotes.
func delimiterOf(head string, known func(string) bool) rune {
	best, bestScore := ',', 0
	for _, d := range delimiters {
		outside := unquoted(head)
		score := strings.Count(outside, string(d.sign))
		if score == 0 {
			continue
		}
		for title := range strings.SplitSeq(outside, string(d.sign)) {
			if known(title) {
				score += 1000
			}
		}
		if score > bestScore {
			best, bestScore = d.sign, score
		}
	}
	return best
}

// unquoted gives a line without the delimiters that stand within quotes.
func unquoted(line string) string {
	quoted := false
	return strings.Map(func(c rune) rune {
		switch {
		case c == '"':
			quoted = !quoted
			return -1
		case quoted && slices.ContainsFunc(delimiters, func(d struct {
			sign rune
			name string
		}) bool {
			return d.sign == c
		}):
			return ' '
		}
		return c
	}, line)
}

// Next gives the next row, [io.EOF] behind the last.
func (r *Reader) Next() (Row, error) {
	first, err := r.readLine()
	if err != nil {
		return Row{}, err
	}
	r.number++
	row := Row{Number: r.number, Line: r.line}
	if first.long {
		row.Problem = "it is longer than 1 MB"
	} else if !r.empty(first.text) {
		c := cutter{r: r, text: first.text}
		if row.Cells, row.Problem = c.cells(); row.Problem != "" {
			r.again(c.taken) // only the first line is bad
		} else {
			row.Problem = r.damage(row.Cells)
		}
	}
	if row.Problem != "" {
		row.Cells = []string{strings.ReplaceAll(strings.ToValidUTF8(first.text, "\uFFFD"), "\x00", "\uFFFD")}
	}
	return row, nil
}

// damage says what is wrong with the characters of a row, "" when nothing is.
func (r *Reader) damage(cells []string) string {
	for _, c := range cells {
		switch {
		case strings.IndexByte(c, 0) >= 0:
			return "it has a zero byte, as a damaged file has; export the file again"
		case !utf8.ValidString(c) || strings.ContainsRune(c, utf8.RuneError):
			return "it has characters that are damaged, or written otherwise than the rest; save the whole file as UTF-8"
		case r.mixed && twice(c):
			return "it is written in UTF-8, and the rest of the file in " + assumed + "; save the whole file as UTF-8"
		}
	}
	return ""
}

// twice reports a cell that was UTF-8 before it was decoded as windows-1252:
// "MÃ¤ki". Letters alone count, since other signs meet by chance.
func twice(cell string) bool {
	raw, err := charmap.Windows1252.NewEncoder().String(cell)
	if err != nil || !utf8.ValidString(raw) {
		return false
	}
	found := false
	for _, c := range raw {
		if c >= utf8.RuneSelf && !unicode.Is(unicode.Latin, c) {
			return false
		}
		found = found || c >= utf8.RuneSelf
	}
	return found
}

// empty reports a line without cells. In a tab-separated file blanks are cells.
func (r *Reader) empty(text string) bool {
	if r.lazy {
		return strings.Trim(text, " \r") == ""
	}
	return strings.TrimSpace(text) == ""
}

// again has lines read once more.
func (r *Reader) again(lines []line) {
	r.line -= len(lines)
	r.ahead = append(lines, r.ahead...)
}

// readLine gives the next line without its end.
func (r *Reader) readLine() (line, error) {
	if len(r.ahead) > 0 {
		l := r.ahead[0]
		r.ahead = r.ahead[1:]
		r.line++
		return l, nil
	}
	var long []byte
	for {
		b, err := r.file.ReadSlice(r.end)
		switch {
		case err == nil, errors.Is(err, io.EOF) && len(b)+len(long) > 0:
			r.line++
			if long != nil {
				b = append(long, b...)
			}
			if len(b) > maxRow {
				return line{string(b[:200]), true}, nil
			}
			return line{text: strings.TrimSuffix(strings.TrimSuffix(string(b), string(r.end)), "\r")}, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return line{}, err
		case len(long) <= maxRow: // of a longer one the beginning is enough
			long = append(long, b...)
		}
	}
}

// cutter cuts a row into cells.
type cutter struct {
	r     *Reader
	text  string // not cut yet
	taken []line // further lines of the row
	size  int
}

func (c *cutter) cells() (out []string, problem string) {
	for {
		var cell string
		var more bool
		if strings.HasPrefix(c.text, `"`) {
			cell, more, problem = c.quoted()
		} else {
			cell, c.text, more = strings.Cut(c.text, c.r.comma)
			if !c.r.lazy && strings.Contains(cell, `"`) {
				problem = "a quote stands within a cell that does not begin with one"
			}
		}
		if problem != "" {
			return nil, problem
		}
		out = append(out, cell)
		if !more {
			return out, ""
		}
	}
}

// quoted cuts a cell in quotes; more reports a delimiter behind it.
func (c *cutter) quoted() (cell string, more bool, problem string) {
	whole := c.text
	var b strings.Builder
	c.text = c.text[1:]
	for {
		i := strings.IndexByte(c.text, '"')
		if i < 0 {
			if c.next(&b) {
				continue
			}
			if c.r.lazy { // a quote like any other sign
				c.r.again(c.taken)
				c.taken = nil
				cell, c.text, more = strings.Cut(whole, c.r.comma)
				return cell, more, ""
			}
			return "", false, "a quote is not closed"
		}
		b.WriteString(c.text[:i])
		c.text = c.text[i+1:]
		if c.text == "" {
			return b.String(), false, ""
		}
		if rest, ok := strings.CutPrefix(c.text, c.r.comma); ok {
			c.text = rest
			return b.String(), true, ""
		}
		switch {
		case c.text[0] == '"':
			c.text = c.text[1:]
		case !c.r.lazy:
			return "", false, "behind a closing quote comes neither a delimiter nor the end of the line"
		}
		b.WriteByte('"')
	}
}

// next adds the rest of the line to a cell and goes on with the next line.
func (c *cutter) next(b *strings.Builder) bool {
	if c.size += len(c.text) + 1; c.size > maxQuoted {
		return false
	}
	l, err := c.r.readLine()
	if err != nil {
		return false
	}
	c.taken = append(c.taken, l)
	if l.long {
		return false
	}
	b.WriteString(c.text)
	b.WriteByte('\n')
	c.text = l.text
	return true
}
