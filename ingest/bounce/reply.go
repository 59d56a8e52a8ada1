package bounce

import "strings"

// enhancedStatus finds the first enhanced status code (RFC 3463 §2) of class 4
// or 5 in a text: three numbers that are not part of a longer one (192.5.1.1).
func enhancedStatus(s string) string {
	for i := 0; i+4 < len(s); i++ {
		if (s[i] != '4' && s[i] != '5') || s[i+1] != '.' || i > 0 && (isDigit(s[i-1]) || s[i-1] == '.' || isLetter(s[i-1])) {
			continue
		}
		j := digits(s, i+2)
		if j == i+2 || j-i-2 > 3 || j >= len(s) || s[j] != '.' {
			continue
		}
		k := digits(s, j+1)
		if k == j+1 || k-j-1 > 3 || k < len(s) && (isLetter(s[k]) || s[k] == '.' && k+1 < len(s) && isDigit(s[k+1])) {
			continue
		}
		return s[i:k]
	}
	return ""
}

// replyCode finds the first SMTP reply of class 4 or 5 (RFC 5321 §4.2.1) in a
// text: a number of three digits by itself, with words or a status behind it.
func replyCode(s string) string {
	for i := 0; i+2 < len(s); i++ {
		if (s[i] != '4' && s[i] != '5') || s[i+1] < '0' || s[i+1] > '5' || !isDigit(s[i+2]) || i > 0 && strings.IndexByte(" (:;<[#=_-", s[i-1]) < 0 {
			continue
		}
		switch {
		case i+3 == len(s):
		case s[i+3] == ' ' || s[i+3] == '-':
			if rest := strings.TrimLeft(s[i+3:], " "); hasUnit(rest) {
				continue // 512 bytes, 450 seconds
			}
		case strings.IndexByte(":,;.)]", s[i+3]) >= 0:
			if s[i+3] == '.' && i+4 < len(s) && isDigit(s[i+4]) {
				continue
			}
		default:
			continue
		}
		return s[i : i+3]
	}
	return ""
}

func hasUnit(s string) bool {
	for _, u := range [...]string{"byte", "kb", "mb", "sec", "min", "hour", "day", "char", "message"} {
		if len(s) >= len(u) && strings.EqualFold(s[:len(u)], u) {
			return true
		}
	}
	return false
}

func digits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// normalize brings what a host said to the form in which the tables are
// written: lower case, one space between words, "@" for an address with its
// brackets and quotes, plain quotes, ending in a space.
func normalize(s string) string {
	if s == "" {
		return ""
	}
	if len(s) > maxNormal {
		s = strings.ToValidUTF8(s[:maxNormal], "")
	}
	var b strings.Builder
	b.Grow(len(s) + 1)
	for _, l := range strings.Split(s, "\n") {
		from := 0
		for _, p := range addressesIn(l) {
			b.WriteString(l[from:p.start])
			b.WriteString(" @ ")
			from = p.end
		}
		b.WriteString(l[from:])
		b.WriteByte(' ')
	}
	words := strings.Fields(plainQuotes.Replace(strings.ToLower(b.String())))
	kept := words[:0]
	for _, w := range words {
		// QUIRK: each line of a reply begins with its code (RFC 5321 §4.2.1);
		// where the lines are folded into one, codes stand between words.
		if !isCode(w) {
			kept = append(kept, w)
		}
	}
	return boilerplate.Replace(strings.Join(kept, " ") + " ")
}

// isCode reports a reply or status code, or both: 550, 550-5.1.1, 5.1.1.
func isCode(w string) bool {
	if len(w) > 12 || w == "" || w[0] != '4' && w[0] != '5' {
		return false
	}
	w = strings.Trim(w, "-:")
	if len(w) == 3 && digits(w, 0) == 3 {
		return true
	}
	if len(w) > 4 && digits(w, 0) == 3 && w[3] == '-' {
		w = w[4:]
	}
	return enhancedStatus(w) == w
}

// boilerplate are words that notices have whatever happened.
var boilerplate = strings.NewReplacer(
	"unknown address error", "",
	"please note that this is only a temporary failure report", "",
	"we recommend contacting the other email provider for further information about the cause of this error", "",
	"if you do so, please include this problem report. you can delete your own text from the attached returned message", "",
	"i'm sorry to have to inform you that your message could not be delivered to one or more recipients", "",
	"this is an automatically generated delivery status notification", "",
	"for further assistance, please send mail to postmaster", "",
	"the mail system", "",
	"or you can contact", "",
	"no virus found", "", "no viruses found", "", "no virus was found", "", "virus-free", "", "virus free", "", "scanned for viruses", "", "checked for viruses", "", "virus scanned", "", // of filters that found none
	"nemesis esmtp service not available no smtp service", "", // GMX and its kin, before the reason
	"spam & virus firewall", "spam firewall", "spam and virus firewall", "spam firewall", "viruswall", "", "anti-virus", "", "antivirus", "",
)

// maxNormal bounds the text whose words are looked at, in bytes.
const maxNormal = 8 << 10

var plainQuotes = strings.NewReplacer("’", "'", "‘", "'", "“", `"`, "”", `"`, "' @ '", "@", `" @ "`, "@", "( @ )", "@", "[ @ ]", "@", "<>", "@", " @ ...", " @", " @ :", " @:", " @ ,", " @,", " @ .", " @.")

// says reports that a normalized text has a phrase, at the beginning of a word.
// The pieces of a phrase with " * " stand in this order, not far apart.
func says(text, phrase string) bool {
	piece, rest, more := strings.Cut(phrase, " * ")
	for from := 0; ; {
		i := strings.Index(text[from:], piece)
		if i < 0 {
			return false
		}
		i += from
		from = i + 1
		if i > 0 && isWord(text[i-1]) && isWord(piece[0]) {
			continue
		}
		end := i + len(piece)
		if !more || says(text[end:min(len(text), end+120)], rest) {
			return true
		}
	}
}

func isWord(c byte) bool { return isLetter(c) || isDigit(c) }
