package web

import "kaveri/crm"

// Chart is numbers over time: a table, which chart.js draws above it. Without a
// script the table is all there is.
type Chart struct {
	ID, Title string
	Text      string // what it shows, in a sentence
	Kind      string // lines, or weeks: bars and a line with an axis of its own
	First     string // the title of the first column
	Series    []ChartSeries
	Rows      []ChartRow
}

// ChartSeries is one column of numbers.
type ChartSeries struct {
	Name string
	Tone string // its colour, see app.css
	Off  bool   // not drawn before it is asked for
}

// ChartRow is one day.
type ChartRow struct {
	At    int64 // seconds since 1970
	When  string
	Cells []ChartCell
}

// ChartCell is a number, as people read it and as it is drawn.
type ChartCell struct {
	Value float64
	Text  string
	Name  string // of its column
}

// row begins a row of a day.
func (c *call) chartRow(d crm.Day) ChartRow {
	return ChartRow{At: d.Time().Unix(), When: c.day(d)}
}

// add adds the next number.
func (r *ChartRow) add(of *Chart, value float64, text string) {
	r.Cells = append(r.Cells, ChartCell{value, text, of.Series[len(r.Cells)].Name})
}
