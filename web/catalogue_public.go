package web

// publicWords are the sentences of the pages behind the links in mail. The
// wordings are statements that people make by a button: they are kept as shown,
// and a version that is computed from them tells every change apart.
var publicWords = map[Key]phrase{
	"wording.stop":      {"I want no more mailings from %s at %s.", "En halua enää postituksia. Lähettäjä: %s. Osoitteeni: %s."},
	"wording.again":     {"I want to get mailings from %s at %s.", "Haluan saada postituksia. Lähettäjä: %s. Osoitteeni: %s."},
	"wording.one-click": {"The mail program of the recipient has unsubscribed from %s at %s.", "Vastaanottajan sähköpostiohjelma on perunut postitukset. Lähettäjä: %s. Osoite: %s."},
	"wording.topic":     {"I want to get mailings from %s at %s about: %s", "Haluan saada postituksia. Lähettäjä: %s. Osoitteeni: %s. Aihe: %s"},
	"wording.topic-no":  {"I want no more mailings from %s at %s about: %s", "En halua enää postituksia. Lähettäjä: %s. Osoitteeni: %s. Aihe: %s"},

	"unsubscribe.title":           {"Stop the mailings?", "Lopetetaanko postitukset?"},
	"unsubscribe.do":              {"Stop the mailings", "Lopeta postitukset"},
	"unsubscribe.answers":         {"Mails that somebody writes to you in person still reach you.", "Sinulle henkilökohtaisesti kirjoitetut viestit tulevat edelleen perille."},
	"unsubscribe.preferences":     {"Choose what you get", "Valitse, mitä saat"},
	"unsubscribe.done":            {"You get no more mailings", "Postitukset on lopetettu"},
	"unsubscribe.done.text":       {"No mailing goes to %s any more.", "Osoitteeseen %s ei enää lähetetä postituksia."},
	"unsubscribe.do-topic":        {"No more of: %s", "Ei enää aiheesta: %s"},
	"unsubscribe.done-topic":      {"You get no more of: %s", "Et enää saa postituksia aiheesta: %s"},
	"unsubscribe.done-topic.text": {"No mailing about “%s” goes to %s any more. The others still do.", "Aiheesta ”%s” ei enää lähetetä postituksia osoitteeseen %s. Muut postitukset tulevat edelleen."},
	"unsubscribe.undo":            {"That was a mistake: undo it", "Se oli vahinko: peru"},
	"unsubscribe.again":           {"You get the mailings again", "Saat taas postituksia"},
	"unsubscribe.again.text":      {"Mailings go to %s as before.", "Postitukset tulevat osoitteeseen %s kuten ennenkin."},

	"preferences.title":    {"What you get from us", "Mitä saat meiltä"},
	"preferences.for":      {"These choices are about %s.", "Valinnat koskevat osoitetta %s."},
	"preferences.topics":   {"I want to get mailings about:", "Haluan saada postituksia näistä aiheista:"},
	"preferences.save":     {"Save", "Tallenna"},
	"preferences.saved":    {"Saved.", "Tallennettu."},
	"preferences.stop":     {"Stop all mailings", "Lopeta kaikki postitukset"},
	"preferences.again":    {"Get mailings again", "Ota postitukset taas vastaan"},
	"preferences.kept-out": {"No mailing goes to %s. If you would like to get them, please answer any mail of ours.", "Osoitteeseen %s ei lähetetä postituksia. Jos haluat saada niitä, vastaa johonkin viestiimme."},

	"settings.public-url":        {"Public address", "Julkinen osoite"},
	"settings.public-url.hint":   {"Where people get by the links in your mailings: the outside of the listener that serve --public opens. Without it, mailings bear no link to unsubscribe.", "Minne postitusten linkit vievät: se osoite, josta serve --public -kuuntelija näkyy ulos. Ilman sitä postituksissa ei ole peruutuslinkkiä."},
	"settings.track-clicks":      {"Count clicks in new mailings", "Laske uusien postitusten linkkien avaukset"},
	"settings.track-clicks.text": {"Links then lead over your public address, and the address that people see is not the one they get to. What a mailing has achieved is told by answers and orders, not by clicks.", "Linkit kulkevat silloin julkisen osoitteenne kautta, eikä lukija näe, minne linkki vie. Postituksen tuloksen kertovat vastaukset ja tilaukset, eivät klikkaukset."},
	"settings.topics":            {"Topics of mailings", "Postitusten aiheet"},
	"settings.topics.hint":       {"What people can want or not want by itself, such as a newsletter or offers. The name is for you and for mail filters; the reader sees the other two. An emptied name takes a topic off the list.", "Mitä lukija voi haluta tai olla haluamatta erikseen, kuten uutiskirje tai tarjoukset. Nimi on teille ja sähköpostisuodattimille; lukija näkee kaksi muuta. Tyhjennetty nimi poistaa aiheen."},
	"settings.topic-name":        {"Name", "Nimi"},
	"settings.topic-en":          {"In English", "Englanniksi"},
	"settings.topic-fi":          {"In Finnish", "Suomeksi"},
	"settings.topic-new":         {"New topic", "Uusi aihe"},
	"fault.topic":                {"Write names in small letters, digits and hyphens, like offers, and each once.", "Kirjoita nimet pienin kirjaimin, numeroin ja viivoin, esimerkiksi tarjoukset, kukin kerran."},
	"settings.track-opens":       {"Keep when new mailings are opened", "Kirjaa uusien postitusten avaamiset"},
	"settings.track-opens.text":  {"By a picture that mail programs fetch. Many fetch it unasked or never, so it tells little.", "Tieto tulee kuvasta, jonka sähköpostiohjelma hakee. Moni ohjelma hakee sen aina tai ei koskaan, joten se kertoo vähän."},
	"fault.public address":       {"Write it like https://mail.example.com.", "Kirjoita muodossa https://posti.example.fi."},

	"public.lost":        {"This page is not here", "Tätä sivua ei löydy"},
	"public.lost.text":   {"The link may have been cut short. Try to open it from the mail itself.", "Linkki on ehkä katkennut. Kokeile avata se suoraan viestistä."},
	"public.broken":      {"That did not work", "Se ei onnistunut"},
	"public.broken.text": {"It is our fault. Please try again in a moment.", "Vika on meidän. Yritä hetken kuluttua uudelleen."},
}
