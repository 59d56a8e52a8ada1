package contacts

import (
	"slices"
	"strings"
	"unicode"

	"kaveri/crm"
)

// kind is what a column of an address book holds.
type kind int

const (
	other kind = iota
	mail
	phone
	notes
	organisation
	full
	filed // the name by which an entry is sorted
	prefix
	first
	middle
	last
	suffix
	kinds
)

// titles are titles without their numbers, folded ([crm.Tokens]), that mean one
// thing in the programs that write them: English, German, French, Spanish,
// Portuguese, Italian, Dutch, Finnish, Swedish, Danish, Norwegian, Polish,
// Czech, Hungarian, Russian, Turkish, Greek, Japanese, Chinese, Korean.
var titles = map[kind][]string{
	full: {"name", "full name", "display name", "contact name", "formatted name", "fn", "anzeigename", "vollstandiger name", "nom complet", "nom a afficher", "nom affiche", "nombre completo", "nombre para mostrar",
		"nombre mostrado", "nome completo", "nome de exibicao", "nome a mostrar", "nome visualizzato", "nome da visualizzare", "volledige naam", "weergavenaam", "naam", "nimi", "koko nimi", "nayttonimi", "nakyva nimi", "naytettava nimi",
		"namn", "visningsnamn", "navn", "visningsnavn", "vist navn", "nazwa wyswietlana", "nazwa", "zobrazovane jmeno", "megjelenitett nev", "megjelenitendo nev", "отображаемое имя", "имя для отображения", "полное имя", "gorunen ad", "goruntulenecek ad",
		"εμφανιζομενο ονομα", "表示名", "氏名", "显示名称", "显示名", "姓名", "顯示名稱", "표시 이름"},
	filed: {"file as", "fileas", "speichern unter", "classer sous", "archivar como", "arquivar como", "archivia come"},
	prefix: {"prefix", "name prefix", "title", "anrede", "titel", "namensprafix", "titre", "civilite", "titulo", "tratamiento", "tratamento", "titolo", "aanhef", "titteli", "arvonimi", "tytul", "osloveni", "titul",
		"megszolitas", "обращение", "unvan", "敬称", "称谓", "頭銜"},
	first: {"first name", "firstname", "given name", "givenname", "first", "vorname", "prenom", "nombre", "nombre de pila", "nome", "nome proprio", "voornaam", "etunimi", "fornamn", "fornavn", "imie", "jmeno", "krestni jmeno",
		"utonev", "keresztnev", "имя", "ad", "adi", "ονομα", "名", "名字", "이름"},
	middle: {"middle name", "middlename", "middle", "additional name", "weitere vornamen", "zweiter vorname", "deuxieme prenom", "second prenom", "autres prenoms", "segundo nombre", "segundo nome", "nome do meio", "secondo nome",
		"tweede voornaam", "middelste naam", "toinen nimi", "toinen etunimi", "mellannamn", "mellemnavn", "mellomnavn", "drugie imie", "druhe jmeno", "prostredni jmeno", "отчество", "ikinci ad", "ミドル ネーム", "中间名"},
	last: {"last name", "lastname", "surname", "family name", "familyname", "last", "nachname", "familienname", "nom", "nom de famille", "apellidos", "apellido", "apelido", "sobrenome", "ultimo nome", "cognome", "achternaam",
		"sukunimi", "efternamn", "efternavn", "etternavn", "nazwisko", "prijmeni", "vezeteknev", "csaladnev", "фамилия", "soyadi", "soyad", "επωνυμο", "επιθετο", "姓", "姓氏", "성"},
	suffix: {"suffix", "name suffix", "namenssuffix", "suffixe", "sufijo", "sufixo", "suffisso", "achtervoegsel", "jalkiliite", "loppuliite", "sufiks", "utotag", "суффикс", "sonek", "後綴", "后缀"},
	organisation: {"company", "company name", "organization", "organization name", "organisation", "organisation name", "employer", "firma", "firmenname", "unternehmen", "entreprise", "societe", "organisme", "employeur",
		"empresa", "compania", "nombre de la empresa", "organizacion", "organizacao", "companhia", "nome da empresa", "azienda", "societa", "ditta", "organizzazione", "bedrijf", "bedrijfsnaam", "organisatie",
		"yritys", "yrityksen nimi", "organisaatio", "foretag", "virksomhed", "selskab", "bedrift", "organisasjon", "organizacja", "spolecnost", "organizace", "ceg", "cegnev", "vallalat", "szervezet",
		"компания", "организация", "фирма", "sirket", "kurulus", "organizasyon", "εταιρεια", "εταιρια", "οργανισμος", "会社", "会社名", "勤務先", "組織", "公司", "单位", "單位", "组织", "회사", "조직"},
	notes: {"notes", "note", "comments", "comment", "notizen", "notiz", "bemerkungen", "bemerkung", "anmerkungen", "remarques", "commentaires", "notas", "nota", "observaciones", "observacoes", "anotacoes", "annotazioni", "appunti",
		"opmerkingen", "notities", "aantekeningen", "muistiinpanot", "huomautukset", "huomautuksia", "lisatiedot", "anteckningar", "kommentarer", "noter", "notater", "merknader", "bemaerkninger",
		"uwagi", "notatki", "poznamky", "poznamka", "megjegyzes", "megjegyzesek", "jegyzetek", "feljegyzesek", "заметки", "заметка", "примечания", "примечание", "комментарии", "notlar", "σημειωσεις", "メモ", "備考", "备注", "附注", "便笺", "備註", "메모"},
}

