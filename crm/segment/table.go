package segment

// fields is the one table of what a rule can ask about.
var fields []Field

// The table is filled here because what reads it is named in it.
func init() {
	fields = []Field{
		{Name: "rung", Kind: KindLadder, Values: rungWords, forms: ladderForms("rung"), test: label, found: foundLabel,
			Help:     Words{"where the customer stands on the ladder of loyalty, or stood", "missä asiakas on uskollisuuden portailla, tai oli"},
			Examples: []string{"rung is one-time", "rung is one of loyal, advocate", "rung was frequent on 2026-01-01", "rung was ever loyal", "rung fell in the last 3 months"}},
		{Name: "timing", Kind: KindLadder, Values: timingWords, forms: ladderForms("timing"), test: label, found: foundLabel,
			Help:     Words{"how long the silence is beside the customer's own rhythm; it rises towards on-time", "miten pitkä hiljaisuus on asiakkaan omaan rytmiin nähden; nousee kohti arvoa on-time"},
			Examples: []string{"timing is overdue", "timing is one of due, overdue", "timing fell in the last 2 weeks"}},
		{Name: "note", Kind: KindLabel, Values: noteWords, forms: labelForms("note"), test: label, found: foundLabel,
			Help:     Words{"what stands beside the rung: why they buy, or which rung they fell from", "mitä portaan vieressä lukee: miksi ostetaan, tai miltä portaalta pudottiin"},
			Examples: []string{"note is well-wisher", "note is one of unproven, bound", "note is was-loyal"}},

		{Name: "due", Kind: KindDay, forms: dayForms("due"), test: awaited, found: foundAwaited,
			Help:     Words{"the day by which half of those who will order again have", "päivä, johon mennessä puolet uudelleen tilaavista on tilannut"},
			Examples: []string{"due after 14 days", "due within 2 weeks", "due before 2026-06-01"}},
		{Name: "overdue", Kind: KindDay, forms: dayForms("overdue"), test: awaited, found: foundAwaited,
			Help:     Words{"the day from which an order is overdue", "päivä, josta alkaen tilaus on myöhässä"},
			Examples: []string{"overdue since 14 days", "overdue within 1 week"}},
		{Name: "lapsed", Kind: KindDay, forms: dayForms("lapsed"), test: awaited, found: foundAwaited,
			Help:     Words{"the day from which no further order is awaited", "päivä, josta alkaen uutta tilausta ei enää odoteta"},
			Examples: []string{"lapsed within 30 days", "lapsed since 1 year"}},

		{Name: "orders", Kind: KindNumber, forms: numberForms("orders", "number", "{last?}"), test: orderCount, found: foundOrderCount,
			Help:     Words{"how many orders that stand", "montako voimassa olevaa tilausta"},
			Examples: []string{"orders at least 3", "orders exactly 0 in the last 1 year", "orders between 2 and 5"}},
		{Name: "spent", Kind: KindMoney, forms: numberForms("spent", "number", "{last?}"), test: spent, found: foundSpent,
			Help:     Words{"for how much they have ordered, in the firm's currency, less what was given back", "paljollako on tilattu, yrityksen valuutassa, palautukset vähennettyinä"},
			Examples: []string{"spent more than 500", "spent at least 19.90 in the last 90 days"}},
		{Name: "first order", Kind: KindPast, forms: orderedForms("first order"), test: firstOrder, found: foundFirstOrder,
			Help:     Words{"when they ordered for the first time", "milloin tilattiin ensimmäisen kerran"},
			Examples: []string{"first order in the last 30 days", "first order before 2025-01-01"}},
		{Name: "last order", Kind: KindPast, forms: orderedForms("last order"), test: lastOrder, found: foundLastOrder,
			Help:     Words{"when they ordered last", "milloin tilattiin viimeksi"},
			Examples: []string{"last order more than 90 days ago", "last order in the last 2 weeks"}},
		{Name: "bought", Kind: KindNamed, forms: []form{as(TestNamed, "bought {text} {full?} {last?}"), as(TestAny, "bought anything {full?} {last?}")}, test: bought, found: foundBought,
			Help:     Words{"a product they bought, by its stock number or name", "tuote, joka on ostettu, tuotenumerolla tai nimellä"},
			Examples: []string{`bought "earl grey"`, `bought "earl grey" at full price in the last 6 months`}},
		{Name: "bought group", Kind: KindNamed, forms: []form{as(TestNamed, "bought group {text} {full?} {last?}", "bought from group {text} {full?} {last?}")}, test: bought, found: foundBought,
			Help:     Words{"a group of products of which they bought", "tuoteryhmä, josta on ostettu"},
			Examples: []string{`bought group "cruises" in the last 1 year`}},
		{Name: "full-price share", Kind: KindPercent, forms: numberForms("full-price share", "number", "{last?}"), test: fullPrice, found: foundFullPrice,
			Help:     Words{"of their orders, the share without discount or offer", "tilauksista osuus, jossa ei ollut alennusta eikä tarjousta"},
			Examples: []string{"full-price share at least 60 %"}},
		{Name: "used offer", Kind: KindNamed, forms: []form{as(TestNamed, "used offer {text} {last?}"), as(TestAny, "used an offer {last?}", "used any offer {last?}")}, test: usedOffer, found: foundOffer,
			Help:     Words{"an offer or coupon that an order of theirs bears, by its code", "tarjous tai kuponki, joka on jossakin tilauksessa, koodillaan"},
			Examples: []string{`used offer "SPRING"`, "used an offer in the last 90 days"}},
		{Name: "value", Kind: KindMoney, forms: numberForms("value", "number", ""), test: value, found: foundValue,
			Help:     Words{"what is awaited of them in the next 12 months, in the firm's currency", "mitä heiltä odotetaan seuraavan 12 kuukauden aikana, yrityksen valuutassa"},
			Examples: []string{"value at least 200"}},

		{Name: "wrote", Kind: KindMoment, forms: momentForms("wrote", "last wrote"), test: moment, found: foundMoment,
			Help:     Words{"when a person of theirs wrote to us last", "milloin heistä joku viimeksi kirjoitti meille"},
			Examples: []string{"wrote in the last 30 days", "last wrote more than 1 year ago"}},
		{Name: "we wrote", Kind: KindMoment, forms: momentForms("we wrote", "we last wrote"), test: moment, found: foundMoment,
			Help:     Words{"when a colleague wrote to them last", "milloin joku meistä viimeksi kirjoitti heille"},
			Examples: []string{"not we wrote in the last 2 weeks", "we last wrote before 2026-01-01"}},
		{Name: "began a conversation", Kind: KindMoment, forms: momentForms("began a conversation", "last began a conversation"), test: moment, found: foundMoment,
			Help:     Words{"when they wrote of their own accord last", "milloin he viimeksi kirjoittivat omasta aloitteestaan"},
			Examples: []string{"began a conversation in the last 6 months"}},
		{Name: "waiting for our answer", Kind: KindSince, forms: []form{as(TestAny, "waiting for our answer"), as(TestSinceDays, "waiting for our answer since {span}", "waiting for our answer for {span}")}, test: waiting, found: foundWaiting,
			Help:     Words{"a question of theirs that nobody has answered", "heidän kysymyksensä, johon kukaan ei ole vastannut"},
			Examples: []string{"waiting for our answer", "waiting for our answer since 2 days"}},
		{Name: "silent", Kind: KindSpan, forms: []form{as(TestSinceDays, "silent for {span}", "silent since {span}")}, test: silent, found: foundSilent,
			Help:     Words{"true silence: neither an order nor mail of people, either way", "todellinen hiljaisuus: ei tilauksia eikä ihmisten postia kumpaankaan suuntaan"},
			Examples: []string{"silent for 180 days"}},

		{Name: "wishes", Kind: KindWish, forms: []form{as(TestAny, "wishes {about?} {state?} {last?}", "wish {about?} {state?} {last?}", "wishes {state?} {about?} {last?}")}, test: wishes, found: foundWishes,
			Help:     Words{"what they wish, by words of it; open, fulfilled without their knowing yet, or told to them", "mitä he toivovat, toiveen sanoilla; avoin (open), täytetty heidän vielä tietämättään (fulfilled) tai kerrottu (told)"},
			Examples: []string{`wishes about "lake cruises"`, `wishes about "size 42" open`, "wishes fulfilled in the last 30 days"}},
		{Name: "complaint open", Kind: KindFlag, forms: []form{as(TestAny, "complaint open", "open complaint")}, test: complaint, found: foundComplaint,
			Help:     Words{"they told us of a problem that is not solved", "he ovat kertoneet ongelmasta, jota ei ole ratkaistu"},
			Examples: []string{"not complaint open"}},

		{Name: "consents to", Kind: KindText, forms: []form{as(TestNamed, "consents to {text}")}, test: consents, found: foundConsents,
			Help:     Words{"somebody of the customer agrees to mailings on a topic", "joku asiakkaasta on suostunut aiheen postituksiin"},
			Examples: []string{`consents to "offers"`}},
		{Name: "reachable", Kind: KindFlag, forms: []form{as(TestAny, "reachable")}, test: reachable, found: foundReachable,
			Help:     Words{"somebody of the customer has an address to which mailings may go", "jollakulla asiakkaasta on osoite, johon saa lähettää postituksia"},
			Examples: []string{"reachable"}},
		{Name: "suppressed", Kind: KindFlag, forms: []form{as(TestAny, "suppressed")}, test: suppressed, found: foundReachable,
			Help:     Words{"there are addresses, and none of them may get mailings", "osoitteita on, mutta yhteenkään ei saa lähettää postituksia"},
			Examples: []string{"suppressed"}},

		{Name: "tagged", Kind: KindText, forms: []form{as(TestNamed, "tagged {text}")}, test: tagged, found: foundTags,
			Help:     Words{"a word that a colleague has put on the customer", "sana, jonka työtoveri on merkinnyt asiakkaalle"},
			Examples: []string{`tagged "fair 2026"`}},
		{Name: "language", Kind: KindCode, forms: codeForms("language", "language", "languages", "unknown"), test: code, found: foundCode,
			Help:     Words{"in which to write to them", "millä kielellä heille kirjoitetaan"},
			Examples: []string{"language is fi", "language is one of sv, fi", "language is unknown"}},
		{Name: "organisation", Kind: KindText, forms: []form{as(TestNamed, "organisation is {text}"), as(TestAny, "is an organisation")}, test: organisation, found: foundOrganisation,
			Help:     Words{"the customer is an organisation, or the one of that name", "asiakas on organisaatio, tai tämän niminen organisaatio"},
			Examples: []string{"is an organisation", `organisation is "Acme"`}},
		{Name: "owner", Kind: KindCode, forms: codeForms("owner", "address", "addresses", "nobody"), test: code, found: foundCode,
			Help:     Words{"the colleague who looks after the customer", "työtoveri, joka huolehtii asiakkaasta"},
			Examples: []string{"owner is anna@firm.example", "owner is nobody"}},

		{Name: "received", Kind: KindNamed, forms: campaignForms("received"), test: received, found: foundReceived,
			Help:     Words{"a campaign of which mail was sent to them", "kampanja, josta heille on lähtenyt postia"},
			Examples: []string{`received "spring win-back"`, "not received a campaign in the last 30 days"}},
		{Name: "replied to", Kind: KindNamed, forms: campaignForms("replied to"), test: repliedTo, found: foundReplied,
			Help:     Words{"a campaign whose mail a person of theirs answered", "kampanja, jonka postiin joku heistä on vastannut"},
			Examples: []string{`replied to "spring win-back"`}},
		{Name: "bought after", Kind: KindNamed, forms: campaignForms("bought after"), test: boughtAfter, found: foundBoughtAfter,
			Help:     Words{"a campaign after whose first mail they ordered; what caused it is not said", "kampanja, jonka ensimmäisen postin jälkeen on tilattu; syytä ei sanota"},
			Examples: []string{`bought after "spring win-back" in the last 14 days`}},
		{Name: "held out of", Kind: KindNamed, forms: campaignForms("held out of"), test: heldOut, found: foundHeldOut,
			Help:     Words{"a campaign from which they were held out, to measure it", "kampanja, josta heidät jätettiin vertailuryhmäksi"},
			Examples: []string{`held out of "spring win-back"`}},

		{Name: "came by recommendation", Kind: KindEvent, forms: []form{as(TestAny, "came by recommendation {last?}")}, test: recommendation, found: foundRecommendation,
			Help:     Words{"somebody recommended us to them", "joku on suositellut meitä heille"},
			Examples: []string{"came by recommendation in the last 1 year"}},
		{Name: "recommended", Kind: KindEvent, forms: []form{as(TestAny, "recommended {last?}", "recommended us {last?}")}, test: recommendation, found: foundRecommendation,
			Help:     Words{"they recommended us to somebody who came", "he ovat suositelleet meitä jollekulle, joka tuli"},
			Examples: []string{"recommended in the last 6 months"}},
	}
	for i := range fields {
		fieldAt[fields[i].Name] = i
	}
}

// orderedForms are those of the first or the last order.
func orderedForms(noun string) []form {
	return append([]form{as(TestWithinDays, noun+" in the last {span}", noun+" within {span}")}, pastForms(noun)...)
}
