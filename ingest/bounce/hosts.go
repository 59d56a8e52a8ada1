package bounce

import (
	"strings"

	"kaveri/crm"
)

// published are codes and sentences of single providers that mean one thing
// whatever else is said, as the providers' own pages for senders list them.
// They count before everything, so each must be unmistakable. Normalized.
var published = []said{
	// Orange, Laposte and SFR end their replies in OFR_416, LPN007_416.
	{crm.BounceUserUnknown, []string{"_416"}},
	{crm.BounceMailboxFull, []string{"_417"}},
	{crm.BounceSuspend, []string{"_420", "_426"}},
	{crm.BounceRejected, []string{"_403", "_405", "_415", "_421"}},
	{crm.BounceTooManyConn, []string{"_104"}},
	{crm.BounceBlocked, []string{"_102", "_103", "_105", "_106", "_107", "_108", "_109", "_507", "_999"}},
	{crm.BounceSpamDetected, []string{"_506", "_508"}},
	{crm.BouncePolicyViolation, []string{"_630"}},
	// GoDaddy: IB and a number.
	{crm.BounceSecurityError, []string{"ib401"}},
	{crm.BounceNotCompliantRFC, []string{"ib501", "ib502"}},
	{crm.BounceRejected, []string{"ib504", "ib505", "ib506", "from: domain is invalid"}},
	{crm.BounceAuthFailure, []string{"ib508"}},
	{crm.BounceSpamDetected, []string{"ib212", "ib703"}},
	{crm.BounceVirusDetected, []string{"ib705"}},
	{crm.BouncePolicyViolation, []string{"ib702"}},
	{crm.BounceSpeeding, []string{"ib510", "ib605", "ib607", "ib608"}},
	{crm.BounceBlocked, []string{"ib103", "ib104", "ib105", "ib106", "ib108", "ib110", "ib111", "ib007", "ib101"}},
	// Microsoft: Exchange names the rule that refused; Outlook.com its lists.
	{crm.BounceUserUnknown, []string{"resolver.adr.recip", "recipientnotfound", "resolver.adr.recipnotfound", "resolver.adr.invalidsmtp", "adr.recipnotfound", "000c05a6", "000c0595", "requested action not taken: mailbox unavailable (", "recipient address rejected: access denied"}},
	{crm.BounceMailboxFull, []string{"quotaexceeded", "storedrv.deliver; mailbox full", "mailbox full or over"}},
	{crm.BounceExceedLimit, []string{"recipsizelimit", "sendersizelimit"}},
	{crm.BounceSecurityError, []string{"resolver.rst.authrequired", "rst.authrequired"}},
	{crm.BounceFiltered, []string{"rst.notauthorized", "resolver.rst.restricted"}},
	{crm.BounceBlocked, []string{"(s3150)", "(s3140)", "(s3114)", "(s775)", "(s844)", "delist.messaging.microsoft.com", "sender.office.com", "whitelist@"}},
	{crm.BounceHostUnknown, []string{"the domain is not reachable"}},
	// Yahoo.
	{crm.BounceUserUnknown, []string{"user doesn't have a yahoo", "dd this user doesn't have"}},
	{crm.BounceSuspend, []string{"mailbox for this user is disabled", "this user's mailbox is disabled"}},
	{crm.BouncePolicyViolation, []string{"not accepted for policy reasons", "mail not accepted for policy"}},
	{crm.BounceBlocked, []string{"[tss", "[tsq", "[bl2", "[gl0", "[con1]"}},
	// Google.
	{crm.BounceRejected, []string{"groups.google.com/support", "using the 'send mail as' feature"}},
	{crm.BounceUserUnknown, []string{"p=nosuchuser", "answer=6596"}},
	{crm.BounceSuspend, []string{"p=disableduser", "p=inactiveuser"}},
	{crm.BounceMailboxFull, []string{"p=overquota", "p=overquotatemp", "p=overquotaperm"}},
	{crm.BounceSpeeding, []string{"p=receivingrate", "p=ratelimit"}},
	{crm.BounceBlocked, []string{"p=unsolicitediperror", "p=ipnotinwhitelist"}},
	{crm.BounceSpamDetected, []string{"p=unsolicitedmessageerror"}},
	{crm.BouncePolicyViolation, []string{"p=blockedmessage"}},
	{crm.BounceExpired, []string{"did not accept our requests to connect"}},
	// Mimecast, Cox, Apple, Tencent.
	{crm.BounceVirusDetected, []string{"mcspamsignature"}},
	{crm.BouncePolicyViolation, []string{"host network not allowed"}},
	{crm.BounceBlocked, []string{"cxbl", "cdrbl", "ipbl0", "ipbl1"}},
	{crm.BounceRequirePTR, []string{"cxdns", "dns:nr"}},
	{crm.BounceTooManyConn, []string{"cxcnct", "con-t1", "con-t3"}},
	{crm.BounceRejected, []string{"cxsndr"}},
	{crm.BounceUserUnknown, []string{"rcp-p1"}},
	{crm.BounceBlocked, []string{"rtr:bl", "rtr:bb", "rtr:sc", "rtr:gb", "dyn:t1", "blk-p"}},
	// Mail servers whose sentence is their own.
	{crm.BounceHostUnknown, []string{"the account or domain may not exist"}},
	{crm.BounceUserUnknown, []string{"invalid final delivery userid", "recipient name is not recognized", "not listed in domino directory", "not listed in public name & address book", "not listed in name & address book", "no user by that name at this server", "account that you tried to reach does not exist"}},
	{crm.BounceNotAccept, []string{"mx or srv record indicated no smtp service"}},
	{crm.BounceNetworkError, []string{"malformed or unexpected name server reply"}},
}

// byPublished gives what a provider's own code means, "" when there is none.
func byPublished(text string) crm.BounceReason {
	for i := range published {
		for _, p := range published[i].phrases {
			if p[0] == '_' {
				if frenchCode(text, p) {
					return published[i].reason
				}
			} else if says(text, p) {
				return published[i].reason
			}
		}
	}
	return ""
}

// frenchCode finds _416 behind OFR, LPN or SFR and perhaps digits.
func frenchCode(text, code string) bool {
	i := strings.Index(text, code)
	if i < 3 || i+len(code) < len(text) && isDigit(text[i+len(code)]) {
		return false
	}
	before := strings.TrimRight(text[:i], "0123456789")
	return strings.HasSuffix(before, "ofr") || strings.HasSuffix(before, "lpn") || strings.HasSuffix(before, "sfr")
}
