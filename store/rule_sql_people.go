package store

import (
	"kaveri/crm"
	"kaveri/crm/segment"
)

// This file makes the conditions that ask for people, mail, wishes and campaigns.

func ruleLanguage(q *ruleSQL, c *segment.Condition) string {
	switch c.Test {
	case segment.TestUnknown:
		return "c.language = ''"
	case segment.TestIsNot, segment.TestNoneOf:
		return "c.language NOT IN " + q.in(c.Words)
	}
	return "c.language IN " + q.in(c.Words)
}

func ruleOrganisation(q *ruleSQL, c *segment.Condition) string {
	if c.Test == segment.TestAny {
		return "c.organisation_id IS NOT NULL"
	}
	return "(c.sort_key = " + q.arg(crm.SortKey(c.Words[0])) + " AND c.organisation_id IS NOT NULL)"
}

func ruleOwner(q *ruleSQL, c *segment.Condition) string {
	if c.Test == segment.TestUnknown {
		return "c.owner_id IS NULL"
	}
	is := "c.owner_id IN (SELECT s.id FROM staff s WHERE s.address IN " + q.in(c.Words) + ")"
	if c.Test == segment.TestIsNot || c.Test == segment.TestNoneOf {
		return not(is)
	}
	return is
}

func ruleTagged(q *ruleSQL, c *segment.Condition) string {
	return "c.id IN (SELECT t.customer_id FROM customer_tags t WHERE t.tag = " + q.arg(segment.TagKey(c.Words[0])) + ")"
}

// ruleMoment asks for the last mail of a kind, or since when a question waits.
func ruleMoment(q *ruleSQL, c *segment.Condition) string {
	q.joins["k"] = true
	column := map[string]string{"wrote": "k.wrote_us", "we wrote": "k.written_us", "began a conversation": "k.began_us", "waiting for our answer": "k.open_us"}[c.Field]
	return "(" + q.within(column, q.clock.Past(c)) + ")"
}

func ruleSilent(q *ruleSQL, c *segment.Condition) string {
	q.joins["k"] = true
	w := q.clock.Last(c.Span)
	return "(" + not(q.within("k.wrote_us", w)) + " AND " + not(q.within("k.written_us", w)) + " AND NOT EXISTS (SELECT 1" + q.ordersOf(w) + "))"
}

// plainWishes conditions the wishes w that segments know of: neither praise nor
// problems, and said where everybody may read it.
func (q *ruleSQL) plainWishes() string {
	return "w.kind NOT IN (" + list([]crm.WishKind{crm.WishPraise, crm.WishProblem, crm.WishSwitch}, q.arg) + `)
AND (w.message_id IS NULL OR EXISTS (SELECT 1 FROM messages m WHERE m.id = w.message_id AND m.private = 0))`
}

func ruleWishes(q *ruleSQL, c *segment.Condition) string {
	window := q.clock.Last(c.Last)
	where := "w.state IN (" + list(segment.States(c), q.arg) + ") AND " + q.plainWishes()
	switch c.State {
	case "fulfilled":
		where += " AND " + q.within("w.done_us", window)
	case "told":
		where += " AND EXISTS (SELECT 1 FROM wish_steps h WHERE h.wish_id = w.id AND h.state = " + q.arg(string(crm.WishTold)) + " AND " + q.within("h.at_us", window) + ")"
	default:
		where += " AND " + q.within("w.at_us", window)
	}
	for _, word := range segment.AboutWords(c) {
		where += " AND w.id IN (SELECT s.wish_id FROM wish_words s WHERE s.word >= " + q.arg(word) + " AND s.word < " + q.arg(word+"\U0010FFFF") + ")"
	}
	return "c.id IN (SELECT w.customer_id FROM wishes w WHERE " + where + ")"
}

func ruleComplaint(q *ruleSQL, _ *segment.Condition) string {
	return "c.id IN (SELECT w.customer_id FROM wishes w WHERE w.state IN (" + list(crm.OpenWishStates, q.arg) + ") AND w.kind = " + q.arg(string(crm.WishProblem)) + ")"
}

func ruleRecommendation(q *ruleSQL, c *segment.Condition) string {
	column := map[string]string{"came by recommendation": "r.contact_id", "recommended": "r.by_id"}[c.Field]
	return "c.id IN (SELECT p.customer_id FROM recommendations r JOIN contacts p ON p.id = " + column + " WHERE " + q.within("r.at_us", q.clock.Last(c.Last)) + ")"
}

