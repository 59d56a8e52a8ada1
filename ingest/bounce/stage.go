package bounce

import "strings"

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
