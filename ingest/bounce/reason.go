package bounce

import (
	"strings"

	"kaveri/crm"
)

// conclude judges a finding. alone says that it is the only one, so that the
// whole notice speaks of it. because is the phrase that told the reason, "" for
// a code.
func (f *finding) conclude(n *notice, alone bool) (r crm.BouncedRecipient, because string) {
	around := strings.Join(f.around, "\n")
	r = crm.BouncedRecipient{Address: f.address, Action: actionNamed(f.action), Diagnostic: diagnosticOf(f, n, alone)}
	if r.Action == "" {
		r.Action = actionNamed(n.action)
	}
	said := []string{f.diagnostic, around}
	if alone && f.status == "" {
		said = append(said, strings.Join(n.lines, "\n"))
	}
	r.Status, r.ReplyCode = firstStatus(f.status, said...), firstReply(said)
	c := circumstances{status: r.Status, action: r.Action, local: f.local, reply: r.ReplyCode,
		core: normalize(core(f.diagnostic)), near: normalize(f.diagnostic), around: normalize(around),
		stage: stageOf(f.diagnostic+"\n"+around, n, alone)}
	if alone {
		c.whole = n.text
		switch {
		case len(n.refusals) > 0:
			c.core = normalize(strings.Join(n.refusals, "\n"))
		case c.core == "":
			c.core = normalize(core(strings.Join(n.lines, "\n")))
		}
	}
	r.Reason = c.reason()
	r.Permanent = r.Reason.Permanent()
	return r, c.because
}

// actionNamed reads an Action (RFC 3464 §2.3.3). QUIRK: some write "failure",
// "deliverable", or a code behind the word.
func actionNamed(s string) crm.BounceAction {
	for _, a := range [...]struct {
		prefix string
		action crm.BounceAction
	}{{"fail", crm.BounceFailed}, {"delay", crm.BounceDelayed}, {"deliver", crm.BounceDelivered}, {"relay", crm.BounceRelayed}, {"expand", crm.BounceExpanded}} {
		if strings.HasPrefix(s, a.prefix) {
			return a.action
		}
	}
	return crm.BounceNone
}

// firstStatus takes the status of the first text that has one that says more
// than its class; RFC 3463 §3.1: x.0.0 says nothing else.
func firstStatus(field string, texts ...string) string {
	status := enhancedStatus(field)
	if status == "" && strings.HasPrefix(strings.TrimSpace(field), "2.") {
		return firstWord(strings.TrimSpace(field))
	}
	if status != "" && !vague(status) {
		return status
	}
	for _, t := range texts {
		if s := enhancedStatus(t); s != "" && (status == "" || !vague(s)) {
			return s
		}
	}
	return status
}

// firstReply takes the reply of the first text that has one.
func firstReply(texts []string) string {
	for _, t := range texts {
		if c := replyCode(t); c != "" {
			return c
		}
	}
	return ""
}

func vague(status string) bool { return strings.HasSuffix(status, ".0.0") }

// diagnosticOf chooses what is shown of a bounce: what the host said.
func diagnosticOf(f *finding, n *notice, alone bool) string {
	s := f.diagnostic
	if s == "" && len(f.around) > 0 {
		s = f.around[0]
	}
	if s == "" && alone {
		s = strings.Join(n.lines, "\n")
	}
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxDiagnostic {
		s = strings.ToValidUTF8(s[:maxDiagnostic], "")
	}
	return s
}

// circumstances are what the reason is concluded from.
type circumstances struct {
	// Normalized, from the surest to the vaguest: the words of the host that
	// refused, what stands by the recipient, what else is said of it, the
	// whole notice.
	core, near, around, whole string
	status, reply             string
	action                    crm.BounceAction
	stage                     stage
	local                     bool   // a program on the host itself said no
	because                   string // the phrase that told the reason
}

