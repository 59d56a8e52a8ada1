// Package sheet reads the tables that people export from spreadsheets, shops
// and other programs, and writes those that they open in them.
//
// # Reading
//
// Tables come as CSV with any of the usual delimiters, in any of the charsets
// that are in use for it.
//
// A file says neither its delimiter nor its charset, so both are guessed, and
// the guess is told ([Guess]): who reads "windows-1252, semicolon-separated" can
// tell that it is wrong. [Columns] finds what each column holds by its title, in
// English, Finnish, Swedish and German.
//
// Rows come one at a time, in memory that does not grow with the file. A row
// that cannot be read is given as such, with its place and why, and reading goes
// on behind it: an unclosed quote costs its own line, not the rest of the file.
//
// The form is that of RFC 4180, read more leniently: any delimiter, any line
// ends, and in tab-separated files quotes that are only quotes.
//
// # Writing
//
// [NewWriter] writes CSV or XLSX, row by row, straight to whoever asked. A [Cell]
// knows what it is: words of others are never a formula (CWE-1236), numbers are
// numbers and days are days. XLSX is written here, and not by one of the libraries
// for it, because a list needs so little of it: those bring the whole of the
// format, and most keep the table until its end.
package sheet
