package segment

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is what a token is.
type tokenKind uint8

const (
	tokenEnd  tokenKind = iota
	tokenWord           // a run without blanks: a keyword, a number, a day, an address
	tokenText           // in quotation marks; word has what stands in them
	tokenMark           // ( ) , % < > = <= >=
)

// token is a piece of the text.
type token struct {
	kind tokenKind
	word string // of a word in small letters
	raw  string // as it was written
	at   int    // in bytes
}

// quotes are what a text is opened by, with what may close it: word processors
// turn straight marks into others.
var quotes = map[rune]string{'"': `"`, '“': "”“", '”': "”", '„': "“”", '«': "»", '»': "»«"}

// lex takes a text apart.
func lex(text string) ([]token, *Error) {
	if len(text) > MaxText {
		return nil, errorAt(text, MaxText, 1, "the rule is longer than %d characters", MaxText)
	}
	var out []token
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRuneInString(text[at:])
		switch {
		case r == utf8.RuneError && n == 1:
			return nil, errorAt(text, at, 1, "this is no text in UTF-8")
		case unicode.IsSpace(r):
			at += n
		case quotes[r] != "":
			t, end, err := lexText(text, at, n, quotes[r])
			if err != nil {
				return nil, err
			}
			out, at = append(out, t), end
		case isMark(r):
			if (r == '<' || r == '>') && strings.HasPrefix(text[at+n:], "=") {
				n++
			}
			out = append(out, token{tokenMark, text[at : at+n], text[at : at+n], at})
			at += n
		default:
			end := at
			for end < len(text) {
				r, n := utf8.DecodeRuneInString(text[end:])
				if unicode.IsSpace(r) || isMark(r) || quotes[r] != "" || r == utf8.RuneError {
					break
				}
				end += n
			}
			out = append(out, token{tokenWord, strings.ToLower(text[at:end]), text[at:end], at})
			at = end
		}
	}
	return append(out, token{kind: tokenEnd, at: len(text)}), nil
}

func isMark(r rune) bool { return strings.ContainsRune("(),%<>=", r) }

// lexText reads a text in quotation marks. A backslash takes the next mark or
// backslash as it is; blanks are put in order, since no name rests on them.
func lexText(text string, at, open int, closing string) (token, int, *Error) {
	var b strings.Builder
	for i := at + open; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return token{}, 0, errorAt(text, i, 1, "this is no text in UTF-8")
		case strings.ContainsRune(closing, r):
			word := strings.Join(strings.Fields(b.String()), " ")
			switch {
			case word == "":
				return token{}, 0, errorAt(text, at, 2, "nothing stands between the quotation marks")
			case len(word) > MaxName:
				return token{}, 0, errorAt(text, at, 1, "the text is longer than %d characters", MaxName)
			}
			return token{tokenText, word, text[at : i+n], at}, i + n, nil
		case r == '\\' && i+1 < len(text) && (text[i+1] == '\\' || text[i+1] == '"'):
			b.WriteByte(text[i+1])
			i += 2
			continue
		case unicode.IsControl(r) && !unicode.IsSpace(r):
			return token{}, 0, errorAt(text, i, 1, "a control character stands in the text")
		}
		b.WriteRune(r)
		i += n
	}
	return token{}, 0, errorAt(text, at, 1, "the quotation mark that is opened here is not closed")
}

// quoted writes a text so that [lex] reads it again.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
