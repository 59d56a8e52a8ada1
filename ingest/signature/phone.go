package signature

import (
	"strings"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"kaveri/crm"
)

// Bounds of a phone, in digits: E.164 allows fifteen, and what has fewer than
// seven is an extension or a room.
const (
	minDigits = 7
	maxDigits = 17 // with the 00 and (0) that people write
)

// phones finds the phones of a line in E.164, with where they stand.
func phones(l, region string) (found []numberAt) {
	for i := 0; i < len(l); {
		if !phoneByte(l[i]) || i > 0 && (isWordByte(l[i-1]) || l[i-1] == '@') {
			i++
			continue
		}
		end, digits := run(l, i)
		if digits >= minDigits && digits <= maxDigits && (end == len(l) || l[end] != '@') && !isTime(l[i:end], l[end:]) {
			if n := e164(l[i:end], region); n != "" {
				found = append(found, numberAt{n, i, end})
			}
		}
		i = max(end, i+1)
	}
	return found
}

type numberAt struct {
	number   string
	from, to int
}

// run gives the end of the digits that belong together from i on: with marks
// and spaces between them, three at most.
func run(l string, i int) (end, digits int) {
	end = i
	for k, gap := i, 0; k < len(l) && gap <= 3; {
		r, n := utf8.DecodeRuneInString(l[k:])
		k += n
		switch {
		case '0' <= r && r <= '9':
			digits++
			end, gap = k, 0
		case r == '+' && k-n == i || strings.ContainsRune("() -./\u00a0–", r):
			gap++
		default:
			return end, digits
		}
	}
	return end, digits
}

// isTime reports digits that are a day, or end in a time of day.
func isTime(s, behind string) bool {
	return len(s) >= 10 && s[4] == '-' && s[7] == '-' || len(behind) > 1 && behind[0] == ':' && '0' <= behind[1] && behind[1] <= '9'
}

func phoneByte(c byte) bool { return '0' <= c && c <= '9' || c == '+' || c == '(' }
func isWordByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= 0x80
}

// e164 gives a number in the form of the network, "" when there is none such.
func e164(s, region string) string {
	if strings.HasPrefix(s, "+") || strings.HasPrefix(s, "00") {
		s = strings.Replace(s, "(0)", "", 1) // to be dialled from inside the country
	}
	n, err := phonenumbers.Parse(s, region)
	if err != nil || !phonenumbers.IsValidNumber(n) {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// Region supposes the country whose numbers somebody writes without its code,
// by ISO 3166: that of the address, else the main country of the language, else
// home, where the firm is. English is written everywhere and says nothing when
// home is known.
func Region(a crm.Address, language, home string) string {
	if r := ofDomain(a.Domain()); r != "" {
		return r
	}
	if r := homes[language]; r != "" && (language != "en" || home == "") {
		return r
	}
	return home
}

// Home supposes the country of a firm: that of its domains, else that of its
// time zone, else "".
func Home(f *crm.Firm) string {
	for _, d := range f.Domains {
		if r := ofDomain(d); r != "" {
			return r
		}
	}
	return zones[f.TimeZone]
}

// ofDomain gives the country of a top-level domain; some are sold to everybody.
func ofDomain(host string) string {
	switch tld := strings.ToUpper(host[strings.LastIndexByte(host, '.')+1:]); {
	case tld == "UK":
		return "GB"
	case len(tld) != 2 || tld == "EU" || tld == "IO" || tld == "CO" || tld == "ME" || tld == "AI" || tld == "TV" || phonenumbers.GetCountryCodeForRegion(tld) == 0:
		return ""
	default:
		return tld
	}
}

// zones are the countries of the time zones of Europe.
var zones = map[string]string{"Europe/Helsinki": "FI", "Europe/Mariehamn": "FI", "Europe/Stockholm": "SE", "Europe/Oslo": "NO", "Europe/Copenhagen": "DK", "Europe/Tallinn": "EE",
	"Europe/Riga": "LV", "Europe/Vilnius": "LT", "Europe/Berlin": "DE", "Europe/Vienna": "AT", "Europe/Zurich": "CH", "Europe/Amsterdam": "NL", "Europe/Brussels": "BE",
	"Europe/Luxembourg": "LU", "Europe/Paris": "FR", "Europe/London": "GB", "Europe/Dublin": "IE", "Europe/Madrid": "ES", "Europe/Lisbon": "PT", "Europe/Rome": "IT",
	"Europe/Warsaw": "PL", "Europe/Prague": "CZ", "Europe/Bratislava": "SK", "Europe/Budapest": "HU", "Europe/Bucharest": "RO", "Europe/Sofia": "BG", "Europe/Zagreb": "HR",
	"Europe/Ljubljana": "SI", "Europe/Athens": "GR", "Europe/Kyiv": "UA", "Europe/Istanbul": "TR", "Atlantic/Reykjavik": "IS", "Europe/Malta": "MT", "Asia/Nicosia": "CY"}

// homes are the countries of languages.
var homes = map[string]string{"fi": "FI", "sv": "SE", "de": "DE", "en": "GB", "et": "EE", "no": "NO", "da": "DK", "nl": "NL", "fr": "FR", "es": "ES", "it": "IT",
	"pt": "PT", "pl": "PL", "ru": "RU", "lv": "LV", "lt": "LT", "uk": "UA", "cs": "CZ", "hu": "HU", "ro": "RO", "bg": "BG", "hr": "HR", "sl": "SI", "tr": "TR", "el": "GR"}
