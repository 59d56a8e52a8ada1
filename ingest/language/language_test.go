package language

import (
	"embed"
	"strings"
	"testing"
)

//go:embed testdata/*.txt
var mails embed.FS

func mailsIn(t testing.TB, code string) []string {
	t.Helper()
	b, err := mails.ReadFile("testdata/" + code + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// TestShortMails holds mails of one sentence, as customers write them, against
// the language they were written in. To say nothing is allowed for a few, to
// say a wrong language for hardly any.
func TestShortMails(t *testing.T) {
	for code, allowed := range map[string]struct{ silent, wrong int }{
		"fi": {4, 0}, "sv": {6, 0}, "en": {4, 0}, "de": {4, 0},
		"da": {6, 0}, "no": {5, 0}, "et": {1, 0}, "nl": {2, 0}, "fr": {2, 0}, "es": {4, 0}, "it": {4, 0}, "ru": {0, 0},
	} {
		silent, wrong := 0, 0
		list := mailsIn(t, code)
		for _, m := range list {
			got, sure := Of(m)
			switch {
			case got == code && sure > 0 && sure <= 1:
				continue
			case got == "" && sure == 0:
				silent++
			default:
				wrong++
			}
			t.Logf("%s: %q is %q (%.2f)", code, m, got, sure)
		}
		t.Logf("%s: %d mails, %d without an answer, %d wrong", code, len(list), silent, wrong)
		if silent > allowed.silent || wrong > allowed.wrong {
			t.Errorf("%s: of %d mails %d have no answer and %d a wrong one, allowed are %d and %d", code, len(list), silent, wrong, allowed.silent, allowed.wrong)
		}
	}
}

// TestUnsure says nothing where nothing can be told.
func TestUnsure(t *testing.T) {
	for _, text := range []string{"", " \n", "12345", "OK", "https://example.org/invoice.pdf", "Virtanen, Schmidt & Smith", "\xff\xfe", strings.Repeat("x", 10000),
		strings.Repeat("QX-1177 Zzyx Blorp ", 30)} {
		if code, sure := Of(text); code != "" || sure != 0 {
			t.Errorf("%.40q is %q (%.2f), want no answer", text, code, sure)
		}
	}
}

// TestLongMails are long enough for the statistics, which know languages of
// which we know no words.
func TestLongMails(t *testing.T) {
	for want, text := range map[string]string{
		"uk": "Доброго дня, дякуємо за вашу пропозицію. Ми хотіли б замовити три столи та дванадцять стільців, якщо їх можна доставити до кінця місяця.",
		"el": "Καλημέρα σας, ευχαριστούμε για την προσφορά. Θα θέλαμε να παραγγείλουμε τρία τραπέζια, αν μπορείτε να τα παραδώσετε μέχρι το τέλος του μήνα.",
		"hu": "Jó napot kívánok, köszönjük az ajánlatot. Három asztalt szeretnénk rendelni, ha a hónap végéig ki tudják szállítani őket hozzánk Budapestre.",
		"fi": strings.Join(mailsIn(t, "fi")[:12], " "), "sv": strings.Join(mailsIn(t, "sv")[:12], " "), "en": strings.Join(mailsIn(t, "en")[:12], " "),
		"de": strings.Join(mailsIn(t, "de")[:12], " "), "da": strings.Join(mailsIn(t, "da"), " "), "no": strings.Join(mailsIn(t, "no"), " "), "et": strings.Join(mailsIn(t, "et"), " "),
	} {
		code, sure := Of(text)
		if code != want {
			t.Errorf("%.60q is %q (%.2f), want %q", text, code, sure, want)
		}
		if len(want) > 0 && sure < 0.3 && code != "" {
			t.Errorf("%.60q is %q, sure to %.2f only", text, code, sure)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add("Hei, kiitos tarjouksesta!")
	f.Add("Здравствуйте \xff\u0301 ñ")
	f.Fuzz(func(t *testing.T, text string) {
		code, sure := Of(text)
		if (code == "") != (sure == 0) || sure < 0 || sure > 1 {
			t.Errorf("%q, sure %v", code, sure)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	for name, text := range map[string]string{"short": mailsIn(b, "fi")[0], "letter": strings.Join(mailsIn(b, "fi")[:12], " "), "5kB": strings.Repeat(strings.Join(mailsIn(b, "en"), " ")+" ", 4)[:5000]} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Of(text)
			}
		})
	}
}
