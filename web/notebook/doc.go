// Package notebook lays out a colleague's customers on paper: a PDF of A4 pages
// to print before the day on which the power is out.
//
// Who calls it has chosen the customers and written all texts; here they become
// lines and pages. A [Book] begins with a page that names who waits for an answer
// and at which page each letter begins; then come the customers by name, each as
// a block that is only broken when it is longer than a page. All text is black,
// of 10 points or more.
//
// # Letters
//
// The two fonts are Go Regular and Go Bold of golang.org/x/image (their licence is
// that of Go): Latin with the letters of Europe, Greek and Cyrillic. They are
// embedded as far as they are used. A character that they lack is printed as
// [Mark], so that nobody takes what is left for the whole; where one was needed,
// the last page explains it.
//
// # Two passes
//
// layout.go places every line on a page and knows nothing of PDF; the front page
// needs the numbers of the pages behind it, so it is placed last. pdf.go draws
// what was placed. Widths come from the fonts themselves, so that both agree.
//
// Start reading at [Write], then layout.go.
package notebook
