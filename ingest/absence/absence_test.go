package absence

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kaveri/crm"
)

var sent = time.Date(2026, 4, 22, 9, 0, 0, 0, time.UTC) // a Wednesday

func answer(subject, text string) *crm.Message {
	m := &crm.Message{Text: text, NewText: text}
	m.Class, m.Subject, m.Date = crm.ClassAutoReply, subject, sent
	m.From = []crm.Party{{Name: "Olli", Address: "olli@asiakas.example", Written: "olli@asiakas.example"}}
	m.To = []crm.Party{{Address: "aino@oy.example", Written: "aino@oy.example"}}
	return m
}

func TestUntil(t *testing.T) {
	for text, want := range map[string]string{
		"I am out of the office and will be back on 5 May.":                                  "2026-05-05",
		"I am on vacation, back on Monday, May 4th.":                                         "2026-05-04",
		"Out of office until 15th of May 2026.":                                              "2026-05-15",
		"I'm away from 1 May to 10 May with no access to mail.":                              "2026-05-10",
		"I will return to the office on\n04/05/2026. Regards":                                "2026-05-04",
		"I am on annual leave 27.4.-8.5.":                                                    "2026-05-08",
		"I am away and returning 2026-05-11":                                                 "2026-05-11",
		"I will be back in the office on Monday.":                                            "2026-04-27",
		"I am out of office through 1/30/2027.":                                              "2027-01-30",
		"Parental leave. I will be back in the office on January 7.":                         "2027-01-07",
		"I will be traveling for work on July 10-31.":                                        "2026-07-31",
		"I am away May 4 – May 8":                                                            "2026-05-08",
		"Olen lomalla ja palaan 5.5.":                                                        "2026-05-05",
		"Olen lomalla 27.4.–8.5. Kiireellisissä asioissa ota yhteyttä myyntiin.":             "2026-05-08",
		"Olen poissa toimistolta 8.5. asti.":                                                 "2026-05-08",
		"Palaan töihin maanantaina 4. toukokuuta. Hyvää vappua!":                             "2026-05-04",
		"Olen vuosilomalla 1.-15.7.2026.":                                                    "2026-07-15",
		"Hei! Olen tavoitettavissa jälleen 11.5.2026 alkaen.":                                "2026-05-11",
		"Palaan toimistolle torstaina.":                                                      "2026-04-23",
		"Jag har semester och är tillbaka den 5 maj.":                                        "2026-05-05",
		"Jag är ledig t.o.m. 8/5 och svarar efter det.":                                      "2026-05-08",
		"Jag är på semester till och med den 8 maj.":                                         "2026-05-08",
		"Jag är åter på kontoret måndagen den 11:e maj":                                      "2026-05-11",
		"Ich bin bis zum 8. Mai nicht im Büro.":                                              "2026-05-08",
		"Vielen Dank für Ihre Nachricht. Ich bin ab dem 11.05.2026 wieder für Sie da.":       "2026-05-11",
		"Ich bin vom 27.04.2026 bis einschließlich 08.05.2026 im Urlaub.":                    "2026-05-08",
		"Ab Montag, 4. Mai, bin ich zurück.":                                                 "2026-05-04",
		"Ich bin am 5. Mai zurück.":                                                          "2026-05-05",
		"Ich bin derzeit abwesend und am Montag wieder erreichbar.":                          "2026-04-27",
		"I am away from 1 May. My colleague Liisa takes over.":                               "",
		"Thank you for your order. The offer is valid until 5 May.":                          "",
		"Thanks for writing, we will get back to you by 5 May.":                              "",
		"We got your mail of 20 April 2026 at 10.12.":                                        "",
		"Olemme vastaanottaneet viestisi 22.4.2026 klo 9.10. Palaamme asiaan pian.":          "",
		"I was away until 3 May 2019.":                                                       "",
		"Out of office until 31 February.":                                                   "",
		"Our support is reachable 24/7.":                                                     "",
		"I left for my vacation on 20 April and I will be back on 5 May. Call 555-5.5.":      "2026-05-05",
		"Thank you for your email. I'm currently on annual leave returning Tuesday 5th May.": "2026-05-05",
		"I am on PTO until Monday, May 11, and will respond then.":                           "2026-05-11",
		"The office is closed for the holidays from 24 April to 3 May 2026.":                 "2026-05-03",
		"I'm OOO until May 8th":                                                              "2026-05-08",
		"Olen vapaalla 4.5. saakka.":                                                         "2026-05-04",
		"Olen opintovapaalla 31.12.2026 asti":                                                "2026-12-31",
		"Lomailen 20.4.-3.5.2026, sinä aikana yhteydenotot: myynti@oy2.example":              "2026-05-03",
		"Olen seuraavan kerran töissä 4.5.2026.":                                             "2026-05-04",
		"Jag har gått på föräldraledighet och åter den 1 september.":                         "2026-09-01",
		"Jag är borta 27/4 - 8/5.":                                                           "2026-05-08",
		"Kontoret är stängt till den 4 maj.":                                                 "2026-05-04",
		"Ich bin vom 27.4. bis 8.5. in Urlaub und habe keinen Zugriff.":                      "2026-05-08",
		"Ich befinde mich bis 15.05.2026 in Elternzeit.":                                     "2026-05-15",
		"Unser Büro ist bis zum 4. Mai geschlossen.":                                         "2026-05-04",
		"Jeg er på ferie og er tilbake mandag 11. mai.":                                      "2026-05-11",
		"Jeg har ferie til og med 8. mai 2026.":                                              "2026-05-08",
		"Jeg er på ferie og er tilbage den 11. maj.":                                         "2026-05-11",
		"Jeg holder ferie fra 27. april til 8. maj.":                                         "2026-05-08",
		"Ik ben met vakantie tot en met 8 mei.":                                              "2026-05-08",
		"Ik ben afwezig en ben op 11 mei weer terug op kantoor.":                             "2026-05-11",
		"Vanaf maandag 11 mei ben ik weer bereikbaar.":                                       "2026-05-11",
		"Je suis absent du bureau jusqu'au 8 mai inclus.":                                    "2026-05-08",
		"Je suis en congés du 27 avril au 8 mai 2026.":                                       "2026-05-08",
		"Je serai de retour le lundi 11 mai.":                                                "2026-05-11",
		"Estaré de vacaciones hasta el 8 de mayo.":                                           "2026-05-08",
		"Estoy fuera de la oficina y regreso el 11 de mayo de 2026.":                         "2026-05-11",
		"Sono in ferie fino all'8 maggio.":                                                   "2026-05-08",
		"Sono assente e rientrerò il 11 maggio 2026.":                                        "2026-05-11",
		"Olen puhkusel kuni 8. maini.":                                                       "2026-05-08",
		"Olen puhkusel ja tagasi tööl 11. mail.":                                             "2026-05-11",
		"Merci pour votre message du 20 avril, nous répondrons avant le 8 mai.":              "",
		"Gracias por su pedido del 20 de abril. La oferta vale hasta el 8 de mayo.":          "",
		"Bedankt voor uw bericht. De aanbieding geldt tot 8 mei.":                            "",
		"Grazie per l'ordine, la consegna è prevista per l'8 maggio.":                        "",
		"Takk for din henvendelse, vi svarer innen 8. mai.":                                  "",
	} {
		a := Read(answer("Automatic reply: order", text))
		got := ""
		if a != nil && !a.Until.IsZero() {
			got = a.Until.Format(time.DateOnly)
			if a.Line == "" || !strings.Contains(text, a.Line) {
				t.Errorf("%q: the line is %q", text, a.Line)
			}
		}
		if got != want {
			t.Errorf("%q: until %q, want %q", text, got, want)
		}
	}
}

