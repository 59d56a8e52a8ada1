package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/emersion/go-imap/v2"

	"kaveri/crm"
	"kaveri/ingest/parse"
)

const (
	envelopeChunk = 500      // UIDs of one FETCH of header fields
	bodyChunk     = 500      // UIDs of one FETCH of bodies
	chunkBytes    = 32 << 20 // and at most about so many bytes
	largeOver     = 1 << 20  // larger mails are read by way of a file
	largeBytes    = 6 << 20  // except while all that are read into memory are no more than this
	oversizeKept  = 1 << 20  // bytes kept of a mail over the limit
)

// pass is one look at one folder over one session.
type pass struct {
	s      *Service
	on     *session
	folder crm.Folder
	live   bool // new mail, before any backfill

	exists   uint32 // messages, as the server said when the folder was opened
	thorough bool   // compare all UIDs even when the numbers add up
	bare     bool   // every body is fetched: the envelopes need not be asked for
}

// examine opens the folder for reading only and starts a new epoch when the
// server has renumbered it. RFC 9051 §2.3.1.1: UIDs mean nothing across a
// change of UIDVALIDITY, whichever way it went.
func (p *pass) examine(ctx context.Context) error {
	defer p.on.await()()
	o := &imap.SelectOptions{ReadOnly: true, CondStore: p.on.Caps().Has(imap.CapCondStore)}
	data, err := p.on.Select(p.folder.Name, o).Wait()
	if e := (*imap.Error)(nil); errors.As(err, &e) && refused(err) {
		return crm.Unavailable(err, "the server does not open the folder %s; it says: %s", p.folder.Name, e.Text)
	}
	if err != nil {
		return fmt.Errorf("examine %s: %w", p.folder.Name, err)
	}
	p.on.where = p.folder.Name
	p.exists = data.NumMessages
	if data.HighestModSeq > 0 {
		p.folder.ModSeq = data.HighestModSeq
	}
	if p.folder.UIDValidity == data.UIDValidity && p.folder.Low > 0 {
		return nil
	}
	if p.folder.UIDValidity != 0 {
		p.bare = false // what was there is recognised by its envelope
	}
	c := crm.Cursor{UIDValidity: data.UIDValidity}
	next := uint32(data.UIDNext)
	if next == 0 { // not told: RFC 3501 lets a server leave it out
		uids, err := p.search(ctx, 1)
		if err != nil {
			return err
		}
		next = 1
		if len(uids) > 0 {
			next = uids[len(uids)-1] + 1
		}
	}
	c.High, c.Low = next-1, max(next, 1)
	if err := p.s.o.Store.NewEpoch(ctx, p.folder.ID, c); err != nil {
		return err
	}
	p.folder.Cursor = c
	return nil
}

// search gives the UIDs of the examined folder from a number up, ascending.
func (p *pass) search(ctx context.Context, from uint32) ([]uint32, error) {
	defer p.on.await()()
	criteria := &imap.SearchCriteria{}
	if from > 1 {
		criteria.UID = []imap.UIDSet{{imap.UIDRange{Start: imap.UID(from)}}} // from:*
	}
	var o *imap.SearchOptions
	if p.on.Caps().Has(imap.CapESearch) || p.on.Caps().Has(imap.CapIMAP4rev2) {
		o = &imap.SearchOptions{ReturnAll: true} // 20,000 UIDs in a hundred bytes
	}
	data, err := p.on.UIDSearch(criteria, o).Wait()
	if err != nil {
		return nil, fmt.Errorf("search %s: %w", p.folder.Name, err)
	}
	var uids []uint32
	if set, ok := data.All.(imap.UIDSet); ok {
		nums, ok := set.Nums()
		if !ok {
			return nil, fmt.Errorf("search %s: the server answered with an open range", p.folder.Name)
		}
		for _, u := range nums {
			uids = append(uids, uint32(u))
		}
	}
	// RFC 9051 §6.4.4: from:* names at least the last message, however low.
	uids = slices.DeleteFunc(uids, func(u uint32) bool { return u < from })
	slices.Sort(uids)
	return slices.Compact(uids), ctx.Err()
}

