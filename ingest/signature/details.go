package signature

import (
	"strings"

	"kaveri/crm"
)

// maxPhones bounds the phones of one signature: a list of numbers is of a firm,
// not of a person.
const maxPhones = 4

// Details gives what of these facts is worth keeping of a contact: the phones,
// the first title, the first company, and the postal address on one line.
func Details(facts []Fact) []crm.Detail {
	var out []crm.Detail
	have := map[Kind]int{}
	for _, f := range facts {
		have[f.Kind]++
		switch n := have[f.Kind]; {
		case f.Kind == Phone && n <= maxPhones:
			out = append(out, crm.Detail{Kind: crm.DetailPhone, Value: f.Value})
		case f.Kind == Title && n == 1:
			out = append(out, crm.Detail{Kind: crm.DetailTitle, Value: f.Value})
		case f.Kind == Company && n == 1:
			out = append(out, crm.Detail{Kind: crm.DetailCompany, Value: f.Value})
		}
	}
	if a := postalAddress(facts); a != "" {
		out = append(out, crm.Detail{Kind: crm.DetailAddress, Value: a})
	}
	return out
}

// postalAddress joins a street with the first place behind it; "" when one of
// them is missing. Postal code and city keep their order.
func postalAddress(facts []Fact) string {
	street, code, city := "", "", ""
	for _, f := range facts {
		switch {
		case f.Kind == Street && street == "":
			street = f.Value
		case f.Kind == PostalCode && street != "" && code == "":
			code = f.Value
		case f.Kind == City && code != "" && city == "":
			city = f.Value
			if strings.Index(f.Line, code) < strings.Index(f.Line, city) {
				return street + ", " + code + " " + city
			}
			return street + ", " + city + " " + code
		}
	}
	return ""
}

// Number gives a phone in E.164, as people write it in a country (ISO 3166);
// ok is false when there is no such number there.
func Number(s, region string) (number string, ok bool) {
	number = e164(strings.TrimSpace(s), region)
	return number, number != ""
}
