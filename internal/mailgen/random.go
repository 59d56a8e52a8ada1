package mailgen

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// random is the source of every choice in this package. PCG is specified, so the bytes survive Go releases.
type random struct{ *rand.Rand }

func newRandom(seed, stream uint64) random { return random{rand.New(rand.NewPCG(seed, stream))} }

func (r random) chance(p float64) bool { return r.Float64() < p }

// skewed gives 0 to n-1 with a long tail: a few customers write all the time, most of them seldom.
func (r random) skewed(n int) int { return int(math.Pow(r.Float64(), 2.2) * float64(n)) }

// about gives a duration around the median d; the spread is what people's answers show, minutes to weeks.
func (r random) about(d time.Duration, spread float64) time.Duration {
	return time.Duration(float64(d) * math.Exp(spread*r.NormFloat64())).Round(time.Second)
}

func (r random) letters(n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

func (r random) hex(n int) string    { return r.letters(n, "0123456789abcdef") }
func (r random) base36(n int) string { return r.letters(n, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") }

// bytes cannot be compressed, as the inside of a photograph or a PDF cannot.
func (r random) bytes(n int) []byte {
	b := make([]byte, n+8)
	for i := 0; i < n; i += 8 {
		v := r.Uint64()
		for j := range 8 {
			b[i+j] = byte(v >> (8 * j))
		}
	}
	return b[:n]
}

func pick[T any](r random, list []T) T { return list[r.IntN(len(list))] }

var plainLetters = strings.NewReplacer("ä", "a", "ö", "o", "å", "a", "Ä", "A", "Ö", "O", "Å", "A", "á", "a", "é", "e", "ë", "e", "ü", "u",
	"ß", "ss", "š", "s", "ž", "z", "ø", "o", "æ", "ae", "'", "", " ", "-")

// asciiName turns a name into what its owner would choose as an address.
func asciiName(s string) string { return strings.ToLower(plainLetters.Replace(s)) }

// helsinki is the wall clock of Finland: EET, and EEST from the last Sunday of March to the last Sunday of October,
// 01:00 UTC both. Spelt out because a zone database may be missing, and would then change the bytes.
func helsinki(t time.Time) time.Time {
	t = t.UTC()
	lastSunday := func(m time.Month) time.Time {
		d := time.Date(t.Year(), m, 31, 1, 0, 0, 0, time.UTC)
		return d.AddDate(0, 0, -int(d.Weekday()))
	}
	if !t.Before(lastSunday(time.March)) && t.Before(lastSunday(time.October)) {
		return t.In(time.FixedZone("EEST", 3*3600))
	}
	return t.In(time.FixedZone("EET", 2*3600))
}
