package storetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"kaveri/crm"
)

// waitingRun is a random history of mail, answers, corrections, merges and
// removals. After every deed what was kept of each customer's mail must be what
// all of it comes to ([store.Store.Integrity]).
type waitingRun struct {
	*desk
	rand   *rand.Rand
	people []crm.Customer
	mails  []crm.MessageID
	merges []crm.MergeID
	n      int
}

func testWaitingRandom(t *testing.T, d *desk) {
	seeds, deeds := 3, 60
	if os.Getenv("KAVERI_SOAK") != "" {
		seeds, deeds = 20, 600
	}
	for seed := range seeds {
		r := &waitingRun{desk: d, rand: rand.New(rand.NewPCG(uint64(seed), 3))}
		for i := range 5 {
			r.people = append(r.people, d.customer(fmt.Sprintf("Person %d of %d", i, seed), r.address(i, seed)))
		}
		for i := range deeds {
			deed := r.act(seed)
			if i%3 != 0 { // what several deeds have marked is read at once, too
				continue
			}
			d.check(d.s.Recount(d.ctx))
			if err := d.s.Integrity(d.ctx); err != nil {
				t.Fatalf("seed %d, deed %d, %s: %v", seed, i, deed, err)
			}
		}
	}
}

func (r *waitingRun) address(i, seed int) crm.Address {
	return crm.Address(fmt.Sprintf("p%d@waiting%d.example", i, seed))
}

func pick[T any](r *waitingRun, of []T) (v T, ok bool) {
	if len(of) == 0 {
		return v, false
	}
	return of[r.rand.IntN(len(of))], true
}

// act does something and names it. What is refused (a customer who was merged, a
// mail that is gone) changes nothing, and that is held to as well.
func (r *waitingRun) act(seed int) string {
	mail, _ := pick(r, r.mails)
	who, _ := pick(r, r.people)
	other, _ := pick(r, r.people)
	r.now = r.now.Add(time.Minute)
	r.clock = r.now.Add(-time.Duration(r.rand.IntN(60)) * time.Minute)
	switch n := r.rand.IntN(24); n {
	default:
		return r.mail(seed)
	case 12:
		r.s.CloseQuestion(r.ctx, r.me, mail)
		return "close"
	case 13:
		r.s.ReopenQuestion(r.ctx, r.me, mail)
		return "reopen"
	case 14:
		r.s.Correct(r.ctx, r.me, mail, who.Contacts[0].ID, r.rand.IntN(2) == 0)
		return "correct"
	case 15:
		if id, err := r.s.Merge(r.ctx, r.me, who.ID, other.ID, r.rand.IntN(2) == 0); err == nil {
			r.merges = append(r.merges, id)
		}
		return "merge"
	case 16:
		if id, ok := pick(r, r.merges); ok {
			r.s.Unmerge(r.ctx, r.me, id)
		}
		return "unmerge"
	case 17:
		r.s.SetPrivate(r.ctx, r.me, mail, r.rand.IntN(2) == 0)
		return "private"
	case 18:
		r.s.AddNote(r.ctx, r.me, crm.Note{Customer: who.ID, Kind: crm.NoteKindCall, Body: "called"})
		return "call"
	case 19:
		r.s.AddAddress(r.ctx, r.me, who.Contacts[0].ID, crm.ContactAddress{Address: r.address(5+r.rand.IntN(3), seed)})
		return "address"
	case 20:
		r.s.RemoveAddress(r.ctx, r.me, who.Contacts[0].ID, r.address(r.rand.IntN(8), seed))
		return "address removed"
	case 21:
		return r.answer(mail, who)
	case 22:
		if r.rand.IntN(3) > 0 {
			return r.mail(seed)
		}
		a := r.address(5+r.rand.IntN(3), seed)
		x, _, err := r.s.AddExclusion(r.ctx, crm.SystemViewer, crm.Exclusion{Kind: crm.ExcludedAddress, Value: string(a)})
		if err == nil && r.rand.IntN(2) == 0 {
			r.s.RemoveExclusion(r.ctx, crm.SystemViewer, x.ID)
		}
		return "exclude"
	case 23:
		r.now = r.now.Add(time.Duration(r.rand.IntN(20)) * 24 * time.Hour)
		return "time passes"
	}
}

// mail lets one come or go: a question, thanks, an answer, with its thread, that
// of another, or a reply to what comes only later.
func (r *waitingRun) mail(seed int) string {
	them, us := string(r.address(r.rand.IntN(8), seed)), "anna@kaukoranta.example"
	if r.rand.IntN(4) == 0 {
		them += ", " + string(r.address(r.rand.IntN(8), seed))
	}
	r.n++
	l := letter{From: them, To: us, Subject: fmt.Sprintf("Re: mail %d", r.n), Text: "Thanks!", ID: fmt.Sprintf("%d-%d", seed, r.n)}
	if r.rand.IntN(3) > 0 {
		l.Text = "Which one?"
	}
	if r.rand.IntN(3) == 0 {
		l.From, l.To = us, them
	}
	if r.rand.IntN(8) == 0 {
		l.Class = crm.ClassAutoReply
	}
	if r.rand.IntN(4) > 0 {
		l.ReplyTo = fmt.Sprintf("%d-%d", seed, max(1, r.n-3+r.rand.IntN(6)))
	}
	if l.ReplyTo == l.ID {
		l.ReplyTo = ""
	}
	d := r.delivery(l, r.clock)
	r.uid++
	d.Folder, d.UIDValidity, d.UID = r.boxes[r.me.Staff], 1, r.uid
	out, err := r.s.Deliver(r.ctx, []crm.Delivery{d})
	r.check(err)
	if out[0].Message != 0 {
		r.mails = append(r.mails, out[0].Message)
	}
	return "mail from " + l.From
}

// answer sends a mail from here.
func (r *waitingRun) answer(mail crm.MessageID, who crm.Customer) string {
	to := who.Contacts[0].Addresses
	if mail == 0 || len(to) == 0 {
		return "nothing"
	}
	n, err := r.s.NewDraft(r.ctx, r.me, crm.SavedDraft{Answers: mail, Customer: who.ID, Mailbox: r.anna.ID, Subject: "Re: it"})
	if err != nil {
		return "nothing to answer"
	}
	n.To, n.Text = []crm.Party{{Address: to[0].Address}}, "This one."
	if n, err = r.s.SendDraft(r.ctx, r.me, n); err != nil {
		return "not sent"
	}
	r.now = r.now.Add(crm.UndoTime)
	state := crm.Sent
	if r.rand.IntN(4) == 0 {
		state = crm.Failed
	}
	l := r.lease("sender")
	r.settles(l, map[crm.Address]crm.DispatchState{to[0].Address: state})
	r.check(r.s.ReleaseLease(r.ctx, l))
	return "answer from here"
}
