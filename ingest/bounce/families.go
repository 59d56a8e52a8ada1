package bounce

import (
	"slices"

	"kaveri/crm"
)

// family is what hosts say of a thing in ever other words: a state ("is full")
// of one of its names ("mailbox", "inbox", "folder"). The name stands shortly
// before the state, in the same clause, or follows it ("unknown user").
// Normalized; "$" ends a word, all others are stems.
type family struct {
	reason crm.BounceReason
	firm   bool // counts before the status code: nobody says it of anything else
	names  []string
	others []string // names that make it the state of another thing
	states []string
}

// mailboxes are names of that to which mail is delivered, in the languages in
// which servers speak.
var mailboxes = []string{
	"user", "username", "userid", "mailbox", "mail box", "inbox", "recipient", "account", "address", "addressee", "alias", "person", "customer", "subscriber",
	"member", "employee", "email id", "local part", "local-part", "mail user", "domain user", "mail account", "mail address", "destination mailbox",
	"benutzer", "empfänger", "empfaenger", "postfach", "konto", "adresse", "mailadresse", "e-mail-adresse",
	"utilisateur", "destinataire", "compte", "boîte", "boite",
	"usuario", "destinatario", "cuenta", "buzón", "buzon", "casilla", "dirección", "direccion",
	"utente", "casella", "indirizzo", "usuário", "destinatário", "conta$", "caixa", "endereço", "endereco",
	"vastaanottaj", "postilaatik", "sähköpostilaatik", "käyttäjä", "osoite", "tili$",
	"mottagar", "brevlåd", "användar", "adressen", "modtager", "mottaker", "bruger", "bruker", "postkasse", "postboks",
	"gebruiker", "ontvanger", "postvak", "adres", "użytkownik", "skrzynk", "odbiorc", "uživatel", "schránk", "příjemc", "felhasznál", "címzett", "postafiók",
	"kullanıcı", "alıcı", "posta kutusu", "hesap",
	"пользовател", "получател", "ящик", "адрес", "абонент",
	"ユーザ", "宛先", "アドレス", "アカウント", "ボックス", "受信者", "사용자", "수신자", "메일함", "계정", "주소",
	"用户", "收件人", "邮箱", "地址", "帐号", "账号", "使用者", "信箱",
}

// senders are words that make a name one of the sender or of a host.
var senders = []string{"sender", "from", "return-path", "return path", "ip address", "host", "helo", "ehlo", "client", "domain", "server", "absender",
	"expéditeur", "remitente", "mittente", "remetente", "lähettäj", "avsändar", "afzender", "отправител", "送信者", "发件人"}

// hosts are names of what mail comes from or goes to.
var hosts = []string{"host", "hostname", "host name", "domain", "domain name", "mail server", "mail exchanger", "site", "destination system", "domäne", "domaine",
	"dominio", "domínio", "домен", "ドメイン", "域名"}

// clients are names of the host that sends.
var clients = []string{"client", "client host", "your ip", "your host", "your server", "your mail server", "your network", "sending ip", "sending host",
	"sending server", "connecting ip", "connecting host", "ip address", "ip", "connection", "connections", "helo", "ehlo", "hostname", "network"}

// authors are names of who sends.
var authors = []string{"sender", "sender's", "from address", "mail from", "from:", "return-path", "return path", "envelope from", "originator", "absender",
	"expéditeur", "remitente", "mittente", "remetente", "lähettäj", "avsändar", "afzender", "отправител", "送信者", "发件人"}

