// Package orders reads orders as shops, cash registers and spreadsheets tell
// them, and makes [crm.Order] of them.
//
// A table has one row for an order, or one for each of its lines; which, and what
// the columns hold, its titles say, in English, Finnish, Swedish and German, or
// a [Mapping] that somebody made. How dates and decimals are written is found by
// looking at all of them ([Look]): 03.04.2026 is one day here and another there,
// and a guess from one cell is wrong half of the time. All that was guessed is told,
// so that who brings the file in can see it is wrong before anything is kept.
//
// Then the orders come one at a time ([Table.Each]), whole: lines of one order
// may lie apart in the file, and a line that cannot be read keeps its order aside
// with all of its rows, for half an order is a wrong one.
//
// Memory does not grow with the file but for sixteen bytes an order, and for the
// orders whose rows lie apart.
package orders
