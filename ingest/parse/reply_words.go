package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What mail programs write around a quote, in the languages they speak. All in
// lower case; a word that is in no table costs a mail its trimming, nothing
// else, as long as the quote is marked with > or by the HTML.

// words are the words of "On Monday at 9:15 Anna wrote:".
var words = table(map[evidence]string{
	evVerb: `wrote writes écrit ecrit schrieb schrieben geschrieben scritto escribió escribio escribiste escreveu
		schreef schreven geschreven skrev skrevet kirjoitti kirjutas napisał napisała pisze napisał(a) napsal napsala
		napísal napísala написал написала написав написала пишет пише написа írta yazdı yazmış scris έγραψε viết כתב כתבה
		كتب rašė parašė rakstīja napisao napisala pisao pisala escriure escrigué skrifaði menulis zapisal
		rakstīja написао написала napisana quoting zitat lainaus citando citát cytat citat citation citerar missatge escribiu geskryf geskrywe लिखा نوشت`,
	evWeak:    `sent said envoyé gesendet`,
	evOpening: `on at le am il el em op på den dne dňa dnia w vào στις la dnes pada ngày pe în на בתאריך في ในวันที่ เมื่อ`,
})

// by stands before a bare address: "5 Mar 2024, 10:11 by anna@berg.example".
var by = table(map[bool]string{true: `by von par por da door av af przez от від`})

// unspacedVerbs end an introduction in Chinese, Japanese, Korean and Thai.
var unspacedVerbs = []string{"写道", "寫道", "書きました", "作成", "작성", "썼습니다", "のメール", "写于", "撰寫", "เขียนว่า"}

// fields are the labels above a quoted mail: Outlook's, Apple Mail's, webmail's.
var fields = table(map[field]string{
	fieldFrom: `from,von,absender,de,del,expéditeur,remitente,remetente,da,mittente,van,afzender,från,avsändare,fra,afsender,avsender,
		lähettäjä,saatja,kellelt,od,nadawca,odesílatel,odosielateľ,от,от кого,отправитель,від,від кого,kimden,gönderen,feladó,
		de la,expeditor,από,no,nuo,od koga,šalje,pošiljatelj,发件人,寄件者,寄件人,差出人,送信者,보낸 사람,보낸사람,발신,từ,מאת,من`,
	fieldTo: `to,an,empfänger,à,a,destinataire,pour,para,destinatario,destinatário,per,aan,ontvanger,till,mottagare,til,modtager,
		mottaker,vastaanottaja,kenelle,saaja,kellele,do,adresat,komu,adresát,príjemca,кому,получатель,кому,kime,alıcı,címzett,către,
		προς,kam,kam,kaip,za,收件人,收件者,宛先,받는 사람,받는사람,수신,đến,tới,אל,إلى`,
	fieldDate: `date,sent,sent at,sent on,gesendet,gesendet am,datum,datum/uhrzeit,envoyé,envoyé le,date d'envoi,message du,enviado,enviado el,enviado em,
		enviada em,enviada,enviado a las,fecha,data,inviato,verzonden,verstuurd,skickat,skickad,sendt,dato,lähetetty,päivämäärä,päiväys,pvm,aika,
		kuupäev,saadetud,wysłano,wysłane,data wysłania,odesláno,odoslané,dátum,дата,отправлено,дата отправки,надіслано,tarih,gönderilme tarihi,gönderildi,gönderme tarihi,
		elküldve,küldve,trimis,dată,data trimiterii,ημερομηνία,στάλθηκε,datums,išsiųsta,poslano,发送时间,发送日期,日期,时间,傳送日期,寄件日期,
		日付,日時,送信日時,送信日,날짜,보낸 날짜,보낸날짜,ngày,ngày gửi,đã gửi,תאריך,נשלח,التاريخ`,
	fieldCc: `cc,bcc,kopie,cc / kopie,copie,copie à,copia,cópia,kopia,kopi,kopio,kopie (cc),копия,копія,másolatot kap,másolat,κοιν,抄送,副本,참조,
		bilgi,dw,cc copy`,
	fieldSubject: `subject,subj,betreff,betr,objet,sujet,asunto,assunto,oggetto,onderwerp,ämne,rubrik,emne,aihe,otsikko,teema,temat,
		předmět,predmet,тема,конспект,konu,tárgy,subiect,θέμα,tēma,tema,zadeva,主题,主旨,主題,标题,件名,题目,제목,chủ đề,נושא,الموضوع`,
	fieldReplyTo: `reply-to,reply to,antwort an,antworten an,répondre à,responder a,rispondi a,svar till,svar til,vastausosoite,vastaus,
		odpowiedź do,odpovědět,ответить,回复`,
})