// envelopes lists what is not listed yet: new UIDs above the high-water mark,
// then, downwards, those below the low-water mark. When the numbers then do not
// add up to what the server says the folder holds, or it was never read to its
// end, a complete search is held against the store: it shows what was expunged
// and what is nowhere with us.
func (p *pass) envelopes(ctx context.Context) error {
	above, err := p.search(ctx, p.folder.High+1)
	if err != nil {
		return err
	}
	p.folder.Exists += uint32(len(above)) // noted by a live look too, or a mail that came and went between two polls would not show
	if err := p.list(ctx, above); err != nil || p.live {
		return err
	}
	if p.folder.Low == 1 && p.folder.Exists == p.exists && !p.thorough {
		return p.saveCursor(ctx)
	}
	present, err := p.search(ctx, 1)
	if err != nil {
		return err
	}
	if i, _ := slices.BinarySearch(present, p.folder.Low); i > 0 {
		if err := p.list(ctx, present[:i]); err != nil {
			return err
		}
	}
	return p.reconcile(ctx, present)
}

// reconcile holds the complete list of a folder against the store and lists
// what is missing there.
func (p *pass) reconcile(ctx context.Context, present []uint32) error {
	missing, err := p.s.o.Store.Reconcile(ctx, p.folder.ID, p.folder.UIDValidity, present)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		p.s.o.Log.Info("listing UIDs that an earlier look missed", "folder", p.folder.Name, "n", len(missing))
		if err := p.list(ctx, missing); err != nil {
			return err
		}
	}
	p.folder.Low, p.folder.Exists = 1, uint32(len(present))
	if err := p.saveCursor(ctx); err != nil {
		return err
	}
	return p.s.o.Store.CloseEpochs(ctx, p.folder.ID, p.folder.UIDValidity)
}

func (p *pass) saveCursor(ctx context.Context) error {
	return p.s.o.Store.Listed(ctx, p.folder.ID, p.folder.Cursor, nil)
}

// list fetches and stores the envelopes of uids, newest first. A UID that the
// server leaves out is noted as failed and asked for again later.
func (p *pass) list(ctx context.Context, uids []uint32) error {
	for end := len(uids); end > 0; {
		start := max(0, end-envelopeChunk)
		chunk := uids[start:end]
		list, err := p.fetchEnvelopes(chunk)
		if err != nil {
			return err
		}
		// Newest come first, so the high-water mark passes a run of new UIDs only
		// with the last chunk of it.
		c := p.folder.Cursor
		c.Low = min(c.Low, chunk[0])
		if start == 0 {
			c.High = max(c.High, uids[len(uids)-1])
		}
		if err := p.s.o.Store.Listed(ctx, p.folder.ID, c, list); err != nil {
			return err
		}
		if err := p.absent(ctx, chunk, list); err != nil {
			return err
		}
		p.folder.Cursor = c
		p.s.counts.listed.Add(int64(len(list)))
		end = start
	}
	return nil
}

// absent notes the UIDs whose envelope did not come. The body pass asks for
// them one by one; if they are gone, the next complete search says so.
func (p *pass) absent(ctx context.Context, asked []uint32, got []crm.Listed) error {
	if len(got) == len(asked) {
		return nil
	}
	have := map[uint32]bool{}
	for _, l := range got {
		have[l.UID] = true
	}
	var failures []crm.Failure
	for _, u := range asked {
		if !have[u] {
			failures = append(failures, crm.Failure{UID: u, Reason: "the server left it out of its answer"})
		}
	}
	_, err := p.s.o.Store.Fail(ctx, p.folder.ID, p.folder.UIDValidity, failures)
	return err
}

var headerSection = &imap.FetchItemBodySection{Specifier: imap.PartSpecifierHeader, HeaderFields: parse.HeaderFields, Peek: true}

