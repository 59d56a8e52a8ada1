package web

import (
	"fmt"
	"time"

	"kaveri/crm"
)

// company fills a memory with a small travel firm.
func company() *memory {
	m := newMemory()
	m.outbox, m.register = sending(), registerOf(320)
	open := *openStall()
	m.stall = &open
	m.book.fill()
	m.intake = trading()
	m.team = busyTeam(m)
	m.firm = crm.Firm{Name: "Saarimatkat Oy", Domains: []string{"saarimatkat.example"}, TimeZone: "Europe/Helsinki", Currency: "EUR", Language: "en", Policy: crm.PolicyKnown}
	m.staff = []crm.Staff{
		{ID: 1, Name: "Mikko Laine", Address: "mikko@saarimatkat.example", Role: crm.StaffAdmin},
		{ID: 2, Name: "Sari Koskinen", Address: "sari@saarimatkat.example", Role: crm.StaffMember},
		{ID: 3, Name: "Eeva-Liisa Rantanen", Address: "eeva-liisa@saarimatkat.example", Role: crm.StaffMember},
		{ID: 4, Name: "Juho Mäki", Address: "juho@saarimatkat.example", Role: crm.StaffMember, Disabled: true},
	}
	m.passwords["mikko@saarimatkat.example"] = "hyvä salasana"
	m.passwords["sari@saarimatkat.example"] = "toinen salasana"

	mikko, sari := party("Mikko Laine", "mikko@saarimatkat.example"), party("Sari Koskinen", "sari@saarimatkat.example")
	aino := m.customer(11, "Aino Virtanen", 1, person("Aino Virtanen", "aino.virtanen@postia.example", "+358 40 555 0142"))
	a := party("Aino Virtanen", "aino.virtanen@postia.example")
	m.mail(aino, mail{id: 101, conv: 51, ago: 35 * time.Minute, from: a, to: []crm.Party{mikko}, files: 0, through: []string{"Mikko Laine"},
		subject: "Re: Kesän Kökar-matka", text: "Hei Mikko!\n\nKiitos tarjouksesta. Otamme mielellämme kaksi mökkiä, jos ne ovat vielä vapaina viikolla 28. Onko rannassa vene, jota voi lainata? Lapset haluaisivat kalaan.\n\nJa vielä: äitini tulee mukaan, hän tarvitsisi esteettömän huoneen. Löytyisikö sellainen samasta pihapiiristä?\n\nTerveisin\nAino"})
	m.mail(aino, mail{id: 102, conv: 51, ago: 26 * time.Hour, from: mikko, to: []crm.Party{a}, files: 1, through: []string{"Mikko Laine"},
		subject: "Kesän Kökar-matka", text: "Hei Aino,\n\ntässä tarjous kesän matkasta: kaksi rantamökkiä Kökarissa viikolla 28, lautat Korppoosta ja takaisin. Ohjelma on liitteenä.\n\nMökit ovat varattuina teille perjantaihin asti.\n\nYstävällisin terveisin\nMikko Laine\nSaarimatkat Oy"})
	m.note(aino, 201, 27*time.Hour, "Mikko Laine", crm.NoteKindCall, "Aino soitti: neljä aikuista, kolme lasta. Toive: pyörät valmiiksi rannassa. Lupasin tarjouksen huomiseksi.")
	m.mail(aino, mail{id: 103, conv: 52, ago: 3 * 24 * time.Hour, from: party("", "aino.virtanen@postia.example"), to: []crm.Party{mikko}, class: crm.ClassAutoReply, through: []string{"Mikko Laine"},
		subject: "Poissaolo: olen lomalla 15.11. asti", text: "Olen lomalla ja vastaan palattuani."})
	m.mail(aino, mail{id: 104, conv: 53, ago: 9 * 24 * time.Hour, from: a, to: []crm.Party{mikko, sari}, through: []string{"Mikko Laine", "Sari Koskinen"},
		subject: "Kiitos ihanasta syksystä!", text: "Hei molemmat,\n\nKiitos vielä Utön matkasta. Majakkaopas oli aivan mahtava, ja kalakeitosta puhutaan meillä vieläkin. Suosittelin teitä jo siskolleni.\n\nAino", html: ainoHTML, files: 2})
	m.mail(aino, mail{id: 105, conv: 53, ago: 9*24*time.Hour - 5*time.Hour, from: sari, to: []crm.Party{a}, through: []string{"Sari Koskinen"},
		subject: "Re: Kiitos ihanasta syksystä!", text: "Hei Aino, ihana kuulla! Välitin terveiset oppaallemme Benitalle."})
	m.note(aino, 202, 40*24*time.Hour, "Sari Koskinen", crm.NoteKindNote, "Pähkinäallergia perheen nuorimmalla. Muista lautan ravintola.")
	for i := range 46 {
		from, to, through := a, mikko, "Mikko Laine"
		if i%2 == 0 {
			from, to = mikko, a
		}
		m.mail(aino, mail{id: crm.MessageID(300 + i), conv: 54, ago: time.Duration(50+9*i) * 24 * time.Hour, from: from, to: []crm.Party{to}, through: []string{through}, subject: fmt.Sprintf("Utön syysmatka, kysymys %d", 46-i), text: "Hei! Vielä yksi kysymys matkasta. Terveisin"})
	}

	baltic := m.customer(12, "Baltic Sea Walks Ltd", 2, person("Thomas Whitfield", "thomas@balticseawalks.example", "+44 20 7946 0018"), person("Priya Nair", "priya@balticseawalks.example"), crm.Contact{Name: "Baltic Sea Walks", Addresses: []crm.ContactAddress{{Address: "hello@balticseawalks.example", Shared: true}}})
	tom := party("Thomas Whitfield", "thomas@balticseawalks.example")
	m.mail(baltic, mail{id: 111, conv: 61, ago: 4 * time.Hour, from: sari, to: []crm.Party{tom, party("Priya Nair", "priya@balticseawalks.example")}, through: []string{"Sari Koskinen"}, files: 2,
		subject: "Group of 18 in September: ferries and saunas", text: "Dear Thomas,\n\nthe group fits on the Friday ferry. I have put the smoke sauna on hold for the 12th.\n\nBest wishes\nSari"})
	m.mail(baltic, mail{id: 112, conv: 61, ago: 30 * time.Hour, from: tom, to: []crm.Party{sari}, through: []string{"Sari Koskinen", "Mikko Laine"},
		subject: "Group of 18 in September", text: "Hello Sari,\n\nwe would love to bring a group of eighteen walkers in September. Would the Friday ferry still have room?\n\nKind regards\nThomas"})

	for _, o := range m.register.orders {
		if o.Customer != 0 {
			m.orderOn(o)
		}
	}
	names := []struct {
		id           crm.CustomerID
		name, mail   string
		ago          time.Duration
		incoming     bool
		subject, txt string
	}{
		{13, "Ville Heikkinen", "ville.heikkinen@posti.example", 2 * time.Hour, true, "Onko kajakkeja vapaana?", "Moi, onko kajakkeja vapaana ensi viikonloppuna?"},
		{14, "Lammin Työväenopisto", "kurssit@lammintyovaenopisto.example", 20 * time.Hour, true, "Opintomatka keväällä", "Suunnittelemme 30 hengen opintomatkaa Ahvenanmaalle."},
		{15, "Margaret O’Donoghue", "margaret.odonoghue@mail.example", 6 * 24 * time.Hour, false, "Your cabin in June", "Dear Margaret, the cabin is yours."},
		{16, "Hotelli Rantakallio", "myynti@rantakallio.example", 8 * 24 * time.Hour, false, "Allotment 2027", "Hei, sopiiko kiintiö ensi vuodelle?"},
		{17, "Jürgen Weiß", "j.weiss@beispiel.example", 19 * 24 * time.Hour, true, "Fahrräder auf Nagu", "Guten Tag, kann man Fahrräder mieten?"},
		{18, "Anna-Kaisa Pöyhönen-Lindström", "anna-kaisa.poyhonen-lindstrom@hyvinpitkaverkkotunnus.example", 70 * 24 * time.Hour, false, "Varausvahvistus", "Varauksenne on vahvistettu."},
		{19, "Nordic Cycling Collective", "trips@nordiccycling.example", 400 * 24 * time.Hour, false, "Archipelago trail", "The trail opens in May."},
	}
	for i, n := range names {
		c := m.customer(n.id, n.name, 0, person(n.name, crm.Address(n.mail)))
		them, us := party(n.name, n.mail), sari
		k := mail{id: crm.MessageID(130 + i), conv: crm.ConversationID(80 + i), ago: n.ago, from: us, to: []crm.Party{them}, through: []string{"Sari Koskinen"}, subject: n.subject, text: n.txt}
		if n.incoming {
			k.from, k.to = them, []crm.Party{us}
		}
		m.mail(c, k)
	}
	m.customer(20, "Pekka Uusi", 0, person("Pekka Uusi", "pekka@uusi.example"))
	m.customers[1].Organisation, m.customers[1].Domains = 41, []string{"balticseawalks.example"}
	m.desk()
	m.signs()
	m.boxes = []crm.MailboxHealth{
		{Mailbox: crm.Mailbox{ID: 31, Staff: 1, Address: "mikko@saarimatkat.example", Label: "mikko@saarimatkat.example", Host: "imap.saarimatkat.example", State: crm.MailboxFollowed, LastSeen: now.Add(-2 * time.Minute)}, Owner: "Mikko Laine", Stored: 894, Folders: []crm.FolderCount{
			folder("INBOX", 1204, 894, 0, 0, 310), folder("Lähetetyt", 611, 540, 0, 0, 71), folder("Arkisto/2024", 88, 88, 0, 0, 0), {FolderName: "Roskakori"}}},
		{Mailbox: crm.Mailbox{ID: 32, Staff: 2, Address: "sari@saarimatkat.example", Label: "sari@saarimatkat.example", Host: "imap.saarimatkat.example", State: crm.MailboxRetrying, Problem: "the server imap.saarimatkat.example did not answer within 30 s", LastSeen: now.Add(-3 * time.Hour)}, Owner: "Sari Koskinen", Stored: 2200, Folders: []crm.FolderCount{
			folder("INBOX", 3410, 2190, 12, 1, 1204), folder("Sent", 1500, 1497, 0, 0, 0)}},
		{Mailbox: crm.Mailbox{ID: 33, Staff: 3, Address: "eeva-liisa@saarimatkat.example", Label: "eeva-liisa@saarimatkat.example", Host: "imap.saarimatkat.example", State: crm.MailboxRefused, Problem: "the server says: authentication failed", LastSeen: now.Add(-50 * time.Hour)}, Owner: "Eeva-Liisa Rantanen"},
	}
	m.aside = []crm.Quarantined{{Mailbox: 32, MailboxName: "sari@saarimatkat.example", FolderName: "INBOX", UID: 2044, Reason: "the server broke off in the middle of the mail, three times", Tries: 3, At: now.Add(-20 * time.Hour)}}
	return m
}

