package language

import (
	"strings"
	"unicode/utf8"
)

// codes are the languages of which words are known, by ISO 639-1.
var codes = [...]string{"fi", "sv", "en", "de", "et", "no", "da", "nl", "fr", "es", "it", "pt", "pl", "ru", "lv", "lt"}

// words are the words that hold sentences of a language together, and those of
// its letters: greetings, thanks, closings. Words that letters in every
// language use (email, ok, pdf) stand nowhere; a word of several languages
// stands at each and counts less.
var words = map[string]string{
	"fi": `summa väärä väärän soittakaa vastaatteko uusi uuden uudet ensi viime kaikki kaikille mistä mihin näin näistä nämä jo taas alla yksi kaksi kolme oma jälleen meni käy ja on ei että se oli olen olet olemme ovat olisi voi voisi voisitko voisitteko voitko voitte voimme mutta kun niin tai vai kuin jos mikä mitä missä milloin miten
		miksi kuka tämä tämän tätä tuo nyt vielä vain myös sekä meidän meille meillä teidän teille teillä minun sinun hänen heidän sen siitä siihen tästä
		minä sinä hän me te ne joka jonka jota jotka ole olla ollut eli koska kanssa asti mukaan jälkeen ennen ilman varten sitten hyvin kyllä joo kiitos kiitoksia kiitti
		hei moi terve moikka hyvää päivää huomenta iltaa päivänjatkoa viikonloppua terveisin terv ystävällisin ystävällisesti terveisiä arvoisa parhain
		tilaus tilauksen tilaukseni tilauksesta tilata tilaamme lasku laskun laskua laskut tarjous tarjouksen tarjousta tarjouksesta toimitus toimituksen toimitusaika toimitusta
		saapui saapunut saisiko saisimme saanko saako saimme saatteko sain lähetän lähettää lähetä lähettäisitkö lähettäisittekö liitteenä ohessa oheinen pyydän pyydämme haluaisin haluaisimme haluamme tarvitsen tarvitsemme
		sopii sopiiko onko olisiko eikö emme en etten ettei palaan asiaan huomenna tänään eilen viikolla maanantaina tiistaina keskiviikkona torstaina perjantaina
		maksettu maksu peruuttaa peruisin anteeksi pahoittelut valitettavasti tiedoksi tiedoksesi soita soittaa soitatko puhelin kappaletta kpl hinta hinnan hintaa paljonko montako vastaanotettu kuitti kuittaan hienoa selvä`,
	"sv": `summa belopp tid tar produkt produkten alla alltid ingen inget några något någon går gå ser se nästa samma nya ny lager varor bra och att det är som en på för med inte av till den har jag vi ni du han hon kan skulle ska var om ett men från eller när vad hur vilken vilket vilka där här så också bara
		mig dig oss er ert era vår vårt våra min mitt mina din ditt dina sin deras denna detta dessa än efter innan under utan mot hos finns vill behöver måste borde kunde blir blev
		varit hade hej hejsan hallå tjena tack tackar mvh hälsningar hälsning vänliga vänligen bästa god morgon trevlig helg ha dag kram ses hörs återkommer återkomma
		beställning beställningen beställa beställt faktura fakturan fakturor offert offerten leverans leveransen leveranstid leverera skicka skickar skickat skickade fått får fick
		bifogar bifogad bifogat gärna snarast möjligt imorgon idag igår vecka veckan måndag tisdag onsdag torsdag fredag lördag söndag ursäkta tyvärr jättebra ja nej passar kostar pris priset betalat betalning ordern stycken ringa
		vem varför henne honom hans hennes man nog kanske fortfarande mycket ganska redan aldrig ofta nyligen snart genast senare först sist tillbaka tillsammans mellan genom runt
		medan eftersom därför sedan både heller antingen tror vet tycker gör göra gjort gjorde ge ger gett ta tar tagit kommer kom bli blivit önskar kostade betala betalningen gjord
		returnera byta byter storlek mottagit avbeställa avboka paket paketet varan frakt frakten kvitto fråga hjälp toppen trasig`,
	"en": `per see die men son fine yes its too the and of to is you that it for was on are with as have be this from or had by not but what all were we when your can said there use an each which do how their if will
		would could should about them then these some her him has been our out please thanks thank regards dear hi hello hey sincerely cheers kind best wishes my me i they he she
		any know let just get like need want send sent attached find order invoice quote delivery shipped received yet still no yes also only where why who did does am pm looking forward
		tomorrow today yesterday week monday tuesday wednesday thursday friday sorry unfortunately confirm confirmed call back soon us at more than because after before over here great good perfect works nice
		whom whose much many few little less least most ever never always almost already again once twice until while during between through under without within upon against else
		even such own same both either neither having doing done being got gets getting goes going gone make makes made take takes took give gives gave tell think knows cannot don't
		isn't wasn't didn't shall may might must price payment paid address change changed confirmation refund return broken missing item items`,
	"de": `kostet kosten kaufen produkt artikel ware größe tauschen stornieren lieferbar kaputt neue neuen neues schöne schönen sommer diese dieser dieses diesen welche welcher welches ab also und der die das ist nicht ich wir sie es ein eine einen einem einer den dem des mit auf für von zu im am bei aus nach wie auch noch nur oder aber wenn dass daß was wer wo wann
		warum ihr ihre ihren ihrem ihnen uns unser unsere unseren unserem mein meine meinen mich mir dich dir sind war waren wird werden wurde haben habe hat hatte können kann könnte könnten
		möchte möchten bitte danke dank vielen herzlichen hallo guten tag morgen sehr geehrte geehrter geehrten damen herren liebe lieber grüße grüßen grüsse gruß gruss mfg freundlichen freundliche
		beste besten viele schöne schönes wochenende lg vg mfg servus moin zum zur vom ins über unter durch gegen ohne um bis seit als dann doch schon mal immer kein keine keinen hier da so
		bestellung bestellen bestellt rechnung rechnungen angebot lieferung liefern lieferzeit anbei anhang schicken senden gesendet erhalten bekommen leider gerne gern heute gestern woche
		montag dienstag mittwoch donnerstag freitag samstag termin passt alles klar melde melden ja nein frage fragen zurück angerufen bezahlt geht wäre`,
	"et": `vale toode toote värv makse maksab laos katki millal tehtud üks kaks kolm jälle uus eelmiseks ja on ei et see oli olen oled oleme olete olid kas kui aga või ka mis kes kus millal miks kuidas mida meie teie minu sinu tema nende ma me te ta nad seda selle sellest selles
		veel juba ainult väga palun tänan aitäh tere hommikust päevast õhtust lugupidamisega parimate soovidega tervitades tervitustega teile meile mulle sulle saab saaks saan saate soovin soovime
		tellimus tellimuse tellida arve arved pakkumine pakkumist tarne saata saatke saadan saatsin manuses homme täna eile nädal nädalal esmaspäeval teisipäeval kolmapäeval neljapäeval reedel kahjuks vabandust
		pole oleks siis nii ning kuid mitte sest pärast enne ilma jaoks koos kõik midagi järgmisel`,
	"no": `beløp feil farge å der tid mangler alle alltid ingen går gå ser se neste samme ny nye bra ennå igjen kommet endret fra deg selv mye og at det er som en på for med ikke av til den har jeg vi dere du han hun kan skulle skal var om et men fra eller når hva hvordan hvor hvilken der her så også bare meg deg oss
		vår vårt våre min mitt mine din ditt dine sin deres denne dette disse enn etter før under uten mot hos finnes vil trenger må burde kunne blir ble vært hadde hei takk mvh hilsen hilsener
		vennlig beste god morgen helg ha dag bestilling bestillingen bestille bestilt faktura fakturaen tilbud tilbudet levering leveringen sende sender sendt fått får fikk vedlagt gjerne
		i morgen idag igår uke uken mandag tirsdag onsdag torsdag fredag lørdag søndag beklager dessverre ja nei noen noe hvis opp nå ønsker ringe
		hvem hvorfor hvorvidt hvilke hvilket henne ham hans hennes man nok kanskje fortsatt veldig ganske allerede aldri ofte nylig snart straks senere først sist tilbake sammen
		mellom gjennom rundt mens fordi derfor siden både heller enten tror vet synes gjør gjøre gjort gjorde gi gir gitt ta tar tatt kommer kom bli blitt ønsket koster kostet betalt
		betale betaling returnere bytte bytter størrelse mottatt mottok avbestille kansellere pakke pakken varen varer lager frakt pris prisen kvittering spørsmål hjelp flott fint
		supert greit ok vennligst vedlagte ses snakkes ødelagt`,
	"da": `beløb forkert farve jer der tid alle altid ingen går gå ser se næste samme ny nye endnu igen kommet ændret fra dig selv meget godt og at det er som en på for med ikke af til den har jeg vi i du han hun kan skulle skal var om et men fra eller når hvad hvordan hvor hvilken der her så også kun bare mig dig os
		vores min mit mine din dit dine sin deres denne dette disse end efter før under uden mod hos findes vil mangler må burde kunne bliver blev været havde hej tak mvh hilsen hilsner
		venlig bedste god morgen weekend ha dag bestilling bestillingen bestille bestilt faktura fakturaen tilbud tilbuddet levering leveringen sende sender sendt fået får fik vedhæftet gerne
		imorgen dag uge ugen mandag tirsdag onsdag torsdag fredag lørdag søndag beklager desværre ja nej nogen noget hvis op nu ønsker ringe jeres
		hvem hvorfor hvorvidt hvilke hvilket hvornår jer hende ham hans hendes man nogle nok måske stadig stadigvæk ganske allerede aldrig ofte nylig snart straks senere først sidst
		tilbage sammen mellem gennem omkring mens fordi derfor siden både heller enten tror ved synes gør gøre gjort gjorde give giver givet tage tager taget kommer kom blive blevet
		ønsket koster kostede betalt betale betaling sket returnere bytte bytter størrelse modtaget modtog afbestille annullere pakke pakken varen varer lager fragt pris prisen
		kvittering spørgsmål hjælp flot fint super venligst vedhæftede ses tales ødelagt mere`,
	"nl": `de het een en van ik te dat die in is niet zijn op aan met als voor er maar om hem dan zou of wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb
		hoe heeft hebben deze u want nog zal me zij nu geen iets worden wij we ons onze uw jullie kunt kunnen kan wil willen graag bedankt dank hallo hoi beste geachte groet groeten vriendelijke
		met hartelijk goedemorgen goedemiddag bestelling bestellen besteld factuur offerte levering leveren sturen gestuurd ontvangen bijlage morgen vandaag gisteren week maandag dinsdag woensdag donderdag vrijdag helaas wanneer waar waarom alvast
		wie welke welk hoeveel waarvoor nooit altijd bijna straks daarna eerst voordat sinds tussen tijdens omdat toen dus zoveel veel weinig iemand niets niemand andere ander zelfde
		elke elk alle alles doen doet gedaan geweest ben bent moet moeten mag mogen wilt weten weet zeggen geven keer hier prijs kost kosten product maat ruilen retour annuleren
		betaling betaald adres verzendkosten bevestiging pakket beschikbaar hulp vraag probleem prima twee drie terug`,
	"fr": `moi toi le la les de des du un une et est en que qui dans pour pas sur au aux avec ce cette ces se il elle on nous vous ils elles je tu mon ma mes votre vos notre nos son sa ses leur leurs
		ne plus par ou où mais si sont été être avoir ai avons avez ont sera serait peut pouvez pourriez peux voudrais voudrions souhaite souhaitons merci bonjour bonsoir salut cordialement cordiales
		salutations madame monsieur sincères cher chère bien à très comme quand comment pourquoi commande commander facture devis livraison envoyer envoyé reçu jointe joint demain aujourd hier
		semaine lundi mardi mercredi jeudi vendredi désolé malheureusement bonne journée avance
		quel quelle quels quelles combien lequel encore déjà jamais toujours presque maintenant puis après avant depuis jusque entre vers selon pendant parce alors ainsi tant beaucoup
		peu quelque quelqu rien personne aucun autre autres même chaque tout toute tous toutes faire fait faites était étaient suis es sommes êtes étais dois doit devons puisse voulez
		veux veut savoir sais dire dit donner fois ici là lui eux y prix coûte coûtent produit taille changer retourner annuler paiement payé adresse frais port confirmation colis
		disponible aide question problème parfait super deux trois`,
	"es": `el la los las de del un una unos y es en que no se por con para su sus como más pero al lo le me mi nos nuestro nuestra nuestros usted ustedes yo tú él ella muy también cuando donde
		dónde cómo qué sin sobre este esta estos esto eso ese hay ser está están estamos fue tiene tengo tenemos puede pueden podría podrían quiero quisiera queremos necesito necesitamos gracias hola
		buenos buenas días tardes saludos saludo cordial cordiales estimado estimada estimados atentamente pedido factura oferta presupuesto entrega enviar enviado recibido adjunto mañana hoy ayer semana
		lunes martes miércoles jueves viernes favor lamentablemente espero
		quién quienes cuál cuáles cuánto cuánta cuántos cuántas cuándo adónde todavía aún ya nunca siempre casi ahora luego después antes desde hasta entre hacia según durante
		mientras porque aunque entonces así tan tanto mucho mucha muchos muchas poco algo alguien nada nadie ninguno otro otra otros otras mismo misma cada todo toda todos todas hacer
		hace hecho haber han has habéis he era eran soy eres somos son estoy estaba tienen tienes tener quieren quiere quieres puedo puedes podemos debo debe necesita saber sabe decir
		dice dar vez veces aquí allí les os precio cuesta producto talla cambiar devolver devolverlo cancelar cancele pago pagado dirección gastos envío confirmación paquete tienda
		disponible ayuda pregunta problema perfecto bien dos tres`,
	"it": `il lo la i gli le di del della dei delle un una uno e è in che non si per con su come più ma al alla ai da dal dalla ci vi mi ti noi voi loro io tu lui lei mio mia nostro nostra
		nostri vostro vostra suo sua anche quando dove perché cosa questo questa questi quello sono sei siamo ha ho hanno abbiamo avete essere avere può potete potrebbe potreste vorrei vorremmo grazie
		ciao buongiorno buonasera salve saluti saluto cordiali distinti gentile egregio ordine ordinare fattura preventivo offerta consegna inviare inviato ricevuto allegato domani oggi ieri
		settimana lunedì martedì mercoledì giovedì venerdì favore purtroppo attesa anticipo
		chi quale quali quanto quanta quanti quante ancora già mai sempre quasi adesso ora poi dopo prima fino tra fra verso secondo durante mentre perchè poiché allora così tanto
		molto molta molti molte poco qualcosa qualcuno niente nulla nessuno altro altra altri altre stesso stessa ogni tutto tutta tutti tutte fare fa fatto era erano stato stata
		stati siete sto stai sta stiamo devo deve dobbiamo posso puoi possiamo possono voglio vuole vogliamo sapere so dire dice dare volta qui lì ne sul sulla nel nella nello nei
		nelle allo alle agli dello degli col prezzo costa costo prodotto taglia cambiare restituire annullare pagamento pagato indirizzo spese spedizione conferma pacco disponibile
		aiuto domanda problema perfetto bene ottimo prendiamo prego rotto consegnate`,
	"pt": `o a os as de do da dos das um uma e é em no na nos nas que não se por com para seu sua como mais mas ao à lhe me meu minha nós nosso nossa você vocês eu ele ela muito também quando
		onde sem sobre este esta isto isso esse há ser está estão estamos foi tem tenho temos pode podem poderia poderiam quero queria queremos preciso precisamos obrigado obrigada olá bom boa dia
		tarde noite cumprimentos atenciosamente atentamente prezado prezada caro cara encomenda pedido fatura orçamento entrega enviar enviado recebido anexo amanhã hoje ontem semana segunda terça
		quarta quinta sexta favor infelizmente`,
	"pl": `i w na z do się nie to że jest o jak ale po co tak za od czy już tylko przez dla ten ta tego tej mam ma być był była było są mi mnie nam nas pan pani państwa państwo proszę dziękuję
		dzięki dzień dobry witam cześć pozdrawiam pozdrowienia pozdrowieniami szanowni poważaniem wyrazami szacunku zamówienie zamówienia zamówić faktura fakturę faktury oferta ofertę dostawa dostawy wysłać
		wysłane otrzymałem załączniku jutro dziś dzisiaj wczoraj tygodniu poniedziałek wtorek środa czwartek piątek niestety kiedy gdzie dlaczego możemy może mogę chciałbym chciałabym prośba jeszcze oraz`,
	"ru": `и в не на я с что он по это как к но мы вы из у за так от для же бы о все его её только или если уже когда где почему есть был была были быть нет да вас вам нас нам мне меня наш ваш
		наша ваша этот эта эти может можно нужно хотели хотел пожалуйста спасибо здравствуйте привет добрый день уважаемый уважаемая уважением заказ заказа счёт счет доставка отправить получили получил
		завтра сегодня вчера неделе ещё очень при до`,
	"lv": `un ir ka no uz ar par es mēs jūs viņš tas tā šis šī kas kad kur kā lai bet vai jau vēl tikai ļoti nav būs bija būtu var varat varētu lūdzu paldies sveiki labdien labrīt cieņu
		ar jūsu mūsu mums jums man manu pasūtījums pasūtījumu rēķins rēķinu piedāvājums piegāde nosūtīt pielikumā rīt šodien vakar nedēļā diemžēl pēc pirms bez līdz arī tad`,
	"lt": `ir yra kad iš į su apie aš mes jūs jis ji tai tas ši šis kas kada kur kaip bet ar jau dar tik labai nėra bus buvo būtų gali galite galėtumėte prašau prašome ačiū dėkoju sveiki laba
		diena labas rytas pagarbiai linkėjimais jūsų mūsų mums jums man mano užsakymas užsakymą sąskaita sąskaitą pasiūlymas pristatymas atsiųsti priede rytoj šiandien vakar savaitę deja po prieš be iki taip pat`,
}

