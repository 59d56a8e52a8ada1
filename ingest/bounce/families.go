package bounce

import (
	"iter"
	"strings"

	"kaveri/crm"
)

// family is what hosts say of a thing in ever other words: a state ("is full")
// of one of its names ("mailbox", "inbox", "folder"). The name stands shortly
// before the state, or follows it ("unknown user"). Normalized.
type family struct {
	reason crm.BounceReason
	names  []string
	others []string // names that make it the state of another thing
	states []string
}

// mailboxes are names of that to which mail is delivered, in the languages in
// which servers speak.
var mailboxes = []string{
	"user", "username", "userid", "mailbox", "mail box", "inbox", "recipient", "account", "address", "addressee", "alias", "person", "customer", "subscriber", "member", "employee", "email id", "local part", "local-part", "mail user", "domain user", "mail account", "mail address",
	"benutzer", "empfänger", "empfaenger", "postfach", "konto", "adresse", "mailadresse", "e-mail-adresse",
	"utilisateur", "destinataire", "compte", "boîte", "boite",
	"usuario", "destinatario", "cuenta", "buzón", "buzon", "casilla", "dirección", "direccion",
	"utente", "casella", "indirizzo", "usuário", "destinatário", "conta", "caixa", "endereço", "endereco",
	"пользовател", "получател", "ящик", "адрес", "абонент",
	"ユーザ", "宛先", "アドレス", "アカウント", "ボックス", "受信者",
	"用户", "收件人", "邮箱", "地址", "帐号", "账号", "使用者", "信箱",
}

// senders are words that make a name one of the sender or of a host.
var senders = []string{"sender", "from", "return-path", "return path", "ip address", "host", "helo", "ehlo", "client", "domain", "server", "absender", "expéditeur", "remitente", "mittente", "remetente", "отправител", "送信者", "发件人"}

// hosts are names of what mail comes from or goes to.
var hosts = []string{"host", "hostname", "host name", "domain", "domain name", "mail server", "mail exchanger", "site", "destination system", "domäne", "domaine", "dominio", "domínio", "домен", "ドメイン", "域名"}

// clients are names of the host that sends.
var clients = []string{"client", "client host", "your ip", "your host", "your server", "your mail server", "your network", "sending ip", "sending host", "sending server", "connecting ip", "connecting host", "ip address", "ip", "connection", "connections", "helo", "ehlo", "hostname", "network"}

// authors are names of who sends.
var authors = []string{"sender", "sender's", "from address", "mail from", "from:", "return-path", "return path", "envelope from", "originator", "absender", "expéditeur", "remitente", "mittente", "remetente", "отправител", "送信者", "发件人"}

