// Package insight says what the history of a firm's customers tells: pure
// functions over slices. It reads no file, asks no clock and imports nothing but
// crm and the standard library; who calls it says what day it is.
//
// docs/loyalty.md defines everything here, with its sources; the sections are
// cited at each formula.
//
// # Vocabulary
//
// An order event is a calendar day with an order that counts: several orders of
// one day are one event, a refund is none. A customer's history is the ascending
// days of their events, [Histories] holds many. Of x+1 events, x are repeats; the
// models see of them no more than a [Summary]: the repeats, the days from first
// event to last (t_x), the days from the first to today (T). Silence (e) is what
// lies between the last event and today. Time is in days everywhere.
//
// # The ladder
//
// Frequency and loyalty are two axes. [Ladder.Stand] puts a customer on a rung
// from both: how steadily they order, counted in cycles of the [BusinessClock],
// and what they show of their attitude ([AttitudeOf]): full price, unprompted
// orders, answers, threads that they begin, recommendations. No data is no
// evidence, and never a penalty. Beside the rung stands the timing: whether this
// silence is long for this customer.
//
// One number carries the timing: S(e), the probability that somebody with this
// rhythm, still interested, is silent for so long. It is that of a [Model]: one
// fitted to the firm's own customers ([Cells.Fit]) or, while they are too few,
// the [Starter] prior; for those who have ordered once, the curve of the firm's
// own second orders ([KaplanMeier]), when there are enough of them.
//
// Rungs are claims, and claims are tested: [HoldAgainst] compares them with what
// came after and with the plainest baselines, [CountTransitions] shows who moved.
//
// # Baskets and campaigns
//
// [Mine] finds what is bought together; [Promotion] what an offer did to other
// products, beyond what all else did meanwhile; [OfferFinder] sees in prices when
// there was one. [Difference] and [Adjusted] say
// what a campaign brought beyond its holdout, whom [ArmOf] drew by lot; [Pool]
// puts many small ones together. Each gives an interval, and says when it cannot
// tell.
//
// # Numbers that last
//
// The published forms of these models overflow or cancel where real customers
// are: hundreds of repeats, one order only, parameters at the edge. What is done
// instead stands at each place; the tests hold it against a second way to the
// same number. Sums over many customers are taken in blocks of a fixed size, so
// that they are the same on any number of processors.
//
// Start reading at rung.go, then timing.go and model.go; for offers at baskets.go
// and promo.go, for campaigns at experiment.go.
package insight