func (p *pass) fetchEnvelopes(uids []uint32) ([]crm.Listed, error) {
	defer p.on.await()()
	o := &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{headerSection}}
	if p.bare {
		o.BodySection = nil
	}
	cmd := p.on.Fetch(uidSet(uids), o)
	broken := false
	defer func() {
		if !broken {
			cmd.Close()
		}
	}()
	list := make([]crm.Listed, 0, len(uids))
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		l := crm.Listed{}
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch d := item.(type) {
			case imapUID:
				l.UID = uint32(d.UID)
			case imapDate:
				l.Internal = d.Time
			case imapSize:
				l.Size = d.Size
			case imapBody:
				if d.Literal == nil {
					continue
				}
				b, err := io.ReadAll(io.LimitReader(d.Literal, 1<<20))
				if err != nil {
					broken = true
					p.on.conn.Conn.Close()
					return nil, fmt.Errorf("fetch envelopes of %s: %w", p.folder.Name, err)
				}
				l.Envelope = parse.Header(b)
			}
		}
		if l.UID != 0 && (l.Envelope != nil || p.bare) {
			list = append(list, l)
		}
	}
	if err := cmd.Close(); err != nil {
		return nil, fmt.Errorf("fetch envelopes of %s: %w", p.folder.Name, err)
	}
	return list, nil
}

func uidSet(uids []uint32) imap.UIDSet {
	var set imap.UIDSet
	for i := 0; i < len(uids); {
		j := i + 1
		for j < len(uids) && uids[j] == uids[j-1]+1 {
			j++
		}
		set.AddRange(imap.UID(uids[i]), imap.UID(uids[j-1]))
		i = j
	}
	return set
}

// bodies fetches what is due, newest first, until nothing is. It returns when
// everything it fetched is stored.
func (p *pass) bodies(ctx context.Context) error {
	f := &flight{}
	err := p.sweep(ctx, f)
	f.Wait()
	return err
}

// sweep goes once from the newest due UID down, fetching chunk after chunk
// while earlier ones are still being stored.
func (p *pass) sweep(ctx context.Context, f *flight) error {
	due, err := p.s.o.Store.Due(ctx, p.folder.ID, p.folder.UIDValidity, bodyChunk)
	for ; err == nil && len(due) > 0 && ctx.Err() == nil; due, err = p.s.o.Store.DueBelow(ctx, p.folder.ID, p.folder.UIDValidity, due[len(due)-1].UID, bodyChunk) {
		if err := p.fetchDue(ctx, f, due); err != nil {
			return err
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// fetchDue fetches bodies in runs of bounded size; mails over the size limit
// are fetched by themselves, and only their beginning.
func (p *pass) fetchDue(ctx context.Context, f *flight, due []crm.Due) error {
	var run []crm.Due
	var bytes int64
	flush := func() error {
		if len(run) == 0 {
			return nil
		}
		err := p.fetchRun(ctx, f, run, false)
		run, bytes = run[:0], 0
		return err
	}
	for _, d := range due {
		if d.Size > p.s.o.MaxSize {
			if err := p.fetchRun(ctx, f, []crm.Due{d}, true); err != nil {
				return err
			}
			continue
		}
		if bytes+d.Size > chunkBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		run, bytes = append(run, d), bytes+d.Size
	}
	return flush()
}

// fetchRun fetches the bodies of a run. UIDs that were asked for and did not
// come are asked for once more, singly, and then noted as failed: some servers
// leave a mail out, some put the UID behind the body, where it is lost.
func (p *pass) fetchRun(ctx context.Context, f *flight, run []crm.Due, partial bool) error {
	got, err := p.fetchBodies(ctx, f, run, partial)
	if err != nil || len(got) == len(run) {
		return err
	}
	var failures []crm.Failure
	for _, d := range run {
		if got[d.UID] {
			continue
		}
		if len(run) > 1 {
			again, err := p.fetchBodies(ctx, f, []crm.Due{d}, partial)
			if err != nil {
				return err
			}
			if again[d.UID] {
				continue
			}
		}
		failures = append(failures, crm.Failure{UID: d.UID, Reason: "the server lists it but does not give it"})
	}
	if len(failures) == 0 {
		return nil
	}
	p.s.counts.failed.Add(int64(len(failures)))
	_, err = p.s.o.Store.Fail(ctx, p.folder.ID, p.folder.UIDValidity, failures)
	return err
}

func (p *pass) fetchBodies(ctx context.Context, f *flight, run []crm.Due, partial bool) (map[uint32]bool, error) {
	uids := make([]uint32, len(run))
	sizes := make(map[uint32]int64, len(run))
	for i, d := range run {
		uids[i] = d.UID
		sizes[d.UID] = d.Size
	}
	slices.Sort(uids)
	section := &imap.FetchItemBodySection{Peek: true}
	if partial {
		section.Partial = &imap.SectionPartial{Size: oversizeKept}
	}
	defer p.on.await()()
	cmd := p.on.Fetch(uidSet(uids), &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section}})
	broken := false
	defer func() {
		if !broken {
			cmd.Close()
		}
	}()
	got := make(map[uint32]bool, len(run))
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		j := &job{folder: p.folder.ID, epoch: p.folder.UIDValidity, flight: f}
		for item := msg.Next(); item != nil; item = msg.Next() {
			switch d := item.(type) {
			case imapUID:
				j.uid = uint32(d.UID)
			case imapDate:
				j.internal = d.Time
			case imapBody:
				if d.Literal == nil {
					continue
				}
				p.release(j) // a second body in one answer takes the place of the first
				lit := &literal{LiteralReader: d.Literal}
				if err := p.read(ctx, j, lit); err != nil {
					broken = lit.failed
					p.release(j)
					p.on.conn.Conn.Close() // or closing the command would read a lie to its end
					return got, fmt.Errorf("fetch %s UID %d: %w", p.folder.Name, j.uid, err)
				}
			}
		}
		if _, asked := sizes[j.uid]; !asked || j.raw == nil || got[j.uid] {
			p.release(j)
			continue
		}
		if partial {
			j.size = sizes[j.uid]
		}
		got[j.uid] = true
		if err := p.s.pipe.submit(ctx, j, p.live); err != nil {
			return got, err
		}
	}
	if err := cmd.Close(); err != nil {
		return got, fmt.Errorf("fetch %s: %w", p.folder.Name, err)
	}
	return got, nil
}