// banners stand above a quoted or forwarded mail, between dashes or before a
// colon.
var banners = table(map[bool]string{true: `original message,original mail,reply separator,reply above this line,please reply above this line,please type your reply above this line,type your reply above this line,
	original email,original e-mail,reply message,forwarded message,forwarded mail,
	forwarded email,begin forwarded message,start of forwarded message,end forwarded message,
	ursprüngliche nachricht,originalnachricht,original-nachricht,ursprüngliche mail,urspr. mail,weitergeleitete nachricht,
	anfang der weitergeleiteten nachricht,beginn der weitergeleiteten nachricht,
	message d'origine,message original,message initial,message transféré,début du message transféré,début du message réexpédié,mail original,courriel original,
	mensaje original,mensaje reenviado,inicio del mensaje reenviado,mensagem original,mensagem encaminhada,mensagem reenviada,
	início da mensagem encaminhada,início da mensagem reenviada,messaggio originale,messaggio inoltrato,inizio messaggio inoltrato,messaggio inviato,
	oorspronkelijk bericht,oorspronkelijke bericht,origineel bericht,doorgestuurd bericht,begin doorgestuurd bericht,
	ursprungligt meddelande,originalmeddelande,ursprungsmeddelande,vidarebefordrat meddelande,vidarebefordrat brev,vidarebefordrat mejl,
	oprindelig meddelelse,original meddelelse,oprindelig besked,videresendt meddelelse,videresendt besked,start på videresendt besked,
	opprinnelig melding,original melding,videresendt melding,start på videresendt melding,
	alkuperäinen viesti,välitetty viesti,edelleenlähetetty viesti,edelleen lähetetty viesti,välitetty viesti alkaa,
	algne kiri,algsõnum,edastatud kiri,oryginalna wiadomość,wiadomość oryginalna,wiadomość przekazana,przekazana wiadomość,wiadomość przekazana dalej,
	początek przekazywanej wiadomości,treść oryginalnej wiadomości,původní zpráva,původní e-mail,přeposlaná zpráva,začátek přeposílané zprávy,pôvodná správa,
	исходное сообщение,оригинальное сообщение,пересылаемое сообщение,пересланное сообщение,перенаправленное сообщение,начало переадресованного сообщения,
	вихідне повідомлення,переслане повідомлення,eredeti üzenet,továbbított üzenet,továbbított levél,orijinal mesaj,özgün ileti,iletilen mesaj,orijinal ileti,yönlendirilen ileti,
	mesaj original,mesajul original,mesaj redirecționat,αρχικό μήνυμα,προωθημένο μήνυμα,originalus laiškas,oriģinālā ziņa,izvirna poruka,izvorna poruka,proslijeđena poruka,
	元のメッセージ,転送メッセージ,転送されたメッセージ,原始邮件,原始郵件,原邮件,转发邮件,转发的邮件,轉寄郵件,轉寄的郵件,下面是被转发的邮件,邮件原件,
	원본 메시지,원본메시지,전달된 메시지,thư gốc,thư đã chuyển tiếp,thư được chuyển tiếp,הודעה מקורית,الرسالة الأصلية`})

// forwardStems are in the words that stand above a mail that is passed on:
// "Begin forwarded message:", with many endings.
var forwardStems = stems(`forwarded message,weitergeleitet,transféré,réexpédié,reenviad,encaminhad,inoltrat,doorgestuurd,vidarebefordra,videresend,
	välitetty,välitetyn,edelleenlähete,edelleen lähete,edastatud,przekaz,přepos,prepos,пересыл,пересл,переадрес,перенаправ,továbbít,iletilen,yönlendir,redirecționat,
	προωθ,转发,轉寄,転送,전달된`)

// bannerBegins are the banners that go on with a name and a date: Notes'.
var bannerBegins = []string{"forwarded by ", "forwarded message from ", "original message from ", "weitergeleitet von ", "transféré par ", "reenviado por ", "vidarebefordrat av ", "doorgestuurd door "}

// sentFromMy begin the line that a phone adds: whatever it says then is the
// phone, known or not.
var sentFromMy = phrases(`sent from my,sent via my,sent from mobile,sent from a mobile,from my,envoyé de mon,envoyé depuis mon,envoyé à partir de mon,gesendet von meinem,gesendet von unterwegs,
	lähetetty puhelimesta,lähetetty iphonesta,skickat från min,sendt fra min,enviado desde mi,enviado do meu,enviado de meu,enviado a partir do meu,enviat des del meu,
	inviato dal mio,inviato da mio,verzonden vanaf mijn,verstuurd vanaf mijn,wysłane z mojego,wysłano z mojego,отправлено с моего,odesláno z mého,odoslané z môjho,poslano s mog,
	發自我的,发自我的,從我的,从我的,發送自我的,发送自我的,나의 ,내 `)

