package storetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"kaveri/crm"
	"kaveri/store"
)

// Backup tests that what one database holds is, restored into another, all
// there. from and to give the address of an empty database each; they may be
// of different engines.
func Backup(t *testing.T, o store.Options, from, to func(testing.TB) string) {
	open := func(t testing.TB, dsn string) *store.Store {
		s, err := store.Open(t.Context(), dsn, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	s := open(t, from(t))
	w := newWorld(t, s)
	library(w)
	c := w.customer("Liisa Lahtinen", "liisa@l.example")
	_, err := s.AddNote(w.ctx, w.pekka, crm.Note{Customer: c.ID, Body: "Ikkunapaikka."})
	w.check(err)
	big := w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "big", Text: string(bytes.Repeat([]byte("paljon tekstiä\n"), 200_000))}, w.anna)
	for range store.MaxTries { // once with bytes, once without
		_, err := s.Fail(w.ctx, w.boxes[w.anna.Staff], 1, []crm.Failure{{UID: 900, Reason: "r", Raw: []byte{}}, {UID: 901, Reason: "r"}})
		w.check(err)
	}
	news := w.mailing(letterTo("autumn"), "liisa@l.example", "a@x.example", "b@x.example")
	lease := w.lease("before")
	w.arms(lease, w.claims(lease, 1)["liisa@l.example"])
	w.check(s.ReleaseLease(w.ctx, lease))
	w.check(s.Suppress(w.ctx, crm.Suppression{Address: "b@x.example", Reason: crm.SuppressedBounced}))
	relay, err := s.AddSender(w.ctx, w.ritva, crm.Sender{Name: "relay", Host: "smtp.relay.example", Username: "u", Password: "p of the relay"})
	w.check(err)
	w.check(s.SavePaces(w.ctx, []crm.SavedPace{{Sender: relay.ID, Provider: "x.example", State: []byte("{}")}}))
	w.wish(c, crm.Wish{Quote: "a hut by the lake", Topic: "Huts"})
	w.check(s.AddFeedback(w.ctx, crm.Feedback{Address: "liisa@l.example", Words: "Kiitos"}))
	back := order("R1", "liisa@l.example", "-4.00", "-1 tea -4.00")
	back.Refunds, back.Offers = "1", []string{"FREE"}
	w.orders(store.OrderOptions{}, back) // before what it refunds
	w.orders(store.OrderOptions{}, order("1", "liisa@l.example", "10.00", "2 tea 10.00"))
	var file bytes.Buffer
	var done, total int64
	made, err := s.Backup(w.ctx, &file, func(d, all int64) { done, total = d, all })
	w.check(err)
	if done != total || total == 0 || made.Rows("messages") != 17 || made.SHA256 == "" || made.Schema == 0 {
		t.Errorf("progress ends at %d of %d, the manifest is %+v", done, total, made)
	}

	t.Run("restored", func(t *testing.T) {
		dsn := to(t)
		var done, total int64
		m, err := store.Restore(t.Context(), dsn, o, bytes.NewReader(file.Bytes()), func(d, all int64) { done, total = d, all })
		if err != nil {
			t.Fatal(err)
		}
		if m.SHA256 != made.SHA256 || !slices.Equal(m.Tables, made.Tables) || !m.Created.Equal(made.Created) || done != total {
			t.Errorf("read %+v, made %+v, progress %d of %d", m, made, done, total)
		}
		was := w
		r := open(t, dsn)
		w := &world{TB: t, ctx: t.Context(), s: r, boxes: was.boxes, anna: was.anna, pekka: was.pekka, ritva: was.ritva, clock: was.clock, uid: was.uid + 1000}
		if _, err := r.SignIn(w.ctx, "anna@kaukoranta.example", password); err != nil {
			t.Errorf("Anna signs in: %v", err)
		}
		boxes, err := r.FollowedMailboxes(w.ctx)
		w.check(err)
		if len(boxes) != 3 || boxes[1].Password != "secret of Anna" {
			t.Errorf("the mailboxes are %+v", boxes)
		}
		before, err := was.s.RawMail(w.ctx, w.anna, big)
		w.check(err)
		after, err := r.RawMail(w.ctx, w.anna, big)
		w.check(err)
		if !bytes.Equal(before, after) {
			t.Error("a raw has changed")
		}
		for _, q := range []string{"päivällinen", "Müller", "lapland", `"small children"`} {
			if got, want := w.found(w.pekka, q), was.found(w.pekka, q); got != want || got == "" {
				t.Errorf("%q finds %q, found %q before", q, got, want)
			}
		}
		got, want := w.timeline(w.pekka, c.ID, 5), was.timeline(w.pekka, c.ID, 500)
		if len(got) != len(want) || len(got) < 10 {
			t.Errorf("the timeline has %d items, had %d", len(got), len(want))
		}
		w.wishes(w.pekka, crm.WishQuery{Text: "lake"}, "new wish: a hut by the lake")
		// What was in hand is known to be in doubt, and the token has only grown.
		w.counts(news, "queued 2, armed 1")
		next := w.lease("after")
		if r, err := r.Recover(w.ctx, next); err != nil || r.Unknown != 1 || next.Token <= lease.Token {
			t.Errorf("recovered %+v %v under %+v", r, err, next)
		}
		if got := w.claims(next, 10); len(got) != 1 || got["a@x.example"].ID == 0 {
			t.Errorf("claimed %v", got)
		}
		senders, err := r.Senders(w.ctx)
		w.check(err)
		if len(senders) != 1 || senders[0].Password != "p of the relay" {
			t.Errorf("the senders are %+v", senders)
		}
		w.buys(c.ID, was.bought(c.ID)...)

		// Life goes on, with fresh ids.
		if id := w.arrives(letter{From: "liisa@l.example", To: "anna@kaukoranta.example", Subject: "after", Text: "x"}, w.anna); id <= big {
			t.Errorf("a new mail has id %d, old ones went up to %d", id, big)
		}
		if n := w.found(w.pekka, "after"); n != "after" {
			t.Errorf("the new mail is not found: %q", n)
		}

		// What it is restored into must be empty.
		_, err = store.Restore(t.Context(), dsn, o, bytes.NewReader(file.Bytes()), nil)
		w.refused(err, crm.KindConflict, "")
		if w.found(w.pekka, "after") != "after" {
			t.Error("a refused restore has changed something")
		}
	})

	t.Run("damaged", func(t *testing.T) {
		dsn := to(t)
		w := &world{TB: t, ctx: t.Context()}
		b := file.Bytes()
		for name, bad := range map[string][]byte{
			"empty":          {},
			"something else": []byte("SQLite format 3\x00 and so on and so on"),
			"half":           b[:len(b)/2],
			"without end":    b[:len(b)-1],
			"only its name":  b[:16],
			"with more":      append(slices.Clone(b), "more"...),
			"twice":          append(slices.Clone(b), b...),
		} {
			_, err := store.Restore(t.Context(), dsn, o, bytes.NewReader(bad), nil)
			if w.refused(err, crm.KindInvalid, "backup"); t.Failed() {
				t.Fatalf("of a file that is %s", name)
			}
		}
		// From behind the head of the stream, of which some bits mean nothing.
		for i := 40; i < len(b); i += len(b)/40 + 1 {
			bad := slices.Clone(b)
			bad[i] ^= 0x10
			if bytes.Equal(unpacked(bad), unpacked(b)) {
				continue // a bit of the compression that means nothing here
			}
			if _, err := store.Restore(t.Context(), dsn, o, bytes.NewReader(bad), nil); err == nil {
				t.Fatalf("byte %d of %d was changed and nobody noticed", i, len(b))
			} else if kind := crm.KindOf(err); kind != crm.KindInvalid && kind != crm.KindConflict {
				t.Errorf("byte %d of %d: %v (kind %d)", i, len(b), err, kind)
			}
		}
		other := o
		other.Key = bytes.Repeat([]byte{9}, store.KeySize)
		_, err := store.Restore(t.Context(), dsn, other, bytes.NewReader(b), nil)
		w.refused(err, crm.KindInvalid, "key")

		// After all of that the database is empty, and takes the good one.
		if _, err := store.Restore(t.Context(), dsn, o, bytes.NewReader(b), nil); err != nil {
			t.Errorf("the good backup is refused: %v", err)
		}
	})

	t.Run("disk full", func(t *testing.T) {
		if _, err := s.Backup(t.Context(), &full{room: file.Len() / 2}, nil); !errors.Is(err, errFull) {
			t.Errorf("a backup to a full disk ends with %v", err)
		}
	})
}

var errFull = errors.New("no space left")

// full is a disk with little room.
type full struct{ room int }

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// unpacked gives the content of a backup behind its name, nil when it cannot be
// unpacked.
func unpacked(b []byte) []byte {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil
	}
	defer d.Close()
	out, err := d.DecodeAll(b[16:], nil)
	if err != nil {
		return nil
	}
	return out
}