// addressesOf is a FROM and WHERE of the addresses that people of the customer
// use now.
func (q *ruleSQL) addressesOf() string {
	now := q.arg(micros(q.clock.Now))
	return " FROM contacts p JOIN contact_addresses u ON u.contact_id = p.id JOIN addresses a ON a.id = u.address_id WHERE p.customer_id = c.id AND p.merged_into = 0 AND u.from_us <= " + now +
		" AND (u.until_us = 0 OR u.until_us > " + now + ")"
}

// ruleConsents asks for a statement that counts: one that was given, and not
// withdrawn since; one of an import only when nothing ever was withdrawn
// ([segment.Consents]).
func ruleConsents(q *ruleSQL, c *segment.Condition) string {
	topics := "(" + q.arg("") + ", " + q.arg(c.Words[0]) + ")"
	return "EXISTS (SELECT 1" + q.addressesOf() + " AND EXISTS (SELECT 1 FROM consents g WHERE g.address = a.address AND g.topic IN " + topics + " AND g.given = 1 AND NOT EXISTS (" +
		"SELECT 1 FROM consents n WHERE n.address = g.address AND n.topic IN " + topics + " AND n.given = 0 AND (g.source = " + q.arg(crm.ConsentImport) + " OR (n.at_us, n.id) > (g.at_us, g.id)))))"
}

// stopped reports that mailings may not go to the address a.
func (q *ruleSQL) stopped() string {
	return "EXISTS (SELECT 1 FROM suppressions s WHERE s.address = a.address AND s.lifted_us = 0 AND s.topic = '')"
}

func ruleReachable(q *ruleSQL, _ *segment.Condition) string {
	return "EXISTS (SELECT 1" + q.addressesOf() + " AND NOT " + q.stopped() + ")"
}

func ruleSuppressed(q *ruleSQL, c *segment.Condition) string {
	return "(EXISTS (SELECT 1" + q.addressesOf() + ") AND NOT " + ruleReachable(q, c) + ")"
}

// ofCampaign conditions a column that names a campaign.
func (q *ruleSQL) ofCampaign(column string, c *segment.Condition) string {
	if c.Test == segment.TestAny {
		return ""
	}
	return " AND " + column + " IN (SELECT g.id FROM campaigns g WHERE g.name_key = " + q.arg(segment.Key(c.Words[0])) + ")"
}

// sentTouches is a FROM and WHERE of the campaign mail that was sent to the
// customer.
func (q *ruleSQL) sentTouches(c *segment.Condition, more string) string {
	return " FROM touches t JOIN dispatches d ON d.id = t.dispatch_id" + more + " WHERE t.customer_id = c.id AND t.kind = " + q.arg(string(crm.TouchSent)) + " AND d.state = " + q.arg(string(crm.Sent)) + q.ofCampaign("t.campaign_id", c)
}

func ruleReceived(q *ruleSQL, c *segment.Condition) string {
	return "EXISTS (SELECT 1" + q.sentTouches(c, "") + " AND " + q.within("t.at_us", q.clock.Last(c.Last)) + ")"
}

func ruleReplied(q *ruleSQL, c *segment.Condition) string {
	return "EXISTS (SELECT 1" + q.sentTouches(c, " JOIN dispatch_events e ON e.dispatch_id = d.id") + " AND e.kind = " + q.arg(string(crm.EventAnswered)) + " AND " + q.within("e.at_us", q.clock.Last(c.Last)) + ")"
}

func ruleHeldOut(q *ruleSQL, c *segment.Condition) string {
	return "EXISTS (SELECT 1 FROM members b WHERE b.customer_id = c.id AND b.arm = " + q.arg(string(crm.ArmHeldOut)) + q.ofCampaign("b.campaign_id", c) + " AND " + q.within("b.entered_us", q.clock.Last(c.Last)) + ")"
}

func ruleBoughtAfter(q *ruleSQL, c *segment.Condition) string {
	return "EXISTS (SELECT 1 FROM members b JOIN orders o ON o.customer_id = b.customer_id AND o.at_us > b.exposed_us WHERE b.customer_id = c.id AND b.exposed_us > 0 AND b.arm = " + q.arg(string(crm.ArmTreated)) +
		q.ofCampaign("b.campaign_id", c) + " AND " + q.standingOrders(q.clock.Last(c.Last)) + ")"
}
