package sheet

import (
	"fmt"
	"slices"
	"strings"

	"kaveri/crm"
)

// Kind is what a column holds.
type Kind int

// The kinds that a title tells.
const (
	Other Kind = iota
	Name
	FirstName
	LastName
	Organisation
	Address
	maybeAddress // of mail or of a street: used when nothing says e-mail
	Phone
	Language
	kinds
)

// titles are the titles of columns, folded, in the order of preference.
var titles = [kinds][]string{
	Name:         {"name", "full name", "display name", "contact", "contact name", "contact person", "customer", "customer name", "nimi", "asiakas", "asiakkaan nimi", "yhteyshenkilo", "namn", "kund", "kontaktperson", "kunde", "ansprechpartner"},
	FirstName:    {"first name", "firstname", "given name", "etunimi", "fornamn", "vorname"},
	LastName:     {"last name", "lastname", "surname", "family name", "sukunimi", "efternamn", "nachname"},
	Organisation: {"organisation", "organization", "company", "company name", "organisation name", "organization name", "firm", "account", "account name", "yritys", "yrityksen nimi", "organisaatio", "firma", "foretag", "unternehmen"},
	Address:      {"email", "emails", "e mail", "e mails", "email address", "email addresses", "e mail address", "e mail addresses", "mail", "mail address", "sahkoposti", "sahkopostit", "sahkopostiosoite", "sahkopostiosoitteet", "epost", "e post", "epostadress", "e postadress", "e mail adresse", "email adresse"},
	maybeAddress: {"address", "addresses", "osoite", "osoitteet", "adress", "adresse"},
	Phone:        {"phone", "phones", "phone number", "telephone", "tel", "mobile", "mobile phone", "gsm", "puhelin", "puhelinnumero", "matkapuhelin", "telefon", "mobil", "handy"},
	Language:     {"language", "lang", "preferred language", "kieli", "asiointikieli", "sprak", "sprache"},
}

// kindNames are the kinds for people, in the order in which they are told.
var kindNames = []struct {
	kind Kind
	name string
}{{Name, "name"}, {FirstName, "first name"}, {LastName, "last name"}, {Organisation, "organisation"}, {Address, "addresses"}, {Phone, "phones"}, {Language, "language"}}

// kindOf tells what a column with this title holds.
func kindOf(title string) Kind {
	t := strings.Join(crm.Tokens(title), " ")
	// Exports number their columns: "E-mail 2 - Value", "Phone 1".
	t = strings.TrimSpace(strings.TrimRight(strings.TrimSuffix(t, " value"), " 0123456789"))
	for kind, words := range titles {
		if slices.Contains(words, t) {
			return Kind(kind)
		}
	}
	return Other
}

// Columns says where in a row each kind of value stands, the leftmost first.
type Columns [kinds][]int

// ColumnsOf reads the titles. Its errors, of kind [crm.KindInvalid], say that
// there are none, or that none is of a mail address, and what there is instead.
func ColumnsOf(head []string) (Columns, error) {
	var c Columns
	for i, title := range head {
		if strings.Contains(title, "@") {
			return c, crm.Invalid("file", "the first row must name the columns, such as name and email; here it holds an address already")
		}
		kind := kindOf(title)
		c[kind] = append(c[kind], i)
	}
	if len(c[Address]) == 0 {
		c[Address] = c[maybeAddress]
	} else {
		c[Other] = append(c[Other], c[maybeAddress]...)
	}
	if len(c[Address]) == 0 {
		return c, crm.Invalid("file", "no column is named email or addresses; the columns are: %s", shortened(strings.Join(head, ", ")))
	}
	return c, nil
}

// Describe says which column was taken for what.
func (c *Columns) Describe(head []string) string {
	var out []string
	for _, k := range kindNames {
		var names []string
		for _, i := range c[k.kind] {
			names = append(names, strings.TrimSpace(head[i]))
		}
		if len(names) > 0 {
			out = append(out, k.name+" from "+strings.Join(names, ", "))
		}
	}
	return strings.Join(out, "; ")
}

// First gives the first value of a kind that is not blank, without blanks
// around it; "" when there is none.
func (c *Columns) First(kind Kind, cells []string) string {
	for _, i := range c[kind] {
		if i < len(cells) {
			if s := strings.TrimSpace(cells[i]); s != "" {
				return s
			}
		}
	}
	return ""
}

// Person gives a name: of its own column, or of first and last name.
func (c *Columns) Person(cells []string) string {
	if name := c.First(Name, cells); name != "" {
		return name
	}
	return strings.TrimSpace(c.First(FirstName, cells) + " " + c.First(LastName, cells))
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 200 {
		return fmt.Sprintf("%s...", string(r[:200]))
	}
	return s
}
