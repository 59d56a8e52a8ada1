package mailgen

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	firstNames = strings.Fields(`Aino Eero Helmi Onni Kaisa Väinö Päivi Jörgen Sanna Markku Riikka Tapio Hilkka Arvo Emma
		Mikael Anneli Åsa Kerttu Olavi Saara Jukka Noora Pentti Irja Toivo Veera Kalle Outi Risto Grace Thomas Heidi Jürgen
		Chloë Søren Léa Oskar Mirja Ilmari Tuomas Ritva Elina Juhani Märta Björn Satu Hannes Lea Urho`)
	lastNames = strings.Fields(`Virtanen Mäkelä Nieminen Hämäläinen Laine Heikkilä Koskinen Järvi Lehtonen Öhman Saarinen
		Salmi Törmänen Niskanen Ahonen Pöyry Kettunen Åkerlund Räsänen Lindfors Turunen Väyrynen Jokela Hyvönen Ranta
		Taylor Schmidt Weiß Bergström O'Neill Novák Petersen Dubois Harris Kärkkäinen Tuominen Sjögren Keränen Halonen Kivi`)
	companyFirst = strings.Fields(`Pohjan Kaisla Tuuli Järvi Nordic Hopea Kivi Salo Aurora Vaara Lumme Kallio Meri Oulun
		Itä Savon Länsi Koivu Revon Talvi Ranta Havu`)
	companySecond = strings.Fields(`Rakennus Konepaja Logistiikka Leipomo Kirjat Puu Energia Suunnittelu Siivous Data
		Tukku Matkat Kaluste Paino Valo Huolto Metalli Kukat Optiikka Tekstiili`)
	companyForms = []string{"Oy", "Oy", "Oy Ab", "Ky", "Tmi", "ry", "GmbH", "AB", "Ltd"}
	cities       = strings.Fields(`Oulu Tampere Jyväskylä Pietarsaari Hämeenlinna Espoo Rovaniemi Närpiö Kuopio Porvoo
		Lappeenranta Turku Järvenpää Vaasa Joensuu Mikkeli`)
	products = []string{"Löyly-kiuas", "Hiljainen tuuletin", "pöytälamppu Kaarna", "retkikeitin Nuotio 3", "työtakki Räntä",
		"säilytyslaatikko 40 l", "Bücherregal Föhre", "sohva Åre", "desk lamp Kaamos", "verkkokaapeli Cat6 20 m",
		"kahvinkeitin Aamu", "varaosasarja KX-200", "hansikkaat Pyry", "snow shovel Tykky"}
	// freeDomains are used by many people who have nothing to do with each other.
	freeDomains = []string{"posti.example", "luukkumail.example", "freemail.example", "nettipostia.example", "brevlada.example"}
)

var finnishStems = strings.Fields(`lasku tilaus hinta toimitus tuote kuljetus maksu varasto asiakas palvelu vika takuu huolto
	näyte väri mitta käyttö pöytä kenkä työ järjestelmä sähkö päivä viikko kone laite paketti lähetys osoite sopimus ehto kuitti
	hyvitys korko erä saldo hylly ovi ikkuna talo koulu kesä talvi matka lippu ruoka juoma kangas metsä vesi tuuli valo kuva
	kirja kynä paperi liite viesti puhelin verkko tili tunnus salasana päätös ääni`)

var finnishEnds = strings.Fields("n a ssa sta lla lta lle t ita ksi tta kin ni mme nne han")

// sentences by language. {w} is a compound word, {p} a product, {c} a city, {r} a reference, {n} a number, {e} a price.
var sentences = map[string][]string{
	"fi": {
		"Tilasimme viime viikolla tuotteen {p}, mutta {w} puuttui paketista.",
		"Voisitteko tarkistaa viitteen {r} ja kertoa, milloin {w} on perillä?",
		"Sopisiko toimitus osoitteeseen {c}, vai nouddammeko itse?",
		"Hinta oli tarjouksessa {e}, laskulla näyttäisi olevan toinen summa.",
		"Liitteenä {w} ja {w}, toivottavasti ne riittävät.",
		"Tarvitsisimme {n} kappaletta lisää ennen kuun loppua.",
		"Kiitos nopeasta vastauksesta, tämä selvensi asiaa.",
		"Valitettavasti {w} on loppunut, seuraava erä tulee noin {n} päivän kuluttua.",
		"Väri oli eri kuin kuvassa – haluaisimme vaihtaa sen.",
		"Päivitimme tilauksen {r} ja lähetämme uuden vahvistuksen vielä tänään.",
		"Työntekijämme {c}ssa kysyi samaa: mihin {w} kirjataan?",
		"Hyvitämme {e} ensi viikolla, maksu näkyy tilillä kahden pankkipäivän sisällä.",
		"Onko {p} vielä saatavilla, ja mikä olisi hinta {n} kappaleelle?",
		"Kuljetusliike soittaa teille ennen kuin {w} lähtee varastolta.",
		"Pyydän anteeksi viivästystä, meillä on ollut töissä hyvin kiireistä.",
		"Olisiko mahdollista siirtää {w} seuraavalle viikolle?",
		"Äänestimme asiasta ja päädyimme halvempaan vaihtoehtoon.",
		"Kokous on sovittu, ja {w} käydään läpi silloin.",
	},
	"en": {
		"We ordered {p} last week and one part was missing from the parcel.",
		"Could you check reference {r} and tell us when it will arrive?",
		"The quote said {e}, yet the invoice shows a different amount.",
		"Thank you for the quick answer, that helps a lot.",
		"We would need {n} more before the end of the month.",
		"Unfortunately this item is out of stock, the next batch is expected in about {n} days.",
		"Please find the documents attached.",
		"I have updated order {r} and will send a new confirmation today.",
		"Would it be possible to deliver to {c} instead?",
		"The colour isn't quite what the picture showed – can we exchange it?",
		"We will refund {e}; it should be on your account within two working days.",
		"Sorry for the delay, it has been a busy week here.",
		"My colleague will take over while I am away.",
	},
	"sv": {
		"Vi beställde {p} förra veckan, men en del saknades i paketet.",
		"Kan ni kontrollera referensen {r} och berätta när den kommer fram?",
		"Priset var {e} i offerten, men fakturan visar något annat.",
		"Tack för det snabba svaret, nu förstår jag bättre.",
		"Vi skulle behöva {n} till före månadsskiftet.",
		"Tyvärr är varan slut, nästa parti väntas om ungefär {n} dagar.",
		"Går det bra att leverera till {c} i stället?",
		"Färgen är inte densamma som på bilden, så vi vill gärna byta.",
	},
	"de": {
		"Wir haben letzte Woche {p} bestellt, leider fehlte ein Teil im Paket.",
		"Könnten Sie bitte die Nummer {r} prüfen und uns sagen, wann die Lieferung kommt?",
		"Im Angebot stand {e}, auf der Rechnung steht ein anderer Betrag.",
		"Vielen Dank für die schnelle Antwort, das hilft uns sehr.",
		"Wir bräuchten noch {n} Stück bis zum Monatsende.",
		"Die Farbe weicht vom Bild ab – können wir das Gerät tauschen?",
		"Die Rückgabe geht heute an die Straße in {c}, größere Mengen folgen später.",
	},
}