// desk adds what is not clear by itself: mails by every rule, mails of nobody,
// and a question of each kind.
func (m *memory) desk() {
	mikko, sari := party("Mikko Laine", "mikko@saarimatkat.example"), party("Sari Koskinen", "sari@saarimatkat.example")
	salo := m.customer(21, "Tuula Salo", 0, person("Tuula Salo", "tuula.salo@kirja.example"))
	tuula := party("Tuula Salo", "tuula@koti.example")
	for i, k := range []mail{
		{from: party("Verkkokauppa", "kauppa@saarimatkat.example"), to: []crm.Party{sari}, class: crm.ClassSystem, subject: "Uusi varaus: Utö, 2 henkilöä", rule: crm.RuleReplyTo, evidence: "reply-to: tuula.salo@kirja.example", sure: .9},
		{from: party("Tuula Salo", "tuula.salo+utö@kirja.example"), to: []crm.Party{sari}, subject: "Varauksesta", rule: crm.RuleAlias, evidence: "from: tuula.salo+utö@kirja.example", sure: .95},
		{from: mikko, to: []crm.Party{sari}, subject: "VL: Kysymys saunasta", rule: crm.RuleForwarded, evidence: "forwarded from: tuula.salo@kirja.example", sure: .85},
		{from: party("Mail Delivery System", "mailer-daemon@kirja.example"), to: []crm.Party{sari}, class: crm.ClassBounce, subject: "Undelivered Mail Returned to Sender", rule: crm.RuleBounced, evidence: "not delivered to: tuula.salo@kirja.example", sure: .9},
		{from: tuula, to: []crm.Party{sari}, subject: "Re: Varauksesta", rule: crm.RuleThread, evidence: "in-reply-to: m151@saarimatkat.example (signed Tuula Salo)", sure: .75},
		{from: party("", "kirjasto@kirja.example"), to: []crm.Party{sari}, subject: "Kirjastoautosta", rule: crm.RuleByHand, evidence: "said by Sari Koskinen", sure: 1},
	} {
		k.id, k.conv, k.ago, k.through = crm.MessageID(150+i), crm.ConversationID(90+i), time.Duration(10+i*7)*time.Hour, []string{"Sari Koskinen"}
		k.text = "Hei!\n\nTässä vielä asiaa matkasta.\n\nTerveisin\nTuula"
		m.mail(salo, k)
	}
	m.customer(22, "Tuula Salo", 0, person("Tuula Salo", "t.salo@posti.example"))
	m.customer(23, "Rantakallion kokous", 0, person("Rantakallion kokous", "kokous@rantakallio.example"))

	m.nobodys(mail{id: 161, conv: 97, ago: 5 * time.Hour, from: party("Mallory", "m@evil.example"), to: []crm.Party{mikko}, through: []string{"Mikko Laine"}, subject: "Re: Kesän Kökar-matka", text: "Hei! Tilinumeromme on vaihtunut. Maksakaa ennakko uudelle tilille vielä tänään."})
	m.nobodys(mail{id: 162, conv: 98, ago: 6 * time.Hour, from: party("Vene ja Vapaa-aika", "uutiset@venelehti.example"), to: []crm.Party{mikko}, class: crm.ClassNewsletter, through: []string{"Mikko Laine"}, subject: "Syksyn tarjoukset", text: "Syksyn parhaat tarjoukset."})
	m.nobodys(mail{id: 163, conv: 99, ago: 7 * time.Hour, from: party("Aino V.", "yhteinen@taloyhtio.example"), to: []crm.Party{sari}, through: []string{"Sari Koskinen"}, subject: "Talonyhtiön retki", text: "Voisimmeko tehdä retken koko taloyhtiön kanssa?"})
	m.nobodys(mail{id: 164, conv: 100, ago: 8 * time.Hour, from: party("Ville Heikkinen", "ville@tyo.example"), to: []crm.Party{sari}, through: []string{"Sari Koskinen"}, subject: "Palaveri", text: "Sopiiko torstai?"})
	v := m.views[161]
	v.Checked = true
	m.views[161] = v
	v = m.views[104]
	v.Checked, v.Verified = true, true
	m.views[104] = v
	m.reviews = []crm.Review{
		{ID: 71, Kind: crm.ReviewMail, Message: 161, Contact: 110, ContactName: "Aino Virtanen", Customer: 11, Reason: crm.ReasonThread, Evidence: "in-reply-to: m102@saarimatkat.example"},
		{ID: 70, Kind: crm.ReviewAddress, Message: 154, Contact: 210, ContactName: "Tuula Salo", Customer: 21, Subject: "tuula@koti.example", Reason: crm.RuleThread, Evidence: "in-reply-to: m151@saarimatkat.example (signed Tuula Salo)"},
		{ID: 69, Kind: crm.ReviewMerge, Contact: 210, ContactName: "Tuula Salo", Customer: 21, Other: 220, OtherName: "Tuula Salo", OtherOf: 22, Subject: "Tuula Salo", Reason: crm.ReasonName, Evidence: "Tuula Salo"},
		{ID: 68, Kind: crm.ReviewOrganisation, Contact: 230, ContactName: "Rantakallion kokous", Customer: 23, Other: 160, OtherName: "Hotelli Rantakallio", OtherOf: 16, Subject: "rantakallio.example", Reason: "same-domain", Evidence: "kokous@rantakallio.example, and others at rantakallio.example"},
		{ID: 67, Kind: crm.ReviewMail, Message: 163, Contact: 110, ContactName: "Aino Virtanen", Customer: 11, Reason: crm.ReasonSeveral, Evidence: "from: yhteinen@taloyhtio.example"},
		{ID: 66, Kind: crm.ReviewMail, Message: 164, Contact: 130, ContactName: "Ville Heikkinen", Customer: 13, Reason: crm.ReasonName, Evidence: "from: Ville Heikkinen"},
		{ID: 65, Kind: crm.ReviewMail, Message: 161, Contact: 120, ContactName: "Thomas Whitfield", Customer: 12, Reason: crm.ReasonUnverified, Evidence: "in-reply-to: m111@saarimatkat.example"},
	}
}

