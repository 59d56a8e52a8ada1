package ingest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"

	"kaveri/crm"
	"kaveri/ingest/absence"
	"kaveri/ingest/bounce"
	"kaveri/ingest/parse"
)

// A batch is what one worker delivers at once.
const (
	batchMails = 64
	batchBytes = 2 << 20
	batchWait  = 20 * time.Millisecond // for a batch to fill
)

// job is a mail whose bytes have been read.
type job struct {
	folder   crm.FolderID
	epoch    uint32
	uid      uint32
	internal time.Time
	raw      []byte // from buffers
	zstd     []byte // from buffers
	size     int64  // the mail's true size when only a part was fetched, else 0
	held     int64  // of the memory budget
	live     bool
	again    bool       // to be read in full though it looked like a copy
	policy   crm.Policy // "": the firm's
	flight   *flight
	open     func() // of an import: told that the mail has no end; nil in all other work
}

// flight counts the jobs of one pass over a folder, so that the pass can wait
// for them.
type flight struct{ sync.WaitGroup }

// pipeline parses and delivers on all cores what the connections have read.
type pipeline struct {
	s      *Service
	budget *semaphore.Weighted
	large  *semaphore.Weighted // bytes of large mails that are being read into memory
	live   chan *job
	jobs   chan *job
	zstd   *zstd.Encoder
	recent recent

	mu    sync.Mutex
	users int
	quit  chan struct{}
	busy  sync.WaitGroup // workers and deliveries
}

func newPipeline(s *Service) *pipeline {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2), zstd.WithWindowSize(512<<10),
		zstd.WithEncoderCRC(false)) // the row names the bytes by their hash
	if err != nil {
		panic(err) // the options are constants
	}
	return &pipeline{s: s, budget: semaphore.NewWeighted(s.o.Memory), large: semaphore.NewWeighted(largeBytes), live: make(chan *job, 64), jobs: make(chan *job, 256), zstd: enc}
}

// start runs the workers while somebody needs them; the returned function ends
// them when the last has called it.
func (p *pipeline) start(ctx context.Context) (stop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.users++; p.users == 1 {
		p.quit = make(chan struct{})
		for range p.s.o.Workers {
			p.busy.Add(1)
			go p.work(ctx, p.quit)
		}
	}
	return func() {
		p.mu.Lock()
		p.users--
		last := p.users == 0
		if last {
			close(p.quit)
		}
		p.mu.Unlock()
		if last {
			p.busy.Wait()
		}
	}
}

// reserve takes n bytes of the memory budget.
func (p *pipeline) reserve(ctx context.Context, n int64) (held int64, err error) {
	held = min(2*max(n, 4096), p.s.o.Memory) // the bytes, and what they shrink to
	return held, p.budget.Acquire(ctx, held)
}

// submit hands a mail over; the flight is told when it is done.
func (p *pipeline) submit(ctx context.Context, j *job, live bool) error {
	j.flight.Add(1)
	j.live = live
	queue := p.jobs
	if live {
		queue = p.live
	}
	select {
	case queue <- j:
		return nil
	case <-ctx.Done():
		p.drop(j)
		return ctx.Err()
	}
}

func (p *pipeline) drop(j *job) {
	p.budget.Release(j.held)
	giveBuffer(j.raw)
	giveBuffer(j.zstd)
	j.raw, j.zstd = nil, nil
	j.flight.Done()
}

func (p *pipeline) work(ctx context.Context, quit chan struct{}) {
	defer p.busy.Done()
	giveWay()
	for {
		var first *job
		select { // live mail first
		case first = <-p.live:
		default:
			select {
			case first = <-p.live:
			case first = <-p.jobs:
			case <-quit:
				return
			}
		}
		p.batch(ctx, first)
	}
}

// batch parses and delivers a first mail and those that come soon after: full
// batches make few commits. Live mail does not wait for company.
func (p *pipeline) batch(ctx context.Context, j *job) {
	var jobs []*job
	var ds []crm.Delivery
	var late <-chan time.Time
	for bytes := 0; j != nil; {
		bytes += len(j.raw)
		if d, err := p.parse(j); err != nil {
			p.fail(ctx, j, err)
		} else {
			jobs, ds = append(jobs, j), append(ds, d)
		}
		if len(ds) >= batchMails || bytes >= batchBytes || j.live {
			break
		}
		if late == nil {
			late = time.After(batchWait)
		}
		select {
		case j = <-p.live:
		case j = <-p.jobs:
		case <-late:
			j = nil
		case <-p.quit:
			j = nil
		}
	}
	if len(ds) == 0 {
		return
	}
	// The worker reads on while this is being stored: what is parsed meanwhile
	// goes into the next commit together. The memory budget bounds it.
	p.busy.Add(1)
	go func() {
		defer p.busy.Done()
		p.deliver(ctx, jobs, ds)
	}()
}