var greetings = map[string]string{"fi": "Hei,", "en": "Hello,", "sv": "Hej,", "de": "Guten Tag,"}

var regards = map[string]string{"fi": "Terveisin", "en": "Best regards", "sv": "Med vänlig hälsning", "de": "Mit freundlichen Grüßen"}

var subjects = map[string][]string{
	"fi": {"Tilaus {r}", "Tarjouspyyntö: {p}", "Lasku {r} – eräpäivä", "Kysymys: {p}", "Reklamaatio {r}", "Toimitus myöhässä? {r}",
		"Yhteydenotto", "Hintatiedustelu ({p}), {c}", "Ääkköset hukassa laskulla {r}", "Palautus"},
	"en": {"Order {r}", "Quote request: {p}", "Invoice question {r}", "Delivery of {p}", "Question", "Return {r}"},
	"sv": {"Beställning {r}", "Fråga om {p}", "Offertförfrågan", "Faktura saknas {r}", "Hej!"},
	"de": {"Bestellung {r}", "Anfrage: {p}", "Rückgabe {r}", "Größere Menge möglich?"},
}

// fill puts words into the slots of a sentence.
func fill(r random, s string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		slot, after, _ := strings.Cut(rest, "}")
		b.WriteString(slotText(r, slot))
		s = after
	}
}

func slotText(r random, slot string) string {
	switch slot {
	case "w":
		return compound(r)
	case "p":
		return pick(r, products)
	case "c":
		return pick(r, cities)
	case "r":
		return fmt.Sprintf("K-%d-%06d", 2022+r.IntN(4), r.IntN(900_000))
	case "n":
		return fmt.Sprint(2 + r.IntN(40))
	case "e":
		return fmt.Sprintf("%d,%02d €", 5+r.IntN(900), r.IntN(100))
	}
	return slot
}

// compound joins two or three stems and an ending. Finnish text is full of words seen once, and an index feels it.
func compound(r random) string {
	s := pick(r, finnishStems) + pick(r, finnishStems)
	if r.chance(0.2) {
		s += pick(r, finnishStems)
	}
	if r.chance(0.7) {
		end := pick(r, finnishEnds)
		if !strings.ContainsAny(s, "aou") { // vowel harmony
			end = strings.ReplaceAll(end, "a", "ä")
		}
		s += end
	}
	return s
}

func paragraphs(r random, lang string, n int) string {
	var b strings.Builder
	for range n {
		for j := range 1 + r.IntN(5) {
			if j > 0 {
				b.WriteByte(' ')
			}
			s := fill(r, pick(r, sentences[lang]))
			first, size := utf8.DecodeRuneInString(s)
			b.WriteRune(unicode.ToUpper(first))
			b.WriteString(s[size:])
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

// wrap breaks lines at spaces. With flowed, a broken line keeps its space, which tells the reader to join it again
// (RFC 3676 §4.2), and lines that begin with a space or "From " are stuffed with one (§4.4).
func wrap(text string, width int, flowed bool) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/50)
	for line := range strings.SplitSeq(text, "\n") {
		wrapLine(&b, line, width, flowed)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func wrapLine(b *strings.Builder, line string, width int, flowed bool) {
	if strings.HasPrefix(line, ">") || line == "-- " || utf8.RuneCountInString(line) <= width {
		if flowed && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "From ")) {
			b.WriteByte(' ')
		}
		b.WriteString(line)
		b.WriteByte('\n')
		return
	}
	column := 0
	for i, word := range strings.Fields(line) {
		n := utf8.RuneCountInString(word)
		if i > 0 && column+1+n > width {
			if flowed {
				b.WriteByte(' ')
			}
			b.WriteByte('\n')
			column = 0
		} else if i > 0 {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
}

func quoteLines(text string) string {
	return "> " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n> ") + "\n"
}
