package parse

import (
	"strings"

	"github.com/emersion/go-msgauth/authres"

	"kaveri/crm"
)

// maxAuth bounds how many Authentication-Results are read: each server on the
// way may add one, and anybody may have written more.
const maxAuth = 10

// authResults reads what servers noted about who sent the mail, in the order of
// the header, which is the newest first (RFC 8601 §5). None is believed here.
func authResults(h *header) []crm.AuthResult {
	var out []crm.AuthResult
	for _, v := range h.Values("Authentication-Results") {
		if len(out) == maxAuth {
			break
		}
		// QUIRK: Exchange writes its results without the name of a server.
		server, results, err := authres.Parse(h.clean(v))
		if err != nil || server == "" {
			continue
		}
		r := crm.AuthResult{Server: crm.Cut(strings.ToLower(validText(server)), 255)}
		for _, one := range results {
			switch one := one.(type) {
			case *authres.DMARCResult:
				r.DMARC = verdict(r.DMARC, one.Value)
			case *authres.SPFResult:
				r.SPF = verdict(r.SPF, one.Value)
			case *authres.DKIMResult:
				r.DKIM = verdict(r.DKIM, one.Value)
			}
		}
		out = append(out, r)
	}
	return out
}

// verdict joins the results of several signatures: one that passes is enough.
func verdict(was string, v authres.ResultValue) string {
	if was == string(authres.ResultPass) {
		return was
	}
	return crm.Cut(validText(string(v)), 20)
}
