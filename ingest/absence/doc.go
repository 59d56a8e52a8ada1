// Package absence reads what automatic answers say about who gives them: away
// until a day, gone for good, and who is to be written to instead.
//
// People and their programs write this in prose, in few turns of phrase.
// [Read] looks for days in the forms of Europe (date.go) and takes the one that
// stands near a word of returning ("back on", "palaan", "zurück ab", "åter"),
// else one to which something lasts ("until", "bis", "saakka", "t.o.m.", the
// end of a range) when the mail speaks of being away. What has left and who
// stands in are found by the phrases of phrases.go. Best known are
// English, Finnish, Swedish and German; of Norwegian, Danish, Estonian, Dutch,
// French, Spanish and Italian the usual turns. A new phrase is a new row there.
//
// # Invariants
//
//   - Only automatic answers are read: in mail of people the same words speak
//     of somebody else.
//   - A day without a year is the next such day after the mail, or one that has
//     just passed: answers stay switched on for too long.
//   - The work is bounded: the first 8 kB, and for each day a dozen words.
package absence
