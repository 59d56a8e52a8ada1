// Package samplecompany runs the servers of the sample company: what `kaveri demo` connects to, as it would connect to
// anybody's mail.
//
// There is an IMAP server with a mailbox for each of the four people of [mailgen.Company], filled with the mail of
// fourteen months, and an SMTP server that accepts everything and delivers nothing. Both live in this process and
// listen on loopback only: Start refuses any other address, because the passwords protect made-up mail and nothing
// else. [Company.Run] lets new mail arrive while somebody watches; whoever holds an IDLE is told at once.
//
// The IMAP server is go-imap's, over its mailboxes in memory, with a session of ours in between (imap.go) for what
// those lack: special uses in LIST, EXAMINE that is truly read-only, a UIDVALIDITY that is new at every start (the
// mail is new as well, and a client that kept its cursors must notice), and an IDLE that cannot miss a mail.
//
// The SMTP server (smtp.go) keeps the last mails so that a page can show what would have been sent. It has limits on
// everything a client can make grow: connections, size, recipients, line length, time, and memory kept.
package samplecompany
