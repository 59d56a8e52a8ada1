package crm

import "testing"

func TestLinkTokens(t *testing.T) {
	keys := NewKeyring(func(p TokenPurpose) []byte { return []byte("key of " + string(p)) })
	token := keys.MakeLink(7, 65535)
	if len(token) != 42 {
		t.Error(len(token), token)
	}
	if d, n, ok := keys.ReadLink(token); !ok || d != 7 || n != 65535 {
		t.Error(d, n, ok)
	}
	for i := range token {
		other := []byte(token)
		other[i] = map[bool]byte{true: 'b', false: 'a'}[other[i] == 'a']
		if d, n, ok := keys.ReadLink(string(other)); ok && (d != 7 || n != 65535) {
			t.Errorf("%s names %d, %d", other, d, n)
		}
	}
	for _, bad := range []string{"", token[1:], token + "a", keys.Make(TokenClick, 7), keys.MakeLink(7, 1)[:16] + token[16:]} {
		if _, _, ok := keys.ReadLink(bad); ok {
			t.Errorf("%q is read", bad)
		}
	}
	if _, ok := keys.Read(TokenClick, token); ok {
		t.Error("a link's token names a mail alone")
	}
	if _, _, ok := (Keyring{}).ReadLink(token); ok {
		t.Error("a keyring without keys reads a token")
	}
}

func TestParseLink(t *testing.T) {
	for in, want := range map[string]string{
		"https://shop.example/a?b=c#d": "https://shop.example/a?b=c#d", " http://shop.example ": "http://shop.example", "HTTPS://Shop.example/ä": "https://Shop.example/%C3%A4",
		"javascript:alert(1)": "", "//evil.example": "", "/path": "", "https://": "", "https:evil.example": "", "ftp://x.example": "", "https://user:pw@x.example": "", "data:text/html,x": "",
		"https://x.example/\r\nSet-Cookie: a": "", "": "",
	} {
		if got, err := ParseLink(in); got != want || (err == nil) != (want != "") || err != nil && KindOf(err) != KindInvalid {
			t.Errorf("%q gives %q, %v", in, got, err)
		}
	}
}

func TestParsePublicURL(t *testing.T) {
	for in, want := range map[string]string{"": "", " https://mail.firm.example/ ": "https://mail.firm.example", "http://127.0.0.1:8902": "http://127.0.0.1:8902"} {
		if got, err := ParsePublicURL(in); got != want || err != nil {
			t.Errorf("%q gives %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"mail.firm.example", "ftp://x.example", "https://x.example/kaveri", "https://x.example?a", "https://u@x.example", "https://"} {
		if _, err := ParsePublicURL(in); KindOf(err) != KindInvalid {
			t.Errorf("%q is taken: %v", in, err)
		}
	}
}
