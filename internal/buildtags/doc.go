// Package buildtags makes a build without Kaveri's build tags fail at once, with a sentence that says what to do.
//
// SQLite's full-text search and its mathematical functions are compiled into the embedded engine only when the build
// tags sqlite_fts5 and sqlite_math_functions are set. Without them everything would compile, and Kaveri would fail at
// the first search, on the machine of somebody else. So the packages that need them (store, cmd/kaveri) import this one
// for its side effect: without the tags it does not compile, and the name that the compiler misses is the sentence.
//
//	import _ "kaveri/internal/buildtags"
//
// It is a leaf that imports nothing, so that its failure comes before anybody else's. The make targets set the tags; an
// editor or a plain go command gets them from the environment:
//
//	export GOFLAGS=-tags=sqlite_fts5,sqlite_math_functions
package buildtags
