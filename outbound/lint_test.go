package outbound

import (
	"context"
	"net"
	"strings"
	"testing"

	"kaveri/crm"
)

// zone is a DNS of a few records.
type zone struct {
	txt map[string][]string
	mx  map[string]string
	ip  map[string]string
	ptr map[string]string
}

func none(name string) error { return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true} }

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if r, ok := z.txt[strings.TrimSuffix(name, ".")]; ok {
		return r, nil
	}
	return nil, none(name)
}

func (z zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if h, ok := z.mx[strings.TrimSuffix(name, ".")]; ok {
		return []*net.MX{{Host: h}}, nil
	}
	return nil, none(name)
}

func (z zone) LookupIPAddr(_ context.Context, name string) ([]net.IPAddr, error) {
	if ip, ok := z.ip[strings.TrimSuffix(name, ".")]; ok {
		return []net.IPAddr{{IP: net.ParseIP(ip)}}, nil
	}
	return nil, none(name)
}

func (z zone) LookupAddr(_ context.Context, ip string) ([]string, error) {
	if n, ok := z.ptr[ip]; ok {
		return []string{n}, nil
	}
	return nil, none(ip)
}

func TestLinter(t *testing.T) {
	key := crm.DKIMKey{Domain: "firm.example", Selector: "k1", Algorithm: crm.DKIMEd25519, Public: make([]byte, 32), Active: noon}
	good := zone{
		txt: map[string][]string{
			"firm.example":               {"v=spf1 ip4:192.0.2.7 -all", "something else"},
			"_dmarc.firm.example":        {"v=DMARC1; p=none"},
			"k1._domainkey.firm.example": {key.Record()},
		},
		mx:  map[string]string{"bounce.firm.example": "mx.firm.example."},
		ip:  map[string]string{"smtp.firm.example": "192.0.2.7", "out.firm.example": "192.0.2.7"},
		ptr: map[string]string{"192.0.2.7": "out.firm.example."},
	}
	keys := []crm.DKIMKey{key}
	sender := crm.Sender{Host: "smtp.firm.example", Port: 465, Security: crm.SecurityTLS, Bounce: "bounce.firm.example"}
	check := func(z zone, s crm.Sender, keys []crm.DKIMKey, try error, domains ...string) map[string]Finding {
		l := Linter{DNS: z, Try: func(context.Context, crm.Sender) error { return try }, Keys: func(context.Context) ([]crm.DKIMKey, error) { return keys, nil }}
		out := map[string]Finding{}
		for _, f := range l.Check(t.Context(), &s, domains) {
			out[f.Subject] = f
		}
		return out
	}
	for subject, f := range check(good, sender, keys, nil, "firm.example") {
		if f.Grade != GradeGood {
			t.Errorf("%s: %+v", subject, f)
		}
	}
	with := func(set func(*zone)) zone {
		z := zone{txt: map[string][]string{}, mx: good.mx, ip: good.ip, ptr: good.ptr}
		for k, v := range good.txt {
			z.txt[k] = v
		}
		set(&z)
		return z
	}
	for name, c := range map[string]struct {
		zone    zone
		sender  crm.Sender
		keys    []crm.DKIMKey
		try     error
		subject string
		grade   Grade
		says    string
	}{
		"no SPF":         {with(func(z *zone) { delete(z.txt, "firm.example") }), sender, keys, nil, "SPF", GradeBad, "v=spf1"},
		"two SPF":        {with(func(z *zone) { z.txt["firm.example"] = []string{"v=spf1 -all", "v=spf1 mx -all"} }), sender, keys, nil, "SPF", GradeBad, "several"},
		"another server": {with(func(z *zone) { z.txt["firm.example"] = []string{"v=spf1 ip4:192.0.2.9 -all"} }), sender, keys, nil, "SPF", GradeWarn, "192.0.2.9"},
		"no keys":        {good, sender, nil, nil, "DKIM", GradeBad, "kaveri dkim new firm.example"},
		"key not shown":  {with(func(z *zone) { delete(z.txt, "k1._domainkey.firm.example") }), sender, keys, nil, "DKIM", GradeBad, "does not show"},
		"another key":    {with(func(z *zone) { z.txt["k1._domainkey.firm.example"] = []string{"v=DKIM1; k=ed25519; p=CCCC"} }), sender, keys, nil, "DKIM", GradeBad, "another key"},
		"no DMARC":       {with(func(z *zone) { delete(z.txt, "_dmarc.firm.example") }), sender, keys, nil, "DMARC", GradeBad, "p=none"},
		"no reverse":     {zone{txt: good.txt, mx: good.mx, ip: good.ip}, sender, keys, nil, "PTR", GradeWarn, "no reverse name"},
		"not back":       {zone{txt: good.txt, mx: good.mx, ip: good.ip, ptr: map[string]string{"192.0.2.7": "other.example."}}, sender, keys, nil, "PTR", GradeWarn, "does not lead back"},
		"no return path": {zone{txt: good.txt, ip: good.ip, ptr: good.ptr}, sender, keys, nil, "return path", GradeBad, "MX"},
		"wrong password": {good, sender, keys, crm.Forbidden("the password is refused"), "TLS", GradeBad, "refused"},
	} {
		if f := check(c.zone, c.sender, c.keys, c.try, "firm.example")[c.subject]; f.Grade != c.grade || !strings.Contains(f.Text, c.says) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if f := check(good, sender, keys, nil, "news.firm.example")["DMARC"]; f.Grade != GradeGood || !strings.Contains(f.Text, "of firm.example") {
		t.Errorf("below an organisation with a record: %+v", f)
	}
}
