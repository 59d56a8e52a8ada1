package parse

import (
	"strings"
	"testing"
	"unsafe"
)

// replyCases are texts with what is new in them, whether they quote, and the
// signature.
var replyCases = []struct {
	name, text, want string
	quoted           bool
	sign             string
}{
	{"plain", "Hei,\n\nlähetän tarjouksen huomenna.\n", "Hei,\n\nlähetän tarjouksen huomenna.\n", false, ""},
	{"top posting", "Sopii meille.\n\nAnna Berg wrote on 2024-03-05 10:11:\n> Sopiiko maanantai?\n> Anna\n", "Sopii meille.", true, ""},
	{"bottom posting", "On 5 Mar 2024 at 10:11, Anna Berg wrote:\n> Does Monday suit you?\n\nYes, it does.\n", "Yes, it does.", true, ""},
	{"interleaved", "Hi Anna,\n\nOn Tue, 5 Mar 2024, Anna Berg <anna@berg.example> wrote:\n> Does Monday suit you?\n\nYes.\n\n> And the price?\n\nIt stays.\n\nOlli\n",
		"Hi Anna,\n\nYes.\n\nIt stays.\n\nOlli", true, "Olli"},
	{"quote without introduction", "Fine.\n\n> Shall we?\n", "Fine.", true, ""},
	{"only quote marks", "> a poem\n> of two lines\n", "> a poem\n> of two lines\n", true, ""},
	{"ornament", "Look:\n>>> here <<<\nBye\n", "Look:\n>>> here <<<\nBye\n", false, ""},
	{"broken quote line", "Ok\n\nOn 5.3.2024 10:11, Anna wrote:\n> a long line that some program on the way has broken because it is\nlong\n> and goes on\n", "Ok", true, ""},
	{"bars", "Ok\n\n2024/3/5 Anna Berg <anna@berg.example>\n\n| Shall we?\n| Anna\n", "Ok", true, ""},
	{"signature", "Ok\n\n-- \nOlli Salo\n+358 40 1234567\n", "Ok", false, "Olli Salo\n+358 40 1234567"},
	{"signature above the quote", "Ok\n\n--\nOlli Salo\n\nOn 5 Mar 2024, Anna wrote:\n> x\n", "Ok", true, "Olli Salo"},
	{"signature and list footer", "Ok\n-- \nOlli Salo\n\n_______________________________________________\nNews mailing list\n", "Ok", false, "Olli Salo"},
	{"quote that lost its first marks", "On 5 Mar 2024 at 10:11, Anna <anna@berg.example> wrote:\n\nDoes Monday suit you?\n>\n\nYes.\n", "Does Monday suit you?\n\nYes.", true, ""},
	{"card below a rule", "Ok\n\n------\nOlli Salo\nTel. +358 40 1234567\n", "Ok", false, "Olli Salo\nTel. +358 40 1234567"},
	{"rule between thoughts", "One\n\n------\n\nTwo things.\n", "One\n\n------\n\nTwo things.\n", false, ""},
	{"list footer", "Ok\n_______________________________________________\nNews mailing list\nhttps://lists.example/news\n", "Ok", false, "News mailing list\nhttps://lists.example/news"},
	{"closing stays", "Ok\n\nBest regards,\nOlli Salo\nSalo Oy\n", "Ok\n\nBest regards,\nOlli Salo\nSalo Oy\n", false, "Best regards,\nOlli Salo\nSalo Oy"},
	{"Finnish closing", "Sopii.\n\nYstävällisin terveisin\nOlli Salo", "Sopii.\n\nYstävällisin terveisin\nOlli Salo", false, "Ystävällisin terveisin\nOlli Salo"},
	{"phone", "Ok\n\nSent from my Gizmo 7\n", "Ok", false, "Sent from my Gizmo 7"},
	{"Finnish phone", "Sopii\n\nLähetetty iPhonesta\n", "Sopii", false, "Lähetetty iPhonesta"},
	{"German phone", "Passt\n\nVon meinem iPhone gesendet\n\nAm 05.03.2024 um 10:11 schrieb Anna Berg <anna@berg.example>:\n> Montag?\n", "Passt", true, "Von meinem iPhone gesendet"},
	{"word about a phone", "The notes were\nsent from the office on Monday.\n", "The notes were\nsent from the office on Monday.\n", false, ""},
	{"code", "Run this:\n\n```\n# comment\n--\nFrom: a@b.example\nSubject: x\nDate: 2024\n> x\n```\nand tell me.\n",
		"Run this:\n\n```\n# comment\n--\nFrom: a@b.example\nSubject: x\nDate: 2024\n> x\n```\nand tell me.\n", false, ""},
	{"journey", "We would like to go\nFrom: Helsinki\nTo: Tromsø\nDate: 5.6.2025\nFor two.\n", "We would like to go\nFrom: Helsinki\nTo: Tromsø\nDate: 5.6.2025\nFor two.\n", false, ""},
	{"a form", "Name: Anna\nEmail: anna@berg.example\nPhone: 123\nMessage: please call\n", "Name: Anna\nEmail: anna@berg.example\nPhone: 123\nMessage: please call\n", false, ""},
	{"On opens a sentence", "On your server there are 3 files.\nI wrote:\nplease delete them.\n", "On your server there are 3 files.\nI wrote:\nplease delete them.\n", false, ""},
	{"forward with a comment", "See below.\n\n---------- Forwarded message ---------\nFrom: Anna <anna@berg.example>\nDate: Tue, 5 Mar 2024 at 10:11\nSubject: Offer\nTo: <olli@salo.example>\n\n\nText\n", "See below.", true, ""},
	{"forward alone", "---------- Forwarded message ---------\nFrom: Anna <anna@berg.example>\nDate: Tue, 5 Mar 2024 at 10:11\nSubject: Offer\nTo: <olli@salo.example>\n\nText\n", "", true, ""},
	{"forward, marked, with an end", "See.\n\nBegin forwarded message:\n\n> From: Anna <anna@berg.example>\n> Subject: Offer\n>\n> Text\n\nWhat do you think?\n", "See.\n\nWhat do you think?", true, ""},
	{"forward in an unknown tongue", "Zie\n\n---------- Mesazhi i përcjellë ----------\nNga: Anna <anna@berg.example>\nDërguar: 5 mars 2024\nSubjekti: x\n\nText\n", "Zie", true, ""},
	{"Notes", "Fine with me.\n\nAnna Berg/HKI/FIRM@FIRM\n05/03/2001 10:11 AM\nTo: Olli Salo/HKI/FIRM@FIRM\ncc:\nSubject: Offer\n\nText\n", "Fine with me.", true, ""},
	{"Notes forward", "---------------------- Forwarded by Anna Berg/HKI/FIRM on 05/03/2001 10:11 AM ---------------------------\n\nOlli Salo\n05/03/2001 09:00 AM\nTo: Anna Berg\nSubject: x\n\nText", "", true, ""},
	{"address broken off", "Fine\n\nOn Tue, Mar 5, 2024 at 10:11 AM Anna Berg <\nanna.with.a.long.name@department.berg.example> wrote:\n\n> Monday?\n", "Fine", true, ""},
	{"bracket on its own line", "Fine\n\nOn Tue, Mar 5, 2024 at 10:11 AM Anna Berg <anna@berg.example\n> wrote:\n\n> Monday?\n", "Fine", true, ""},
	{"unmarked quote", "Fine\n\nOn Tue, Mar 5, 2024 at 10:11 AM Anna Berg <anna@berg.example> wrote:\n\nMonday?\n\nAnna\n", "Fine", true, ""},
}

