package sheet

import "strings"

// Safe gives a cell that no spreadsheet takes for a formula: one that begins with a
// mark of a formula, or with what is dropped before one, gets an apostrophe in
// front (OWASP, CSV injection). Numbers that we make ourselves do not pass here.
func Safe(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
