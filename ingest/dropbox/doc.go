// Package dropbox is the door for mail that is sent to Kaveri on purpose, over
// SMTP or LMTP: bounces to the return paths of mailings, mail that a colleague
// copies (Bcc) or forwards, notes about a customer, and the journal of the
// firm's mail server.
//
// # Who may knock
//
// Anybody may, but what is taken from whom depends on the recipient:
//
//	b-TOKEN@         a return path of ours, from anyone: the token proves that
//	                 we wrote, and the mail is kept whatever the capture policy
//	note+TOKEN@      a note to a customer, from colleagues
//	kaveri@          a copy for the timeline, from colleagues
//	journal@         a report of the mail server, from configured networks
//
// Everything else is refused while the client is on the line: Kaveri never
// answers by mail, so nothing is sent back to those who did not write
// (backscatter).
//
// A From field proves nothing. A colleague is who has signed in (AUTH), or whose
// mail passes DKIM or SPF for the From field's own organisation; mail from a
// configured network is believed without.
//
// # What is refused
//
// Lines that end in a bare CR or LF: what one server takes for the end of a
// mail, another takes for text, and a second mail can be smuggled in between.
// More than the limits of [Options]. Loops: more than 50 Received fields.
//
// A mail is taken (250) only when the [Keeper] has it durably.
package dropbox