func TestTrim(t *testing.T) {
	for _, c := range replyCases {
		t.Run(c.name, func(t *testing.T) {
			r := Trim(c.text)
			if r.New != c.want || r.Quoted != c.quoted || r.Signature != c.sign {
				t.Errorf("got  %q %v %q\nwant %q %v %q", r.New, r.Quoted, r.Signature, c.want, c.quoted, c.sign)
			}
		})
	}
}

// introductions are what mail programs write above an old mail.
var introductions = []string{
	"On Mar 5, 2024, at 10:11, Anna Berg <anna@berg.example> wrote:",
	"Am 05.03.24 um 10:11 schrieb Anna Berg:",
	"Am Di., 5. März 2024 um 10:11 Uhr schrieb Anna Berg <anna@berg.example>:",
	"Anna Berg <anna@berg.example> schrieb am Di., 5. März 2024, 10:11:",
	"Le mar. 5 mars 2024 à 10:11, Anna Berg <anna@berg.example> a écrit :",
	"Le 05/03/2024 à 10:11, Anna Berg a écrit\u00a0:",
	"El mar, 5 mar 2024 a las 10:11, Anna Berg (<anna@berg.example>) escribió:",
	"El mar, 5 mar 2024 a las 10:11, Anna Berg con un nombre largo (<\nanna@berg.example>) escribió:",
	"Il giorno mar 5 mar 2024 alle ore 10:11 Anna Berg <anna@berg.example> ha\nscritto:",
	"Em ter., 5 de mar. de 2024 às 10:11, Anna Berg <anna@berg.example>\nescreveu:",
	"Op di 5 mrt 2024 om 10:11 schreef Anna Berg <anna@berg.example>:",
	"Op 5 mrt. 2024 om 10:11 heeft Anna Berg <anna@berg.example> het volgende geschreven:",
	"Den tis 5 mars 2024 kl 10:11 skrev Anna Berg <anna@berg.example>:",
	"tir. 5. mar. 2024 kl. 10.11 skrev Anna Berg <anna@berg.example>:",
	"Den tirs. 5. mar. 2024 kl. 10.11 skrev Anna Berg <anna@berg.example>:",
	"ti 5. maalisk. 2024 klo 10.11 Anna Berg (anna@berg.example) kirjoitti:",
	"Anna Berg kirjoitti 5.3.2024 klo 10.11:",
	"wt., 5 mar 2024 o 10:11 Anna Berg <anna@berg.example> napisał(a):",
	"W dniu 5.03.2024 o 10:11, Anna Berg pisze:",
	"вт, 5 мар. 2024 г. в 10:11, Anna Berg <anna@berg.example>:",
	"5 марта 2024 г., в 10:11, Анна Берг <anna@berg.example> написал(а):",
	"Вторник, 5 марта 2024, 10:11 +03:00 от Анна <anna@berg.example>:",
	"út 5. 3. 2024 v 10:11 odesílatel Anna Berg <anna@berg.example> napsal:",
	"Dne 5.3.2024 v 10:11 Anna Berg napsal(a):",
	"Anna Berg <anna@berg.example> ezt írta (időpont: 2024. márc. 5., K, 10:11):",
	"Anna Berg <anna@berg.example>, 5 Mar 2024 Sal, 10:11 tarihinde şunu yazdı:",
	"Στις Τρί 5 Μαρ 2024 στις 10:11, ο χρήστης Anna Berg <anna@berg.example> έγραψε:",
	"2024年3月5日(火) 10:11 Anna Berg <anna@berg.example>:",
	"2024年3月5日 10:11、Anna Berg <anna@berg.example>のメール:",
	"Anna Berg <anna@berg.example> 于2024年3月5日周二 10:11写道：",
	"在 2024年3月5日，10:11，Anna Berg <anna@berg.example> 写道：",
	"2024년 3월 5일 (화) 오전 10:11, Anna Berg <anna@berg.example>님이 작성:",
	"Vào Th 3, 5 thg 3, 2024 vào lúc 10:11 Anna Berg <anna@berg.example> đã viết:",
	"2024-03-05 10:11 GMT+02:00 Anna Berg <anna@berg.example>:",
	"On 5 Mar 2024,\nat 10:11,\nAnna Berg <anna@berg.example> wrote:",
	"---- On Tue, 05 Mar 2024 10:11:00 +0200 anna@berg.example wrote ----",
	"Pe mar., 5 mar. 2024 la 10:11, Anna Berg <anna@berg.example> a scris:",
	"Missatge de Anna Berg <anna@berg.example> del dia dt., 5 de març 2024 a les 10:11:",
	"เมื่อ อ. 5 มี.ค. 2567 เวลา 10:11 Anna Berg <anna@berg.example> เขียนว่า:",
	"\u202bבתאריך יום ג׳, 5 במרץ 2024 ב-10:11 מאת Anna <\u202aanna@berg.example\u202c>:\u202c",
	"##- Please type your reply above this line -##",
	"------------------ 原始邮件 ------------------\n发件人: \"Anna\" <anna@berg.example>;\n发送时间: 2024年3月5日 10:11\n收件人: \"Olli\"\n主题: 报价",
	"-------- Weitergeleitete Nachricht --------\nBetreff: Angebot\nDatum: Tue, 5 Mar 2024 10:11:00 +0200\nVon: Anna Berg <anna@berg.example>\nAn: Olli Salo",
	"------Original Message------\nFrom: Anna Berg\nSubject: Offer\nSent: 5 Mar 2024 10:11",
	"========================================\n\nMessage du : 05/03/2024 10:11\nDe : \"Anna\" <anna@berg.example>\nA : olli@salo.example\nSujet : Offre",
	"------On 05/03/2024 10:11 AM, Anna Berg wrote-----",
	"-----Original Message-----\nFrom: Anna Berg <anna@berg.example>\nSent: Tuesday, March 5, 2024 10:11 AM\nTo: Olli Salo\nSubject: Offer",
	"From: Anna Berg <anna@berg.example>\nSent: Tuesday, March 5, 2024 10:11 AM\nTo: Olli Salo\nCc: Eva; Ulf;\nA further one\nSubject: Offer",
	"*From:* Anna Berg [mailto:anna@berg.example]\n*Sent:* Tuesday, March 5, 2024 10:11 AM\n*To:* Olli Salo\n*Subject:* Offer",
	"Von: Anna Berg <anna@berg.example>\nGesendet: Dienstag, 5. März 2024 10:11\nAn: Olli Salo\nBetreff: Angebot",
	"-----Ursprüngliche Nachricht-----\nVon: Anna Berg\nGesendet: Dienstag, 5. März 2024 10:11\nAn: Olli Salo\nBetreff: Angebot",
	"De : Anna Berg <anna@berg.example>\nEnvoyé : mardi 5 mars 2024 10:11\nÀ : Olli Salo\nObjet : Offre",
	"De: Anna Berg <anna@berg.example>\nEnviado el: martes, 5 de marzo de 2024 10:11\nPara: Olli Salo\nAsunto: Oferta",
	"Da: Anna Berg <anna@berg.example>\nInviato: martedì 5 marzo 2024 10:11\nA: Olli Salo\nOggetto: Offerta",
	"Van: Anna Berg <anna@berg.example>\nVerzonden: dinsdag 5 maart 2024 10:11\nAan: Olli Salo\nOnderwerp: Offerte",
	"Från: Anna Berg <anna@berg.example>\nSkickat: den 5 mars 2024 10:11\nTill: Olli Salo\nÄmne: Offert",
	"Fra: Anna Berg <anna@berg.example>\nSendt: 5. marts 2024 10:11\nTil: Olli Salo\nEmne: Tilbud",
	"Lähettäjä: Anna Berg <anna@berg.example>\nLähetetty: tiistai 5. maaliskuuta 2024 10.11\nVastaanottaja: Olli Salo\nAihe: Tarjous",
	"-----Alkuperäinen viesti-----\nLähettäjä: Anna Berg\nLähetetty: 5. maaliskuuta 2024 10:11\nVastaanottaja: Olli Salo\nAihe: Tarjous",
	"Od: Anna Berg <anna@berg.example>\nWysłano: wtorek, 5 marca 2024 10:11\nDo: Olli Salo\nTemat: Oferta",
	"Od: Anna Berg <anna@berg.example>\nOdesláno: úterý 5. března 2024 10:11\nKomu: Olli Salo\nPředmět: Nabídka",
	"От: Anna Berg <anna@berg.example>\nОтправлено: 5 марта 2024 г. 10:11\nКому: Olli Salo\nТема: Offer",
	"差出人: Anna Berg <anna@berg.example>\n送信日時: 2024年3月5日 10:11\n宛先: Olli Salo\n件名: 見積",
	"发件人：Anna Berg <anna@berg.example>\n发送时间：2024年3月5日 10:11\n收件人：Olli Salo\n主题：报价",
	"________________________________\nFrom: Anna Berg <anna@berg.example>\nSent: Tuesday, March 5, 2024 10:11\nTo: Olli Salo <olli@salo.example>\nSubject: Re: Offer",
}

