// Package libcrypto signs with RSA by the machine's OpenSSL, where it has one.
//
// A signature with RSA-2048 is most of the work of a campaign mail, and Go's is
// three to four times slower than OpenSSL's. Nothing depends on it: the library
// is looked for at run time (libcrypto.so.3), so neither its headers nor its
// package are needed to build or to run. [Load] says that it is not there, or
// does not sign byte for byte as Go does, and then Go signs.
//
// There is one operation, since one is slow: PKCS #1 v1.5 over a SHA-256 digest
// (RFC 8017 §8.2), which is what DKIM needs (RFC 6376 §3.3.1). It is
// deterministic, so the right answer is known: [Load] compares one signature
// of each key with Go's before it gives the key away. Ed25519 stays with Go,
// which is as fast.
//
// rsa.c is the whole of the C.
package libcrypto
