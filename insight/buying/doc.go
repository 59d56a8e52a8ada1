// Package buying keeps it up to date what customers buy together, and measures
// what offers did: package insight has the arithmetic (docs/loyalty.md §6), the
// store has the orders, and this is what brings them together.
//
// # What is bought together
//
// Once a day, and in between when orders have come and the last look was cheap,
// the orders of two years are read once, the newest first, as sets of
// products ([Gather]), and mined ([Service.Find]). What is found is kept in the
// store as [Findings], so that no page waits for it. Time and memory are bounded:
// by the number of lines that are looked at, by the number of itemsets
// ([insight.MineUsual]), and by the number of rules that are kept.
//
// With it come the offers that can be seen: products that most of their buyers
// got below the usual price on a run of days ([insight.OfferFinder]), and the codes
// that orders bear.
//
// # What an offer did
//
// [Service.Measure] reads the orders around an offer once and compares
// ([insight.Match]). That takes seconds in a large shop, so pages ask
// [Service.Study]: one is measured at a time, in the background, and who has asked
// gets it when it is there or looks again.
package buying
