package parse

import (
	"strings"

	"kaveri/crm"
)

// classify says from the header alone who wrote a mail: a person, or which
// kind of robot, and which fields said so. The order of the rules is the order
// of the classes: the first that fits counts. Kaveri's rule of thumb where
// fields are vague: a person taken for a robot is worse than the reverse, so
// no class rests on a subject alone.
func classify(h *header, e *crm.Envelope) {
	c := clues{h: h, e: e}
	c.collect()
	for _, rule := range rules {
		if why := rule.fits(&c); why != "" {
			e.Class = rule.class
			e.ClassReasons = []string{why}
			return
		}
	}
	e.Class = crm.ClassHuman
	e.ClassReasons = []string{"no field of a robot"}
}

// rules in the order of the classes.
var rules = []struct {
	class crm.Class
	fits  func(*clues) string
}{
	{crm.ClassBounce, (*clues).bounce},
	{crm.ClassComplaint, (*clues).complaint},
	{crm.ClassAutoReply, (*clues).autoReply},
	{crm.ClassCalendar, (*clues).calendar},
	{crm.ClassList, (*clues).list},
	{crm.ClassNewsletter, (*clues).newsletter},
	{crm.ClassSystem, (*clues).system},
}

// clues are the fields that tell robots, read once.
type clues struct {
	h       *header
	e       *crm.Envelope
	typ     string // media type of the mail
	params  params
	report  string // report-type of a multipart/report (RFC 6522 §3)
	auto    string // Auto-Submitted (RFC 3834 §5)
	prec    string // Precedence: never standardised, always used
	null    bool   // Return-Path: <>
	daemon  bool   // the author is the mail system
	robotic bool   // the author's address says that nobody reads it
	post    bool   // List-Post with an address
}

func (c *clues) collect() {
	if c.h.Has("Content-Type") {
		c.typ, c.params = c.h.contentType()
		if c.typ == "multipart/report" {
			c.report = strings.ToLower(c.params["report-type"])
		}
	}
	c.auto = keyword(c.h.get("Auto-Submitted"))
	c.prec = keyword(c.h.get("Precedence"))
	c.null = isNullPath(c.h.Get("Return-Path"))
	author := c.e.Author()
	local := strings.ToLower(author.Address.Local())
	if local == "" {
		local = strings.ToLower(author.Name) // "MAILER-DAEMON" without domain
	}
	// QUIRK: some put the null path of RFC 5321 §4.5.5 into From as well.
	nobody := local == "" && strings.ReplaceAll(c.h.Get("From"), " ", "") == "<>"
	c.daemon = nobody || isDaemon(local, strings.ToLower(author.Name))
	c.robotic = author.Address.LooksRobotic()
	if v := c.h.get("List-Post"); v != "" {
		c.post = keyword(v) != "no" // RFC 2369 §3.4: NO: nobody may post
	}
}

// isNullPath reports the return path of notices. QUIRK: RFC 5321 §4.5.5 wants
// <>; some systems write <MAILER-DAEMON> for it.
func isNullPath(v string) bool {
	v = strings.TrimLeft(v, " <")
	const daemon = "mailer-daemon"
	return v == ">" || len(v) > len(daemon) && strings.EqualFold(v[:len(daemon)], daemon) && (v[len(daemon)] == '>' || v[len(daemon)] == '@')
}

// keyword gives the first word of a value in lower case, without comments and
// parameters (RFC 3834 §5: auto-replied; owner-email=...).
func keyword(s string) string {
	if s == "" {
		return ""
	}
	s = skipSpace(s)
	if i := strings.IndexAny(s, " ;(\t,"); i >= 0 {
		s = s[:i]
	}
	return strings.ToLower(s)
}

func isDaemon(local, name string) bool {
	for _, d := range [...]string{"mailer-daemon", "mailerdaemon", "mail-daemon", "mailer_daemon", "postmaster", "mdaemon", "mail.daemon"} {
		if rest, ok := strings.CutPrefix(local, d); ok && (rest == "" || strings.IndexByte("-+._=@ ", rest[0]) >= 0) {
			return true
		}
	}
	return strings.Contains(name, "mail delivery s") || strings.Contains(name, "mailer-daemon") // "Mail Delivery Subsystem", "... System"
}

