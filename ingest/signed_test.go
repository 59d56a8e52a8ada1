package ingest_test

import (
	"fmt"
	"slices"
	"testing"

	"kaveri/crm"
	"kaveri/ingest/enrich"
)

// read has the mails read that have come.
func (s *stage) read() {
	s.Helper()
	s.sync()
	_, err := enrich.CatchUp(s.Context(), s.st)
	s.check(err)
}

// shown gives what signatures show of a customer to a colleague.
func (s *stage) shown(c crm.CustomerID, to string) []crm.DetailProposal {
	s.Helper()
	ps, err := s.st.DetailProposals(s.Context(), s.staff[to], c, 20)
	s.check(err)
	return ps
}

func (s *stage) shows(c crm.CustomerID, to string, want ...string) {
	s.Helper()
	var got []string
	for _, p := range s.shown(c, to) {
		got = append(got, fmt.Sprintf("%s %s", p.Kind, p.Value))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.Errorf("%s is shown %q, want %q", to, got, want)
	}
}

const (
	doraSigns = "\r\n\r\n-- \r\nDora Dorsey\r\nPurchasing Manager\r\nExample Foods Ltd\r\n12 High Street, London SW1A 1AA\r\nTel: +44 20 7946 0958\r\n"
	annaSigns = "\r\n\r\n-- \r\nAnna\r\nSales Manager\r\nTel: +44 20 7946 0001\r\n"
)

// What a customer's signature says is proposed to her contact alone: not what
// she quotes, nor what a forged mail claims; and what only a private mail shows
// is for those who may read it.
func TestScenarioSignature(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		s.check(s.st.SaveFirm(s.Context(), crm.SystemViewer, crm.Firm{Name: "Firm", Domains: []string{"firm.example"}, Policy: crm.PolicyKnown, AuthServer: "mx.firm.example"}))
		s.post("q", anna, dora, "Offer", "The cabin on deck seven costs 240 euros."+annaSigns, nil, anna+" Sent")
		s.post("a", "Dora Dorsey <"+dora+">", anna, "Re: Offer", "Yes, please!\r\n\r\n> The cabin on deck seven costs 240 euros.\r\n> \r\n> -- \r\n> Anna\r\n> Sales Manager\r\n> Tel: +44 20 7946 0001\r\n"+doraSigns, reply("q"), anna+" INBOX")
		s.post("f", "Dora Dorsey <"+dora+">", ben, "Our account", "Please pay here.\r\n\r\n-- \r\nDora Dorsey\r\nTel: +44 20 7946 0666\r\n", []string{"Authentication-Results: mx.firm.example; dmarc=fail\r\n"}, ben+" INBOX")
		s.read()
		all := []string{"phone +442079460958", "title Purchasing Manager", "company Example Foods Ltd", "address 12 High Street, London SW1A 1AA"}
		s.shows(s.dora.ID, anna, all...)
		s.shows(s.dora.ID, ben, all...)
		m := s.mailOf("Re: Offer")
		s.check(s.st.SetPrivate(s.Context(), s.staff[anna], m, true))
		s.shows(s.dora.ID, anna, all...)
		s.shows(s.dora.ID, ben)
		for _, p := range s.shown(s.dora.ID, anna) {
			if p.Message != m {
				s.Errorf("%s is shown by mail %d, want %d", p.Value, p.Message, m)
			}
			s.check(s.st.DecideDetail(s.Context(), s.staff[anna], p.ID, p.Kind != crm.DetailCompany))
		}
		s.shows(s.dora.ID, anna)
		cu, err := s.st.Customer(s.Context(), s.staff[ben], s.dora.ID)
		s.check(err)
		if k := cu.Contacts[0]; len(k.Details) != 3 || !slices.Equal(k.Phones, []string{"+442079460958"}) || k.Details[0].Staff != "Anna" {
			s.Errorf("known: %+v", cu.Contacts[0])
		}
	})
}

// A mail of nobody's, and another customer, that are signed with her phone: both
// are asked about with that reason, and what is confirmed can be undone.
func TestScenarioPhone(t *testing.T) {
	onStage(t, crm.PolicyAll, func(s *stage) {
		s.post("o", "privat@gmx.example", anna, "From home", "Is the cabin still free?\r\n\r\n-- \r\n020 7946 0958 (UK: +44 20 7946 0958)\r\n", nil, anna+" INBOX")
		s.post("d", "Dora Dorsey <"+dora+">", anna, "From work", "Hello."+doraSigns, nil, anna+" INBOX")
		s.read()
		s.onRecord(s.dora.ID, "From work")
		asked := s.open(crm.ReviewMail)
		if len(asked) != 1 || asked[0].Message != s.mailOf("From home") || asked[0].Customer != s.dora.ID || asked[0].Reason != crm.ReasonPhone || asked[0].Evidence != "phone: +442079460958" {
			s.Fatalf("asked: %+v", asked)
		}
		s.check(s.st.DecideReview(s.Context(), s.staff[ben], asked[0].ID, true))
		s.onRecord(s.dora.ID, "From home", "From work")

		shop := s.customer("D. D.", "shop@dd.example")
		s.post("s", "shop@dd.example", ben, "From the shop", "Two chairs, please."+"\r\n\r\n-- \r\nTel: +44 20 7946 0958\r\n", nil, ben+" INBOX")
		s.read()
		same := s.open(crm.ReviewMerge)
		if len(same) != 1 || same[0].Reason != crm.ReasonPhone || same[0].Customer != s.dora.ID || same[0].OtherOf != shop.ID || same[0].Message != s.mailOf("From the shop") {
			s.Fatalf("asked: %+v", same)
		}
		s.check(s.st.DecideReview(s.Context(), s.staff[ben], same[0].ID, true))
		s.onRecord(s.dora.ID, "From home", "From the shop", "From work")
		merges, err := s.st.Merges(s.Context(), s.staff[ben], s.dora.ID)
		s.check(err)
		s.check(s.st.Unmerge(s.Context(), s.staff[ben], merges[0].ID))
		s.onRecord(s.dora.ID, "From home", "From work")
		s.onRecord(shop.ID, "From the shop")
	})
}

// Two records of one person, known by an answer under the other address.
func TestScenarioSameThread(t *testing.T) {
	onStage(t, crm.PolicyKnown, func(s *stage) {
		privat := s.customer("Home", "d.privat@gmx.example")
		s.post("q", anna, dora, "Offer", "The cabin on deck seven costs 240 euros.", nil, anna+" Sent")
		s.post("a", "d.privat@gmx.example", anna, "Re: Offer", "Yes, please!\r\n\r\n> The cabin on deck seven costs 240 euros.", reply("q"), anna+" INBOX")
		s.read()
		same := s.open(crm.ReviewMerge)
		if len(same) != 1 || same[0].Reason != crm.ReasonAnswer || same[0].Evidence != "in-reply-to: q@test.example (quotes it)" || same[0].Customer != s.dora.ID || same[0].OtherOf != privat.ID {
			s.Fatalf("asked: %+v", same)
		}
		s.check(s.st.DecideReview(s.Context(), s.staff[anna], same[0].ID, false))
		s.post("b", "d.privat@gmx.example", anna, "Re: Offer", "And a second one.\r\n\r\n> The cabin on deck seven costs 240 euros.", reply("q"), anna+" INBOX")
		s.read()
		if same := s.open(crm.ReviewMerge); len(same) != 0 {
			s.Errorf("asked again: %+v", same)
		}
	})
}