func TestLeft(t *testing.T) {
	for text, want := range map[string]bool{
		"Olli no longer works for Asiakas Ltd.":                       true,
		"Please note that I have left the company.":                   true,
		"Mary Smith is no longer with us.":                            true,
		"Olli Öörni ei ole enää Asiakas Oy:n palveluksessa.":          true,
		"En työskentele enää yrityksessä.":                            true,
		"Olen jäänyt eläkkeelle.":                                     true,
		"Olli har slutat på Kund AB.":                                 true,
		"Jag arbetar inte längre här.":                                true,
		"Herr Schulz ist nicht mehr bei der Kunde GmbH beschäftigt.":  true,
		"Frau Wagner hat das Unternehmen verlassen.":                  true,
		"I have left for my vacation, back on 5 May.":                 false,
		"If you no longer want these mails, tell us. Back on 5 May.":  false,
		"En ole enää tänään paikalla. Palaan 5.5.":                    false,
		"Ich bin heute nicht mehr erreichbar, zurück am 5. Mai 2026.": false,
		"Je ne travaille plus chez Acme.":                             true,
		"Anna a quitté l'entreprise.":                                 true,
		"Ya no trabajo en la empresa.":                                true,
		"Non lavoro più in azienda.":                                  true,
		"Ik werk niet meer bij Acme.":                                 true,
		"Jeg jobber ikke lenger i firmaet.":                           true,
		"Jeg arbejder ikke længere hos Acme.":                         true,
		"Ma ei tööta enam ettevõttes.":                                true,
		"I am no longer working at Acme.":                             true,
		"Työsuhteeni Acmella on päättynyt.":                           true,
		"Anna on siirtynyt toisen työnantajan palvelukseen.":          true,
		"Jag har slutat min anställning.":                             true,
	} {
		a := Read(answer("Automatic reply", text))
		if a == nil || a.Left != want {
			t.Errorf("%q: %+v, want left %v", text, a, want)
		}
	}
}

