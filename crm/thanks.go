package crm

import (
	"slices"
	"strings"
	"unicode"
)

// maxThanks bounds, in bytes, the words of a mail that may be mere thanks. What
// is longer says more, or was cut and may.
const maxThanks = 160

// Wording is what of a mail from outside shows whether it calls for an answer.
// The words of private mail are not looked at: they are empty then, and the mail
// calls for an answer.
type Wording struct {
	Class    Class
	Subject  string
	Words    string // what its author wrote anew, or its beginning, on one line
	Author   string // the contact's name
	Files    int    // attachments that are not pictures in the text
	Calendar bool   // a calendar's part is in it
}

// CallsForAnswer reports whether somebody may wait for an answer to a mail. A
// question taken for thanks is worse than the reverse, so only what is certain is
// left out: what robots write, the answers of calendars, and mails that thank or say
// that a matter is closed, and of which every word is known to say no more.
func (w *Wording) CallsForAnswer() bool {
	if w.Class != ClassHuman || w.calendarAnswer() {
		return false
	}
	return w.Files > 0 || strings.ContainsAny(w.Words, "?？؟") || len(w.Words) > maxThanks || !w.thanks()
}

// calendarAnswers begin the subjects of what calendars send when somebody accepts
// or declines. They count only beside a part for a calendar.
var calendarAnswers = []string{"accepted:", "declined:", "tentative:", "tentatively accepted:", "hyväksytty:", "hylätty:", "alustava:", "alustavasti hyväksytty:", "accepterat:", "avböjt:", "preliminärt:", "angenommen:", "abgelehnt:", "zugesagt:", "abgesagt:", "canceled event", "cancelled event"}

func (w *Wording) calendarAnswer() bool {
	subject := strings.ToLower(strings.TrimSpace(w.Subject))
	return w.Calendar && slices.ContainsFunc(calendarAnswers, func(p string) bool { return strings.HasPrefix(subject, p) })
}

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// The words of mails that only thank, folded as tokens are. "yes", "no",
// "please", "advance" and their like in other languages are none of them:
// they answer, or ask.
var (
	thanking = wordSet(`thanks thank thankyou thx ty kiitos kiitoksia kiitti kiittaen kiitokset kiitan tack danke merci gracias grazie`)
	filling  = wordSet(`you u very much so a lot many million big warm ok okay oki great perfect good nice excellent wonderful lovely super brilliant fantastic cool
got it this that all well received noted understood clear for the your quick fast prompt swift kind reply response answer answers message mail email help info information update confirmation sending and again once more too both everyone
have day evening weekend week see same to likewise really truly indeed appreciate appreciated i we
paljon oikein kovasti todella tuhannesti suuri suuret lampimat viela teille sinulle sulle itsellesi samoin hyva hyvaa hienoa mahtavaa upeaa loistavaa loistava selva juttu tiedosta tiedoista viestista viestistasi vastauksesta vastauksestasi avusta avustasi nopeasta pikaisesta ripeasta palvelusta vahvistuksesta paivityksesta kaikesta tasta ja sait saatu vastaanotettu paivaa paivan paivanjatkoa jatkoa viikonloppua viikkoa iltaa kesaa
sa mycket for svaret hjalpen ha en bra dag trevlig helg vielen dank fur die schnelle antwort beaucoup muchas`)
	greeting = wordSet(`hi hello hey dear hei heippa moi moikka terve morning afternoon huomenta iltapaivaa hej hallo`)
	closing  = wordSet(`regards best kind warm br wishes sincerely yours cheers terveisin terv ystavallisin yst parhain yt t tv mvh vanliga halsningar gruss grusse sent from my iphone lahetetty iphonesta puhelimestani`)
)

// thanks reports that all that is said is thanks, or that all is well. A mail that
// begins a conversation may have its question in the subject.
func (w *Wording) thanks() bool {
	base, replies, _ := BaseSubject(w.Subject)
	rest := Tokens(w.Author)
	known := func(t string) bool {
		return thanking[t] || filling[t] || greeting[t] || closing[t] || slices.Contains(rest, t)
	}
	all := func(tokens []string) bool {
		tokens, _ = without(tokens, allaying)
		return !slices.ContainsFunc(tokens, func(t string) bool { return !known(t) })
	}
	if subject, _ := without(saying(base), settling); replies == 0 && !all(subject) {
		return false
	}
	text := withoutAddressee(w.Words)
	tokens := saying(text)
	if len(tokens) == 0 {
		return thumbs(text)
	}
	if _, asks := without(tokens, asking); asks {
		return false
	}
	tokens, settled := without(tokens, settling)
	return (settled || slices.ContainsFunc(tokens, func(t string) bool { return thanking[t] })) && all(tokens)
}

// withoutAddressee takes off whom a mail greets: "Hi Anna, thanks!". One or two
// words between a greeting and a comma are a name when they are written as one.
func withoutAddressee(text string) string {
	head, rest, ok := strings.Cut(text, ",")
	if at := strings.IndexByte(text, '!'); at >= 0 && (!ok || at < len(head)) {
		head, rest, ok = text[:at], text[at+1:], true
	}
	fields := strings.Fields(head)
	if !ok || len(fields) < 2 || len(fields) > 3 || !greeting[strings.Join(Tokens(fields[0]), "")] {
		return text
	}
	for _, f := range fields[1:] {
		if !unicode.IsUpper([]rune(f)[0]) {
			return text
		}
	}
	return rest
}

// thumbs reports a text of nothing but signs of approval.
func thumbs(text string) bool {
	some := false
	for _, r := range text {
		switch {
		case strings.ContainsRune("👍👌🙏😊🙂😀😄❤♥☺💪🎉🏻🏼🏽🏾🏿", r):
			some = true
		case unicode.IsSpace(r), unicode.Is(unicode.Mn, r), r == '\u200d', r == '!', r == '.', r == ':', r == ')', r == '-', r == ';':
		default:
			return false
		}
	}
	return some
}
