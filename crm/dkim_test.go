package crm

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// A key's record is cut for DNS, and known again however DNS spells it.
func TestDKIMRecord(t *testing.T) {
	k := DKIMKey{Domain: "møller.example", Selector: "kaveri-20261115-rsa", Algorithm: DKIMRSA, Public: bytes.Repeat([]byte("public"), 49)}
	if got := k.RecordName(); got != "kaveri-20261115-rsa._domainkey.xn--mller-vua.example" {
		t.Errorf("the record stands at %s", got)
	}
	pieces := k.RecordStrings()
	if len(pieces) != 2 || len(pieces[0]) != 255 || strings.Join(pieces, "") != k.Record() {
		t.Errorf("the strings are %q", pieces)
	}
	p := k.Record()[strings.Index(k.Record(), "p="):]
	ed := DKIMKey{Algorithm: DKIMEd25519, Public: k.Public}
	for _, c := range []struct {
		key   DKIMKey
		found []string
		want  DKIMRecordState
	}{
		{k, nil, DKIMRecordMissing},
		{k, []string{k.Record()}, DKIMRecordShown},
		{k, []string{p}, DKIMRecordShown},
		{k, []string{" k = rsa ;v=DKIM1; t=s; " + p[:20] + " \t" + p[20:] + "; "}, DKIMRecordShown},
		{k, []string{"v=DKIM1; k=rsa; p="}, DKIMRecordOther},
		{k, []string{"v=DKIM1; k=ed25519; " + p}, DKIMRecordOther},
		{k, []string{"v=DKIM2; " + p}, DKIMRecordOther},
		{k, []string{"v=spf1 -all"}, DKIMRecordOther},
		{k, []string{k.Record(), k.Record()}, DKIMRecordOther},
		{ed, []string{p}, DKIMRecordOther},
		{ed, []string{ed.Record()}, DKIMRecordShown},
	} {
		if got := c.key.RecordIn(c.found); got != c.want {
			t.Errorf("%q is %s, want %s", c.found, got, c.want)
		}
	}
}

func TestDKIMKeyState(t *testing.T) {
	now := time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC)
	for want, k := range map[DKIMKeyState]DKIMKey{
		DKIMWaiting: {Created: now}, DKIMSigning: {Created: now, Active: now}, DKIMRetired: {Created: now, Active: now, Retired: now},
	} {
		if got := k.State(); got != want {
			t.Errorf("%+v is %s, want %s", k, got, want)
		}
	}
}

func TestASCIIDomain(t *testing.T) {
	for in, want := range map[string]string{
		"firm.example": "firm.example", "a_b.example": "a_b.example", "møller.example": "xn--mller-vua.example", "[192.0.2.1]": "[192.0.2.1]",
		"": "", "a b.example": "", "a>.example": "", "[a]]": "", "[": "", "a\n.example": "", "\xff.example": "",
	} {
		got, err := ASCIIDomain(in)
		if got != want || (err != nil) != (want == "") || err != nil && KindOf(err) != KindInvalid {
			t.Errorf("%q gives %q, %v; want %q", in, got, err, want)
		}
	}
}