// signs has signatures show what is not known of two customers.
func (m *memory) signs() {
	thomas := &m.customers[1].Contacts[0]
	thomas.Details = []crm.KnownDetail{{Detail: crm.Detail{Kind: crm.DetailTitle, Value: "Guide"}, Staff: "Sari Koskinen", At: now.AddDate(0, -3, 0)}}
	m.proposed = []crm.DetailProposal{
		{ID: 81, Detail: crm.Detail{Kind: crm.DetailPhone, Value: "+358405550199"}, Contact: 110, ContactName: "Aino Virtanen", Customer: 11, Message: 101, At: now.Add(-35 * time.Minute)},
		{ID: 82, Detail: crm.Detail{Kind: crm.DetailAddress, Value: "Rantakatu 5 A 12, 20100 Turku"}, Contact: 110, ContactName: "Aino Virtanen", Customer: 11, Message: 104, At: now.AddDate(0, 0, -9)},
		{ID: 83, Detail: crm.Detail{Kind: crm.DetailTitle, Value: "Managing Director"}, Contact: 120, ContactName: "Thomas Whitfield", Customer: 12, Message: 112, At: now.Add(-30 * time.Hour), Now: "Guide"},
	}
}

// nobodys puts a mail on nobody's page.
func (m *memory) nobodys(k mail) {
	at := crm.CustomerID(9999)
	m.mail(crm.Customer{ID: at, Contacts: make([]crm.Contact, 1)}, k)
	delete(m.items, at)
	v := m.views[k.id]
	v.Links = nil
	m.views[k.id] = v
}

