// Package storetest is the contract of package store as a test suite. It runs
// on every engine: what a test says of one must hold of all of them.
//
// The tests tell stories of a small firm (world.go); they use nothing but the
// store's exported methods. The first file to read is policy.go, the tests of
// who sees what.
package storetest