// absent are words for what is not there.
var absent = []string{
	"unknown", "not found", "wasn't found", "was not found", "can't be found", "cannot be found", "could not be found", "couldn't be found", "not exist",
	"does not exist", "doesn't exist", "doesnt exist", "do not exist", "may not exist", "no longer exist", "nonexistent", "non-existent", "non existent",
	"non-existing", "invalid", "not valid", "isn't valid", "no longer valid", "not known", "isn't known", "not recognized", "not recognised", "not defined",
	"not registered", "no such", "illegal", "can't be resolved", "could not be resolved", "cannot be resolved", "unresolvable",
	"unbekannt", "existiert nicht", "existiert hier nicht", "nicht gefunden", "nicht vorhanden", "nicht bekannt", "ungültig", "inconnu", "n'existe pas",
	"n'existe plus", "introuvable", "invalide", "inexistant", "desconocid", "no existe", "inexistente", "no encontrad", "inválid", "no válid", "sconosciut",
	"non esiste", "inesistente", "non trovat", "non valid", "desconhecid", "não existe", "nao existe", "não encontrad",
	"tuntematon", "ei löydy", "ei löytyny", "ei ole olemassa", "virheelli", "okänd", "finns inte", "hittades inte", "ogiltig", "ukendt", "ukjent", "findes ikke",
	"finnes ikke", "ugyldig", "onbekend", "bestaat niet", "niet gevonden", "ongeldig", "nieznan", "nie istnieje", "nie ma takie", "nie znaleziono", "neznám",
	"neexistuje", "nenalezen", "ismeretlen", "nem létezik", "nem található", "bilinmeyen", "bulunamadı", "geçersiz",
	"не найден", "не существует", "неизвест", "несуществующ", "存在しま", "存在し", "見つかりません", "見つからない", "不明", "존재하지", "찾을 수 없", "알 수 없", "不存在", "找不到", "无效",
}

// refused are words of saying no.
var refused = []string{"rejected", "denied", "refused", "blocked", "banned", "blacklisted", "black-listed", "blocklisted", "not accepted", "not allowed",
	"not permitted", "not welcome", "unacceptable", "forbidden", "prohibited"}

// broken are words for what does not work.
var broken = []string{"fail", "error", "not support", "unsupported", "not available", "unavailable", "not offered", "not trusted", "untrusted", "not verified",
	"cannot be verified", "could not be verified", "invalid", "expired", "mismatch", "not match", "too weak", "required", "needed", "mandatory", "could not",
	"cannot", "can't", "unable", "insufficient"}

// wrong are words for what breaks a standard.
var wrong = []string{"duplicate", "multiple", "more than one", "missing", "lacks", "malformed", "invalid", "not compliant", "non-compliant", "illegal",
	"not valid", "syntactically", "syntax", "no valid", "not have a valid", "without", "unparsable", "unparseable", "improper", "required", "too many"}