const ainoHTML = `<html><head><style>p{color:red}</style><script>document.title="owned";fetch("http://tracker.example/js")</script></head><body onload="alert(1)">
<table width="100%" bgcolor="#eef4ee"><tr><td style="padding:16px;font-family:Georgia;background:url(http://tracker.example/bg.png)"><h2 style="color:#1d6355;margin:0">Kiitos ihanasta syksystä!</h2>
<p>Hei molemmat,</p><p>Kiitos vielä Utön matkasta. <b>Majakkaopas</b> oli aivan mahtava. <a href="javascript:alert(2)" onclick="alert(3)">Tässä</a> ja <a href="https://kuvat.example/uto">täällä</a> on kuvia.</p>
<img src="cid:logo@saarimatkat.example" width="40" height="40" alt="logo"><img src="cid:evil@x" alt="evil"><img src="http://tracker.example/pixel.gif?id=7" width="1" height="1"><img src="https://kuvat.example/majakka.jpg" alt="Majakka iltavalossa">
<svg onload="alert(4)"><script>alert(5)</script></svg><iframe src="http://tracker.example/frame"></iframe><form action="http://tracker.example/form"><input name="x"></form><link rel="stylesheet" href="http://tracker.example/x.css">
</td></tr></table></body></html>`

type mail struct {
	id            crm.MessageID
	conv          crm.ConversationID
	ago           time.Duration
	from          crm.Party
	to            []crm.Party
	class         crm.Class
	subject, text string
	html          string
	files         int
	through       []string
	rule          crm.Rule // else an address
	evidence      string
	sure          float64
}

