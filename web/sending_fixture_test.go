package web

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"kaveri/crm"
)

// outbox is a small Ledger and Courier in memory.
type outbox struct {
	mu       sync.Mutex
	mailings []crm.MailingRow // newest first
	rows     map[crm.MailingID][]crm.Dispatch
	attempts map[crm.DispatchID][]crm.Attempt
	events   map[crm.DispatchID][]crm.DispatchEvent
	back     []crm.Response
	clicks   []crm.LinkClicks
	wait     crm.MailingWait
	warm     []crm.WarmUpCount
	senders  []crm.Sender
	stops    []crm.Suppression
	reports  []crm.UnmatchedReport
	held     string
	tried    []crm.Sender
}

// sending is the outbox of the company: a mailing in each state worth seeing.
func sending() *outbox {
	o := &outbox{rows: map[crm.MailingID][]crm.Dispatch{}, attempts: map[crm.DispatchID][]crm.Attempt{}, events: map[crm.DispatchID][]crm.DispatchEvent{}}
	add := func(id crm.MailingID, name string, state crm.MailingState, reason string, n crm.Recipients) {
		o.mailings = append(o.mailings, crm.MailingRow{Mailing: crm.Mailing{ID: id, Kind: crm.MailingAudience, Name: name, State: state, Reason: reason, From: crm.Party{Name: "Saarimatkat", Address: "uutiset@saarimatkat.example"},
			Created: now.Add(-time.Hour), Start: now.Add(-time.Duration(100-id) * time.Hour)}, Recipients: n})
		for _, s := range crm.DispatchStates {
			for i := range min(n[s], 60) {
				d := crm.Dispatch{ID: crm.DispatchID(int64(id)*1000 + int64(len(o.rows[id]))), Mailing: id, Name: fmt.Sprintf("Lukija %d", i+1), Address: crm.Address(fmt.Sprintf("%s.%d@postia.example", s, i+1)), State: s, Changed: now.Add(-time.Duration(i+1) * time.Minute)}
				switch s {
				case crm.Failed:
					d.Reason = "no such mailbox"
				case crm.Deferred:
					d.Due = now.Add(15 * time.Minute)
				}
				o.rows[id] = append(o.rows[id], d)
			}
		}
	}
	add(95, "Talven saaret", crm.MailingRunning, "", crm.Recipients{crm.Queued: 1210, crm.Claimed: 8, crm.Armed: 2, crm.Deferred: 13, crm.Sent: 3420, crm.Failed: 7, crm.Unknown: 2, crm.Suppressed: 41})
	add(94, "Utön majakka", crm.MailingHeld, "it was to begin 3h0m0s before anything could send it; send it now, or call it off", crm.Recipients{crm.Queued: 380})
	add(93, "Kevään risteilyt <uutuus>", crm.MailingPaused, "bounces are at 6 % of 150", crm.Recipients{crm.Queued: 900, crm.Sent: 141, crm.Failed: 9})
	add(92, "Syksyn kiitos", crm.MailingRunning, "", crm.Recipients{crm.Sent: 998, crm.Unknown: 2})
	add(91, "Kesän muistoja", crm.MailingRunning, "", crm.Recipients{crm.Sent: 1500, crm.Failed: 3, crm.Expired: 1})
	add(90, "Luonnos", crm.MailingDraft, "", crm.Recipients{crm.Queued: 12})
	const bad = crm.DispatchID(95143) // the first that has failed
	o.attempts[bad] = []crm.Attempt{{Dispatch: bad, Server: "mx1.postia.example", Stage: crm.StageRcpt, At: now.Add(-2 * time.Hour), Took: 4 * time.Second, Reply: crm.Reply{Code: 451, Enhanced: "4.7.1", Text: "Greylisted, <try> again later"}, State: crm.Deferred, Reason: "the server wants it later"},
		{Dispatch: bad, Server: "mx1.postia.example", Stage: crm.StageRcpt, At: now.Add(-time.Hour), Reply: crm.Reply{Code: 550, Enhanced: "5.1.1", Text: "No such user"}, State: crm.Failed}}
	o.events[bad] = []crm.DispatchEvent{{Dispatch: bad, Kind: crm.EventClicked, Machine: true, Evidence: "storm: curl", At: now}, {Dispatch: bad, Kind: crm.EventBounced, Message: 104, Evidence: "550 5.1.1", At: now}}
	o.back = []crm.Response{{Kind: crm.EventClicked, Mails: 212}, {Kind: crm.EventClicked, Machine: true, Mails: 57}, {Kind: crm.EventAnswered, Mails: 31}, {Kind: crm.EventUnsubscribed, Mails: 6}}
	o.clicks = []crm.LinkClicks{{N: 1, URL: "https://saarimatkat.example/talvi?a=1", People: 180, Machines: 55}, {N: 2, URL: "https://saarimatkat.example/tarjoukset/lumi-ja-jaa-risteilyt-perheille", People: 41, Machines: 57}, {N: crm.LinkTrap, Machines: 49}}
	o.wait = crm.MailingWait{N: 1140, Next: now.Add(20 * time.Hour), Until: now.Add(68 * time.Hour), Reason: "warm-up: 50 of 50 mails of saarimatkat.example for postia.example have gone today"}
	o.warm = []crm.WarmUpCount{{WarmUpKey: crm.WarmUpKey{Domain: "saarimatkat.example", Provider: "postia.example"}, Today: 50, Best: 0}, {WarmUpKey: crm.WarmUpKey{Domain: "saarimatkat.example", Provider: "suurposti.example"}, Today: 311, Best: 12000}}
	o.senders = []crm.Sender{{ID: 81, WarmUp: crm.WarmUp{Start: 50, Factor: 2, Full: 10000}, Name: "Postitalo", Host: "smtp.postitalo.example", Port: 465, Security: crm.SecurityTLS, Username: "saarimatkat", Password: "never-to-be-shown", Domains: []string{"saarimatkat.example"}, State: crm.SenderWell, Since: now.Add(-72 * time.Hour)},
		{ID: 82, Name: "Vara", Host: "smtp.vara.example", Port: 587, State: crm.SenderRefused, Problem: "535 5.7.8 authentication failed", Since: now.Add(-time.Hour)}}
	o.stops = []crm.Suppression{{Address: "ei@postia.example", Reason: crm.SuppressedUnsubscribed, Evidence: "one-click: 2026-11-17 08:00:00 UTC, from 192.0.2.1", Dispatch: bad, At: now.Add(-24 * time.Hour)}, {Address: "osa@postia.example", Reason: crm.SuppressedUnsubscribed, Topic: "tarjoukset", Evidence: "unsubscribe page", At: now.Add(-30 * time.Hour)}, {Address: "poissa@postia.example", Reason: crm.SuppressedBounced, Evidence: "550 5.1.1 <poissa> unknown", At: now.Add(-48 * time.Hour)}}
	o.reports = []crm.UnmatchedReport{{Message: 104, Subject: "Undelivered Mail", Reason: "it names no mail that was sent from here", At: now.Add(-time.Hour)}, {Message: 103, Reason: "its proof is wrong", At: now.Add(-2 * time.Hour), Seen: true}}
	return o
}