// families in the order in which they are asked.
var families = []family{
	{reason: crm.BounceAuthFailure, firm: true,
		names:  []string{"spf", "dkim", "dmarc", "sender policy framework", "domainkeys"},
		others: []string{"temporary", "ptr"},
		states: []string{"fail", "not pass", "n't pass", "no pass", "policy", "align", "reject", "not authori", "unauthori", "not permitted", "verif", "invalid",
			"missing", "no$", "violat", "required", "bad$", "neutral", "could not"}},
	{reason: crm.BounceFailedSTARTTLS, firm: true,
		names:  []string{"tls", "starttls", "ssl", "encryption", "certificate", "cipher", "secure connection"},
		others: []string{"spf", "dkim", "recipient", "user", "mailbox", "relay", "x=tls", "using tls", "with cipher", "smtp error", "authentication"},
		states: broken},
	{reason: crm.BounceVirusDetected, firm: true,
		names:  []string{"virus", "malware", "trojan", "worm$", "worms", "malicious", "ransomware", "worm."},
		others: []string{"spam"},
		states: []string{"detected", "found", "infected", "contains", "rejected", "blocked", "included", "signature", "suspected"}},
	{reason: crm.BounceRequirePTR, firm: true,
		names: []string{"ptr", "rdns", "reverse dns", "reverse hostname", "reverse name", "reverse lookup", "reverse resolution", "reverse map", "reverse record",
			"reverse entry", "in-addr.arpa"},
		others: []string{"recipient", "mailbox"},
		states: append([]string{"missing", "no$", "not have", "without", "bad$", "does not", "doesn't", "lacks", "require", "must", "fix$", "need", "not match",
			"matching", "check"}, slices.Concat(absent, broken)...)},
	{reason: crm.BounceNotCompliantRFC, firm: true,
		names:  []string{"header", "headers", "'from'", "from: field", "message-id", "messageid", "date: field", "date header", "subject header"},
		others: []string{"mime", "envelope", "spam", "virus", "recipient", "received", "spf"},
		states: wrong},
	{reason: crm.BounceNotAccept, firm: true,
		names: []string{"mx ", "mxs ", "mail exchanger", "smtp service", "mail service"},
		others: []string{"sender", "your", "from", "points", "dns type", "loop", "backup", "rejected", "denied", "relay", "spf", "nxdomain", "available",
			"unavailable", "temporary", "listed", "network error", "non-existent", "route"},
		states: []string{"no$", "couldn't find", "could not find", "can't find", "cannot find", "unable to find", "not found", "none", "has no", "without"}},
	{reason: crm.BounceNoRelaying, firm: true,
		names:  []string{"relay", "relaying", "relayed"},
		others: []string{"open relay", "open mail relay", "host name", "service", "limit", "unresolvable"},
		states: append([]string{"insecure", "unable", "cannot", "can't", "unauthori", "not authori", "not configured", "no$"}, refused...)},
	{reason: crm.BounceHostUnknown, firm: true,
		names: []string{"host", "hostname", "domain", "domain name"},
		others: []string{"sender", "reverse", "helo", "ehlo", "client", "from", "user", "recipient", "mailbox", "account", "address", "your", "dns type",
			"dns error", "nxdomain", "temporary", "verif", "network", "system"},
		states: []string{"unknown", "not found", "does not exist", "doesn't exist", "not exist", "no such", "non-existent", "nonexistent"}},
	{reason: crm.BouncePolicyViolation, firm: true,
		names:  []string{"attachment", "attachments", "file type", "file extension", "file name"},
		others: []string{"virus", "malware", "size", "too large"},
		states: refused},
	{reason: crm.BounceRejected, firm: true,
		names:  []string{"address", "sender", "mail from", "from address", "sending domain"},
		others: []string{"ip$", "ips$", "host", "client", "server", "recipient", "ip address", "your address", "address ["},
		states: []string{"blacklisted", "been blacklisted", "is blacklisted", "blocklisted", "badlisted"}},
	{reason: crm.BounceNetworkError, firm: true,
		names:  []string{"name server", "nameserver", "name resolution", "host name lookup", "mx lookup", "dns lookup", "dns server", "dns query", "resolver"},
		others: []string{"sender", "your", "host not found", "reverse", "from", "client", "ptr"},
		states: []string{"malformed", "unexpected", "temporary", "temporarily", "timed out", "timeout", "fail", "servfail", "not respond", "no response",
			"unreachable"}},
	{reason: crm.BounceNetworkError, firm: true,
		names:  []string{"route", "network"},
		others: []string{"mailbox", "user", "not allowed", "your"},
		states: []string{"unreachable", "is down", "error on"}},
	{reason: crm.BounceTooManyConn,
		names:  []string{"connections", "sessions", "recipients", "rcpt"},
		others: []string{"hour", "day", "minute", "rate", "mailbox", "quota"},
		states: []string{"too many", "exceed", "maximum", "limit", "concurrent", "simultaneous"}},
	{reason: crm.BounceMailboxFull,
		names:  append([]string{"folder", "storage", "maildir", "mail drop", "mailfolder"}, mailboxes...),
		others: senders,
		states: []string{"full$", "over quota", "overquota", "quota", "quota exceeded", "out of space", "out of storage", "no space", "at capacity",
			"too many messages", "exceeded", "would exceed", "reached", "maximum size", "over its limit", "over the limit", "over limit", "voll$", "überfüllt",
			"speicherplatz", "pleine", "plein$", "saturée", "lleno", "llena", "cuota", "piena", "pieno", "spazio", "cheia", "cheio", "cota$", "täynnä", "kiintiö",
			"fullt", "fuld", "kvot", "vol$", "quotum", "pełn", "przepełnion", "plná", "přeplněn", "megtelt", "dolu$", "kota$", "переполнен", "квот", "一杯", "いっぱい",
			"満杯", "容量", "가득", "초과", "已满", "已滿", "超限", "空间不足"}},
	{reason: crm.BounceMesgTooBig,
		names: []string{"message", "mail", "email", "e-mail", "size", "length", "line", "body", "attachment", "attachments", "nachricht", "mensaje", "messaggio",
			"mensagem", "viesti", "meddeland", "bericht", "メール", "サイズ", "邮件"},
		others: []string{"mailbox", "recipients", "rate", "header"},
		states: []string{"too large", "too big", "too long", "size exceed", "size limit", "size violation", "length exceed", "exceeds limit", "exceeds the limit",
			"exceeds size", "exceeds the size", "limit exceeded", "larger than", "bigger than", "exceeds the maximum", "zu groß", "zu gross", "trop volumineux",
			"trop grand", "demasiado grande", "troppo grande", "muito grande", "liian suuri", "för stor", "for stor", "te groot", "大きすぎ", "过大"}},
	{reason: crm.BounceSuspend,
		names:  mailboxes,
		others: senders,
		states: []string{"disabled", "suspended", "inactive", "not active", "isn't active", "not activated", "deactivated", "de-activated", "locked", "locked out",
			"expired", "frozen", "dormant", "has been blocked", "is blocked", "closed", "temporarily blocked", "suspension", "barred", "disconnected", "unused",
			"terminated", "restricted account", "temporarily limited", "turned off", "stopped", "discontinued", "gesperrt", "deaktiviert", "stillgelegt", "désactivé",
			"desactive", "suspendu", "bloqué", "bloque", "inactif", "desactivad", "suspendid", "bloquead", "inactiv", "deshabilitad", "disabilitat", "sospes",
			"disattivat", "desativad", "inativ", "suljettu", "poistettu käytöstä", "lukittu", "spärra", "inaktiver", "spærret", "sperret", "geblokkeerd",
			"uitgeschakeld", "zablokowan", "wyłączon", "заблокирован", "отключен", "停止", "無効", "停用", "禁用", "冻结", "锁定"}},
	{reason: crm.BounceRejected,
		names:  authors,
		others: []string{"host", "client", "ip", "spf", "dkim", "dmarc", "recipient", "user", "relay"},
		states: slices.Concat(refused, absent, []string{"could not be verified", "cannot be verified", "verify failed", "verification failed", "does not resolve",
			"not resolvable", "not listed", "permission"})},
	{reason: crm.BounceBlocked,
		names:  clients,
		others: []string{"recipient", "user", "mailbox", "account", "relay", "relaying"},
		states: append([]string{"listed", "refused by", "not authorized", "invalid", "suspicious", "open relay", "open proxy", "not match", "mismatch"}, refused...)},
	{reason: crm.BounceHostUnknown,
		names:  hosts,
		others: []string{"sender", "from", "helo", "ehlo", "client", "reverse", "user", "recipient", "mailbox", "account", "address", "your", "local"},
		states: append([]string{"not reachable", "unreachable", "not resolve", "does not resolve"}, absent...)},
	{reason: crm.BounceExpired,
		names:  []string{"connection", "connect to", "session", "delivery", "operation", "server", "host", "smtp"},
		others: []string{"conversation", "while", "waiting", "during", "sending", "receiving", "lookup"},
		states: []string{"timed out", "timed-out", "timeout", "time out"}},
	{reason: crm.BounceSecurityError,
		names:  []string{"access", "permission", "authorization", "authorisation", "authentication", "authenticate", "credentials", "login"},
		others: []string{"recipient", "user"},
		states: append([]string{"required", "failed", "failure", "invalid", "must", "need", "incorrect", "could not"}, refused...)},
	{reason: crm.BounceUserUnknown,
		names:  mailboxes,
		others: senders,
		states: slices.Concat(absent, []string{"cannot be verified", "could not be verified", "can't be verified", "verification failed", "not listed",
			"not local", "bad$", "incorrect", "wrong", "deleted", "removed", "cancelled", "canceled", "obsolete", "retired", "misspelled", "mistyped", "unavailable",
			"not available", "no longer available", "not here", "no longer here", "no longer with", "no longer employed", "no longer works", "no longer in use",
			"not in use", "not in service", "does not have", "doesn't have", "has left", "is gone", "not hosted", "not served", "unroutable", "unrouteable",
			"not provisioned", "gelöscht", "poistettu", "borttag", "verwijderd", "usunięt"})},
	{reason: crm.BounceFiltered,
		names:  []string{"recipient", "recipients", "addressee"},
		others: senders,
		states: []string{"were rejected", "was rejected", "were refused", "was refused", "have rejected", "has rejected", "has refused"}},
}