var families = []family{
	{crm.BounceMailboxFull, append([]string{"folder", "storage", "maildir", "mail drop", "mailfolder"}, mailboxes...), senders, []string{
		"full", "over quota", "overquota", "quota", "quota exceeded", "out of space", "out of storage", "no space", "at capacity", "too many messages", "exceeded",
		"voll", "überfüllt", "speicherplatz", "pleine", "plein", "saturée", "lleno", "llena", "cuota", "piena", "pieno", "spazio", "cheia", "cheio", "cota", "переполнен", "квот", "一杯", "いっぱい", "満杯", "容量", "已满", "已滿", "超限", "空间不足"}},
	{crm.BounceMesgTooBig, []string{"message", "mail", "email", "e-mail", "size", "length", "line", "body", "attachment", "attachments", "nachricht", "mensaje", "messaggio", "mensagem", "メール", "サイズ", "邮件"}, []string{"mailbox", "recipients", "rate", "header"}, []string{
		"too large", "too big", "too long", "size exceed", "size limit", "size violation", "length exceed", "exceeds limit", "exceeds the limit", "exceeds size", "exceeds the size", "limit exceeded", "larger than", "bigger than", "exceeds the maximum", "zu groß", "trop volumineux", "trop grand", "demasiado grande", "troppo grande", "muito grande", "大きすぎ", "过大"}},
	{crm.BounceSuspend, mailboxes, senders, []string{
		"disabled", "suspended", "inactive", "not active", "isn't active", "not activated", "deactivated", "de-activated", "locked", "locked out", "expired", "frozen", "dormant", "has been blocked", "is blocked", "is closed", "was closed", "has been closed", "barred", "disconnected", "unused", "terminated", "restricted account", "temporarily limited", "turned off", "stopped", "discontinued",
		"gesperrt", "deaktiviert", "stillgelegt", "désactivé", "desactive", "suspendu", "bloqué", "bloque", "inactif", "desactivad", "suspendid", "bloquead", "inactiv", "deshabilitad", "disabilitat", "sospes", "disattivat", "desativad", "inativ", "заблокирован", "отключен", "停止", "無効", "停用", "禁用", "冻结", "锁定"}},
	{crm.BounceRejected, authors, []string{"host", "client", "ip", "spf", "dkim", "dmarc", "recipient", "user", "relay"}, []string{
		"rejected", "denied", "refused", "blocked", "banned", "blacklisted", "not accepted", "not allowed", "not permitted", "unacceptable", "unknown", "not found", "does not exist", "doesn't exist", "not exist", "invalid", "not valid", "could not be verified", "cannot be verified", "verify failed", "verification failed", "does not resolve", "not resolvable", "unresolvable", "not listed"}},
	{crm.BounceBlocked, clients, []string{"recipient", "user", "mailbox", "account", "relay", "relaying"}, []string{
		"blocked", "rejected", "denied", "refused by", "banned", "blacklisted", "black-listed", "listed", "not allowed", "not permitted", "not authorized", "not accepted", "not welcome", "unacceptable", "invalid", "suspicious"}},
	{crm.BounceHostUnknown, hosts, []string{"sender", "from", "helo", "ehlo", "client", "reverse", "user", "recipient", "mailbox", "account", "address", "your", "local"}, []string{
		"unknown", "not found", "not exist", "does not exist", "doesn't exist", "no such", "nonexistent", "non-existent", "non-existing", "invalid", "not valid", "not known", "illegal", "cannot be resolved", "could not be resolved", "can't be resolved", "not resolve", "unresolvable", "not reachable", "unbekannt", "existiert nicht", "inconnu", "inexistant", "inexistente", "desconocid", "sconosciut", "desconhecid", "не найден", "存在しま", "見つかりません", "不存在"}},
	{crm.BounceUserUnknown, mailboxes, senders, []string{
		"unknown", "not found", "wasn't found", "was not found", "can't be found", "cannot be found", "could not be found", "couldn't be found", "not exist", "does not exist", "doesn't exist", "doesnt exist", "do not exist", "no longer exist", "nonexistent", "non-existent", "non existent", "non-existing", "invalid", "not valid", "isn't valid", "no longer valid", "not known", "isn't known", "not recognized", "not recognised", "not defined", "not registered", "not listed", "not local", "no such", "bad", "illegal", "incorrect", "wrong", "deleted", "removed", "cancelled", "canceled", "obsolete", "retired", "misspelled", "mistyped", "unavailable", "not available", "no longer available", "not here", "no longer here", "no longer with", "no longer employed", "no longer in use", "not in use", "not in service", "does not have", "doesn't have", "has left", "is gone", "not hosted", "not served", "unresolvable", "can't be resolved", "could not be resolved", "cannot be resolved", "unroutable", "unrouteable", "not provisioned",
		"unbekannt", "existiert nicht", "nicht gefunden", "nicht vorhanden", "nicht bekannt", "ungültig", "gelöscht", "inconnu", "n'existe pas", "n'existe plus", "introuvable", "invalide", "inexistant", "desconocid", "no existe", "inexistente", "no encontrad", "inválid", "no válid", "sconosciut", "non esiste", "inesistente", "non trovat", "non valid", "desconhecid", "não existe", "nao existe", "não encontrad", "не найден", "не существует", "неизвест", "несуществующ", "存在しま", "存在し", "見つかりません", "見つからない", "不明", "不存在", "找不到", "无效"}},
}

// Bounds of what counts as near, in bytes, and of how often a state is looked
// at that a text repeats.
const (
	nameBefore   = 70
	nameBehind   = 24
	maxSightings = 8
)

// inFamilies gives what the first family means that speaks in a text.
func inFamilies(text string) (r crm.BounceReason, phrase string) {
	for i := range families {
		f := &families[i]
		for _, state := range f.states {
			for at := range wordAt(text, state) {
				if f.speaksAt(text, at, at+len(state)) {
					return f.reason, state
				}
			}
		}
	}
	return "", ""
}

// speaksAt reports that the state between start and end is that of a mailbox.
func (f *family) speaksAt(text string, start, end int) bool {
	before := text[max(0, start-nameBefore):start]
	if i := strings.LastIndex(before, ". "); i >= 0 {
		before = before[i+2:]
	}
	if anyWord(before, f.others) {
		return false
	}
	behind := text[end:min(len(text), end+nameBehind)]
	if i := strings.IndexAny(behind, ".,;"); i >= 0 {
		behind = behind[:i]
	}
	if next := strings.TrimLeft(behind, " "); beginsWith(next, f.others) {
		return false
	}
	return anyWord(before, f.names) || !anyWord(behind, f.others) && anyWord(behind, f.names)
}

func anyWord(text string, words []string) bool {
	for _, w := range words {
		for range wordAt(text, w) {
			return true
		}
	}
	return false
}

func beginsWith(text string, words []string) bool {
	for _, w := range words {
		if strings.HasPrefix(text, w) {
			return true
		}
	}
	return false
}

// wordAt gives the first places where a phrase begins a word. Where the word
// ends is open: languages inflect, and some scripts know no spaces.
func wordAt(text, phrase string) iter.Seq[int] {
	return func(yield func(int) bool) {
		for from, n := 0, 0; n < maxSightings; n++ {
			i := strings.Index(text[from:], phrase)
			if i < 0 {
				return
			}
			i += from
			from = i + 1
			if i > 0 && isWord(text[i-1]) && isWord(phrase[0]) {
				continue
			}
			if !yield(i) {
				return
			}
		}
	}
}
