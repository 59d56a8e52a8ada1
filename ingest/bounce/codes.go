package bounce

import "kaveri/crm"

// byStatus says what an enhanced status code means (RFC 3463 §3 and the
// registry that RFC 5248 §2.4 keeps). Codes that only tell a class (x.0.0) or
// that are given for everything are missing.
var byStatus = statuses(map[string]crm.BounceReason{
	"1.0": crm.BounceUserUnknown, "1.1": crm.BounceUserUnknown, "1.2": crm.BounceHostUnknown, "1.3": crm.BounceUserUnknown, "1.4": crm.BounceFiltered,
	"1.6": crm.BounceHasMoved, "1.7": crm.BounceRejected, "1.8": crm.BounceRejected, "1.10": crm.BounceNotAccept,
	"2.0": crm.BounceFiltered, "2.1": crm.BounceFiltered, "2.2": crm.BounceMailboxFull, "2.3": crm.BounceExceedLimit, "2.4": crm.BounceFiltered,
	"3.0": crm.BounceSystemError, "3.1": crm.BounceSystemFull, "3.2": crm.BounceNotAccept, "3.3": crm.BounceSystemError, "3.4": crm.BounceMesgTooBig,
	"3.5": crm.BounceSystemError,
	"4.0": crm.BounceNetworkError, "4.1": crm.BounceExpired, "4.2": crm.BounceNetworkError, "4.3": crm.BounceSystemError, "4.4": crm.BounceHostUnknown,
	"4.5": crm.BounceSystemFull,
	"4.6": crm.BounceNetworkError, "4.7": crm.BounceExpired,
	"5.0": crm.BounceMailerError, "5.1": crm.BounceSyntaxError, "5.2": crm.BounceSyntaxError, "5.3": crm.BounceTooManyConn, "5.4": crm.BounceSyntaxError,
	"5.5": crm.BounceSyntaxError,
	"6.0": crm.BounceContentError, "6.1": crm.BounceContentError, "6.2": crm.BounceContentError, "6.3": crm.BounceContentError, "6.5": crm.BounceContentError,
	"6.6": crm.BounceContentError,
	"6.7": crm.BounceContentError, "6.8": crm.BounceContentError, "6.9": crm.BounceContentError,
	"7.0": crm.BounceSecurityError, "7.1": crm.BounceSecurityError, "7.2": crm.BounceSecurityError, "7.3": crm.BounceSecurityError, "7.4": crm.BounceSecurityError,
	"7.5": crm.BounceSecurityError,
	"7.6": crm.BounceSecurityError, "7.7": crm.BounceSecurityError, "7.8": crm.BounceSecurityError, "7.9": crm.BounceSecurityError, "7.10": crm.BounceFailedSTARTTLS,
	"7.13": crm.BounceSuspend,
	"7.14": crm.BounceSecurityError, "7.17": crm.BounceHasMoved, "7.18": crm.BounceHasMoved,
	"7.20": crm.BounceAuthFailure, "7.21": crm.BounceAuthFailure, "7.22": crm.BounceAuthFailure, "7.23": crm.BounceAuthFailure, "7.24": crm.BounceAuthFailure,
	"7.25": crm.BounceRequirePTR,
	"7.26": crm.BounceAuthFailure, "7.27": crm.BounceNotAccept, "7.28": crm.BounceSpeeding, "7.29": crm.BounceAuthFailure, "7.30": crm.BounceFailedSTARTTLS,
	"7.32": crm.BounceAuthFailure, "7.40": crm.BounceAuthFailure,
})

