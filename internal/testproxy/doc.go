// Package testproxy stands between a client and a real server and breaks the connection as networks do.
//
// [Start] listens on a free loopback port and forwards both ways. A test can then
//
//   - cut the line now ([Proxy.CutAll]) or after a number of bytes from the server ([Proxy.CutAfter], and again and
//     again with [Proxy.CutEach]): the client sees a reset in the middle of whatever was being sent, as after a router
//     restart, not an orderly end of the protocol;
//   - let it go quiet without closing it ([Proxy.Stall]), as a mobile network or a forgetful NAT does: only a deadline
//     of the client's own gets it out;
//   - refuse new connections ([Proxy.Refuse]), as a server does while it restarts.
//
// The count of bytes that CutAfter takes is over all connections, in the direction server to client. The cut falls
// exactly after the byte, so a sequence of counts from a seeded generator gives the same cuts at the same bytes in
// each run, as far as the client's own order of requests is the same.
package testproxy
