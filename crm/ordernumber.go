package crm

import (
	"strings"
	"unicode"
)

// orderWords are what people call an order when they give its number, as
// [Tokens] folds them.
var orderWords = map[string]bool{
	"order": true, "orders": true, "ordernumber": true, "orderid": true, "invoice": true, "receipt": true, "booking": true, "reservation": true, "purchase": true,
	"tilaus": true, "tilaukseni": true, "tilauksen": true, "tilauksesta": true, "tilausta": true, "tilaukset": true, "tilausnumero": true, "tilausnumeroni": true, "tilausnro": true, "lasku": true, "laskunumero": true, "kuitti": true, "varaus": true, "varausnumero": true, "varaukseni": true,
	"bestallning": true, "bestallningen": true, "bestallningsnummer": true, "ordernummer": true, "faktura": true, "fakturanummer": true, "kvitto": true, "bokning": true, "bokningsnummer": true,
	"bestellung": true, "bestellnummer": true, "bestellnr": true, "auftrag": true, "auftragsnummer": true, "rechnung": true, "rechnungsnummer": true, "buchung": true, "buchungsnummer": true,
}

// numberWords may stand between such a word and the number.
var numberWords = map[string]bool{"number": true, "no": true, "nr": true, "nro": true, "numero": true, "numeroni": true, "nummer": true, "id": true, "is": true, "on": true, "ar": true, "ist": true, "my": true, "the": true, "koodi": true, "ref": true, "reference": true}

// The bounds of what is taken for a number of an order.
const (
	minOrderDigits = 3
	maxOrderNumber = 40
	maxOrdersNamed = 8
)

// OrderNumbers gives what a text calls by the number of an order: a word for one
// and, right behind it, letters and digits; or a # before digits. A number alone
// may be anything.
func OrderNumbers(text string) []string {
	var out []string
	near := 0 // words that may still stand before the number
	for word := range strings.FieldsSeq(text) {
		hash := strings.Contains(word, "#")
		bare := strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if _, after, ok := strings.Cut(bare, ":"); ok && orderWords[foldedWord(bare[:len(bare)-len(after)-1])] { // "order:1001"
			near, bare = 3, strings.TrimLeft(after, "#")
		}
		switch {
		case isOrderNumber(bare) && (near > 0 || hash):
			out = append(out, bare)
			near = 3 // "orders 1001 and 1002"
		case orderWords[foldedWord(bare)]:
			near = 4
		case bare == "" && near > 0:
		case numberWords[foldedWord(bare)], bare == "and", bare == "ja", bare == "och", bare == "und":
			near--
		default:
			near = 0
		}
		if len(out) == maxOrdersNamed {
			break
		}
	}
	return out
}

// foldedWord gives a word as the lists have it.
func foldedWord(s string) string { return strings.Join(Tokens(s), "") }

// isOrderNumber reports letters, digits and dashes with enough digits.
func isOrderNumber(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case unicode.IsDigit(r):
			digits++
		case !unicode.IsLetter(r) && r != '-' && r != '/' && r != '_':
			return false
		}
	}
	return digits >= minOrderDigits && len(s) <= maxOrderNumber
}
