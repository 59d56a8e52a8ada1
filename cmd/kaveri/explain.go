package main

import (
	"fmt"
	"strings"

	"kaveri/crm"
)

// This file says in sentences what the rules have found and what they ask.

// placeIn says where in a mail an address stands.
var placeIn = map[string]string{
	"from": "its sender",
	"to":   "among its recipients",
	"cc":   "among those who get a copy",
	"bcc":  "among those who get a hidden copy",
}

// proofText says what shows that a mail belongs to the thread it answers.
var proofText = map[crm.Proof]string{
	crm.ProofAuthor:  "it is our answer to its author",
	crm.ProofDomain:  "its author is of the same organisation, %s",
	crm.ProofName:    "its author is called %s",
	crm.ProofAddress: "its author's address is named so, %s",
	crm.ProofQuote:   "it repeats words of that mail",
}

// whyText says in a sentence why a mail belongs to somebody.
func whyText(l crm.Link, who string) string {
	g := crm.GroundsOf(l.Evidence)
	place := placeIn[g.Field]
	if place == "" {
		place = "in its header"
	}
	shared := ""
	if g.Shared {
		shared = "; several people share it"
	}
	switch l.Rule {
	case crm.RuleByHand:
		return fmt.Sprintf("%s said that it belongs to %s.", strings.TrimPrefix(g.Value, "said by "), who)
	case crm.RuleExact:
		return fmt.Sprintf("%s is %s, and an address of %s%s.", g.Value, place, who, shared)
	case crm.RuleAlias:
		return fmt.Sprintf("%s is %s, and another form of an address of %s%s.", g.Value, place, who, shared)
	case crm.RuleReplyTo:
		return fmt.Sprintf("One of your relays wrote it for %s, an address of %s%s.", g.Value, who, shared)
	case crm.RuleForwarded:
		return fmt.Sprintf("A colleague forwards in it a mail from %s, an address of %s%s.", g.Value, who, shared)
	case crm.RuleBounced:
		return fmt.Sprintf("It says that a mail to %s, an address of %s%s, did not arrive.", g.Value, who, shared)
	case crm.RuleThread:
		return fmt.Sprintf("No address in it is known, but it answers a mail of %s, and %s.", who, proofOf(g))
	}
	return fmt.Sprintf("By the rule %q it belongs to %s.", l.Rule, who)
}

func proofOf(g crm.Grounds) string {
	text := proofText[g.Proof]
	switch {
	case text == "":
		return "that is all that is known"
	case strings.Contains(text, "%s"):
		return fmt.Sprintf(text, g.Detail)
	}
	return text
}

// sureText says how sure a rule is.
func sureText(confidence float64) string {
	return fmt.Sprintf("%.0f %% sure", confidence*100)
}

// questionText puts a question of the queue into words.
func questionText(q crm.Review) string {
	switch q.Kind {
	case crm.ReviewMail:
		what := fmt.Sprintf("mail %d", q.Message)
		if q.Mail != nil {
			what = fmt.Sprintf("mail %d, %q from %s,", q.Message, q.Mail.Subject, authorText(q.Mail.From))
		}
		return fmt.Sprintf("Does %s belong to %s?", what, q.ContactName)
	case crm.ReviewAddress:
		return fmt.Sprintf("Does %s also use the address %s?", q.ContactName, q.Subject)
	case crm.ReviewOrganisation:
		return fmt.Sprintf("Is everybody at %s one customer, as are %s and %s?", q.Subject, q.ContactName, q.OtherName)
	case crm.ReviewMerge:
		return fmt.Sprintf("Is %s (customer %d) the same person as %s (customer %d)?", q.ContactName, q.Customer, q.OtherName, q.OtherOf)
	}
	return string(q.Kind)
}

// authorText names an author with the address: a name alone anybody can write.
func authorText(p crm.Party) string {
	if p.Name == "" || addressOf(p) == "" {
		return p.Display()
	}
	return p.Name + " (" + addressOf(p) + ")"
}

// reasonText says why a question is one.
func reasonText(q crm.Review) string {
	g := crm.GroundsOf(q.Evidence)
	switch {
	case q.Reason == crm.ReasonThread:
		return fmt.Sprintf("It answers a mail of %s, but nothing shows that its author has seen that mail.", q.ContactName)
	case q.Reason == crm.ReasonSeveral:
		return fmt.Sprintf("Several customers use the address %s.", g.Value)
	case q.Reason == crm.ReasonUnverified:
		return fmt.Sprintf("It answers a mail of %s, but your mail server found that its sender is not who it claims to be.", q.ContactName)
	case q.Reason == crm.ReasonPhone && q.Kind == crm.ReviewMerge:
		return fmt.Sprintf("Both have the phone number %s.", g.Value)
	case q.Reason == crm.ReasonPhone:
		return fmt.Sprintf("Its author signs with the phone number %s, which belongs to %s.", g.Value, q.ContactName)
	case q.Reason == crm.ReasonOrder:
		return fmt.Sprintf("It names the order %s, which is of %s.", g.Value, q.ContactName)
	case q.Reason == crm.ReasonBuyer:
		return fmt.Sprintf("A shop has one customer number for both: %s.", q.Evidence)
	case q.Reason == crm.ReasonAnswer:
		return fmt.Sprintf("A mail of %s answers a mail of %s, and %s.", q.OtherName, q.ContactName, proofOf(g))
	case q.Kind == crm.ReviewMerge:
		return "Both have the same name."
	case q.Reason == crm.ReasonName:
		return "Its author has that name, but the address is not known."
	case q.Kind == crm.ReviewAddress:
		return fmt.Sprintf("A mail from it answers a mail of %s, and %s.", q.ContactName, proofOf(g))
	case q.Kind == crm.ReviewOrganisation:
		return "Both use an address there."
	}
	return fmt.Sprintf("By the rule %q.", q.Reason)
}

// unplacedText says why a mail is on nobody's page.
var unplacedText = map[crm.Unplaced]string{
	crm.UnplacedAsked:    "It is on nobody's page yet: a colleague is asked whose it is.",
	crm.UnplacedDenied:   "It is on nobody's page: a colleague said whose it is not.",
	crm.UnplacedInternal: "It is on nobody's page: only colleagues write and read it.",
	crm.UnplacedRobot:    "It is on nobody's page: a program wrote it, and no address in it is a customer's.",
	crm.UnplacedNobody:   "It is on nobody's page: it names no address.",
	crm.UnplacedIn:       "It is on nobody's page: its sender is no customer. Whoever one of you answers becomes one.",
	crm.UnplacedOut:      "It is on nobody's page: none of its recipients is a customer. Whoever also writes to you becomes one.",
}

// classText says who wrote a mail.
var classText = map[crm.Class]string{
	crm.ClassHuman:      "a person wrote it",
	crm.ClassAutoReply:  "an automatic reply",
	crm.ClassBounce:     "a mail server says that a mail did not arrive",
	crm.ClassComplaint:  "a complaint about spam",
	crm.ClassList:       "from a discussion list",
	crm.ClassNewsletter: "one mail to many",
	crm.ClassSystem:     "an automatic notice",
	crm.ClassCalendar:   "an invitation of a calendar",
}

// whoIs names a contact, with the customer when that is called otherwise.
func whoIs(contact, customer string) string {
	if contact == customer || customer == "" {
		return contact
	}
	return contact + " (" + customer + ")"
}