// microsoft are the codes of three digits that Exchange Online publishes; no
// other host gives them.
var microsoft = map[string]crm.BounceReason{
	"1.20": crm.BounceNotCompliantRFC, "1.90": crm.BounceSpeeding, "2.121": crm.BounceSpeeding, "2.122": crm.BounceSpeeding,
	"4.300": crm.BounceExpired, "4.310": crm.BounceHostUnknown, "4.312": crm.BounceNetworkError, "4.316": crm.BounceExpired, "4.317": crm.BounceExpired,
	"4.318": crm.BounceExpired,
	"7.54":  crm.BounceNoRelaying, "7.57": crm.BounceSecurityError, "7.64": crm.BounceNoRelaying,
	"7.124": crm.BounceSecurityError, "7.133": crm.BounceSecurityError, "7.134": crm.BounceSecurityError, "7.135": crm.BounceSecurityError, "7.136": crm.BounceSecurityError,
	"7.230": crm.BounceSpeeding, "7.231": crm.BounceSpeeding, "7.232": crm.BounceSpeeding, "7.233": crm.BounceSpeeding,
	"7.321": crm.BounceFailedSTARTTLS, "7.322": crm.BounceFailedSTARTTLS, "7.323": crm.BounceFailedSTARTTLS, "7.324": crm.BounceFailedSTARTTLS, "7.325": crm.BounceFailedSTARTTLS,
	"7.501": crm.BounceSpamDetected, "7.502": crm.BounceSpamDetected, "7.503": crm.BounceSpamDetected, "7.504": crm.BounceFiltered, "7.505": crm.BounceFiltered,
	"7.506": crm.BounceBlocked,
	"7.507": crm.BounceFiltered, "7.508": crm.BounceTooManyConn, "7.509": crm.BounceAuthFailure, "7.515": crm.BounceAuthFailure, "7.510": crm.BounceNotAccept,
	"7.511": crm.BounceBlocked, "7.512": crm.BounceNotCompliantRFC, "7.513": crm.BounceBlocked,
	"7.606": crm.BounceBlocked, "7.703": crm.BounceBlocked, "7.705": crm.BounceSpeeding, "7.708": crm.BounceBlocked, "7.750": crm.BounceSecurityError,
}

// differs are the codes that mean another thing as a temporary failure.
var differs = map[string]crm.BounceReason{
	"4.3.0": "", "4.3.2": crm.BounceSystemError, "4.4.4": crm.BounceNetworkError, "4.4.1": crm.BounceExpired, "4.2.1": crm.BounceSuspend,
	"4.7.0": crm.BounceSecurityError, "4.7.1": crm.BounceBlocked,
}

// certain are the codes that nobody gives by accident; they count before words.
var certain = settled("1.2", "1.6", "2.2", "7.13", "7.20", "7.21", "7.22", "7.23", "7.25", "7.26", "7.27", "7.28", "7.40")

// doubtful are the codes that are given for so much that the words of the
// whole notice count first.
var doubtful = map[string]bool{"5.1.0": true, "5.3.0": true, "5.4.0": true, "5.5.0": true, "5.7.1": true, "5.7.0": true, "4.7.0": true, "4.7.1": true,
	"4.3.0": true, "4.4.0": true, "4.5.0": true, "5.2.0": true, "4.2.0": true, "5.2.1": true, "4.2.1": true, "5.4.1": true, "5.6.0": true, "4.6.0": true,
	"5.5.4": true}

// statuses spells the table out for the classes 4 and 5.
func statuses(details map[string]crm.BounceReason) map[string]crm.BounceReason {
	m := make(map[string]crm.BounceReason, 2*len(details))
	for d, r := range details {
		m["4."+d], m["5."+d] = r, r
	}
	for d, r := range microsoft {
		m["4."+d], m["5."+d] = r, r
	}
	for s, r := range differs {
		m[s] = r
	}
	return m
}

// byReply says what an SMTP reply means when nothing else is known (RFC 5321
// §4.2.3).
var byReply = map[string]crm.BounceReason{
	"552": crm.BounceMailboxFull, "452": crm.BounceSystemFull, "553": crm.BounceUserUnknown, "551": crm.BounceHasMoved, "556": crm.BounceNotAccept, "521": crm.BounceNotAccept,
	"500": crm.BounceSyntaxError, "501": crm.BounceSyntaxError, "502": crm.BounceSyntaxError, "503": crm.BounceSyntaxError, "504": crm.BounceSyntaxError,
	"455": crm.BounceSyntaxError,
	"530": crm.BounceSecurityError, "535": crm.BounceSecurityError, "538": crm.BounceSecurityError,
}

// settled picks rows of byStatus, for both classes.
func settled(details ...string) map[string]crm.BounceReason {
	m := map[string]crm.BounceReason{}
	for _, d := range details {
		for _, class := range [...]string{"4.", "5."} {
			m[class+d] = byStatus[class+d]
		}
	}
	for d, r := range microsoft {
		m["4."+d], m["5."+d] = r, r
	}
	return m
}
