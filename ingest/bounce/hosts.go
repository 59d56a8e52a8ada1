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
	{crm.BounceUserUnknown, []string{
		"resolver.adr.recip", "resolver.adr.exrecip", "resolver.adr.invalidsmtp", "recipientnotfound", "000c05a6",
		"requested action not taken: mailbox unavailable (", "recipient address rejected: access denied"}},
	{crm.BounceMailboxFull, []string{"quotaexceeded", "storedrv.deliver; mailbox full", "mailbox full or over"}},
	{crm.BounceExceedLimit, []string{"recipsizelimit"}},
	{crm.BounceSecurityError, []string{"resolver.rst.authrequired", "resolver.rst.notauthorized", "000b0981"}},
	{crm.BounceFiltered, []string{"000c0595"}},
	{crm.BounceSystemError, []string{"resolver.adr.badprimary", "00010256", "000d06b5"}},
	{crm.BounceNetworkError, []string{"smtpsend.dns.mxloopback", "00120270"}},
	{crm.BounceHostUnknown, []string{"smtpsend.dns.nonexistentdomain"}},
	{crm.BounceExpired, []string{"queue.expired"}},
	{crm.BounceBlocked, []string{
		"sc-001", "sc-002", "sc-003", "sc-004", "dy-001", "dy-002", "ou-001", "ou-002", "rp-001", "rp-002", "rp-003", "(s3150)", "(s3140)", "(s3114)",
		"delist.messaging.microsoft.com"}},
	{crm.BounceHostUnknown, []string{"the domain is not reachable"}},
	// Yahoo.
	{crm.BounceUserUnknown, []string{"user doesn't have a yahoo", "dd this user doesn't have"}},
	{crm.BounceSuspend, []string{"mailbox for this user is disabled", "this user's mailbox is disabled"}},
	{crm.BounceUserUnknown, []string{"requested mail action aborted, mailbox not found"}},
	{crm.BouncePolicyViolation, []string{"not accepted for policy reasons", "mail not accepted for policy"}},
	{crm.BounceBlocked, []string{"[tss", "[tsq", "[bl20]", "[bl21]", "[bl22]", "[bl23]", "[gl0", "[con1]"}},
	// Google.
	{crm.BounceRejected, []string{"groups.google.com/support", "using the 'send mail as' feature", "p=customfromdenied"}},
	{crm.BounceUserUnknown, []string{"p=nosuchuser", "answer=6596"}},
	{crm.BounceSuspend, []string{"p=disableduser", "p=inactiveuser"}},
	{crm.BounceMailboxFull, []string{"p=overquota"}},
	{crm.BounceSpeeding, []string{"recipient thread limit exceeded", "p=receivingrate", "p=ratelimit"}},
	{crm.BounceBlocked, []string{"p=unsolicitediperror", "p=ipnotinwhitelist"}},
	{crm.BounceSpamDetected, []string{"p=unsolicitedmessageerror"}},
	{crm.BouncePolicyViolation, []string{"p=blockedmessage"}},
	{crm.BounceExpired, []string{"did not accept our requests to connect"}},
	// Mimecast, Cox, Facebook, AOL.
	{crm.BounceVirusDetected, []string{"mcspamsignature"}},
	{crm.BouncePolicyViolation, []string{"host network not allowed"}},
	{crm.BounceVirusDetected, []string{"email rejected due to security policies"}},
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
	// What Google says beside codes that the registry gives another meaning,
	// and of its own relay.
	{crm.BounceAuthFailure, []string{
		"authentication didn't pass for this message", "aligned with either", "align with either", "spf or dkim", "spf and dkim", "spf and/or dkim", "spf/dkim",
		"spf record of the sending domain", "does not have authentication information"}},
	{crm.BounceFailedSTARTTLS, []string{"wasn't sent over a tls connection", "tls required for rcpt domain", "must issue a starttls command"}},
	{crm.BounceRequirePTR, []string{"ptr record", "reverse dns for * failed"}},
	{crm.BounceBadReputation, []string{
		"low reputation", "poor reputation", "bad reputation", "ip reputation", "domain reputation", "sender reputation", "reputation of the", "negative reputation",
		"reputation score"}},
	{crm.BounceBlocked, []string{"messages from * weren't sent", "ip not in whitelist", "is not authorized to send email directly to our servers"}},
	{crm.BounceSpeeding, []string{
		"smtp relay limit exceeded", "sending quota exceeded", "daily message quota", "maximum sending rate", "daily user sending"}},
	{crm.BounceNoRelaying, []string{"mail relay denied"}},
	{crm.BounceSecurityError, []string{
		"invalid credentials for relay", "username and password not accepted", "application-specific password required", "is not authorized to perform"}},
	{crm.BounceMesgTooBig, []string{"exceeded google's message size limits", "p=maxsizeerror"}},
	{crm.BounceSuspend, []string{"mailboxdisabledexception", "accountdisabled"}},
	{crm.BounceMailboxFull, []string{"support.google.com/mail/answer/6558", "overquotaperm", "overquotatemp"}},
	// Exchange names what refused in capitals with dots.
	{crm.BounceMesgTooBig, []string{"resolver.rst.sendsizelimit", "smtpsend.overadvertisedsize"}},
	{crm.BounceSecurityError, []string{"resolver.rst.restrictedtorecipientspermission", "mapiexceptionnotauthorized", "recipientrestricted"}},
	{crm.BouncePolicyViolation, []string{
		"transport.rules.rejectmessage", "organization policy", "mailpolicy violation", "delivery restricted by policy"}},
	{crm.BounceSystemError, []string{
		"resolver.adr.ambiguous", "storagepermanentexception", "storagetransientexception", "ambiguousrecipient", "smtpsend.suspiciousremoteservererror"}},
	{crm.BounceContentError, []string{"conversionfailedexception", "contentconversion"}},
	{crm.BounceNetworkError, []string{"routing.loopdetected", "resolver.fwd.loop", "hopcountexceeded"}},
	{crm.BounceNotCompliantRFC, []string{"smtpsend.barelinefeedsareillegal"}},
	{crm.BounceRejected, []string{"null mx * sender", "sender address has null mx"}},
	// GMX and its kin, Tencent, Facebook, Spectrum, Mimecast, Sophos and others.
	{crm.BounceRequirePTR, []string{"bad dns ptr resource record", "dns-p3", "dns-t2"}},
	{crm.BounceRejected, []string{"dns-p1", "dns-p2", "dns-t1", "invalid dns mx or a/aaaa", "invalid dns a/aaaa"}},
	{crm.BounceFiltered, []string{"rcp-p2", "mail is rejected by recipients"}},
	{crm.BounceUserUnknown, []string{
		"int-p1", "int-p3", "int-p4", "mailbox unavailable or access denied", "unable to deliver message to @ (and other recipients"}},
	{crm.BounceMesgTooBig, []string{"msg-p1", "int-p2"}},
	{crm.BounceSystemError, []string{"int-t1", "int-t2", "int-t3", "int-t4", "int-t5", "rcp-t1", "unable to deliver message after multiple retries"}},
	{crm.BounceTooManyConn, []string{
		"con-t1", "con-t2", "con-t3", "con-t4", "ip frequency limited", "connection frequency limited", "aup#in-13", "aup#i-13"}},
	{crm.BounceBlocked, []string{
		"domain frequency limited", "suspected bounce attacks", "access to this mail system has been rejected", "access to submit messages to this e-mail system"}},
	{crm.BounceNoRelaying, []string{"open relay not allowed", "tenantattribution; relay", "domain isn't in my list of allowed rcpthosts"}},
	{crm.BounceSecurityError, []string{"client was not authenticated", "client not authenticated", "submitter failed to authenticate"}},
	{crm.BounceUserUnknown, []string{"not our customer", "unknown local-part", "user doesn't have an account"}},
	// The texts of the registry of status codes, which some hosts say as such.
	{crm.BounceSystemFull, []string{"mail system full"}},
	{crm.BounceMesgTooBig, []string{"message too big for system"}},
	{crm.BounceExceedLimit, []string{"message length exceeds administrative limit"}},
	{crm.BounceSuspend, []string{"mailbox disabled, not accepting messages"}},
	{crm.BounceNotAccept, []string{"system not accepting network messages"}},
	{crm.BounceHasMoved, []string{"destination mailbox has moved"}},
	// Lists of hosts that send spam, by their domains.
	{crm.BounceBlocked, []string{"spamhaus.org", "spamcop.net", "sorbs.net", "barracudacentral.org", "abuseat.org", "uceprotect.net", "dnsbl"}},
	{crm.BounceUserUnknown, []string{"no valid recipients for this mm"}}, // Verizon
	// Comcast, NetEase, Apple.
	{crm.BounceSpeeding, []string{"rl000", "mi:stc", "mi:spb", "mi:sfq", "rp:qrc", "rp:trc", "hl:ifc"}},
	{crm.BounceBlocked, []string{"bl000", "hl:rep", "hl:mep", "dt:rbl", "wm:bli", "mi:nhd", "mi:frl", "[hm07]", "[hm08]"}},
	{crm.BounceTooManyConn, []string{"hl:icc", "mi:dmc", "rp:drc", "connection rate limit"}},
	{crm.BounceSyntaxError, []string{"mi:cel", "mi:ccl", "rp:cel", "rp:ccl"}},
	{crm.BounceRejected, []string{"wm:blu", "permissions to send as", "permission to send as"}},
	{crm.BounceAuthFailure, []string{"mi:spf", "mi:dma"}},
	{crm.BounceSpamDetected, []string{"dt:spm", "dt:sum", "likely suspicious", "suspicious due to the nature"}},
	// Google's client numbers the states of a session; the last are those after the content.
	{crm.BounceFiltered, []string{"(state 17)", "(state 18)"}},
	// PowerMTA sorts the replies itself, in a field of its own.
	{crm.BounceUserUnknown, []string{"bad-mailbox"}},
	{crm.BounceHostUnknown, []string{"bad-domain"}},
	{crm.BounceSuspend, []string{"inactive-mailbox"}},
	{crm.BounceMailboxFull, []string{"quota-issues"}},
	{crm.BounceExpired, []string{"message-expired"}},
	{crm.BounceNetworkError, []string{"no-answer-from-host", "bad-connection"}},
	{crm.BounceSpamDetected, []string{"spam-related"}},
	{crm.BounceVirusDetected, []string{"virus-related"}},
	{crm.BouncePolicyViolation, []string{"policy-related"}},
	{crm.BounceContentError, []string{"content-related"}},
	{crm.BounceNoRelaying, []string{"relaying-issues"}},
	{crm.BounceRejected, []string{"invalid-sender"}},
	{crm.BounceSystemError, []string{"routing-errors", "bad-configuration"}},
	{crm.BounceSyntaxError, []string{"protocol-errors"}},
	// Mail servers whose sentence is their own: IMail, Domino, Exim, Postfix.
	{crm.BounceBlocked, []string{"no access from mail server"}},
	{crm.BounceSystemError, []string{"several matches found in domino directory", "delivery to file forbidden", "delivery to pipe forbidden"}},
	{crm.BounceFiltered, []string{"cannot route mail to user"}},
	{crm.BounceHostUnknown, []string{
		"unrouteable address", "all host address lookups failed permanently", "all relevant mx records point to non-existent hosts"}},
	{crm.BounceExpired, []string{"all hosts have been failing for a long time", "retry time not reached for any host"}},
	{crm.BounceSyntaxError, []string{"malformed address:", "angle-brackets nested too deep", "domain missing in source-routed address"}},
	{crm.BounceHostUnknown, []string{"the account or domain may not exist"}},
	{crm.BounceUserUnknown, []string{
		"invalid final delivery userid", "recipient name is not recognized", "not listed in domino directory", "not listed in public name & address book",
		"not listed in name & address book", "domino ディレクトリには見つかりません", "no user by that name at this server", "account that you tried to reach does not exist"}},
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
