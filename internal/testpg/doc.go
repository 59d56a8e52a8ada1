// Package testpg gives a test a PostgreSQL database of its own.
//
// The first call in a test process starts one private server: binaries as Debian lays them
// (/usr/lib/postgresql/VERSION/bin, newest first) or from PATH, data and socket in a folder of their own, no TCP port,
// no fsync (the data need not survive the test). PostgreSQL refuses to run as root, so as root it runs as the user
// postgres. The server takes about 0.6 s to start; it ends, and its folder goes, with the test process (package
// testproc). Each call of [DSN] then makes one empty database in some 30 ms and drops it at the end of the test.
// [Prepared] does the same from a database that was filled once, for suites that would otherwise migrate each time.
//
// When PostgreSQL is missing the test fails. It never skips: a contract with two engines that ran on one has not been
// tested. Tests that must be quick ask testing.Short before they call.
package testpg
