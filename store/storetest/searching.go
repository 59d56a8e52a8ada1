package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kaveri/crm"
	"kaveri/store"
)

// library delivers letters in the languages of the firm's customers; the
// subject names each.
func library(w *world) {
	for _, l := range []letter{
		{Subject: "dinner", Text: "Ravintolan päivällinen tarjoillaan kello 18."},
		{Subject: "dinners", Text: "Kiitos päivällisen varaamisesta, se oli hyvä."},
		{Subject: "dinner-ascii", Text: "Onko paivallinen mukana hinnassa?"},
		{Subject: "trip", Text: "Matkalla Lappiin satoi lunta."},
		{Subject: "trips", Text: "Kaikki matkat on peruttu."},
		{Subject: "insurance", Text: "Ich brauche eine Reiserücktrittsversicherung für die Reise."},
		{Subject: "greeting", From: "Jürgen Müller <j.mueller@reise.example>", Text: "Guten Tag"},
		{Subject: "call", Text: "Herr Mueller aus Köln ruft an."},
		{Subject: "booking", Text: "Varauksen numero on 4711."},
		{Subject: "offer", Text: "Tarjous on voimassa viikon."},
		{Subject: "travel", Text: "We are travelling with two small children."},
		{Subject: "file", Text: "See the attachment.", File: "Matkasuunnitelma Lapland.pdf"},
		{Subject: "virtanen", Text: "Terveisin Matti Virtanen"},
		{Subject: "decomposed", Text: "Saapuu: ka\u0308ma\u0308rä"},
		{Subject: "rare", Text: "xylofonikauppias " + strings.Repeat("ja paljon muuta tekstiä ", 200)},
		{Subject: "Lapin hotelli", Text: "Toivottavasti näemme pian."},
	} {
		if l.From == "" {
			l.From = "liisa@l.example"
		}
		l.To = "anna@kaukoranta.example"
		w.arrives(l, w.anna)
	}
}

func (w *world) found(v crm.Viewer, query string) string {
	w.Helper()
	hits, err := w.s.Search(w.ctx, v, query, 100)
	w.check(err)
	got := subjects(hits)
	slices.Sort(got)
	return strings.Join(got, " ")
}

func testSearch(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	library(w)
	for query, want := range map[string]string{
		"päivällinen":                  "dinner dinner-ascii dinners",
		"päivällisen":                  "dinner dinner-ascii dinners",
		"paivallinen":                  "dinner dinner-ascii dinners",
		"PÄIVÄLLISIÄ":                  "dinner dinner-ascii dinners",
		"Reiserücktrittsversicherung":  "insurance",
		"reiserucktrittsversicherung":  "insurance",
		"reiseruecktrittsversicherung": "insurance",
		"Reiserück":                    "insurance",
		"Müller":                       "call greeting",
		"Mueller":                      "call greeting",
		"muller":                       "greeting",
		"matkalla":                     "file trip trips",
		"matka":                        "file trip trips",
		"varaus":                       "booking",
		"varauksen":                    "booking",
		"tarjouksen":                   "offer",
		"tarjous":                      "offer",
		"Virtasen":                     "virtanen",
		"travel":                       "travel",
		"travelled":                    "travel",
		"child":                        "travel",
		"4711":                         "booking",
		"lapland":                      "file",
		"lapin":                        "Lapin hotelli",
		"j.mueller@reise.example":      "greeting",
		"j.mueller@reise":              "greeting",
		"reise.example":                "greeting insurance", // two words, of which liisa@l.example has one
		"Jürgen":                       "greeting",
		"kämärä":                       "decomposed",
		"ka\u0308märä":                 "decomposed",
		"xylofoni":                     "rare",
		"zzzz":                         "",
	} {
		if got := w.found(w.pekka, query); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	hits, err := s.Search(w.ctx, w.pekka, "hotelli", 1)
	w.check(err)
	if len(hits) != 1 || hits[0].Subject != "Lapin hotelli" || hits[0].Rank <= 0 {
		t.Errorf("one hit at most: %+v", hits)
	}
	// A hit in the subject ranks above one in a long text.
	w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "Peruutus", Text: "Hei"}, w.anna)
	w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "Muuta", Text: strings.Repeat("Kerron kaikenlaista. ", 40) + "Peruutus? " + strings.Repeat("Kerron lisää. ", 40)}, w.anna)
	hits, err = s.Search(w.ctx, w.pekka, "peruutus", 10)
	w.check(err)
	if got := subjects(hits); !slices.Equal(got, []string{"Peruutus", "Muuta"}) {
		t.Errorf("the order is %v", got)
	}
}

