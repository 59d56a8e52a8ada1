package signature

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kaveri/crm"
)

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, author, region, signature string
		want                            []Fact
	}{
		{"finnish", "Matti Virtanen", "FI", "Ystävällisin terveisin\nMatti Virtanen\nMyyntipäällikkö\nEsimerkki Oy\nMannerheimintie 5 A 12, 00100 Helsinki\npuh. 040 123 4567\nwww.esimerkki.example", []Fact{
			{Title, "Myyntipäällikkö", "Myyntipäällikkö"}, {Company, "Esimerkki Oy", "Esimerkki Oy"},
			{Street, "Mannerheimintie 5 A 12", "Mannerheimintie 5 A 12, 00100 Helsinki"}, {PostalCode, "00100", "Mannerheimintie 5 A 12, 00100 Helsinki"}, {City, "Helsinki", "Mannerheimintie 5 A 12, 00100 Helsinki"},
			{Phone, "+358401234567", "puh. 040 123 4567"}, {Site, "www.esimerkki.example", "www.esimerkki.example"}}},
		{"english", "Mary Jones", "GB", "Kind regards,\n\nMary Jones\nPurchasing Manager | Example Foods Ltd\n12 High Street, London SW1A 1AA\nTel: +44 (0)20 7946 0958 | Fax 020 7946 0959\nhttps://foods.example/about", []Fact{
			{Title, "Purchasing Manager", "Purchasing Manager | Example Foods Ltd"}, {Company, "Example Foods Ltd", "Purchasing Manager | Example Foods Ltd"},
			{Street, "12 High Street", "12 High Street, London SW1A 1AA"}, {PostalCode, "SW1A 1AA", "12 High Street, London SW1A 1AA"}, {City, "London", "12 High Street, London SW1A 1AA"},
			{Phone, "+442079460958", "Tel: +44 (0)20 7946 0958 | Fax 020 7946 0959"}, {Fax, "+442079460959", "Tel: +44 (0)20 7946 0958 | Fax 020 7946 0959"},
			{Site, "https://foods.example/about", "https://foods.example/about"}}},
		{"german", "Peter Schulz", "DE", "Mit freundlichen Grüßen\nPeter Schulz\nGeschäftsführer\n\nMuster GmbH & Co. KG\nHauptstraße 7\nD-80331 München\nTelefon 089 12345678\nMobil: 0171/1234567\npeter.schulz@muster.example", []Fact{
			{Title, "Geschäftsführer", "Geschäftsführer"}, {Company, "Muster GmbH & Co. KG", "Muster GmbH & Co. KG"}, {Street, "Hauptstraße 7", "Hauptstraße 7"},
			{PostalCode, "D-80331", "D-80331 München"}, {City, "München", "D-80331 München"},
			{Phone, "+498912345678", "Telefon 089 12345678"}, {Phone, "+491711234567", "Mobil: 0171/1234567"}}},
		{"swedish", "Karin Holm", "SE", "Mvh\nKarin Holm, inköpschef\nExempel AB\nStorgatan 12\n114 55 Stockholm\n08-123 456 78", []Fact{
			{Title, "inköpschef", "Karin Holm, inköpschef"}, {Company, "Exempel AB", "Exempel AB"}, {Street, "Storgatan 12", "Storgatan 12"},
			{PostalCode, "114 55", "114 55 Stockholm"}, {City, "Stockholm", "114 55 Stockholm"}, {Phone, "+46812345678", "08-123 456 78"}}},
		{"name alone", "Aino", "FI", "Terveisin\nAino", nil},
		{"numbers that are no phones", "", "FI", "Y-tunnus 1234567-8\nFI12 3456 7890 1234 56\n2026-05-05 12:00\nTilaus 44", nil},
		{"no country", "", "", "040 123 4567\n+358 40 123 4567", []Fact{{Phone, "+358401234567", "+358 40 123 4567"}}},
	} {
		if diff := cmp.Diff(c.want, Read(c.signature, c.author, c.region)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestRegion(t *testing.T) {
	for _, c := range []struct {
		address              crm.Address
		language, home, want string
	}{{"a@b.fi", "sv", "DE", "FI"}, {"a@b.co.uk", "", "", "GB"}, {"a@b.com", "de", "FI", "DE"}, {"a@b.example", "", "", ""}, {"a@b.eu", "et", "", "EE"}, {"", "fi", "", "FI"},
		{"a@b.com", "en", "FI", "FI"}, {"a@b.com", "en", "", "GB"}, {"a@b.com", "", "FI", "FI"}} {
		if got := Region(c.address, c.language, c.home); got != c.want {
			t.Errorf("%q, %q, %q: %q, want %q", c.address, c.language, c.home, got, c.want)
		}
	}
}

func TestHome(t *testing.T) {
	for want, f := range map[string]crm.Firm{
		"SE": {Domains: []string{"firm.com", "firm.se"}, TimeZone: "Europe/Helsinki"},
		"FI": {Domains: []string{"firm.com"}, TimeZone: "Europe/Helsinki"},
		"":   {Domains: []string{"firm.io"}, TimeZone: "UTC"},
	} {
		if got := Home(&f); got != want {
			t.Errorf("%+v: %q, want %q", f, got, want)
		}
	}
}

func TestDetails(t *testing.T) {
	for name, c := range map[string]struct {
		region, signature string
		want              []crm.Detail
	}{
		"all": {"FI", "Matti Virtanen\nMyyntipäällikkö | Esimerkki Oy\nMannerheimintie 5 A 12, 00100 Helsinki\npuh. 040 123 4567, faksi 09 123 4567\nwww.esimerkki.example", []crm.Detail{
			{Kind: crm.DetailTitle, Value: "Myyntipäällikkö"}, {Kind: crm.DetailCompany, Value: "Esimerkki Oy"}, {Kind: crm.DetailPhone, Value: "+358401234567"},
			{Kind: crm.DetailAddress, Value: "Mannerheimintie 5 A 12, 00100 Helsinki"}}},
		"code behind the city":   {"GB", "12 High Street, London SW1A 1AA", []crm.Detail{{Kind: crm.DetailAddress, Value: "12 High Street, London SW1A 1AA"}}},
		"a city is no address":   {"FI", "00100 Helsinki", nil},
		"a street is no address": {"FI", "Mannerheimintie 5", nil},
		"not the whole directory": {"FI", "040 123 4561\n040 123 4562\n040 123 4563\n040 123 4564\n040 123 4565", []crm.Detail{
			{Kind: crm.DetailPhone, Value: "+358401234561"}, {Kind: crm.DetailPhone, Value: "+358401234562"}, {Kind: crm.DetailPhone, Value: "+358401234563"}, {Kind: crm.DetailPhone, Value: "+358401234564"}}},
	} {
		got := Details(Read(c.signature, "Matti Virtanen", c.region))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestNumber(t *testing.T) {
	for written, want := range map[string]string{"040 123 4567": "+358401234567", " +44 (0)20 7946 0958 ": "+442079460958", "ask Matti": "", "12": ""} {
		if got, ok := Number(written, "FI"); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v, want %q", written, got, ok, want)
		}
	}
}

func TestOf(t *testing.T) {
	m := &crm.Message{Signature: "Olli\n040 123 4567"}
	m.Class, m.From = crm.ClassHuman, []crm.Party{{Address: "olli@asiakas.fi"}}
	if got := Of(m, ""); len(got) != 1 || got[0].Value != "+358401234567" {
		t.Errorf("%+v", got)
	}
	m.Class = crm.ClassSystem
	if got := Of(m, ""); got != nil {
		t.Errorf("of a robot: %+v", got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("Matti, Myyntipäällikkö\n+358 (0)40–123 4567 fax\n00100 Helsinki", "FI")
	f.Add("12 High St\nLondon SW1A 1AA ext. 5 \xff\u00a0+", "GB")
	f.Fuzz(func(t *testing.T, s, region string) {
		for _, fact := range Read(s, "x", region) {
			if fact.Value == "" || fact.Line == "" {
				t.Errorf("%+v", fact)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for b.Loop() {
		Read("Mit freundlichen Grüßen\nPeter Schulz\nGeschäftsführer\n\nMuster GmbH & Co. KG\nHauptstraße 7\nD-80331 München\nTelefon 089 12345678\nMobil: 0171/1234567\npeter.schulz@muster.example", "Peter Schulz", "DE")
	}
}
