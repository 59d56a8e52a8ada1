// Package segment is the language in which people say which customers they mean:
//
//	rung is one-time and due after 14 days and wishes about "lake cruises"
//
// [Parse] reads a rule, [Rule.String] writes it in canonical words, and each gives
// back what the other made. [Rule.Holds] says what a rule means, for all that is
// known of one customer ([Facts]); the store makes one statement of a rule that
// finds all customers for whom it holds, and a test plays both against each
// other. [Rule.Explain] says step by step why somebody is in, or is not.
//
// One table, [Fields], says what can be asked, in which words, with which values.
// Parser, printer, evaluator, the store's statement and the builder of the page go
// by it.
//
// # Whom a rule names
//
// Customers, the accounts that the firm does business with: who buys, stands on a
// rung and has an owner. What belongs to a person or an address (consent, mail of
// a campaign, a recommendation) holds when it holds for somebody of the customer.
// A customer that was merged into another is never meant.
//
// # The language
//
// Capitals and line breaks say nothing, outside of quotation marks; not binds
// before and, and before or.
//
//	rule      = all { "or" all } .
//	all       = single { "and" single } .
//	single    = "not" single | "(" rule ")" | "everybody" | condition .
//	value     = word .                     of the field's vocabulary; blanks may stand for hyphens
//	values    = value { "," value } .
//	text      = '"' ... '"' | word .       within marks, \" and \\ stand for " and \
//	span      = digits unit .
//	unit      = "days" | "weeks" | "months" | "years" .    also without the s
//	day       = year "-" month "-" day .
//	number    = digits | amount | digits [ "%" ] .         as the field counts
//	last      = "in the last" span .
//	full      = "at full price" .
//	about     = "about" text .
//	state     = "open" | "fulfilled" | "told" .
//	language  = letter letter .            ISO 639-1
//	address   = an e-mail address .
//
// The forms of a condition stand beneath the fields; ~ is the field's name. What
// stands in braces is one of the above, and may be left out when it ends in a
// question mark; "to" is a number. Close to these forms there are others that are
// read and not written, such as "orders >= 3".
//
// Conditions:
//
//	rung, timing:
//	    ~ is {value}
//	    ~ is not {value}
//	    ~ is one of {values}
//	    ~ is not one of {values}
//	    ~ was {value} on {day}
//	    ~ was ever {value}
//	    ~ changed in the last {span}
//	    ~ rose in the last {span}
//	    ~ fell in the last {span}
//	note:
//	    ~ is {value}
//	    ~ is not {value}
//	    ~ is one of {values}
//	    ~ is not one of {values}
//	    ~ was {value} on {day}
//	    ~ was ever {value}
//	    ~ changed in the last {span}
//	due, overdue, lapsed:
//	    ~ after {span}
//	    ~ within {span}
//	    ~ since {span}
//	    ~ before {day}
//	    ~ after {day}
//	    ~ on {day}
//	orders, spent, full-price share:
//	    ~ exactly {number} {last?}
//	    ~ at least {number} {last?}
//	    ~ at most {number} {last?}
//	    ~ more than {number} {last?}
//	    ~ less than {number} {last?}
//	    ~ between {number} and {to} {last?}
//	first order, last order:
//	    ~ in the last {span}
//	    ~ more than {span} ago
//	    ~ before {day}
//	    ~ after {day}
//	    ~ on {day}
//	bought:
//	    ~ {text} {full?} {last?}
//	    ~ anything {full?} {last?}
//	bought group:
//	    ~ {text} {full?} {last?}
//	used offer:
//	    ~ {text} {last?}
//	    used an offer {last?}
//	value:
//	    ~ exactly {number}
//	    ~ at least {number}
//	    ~ at most {number}
//	    ~ more than {number}
//	    ~ less than {number}
//	    ~ between {number} and {to}
//	wrote:
//	    ~ {last?}
//	    last wrote more than {span} ago
//	    last wrote before {day}
//	    last wrote after {day}
//	    last wrote on {day}
//	we wrote:
//	    ~ {last?}
//	    we last wrote more than {span} ago
//	    we last wrote before {day}
//	    we last wrote after {day}
//	    we last wrote on {day}
//	began a conversation:
//	    ~ {last?}
//	    last began a conversation more than {span} ago
//	    last began a conversation before {day}
//	    last began a conversation after {day}
//	    last began a conversation on {day}
//	waiting for our answer:
//	    ~
//	    ~ since {span}
//	silent:
//	    ~ for {span}
//	wishes:
//	    ~ {about?} {state?} {last?}
//	complaint open, reachable, suppressed:
//	    ~
//	consents to, tagged:
//	    ~ {text}
//	language:
//	    ~ is {language}
//	    ~ is not {language}
//	    ~ is one of {languages}
//	    ~ is not one of {languages}
//	    ~ is unknown
//	organisation:
//	    ~ is {text}
//	    is an organisation
//	owner:
//	    ~ is {address}
//	    ~ is not {address}
//	    ~ is one of {addresses}
//	    ~ is not one of {addresses}
//	    ~ is nobody
//	received, replied to, bought after, held out of:
//	    ~ {text} {last?}
//	    ~ a campaign {last?}
//	came by recommendation, recommended:
//	    ~ {last?}
//
// The rungs are contact, one-time, quiet, occasional, frequent, loyal, advocate and
// lapsed; timings on-time, due, overdue and lapsed; notes unproven, bound,
// well-wisher, and was-loyal and its like for who has lapsed. Who is on no rung yet
// is a contact.
//
// # Time
//
// Days are the firm's. "In the last 7 days" begins with the day 7 days ago and ends
// with today; "more than 7 days ago" is what lies before, so of two such conditions
// exactly one holds for who ever did. "Due after 14 days" is a day later than in 14 days, "within 14
// days" one from today to then, "since 14 days" one that lies so far back or
// farther. A month has 30 days and a year 365. What never was lies in no stretch of
// time: who never ordered has no last order more than 90 days ago.
//
// Something rose or fell when it stands higher or lower than it stood so many days
// ago; it changed when it did so at any time since.
//
// # What counts
//
// An order counts while it stands and something of it is left after refunds, as it
// does on the ladder, up to the end of today. At full price is one without discount
// or offer. Mail is that of people; answers of machines are none. Wishes are those
// that a colleague has written down or confirmed; praise, problems and what is said
// of going elsewhere are none, and wishes in private mail are no part of segments,
// since a count would tell of their words. A wish is open while they wait,
// fulfilled when it is done and they do not know yet, and then told. What somebody
// said of all mailings they said of each topic.
//
// Start reading at rule.go, then table.go.
package segment
