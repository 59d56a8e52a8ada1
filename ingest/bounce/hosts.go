package bounce

import (
	"strings"

	"kaveri/crm"
)

// published are codes and sentences of single providers and programs that mean
// one thing whatever else is said: the words beside the code, or the providers'
// pages for senders, explain them. They count before everything, so each must
// be unmistakable. Normalized.
var published = []said{
	// Orange, Laposte and SFR end their replies in OFR_416, LPN007_416.
	{crm.BounceUserUnknown, []string{"_416"}},
	{crm.BounceMailboxFull, []string{"_417"}},
	{crm.BounceSuspend, []string{"_420", "_426"}},
	{crm.BounceRejected, []string{"_415"}},
	{crm.BounceTooManyConn, []string{"_104"}},
	{crm.BounceBlocked, []string{"_105", "_106", "_107", "_108", "_109", "_999"}},
	{crm.BounceSpamDetected, []string{"_506"}},
	{crm.BouncePolicyViolation, []string{"_630"}},
	// GoDaddy: IB and a number.
	{crm.BounceSecurityError, []string{"ib401"}},
	{crm.BounceNotCompliantRFC, []string{"ib501", "ib502"}},
	{crm.BounceRejected, []string{"ib506", "from: domain is invalid"}},
	{crm.BounceAuthFailure, []string{"ib508"}},
	{crm.BounceSpamDetected, []string{"ib212"}},
	{crm.BounceVirusDetected, []string{"ib705"}},
	{crm.BounceSpeeding, []string{"ib607"}},
	// Microsoft: Exchange names the rule that refused; Outlook.com its lists.
	{crm.BounceUserUnknown, []string{"resolver.adr.recip", "resolver.adr.exrecip", "resolver.adr.invalidsmtp", "recipientnotfound", "000c05a6", "requested action not taken: mailbox unavailable (", "recipient address rejected: access denied"}},
	{crm.BounceMailboxFull, []string{"quotaexceeded", "storedrv.deliver; mailbox full", "mailbox full or over"}},
	{crm.BounceExceedLimit, []string{"recipsizelimit"}},
	{crm.BounceSecurityError, []string{"resolver.rst.authrequired", "resolver.rst.notauthorized", "000b0981"}},
	{crm.BounceFiltered, []string{"000c0595"}},
	{crm.BounceSystemError, []string{"resolver.adr.badprimary", "00010256", "000d06b5"}},
	{crm.BounceNetworkError, []string{"smtpsend.dns.mxloopback", "00120270"}},
	{crm.BounceHostUnknown, []string{"smtpsend.dns.nonexistentdomain"}},
	{crm.BounceExpired, []string{"queue.expired"}},
	{crm.BounceBlocked, []string{"(s3150)", "(s3140)", "(s3114)", "delist.messaging.microsoft.com"}},
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
	// Mimecast, Cox, Facebook, AOL.
	{crm.BounceVirusDetected, []string{"mcspamsignature"}},
	{crm.BouncePolicyViolation, []string{"host network not allowed"}},
	{crm.BounceBlocked, []string{"cxbl", "cdrbl", "ipbl0", "ipbl1"}},
	{crm.BounceRequirePTR, []string{"cxdns", "dns:nr"}},
	{crm.BounceTooManyConn, []string{"cxcnct"}},
	{crm.BounceRejected, []string{"cxsndr"}},
	{crm.BounceUserUnknown, []string{"rcp-p1"}},
	{crm.BounceBlocked, []string{"rtr:bl", "rtr:bb", "rtr:sc", "rtr:gb", "dyn:t1"}},
	// The Japanese carriers.
	{crm.BounceSuspend, []string{"user(s) account is disabled", "user(s) account is temporarily limited"}},
	{crm.BounceExpired, []string{"your message was not delivered within"}},
	{crm.BounceNoRelaying, []string{"due to the following smtp relay error"}},
	{crm.BounceHostUnknown, []string{"as the remote domain doesnt exist"}},
	// Mail servers whose sentence is their own: IMail, Domino, Exim, Postfix.
	{crm.BounceBlocked, []string{"no access from mail server"}},
	{crm.BounceSystemError, []string{"several matches found in domino directory", "delivery to file forbidden", "delivery to pipe forbidden"}},
	{crm.BounceFiltered, []string{"cannot route mail to user"}},
	{crm.BounceHostUnknown, []string{"unrouteable address", "all host address lookups failed permanently", "all relevant mx records point to non-existent hosts"}},
	{crm.BounceExpired, []string{"all hosts have been failing for a long time", "retry time not reached for any host"}},
	{crm.BounceSyntaxError, []string{"malformed address:", "angle-brackets nested too deep", "domain missing in source-routed address"}},
	{crm.BounceHostUnknown, []string{"the account or domain may not exist"}},
	{crm.BounceUserUnknown, []string{"invalid final delivery userid", "recipient name is not recognized", "not listed in domino directory", "not listed in public name & address book", "not listed in name & address book", "domino ディレクトリには見つかりません", "no user by that name at this server", "account that you tried to reach does not exist"}},
	{crm.BounceNotAccept, []string{"mx or srv record indicated no smtp service"}},
	{crm.BounceNetworkError, []string{"malformed or unexpected name server reply"}},
}

// byPublished gives what a provider's own code means, "" when there is none,
// and the code.
func byPublished(text string) (r crm.BounceReason, phrase string) {
	for i := range published {
		for _, p := range published[i].phrases {
			if p[0] == '_' {
				if frenchCode(text, p) {
					return published[i].reason, p
				}
			} else if says(text, p) {
				return published[i].reason, p
			}
		}
	}
	return "", ""
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
