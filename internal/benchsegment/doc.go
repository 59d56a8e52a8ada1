// Command benchsegment measures how fast segments are counted and read: "make
// bench-segment", over 100,000 customers with a million orders, or ten times as
// many with KAVERI_CUSTOMERS=1000000.
//
// The firm is generated: what its customers bought, wished and wrote is drawn so
// that rungs, groups of products and silences have plausible shares, and its
// orders lie in the database by their day, those of one customer far apart, as
// they do when they come in day by day. The file is written at the end of its
// making under its name, so one that was cut short is begun anew, and one that is
// there is used again.
//
// Start reading at main.go.
package main
