// Package language tells in which language a person wrote a mail.
//
// Two witnesses are heard. The words that hold sentences together and those
// that begin and end letters (words.go) are few, frequent and hardly shared:
// they decide short mails, of which a firm gets most. The statistics of three
// letters (whatlanggo) need text: they are heard from eighty letters on, and
// only about the languages in which customers of a European firm write, since
// among hundreds of languages each short mail resembles some.
//
// Where the witnesses contradict each other, or one word is all there is that
// two languages share, the answer is "": unknown is better than wrong, since
// a customer is answered in the language that is found.
//
// Detection costs about a hundred times what parsing a field costs, so it is
// not part of reading a mail: ingest/enrich catches up on stored mail, and on
// the mail of each sync.
//
// # Invariants
//
//   - A text is looked at to its first 4 kB, a word to 40 bytes.
//   - The same text has the same answer.
//
// Start reading at [Of].
package language