// signs are letters' words that one language alone has in this spelling, and
// that stand in mails of two words: they count twice.
const signs = `kiitos hei moi terveisin ystävällisin terveisiä huomenta moikka tack hej tackar vänliga hälsningar thanks thank dear regards hello cheers danke dank
	grüße gruß grüßen hallo tervist tere aitäh tänan lugupidamisega takk vennlig venlig tak bedankt groeten groet merci bonjour cordialement gracias hola saludos grazie buongiorno saluti
	obrigado obrigada olá dziękuję pozdrawiam спасибо здравствуйте paldies labdien ačiū pagarbiai`

// endings are how longer words of a language end, where grammar hangs at the
// end of words and few of them stand by themselves.
var endings = map[string]string{
	"fi": "ssa ssä sta stä lla llä lta ltä lle ksi mme tteko ttekö inko inkö taan tään ttu tty nut nyt neet een ään iin isin inen",
	"et": "sse takse dud tud nud mine misega tega dega aks",
	"de": "ung ungen keit heit lich liche lichen",
	"lt": "imas ymas ė ų",
	"lv": "šana šanu",
	"es": "ción ciones",
	"it": "zione zioni",
	"nl": "heid lijk lijke",
}

// letters are those that few languages have.
var letters = map[rune]string{
	'ß': "de", 'ü': "de et", 'ä': "fi sv de et", 'ö': "fi sv de et", 'å': "sv no da", 'ø': "no da", 'æ': "no da", 'õ': "et pt", 'ã': "pt",
	'ñ': "es", 'ł': "pl", 'ś': "pl", 'ż': "pl", 'ę': "pl lt", 'ą': "pl lt", 'ė': "lt", 'į': "lt", 'ų': "lt", 'ā': "lv", 'ē': "lv", 'ī': "lv", 'ū': "lv lt",
	'ы': "ru", 'э': "ru",
}

