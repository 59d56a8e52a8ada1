package bounce

import (
	"strings"

	"kaveri/crm"
)

// conclude judges a finding. alone says that it is the only one, so that the
// whole notice speaks of it.
func (f *finding) conclude(n *notice, alone bool) crm.BouncedRecipient {
	around := strings.Join(f.around, "\n")
	r := crm.BouncedRecipient{Address: f.address, Action: actionNamed(f.action), Diagnostic: diagnosticOf(f, n, alone)}
	if r.Action == "" {
		r.Action = actionNamed(n.action)
	}
	r.Status = firstStatus(f.status, f.diagnostic, around)
	r.ReplyCode = replyCode(f.diagnostic)
	if r.ReplyCode == "" {
		r.ReplyCode = replyCode(around)
	}
	if alone && r.ReplyCode == "" && f.status == "" {
		whole := strings.Join(n.lines, "\n")
		r.ReplyCode = replyCode(whole)
		if r.Status == "" {
			r.Status = enhancedStatus(whole)
		}
	}
	c := circumstances{status: r.Status, reply: r.ReplyCode, action: r.Action, local: f.local}
	c.core = normalize(core(f.diagnostic))
	if alone && len(n.refusals) > 0 {
		c.core = normalize(strings.Join(n.refusals, "\n"))
	}
	c.near = normalize(f.diagnostic)
	c.around = normalize(around)
	if alone {
		c.whole = n.text
	}
	c.stage = stageOf(f.diagnostic+"\n"+around, n, alone)
	r.Reason = c.reason()
	r.Permanent = r.Reason.Permanent()
	return r
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

// quotations stand before the words of another host, in lower case.
var quotations = []string{"the error that the other server returned was:", "the response from the remote server was:", "the response was:", "remote host said:", "remote server said:", "remote server returned", "server responded:", " said:", "diagnostic code:", "last reason:", "reason:"}

// core gives what the other host said where a diagnostic quotes it.
func core(diagnostic string) string {
	low := strings.ToLower(diagnostic)
	if len(low) != len(diagnostic) {
		return ""
	}
	for _, q := range quotations {
		if i := strings.Index(low, q); i >= 0 {
			return diagnostic[i+len(q):]
		}
	}
	return ""
}

// stage is the command of the SMTP session that was refused (RFC 5321 §3).
type stage string

const (
	stageUnknown stage = ""
	stageConnect stage = "CONNECT"
	stageHello   stage = "EHLO"
	stageMail    stage = "MAIL"
	stageRcpt    stage = "RCPT"
	stageData    stage = "DATA"
)

// stages are how notices name the command that was refused, normalized.
var stages = []struct {
	stage   stage
	phrases []string
}{
	{stageRcpt, []string{"in reply to rcpt to", "after rcpt to", "after pipelined rcpt to", "[rcpt_to]", "does not like recipient", "not like our rcpt to", "response to rcpt to", "rcpt to command", "rcpt command", "@: user unknown", "@: recipient address rejected", "(state 14)", "to rcpt command", "rcpt to response", "smtp:rcpt", "mail delivery agent at symantec email security", "mail delivery agent at messagelabs", "rcpt to :", "rcpt to:"}},
	{stageData, []string{"in reply to end of data", "in reply to data", "end of data", "after data", "after pipelined data", "not like our data", "failed after i sent the message", "response to data", "(state 17)", "(state 18)", "data command", "after pipelined end"}},
	{stageMail, []string{"in reply to mail from", "after mail from", "after pipelined mail from", "not like our mail from", "does not like sender", "response to mail from", "mail from command", "(state 13)"}},
	{stageHello, []string{"in reply to helo", "in reply to ehlo", "after helo", "after ehlo", "not like our helo", "not like our ehlo", "(state 12)", "ehlo command", "helo command"}},
	{stageConnect, []string{"but greeting failed", "refused to talk to me", "initial connection", "but my name was rejected", "(state 11)"}},
}

// stageOf finds which command was refused: by what is said about the
// recipient, or by the last command before the first refusal of a transcript.
func stageOf(said string, n *notice, alone bool) stage {
	text := normalize(said)
	for _, s := range stages {
		for _, p := range s.phrases {
			if says(text, p) {
				return s.stage
			}
		}
	}
	if !alone {
		return stageUnknown
	}
	command := ""
	for _, l := range n.lines {
		l = strings.TrimSpace(l)
		if c, ok := strings.CutPrefix(l, ">>> "); ok {
			command = strings.ToUpper(firstWord(c))
		} else if a, ok := strings.CutPrefix(l, "<<< "); ok && command != "" && a != "" && (a[0] == '4' || a[0] == '5') {
			switch stage(command) {
			case stageRcpt, stageData, stageMail, stageHello:
				return stage(command)
			}
		}
	}
	for _, s := range stages {
		for _, p := range s.phrases {
			if says(n.text, p) {
				return s.stage
			}
		}
	}
	return stageUnknown
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
	local                     bool // a program on the host itself said no
}

// reason concludes: what somebody said in words counts before codes, which are
// coarse and often wrong; what stands near counts before what stands far.
func (c *circumstances) reason() crm.BounceReason {
	if c.action == crm.BounceDelivered || c.action == crm.BounceRelayed || c.action == crm.BounceExpanded {
		return crm.BounceArrived
	}
	near := [...]string{c.core, c.near, c.around}
	for _, text := range [...]string{c.core, c.near, c.around, c.whole} {
		if r := byPublished(text); r != "" {
			return r
		}
	}
	if r := certain[c.status]; r != "" {
		return r
	}
	for _, text := range near {
		if r := c.inWords(text, sayings); r != "" {
			return r
		}
	}
	if r := byStatus[c.status]; r != "" && !doubtful[c.status] {
		return r
	}
	if c.local {
		return crm.BounceMailerError
	}
	for _, text := range near {
		if r := c.inWords(text, mild); r != "" {
			return r
		}
	}
	for _, table := range [...][]said{sayings, mild} {
		if r := c.inWords(c.whole, table); r != "" {
			return r
		}
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
				return c.inContext(table[i].reason)
			}
		}
	}
	return ""
}

// inContext corrects what words mean by the circumstances in which they are said.
// A host that knows its users says so to RCPT; one that says "user unknown"
// only once it has the content, or with a code that says otherwise, filters.
func (c *circumstances) inContext(r crm.BounceReason) crm.BounceReason {
	switch {
	case r == crm.BounceUserUnknown && !c.knowsUsers():
		return crm.BounceFiltered
	case r == crm.BounceFiltered && byStatus[c.status] == crm.BounceUserUnknown:
		return crm.BounceUserUnknown
	case r == crm.BounceMesgTooBig && byStatus[c.status] == crm.BounceExceedLimit:
		return crm.BounceExceedLimit // RFC 3463 §3.3: x.2.3 is a limit of the mailbox, x.3.4 one of the system
	case (r == crm.BounceSecurityError || r == crm.BounceSystemError) && (c.stage == stageHello || c.stage == stageConnect):
		return crm.BounceBlocked // refused before anything was said
	}
	return r
}

func (c *circumstances) knowsUsers() bool {
	if byStatus[c.status] == crm.BounceUserUnknown {
		return true
	}
	switch c.stage {
	case stageRcpt:
		return true
	case stageData:
		return false
	}
	return false
}

// byCode is what is left when nobody found words.
func (c *circumstances) byCode() crm.BounceReason {
	if r := byStatus[c.status]; r != "" {
		return r
	}
	switch {
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
