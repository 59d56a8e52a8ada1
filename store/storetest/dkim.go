package storetest

import (
	"bytes"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/store"
)

// Keys are made, used and retired; a private part leaves only for the signer,
// and not after its key is retired.
func testDKIMKeys(t *testing.T, s *store.Store) {
	w := newWorld(t, s)
	made := time.Date(2026, 11, 15, 9, 0, 0, 0, time.UTC)
	pair := func(domain, stem string) []crm.DKIMKey {
		key := crm.DKIMKey{Domain: domain, Created: made}
		r, e := key, key
		r.Selector, r.Algorithm, r.Public, r.Private = stem+"-rsa", crm.DKIMRSA, []byte("public r "+stem), []byte("private r "+stem)
		e.Selector, e.Algorithm, e.Public, e.Private = stem+"-ed25519", crm.DKIMEd25519, []byte("public e "+stem), []byte("private e "+stem)
		return []crm.DKIMKey{r, e}
	}
	// states gives what is shown of a domain, and what its signer gets.
	states := func(domain string, want ...crm.DKIMKeyState) {
		t.Helper()
		list, err := s.DKIMKeys(w.ctx, w.anna, domain)
		w.check(err)
		signing, err := s.SigningKeys(w.ctx)
		w.check(err)
		var got []crm.DKIMKeyState
		for _, k := range list {
			if k.Domain != domain || k.Private != nil || len(k.Public) == 0 || !k.Created.Equal(made) {
				t.Errorf("shown is %+v", k)
			}
			got = append(got, k.State())
			if k.State() != crm.DKIMSigning {
				continue
			}
			if len(signing) == 0 || signing[0].Selector != k.Selector || !bytes.HasPrefix(signing[0].Private, []byte("private ")) {
				t.Fatalf("of %s the signer gets %+v", k.Selector, signing)
			}
			signing = signing[1:]
		}
		if len(signing) > 0 {
			t.Errorf("the signer gets what does not sign: %+v", signing)
		}
		if len(got) != len(want) {
			t.Fatalf("the keys are %v, want %v", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("the keys are %v, want %v", got, want)
			}
		}
	}

	first := pair("kaukoranta.example", "one")
	w.refused(s.AddDKIMKeys(w.ctx, w.anna, first), crm.KindForbidden, "")
	w.refused(s.UseDKIMKeys(w.ctx, w.anna, "kaukoranta.example"), crm.KindForbidden, "")
	w.refused(s.AddDKIMKeys(w.ctx, w.ritva, []crm.DKIMKey{{Domain: "x.example"}}), crm.KindInvalid, "key")
	w.refused(s.UseDKIMKeys(w.ctx, w.ritva, "kaukoranta.example"), crm.KindConflict, "")
	w.check(s.AddDKIMKeys(w.ctx, w.ritva, first))
	states("kaukoranta.example", crm.DKIMWaiting, crm.DKIMWaiting)
	w.refused(s.AddDKIMKeys(w.ctx, w.ritva, pair("kaukoranta.example", "two")), crm.KindConflict, "")
	w.check(s.UseDKIMKeys(w.ctx, w.ritva, "kaukoranta.example"))
	states("kaukoranta.example", crm.DKIMSigning, crm.DKIMSigning)

	// A selector is used once, and another domain's keys stay as they are.
	w.refused(s.AddDKIMKeys(w.ctx, w.ritva, first), crm.KindConflict, "")
	w.check(s.AddDKIMKeys(w.ctx, w.ritva, pair("other.example", "one")))
	w.check(s.AddDKIMKeys(w.ctx, w.ritva, pair("kaukoranta.example", "two")))
	states("kaukoranta.example", crm.DKIMSigning, crm.DKIMSigning, crm.DKIMWaiting, crm.DKIMWaiting)
	w.check(s.UseDKIMKeys(w.ctx, w.ritva, "kaukoranta.example"))
	states("kaukoranta.example", crm.DKIMRetired, crm.DKIMRetired, crm.DKIMSigning, crm.DKIMSigning)
	if all, err := s.DKIMKeys(w.ctx, w.anna, ""); err != nil || len(all) != 6 {
		t.Errorf("all domains have %d keys, %v", len(all), err)
	}
	if none, err := s.DKIMKeys(w.ctx, crm.Viewer{}, ""); err != nil || none != nil {
		t.Errorf("nobody sees %v, %v", none, err)
	}
}
