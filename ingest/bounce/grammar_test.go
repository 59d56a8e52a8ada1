package bounce

import (
	"strings"
	"testing"

	"kaveri/crm"
)

// What stands inside of words does not use up how often a phrase is looked for.
func TestWordAt(t *testing.T) {
	inside := strings.Repeat("disallowed unblocked ", 20)
	n := 0
	for at := range wordAt(inside+"is blocked", "blocked") {
		n++
		if at != len(inside)+3 {
			t.Errorf("found at %d", at)
		}
	}
	if n != 1 {
		t.Errorf("found %d times", n)
	}
	n = 0
	for range wordAt(strings.Repeat("blocked ", 100), "blocked") {
		n++
	}
	if n != maxSightings {
		t.Errorf("looked at %d times", n)
	}
}

// A word that must end ends, before a state and behind it.
func TestWholeWords(t *testing.T) {
	for text, want := range map[string]bool{"ip 192.0.2.1": true, "ips 1": true, "ip": true, "ipsum": false, "ipv6": false, "": false} {
		if got := beginsWith(text, []string{"ip$", "ips$"}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for text, want := range map[string]crm.BounceReason{
		"sender address is blacklisted":                        crm.BounceRejected,
		"blacklisted sender":                                   crm.BounceRejected,
		"mail from your ip is blacklisted":                     "",
		"mail from 192.0.2.1, blacklisted ip of your provider": "",
	} {
		if got, _ := inFamilies(text, true); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