func testSearchSyntax(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	library(w)
	for query, want := range map[string]string{
		`small children`:            "travel",
		`children small`:            "travel",
		`"small children"`:          "travel",
		`"children small"`:          "",
		`"Small, CHILDREN."`:        "travel",
		`"small child"`:             "", // a phrase is whole words
		`"small children`:           "travel",
		`two"small children"`:       "travel",
		`päivällinen -ravintolan`:   "dinner-ascii dinners",
		`päivällinen -"kello 18"`:   "dinner-ascii dinners",
		`päivällinen - ravintolan`:  "dinner",
		`paivallinen -hinnassa -se`: "dinner",
		`virtanen guten`:            "",
		`guten -virtanen`:           "greeting",
		`"dinner ravintolan"`:       "", // no phrase reaches from the subject into the text
		`AND`:                       "",
		`NEAR(matka)`:               "",
		`subject:dinner`:            "",
		`dinner OR trip`:            "",
		`din*`:                      "dinner dinner-ascii dinners",
		`(virtanen)`:                "virtanen",
		`virtanen' & !'x`:           "",
		`m*) OR (`:                  "",
	} {
		if got := w.found(w.pekka, query); got != want {
			t.Errorf("%q finds %q, want %q", query, got, want)
		}
	}
	for _, query := range []string{"", "  ", "!?", `""`, "-matka", `-"small children" -x`, "-", strings.Repeat("a", 2000)} {
		_, err := s.Search(w.ctx, w.pekka, query, 10)
		w.refused(err, crm.KindInvalid, "search")
	}
	for _, query := range []string{strings.Repeat("matkustaminen ", 70), strings.Repeat(`"a b" `, 100), "\xff\xfe matka", "\x00", strings.Repeat("ä", 400), "日本語 тест עברית", strings.Repeat("-a ", 50) + "matka"} {
		if _, err := s.Search(w.ctx, w.pekka, query, 10); err != nil && crm.KindOf(err) != crm.KindInvalid {
			t.Errorf("%q: %v", query, err)
		}
	}
}

// marked writes a snippet with its hits in brackets.
func marked(parts []crm.SnippetPart) string {
	var b strings.Builder
	for _, p := range parts {
		if p.Hit {
			b.WriteString("[" + p.Text + "]")
		} else {
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

func testSearchSnippets(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	library(w)
	c := w.customer("Liisa", "liisa@l.example")
	w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "long", Text: strings.Repeat("Jotain muuta ensin.\n", 30) + "Sitten kysyn:\n\n  onko   laivalla hyttiä, ja missä hytti on? " + strings.Repeat("Ja jotain lopuksi. ", 30)}, w.anna)
	for query, want := range map[string]string{
		"paivallisen": "[päivällinen] tarjoillaan",
		"hytti":       "Sitten kysyn: onko laivalla [hyttiä], ja missä [hytti] on?",
		`"hyvä"`:      "se oli [hyvä].",
		"müller":      "Jürgen [Müller]",
		"lapland":     "Matkasuunnitelma [Lapland].pdf",
		"hotelli":     "Lapin [hotelli]",
		"kämärä":      "[ka\u0308ma\u0308rä]",
	} {
		hits, err := s.Search(w.ctx, w.pekka, query, 10)
		w.check(err)
		found := false
		for _, h := range hits {
			text := marked(h.Snippet)
			found = found || strings.Contains(text, want)
			if len(text) > 400 {
				t.Errorf("%q gives a snippet of %d bytes: %s", query, len(text), text)
			}
		}
		if !found {
			t.Errorf("no snippet for %q has %q: %+v", query, want, hits)
		}
	}
	hits, err := s.Search(w.ctx, w.pekka, "xylofonikauppias", 10)
	w.check(err)
	if len(hits) != 1 || len(hits[0].Customers) != 1 || hits[0].Customers[0] != (crm.CustomerRef{ID: c.ID, Name: "Liisa"}) {
		t.Errorf("the customers of a hit: %+v", hits)
	}
}

// Pekka searches where Anna's private mails rank first: they take no place of
// what he may see.
func testSearchManyHidden(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	for i := range 60 {
		m := w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "Salaisuus salaisuus", Text: fmt.Sprint("salaisuus ", i)}, w.anna)
		w.check(s.SetPrivate(w.ctx, w.anna, m, true))
	}
	for i := range 5 {
		w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: fmt.Sprint("open", i), Text: "Ei ole mikään salaisuus, että tulemme. " + strings.Repeat("Muuta. ", 50)}, w.anna)
	}
	for _, limit := range []int{1, 3, 5, 10} {
		hits, err := s.Search(w.ctx, w.pekka, "salaisuus", limit)
		w.check(err)
		if len(hits) != min(limit, 5) {
			t.Errorf("of 5 open mails, %d are found with limit %d", len(hits), limit)
		}
		for _, h := range hits {
			if h.Private {
				t.Fatalf("Pekka finds %q", h.Subject)
			}
		}
	}
}

func testReindex(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	library(w)
	before := map[string]string{}
	for _, q := range []string{"päivällinen", "Müller", "lapland", "matka", `"small children"`, "j.mueller@reise.example"} {
		before[q] = w.found(w.pekka, q)
	}
	var done, total int64
	w.check(s.Reindex(w.ctx, func(d, all int64) { done, total = d, all }))
	if done != 16 || total != 16 {
		t.Errorf("progress ends at %d of %d", done, total)
	}
	for q, want := range before {
		if got := w.found(w.pekka, q); got != want || want == "" {
			t.Errorf("after indexing anew %q finds %q, before %q", q, got, want)
		}
	}
}
