// Package standing keeps it up to date where customers stand on the loyalty
// ladder: package insight has the arithmetic, the store has orders and signs, and
// this is what brings them together.
//
// Some facts are the same for all customers: the business clock, the model of how
// they order, the typical rates of the signs ([crm.LadderFacts]). They are told
// from all orders at the beginning and then once a quarter. A clock that has
// moved by more than a fifth is not used before a person has agreed: it would move
// customers who did nothing.
//
// The standings themselves change with time alone, so each night all are found
// anew ([Service.Night]), chunk by chunk, in memory that does not grow with the
// firm; only what has changed is written. In between, customers who have ordered
// or of whom something else has come to be known are found anew at once, one by
// one ([Service.Catch]).
//
// After a night comes what may take longer ([Service.Review]). Customers whose
// orders came with a history get past standings, month by month. Who moved over a
// month, a quarter and a year is told, both days by clock and model of the first.
// And the labels of two clocks ago are held against what came since ([Trial]),
// which may lead to an offer of other weights of the signs; a person decides.
//
// The typical rates of a night are those that the night before has counted: so one
// pass over the customers is enough. The very first night makes two.
package standing
