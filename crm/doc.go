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
//   - [Decide] says whether a mail is kept, to which contacts it is linked, and
//     which correspondents become customers; each answer names its [Rule].
//   - [Viewer.MaySee] is the one policy that every read passes.
//   - [Firm.Internal] says who is one of us.
//   - [ParseAddress] brings an address to the form in which it is matched.
//
// Start reading at [Message], then [Decide].
package crm
