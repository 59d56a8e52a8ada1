package crm

import (
	"strings"
	"time"
)

// LinkNumber says which link of a mail was asked for: from 1 on those of its
// mailing that lead elsewhere, the others by name.
type LinkNumber int

// The links that every mail may have.
const (
	LinkTrap        LinkNumber = 0  // hidden: no person sees it
	LinkUnsubscribe LinkNumber = -1 // the page, not the act
	LinkPreferences LinkNumber = -2
	LinkCopy        LinkNumber = -3 // the mail in a browser
	LinkOpen        LinkNumber = -4 // a picture that the mail shows
	LinkSurvey      LinkNumber = -5 // the page of a survey, not the vote
)

// Visit is one request for a link of one mail.
type Visit struct {
	Link     LinkNumber
	At       time.Time
	Method   string
	Agent    string // User-Agent
	Prefetch bool   // the browser says that it only fetches ahead
	Visitor  int64  // the same for the same network address
}

// Machine is why a visit is taken for a scanner's and not a person's; "" when
// nothing speaks against a person.
type Machine string

// The reasons.
const (
	MachineMethod   Machine = "method"       // people's browsers use GET
	MachinePrefetch Machine = "prefetch"     // fetched ahead, nobody has looked
	MachineAgent    Machine = "agent"        // a program that gives its name
	MachineTrap     Machine = "trap"         // the hidden link
	MachineSoon     Machine = "soon"         // before anybody can have read the mail
	MachineStorm    Machine = "storm"        // several links within seconds
	MachineSame     Machine = "same visitor" // as one of the others shortly before or after
)

// The bounds of the rule. Nobody reads a mail within ScanDelay of its arrival,
// nor opens two of its links within two seconds or three within ten. What
// looked like a person can turn out to be a scanner for VisitSettled: what
// hangs on a click waits so long.
const (
	ScanDelay    = 10 * time.Second
	VisitSettled = time.Minute

	stormOfTwo   = 2 * time.Second
	stormOfThree = 10 * time.Second
)

// JudgeVisits says of each visit to a mail whether a machine made it. sent is
// when the server took the mail, zero when that is not known. The verdict on a
// visit may change with those that follow it.
//
// Mail scanners open links to look at what lies behind them: all of a mail at
// once, mostly when it arrives, some from a browser that looks like a person's.
// A visit is a machine's when it shows itself as one, or by its time; and then
// so are the others of the same visitor and program around it.
func JudgeVisits(visits []Visit, sent time.Time) []Machine {
	out := make([]Machine, len(visits))
	for i, v := range visits {
		out[i] = judgeVisit(v, sent)
	}
	for i := range visits {
		markStorm(visits, out, i)
	}
	proven := make([]bool, len(visits))
	for i, m := range out {
		proven[i] = m == MachineTrap || m == MachineStorm
	}
	for i, v := range visits {
		for j, w := range visits {
			if out[i] == "" && proven[j] && v.Visitor == w.Visitor && v.Agent == w.Agent && apart(v, w) <= VisitSettled {
				out[i] = MachineSame
			}
		}
	}
	return out
}

// judgeVisit looks at one visit by itself.
func judgeVisit(v Visit, sent time.Time) Machine {
	switch {
	case v.Link == LinkTrap:
		return MachineTrap
	case v.Method != "GET":
		return MachineMethod
	case v.Prefetch:
		return MachinePrefetch
	case scannerAgent(v.Agent):
		return MachineAgent
	case !sent.IsZero() && v.At.Sub(sent) < ScanDelay:
		return MachineSoon
	}
	return ""
}

// markStorm marks all visits of the burst that begins with visit i. The picture
// does not count: a mail program fetches it while its reader clicks.
func markStorm(visits []Visit, out []Machine, i int) {
	for _, burst := range []struct {
		links int
		in    time.Duration
	}{{2, stormOfTwo}, {3, stormOfThree}} {
		links := map[LinkNumber]bool{}
		var within []int
		for j, w := range visits {
			if d := w.At.Sub(visits[i].At); d >= 0 && d <= burst.in && w.Link != LinkOpen {
				links[w.Link] = true
				within = append(within, j)
			}
		}
		if len(links) < burst.links {
			continue
		}
		for _, j := range within {
			if out[j] == "" {
				out[j] = MachineStorm
			}
		}
	}
}

func apart(a, b Visit) time.Duration { return a.At.Sub(b.At).Abs() }

// scanners are words by which programs name themselves that open links for
// somebody else: scanners of mail, previews of messengers, fetchers of
// pictures, libraries.
var scanners = []string{
	"barracuda", "mimecast", "proofpoint", "forcepoint", "fortinet", "fortiguard", "sophos", "symantec", "messagelabs", "trendmicro", "ironport", "trustwave", "mailcontrol", "bitdefender", "kaspersky", "safelinks", "urldefense", "urlscan", "virustotal", "zgrab", "censys",
	"bingpreview", "skypeuripreview", "slack-img", "linkexpanding", "facebookexternalhit", "whatsapp/", "google-safety", "googleimageproxy", "yahoomailproxy", "google-inspectiontool",
	"headlesschrome", "phantomjs", "curl/", "wget/", "python-", "aiohttp", "go-http-client", "java/", "apache-httpclient", "okhttp", "libwww-perl", "axios/", "node-fetch", "undici", "guzzlehttp", "ruby",
	"bot/", "bot;", "bot)", "bot ", "-bot", "crawler", "spider", "scanner", "preview",
}

// scannerAgent reports a User-Agent that names a program other than a browser.
// None at all is no browser's either.
func scannerAgent(agent string) bool {
	// QUIRK: Cubot makes telephones, whose browsers say so.
	a := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(agent)), "cubot", "")
	if a == "" || strings.HasSuffix(a, "bot") {
		return true
	}
	for _, word := range scanners {
		if strings.Contains(a, word) {
			return true
		}
	}
	return false
}
