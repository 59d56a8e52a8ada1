package housetest

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// standardsFile is the table of standards: | RFC | title | status | package | note |.
const standardsFile = "docs/standards.md"

var citation = regexp.MustCompile(`\bRFC[ -]?(\d{3,5})\b`)

// standard is one row of the table.
type standard struct {
	line   int
	status string
	where  string
}

// Standards checks that the table has a row for each RFC that Go code cites, and that what it claims to follow
// ("yes") is cited by product code, where the rule is followed.
func Standards(t *Tree) []string {
	table, complaints := readStandards(t)
	cited, inProduct := citations(t)
	for _, rfc := range slices.Sorted(maps.Keys(cited)) {
		if _, ok := table[rfc]; !ok {
			complaints = append(complaints, fmt.Sprintf("%s: no row for RFC %d, which is cited in %s", standardsFile, rfc, strings.Join(cited[rfc], ", ")))
		}
	}
	for _, rfc := range slices.Sorted(maps.Keys(table)) {
		if row := table[rfc]; row.status == "yes" && !inProduct[rfc] {
			complaints = append(complaints, fmt.Sprintf("%s:%d: RFC %d has the status yes, but no product code cites it", standardsFile, row.line, rfc))
		}
	}
	return complaints
}

func readStandards(t *Tree) (map[int]standard, []string) {
	content, ok := t.Files[standardsFile]
	if !ok {
		return nil, []string{standardsFile + " is missing"}
	}
	table := map[int]standard{}
	var complaints []string
	complain := func(line int, format string, args ...any) {
		complaints = append(complaints, fmt.Sprintf("%s:%d: ", standardsFile, line)+fmt.Sprintf(format, args...))
	}
	for i, text := range strings.Split(string(content), "\n") {
		cells := strings.Split(strings.Trim(strings.TrimSpace(text), "|"), "|")
		rfc, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if !strings.HasPrefix(text, "|") || err != nil {
			continue // prose, the header, or the line beneath it
		}
		if len(cells) != 5 {
			complain(i+1, "%d columns; RFC, title, status, package and note are 5", len(cells))
			continue
		}
		row := standard{line: i + 1, status: strings.TrimSpace(cells[2]), where: strings.TrimSpace(cells[3])}
		if !slices.Contains([]string{"yes", "partial", "no"}, row.status) {
			complain(i+1, "the status of RFC %d is %q; yes, partial or no", rfc, row.status)
		}
		if row.status != "no" && row.where == "" {
			complain(i+1, "RFC %d is followed (%s), and no package is named", rfc, row.status)
		}
		if _, twice := table[rfc]; twice {
			complain(i+1, "RFC %d has a row already", rfc)
		}
		table[rfc] = row
	}
	return table, complaints
}

// citations gives the RFCs that Go files cite with the files, and which of them product code cites.
func citations(t *Tree) (cited map[int][]string, inProduct map[int]bool) {
	cited, inProduct = map[int][]string{}, map[int]bool{}
	for name := range t.goFiles {
		for _, m := range citation.FindAllStringSubmatch(string(t.Files[name]), -1) {
			rfc, err := strconv.Atoi(m[1])
			if err != nil {
				continue // five digits always fit
			}
			if !slices.Contains(cited[rfc], name) {
				cited[rfc] = append(cited[rfc], name)
			}
			if !isTest(name) && !within(path.Dir(name), "internal") {
				inProduct[rfc] = true
			}
		}
	}
	return cited, inProduct
}
