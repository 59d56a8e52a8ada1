// Package corpora reads the collections of real mail that score tests measure on, and their labels.
//
// They lie outside the tree, in data/ of the folder that KAVERI_SHARED names, else of ../shared beside the tree: mails in
// folders and .tar.gz files, and in data/labels a file of JSON Lines for each collection, which says what other programs
// or people read from its mails. Most rows have the form of [Row]; a test with rows of another form has a type of its own.
//
// Without the corpora a score test fails, it never skips. What it reads otherwise than labelled goes to a file in
// KAVERI_SCORE_DIR ([Misses]).
package corpora