// release lets go of a body that is not submitted.
func (p *pass) release(j *job) {
	if j.held > 0 {
		p.s.pipe.budget.Release(j.held)
	}
	giveBuffer(j.raw)
	j.held, j.raw = 0, nil
}

// read takes a body into memory under the budget. Large ones go by way of a
// file when several come at once, so that slow servers do not hold memory that
// other mailboxes need. A body shorter than announced is an error: the mail is
// fetched again.
func (p *pass) read(ctx context.Context, j *job, lit imap.LiteralReader) (err error) {
	size := lit.Size()
	if size > p.s.o.MaxSize+chunkBytes {
		return fmt.Errorf("the server sends %d bytes, far more than it had announced", size)
	}
	var from io.Reader = lit
	switch {
	case size <= largeOver:
	case p.s.pipe.large.TryAcquire(size):
		defer p.s.pipe.large.Release(size)
	default:
		file, err := spool(lit, size)
		if err != nil {
			return err
		}
		defer file.Close()
		from = file
	}
	if j.held, err = p.s.pipe.reserve(ctx, size); err != nil {
		j.held = 0
		return err
	}
	j.raw = takeBuffer(int(size))
	_, err = io.ReadFull(from, j.raw)
	return err
}

// spool writes a body to a file that has no name any more.
func spool(lit io.Reader, size int64) (*os.File, error) {
	file, err := os.CreateTemp("", "kaveri-*.spool")
	if err != nil {
		return nil, crm.Unavailable(err, "no temporary file can be made for a large mail")
	}
	os.Remove(file.Name())
	if _, err := io.CopyN(file, lit, size); err != nil {
		file.Close()
		return nil, err
	}
	_, err = file.Seek(0, io.SeekStart)
	return file, err
}

// look brings the examined folder up to date: envelopes, then bodies.
func (p *pass) look(ctx context.Context) error {
	if err := p.examine(ctx); err != nil {
		return err
	}
	if err := p.envelopes(ctx); err != nil {
		return err
	}
	return p.bodies(ctx)
}