func party(name, address string) crm.Party {
	return crm.Party{Name: name, Address: crm.Address(address), Written: address}
}

func person(name string, a crm.Address, phones ...string) crm.Contact {
	return crm.Contact{Name: name, Addresses: []crm.ContactAddress{{Address: a}}, Phones: phones}
}

func folder(name string, in, stored, waiting, aside, none int) crm.FolderCount {
	f := crm.FolderCount{FolderName: name, Captured: true, InMailbox: in, Stored: stored, Waiting: waiting, Quarantined: aside, At: now.Add(-9 * time.Hour)}
	if none > 0 {
		f.Withheld = map[crm.Rule]int{crm.RuleNoCustomer: none - none/4, crm.RuleInternal: none / 4}
	}
	return f
}

func (m *memory) customer(id crm.CustomerID, name string, owner crm.StaffID, contacts ...crm.Contact) crm.Customer {
	for i := range contacts {
		contacts[i].ID, contacts[i].Customer = crm.ContactID(10*int(id)+i), id
	}
	c := crm.Customer{ID: id, Name: name, Owner: owner, Contacts: contacts, Created: now.Add(-500 * 24 * time.Hour)}
	m.customers = append(m.customers, c)
	return c
}

func (m *memory) note(c crm.Customer, id crm.NoteID, ago time.Duration, by, kind, body string) {
	n := &crm.Note{ID: id, Customer: c.ID, Kind: kind, Body: body, At: now.Add(-ago)}
	m.insert(c.ID, crm.TimelineItem{Kind: "note", At: n.At, Note: n, Staff: by})
}