func (o *outbox) Mailings(_ context.Context, v crm.Viewer, _ []crm.MailingState, after crm.PageKey, limit int) ([]crm.MailingRow, crm.PageKey, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return page(slices.Clone(o.mailings), func(r crm.MailingRow) crm.PageKey { return crm.PageKey{ID: int64(r.ID)} }, after, limit)
}

func (o *outbox) ReadMailing(_ context.Context, v crm.Viewer, id crm.MailingID) (crm.MailingRow, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.mailings {
		if m.ID == id && v.Staff != 0 {
			return m, nil
		}
	}
	return crm.MailingRow{}, crm.NotFound("no such mailing")
}

func (o *outbox) Responses(_ context.Context, _ crm.Viewer, id crm.MailingID) ([]crm.Response, error) {
	if id != 95 {
		return nil, nil
	}
	return o.back, nil
}

func (o *outbox) LinkClicks(_ context.Context, _ crm.Viewer, id crm.MailingID) ([]crm.LinkClicks, error) {
	if id != 95 {
		return nil, nil
	}
	return o.clicks, nil
}

func (o *outbox) MailingWaits(_ context.Context, _ crm.Viewer, id crm.MailingID) (crm.MailingWait, error) {
	if id != 95 {
		return crm.MailingWait{}, nil
	}
	return o.wait, nil
}

func (o *outbox) WarmUps(context.Context) ([]crm.WarmUpCount, error) { return o.warm, nil }

// turn changes the state of a mailing.
func (o *outbox) turn(id crm.MailingID, to crm.MailingState, reason string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.mailings, func(m crm.MailingRow) bool { return m.ID == id })
	o.mailings[i].State, o.mailings[i].Reason = to, reason
	return nil
}

func (o *outbox) StartMailing(_ context.Context, _ crm.Viewer, id crm.MailingID) error {
	return o.turn(id, crm.MailingRunning, "")
}

func (o *outbox) PauseMailing(_ context.Context, id crm.MailingID, reason string) error {
	return o.turn(id, crm.MailingPaused, reason)
}

func (o *outbox) ResumeMailing(_ context.Context, _ crm.Viewer, id crm.MailingID) error {
	return o.turn(id, crm.MailingRunning, "")
}

func (o *outbox) StopMailing(_ context.Context, _ crm.Viewer, id crm.MailingID) error {
	return o.turn(id, crm.MailingStopped, "")
}

func (o *outbox) RetryFailed(_ context.Context, _ crm.Viewer, id crm.MailingID) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for _, d := range o.rows[id] {
		if d.State == crm.Failed || d.State == crm.Expired {
			o.step(d.ID, crm.Queued)
			n++
		}
	}
	return n, nil
}

