//go:build score

package bounce

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/ingest/parse"
	"kaveri/internal/corpora"
)

// The tables were filled with these mails at hand, so what they say of them is
// no measure of mails that nobody has seen. This test takes from each mail the
// phrases that no other mail needs, which is what would be missing had the mail
// not been seen, and asks what the rest of the tables and the codes make of it.
// It does so once (the phrase that decided is gone), and again and again until
// a phrase decides that other mails need as well, or a code.

// specimen is a mail with the reasons that its label gives.
type specimen struct {
	file string
	raw  []byte
	m    *crm.Message
	want []string
}

func specimens(t *testing.T) (all []specimen) {
	seen := map[string]bool{}
	for _, set := range []string{"sisimai", "sisimai-set-of-emails"} {
		for _, row := range corpora.Labels[corpora.Row](t, set+".jsonl") {
			s := specimen{file: filepath.Base(row.File)}
			if seen[s.file] {
				continue // the same mail, with other line ends
			}
			seen[s.file] = true
			s.raw = corpora.Mail(t, row.File)
			s.m = parse.Message(s.raw)
			for _, r := range into[[]sisimaiRow](row.Expected) {
				s.want = append(s.want, r.Reason)
			}
			if s.m.Class == crm.ClassBounce && len(s.want) > 0 && s.want[0] != "feedback" {
				all = append(all, s)
			}
		}
	}
	return all
}

// judged gives the reasons read from a mail, and the phrases that told them.
func (s *specimen) judged() (reasons, because []string) {
	d := gather(s.raw, s.m)
	for _, r := range readBounce(d, 0).Recipients {
		reasons = append(reasons, string(r.Reason))
	}
	for _, p := range d.because {
		if p != "" {
			because = append(because, p)
		}
	}
	return reasons, because
}

// without runs do while phrases are gone from all tables.
func without(gone map[string]bool, do func()) {
	tables := [...]*[]said{&published, &sayings, &mild}
	var kept [len(tables)][]said
	for i, t := range tables {
		kept[i] = *t
		*t = slices.Clone(*t)
		for j := range *t {
			(*t)[j].phrases = slices.DeleteFunc(slices.Clone((*t)[j].phrases), func(p string) bool { return gone[p] })
		}
	}
	all := families
	families = slices.Clone(families)
	for i := range families {
		families[i].states = slices.DeleteFunc(slices.Clone(families[i].states), func(p string) bool { return gone[p] })
	}
	do()
	for i, t := range tables {
		*t = kept[i]
	}
	families = all
}

func TestScoreBounceUnseen(t *testing.T) {
	all := specimens(t)
	needs := map[string]map[string]bool{} // phrase -> files whose reason it tells
	for i := range all {
		_, because := all[i].judged()
		for _, p := range because {
			if needs[p] == nil {
				needs[p] = map[string]bool{}
			}
			needs[p][all[i].file] = true
		}
	}
	var misses bytes.Buffer
	seen, once, strict := 0, 0, 0
	for i := range all {
		s := &all[i]
		got, because := s.judged()
		if slices.Equal(got, s.want) {
			seen++
		}
		gone := map[string]bool{}
		for round := 0; ; round++ {
			before := len(gone)
			for _, p := range because {
				if others := len(needs[p]); others == 0 || others == 1 && needs[p][s.file] {
					gone[p] = true
				}
			}
			if len(gone) == before {
				if round == 0 && slices.Equal(got, s.want) {
					once++
				}
				break
			}
			without(gone, func() { got, because = s.judged() })
			if round == 0 {
				if slices.Equal(got, s.want) {
					once++
				} else {
					fmt.Fprintf(&misses, "%s\texpected %v\tgot %v\twithout %q\tby %q\n", s.file, s.want, got, keys(gone), because)
				}
			}
		}
		if slices.Equal(got, s.want) {
			strict++
		} else {
			fmt.Fprintf(&misses, "strict %s\texpected %v\tgot %v\twithout %q\tby %q\n", s.file, s.want, got, keys(gone), because)
		}
	}
	corpora.Misses(t, "bounce-unseen.txt", misses.Bytes())
	share := func(n int) float64 { return corpora.Percent(n, len(all)) }
	t.Logf("of %d mails %.1f %% are right; %.1f %% without the phrase that only they need; %.1f %% without all such phrases\n%s", len(all), share(seen), share(once), share(strict), misses.String())
	if share(once) < 90 {
		t.Errorf("%.1f %% without the phrase that only one mail needs is below 90 %%", share(once))
	}
}

func keys(m map[string]bool) string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return strings.Join(list, "|")
}
