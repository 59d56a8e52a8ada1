// Command testreport turns the output of "go test -json" into what a person wants to read, and checks that tests ran.
//
//	go test -json ./... | go run ./internal/testreport [-skips]
//
// It prints one line for each package as it ends (tests run, seconds), the whole output of each test that failed and of
// each build that broke, and last a line with the totals and the slowest tests. Its exit status is 1 when
//
//   - a test, a package or a build failed,
//   - no test ran at all, since silence must not look like success,
//   - a test was skipped, unless -skips is given: "make test" runs everything or fails.
//
// The exit status of "go test" itself still counts: run the pipe with pipefail.
package main