// byTitle finds a title's kind.
var byTitle = func() map[string]kind {
	m := map[string]kind{}
	for k, list := range titles {
		for _, t := range list {
			m[t] = k
		}
	}
	return m
}()

// The stems of titles of mail addresses and of phones, in the order in which
// they are looked for in the words of a title. ^ binds one to the beginning.
var (
	mailStems = []string{"mail", "sahkopost", "^epost", "correo", "courriel", "messagerie", "elettronica", "почт", "メール", "邮件", "邮箱", "郵件", "이메일", "메일", "ηλεκτρον", "electronique"}
	// The second word is what comes behind a lone e: e-post, e-posta.
	mailPairs  = []string{"post", "mel"}
	phoneStems = []string{"phone", "telef", "phoni", "puhelin", "^mobil", "^mobiel", "^movil", "celular", "cellulare", "^handy", "^gsm", "^tel", "^tlf", "fax", "^faks", "^pager", "^personsokar", "hakulait", "cercapersone", "buscapersona", "^beeper",
		"rufnummer", "^isdn", "^callback", "^komorka", "^komorkow", "телефон", "факс", "пейджер", "мобильн", "τηλεφ", "φαξ", "κινητ", "電話", "电话", "携帯", "手机", "手機", "ファックス", "ファクス", "传真", "傳真", "呼机", "전화", "휴대폰", "팩스"}
	// A title with one of these words is about an address or a phone, and holds none.
	aboutStems = []string{"^type", "^typ", "^tipo", "^tyyppi", "^label", "^bezeichnung", "^etikett", "display", "^name", "anzeigename", "affich", "^nom", "^nombre", "^naam", "weergave", "^navn", "^namn", "^visning", "^nimi", "nayttonimi", "^nazwa", "zobraz", "megjelen", "^имя",
		"отобра", "^тип", "種類", "表示名", "类型", "显示名", "phonetic", "^yomi", "mailing", "voicemail", "^format", "^prefer", "^newsletter", "^consent", "^opt", "^status", "^street", "^rel$", "reltype"}
)

// words gives the words of a title without numbers.
func words(title string) []string {
	return slices.DeleteFunc(crm.Tokens(title), func(w string) bool {
		return strings.IndexFunc(w, func(r rune) bool { return !unicode.IsDigit(r) }) < 0
	})
}

