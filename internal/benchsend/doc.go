// Command benchsend measures sending: an audience is put on the durable ledger
// and sent to the recording sink of the bench set on loopback, beside the limit
// of any sender (smtpblast: raw, no ledger, no composing) in the same run.
//
//	go run ./internal/benchsend [-n 50000] [-rounds 3] [-only "kaveri, unsigned"]
//
// Each run of Kaveri is a process of its own, so that its peak memory is its
// own. What is measured runs from the start of the mailing until nothing of it
// is open: claimed, rendered with merge tags, composed, signed where asked,
// armed, sent, recorded.
package main
