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
//	journal@         the journal of the mail server, from configured networks
//
// Everything else is refused while the client is on the line: Kaveri never
// answers by mail, so nothing is sent back to those who did not write
// (backscatter). This package has no means to send any.
//
// A From field proves nothing. A colleague is who has signed in (AUTH), or whose
// mail passes DKIM or SPF for the From field's own organisation. Mail from a
// configured network, or through a socket of this machine, is believed without,
// unless the firm's receiving server has noted in it that it is forged.
//
// A mail is kept with the trace that the last server writes (RFC 5321 §4.4):
// Return-Path, Received, and Delivered-To (RFC 9228), by which a bounce names
// its dispatch whatever its own header says. Of a journal report, the mail in
// it is kept, as it is.
//
// # What is refused
//
// Lines that end in a bare CR or LF: what one server takes for the end of a
// mail, another takes for text, and a second mail can be smuggled in between.
// More than the limits of [Options]. Loops: more than 100 Received fields.
//
// QUIRK: the library's reader drops the CR of a line that begins with dot and
// CR but does not end there. So such a line is taken, without its dot and CR. It
// ends no mail.
//
// A mail is taken (250) only when the [Keeper] has it durably. A client that
// does not hear of it sends it again, and then it is known: the same mail twice
// is one, the same note too.
//
// Start reading at session.go; take.go decides what becomes of a mail.
package dropbox
