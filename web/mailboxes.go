package web

import (
	"net/http"
	"slices"
	"sort"
	"strings"

	"kaveri/crm"
)

// MailboxesPage shows how each mailbox fares and where its mail went.
type MailboxesPage struct {
	Shell
	Boxes  []BoxCard
	Aside  []AsideLine // mails set aside after three tries
	Staff0 bool        // the viewer has no mailbox of their own yet
}

// BoxCard is one mailbox.
type BoxCard struct {
	crm.MailboxHealth
	Name     string
	Badge    string // the state in words
	Tone     string // good, wait, bad or calm
	Problem  string // one sentence, "" when well
	Foreign  bool   // Problem is English on a page that is not
	Act      string // what to do about it
	Seen     Stamp
	Sum      Census
	Verdict  string // the census in one sentence
	Verdict2 string // its tone
	Lines    []CensusLine
	Mine     bool // the viewer may disconnect it
	Own      bool // the viewer is its owner, and may exclude mail from it
}

// Census is the count of a mailbox, or of one folder.
type Census struct {
	InMailbox, Stored, Excluded, Waiting, Quarantined, Difference int
	Rules                                                         []RuleCount
}

// RuleCount is how many mails a rule leaves out.
type RuleCount struct {
	Rule string
	N    int
}

// CensusLine is one folder in the census.
type CensusLine struct {
	Census
	Folder   string
	Captured bool
	Error    string
	At       Stamp
}

// AsideLine is a mail that could not be stored.
type AsideLine struct {
	crm.Quarantined
	When Stamp
}

func (s *Server) mailboxesPage(w http.ResponseWriter, r *http.Request, c *call) error {
	boxes, err := s.Store.Health(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	aside, err := s.Store.Quarantine(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	p := MailboxesPage{Shell: s.shell(c, "mailboxes", c.t("mailboxes.title")), Staff0: true}
	for _, b := range boxes {
		card := c.boxCard(b)
		p.Staff0 = p.Staff0 && b.Staff != c.me.ID
		p.Boxes = append(p.Boxes, card)
	}
	for _, q := range aside {
		p.Aside = append(p.Aside, AsideLine{Quarantined: q, When: c.clock.stamp(q.At)})
	}
	if isFragment(r) {
		return s.renderPart(w, r, c, "mailboxes", "mailbox-list", p)
	}
	s.render(w, r, c, http.StatusOK, "mailboxes", p)
	return nil
}

// tones colours a state; the words beside it say the same.
var tones = map[crm.MailboxState]string{
	crm.MailboxNew: "calm", crm.MailboxFollowed: "good", crm.MailboxRetrying: "wait",
	crm.MailboxRefused: "bad", crm.MailboxPaused: "calm", crm.MailboxImported: "calm",
}

func (c *call) boxCard(b crm.MailboxHealth) BoxCard {
	k := BoxCard{MailboxHealth: b, Name: b.Label, Tone: tones[b.State], Problem: capital(b.Problem), Foreign: c.lang != "en",
		Seen: c.clock.stamp(b.LastSeen), Mine: b.Staff == c.me.ID || c.viewer.MayAdminister(), Own: b.Staff == c.me.ID}
	if k.Name == "" {
		k.Name = string(b.Address)
	}
	if key := Key("state." + string(b.State)); words[key].has() {
		k.Badge = c.t(key)
	}
	if key := Key("state." + string(b.State) + ".act"); words[key].has() {
		k.Act = c.t(key)
	}
	known := true
	for _, f := range b.Folders {
		l := CensusLine{Folder: f.FolderName, Captured: f.Captured, Error: f.Error, At: c.clock.stamp(f.At)}
		if f.Captured {
			l.Census = c.census(f)
			k.Sum = c.add(k.Sum, l.Census)
			known = known && f.Error == "" && !f.At.IsZero()
		}
		k.Lines = append(k.Lines, l)
	}
	sort.SliceStable(k.Lines, func(i, j int) bool { return k.Lines[i].Captured && !k.Lines[j].Captured })
	k.Verdict, k.Verdict2 = c.verdict(k.Sum, len(b.Folders) > 0, known, k.Lines)
	return k
}

func (c *call) census(f crm.FolderCount) Census {
	n := Census{InMailbox: f.InMailbox, Stored: f.Stored, Excluded: f.Excluded(), Waiting: f.Waiting, Quarantined: f.Quarantined, Difference: f.Difference()}
	for r, k := range f.Withheld {
		name := string(r)
		if key := Key("rule." + name); words[key].has() {
			name = c.t(key)
		}
		n.Rules = append(n.Rules, RuleCount{name, k})
	}
	slices.SortFunc(n.Rules, func(a, b RuleCount) int {
		if a.N != b.N {
			return b.N - a.N
		}
		return strings.Compare(a.Rule, b.Rule)
	})
	return n
}

func (c *call) add(a, b Census) Census {
	sum := Census{a.InMailbox + b.InMailbox, a.Stored + b.Stored, a.Excluded + b.Excluded, a.Waiting + b.Waiting, a.Quarantined + b.Quarantined, a.Difference + b.Difference, a.Rules}
	for _, r := range b.Rules {
		if i := slices.IndexFunc(sum.Rules, func(x RuleCount) bool { return x.Rule == r.Rule }); i >= 0 {
			sum.Rules[i].N += r.N
		} else {
			sum.Rules = append(sum.Rules, r)
		}
	}
	return sum
}

// verdict says in one sentence whether every mail is accounted for. It looks at
// each folder, so that a surplus in one never hides a loss in another.
func (c *call) verdict(sum Census, counted, known bool, lines []CensusLine) (text, tone string) {
	missing, surplus := 0, 0
	for _, l := range lines {
		if l.Difference > 0 {
			missing += l.Difference
		} else {
			surplus -= l.Difference
		}
	}
	switch {
	case !counted:
		return c.t("census.none"), "calm"
	case missing > 0:
		return c.n("census.missing", missing), "bad"
	case surplus > 0:
		return c.n("census.surplus", surplus), "wait"
	case !known:
		return c.t("census.unknown"), "wait"
	case sum.Quarantined > 0:
		return c.n("census.aside", sum.Quarantined), "wait"
	case sum.Waiting > 0:
		return c.n("census.waiting", sum.Waiting), "wait"
	}
	return c.n("census.all", sum.InMailbox), "good"
}