// sentFrom begin a line that says by which of the gadgets or programs a mail
// was written.
var sentFrom = phrases(`sent from,sent via,sent with,sent by,sent on,sent using,written on,typed on,
	envoyé de,envoyé depuis,envoyé à partir,envoyé avec,envoyé via,envoyé par,
	gesendet mit,gesendet von,gesendet über,gesendet vom,gesendet aus,von meinem,von mobil gesendet,diese nachricht wurde von,
	lähetetty,skickat från,skickat med,skickat via,sendt fra,sendt med,sendt via,sent úr,saadetud,nosūtīts,išsiųsta,
	enviado desde,enviado con,enviado de,enviado do,enviado pelo,enviado a partir,enviado por,enviado via,enviado mediante,enviado com,enviat des,
	inviato da,inviato con,inviato tramite,verzonden v,verzonden met,verzonden door,verstuurd v,verstuurd met,
	wysłane z,wysłano z,wysłane za,отправлено,послано с,надіслано з,изпратено от,послато са,odesláno,odoslané z,poslano,elküldve,küldve,az iphone-omról,trimis de,
	στάλθηκε από,gửi từ,dikirim dari,ส่งจาก,أُرسلت من,أرسلت من,נשלח מ`)

// sentFromEnds end such a line in languages that put the verb last.
var sentFromEnds = phrases(`から送信,より送信,에서 보냄,에서 발송,dan gönderildi,den gönderildi,ról küldve,ről küldve,傳送,发送`)

// getOutlook begin the advertisement of Outlook for phones, or end it.
var getOutlook = phrases(`get outlook,get [outlook,download outlook,télécharger outlook,téléchargez outlook,obtenir outlook,obtenez outlook,outlook für,holen sie sich outlook,laden sie outlook,
	hanki outlook,hae outlook,lataa outlook,hämta outlook,skaffa outlook,hent outlook,få outlook,outlook voor,download outlook,ontvang outlook,
	obtener outlook,obtén outlook,descargar outlook,obter o outlook,obtenha o outlook,baixar o outlook,transferir o outlook,scarica outlook,ottieni outlook,
	pobierz outlook,pobierz aplikację outlook,stáhnout outlook,získat outlook,získať outlook,hankige outlook,скачать outlook,получить outlook,завантажити outlook,
	az outlook,descărcați outlook,obțineți outlook,λήψη του outlook,ios için outlook,android için outlook,获取 outlook,取得 outlook,下载 outlook,outlook for`)

// adverts begin a line that a program adds for itself.
var adverts = phrases(`yahoo mail:,virus-free`)

// footers are in what is added below a rule: by lists, by scanners of mail, by
// firms.
var footers = stems(`unsubscribe,mailing list,groups.io,google groups,avast,for viruses,auf viren geprüft,virukset,virus-free,antivirus,sans virus,confidential,
	vertraulich,luottamuksell,konfidenti,fortrolig,vertrouwelijk,confidenci,riservat,poufn,конфиденциальн`)

// gadgets are what mail is written on and with; one with a star may go on.
var gadgets = strings.Fields(`iphon* ipad* ipod* ios android* samsung* galaxy blackberry* nokia huawei xiaomi redmi oneplus htc lg sony xperia motorola windows*
	phone* mobile mobil* mobiili* puhelim* cell* tablet* outlook* mail* yahoo* gmail* proton* fastmail* sparrow* typeapp spark* airmail* thunderbird*
	nine k-9 bluemail* aquamail* device* handheld* treo pda laptop* pc computer* smartphone* älypuhelim* handy téléphone* telefon* teléfono móvil celular mobiel*
	surface chromebook* watch ti alcatel zte superhuman* aol verizon* телефон* планшет* смартфон* яндекс* почт* matkapuhel* nextcloud* roundcube* zimbra* webmail* web.de gmx`)

// excuses follow the name of the phone.
var excuses = phrases(`excuse,sorry,apolog,pardon,forgive,typo,brevity,brief,autocorrect,entschuld,désolé,disculp,scusa,anteeksi,ursäkt,undskyld,beklager,with ,via ,using `)

// onTheRoad are the words of a signature like "Anna from mobile".
var onTheRoad = table(map[bool]string{true: `mobile phone iphone ipad android blackberry tablet`})