// kindOf tells what a column with this title holds.
func kindOf(title string) kind {
	w := words(title)
	if len(w) > 1 && w[len(w)-1] == "value" { // E-mail 1 - Value
		w = w[:len(w)-1]
	}
	if k, ok := byTitle[strings.Join(w, " ")]; ok {
		return k
	}
	switch {
	case stemmed(w, aboutStems):
		return other
	case stemmed(w, mailStems) || paired(w, mailPairs):
		return mail
	case stemmed(w, phoneStems):
		return phone
	}
	return other
}

// stemmed reports a word with one of the stems.
func stemmed(words, stems []string) bool {
	return slices.ContainsFunc(stems, func(stem string) bool {
		begin, bound := strings.CutPrefix(stem, "^")
		whole, ends := strings.CutSuffix(begin, "$")
		return slices.ContainsFunc(words, func(w string) bool {
			switch {
			case ends:
				return w == whole
			case bound:
				return strings.HasPrefix(w, begin)
			}
			return strings.Contains(w, begin)
		})
	})
}

// paired reports a lone e before a word that begins with a stem.
func paired(words, stems []string) bool {
	for i, w := range words {
		if w == "e" && i+1 < len(words) && slices.ContainsFunc(stems, func(s string) bool { return strings.HasPrefix(words[i+1], s) }) {
			return true
		}
	}
	return false
}

// columns says what each column of a table holds.
type columns struct {
	kinds  []kind
	format Format
}

// columnsOf reads the titles of a table. A table in which no column is of a
// name, a mail address or a phone is an error of kind [crm.KindInvalid].
func columnsOf(head []string) (*columns, error) {
	c := &columns{kinds: make([]kind, len(head)), format: formatOf(head)}
	count := [kinds]int{}
	for i, title := range head {
		if strings.Contains(title, "@") {
			return nil, crm.Invalid("file", "the first row must name the columns, such as name and email; here it holds an address already")
		}
		c.kinds[i] = kindOf(title)
		count[c.kinds[i]]++
	}
	if count[mail]+count[phone]+count[full]+count[first]+count[last] == 0 {
		return nil, crm.Invalid("file", "it is no vCard, and no column of the table is named like a name, a mail address or a phone; export the address book as vCard or CSV")
	}
	if count[full] > 0 && count[first] > 0 && count[last] == 0 {
		c.turn(head, full, last) // "Name, Vorname": the family's
	}
	if count[suffix] == 0 {
		// A title is of a job unless the parts of a name are spelled out.
		c.turn(head, prefix, other)
	}
	return c, nil
}

// turn changes what columns hold whose title is of one word.
func (c *columns) turn(head []string, from, to kind) {
	for i, title := range head {
		if c.kinds[i] == from && len(words(title)) == 1 {
			c.kinds[i] = to
		}
	}
}

// The words by which the programs are told apart: Google numbers its values,
// Thunderbird has a first and a second address, Outlook calls its own addresses.
var (
	googleStems      = []string{"^groupmembership", "^mobilereltype"}
	thunderbirdStems = []string{"^primar", "^secund", "^secondar", "^sekund", "^principal", "^haupt", "^erst", "^zweit", "^premier", "^ensisijai", "^toissijai", "^forsta", "^andra", "^hoved", "^eerst", "^tweed", "^podstaw", "^dodatk", "^elsodleg", "^masodleg", "^основн", "^дополнит", "^birincil", "^ikincil"}
	outlookStems     = []string{"adres", "address", "osoit", "indirizz", "direccio", "endereco", "^cim", "адрес", "アドレス", "地址", "주소", "διευθυνσ"}
)

// formatOf tells by its titles which program has written a table.
func formatOf(head []string) Format {
	format := FormatCSV
	for _, title := range head {
		w := words(title)
		joined := strings.Join(w, " ")
		switch {
		case kindOf(title) == mail && w[len(w)-1] == "value", joined == "group membership", strings.HasSuffix(joined, "yomi name") && len(w) < 3, stemmed(w, googleStems):
			return FormatGoogle
		case kindOf(title) == mail && stemmed(w, thunderbirdStems), joined == "screen name":
			format = FormatThunderbird
		case kindOf(title) == mail && stemmed(w, outlookStems) && format == FormatCSV:
			format = FormatOutlook
		}
	}
	return format
}