// parse turns the bytes into a delivery. A parser's panic is the mail's
// failure, not ours.
func (p *pipeline) parse(j *job) (d crm.Delivery, err error) {
	defer func() {
		if r := recover(); r != nil {
			p.s.o.Log.Error("a mail made the parser panic", "folder", j.folder, "uid", j.uid, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("the parser failed: %v", r)
		}
	}()
	d = crm.Delivery{Folder: j.folder, UIDValidity: j.epoch, UID: j.uid, Internal: j.internal, Policy: j.policy}
	d.Raw.Size = int64(len(j.raw))
	d.Raw.Sum, d.Raw.Content = parse.Hash(j.raw)
	if d.Copy = !j.again && p.recent.has(d.Raw.Sum); d.Copy {
		return d, nil
	}
	d.Message = parse.Captured(j.raw)
	if j.open != nil && slices.Contains(d.Message.Defects, "no-end-boundary") {
		j.open()
	}
	told(j.raw, d.Message)
	// Pictures and documents do not shrink, so there must be room for all.
	j.zstd = squeeze(p.zstd, j.raw, takeBuffer(len(j.raw) + len(j.raw)/128 + 64)[:0])
	d.Raw.Zstd = j.zstd
	if j.size > 0 {
		oversize(&d, j.size)
	}
	return d, nil
}

// told adds what a bounce or complaint tells about another mail, and an
// automatic answer about its author.
func told(raw []byte, m *crm.Message) {
	m.Bounce, m.Complaint = bounce.Read(raw, m)
	m.Absence = absence.Read(m)
	if m.Bounce == nil || m.Class != crm.ClassBounce {
		return
	}
	for _, r := range m.Bounce.Failed() {
		if a, err := crm.ParseAddress(r.Address); err == nil {
			m.Bounced = append(m.Bounced, a)
		}
	}
}

// oversize marks a mail of which only the beginning was fetched, and puts a
// placeholder for the rest among its attachments.
func oversize(d *crm.Delivery, size int64) {
	d.Message.Lossy = true
	d.Message.Defects = append(d.Message.Defects, crm.DefectOversize)
	d.Message.Attachments = append(d.Message.Attachments, crm.Attachment{
		Part: "rest", Type: "application/octet-stream", Size: size - d.Raw.Size,
		Name: fmt.Sprintf("(the rest of this mail of %d MB stays on the server)", size>>20)})
}

// deliver stores a batch. When the store refuses it, the mails are tried one
// by one, so that only the one at fault fails; when the store itself is in
// trouble (disk full, database away), it waits and tries again for ever, and
// nothing advances meanwhile.
func (p *pipeline) deliver(ctx context.Context, jobs []*job, ds []crm.Delivery) {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 30*time.Second) {
		out, err := p.s.o.Store.Deliver(ctx, ds)
		switch {
		case err == nil:
			p.settled(ctx, jobs, ds, out)
			return
		case ctx.Err() != nil:
			for _, j := range jobs {
				p.drop(j)
			}
			return
		case crm.KindOf(err) == crm.KindUnavailable:
			p.s.o.Log.Error("mail cannot be stored just now; trying again", "err", err, "in", wait)
			sleep(ctx, wait)
		case len(jobs) > 1:
			for i := range jobs {
				p.deliver(ctx, jobs[i:i+1], ds[i:i+1])
			}
			return
		default:
			p.fail(ctx, jobs[0], err)
			return
		}
	}
}

// settled lets go of the delivered mails. A copy that turned out to be unknown
// (its first was withheld, or belongs to no store any more) is read in full.
func (p *pipeline) settled(ctx context.Context, jobs []*job, ds []crm.Delivery, out []crm.Outcome) {
	p.count(out, ds)
	for i, j := range jobs {
		if out[i].Unknown {
			j.again = true
			p.batch(ctx, j)
			continue
		}
		if out[i].Message != 0 {
			p.recent.add(ds[i].Raw.Sum)
		}
		p.drop(j)
	}
}

func (p *pipeline) count(out []crm.Outcome, ds []crm.Delivery) {
	c := &p.s.counts
	for i, o := range out {
		if o.Unknown {
			continue
		}
		c.bytes.Add(ds[i].Raw.Size)
		switch {
		case o.Rule != "":
			c.withheld.Add(1)
		default:
			c.stored.Add(1)
			if o.New {
				c.fresh.Add(1)
			}
		}
	}
}

// fail notes that a mail could not be stored.
func (p *pipeline) fail(ctx context.Context, j *job, cause error) {
	p.s.counts.failed.Add(1)
	_, err := p.s.o.Store.Fail(ctx, j.folder, j.epoch, []crm.Failure{{UID: j.uid, Reason: cause.Error(), Raw: j.raw}})
	if err != nil && !errors.Is(err, context.Canceled) {
		p.s.o.Log.Error("a failure could not be noted; the mail stays due", "folder", j.folder, "uid", j.uid, "err", err)
	}
	p.drop(j)
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