// farewells are formulas of farewell: a name may follow on their line.
var farewells = table(map[bool]string{true: `cheers,regards,best,best regards,
	kind regards,kindest regards,warm regards,warmest regards,with kind regards,with best regards,best wishes,all the best,sincerely,yours sincerely,sincerely yours,
	yours truly,yours faithfully,yours,respectfully,cordially,take care,thanks and regards,thanks & regards,rgds,br,b.r,kr,
	mit freundlichen grüßen,mit freundlichen grüssen,mit freundlichem gruß,mit freundlichem gruss,freundliche grüße,freundliche grüsse,freundlichen gruß,viele grüße,viele grüsse,liebe grüße,liebe grüsse,
	beste grüße,beste grüsse,schöne grüße,herzliche grüße,herzliche grüsse,mit besten grüßen,gruß,gruss,grüße,mfg,lg,vg,hochachtungsvoll,
	cordialement,bien cordialement,salutations,meilleures salutations,bien à vous,amicalement,bonne journée,sincères salutations,
	saludos,un saludo,saludos cordiales,cordialmente,atentamente,un abrazo,
	atenciosamente,cumprimentos,com os melhores cumprimentos,melhores cumprimentos,abraço,abraços,att,
	cordiali saluti,distinti saluti,saluti,un saluto,
	met vriendelijke groet,met vriendelijke groeten,vriendelijke groet,vriendelijke groeten,groet,groeten,groetjes,mvg,hoogachtend,
	med vänlig hälsning,med vänliga hälsningar,vänliga hälsningar,vänlig hälsning,hälsningar,mvh,bästa hälsningar,
	med venlig hilsen,venlig hilsen,hilsen,med vennlig hilsen,vennlig hilsen,de bedste hilsner,bedste hilsner,vh,
	ystävällisin terveisin,ystävällisesti,parhain terveisin,terveisin,terveiset,terv,terkuin,yst.terv,yst. terv,ystäv.terv,kunnioittavasti,t,
	z poważaniem,pozdrawiam,pozdrowienia,serdecznie pozdrawiam,с уважением,с наилучшими пожеланиями,всего доброго,з повагою,
	s pozdravem,s přátelským pozdravem,hezký den,s pozdravom,üdvözlettel,tisztelettel,saygılarımla,iyi çalışmalar,
	cu stimă,cu respect,με εκτίμηση,lugupidamisega,parimate soovidega,tervitades,ar cieņu,pagarbiai,lep pozdrav,lijep pozdrav,srdačan pozdrav,
	よろしくお願いします,よろしくお願いいたします,敬具,此致,祝好,顺祝商祺,trân trọng`})

// gratitude closes a mail as well; but a name on its line is that of the reader.
var gratitude = table(map[bool]string{true: `thanks,thank you,many thanks,thanks a lot,thanks again,thanks in advance,thank you in advance,thx,tia,
	danke,vielen dank,merci,merci d'avance,gracias,muchas gracias,obrigado,obrigada,grazie,bedankt,alvast bedankt,dank,tack,tack på förhand,
	mange tak,tak,takk,på forhånd takk,kiitos,kiitos jo etukäteen,kiitoksin,dziękuję,спасибо,děkuji,ďakujem,köszönettel,teşekkürler,谢谢,감사합니다`})

// particles are the small words inside names.
var particles = table(map[bool]string{true: `van von de der den di da del della dos das du la le af av zu ter ten bin ben al el y e i`})

// phrases splits a list at its commas.
func phrases(list string) []string {
	ps := strings.Split(list, ",")
	for i := range ps {
		ps[i] = strings.TrimLeft(ps[i], "\n\t")
	}
	return ps
}

// stems is phrases as bytes.
func stems(list string) (out [][]byte) {
	for _, p := range phrases(list) {
		out = append(out, []byte(p))
	}
	return out
}

// table makes a map of lists: words are apart by white space, or by commas
// where any are there.
func table[T comparable](lists map[T]string) map[string]T {
	m := map[string]T{}
	for value, list := range lists {
		words := strings.Fields(list)
		if strings.Contains(list, ",") {
			words = strings.Split(list, ",")
		}
		for _, w := range words {
			m[strings.TrimSpace(w)] = value
		}
	}
	return m
}

// lower appends s in lower case; dst should have room.
func lower(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= 0x80 {
			for _, r := range s[i:] {
				if r == '’' {
					r = '\''
				}
				dst = utf8.AppendRune(dst, unicode.ToLower(r))
			}
			return dst
		} else if c >= 'A' && c <= 'Z' {
			dst = append(dst, c+0x20)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}
