// Package testsegment draws rules of segments for tests: every field, every form
// of it, and values that a small world of customers has or lacks, so that what a
// rule means is tried on both sides.
package testsegment
