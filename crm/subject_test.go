package crm_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kaveri/crm"
)

func TestBaseSubject(t *testing.T) {
	for _, c := range []struct {
		subject, base     string
		replies, forwards int
	}{
		{"", "", 0, 0},
		{"Offer", "Offer", 0, 0},
		{"  Offer \t of\r\n  May ", "Offer of May", 0, 0},
		{"Re: Offer", "Offer", 1, 0},
		{"rE : re:RE:Offer", "Offer", 3, 0},
		{"Re[4]: Offer", "Offer", 4, 0},
		{"Re [4] : Offer", "Offer", 4, 0},
		{"Re(2): Re^3: Offer", "Offer", 5, 0},
		{"Re[999999999]: Offer", "Offer", 1, 0},
		{"Fw: Fwd: Offer (fwd) (FWD)", "Offer", 0, 4},
		{"[list] Re: [other] Offer", "Offer", 1, 0},
		{"[list] [list2]Offer [draft]", "Offer [draft]", 0, 0},
		{"[only a blob]", "[only a blob]", 0, 0},
		{"Re: [only a blob]", "[only a blob]", 1, 0},
		{"[a][b]", "[b]", 0, 0},
		{"[Fwd: Re: [Fwd: Offer]]", "Offer", 1, 2},
		{"[Fwd: Offer (fwd)]", "Offer", 0, 2},
		{"Re: [Fwd: Offer", "[Fwd: Offer", 1, 0},
		{"Re:", "", 1, 0},
		{"[list] Re:", "", 1, 0},
		{"Regarding: Offer", "Regarding: Offer", 0, 0},
		{"Re Offer", "Re Offer", 0, 0},
		{"Time: 10:00", "Time: 10:00", 0, 0},
		{"VS: VL: Tarjous", "Tarjous", 1, 1},
		{"SV: AW: Antw: Angebot", "Angebot", 3, 0},
		{"WG: RV: TR: Oferta", "Oferta", 0, 3},
		{"R: Rif: Odp: Ynt: İlt: Preventivo", "Preventivo", 4, 1},
		{"回复：答复: 转发：报价", "报价", 2, 1},
		{"Отв: ΑΠ: Цена", "Цена", 2, 0},
		{"[[[[", "[[[[", 0, 0},
		{"(fwd)", "", 0, 1},
	} {
		base, replies, forwards := crm.BaseSubject(c.subject)
		if base != c.base || replies != c.replies || forwards != c.forwards {
			t.Errorf("BaseSubject(%q) = %q, %d, %d; want %q, %d, %d", c.subject, base, replies, forwards, c.base, c.replies, c.forwards)
		}
	}
}

// TestBaseSubjectHostile: no subject takes more than linear time.
func TestBaseSubjectHostile(t *testing.T) {
	const n = 1 << 18
	for _, part := range []string{"[", "[a]", "re:", "Re[2]:", "[fwd:", "(fwd)", " ", "[a] re [b]:", "re [", "^", "é"} {
		start := time.Now()
		crm.BaseSubject(strings.Repeat(part, n))
		crm.BaseSubject(strings.Repeat("[fwd:", n) + strings.Repeat("]", n))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q: %v", part, took)
		}
	}
}

func FuzzBaseSubject(f *testing.F) {
	for _, s := range []string{"Re: [list] Re[4]: a (fwd)", "[Fwd: [fwd: b]]", "VS: 回复：c", "[a][b", "RE : x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		base, replies, forwards := crm.BaseSubject(s)
		again, r, w := crm.BaseSubject(base)
		if again != base || r != 0 || w != 0 {
			t.Errorf("%q: %q is %q the second time", s, base, again)
		}
		if len(base) > len(s) || replies < 0 || forwards < 0 || utf8.ValidString(s) && !utf8.ValidString(base) {
			t.Errorf("%q: %q %d %d", s, base, replies, forwards)
		}
		if marked, r, _ := crm.BaseSubject("Re: " + s); marked != base || r != replies+1 {
			t.Errorf("%q: %q with a mark %q", s, base, marked)
		}
	})
}

func BenchmarkBaseSubject(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		crm.BaseSubject("Re: [kaveri-users] RE: Tarjous kesäkuun matkasta")
	}
}

func TestForwards(t *testing.T) {
	for subject, want := range map[string]bool{
		"Fwd: Offer": true, "FW : Offer": true, "VL: Tarjous": true, "WG: Angebot": true, "[Fwd: Offer]": true, "Enc: Oferta": true, "转发：报价": true, "İLT: Teklif": true,
		"Re: Fwd: Offer": false, "VS: Tarjous": false, "Offer": false, "Forward: march": false, "": false,
	} {
		if crm.Forwards(subject) != want {
			t.Errorf("%q forwards: want %v", subject, want)
		}
	}
}
