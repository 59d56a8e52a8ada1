package parse

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// benchMail writes a mail as offices send them: trace and DKIM fields, text
// and HTML, and attachments of the given sizes in base64.
func benchMail(textBytes int, attachments ...int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("kiitos tilauksesta toimitus lähtee huomenna ja lasku on liitteenä we will send the offer on Monday best regards ystävällisin terveisin matka hotelli lento varaus")
	var text strings.Builder
	for text.Len() < textBytes {
		text.WriteString(words[r.IntN(len(words))])
		if r.IntN(12) == 0 {
			text.WriteString(".\r\n")
		} else {
			text.WriteByte(' ')
		}
	}
	wrap := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		s := base64.StdEncoding.EncodeToString(b)
		var w strings.Builder
		for len(s) > 76 {
			w.WriteString(s[:76] + "\r\n")
			s = s[76:]
		}
		w.WriteString(s)
		return w.String()
	}
	var b strings.Builder
	b.WriteString("Return-Path: <aino@asiakas.example>\r\n")
	for i := range 3 {
		fmt.Fprintf(&b, "Received: from mx%d.example (mx%d.example [192.0.2.%d])\r\n\tby mail.example with ESMTPS id %x\r\n\tfor <myynti@kaveri.example>; Mon, 2 Nov 2026 09:1%d:00 +0200\r\n", i, i, i, r.Uint64(), i)
	}
	b.WriteString("DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=asiakas.example;\r\n\ts=sel; h=from:to:subject:date;\r\n\tbh=" + wrap(32) + ";\r\n\tb=" + strings.ReplaceAll(wrap(256), "\r\n", "\r\n\t") + "\r\n")
	b.WriteString("From: =?UTF-8?Q?Aino_M=C3=A4kinen?= <aino@asiakas.example>\r\nTo: \"Myynti, Kaveri\" <myynti@kaveri.example>, Pekka Virtanen <pekka@kaveri.example>\r\nCc: laskutus@asiakas.example\r\n")
	b.WriteString("Subject: =?UTF-8?Q?Re:_Tarjous_ry=C3=A4matkasta?= 4711\r\nDate: Mon, 2 Nov 2026 09:15:02 +0200\r\nMessage-ID: <abc123.4567@asiakas.example>\r\nIn-Reply-To: <tarjous1@kaveri.example>\r\nReferences: <alku@asiakas.example> <valissa@kaveri.example>\r\n <tarjous1@kaveri.example>\r\nX-Mailer: Something 16.0\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_mixed_01\"\r\n\r\n")
	b.WriteString("--=_mixed_01\r\nContent-Type: multipart/alternative; boundary=\"=_alt_01\"\r\n\r\n--=_alt_01\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text.String() + "\r\n--=_alt_01\r\nContent-Type: text/html; charset=\"utf-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	html := "<html><head><style>p { margin: 0 }</style></head><body><p class=3DMsoNormal>" + strings.ReplaceAll(strings.ReplaceAll(text.String(), "ä", "=C3=A4"), ".\r\n", ".</p>=\r\n<p class=3DMsoNormal>") + "</p></body></html>"
	b.WriteString(html + "\r\n--=_alt_01--\r\n")
	for i, n := range attachments {
		fmt.Fprintf(&b, "--=_mixed_01\r\nContent-Type: application/pdf; name=\"lasku %d.pdf\"\r\nContent-Disposition: attachment; filename=\"lasku %d.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n", i, i, wrap(n))
	}
	b.WriteString("--=_mixed_01--\r\n")
	return []byte(b.String())
}

func benchmarkMessage(b *testing.B, raw []byte) {
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		Message(raw)
	}
}

func BenchmarkMessage4k(b *testing.B)   { benchmarkMessage(b, benchMail(1000)) }
func BenchmarkMessage20k(b *testing.B)  { benchmarkMessage(b, benchMail(2500, 9000)) }
func BenchmarkMessage35k(b *testing.B)  { benchmarkMessage(b, benchMail(2500, 20000)) }
func BenchmarkMessage2M(b *testing.B)   { benchmarkMessage(b, benchMail(2500, 1_500_000)) }
func BenchmarkMessageHTML(b *testing.B) { benchmarkMessage(b, benchHTMLOnly()) }

func benchHTMLOnly() []byte {
	raw := string(benchMail(6000))
	i := strings.Index(raw, "<html>")
	head := raw[:strings.Index(raw, "Content-Type: multipart/mixed")]
	return []byte(head + "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + raw[i:strings.Index(raw, "\r\n--=_alt_01--")])
}

func BenchmarkHeader(b *testing.B) {
	raw := benchMail(10)
	raw = raw[:strings.Index(string(raw), "\r\n\r\n")+4]
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		Header(raw)
	}
}

func BenchmarkHash35k(b *testing.B) {
	raw := benchMail(2500, 20000)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		Hash(raw)
	}
}
