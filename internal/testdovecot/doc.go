// Package testdovecot runs a private Dovecot for tests: a real IMAP server with mailboxes that the test fills.
//
// [Start] gives a server on a free loopback port, over an empty folder of Maildirs; it and its folder go with the test,
// also when the test process is killed (package testproc). Any user that [Server.AddUser] made can sign in with the
// password [Password]; there is no TLS. As root the mail belongs to uid 5000 and Dovecot separates its processes as in
// real life; as another user everything runs under that user. Without Dovecot the test fails, it never skips.
//
// # On disk
//
// Maildir++: ROOT/user/Maildir is the INBOX, ROOT/user/Maildir/.Sent the folder Sent; levels are joined by dots and
// names written in modified UTF-7 (RFC 3501 §5.1.3), so that "Asiakkaat/Tärkeät" lies in ".Asiakkaat.T&AOQ-rke&AOQ-t".
// Over IMAP the separator is a slash. The folders Sent, Archive, Drafts, Trash and Junk carry their SPECIAL-USE
// attribute (RFC 6154) when they exist.
//
// Mail can come in three ways: [Server.Deliver] writes one file into new/, as a delivery agent does; [Server.Fill]
// writes thousands into cur/ at the speed of the disk; [Server.Append] goes over IMAP and returns the UID.
//
// # What it can do to a client
//
// [Server.Kill] ends the server as a power cut would and [Server.Restart] brings it back on the same port;
// [Server.BumpUIDValidity] makes all UIDs of a folder void. Package testproxy cuts connections in the middle.
//
// # Before and after
//
// [Server.Snapshot] reads each folder with EXAMINE and BODY.PEEK[], which change nothing: UIDs, flags and a hash of
// each mail, to show that capture has left the mailbox as it was.
package testdovecot
