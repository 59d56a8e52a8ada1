// Package housetest holds the house rules of Kaveri's tree as checks that run with the tests.
//
// Each rule is a function from a [Tree] (paths and contents) to complaints, sentences that say where and what to do.
// The test runs them all on the real tree, and each on a small bad tree that it must complain about: a rule that can no
// longer fail is worse than none.
//
//	Imports      who may import whom (the table in imports.go)
//	Names        folders and packages that must not be called so
//	Embeds       what go:embed needs is in a fresh checkout
//	Essays       a doc.go with a package comment in every package
//	Documented   a comment on every exported name
//	FileLength   no Go file above 800 lines
//	Leaks        no package registry host, no path of somebody's machine
//	Skips        no skipped test, except where testing.Short() asks for it
//	NotesStay    colleagues' notes have no way into a mail
//	Standards    docs/standards.md and the RFCs that the code cites agree
//
// A rule that does not exist here is not a rule of the house; one that gets in the way is changed here, with its reason.
package housetest
