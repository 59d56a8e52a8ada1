package signature

// titles are words that name what somebody does at work; titleEnds are ends of
// compounds in the languages that make them.
var titles = set(`manager director ceo cto cfo coo chairman chairwoman president vice-president vp head lead engineer developer consultant assistant secretary
	coordinator counsel attorney partner founder co-founder owner buyer purchaser planner specialist analyst accountant architect designer professor lecturer researcher
	officer representative supervisor technician administrator executive associate advisor adviser editor producer controller geologist principal trader
	toimitusjohtaja johtaja päällikkö myyjä ostaja assistentti asiantuntija suunnittelija insinööri hoitaja sihteeri kehittäjä yrittäjä neuvoja vastaava konsultti arkkitehti isännöitsijä kirjanpitäjä
	vd chef säljare inköpare ansvarig ingenjör handläggare samordnare projektledare ekonom ordförande utvecklare rådgivare konsult delägare ägare
	geschäftsführer geschäftsführerin leiter leiterin vertrieb einkauf einkäufer einkäuferin assistenz ingenieur ingenieurin berater beraterin inhaber inhaberin sachbearbeiter sachbearbeiterin
	vorstand prokurist prokuristin entwickler entwicklerin referent referentin buchhaltung`)

var titleEnds = []string{"johtaja", "päällikkö", "suunnittelija", "asiantuntija", "insinööri", "assistentti", "sihteeri", "hoitaja", "myyjä", "ostaja", "vastaava", "neuvottelija",
	"chef", "säljare", "ledare", "ansvarig", "ingenjör", "direktör", "leiter", "leiterin", "berater", "beraterin", "führer", "führerin", "ingenieur", "assistenz", "mitarbeiter", "mitarbeiterin"}

// forms are legal forms of companies, as a word of their name.
var forms = set(`oy oyj ab abp tmi ky ry rf osk gmbh ag kg kgaa ohg ug ek e.k. e.v. mbh se ltd ltd. limited plc llp llc inc inc. corp corp. corporation company co co.
	aps a/s as asa oü uab sia bv b.v. nv n.v. sarl sas s.a. s.r.l. srl s.p.a. spa s.l. lda sp. z.o.o. kommun kunta yhdistys verein`)

// companyWords name what a company is without a form.
var companyWords = set(`university college school institute department group services technologies solutions consulting bank foundation council ministry
	yliopisto kaupunki seurakunta säätiö osuuskunta liitto universitet högskola stiftelse förening universität hochschule stiftung stadtwerke`)

// streetEnds are ends of names of streets; streetWords words of them by
// themselves.
var (
	streetEnds = []string{"katu", "tie", "kuja", "polku", "väylä", "ranta", "aukio", "kaari", "raitti", "tori", "puisto", "rinne", "gatan", "gata", "vägen", "väg", "gränd", "torg", "stigen", "allén",
		"straße", "strasse", "str.", "weg", "platz", "allee", "gasse", "ring", "damm", "ufer", "straat", "laan"}
	streetWords = set(`street st st. road rd rd. avenue ave ave. lane ln drive dr drive, boulevard blvd blvd. square sq parkway plaza court way close terrace crescent
		straße strasse platz weg allee rue via calle`)
)

// boxes are words before the number of a post box.
var boxes = set(`pl p.o.box p.o. po box postfach pb postbus postboks`)

// faxes name a number that is no phone.
var faxes = []string{"fax", "faksi", "facsimile", "telekopio"}