// step moves a dispatch, and its mailing's counts with it.
func (o *outbox) step(id crm.DispatchID, to crm.DispatchState) {
	for m, list := range o.rows {
		for i := range list {
			if list[i].ID == id {
				n := o.mailings[slices.IndexFunc(o.mailings, func(r crm.MailingRow) bool { return r.ID == m })].Recipients
				n[list[i].State]--
				n[to]++
				list[i].State = to
			}
		}
	}
}

func (o *outbox) Dispatches(_ context.Context, _ crm.Viewer, id crm.MailingID, state crm.DispatchState, after crm.PageKey, limit int) ([]crm.Dispatch, crm.PageKey, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []crm.Dispatch
	for _, d := range o.rows[id] {
		if (state == "" || d.State == state) && int64(d.ID) > after.ID {
			out = append(out, d)
		}
	}
	if len(out) <= limit {
		return out, crm.PageKey{}, nil
	}
	return out[:limit], crm.PageKey{At: now, ID: int64(out[limit-1].ID)}, nil
}

func (o *outbox) Dispatch(_ context.Context, _ crm.Viewer, id crm.DispatchID) (crm.Dispatch, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, list := range o.rows {
		for _, d := range list {
			if d.ID == id {
				return d, nil
			}
		}
	}
	return crm.Dispatch{}, crm.NotFound("no such mail")
}

func (o *outbox) Attempts(_ context.Context, _ crm.Viewer, id crm.DispatchID) ([]crm.Attempt, error) {
	return o.attempts[id], nil
}

func (o *outbox) DispatchEvents(_ context.Context, _ crm.Viewer, id crm.DispatchID) ([]crm.DispatchEvent, error) {
	return o.events[id], nil
}

func (o *outbox) RetryDispatch(_ context.Context, _ crm.Viewer, id crm.DispatchID) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.step(id, crm.Queued)
	return nil
}

func (o *outbox) UnknownOf(ctx context.Context, v crm.Viewer, id crm.MailingID, after crm.PageKey, limit int) (out []crm.Doubt, next crm.PageKey, err error) {
	list, next, err := o.Dispatches(ctx, v, id, crm.Unknown, after, limit)
	for i, d := range list {
		out = append(out, crm.Doubt{Dispatch: d, Resent: i == 1})
	}
	return out, next, err
}

func (o *outbox) ResolveUnknown(_ context.Context, _ crm.Viewer, id crm.DispatchID, state crm.DispatchState) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if state != crm.Sent && state != crm.Queued && state != crm.Cancelled {
		return crm.Invalid("state", "a mail in doubt is said to be sent, sent again, or given up")
	}
	o.step(id, state)
	return nil
}

func (o *outbox) ListSenders(context.Context, crm.Viewer) ([]crm.Sender, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.senders), nil
}

func (o *outbox) AddSender(_ context.Context, _ crm.Viewer, m crm.Sender) (crm.Sender, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m.ID = 83
	o.senders = append(o.senders, m)
	return m, nil
}

func (o *outbox) RemoveSender(_ context.Context, _ crm.Viewer, id crm.SenderID) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.senders = slices.DeleteFunc(o.senders, func(m crm.Sender) bool { return m.ID == id })
	return nil
}

// TrySender: one password is right, and kept passwords are.
func (o *outbox) TrySender(_ context.Context, m crm.Sender) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.tried = append(o.tried, m)
	if m.ID == 0 && m.Password != "right-password" || m.State == crm.SenderRefused {
		return crm.Invalid("password", "the server does not accept this password")
	}
	return nil
}

func (o *outbox) Suppressions(_ context.Context, _ crm.Viewer, after crm.PageKey, limit int) ([]crm.Suppression, crm.PageKey, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return page(slices.Clone(o.stops), func(s crm.Suppression) crm.PageKey { return crm.PageKey{At: s.At} }, after, limit)
}

func (o *outbox) Suppress(_ context.Context, s crm.Suppression) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stops = slices.Insert(o.stops, 0, s)
	return nil
}

func (o *outbox) LiftSuppression(_ context.Context, _ crm.Viewer, a crm.Address, r crm.SuppressionReason, topic string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stops = slices.DeleteFunc(o.stops, func(s crm.Suppression) bool { return s.Address == a && s.Reason == r && s.Topic == topic })
	return nil
}

func (o *outbox) UnmatchedReports(_ context.Context, _ crm.Viewer, after crm.PageKey, limit int) ([]crm.UnmatchedReport, crm.PageKey, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return page(slices.Clone(o.reports), func(u crm.UnmatchedReport) crm.PageKey { return crm.PageKey{At: u.At} }, after, limit)
}

func (o *outbox) SeenUnmatched(_ context.Context, _ crm.Viewer, id crm.MessageID) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range o.reports {
		o.reports[i].Seen = o.reports[i].Seen || o.reports[i].Message == id
	}
	return nil
}

func (o *outbox) SendingHeld(context.Context) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.held, nil
}

func (o *outbox) ConfirmInstance(_ context.Context, v crm.Viewer) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !v.MayAdminister() {
		return crm.Forbidden("no")
	}
	o.held = ""
	return nil
}