// What a word's ending or letter counts, next to a known word's 1: two of them
// decide a mail that has nothing else.
const (
	endingWeight = 0.6
	letterWeight = 0.5
	minEnded     = 5 // letters of a word whose ending is looked at
)

// spanish is the language that puts marks before a question and a shout.
var spanish = set("es")

// Short words stand in names and in other languages: one alone decides nothing.
const (
	shortWord   = 2 // letters
	shortWeight = 0.7
)

// entry says of which languages a word is, one bit each in the order of codes,
// and how much it counts for each.
type entry struct {
	languages uint32
	weight    float64
}

var table = newTable()

func newTable() map[string]entry {
	t := map[string]entry{}
	for i, code := range codes {
		for _, w := range strings.Fields(words[code]) {
			e := t[w]
			e.languages |= 1 << i
			t[w] = e
		}
	}
	twice := map[string]bool{}
	for _, w := range strings.Fields(signs) {
		twice[w] = true
	}
	for w, e := range t {
		n := 0
		for i := range codes {
			if e.languages&(1<<i) != 0 {
				n++
			}
		}
		e.weight = 1 / float64(n)
		switch {
		case twice[w]:
			e.weight *= 2
		case utf8.RuneCountInString(w) <= shortWord:
			e.weight *= shortWeight
		}
		t[w] = e
	}
	return t
}

// set makes a set of languages of their codes.
func set(list string) uint32 {
	var out uint32
	for _, code := range strings.Fields(list) {
		for i := range codes {
			if codes[i] == code {
				out |= 1 << i
			}
		}
	}
	return out
}

// ending is one of the endings with its language.
type ending struct {
	text     string
	language int
}

// endingsBy has the endings by their last byte; lettersOf the letters.
var (
	endingsBy = newEndings()
	lettersOf = newLetters()
)

func newEndings() map[byte][]ending {
	out := map[byte][]ending{}
	for i, code := range codes {
		for _, e := range strings.Fields(endings[code]) {
			last := e[len(e)-1]
			out[last] = append(out[last], ending{e, i})
		}
	}
	return out
}

func newLetters() map[rune]entry {
	out := map[rune]entry{}
	for r, list := range letters {
		out[r] = entry{set(list), letterWeight / float64(len(strings.Fields(list)))}
	}
	return out
}