// mail puts a mail on the timeline.
func (m *memory) mail(c crm.Customer, k mail) {
	if k.class == "" {
		k.class = crm.ClassHuman
	}
	dir, role, known := crm.In, crm.RoleFrom, k.from
	if m.firm.Internal(k.from.Address) {
		dir, role, known = crm.Out, crm.RoleTo, k.to[0]
	}
	preview := []rune(k.text)
	row := crm.MailRow{ID: k.id, Conversation: k.conv, At: now.Add(-k.ago), Direction: dir, Class: k.class, From: k.from, To: k.to, Subject: k.subject, Preview: string(preview[:min(len(preview), 180)]), Attachments: k.files, Through: k.through}
	link := crm.Link{Message: k.id, Contact: c.Contacts[0].ID, Customer: c.ID, Rule: crm.RuleExact, Evidence: fmt.Sprintf("%s: %s", role, known.Address), Confidence: 1}
	if k.rule != "" {
		link.Rule, link.Evidence, link.Confidence = k.rule, k.evidence, k.sure
	}
	m.mu.Lock()
	m.texts[k.id], m.html[k.id] = k.text, k.html
	v := crm.MailView{MailRow: row, MessageID: fmt.Sprintf("m%d@saarimatkat.example", k.id), Sent: row.At, Size: 48213, Raws: len(k.through), Links: []crm.MailLink{{Link: link, ContactName: c.Contacts[0].Name, CustomerName: c.Name}}}
	v.Participants = append(v.Participants, crm.Participant{Role: crm.RoleFrom, Party: k.from})
	for _, p := range k.to {
		v.Participants = append(v.Participants, crm.Participant{Role: crm.RoleTo, Party: p})
	}
	for i, by := range k.through {
		s := crm.SightingRow{Mailbox: by, Folder: "INBOX", UID: uint32(4000 + int(k.id) + i), Seen: row.At.Add(time.Minute)}
		if i == 1 {
			s.Gone = row.At.Add(30 * time.Hour)
		}
		v.Sightings = append(v.Sightings, s)
	}
	for i := range k.files {
		v.Files = append(v.Files, crm.Attachment{Part: fmt.Sprint(i + 2), Name: []string{"Matkaohjelma Kökar 2027.pdf", "lautta-aikataulu.xlsx"}[i], Type: []string{"application/pdf", "application/vnd.ms-excel"}[i], Size: 183_204})
	}
	if k.class != crm.ClassHuman {
		v.ClassReasons = []string{"Auto-Submitted: auto-replied"}
	}
	m.views[k.id] = v
	m.mu.Unlock()
	m.insert(c.ID, crm.TimelineItem{Kind: "mail", At: row.At, Mail: &row, Contact: c.Contacts[0].Name, Link: link})
}

func (m *memory) insert(id crm.CustomerID, it crm.TimelineItem) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.items[id]
	i := 0
	for i < len(list) && list[i].At.After(it.At) {
		i++
	}
	m.items[id] = append(list[:i:i], append([]crm.TimelineItem{it}, list[i:]...)...)
}