// TestIntroductions puts each introduction above a quote that is marked and
// above one that is not.
func TestIntroductions(t *testing.T) {
	for _, intro := range introductions {
		for _, quote := range []string{"\n> Old words.\n>\n> Anna\n", "\n\nOld words.\n\nAnna\n"} {
			text := "Thank you, that is fine\n\nOlli\n\n" + intro + quote
			if r := Trim(text); r.New != "Thank you, that is fine\n\nOlli" || !r.Quoted {
				t.Errorf("%s\ngave %q, quoted %v", text, r.New, r.Quoted)
			}
		}
	}
}

// TestTrimHTML reads what the structure of HTML says, without words that Trim
// knows.
func TestTrimHTML(t *testing.T) {
	for name, c := range map[string]struct{ html, want, sign string }{
		"Gmail":         {`<div dir="ltr">New</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Xyz, Anna:<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px #ccc solid">Old</blockquote></div>`, "New", ""},
		"Gmail between": {`<div>New</div><div class="gmail_quote"><div class="gmail_attr">Xyz</div><blockquote class="gmail_quote">Old</blockquote><div>My answer.</div><blockquote class="gmail_quote">Older</blockquote></div>`, "New\n\nMy answer.", ""},
		"Gmail forward": {`New<div class="gmail_quote"><div class="gmail_attr">Xyz</div>Old</div>`, "New", ""},
		"Apple":         {`New<div><br><blockquote type="cite"><div>Xyz</div>Old</blockquote></div>below`, "New\n\nbelow", ""},
		"Thunderbird":   {`<div class="moz-cite-prefix">Xyz:</div><blockquote type="cite">Old</blockquote><p>New</p><pre class="moz-signature">-- <br>Anna</pre>`, "New", "Anna"},
		"Outlook web":   {`<div>New</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Xyz:</b> Anna<br></div><div>Old</div>`, "New", ""},
		"quoted twice":  {`<div>New</div><div id="x_x_divRplyFwdMsg">Xyz</div><div>Old</div>`, "New", ""},
		"Outlook":       {`<p>New</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p><b>Xyz:</b> Anna</p></div><p>Old</p>`, "New", ""},
		"Yahoo":         {`<div>New</div><div class="yahoo_quoted" id="yahoo_quoted_1"><div>Xyz</div><div>Old</div></div>`, "New", ""},
		"indent":        {`<div>New</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px">moved</blockquote>`, "New\nmoved", ""},
		"signature":     {`<div>New</div><div class="gmail_signature">Anna<br>+358 1</div>`, "New", "Anna\n+358 1"},
	} {
		t.Run(name, func(t *testing.T) {
			m := Body([]byte(c.html))
			if m.NewText != c.want || m.Signature != c.sign {
				t.Errorf("got %q %q, want %q %q; text %q", m.NewText, m.Signature, c.want, c.sign, m.Text)
			}
		})
	}
}

