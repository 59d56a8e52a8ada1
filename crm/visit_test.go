package crm

import (
	"slices"
	"testing"
	"time"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	safari  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

func TestJudgeVisits(t *testing.T) {
	sent := time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC)
	// at gives a visit so long after the mail was taken.
	at := func(after time.Duration, link LinkNumber, change ...func(*Visit)) Visit {
		v := Visit{Link: link, At: sent.Add(after), Method: "GET", Agent: firefox, Visitor: 1}
		for _, f := range change {
			f(&v)
		}
		return v
	}
	head := func(v *Visit) { v.Method = "HEAD" }
	ahead := func(v *Visit) { v.Prefetch = true }
	other := func(v *Visit) { v.Visitor, v.Agent = 2, safari }
	named := func(name string) func(*Visit) { return func(v *Visit) { v.Agent = name } }
	for name, c := range map[string]struct {
		visits []Visit
		want   []Machine
	}{
		"nobody":                 {nil, []Machine{}},
		"one click":              {[]Visit{at(time.Hour, 1)}, []Machine{""}},
		"a reader takes time":    {[]Visit{at(time.Minute, 1), at(2*time.Minute, 2), at(9*time.Minute, 3)}, []Machine{"", "", ""}},
		"a double click":         {[]Visit{at(time.Hour, 1), at(time.Hour+time.Second, 1)}, []Machine{"", ""}},
		"click, then the next":   {[]Visit{at(time.Hour, 1), at(time.Hour+4*time.Second, 2)}, []Machine{"", ""}},
		"picture and click":      {[]Visit{at(time.Hour, LinkOpen), at(time.Hour+time.Second, 1)}, []Machine{"", ""}},
		"asked for the header":   {[]Visit{at(time.Hour, 1, head)}, []Machine{MachineMethod}},
		"fetched ahead":          {[]Visit{at(time.Hour, 1, ahead)}, []Machine{MachinePrefetch}},
		"at arrival":             {[]Visit{at(9*time.Second, 1), at(11*time.Second, 1)}, []Machine{MachineSoon, ""}},
		"before the reply":       {[]Visit{at(-time.Second, 1)}, []Machine{MachineSoon}},
		"two at once":            {[]Visit{at(time.Hour, 1), at(time.Hour+time.Second, LinkUnsubscribe)}, []Machine{MachineStorm, MachineStorm}},
		"three in ten seconds":   {[]Visit{at(time.Hour, 1), at(time.Hour+4*time.Second, 2), at(time.Hour+8*time.Second, 3)}, []Machine{MachineStorm, MachineStorm, MachineStorm}},
		"from many addresses":    {[]Visit{at(time.Hour, 1), at(time.Hour+time.Second, 2, other)}, []Machine{MachineStorm, MachineStorm}},
		"the trap":               {[]Visit{at(time.Hour, 1), at(time.Hour+30*time.Second, LinkTrap)}, []Machine{MachineSame, MachineTrap}},
		"the trap, and a person": {[]Visit{at(time.Hour, LinkTrap), at(time.Hour+30*time.Second, 1, other)}, []Machine{MachineTrap, ""}},
		"the trap, much later":   {[]Visit{at(time.Hour, LinkTrap), at(2*time.Hour, 1)}, []Machine{MachineTrap, ""}},
		"a person after a storm": {[]Visit{at(time.Second, 1), at(time.Second, 2), at(time.Hour, 1, other)}, []Machine{MachineSoon, MachineSoon, ""}},
		"a program":              {[]Visit{at(time.Hour, 1, named("curl/8.5.0"))}, []Machine{MachineAgent}},
		"no name":                {[]Visit{at(time.Hour, 1, named(""))}, []Machine{MachineAgent}},
	} {
		if got := JudgeVisits(c.visits, sent); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := JudgeVisits([]Visit{at(0, 1)}, time.Time{}); got[0] != "" {
		t.Errorf("when the mail arrived is not known, and yet a visit is %q", got[0])
	}
}

func TestScannerAgents(t *testing.T) {
	for agent, want := range map[string]bool{
		firefox: false, safari: false,
		"Mozilla/5.0 (Linux; Android 13; CUBOT P80 Build/TP1A) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36": false,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36 Edg/137.0.0.0":      false,
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)":                                                           true,
		"Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)":                                                                         true,
		"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)":                                          true,
		"python-requests/2.32.3": true, "Go-http-client/2.0": true, "  ": true,
	} {
		if got := scannerAgent(agent); got != want {
			t.Errorf("%q: %v", agent, got)
		}
	}
}
