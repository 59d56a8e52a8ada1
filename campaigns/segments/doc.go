// Package segments counts the saved segments once a day, so that pages can show
// who came and who went.
//
// A segment is live: whoever asks who is in it gets the answer of that moment
// (package crm/segment has the language). Only movement needs a memory: who was in
// when it was counted last. The count follows the night's look at where customers
// stand, since most rules ask for that, and waits for the first of them. A segment that has been made or changed is counted within a minute,
// without movement, since it is the rule that moved.
//
// Memory is bounded by eight bytes for each customer of one segment. A count that
// ends early is done anew: what it has written already it does not find again.
package segments