// reason concludes: what somebody said in words counts before codes, which are
// coarse and often wrong; what stands near counts before what stands far.
func (c *circumstances) reason() crm.BounceReason {
	if c.action == crm.BounceDelivered || c.action == crm.BounceRelayed || c.action == crm.BounceExpanded {
		return crm.BounceArrived
	}
	near := [...]string{c.core, c.near, c.around}
	for _, text := range [...]string{c.core, c.near, c.around, c.whole} {
		if r, phrase := byPublished(text); r != "" {
			c.because = phrase
			return r
		}
	}
	if r := certain[c.status]; r != "" {
		return r
	}
	for _, text := range near {
		if r := c.inFamily(text, true); r != "" {
			return r
		}
		if r := c.inWords(text, sayings); r != "" {
			return r
		}
	}
	if r := byStatus[c.status]; r != "" && !doubtful[c.status] {
		return r
	}
	for _, text := range [...]string{c.near, c.around} {
		if spentTrying(text) {
			return crm.BounceExpired
		}
	}
	for _, text := range near {
		if r := c.inFamily(text, false); r != "" {
			return r
		}
	}
	if c.local {
		return crm.BounceMailerError
	}
	if spentTrying(c.whole) {
		return crm.BounceExpired
	}
	for _, text := range near {
		if r := c.inWords(text, mild); r != "" {
			return r
		}
	}
	if r := c.inWords(c.whole, sayings); r != "" {
		return r
	}
	for _, firm := range [...]bool{true, false} {
		if r := c.inFamily(c.whole, firm); r != "" {
			return r
		}
	}
	if r := c.inWords(c.whole, mild); r != "" {
		return r
	}
	return c.byCode()
}

// inWords gives what the first table row means whose phrase the text has.
func (c *circumstances) inWords(text string, table []said) crm.BounceReason {
	if text == "" {
		return ""
	}
	for i := range table {
		for _, p := range table[i].phrases {
			if says(text, p) {
				c.because = p
				return c.inContext(table[i].reason)
			}
		}
	}
	return ""
}

// inFamily gives what the first family means that speaks in a text.
func (c *circumstances) inFamily(text string, firm bool) crm.BounceReason {
	r, phrase := inFamilies(text, firm)
	if r == "" {
		return ""
	}
	c.because = phrase
	return c.inContext(r)
}

// inContext corrects what words mean by the circumstances in which they are said.
// A host that knows its users says so to RCPT; one that says "user unknown"
// only once it has the content, or with a code that says otherwise, filters.
func (c *circumstances) inContext(r crm.BounceReason) crm.BounceReason {
	switch {
	case r == crm.BounceFiltered && byStatus[c.status] == crm.BounceUserUnknown:
		return crm.BounceUserUnknown
	case r == crm.BounceUserUnknown && c.local:
		return crm.BounceMailerError // a program behind an alias knows no user, not the host
	case r == crm.BounceUserUnknown && !c.knowsUsers():
		return crm.BounceFiltered
	case r == crm.BounceMesgTooBig && byStatus[c.status] == crm.BounceExceedLimit:
		return crm.BounceExceedLimit // RFC 3463 §3.3: x.2.3 is a limit of the mailbox, x.3.4 one of the system
	case (r == crm.BounceSecurityError || r == crm.BounceSystemError) && (c.stage == stageHello || c.stage == stageConnect):
		return crm.BounceBlocked // refused before anything was said
	}
	return r
}

func (c *circumstances) knowsUsers() bool {
	switch {
	case byStatus[c.status] == crm.BounceUserUnknown || c.stage == stageRcpt:
		return true
	case strings.HasSuffix(c.status, ".1.10"):
		return true // QUIRK: RFC 7505 §4.1 gives it to domains without mail, Exchange Online to users
	case c.status == "" && c.reply == "":
		// No host refused: the mail system itself names whom it does not know.
		return strings.Contains(c.near, ": @") || says(c.whole, "unknown user: @")
	}
	return false
}

// byCode is what is left when nobody found words.
func (c *circumstances) byCode() crm.BounceReason {
	if r := byReply[c.reply]; r == crm.BounceSyntaxError {
		return r // the reply says so, the status is often a vague x.5.0
	}
	if r := byStatus[c.status]; r != "" {
		return r
	}
	switch {
	case c.stage == stageRcpt && flatlyRefused(c.near):
		return crm.BounceUserUnknown
	case c.stage == stageMail:
		return crm.BounceRejected
	case c.stage == stageHello || c.stage == stageConnect:
		return crm.BounceBlocked
	case c.action == crm.BounceDelayed:
		return crm.BounceExpired
	case byReply[c.reply] != "":
		return byReply[c.reply]
	case strings.TrimSpace(c.near+c.around) == "" && c.status == "" && c.reply == "":
		return crm.BounceUndefined
	}
	return crm.BounceOnHold
}

// flatlyRefused reports a refusal that gives no reason: "<a@b>: Recipient
// address rejected.", "a@b rejected".
func flatlyRefused(text string) bool {
	said := false
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ':' || r == '.' || r == ',' || r == '(' || r == ')' }) {
		switch w {
		case "rejected", "refused":
			said = true
		case "@", "recipient", "address", "rcpt", "to", "in", "reply", "command", "sorry", "is", "was":
		default:
			return false
		}
	}
	return said
}
