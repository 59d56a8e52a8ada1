// Package testproc starts the real servers that tests talk to (PostgreSQL, Dovecot) and makes sure that they go away.
//
// A test process can end in ways that run no cleanup: a time limit, a panic in a goroutine, an interrupt at the
// terminal, SIGKILL. Two things must then not stay behind: the server and its folder.
//
//   - The server gets a parent-death signal (Linux, PR_SET_PDEATHSIG). The kernel sends it when the *thread* that
//     forked the child ends, so [Start] forks from a goroutine locked to a thread that lives as long as the child.
//   - The folder is watched by a small shell that waits for the end of a pipe whose other end only the test process
//     holds. When the pipe closes, for whatever reason, the shell removes the folder; see [NewDir].
//
// Servers that refuse to run as root are given to another user: [User] finds it, [NewDir] gives it the folder.
package testproc