func TestInstead(t *testing.T) {
	for text, want := range map[string][]crm.Address{
		"I am away. For urgent matters please contact Liisa (liisa@asiakas.example).\n\nOlli\nolli@asiakas.example": {"liisa@asiakas.example"},
		"Kiireellisissä asioissa: myynti@asiakas.example tai <mailto:tuki@asiakas.example>.":                        {"myynti@asiakas.example", "tuki@asiakas.example"},
		"Vid brådskande ärenden kontakta Anna på anna@asiakas.example!":                                             {"anna@asiakas.example"},
		"In dringenden Fällen wenden Sie sich bitte an Vertretung@Asiakas.example.":                                 {"vertretung@asiakas.example"},
		"I am back on 5 May.\n\nAsiakas Oy, info@asiakas.example":                                                   nil,
		"I am back on 5 May. You wrote to aino@oy.example, please wait.":                                            nil,
	} {
		a := Read(answer("Automatic reply", text))
		if a == nil {
			t.Errorf("%q says nothing", text)
		} else if diff := cmp.Diff(want, a.Instead); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

// TestOthers: mail of people is not read, and an answer may say nothing.
func TestOthers(t *testing.T) {
	m := answer("Lunch", "Olli no longer works here. I am away until 5 May.")
	m.Class = crm.ClassHuman
	if a := Read(m); a != nil {
		t.Errorf("mail of a person: %+v", a)
	}
	for _, text := range []string{"", "Thank you for your message.", "\xff\xfe -- - 5", strings.Repeat("back on 5 ", 4000)} {
		if a := Read(answer("Re", text)); a != nil {
			t.Errorf("%.40q: %+v", text, a)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Out of office", "I am away from 1.5.-10.5. and back on 5 May 2026 – contact <a@b.example>")
	f.Add("", "palaan 31.2. t.o.m. 2026-05-05")
	f.Fuzz(func(t *testing.T, subject, text string) {
		if a := Read(answer(subject, text)); a != nil && a.Until.IsZero() && !a.Left && len(a.Instead) == 0 {
			t.Errorf("says nothing: %+v", a)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	m := answer("Automatic reply", "Hello,\n\nthank you for your mail. I am out of the office from 27 April and will be back on 5 May.\nIn urgent cases please contact Liisa at liisa@asiakas.example.\n\nRegards\nOlli")
	for b.Loop() {
		Read(m)
	}
}
