package web

// chartWords are the sentences of what is drawn over time, and of the weights of
// the signs.
var chartWords = map[Key]phrase{
	"chart.table": {"The numbers", "Luvut"},
	"chart.keys":  {"What is drawn", "Mitä piirretään"},
	"chart.how":   {"Chart. Arrow keys read it point by point; the table below holds all numbers.", "Kaavio. Nuolinäppäimillä luet sen piste kerrallaan; kaikki luvut ovat taulukossa alla."},

	"time.title": {"The ladder over time", "Portaat ajan mittaan"},
	"time.day":   {"Day", "Päivä"},
	"time.text":  {"Loyal customers and advocates: on %s %s, on %s %s.", "Uskollisia ja suosittelijoita %s: %s, nyt (%s): %s."},
	"time.note":  {"Each day as it was told then: by the pace of that time. A new pace shows as a step.", "Kukin päivä niin kuin se silloin laskettiin, sen ajan tahdilla. Uusi tahti näkyy portaana."},

	"weeks.title":  {"Orders by week", "Tilaukset viikoittain"},
	"weeks.week":   {"Week from", "Viikko alkaen"},
	"weeks.orders": {"Orders", "Tilauksia"},
	"weeks.value":  {"Value, %s", "Arvo, %s"},
	"weeks.text":   {"In the last 53 weeks: %s orders, %s after what was given back.", "Viimeisten 53 viikon aikana: %s tilausta, hyvitysten jälkeen %s."},

	"moves.told":       {"Both days are told by the pace of the first, %s days, and by the model of then: who has not changed has not moved.", "Molemmat päivät on laskettu ensimmäisen päivän tahdilla, %s päivää, ja silloisella mallilla: joka ei ole muuttunut, ei ole siirtynyt."},
	"moves.told-later": {"Kaveri was not here on the first day. Both are told by the pace that the orders until then show, %s days, and the model that they tell.", "Kaveri ei ollut käytössä ensimmäisenä päivänä. Molemmat on laskettu tahdilla, jonka silloiset tilaukset osoittavat, %s päivää, ja niiden mallilla."},
	"moves.untold":     {"Who moved is counted each night; this is the first.", "Siirtyneet lasketaan joka yö; tämä on ensimmäinen."},

	"weights.title":       {"Other weights of the signs", "Merkkien toiset painot"},
	"weights.offered":     {"Weights learned from your customers would prove themselves. Told by customers from whom they were not learned:", "Asiakkaistasi opitut painot pitäisivät paikkansa. Laskettu asiakkaista, joista niitä ei opittu:"},
	"weights.no-better":   {"Weights learned from your customers do not prove themselves either, so none are offered. Told by customers from whom they were not learned:", "Asiakkaistasi opitut painot eivät nekään pidä paikkaansa, joten niitä ei ehdoteta. Laskettu asiakkaista, joista niitä ei opittu:"},
	"weights.by":          {"By", "Painot"},
	"weights.before":      {"the weights in use", "käytössä olevat"},
	"weights.after":       {"the weights offered", "ehdotetut"},
	"weights.share":       {"%s of %s", "%s / %s"},
	"weights.loyal":       {"Loyal: ordered since", "Uskollisista tilasi"},
	"weights.unproven":    {"Unproven: ordered since", "Muista tilasi"},
	"weights.moves":       {"%s steady customers would be loyal who are not, and %s would not be any more.", "%s säännöllistä asiakasta muuttuisi uskolliseksi, ja %s ei enää olisi."},
	"weights.sign":        {"Sign", "Merkki"},
	"weights.table-title": {"Usual", "Tavallinen"},
	"weights.in-use":      {"In use", "Käytössä"},
	"weights.offer":       {"Offered", "Ehdotettu"},
	"weights.accept":      {"Use these weights", "Ota painot käyttöön"},
	"weights.back":        {"Back to the usual weights", "Palaa tavallisiin painoihin"},
	"weights.ask":         {"An administrator decides.", "Ylläpitäjä päättää."},
	"weights.then":        {"Everybody is placed anew. The change is noted and can be taken back. What the panel says of the time from which the weights were learned is in their favour from then on.", "Kaikki sijoitetaan uudelleen. Muutos kirjataan, ja sen voi perua. Siitä ajasta, josta painot opittiin, taulukko kertoo sen jälkeen niille suotuisasti."},
	"weights.learned":     {"Since %s the signs weigh as your customers taught (%s).", "Päivästä %s merkit painavat niin kuin asiakkaistasi opittiin (%s)."},
	"weights.table":       {"On %s the usual weights were put in use again (%s).", "Tavalliset painot palautettiin %s (%s)."},
	"done.weights":        {"The weights are in use; everybody was placed anew.", "Painot ovat käytössä, ja kaikki on sijoitettu niiden mukaan."},
	"done.weights-table":  {"The usual weights are in use again.", "Tavalliset painot ovat taas käytössä."},

	"sign.fullprice":  {"Pays the full price", "Maksaa täyden hinnan"},
	"sign.unprompted": {"Orders unprompted", "Tilaa ilman kehotusta"},
	"sign.breadth":    {"Buys of many kinds", "Ostaa monenlaista"},
	"sign.reply":      {"Answers personal mail", "Vastaa henkilökohtaiseen postiin"},
	"sign.initiative": {"Begins the conversations", "Aloittaa keskustelut"},
	"sign.voice":      {"Is glad when asked", "On tyytyväinen kysyttäessä"},
	"sign.forgive":    {"Orders again after a problem", "Tilaa ongelman jälkeen uudelleen"},
}
