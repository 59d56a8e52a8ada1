// Package crm is the domain: what Kaveri knows and the rules it decides by.
// It performs no I/O and imports no other package of ours; everything else
// may import it.
//
// # Vocabulary
//
// A contact is one human with addresses and phones. A customer is the account
// the firm does business with: a confirmed organisation with its contacts, or
// one contact alone. Links of mail, and later consent and suppression, belong
// to the contact; orders, rung and owner belong to the customer. A customer's
// timeline is the union over its contacts.
//
// A sighting is the place where a mail was seen: (folder, UIDVALIDITY, UID).
// A message is what was seen there: its identity is the SHA-256 of a canonical
// form without transport headers ([Raw.Content]), so that the copies in three
// colleagues' mailboxes are one message. A Message-ID is an index, never an
// identity: two different mails may bear the same one, one may bear none.
//
// # Rules
//
//   - [Decide] says whether a mail is kept, to which contacts it is linked,
//     which correspondents become customers, and what only a colleague can say
//     ([Review]); each answer names its [Rule]. It is asked again whenever what
//     it rests on has changed.
//   - [Viewer.MaySee] is the one policy that every read passes.
//   - [Firm.Internal] says who is one of us.
//   - [ParseAddress] brings an address to the form in which it is matched.
//   - [BaseSubject] and [Threads] say which mails are one conversation.
//   - [ExchangeOf] says what the mail with a customer comes to, and which mails
//     wait for our answer.
//   - [Standing] is where a customer stands on the ladder of loyalty; the package
//     insight says how it is told.
//
// # Threads
//
// [Threads] is Zawinski's algorithm as RFC 5256 §3 has it: a mail hangs under
// the last it refers to; mails that are not there get placeholders; what a mail
// says of itself goes before what others say of it; a link that would close a
// loop is refused. Both algorithms of the RFC are there as it has them, for
// comparison. For customers' mail Kaveri has rules of its own:
//
//   - Headers count most. All that one mail refers to is one thread, even where
//     its trees do not meet.
//   - A subject alone never joins. A reply that lost its fields joins when it
//     bears the mark of one ("Re:", "VS:"), its author has part in the mail that
//     it seems to answer, and that is not older than [DefaultSubjectGap].
//     Nobody joins a conversation of others by guessing its subject. Bulk mail
//     never joins so, list mail only when asked for: there everybody reads
//     everything, and having part says little.
//   - A new topic is marked, not cut off. People answer an old mail because the
//     address is at hand; then the subject is new, and so are the people, or
//     [DefaultTopicGap] has passed. The fields still say what was answered, and
//     they are right more often than the rule: taking such mails out of their
//     thread would lose true answers ("was: ..."), while [ThreadNode.Topic]
//     lets a page fold the tree where the matter changes.
//
// Start reading at [Message], then [Decide].
package crm
