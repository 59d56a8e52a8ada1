//go:build !sqlite_fts5 || !sqlite_math_functions

package buildtags

// The undefined name is the message: the compiler prints it, with this file and line.
const _ = Kaveri_needs_build_tags__run_make_build_or_export_GOFLAGS_tags_sqlite_fts5_comma_sqlite_math_functions

// To build Kaveri, run
//
//	make build
//
// or, for go commands of your own,
//
//	export GOFLAGS=-tags=sqlite_fts5,sqlite_math_functions
