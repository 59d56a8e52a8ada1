// Package wishes finds in what customers write the sentences that say what they
// want: wishes, preferences, problems, praise, questions about what there is,
// plans with a date, and that they go to somebody else.
//
// It proposes, and a colleague confirms; so it would rather miss a wish than
// propose what is none. Ordinary business (orders, invoices, appointments,
// thanks) says the same words, and is told apart by the phrases that a language
// pack also has.
//
// # Language packs
//
// A pack is a text file in packs, named by its language (ISO 639-1). Each line is
// a kind, a colon and a phrase:
//
//	wish: would be great if you          a wish begins so or holds this
//	question: ^ do you * in size         ^ the sentence begins here
//	not: looking forward to              no sentence with this is anything
//
// Words are compared as search compares them, without case and accents. "word-"
// stands for every word that begins so, which is how Finnish inflects; "*" for
// up to four words. A question must end with its mark, and a plan must name a
// day (see crm.FirstDay). The kinds are tried in the order of [order], and a
// sentence is of the first that fits.
//
// A new language is a new file and a line in the corpus of testdata.
//
// # Invariants
//
//   - A quote stands in the text at its place, but for its line ends, which
//     become spaces.
//   - The work is bounded: the first 32 kB, sentences of 4 to 60 words.
//
// Start reading at [Find].
package wishes