func TestBodyKind(t *testing.T) {
	for text, html := range map[string]bool{
		"hello <b>you</b>": false, "<p>x</p>": true, " <!DOCTYPE HTML><html>": true, "x<br>y<br>z<br><br>": true,
		"a < b, b > c": false, "<anna@berg.example> wrote:\n> x": false, "see <https://x.example/>": false,
	} {
		if LooksLikeHTML(text) != html {
			t.Errorf("%q: html %v", text, !html)
		}
	}
}

// TestTrimShares makes sure that a text is not copied: neither a whole one nor
// the piece above a quote.
func TestTrimShares(t *testing.T) {
	text := strings.Repeat("Some words of a mail.\n", 40)
	for _, whole := range []string{text, text + "\nOn 5 Mar 2024 at 10:11, Anna wrote:\n> x\n"} {
		if r := Trim(whole); r.New == "" || unsafe.StringData(r.New) != unsafe.StringData(whole) {
			t.Errorf("%q was copied", r.New)
		}
	}
}

// FuzzTrim: nothing is made up, and nothing takes long.
func FuzzTrim(f *testing.F) {
	for _, c := range replyCases {
		f.Add(c.text)
	}
	for _, s := range introductions {
		f.Add("New\n\n" + s + "\n\nOld")
	}
	f.Fuzz(func(t *testing.T, text string) {
		quick(t, len(text), func() {
			r := Trim(text)
			known := map[string]bool{"": true}
			for l := range strings.SplitSeq(text, "\n") {
				known[strings.TrimFunc(l, invisible)] = true
			}
			for l := range strings.SplitSeq(r.New, "\n") {
				if len(text) < maxTrim && !known[strings.TrimFunc(l, invisible)] {
					t.Errorf("%q is no line of the text", l)
				}
			}
			if !strings.Contains(text, r.Signature) {
				t.Errorf("%q is not in the text", r.Signature)
			}
		})
	})
}

