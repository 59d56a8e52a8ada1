package absence

// returning are words near the day on which somebody is back, before it or
// (German, Finnish) right after it. " * " stands for a few words.
var returning = []string{
	"be back", "am back", "is back", "back in", "back on", "back at", "back from", "will return", "i return", "to return", "returning", "returns on", "return to the office", "return to work", "available again", "reachable again", "in the office again", "resume work",
	"palaan", "palaa", "palaamme", "takaisin", "tavoitettavissa", "tavoitat minut", "töissä jälleen", "jälleen töissä", "paikalla jälleen",
	"tillbaka", "åter på", "åter i", "är åter", "återvänder", "anträffbar", "nåbar",
	"zurück", "zurueck", "wieder erreichbar", "wieder im", "wieder für", "wieder da", "wieder zur verfügung", "erreichbar ab",
	"seuraavan kerran töissä", "seuraavan kerran paikalla", "åter den", "åter till",
	"tilbake", "tilbage", "terug", "weer bereikbaar", "weer aanwezig", "weer op kantoor", "de retour", "reviens", "reprends", "reprendrai",
	"regreso", "regresaré", "vuelvo", "volveré", "de vuelta", "me reincorporo", "rientro", "rientrerò", "torno", "tornerò", "di ritorno", "di nuovo in ufficio", "tagasi",
}

// returningAfter are words right behind the day of return.
var returningAfter = []string{"zurück", "wieder", "tillbaka", "åter", "alkaen", "tilbake", "tilbage", "terug", "weer", "de retour", "tagasi"}

// closes are words before the last day of a range that has a first one.
var closes = map[string]bool{"and": true, "och": true, "med": true, "to": true, "zum": true, "-": true, "og": true, "au": true, "al": true, "y": true, "e": true, "en": true, "met": true}

// lasting are words right before the last day of something, lastingAfter those
// right behind it.
var (
	lasting = map[string]bool{"until": true, "till": true, "til": true, "through": true, "thru": true, "to": true, "and": true, "incl": true, "including": true, "bis": true, "zum": true, "einschließlich": true, "inkl": true, "tom": true, "t.o.m": true, "t.o.m.": true, "tills": true, "och": true, "med": true, "-": true,
		"og": true, "tot": true, "t/m": true, "jusqu'au": true, "jusqu’au": true, "hasta": true, "fino": true, "kuni": true}
	lastingAfter = map[string]bool{"saakka": true, "asti": true, "inclusive": true, "einschließlich": true, "inclus": true, "inclusief": true, "incluso": true, "compreso": true}
)

// between are words that may stand between those and the day.
var between = map[string]bool{"the": true, "and": true, "including": true, "zum": true, "den": true, "dem": true, "einschließlich": true, "och": true, "med": true, "inkl": true, "incl": true,
	"og": true, "en": true, "met": true, "le": true, "el": true, "al": true, "all": true, "il": true, "de": true}

// away are the words by which a mail speaks of being away.
var away = []string{
	"out of office", "out of the office", "out-of-office", "away", "vacation", "holiday", "on leave", "annual leave", "parental leave", "maternity leave", "absent", "absence", "travelling", "traveling", "not in the office", "not available", "unavailable", "ooo",
	"loma", "poissa", "virkava", "vapaa", "matkoilla", "en ole paikalla", "tavoita", "automaattinen",
	"semester", "ledig", "borta", "frånvar", "inte på plats", "på resa", "inte på kontoret", "autosvar",
	"abwesen", "urlaub", "nicht im büro", "nicht im haus", "außer haus", "elternzeit", "nicht erreichbar", "dienstreise", "nicht da", "geschlossen",
	"pto", "closed", "suljettu", "stängt", "stängd", "stengt", "lukket", "gesloten", "fermé", "cerrad", "chius", "suletud",
	"ferie", "permisjon", "orlov", "fraværende", "vakantie", "afwezig", "verlof", "congé", "vacances", "vacaciones", "ausente", "fuera de la oficina", "assente", "fuori ufficio", "puhkus",
}

// awayWithin are those that stand at the end of compounds.
var awayWithin = []string{"lomalla", "urlaub", "semester", "ledig", "vapaalla"}

// left are the phrases of those who do not come back.
var left = []string{
	"no longer work", "no longer with", "no longer employed", "no longer part of", "no longer at", "has left the", "have left the", "left the company", "left our company", "has retired", "have retired", "is retired", "am retired", "am now retired",
	"ei ole enää * palveluksessa", "en ole enää * palveluksessa", "ei ole enää * töissä", "en ole enää * töissä", "ei työskentele enää", "en työskentele enää", "ei enää työskentele", "en enää työskentele", "jäänyt eläkkeelle", "jäin eläkkeelle", "jättänyt yrityksen", "siirtynyt pois", "siirtynyt muihin tehtäviin", "siirtynyt toisiin tehtäviin", "siirtynyt uusiin tehtäviin", "työsuhteeni * päättynyt", "työsuhde * päättynyt", "lopettanut työt",
	"arbetar inte längre", "jobbar inte längre", "arbetar ej längre", "inte längre anställd", "inte längre kvar", "har slutat", "gått i pension", "har lämnat företaget",
	"nicht mehr bei", "nicht mehr für", "nicht mehr im unternehmen", "nicht mehr in unserem", "nicht mehr in der firma", "nicht mehr tätig", "nicht mehr beschäftigt", "unternehmen verlassen", "firma verlassen", "ausgeschieden", "im ruhestand", "in den ruhestand",
	"toisen työnantajan palveluk", "jobber ikke lenger", "arbeider ikke lenger", "har sluttet", "arbejder ikke længere", "ikke længere ansat", "er fratrådt", "werk niet meer bij", "werkt niet meer bij", "niet meer werkzaam", "niet langer werkzaam",
	"travaille plus", "quitté l'entreprise", "quitté la société", "quitté l’entreprise", "fait plus partie", "no trabajo en", "no trabaja en", "ha dejado la empresa", "lavoro più", "lavora più", "ha lasciato l'azienda", "ha lasciato l’azienda", "tööta enam",
}

