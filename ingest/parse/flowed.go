package parse

import "strings"

// unflow joins the lines of format=flowed text (RFC 3676 §4.1 and §4.2): a
// line that ends in a space goes on in the next one of the same quote depth;
// space-stuffing goes; the signature separator is never joined. With DelSp the
// space at the break goes too.
func unflow(s string, delSp bool) string {
	var b strings.Builder
	b.Grow(len(s))
	depth, joining := 0, false
	for first := true; s != ""; first = false {
		line, rest, _ := strings.Cut(s, "\n")
		s = rest
		d := 0
		for d < len(line) && line[d] == '>' {
			d++
		}
		text := line[d:]
		text = strings.TrimPrefix(text, " ") // stuffing
		if joining && (d != depth || text == "-- ") {
			joining = false
		}
		if !joining {
			if !first {
				b.WriteByte('\n')
			}
			for range d {
				b.WriteByte('>')
			}
			if d > 0 && text != "" {
				b.WriteByte(' ')
			}
		}
		depth = d
		joining = strings.HasSuffix(text, " ") && text != "-- "
		if joining && delSp {
			text = text[:len(text)-1]
		}
		b.WriteString(text)
	}
	return b.String()
}