// TestTrimLinear builds what makes careless code slow.
func TestTrimLinear(t *testing.T) {
	for name, s := range map[string]string{
		"quotes":   strings.Repeat(">", 1<<20),
		"colons":   strings.Repeat("On 5 Mar 2024 at 10:11 wrote a@b:\nx\n", 20_000),
		"fields":   strings.Repeat("From: a\n", 100_000),
		"blank":    "From: a\n" + strings.Repeat("\n", 1<<20),
		"verbs":    strings.Repeat("wrote:\n", 100_000),
		"rules":    strings.Repeat("----\n", 200_000),
		"fences":   strings.Repeat("```\n", 200_000),
		"devices":  strings.Repeat("Sent from my phone\n", 50_000),
		"devils":   strings.Repeat("Sent from a "+strings.Repeat("phon ", 20)+"\n", 10_000),
		"initials": strings.Repeat("a@b wrote on 2024-01-01:\nab> x\ncd> y\nef> z\n", 20_000),
		"marked":   strings.Repeat("> On 5 Mar 2024\n> a\n\n", 50_000) + "x y z.",
		"long":     "On 5 Mar 2024 " + strings.Repeat("x ", 1<<19) + "wrote:\n> a",
		"bars":     strings.Repeat("2024-01-01 10:10 <a@b>:\n| x\ny\n", 30_000),
	} {
		t.Run(name, func(t *testing.T) { quick(t, len(s), func() { Trim(s) }) })
	}
}

func benchReply() string {
	old := strings.Repeat("> We can deliver the goods next week, the price stays as it was agreed: 450 euros.\n> See the list:\n>\n", 16)
	return "Hello Anna,\n\n" + strings.Repeat("thank you for the offer: we have talked about it here and would like to order.\nWhen could you deliver?\n\n", 26) +
		"Best regards,\nOlli Salo\n\nOn Tue, 5 Mar 2024 at 10:11, Anna Berg <anna@berg.example> wrote:\n" + old
}

func BenchmarkTrim5k(b *testing.B) {
	text := benchReply()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Trim(text)
	}
}