// bounceSubjects are what mail systems write over mail that did not arrive or
// is late. They count only together with a sign of a robot.
var bounceSubjects = []string{"undeliver", "undelivered", "returned mail", "returned to sender", "return to sender", "delivery status", "delivery failure", "delivery failed", "delivery notification", "delivery report",
	"delivery has failed", "failure notice", "mail delivery", "non delivery", "non-delivery", "nondeliverable", "could not send", "not delivered", "undeliverable", "message delay", "delayed", "warning: could not", "mail failure", "mail system error", "could not be delivered", "couldn't be delivered", "failed mail", "mail error", "rejected mail", "mail could not be delivered", "user unknown", "mail status report",
	"unzustellbar", "unzustellbare", "nicht zugestellt", "non remis", "échec de la remise", "non recapitabile", "no se puede entregar", "toimittaminen epäonnistui", "ei voitu toimittaa", "kan inte levereras", "olevererbart"}

func (c *clues) bounce() string {
	switch {
	case c.report == "delivery-status": // RFC 3464 §2, RFC 6522 §3
		return "Content-Type: report-type=delivery-status"
	case c.h.Has("X-Failed-Recipients"):
		return "X-Failed-Recipients"
	case c.report == "disposition-notification" && c.daemon && containsAny(strings.ToLower(c.e.Subject), bounceSubjects):
		// QUIRK: RFC 5429 §2.1.2 has filters refuse mail by a disposition
		// notification; only the author and the Subject tell it from one.
		return "From: " + c.e.Author().Display() + " and Subject"
	case c.report != "":
		return "" // another kind of report
	}
	subject := (c.null || c.daemon || c.typ == "multipart/report") && containsAny(strings.ToLower(c.e.Subject), bounceSubjects)
	switch {
	case c.null && c.daemon:
		// RFC 5321 §4.5.5: notifications have the null return path. So
		// have automatic answers; the author tells them apart.
		return "Return-Path: <> and From: " + string(c.e.Author().Address)
	case c.daemon && (subject || c.typ == "multipart/report"):
		return "From: " + c.e.Author().Display() + " and Subject"
	case c.daemon && strings.HasPrefix(strings.ToLower(c.e.Author().Address.Local()), "mailer-daemon"):
		return "From: " + string(c.e.Author().Address)
	case c.typ == "multipart/report" && subject:
		return "Content-Type: multipart/report and Subject"
	case c.null && subject:
		return "Return-Path: <> and Subject"
	}
	return ""
}

// loops are the senders of feedback loops that are older than RFC 5965, and
// what they write as Subject, in lower case.
var loops = []struct{ author, subject string }{
	{"staff@hotmail.com", "complaint about message from"},
	{"scomp@aol.net", "feedback report"},
	{"feedback@arf.mail.yahoo.com", ""},
}

func (c *clues) complaint() string {
	switch {
	case c.report == "feedback-report": // RFC 5965 §2
		return "Content-Type: report-type=feedback-report"
	case c.h.Has("X-Hmxmroriginalrecipient"): // the junk mail reports of one large provider
		return "X-HmXmrOriginalRecipient"
	}
	author := string(c.e.Author().Address)
	for _, l := range loops {
		if author == l.author && strings.Contains(strings.ToLower(c.e.Subject), l.subject) {
			return "From: " + author
		}
	}
	return ""
}

// awaySubjects are what people's mail programs write over automatic answers.
var awaySubjects = []string{"out of office", "out of the office", "automatic reply", "auto reply", "auto-reply", "autoreply", "autoresponse", "auto response", "automated response", "automatic response", "away from", "on vacation", "on leave", "vacation reply", "abwesen", "automatische antwort", "nicht im büro", "poissa", "lomalla", "automaattinen vastaus", "frånvaro", "autosvar", "automatiskt svar", "absence", "réponse automatique", "fuera de la oficina", "respuesta automática", "risposta automatica", "fuori sede", "automatisch antwoord", "afwezig", "automatisk svar", "fravær"}

