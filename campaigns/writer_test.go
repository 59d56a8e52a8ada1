package campaigns_test

import (
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"kaveri/crm"
)

// from gives From and Reply-To of the last mail that somebody got.
func (f *firm) from(name string) (from, reply string) {
	f.Helper()
	for _, m := range f.sink.Mails() {
		if slices.Contains(m.To, string(address(name))) {
			read, err := mail.ReadMessage(strings.NewReader(string(m.Raw)))
			f.check(err)
			from, reply = read.Header.Get("From"), read.Header.Get("Reply-To")
		}
	}
	return from, reply
}

// The mail comes in the name of the colleague whom the customer knows, from the
// campaign's address, and the answer goes to that colleague; when they are away, in
// the firm's; and no more in a day than they can answer.
func TestFromWhomTheyKnow(t *testing.T) {
	f := newFirm(t)
	f.colleague("Ben")
	f.customers("Dora", "Eero", "Frans", "Gerd")
	talk := func(name, with string, days int) {
		at := f.now.AddDate(0, 0, -days)
		id := name + with
		f.arrives(letterIn{From: string(address(name)), To: with + "@matkat.example", Subject: "Trip " + id, Text: "We would like to go.", ID: id + "@posti.example", At: at})
		f.arrives(letterIn{From: with + "@matkat.example", To: string(address(name)), Subject: "Re: Trip " + id, Text: "Gladly.", ID: "re" + id + "@matkat.example", Answers: id + "@posti.example", At: at.Add(time.Hour)})
	}
	talk("Dora", "anna", 400)
	talk("Dora", "ben", 20)
	talk("Eero", "anna", 30)
	talk("Frans", "ben", 30)
	p := f.plan()
	p.From.Known, p.From.PerDay = true, 1
	c := f.launch(p)
	f.send()
	if from, reply := f.from("Dora"); from != `Ben <news@matkat.example>` || reply != `Ben <ben@matkat.example>` {
		t.Errorf("Dora knows Ben: %s, %s", from, reply)
	}
	if from, reply := f.from("Eero"); from != `Anna <news@matkat.example>` || reply != `Anna <anna@matkat.example>` {
		t.Errorf("Eero knows Anna: %s, %s", from, reply)
	}
	if from, reply := f.from("Gerd"); from != `Matkatoimisto <news@matkat.example>` || reply != "" {
		t.Errorf("Gerd knows nobody: %s, %s", from, reply)
	}
	if m := f.member(c, "Frans"); f.got("Frans", "") != 0 || m.Reason.Code != crm.ReasonWriterFull {
		t.Errorf("Ben has one already: %+v", m)
	}
	f.arrives(letterIn{From: "ben@matkat.example", To: "anna@matkat.example", Subject: "Automatic reply", Text: "I am away.", Class: crm.ClassAutoReply})
	f.passes(24 * time.Hour)
	f.send()
	if from, _ := f.from("Frans"); from != `Matkatoimisto <news@matkat.example>` {
		t.Errorf("Ben is away: %s", from)
	}
}

// Who comes into a segment is taken in once a day; again only after the days that
// the plan says; and who cannot be written to is not asked twice.
func TestTakesPeopleInEachDay(t *testing.T) {
	f := newFirm(t)
	f.customers("Dora")
	p := f.plan()
	p.Whom.Entry, p.Whom.Again = crm.EntryDaily, 7
	c := f.launch(p)
	f.send()
	f.customers("Eero")
	f.send()
	if f.got("Dora", "hello") != 1 || f.got("Eero", "hello") != 0 {
		t.Errorf("on the first day: %d, %d", f.got("Dora", "hello"), f.got("Eero", "hello"))
	}
	f.passes(24 * time.Hour)
	f.send()
	if f.got("Dora", "hello") != 1 || f.got("Eero", "hello") != 1 {
		t.Errorf("on the second: %d, %d", f.got("Dora", "hello"), f.got("Eero", "hello"))
	}
	f.passes(6 * 24 * time.Hour)
	f.send()
	f.passes(24 * time.Hour)
	f.send()
	if m := f.member(c, "Dora"); m.Round != 2 || f.member(c, "Eero").Round != 2 || f.read(c.ID).State != crm.CampaignRunning {
		t.Errorf("after a week: %+v, %s", m, f.read(c.ID).State)
	}
}
