package web

// waitingWords are the sentences about what waits for our answer, and about tags.
var waitingWords = map[Key]phrase{
	"done.no-answer":        {"It does not wait any more. For a day you can take that back under “Waiting for our answer” and on the customer’s page.", "Se ei enää odota vastausta. Vuorokauden ajan voit perua tämän kohdassa ”Odottaa vastaustamme” ja asiakkaan sivulla."},
	"done.no-answer-undone": {"It waits for an answer again.", "Se odottaa taas vastausta."},

	"waiting.title":       {"Waiting for our answer", "Odottaa vastaustamme"},
	"waiting.lead":        {"Mails that call for an answer and have none yet. Advocates and loyal customers come first, and then who has waited longest. After 90 days a mail leaves this list.", "Viestit, joihin tarvitaan vastaus mutta joihin ei vielä ole vastattu. Ensin suosittelijat ja uskolliset asiakkaat, sitten pisimpään odottaneet. 90 päivän kuluttua viesti poistuu luettelosta."},
	"waiting.since":       {"since", "saapunut"},
	"waiting.line":        {"Waits for our answer since", "Odottaa vastaustamme, saapunut"},
	"waiting.mails":       {"%s mail|%s mails", "%s viesti|%s viestiä"},
	"waiting.knows":       {"%s writes to them most", "%s kirjoittaa useimmin"},
	"waiting.none-needed": {"No answer needed", "Ei tarvitse vastausta"},
	"waiting.all":         {"All %s", "Kaikki %s"},
	"waiting.more":        {"%s more waits.|%s more wait.", "%s muu odottaa.|%s muuta odottaa."},
	"waiting.empty":       {"Nobody waits for an answer", "Kukaan ei odota vastausta"},
	"waiting.empty.text":  {"A mail from a customer stands here until somebody has answered it, has noted a call, or has said that it needs no answer.", "Asiakkaan viesti on tässä, kunnes siihen on vastattu, puhelu on kirjattu tai joku on sanonut, ettei se tarvitse vastausta."},
	"waiting.closed":      {"Said to need no answer since yesterday", "Merkitty vastausta tarvitsemattomiksi eilisestä alkaen"},
	"waiting.closed-line": {"Needs no answer", "Ei tarvitse vastausta"},
	"waiting.closed-by":   {"Needs no answer, said %s", "Ei tarvitse vastausta (%s)"},

	"tags.title":  {"Tags", "Tunnisteet"},
	"tags.add":    {"Add a tag", "Lisää tunniste"},
	"tags.remove": {"Remove the tag %s", "Poista tunniste %s"},
	"tags.filter": {"By tag", "Tunnisteen mukaan"},
	"fault.tag":   {"Write a word or two, without commas and quotes.", "Kirjoita sana tai kaksi, ilman pilkkuja ja lainausmerkkejä."},
}