// instead are words before the address of somebody else to write to.
var instead = []string{
	"contact", "please", "urgent", "instead", "write to", "email", "e-mail", "mail to", "reach", "assist", "address",
	"yhtey", "kiire", "lähet", "sijai", "tuuraa", "sähköposti", "asioissa", "viesti", "osoit",
	"kontakt", "vänd", "ärende", "mejla", "maila", "skriv", "ersätt", "vikarie", "brådskande", "adress",
	"wenden", "dringend", "vertret", "schreiben", "senden", "nachricht", "mail an",
	"henvend", "haster", "neem", "urgence", "adresse", "écri", "dirij", "escrib", "contatt", "urgen", "rivolg", "scriv", "pöördu", "kirjuta", "võtke",
}

// months by their names and short forms; Finnish ones are inflected and are
// found by their beginning: inflected.
var months = map[string]int{
	"january": 1, "january's": 1, "jan": 1, "januari": 1, "januar": 1, "jänner": 1,
	"february": 2, "feb": 2, "februari": 2, "februar": 2, "march": 3, "mar": 3, "mars": 3, "märz": 3, "maerz": 3, "mär": 3,
	"april": 4, "apr": 4, "may": 5, "maj": 5, "mai": 5, "june": 6, "jun": 6, "juni": 6, "july": 7, "jul": 7, "juli": 7,
	"august": 8, "aug": 8, "augusti": 8, "september": 9, "sep": 9, "sept": 9, "october": 10, "oct": 10, "oktober": 10, "okt": 10,
	"november": 11, "nov": 11, "december": 12, "dec": 12, "dezember": 12, "dez": 12,
	"desember": 12, "marts": 3, "maart": 3, "mrt": 3, "mei": 5, "augustus": 8,
	"janvier": 1, "février": 2, "fevrier": 2, "avril": 4, "juin": 6, "juillet": 7, "août": 8, "aout": 8, "septembre": 9, "octobre": 10, "novembre": 11, "décembre": 12, "decembre": 12,
	"enero": 1, "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9, "setiembre": 9, "octubre": 10, "noviembre": 11, "diciembre": 12,
	"gennaio": 1, "febbraio": 2, "aprile": 4, "maggio": 5, "giugno": 6, "luglio": 7, "settembre": 9, "ottobre": 10, "dicembre": 12,
	"maini": 5, "maist": 5,
}

// inflected are the months that go on: Finnish and Estonian ones.
var inflected = [12][]string{{"tammiku", "jaanuar"}, {"helmiku", "veebruar"}, {"maalisku", "märtsi"}, {"huhtiku", "aprilli"}, {"toukoku"}, {"kesäku", "juuni"},
	{"heinäku", "juuli"}, {"eloku", "augusti"}, {"syysku", "septembri"}, {"lokaku", "oktoobri"}, {"marrasku", "novembri"}, {"jouluku", "detsembri"}}

// weekdays from Sunday on, in the forms that follow "back".
var weekdays = map[string]int{
	"sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6,
	"sunnuntaina": 0, "maanantaina": 1, "tiistaina": 2, "keskiviikkona": 3, "torstaina": 4, "perjantaina": 5, "lauantaina": 6,
	"söndag": 0, "måndag": 1, "tisdag": 2, "onsdag": 3, "torsdag": 4, "fredag": 5, "lördag": 6,
	"sonntag": 0, "montag": 1, "dienstag": 2, "mittwoch": 3, "donnerstag": 4, "freitag": 5, "samstag": 6,
	"søndag": 0, "mandag": 1, "tirsdag": 2, "lørdag": 6, "zondag": 0, "maandag": 1, "dinsdag": 2, "woensdag": 3, "donderdag": 4, "vrijdag": 5, "zaterdag": 6,
	"dimanche": 0, "lundi": 1, "mardi": 2, "mercredi": 3, "jeudi": 4, "vendredi": 5, "samedi": 6, "domingo": 0, "lunes": 1, "martes": 2, "miércoles": 3, "jueves": 4, "viernes": 5, "sábado": 6,
	"domenica": 0, "lunedì": 1, "martedì": 2, "mercoledì": 3, "giovedì": 4, "venerdì": 5, "sabato": 6, "pühapäeval": 0, "esmaspäeval": 1, "teisipäeval": 2, "kolmapäeval": 3, "neljapäeval": 4, "reedel": 5, "laupäeval": 6,
}

// clock are words before a time of day, which looks like a day.
var clock = map[string]bool{"klo": true, "kl": true, "kl.": true, "um": true, "at": true, "@": true}
