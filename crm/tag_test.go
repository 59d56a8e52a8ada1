package crm

import (
	"strings"
	"testing"
)

func TestParseTag(t *testing.T) {
	for _, c := range []struct{ in, key, name string }{
		{" VIP  guest ", "vip guest", "VIP guest"},
		{"#Mökki", "mökki", "Mökki"},
		{"Mo\u0308kki", "mökki", "Mo\u0308kki"},
		{strings.Repeat("ä", MaxTag), strings.Repeat("ä", MaxTag), strings.Repeat("ä", MaxTag)},
		{"", "", ""}, {" # ", "", ""}, {"a, b", "", ""}, {`say "a"`, "", ""}, {strings.Repeat("ä", MaxTag+1), "", ""},
	} {
		key, name, err := ParseTag(c.in)
		if key != c.key || name != c.name || (err == nil) != (c.name != "") {
			t.Errorf("%q: %q, %q, %v", c.in, key, name, err)
		}
	}
}