func (c *clues) autoReply() string {
	switch {
	case c.report == "disposition-notification":
		return ""
	case c.auto == "auto-replied": // RFC 3834 §5.1
		return "Auto-Submitted: auto-replied"
	case c.h.Has("X-Autoreply") && negative(c.h.get("X-Autoreply")) == "":
		return "X-Autoreply or alike"
	case c.prec == "auto_reply" || c.prec == "auto-reply" || c.prec == "autoreply":
		return "Precedence: " + c.prec
	}
	hint := ""
	switch {
	case c.auto != "" && c.auto != "no":
		hint = "Auto-Submitted: " + c.auto
	case c.h.Has("X-Auto-Response-Suppress"):
		hint = "X-Auto-Response-Suppress"
	case c.null:
		hint = "Return-Path: <>"
	case c.prec == "bulk" || c.prec == "junk":
		hint = "Precedence: " + c.prec
	}
	if hint == "" || !containsAny(strings.ToLower(c.e.Subject), awaySubjects) {
		return ""
	}
	return hint + " and Subject"
}

// negative gives back values that deny the field that bears them.
func negative(v string) string {
	switch k := keyword(v); k {
	case "no", "false", "0", "none":
		return k
	}
	return ""
}

func (c *clues) calendar() string {
	// RFC 6047 §2.4: the method stands in the type as well as in the object.
	if c.typ == "text/calendar" && c.params["method"] != "" {
		return "Content-Type: text/calendar; method=" + validText(c.params["method"])
	}
	if v := strings.ToLower(c.h.get("Content-Class")); strings.Contains(v, "calendarmessage") {
		return "Content-Class: calendarmessage"
	}
	return ""
}

// list finds discussion lists. A List-Id alone (RFC 2919 §3) does not say that
// people write there: newsletters have one too, so signs of bulk outweigh it.
func (c *clues) list() string {
	switch {
	case c.post: // RFC 2369 §3.4
		return "List-Post"
	case c.h.Has("Mailing-List"):
		return "Mailing-List or alike"
	case c.h.get("List-Id") != "" && c.oneToMany() == "":
		return "List-Id"
	case c.prec == "list" && c.oneToMany() == "":
		return "Precedence: list"
	}
	return ""
}

// oneToMany gives the sign that one author writes to many who cannot answer
// to the list.
func (c *clues) oneToMany() string {
	switch {
	case c.prec == "bulk" || c.prec == "junk":
		return "Precedence: " + c.prec
	case c.h.Has("List-Unsubscribe-Post"): // RFC 8058 §3.1
		return "List-Unsubscribe-Post"
	case c.h.Has("X-Campaign"):
		return "X-Campaign or alike"
	case c.h.Has("Feedback-Id") && c.h.Has("List-Unsubscribe"):
		return "Feedback-ID"
	case c.robotic && c.h.Has("List-Unsubscribe"):
		return "List-Unsubscribe and From: " + string(c.e.Author().Address)
	}
	return ""
}

func (c *clues) newsletter() string {
	unsubscribe := c.h.get("List-Unsubscribe") != ""
	switch {
	case c.auto == "auto-generated" && !unsubscribe && !c.h.Has("X-Campaign"): // a notice, although bulk
		return ""
	case unsubscribe: // RFC 2369 §3.2 without §3.4
		return "List-Unsubscribe without List-Post"
	case c.h.get("List-Id") != "" || c.prec == "bulk" || c.prec == "junk":
		if why := c.oneToMany(); why != "" {
			return why
		}
	case c.h.Has("X-Campaign"):
		return "X-Campaign or alike"
	}
	return ""
}

func (c *clues) system() string {
	switch {
	case c.report == "disposition-notification": // RFC 8098 §3: somebody's program says that it was read
		return "Content-Type: report-type=disposition-notification"
	case c.report != "":
		return "Content-Type: report-type=" + validText(c.report)
	case c.auto != "" && c.auto != "no": // RFC 3834 §5: auto-generated, auto-notified
		return "Auto-Submitted: " + validText(c.auto)
	case c.robotic || c.daemon:
		return "From: " + c.e.Author().Display()
	case isDomainReport(c.e.Subject):
		return "Subject: Report Domain"
	case c.null: // RFC 5321 §4.5.5
		return "Return-Path: <>"
	}
	return ""
}

// isDomainReport tells DMARC and TLS reports by the Subject that RFC 7489
// §7.2.1.1 and RFC 8460 §5.3 demand of them, whoever sends them.
func isDomainReport(subject string) bool {
	low := strings.ToLower(subject)
	i := strings.Index(low, "report domain:")
	return i >= 0 && strings.Contains(low[i:], "report-id:")
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
