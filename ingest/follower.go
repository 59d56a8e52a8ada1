package ingest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"

	"kaveri/crm"
)

// follower follows one mailbox until it is cancelled.
type follower struct {
	s      *Service
	m      crm.Mailbox
	cancel context.CancelFunc
	done   chan struct{}
	looked bool // the last round of polls found something to read
}

func (s *Service) follow(ctx context.Context, m crm.Mailbox) *follower {
	ctx, cancel := context.WithCancel(ctx)
	f := &follower{s: s, m: m, cancel: cancel, done: make(chan struct{})}
	go f.run(ctx)
	return f
}

// same reports whether the mailbox still has the settings that f follows.
func (f *follower) same(m crm.Mailbox) bool {
	return m.Host == f.m.Host && m.Port == f.m.Port && m.Security == f.m.Security && m.Username == f.m.Username && m.Password == f.m.Password &&
		slices.Equal(m.Folders.Include, f.m.Folders.Include) && slices.Equal(m.Folders.Exclude, f.m.Folders.Exclude) && slices.Equal(m.Folders.Closed, f.m.Folders.Closed)
}

const (
	maxBackoff    = 5 * time.Minute
	refusedRetest = time.Hour // a refused login is tried again rarely: the account must not be locked
)

// run tries for ever. Only a refused login asks for a human, and even that is
// tested again now and then, for providers refuse logins while they are ill.
func (f *follower) run(ctx context.Context) {
	defer close(f.done)
	wait := f.s.o.Backoff
	for ctx.Err() == nil {
		began := time.Now()
		err := f.guarded(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > wait {
			wait = f.s.o.Backoff // it had worked for a while
		}
		rest := wait/2 + rand.N(wait) // jitter: mailboxes of one server must not come back together
		state := crm.MailboxRetrying
		if crm.KindOf(err) == crm.KindForbidden {
			state, rest = crm.MailboxRefused, refusedRetest
		}
		f.s.o.Log.Warn("mailbox in trouble", "mailbox", f.m.Address, "state", state, "err", err, "again_in", rest.Round(time.Millisecond))
		f.state(ctx, state, sentence(err))
		sleep(ctx, rest)
		wait = min(2*wait, maxBackoff)
	}
}

// sentence says what is wrong, for people.
func sentence(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Text
	}
	return "the connection broke: " + err.Error()
}

func (f *follower) state(ctx context.Context, state crm.MailboxState, problem string) {
	seen := time.Time{}
	if state == crm.MailboxFollowed {
		seen = f.s.o.Now()
	}
	if err := f.s.o.Store.SetMailboxState(ctx, f.m.ID, state, problem, seen); err != nil && ctx.Err() == nil {
		f.s.o.Log.Error("a mailbox's state cannot be saved", "mailbox", f.m.Address, "err", err)
	}
}

// guarded turns a panic into an error of this mailbox alone.
func (f *follower) guarded(ctx context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			f.s.o.Log.Error("a follower panicked", "mailbox", f.m.Address, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("an internal fault: %v", r)
		}
	}()
	return f.session(ctx)
}

// session is one life of the connections: it ends with the first that breaks.
func (f *follower) session(ctx context.Context) error {
	main, err := dial(ctx, f.m, f.s.o.Patience)
	if err != nil {
		return err
	}
	defer main.close()
	folders, err := f.s.folders(ctx, main, f.m)
	if err != nil {
		return err
	}
	f.state(ctx, crm.MailboxFollowed, "")

	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	errs := make(chan error, 3)
	run := func(do func() error) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			errs <- do()
		}()
	}
	pushes := main.Caps().Has(imap.CapIdle) || main.Caps().Has(imap.CapIMAP4rev2)
	for _, folder := range folders {
		if pushes && (folder.Name == "INBOX" || folder.Use == "sent") {
			run(func() error {
				err := f.idle(ctx, folder)
				if refused(err) { // polling goes on, and says so
					<-ctx.Done()
				}
				return err
			})
		}
	}
	run(func() error { return f.poll(ctx, main, folders) })
	err = <-errs
	cancel()
	wg.Wait()
	return err
}

// folders lists the mailbox's folders and gives the captured ones with their
// cursors, INBOX and Sent first.
func (s *Service) folders(ctx context.Context, on *session, m crm.Mailbox) ([]crm.Folder, error) {
	found, err := on.list()
	if err != nil {
		return nil, err
	}
	var listed []crm.Folder
	for _, f := range found {
		listed = append(listed, crm.Folder{Name: f.Name, Use: f.Use, Enabled: m.Folders.Capture(f.Name, f.Use)})
	}
	all, err := s.o.Store.SyncFolders(ctx, m.ID, listed)
	if err != nil {
		return nil, err
	}
	var out []crm.Folder
	for _, f := range all {
		if f.Enabled && slices.ContainsFunc(listed, func(l crm.Folder) bool { return l.Name == f.Name }) {
			out = append(out, f)
		}
	}
	rank := func(f crm.Folder) int {
		switch {
		case f.Name == "INBOX":
			return 0
		case f.Use == "sent":
			return 1
		}
		return 2
	}
	slices.SortStableFunc(out, func(a, b crm.Folder) int { return rank(a) - rank(b) })
	return out, nil
}

// once reads a mailbox until nothing is due.
func (s *Service) once(ctx context.Context, m crm.Mailbox) error {
	var err error
	for try := range 3 {
		if err = s.onceOver(ctx, m); err == nil || ctx.Err() != nil || crm.KindOf(err) == crm.KindForbidden || crm.KindOf(err) == crm.KindInvalid {
			break
		}
		sleep(ctx, s.o.Backoff<<try)
	}
	f := &follower{s: s, m: m}
	if err == nil {
		f.state(ctx, crm.MailboxFollowed, "")
		return nil
	}
	state := crm.MailboxRetrying
	if crm.KindOf(err) == crm.KindForbidden {
		state = crm.MailboxRefused
	}
	f.state(ctx, state, sentence(err))
	return fmt.Errorf("%s: %w", m.Address, err)
}

func (s *Service) onceOver(ctx context.Context, m crm.Mailbox) error {
	on, err := dial(ctx, m, s.o.Patience)
	if err != nil {
		return err
	}
	defer on.close()
	folders, err := s.folders(ctx, on, m)
	if err != nil {
		return err
	}
	return s.twoPasses(ctx, on, folders)
}

// twoPasses reads the envelopes of all folders and then the bodies of all: who
// writes to whom is known before the first body is fetched.
func (s *Service) twoPasses(ctx context.Context, on *session, folders []crm.Folder) error {
	firm, err := s.o.Store.Firm(ctx)
	if err != nil {
		return err
	}
	var passes []*pass
	var shut []error // folders that the server does not open; the others are read
	for _, folder := range folders {
		p := &pass{s: s, on: on, folder: folder, bare: firm.Policy == crm.PolicyAll}
		err := p.examine(ctx)
		if err == nil {
			err = p.envelopes(ctx)
		}
		switch {
		case err == nil:
			passes = append(passes, p)
		case refused(err):
			shut = append(shut, err)
		default:
			return err
		}
	}
	f := &flight{}
	defer f.Wait()
	for _, p := range passes {
		if due, err := s.o.Store.Due(ctx, p.folder.ID, p.folder.UIDValidity, 1); err != nil || len(due) == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if on.where != p.folder.Name {
			if err := p.examine(ctx); refused(err) {
				shut = append(shut, err)
				continue
			} else if err != nil {
				return err
			}
		}
		if err := p.sweep(ctx, f); err != nil {
			return err
		}
	}
	return errors.Join(shut...)
}

// refused reports that the server answered NO: the command failed and the
// session goes on.
func refused(err error) bool {
	var e *imap.Error
	return errors.As(err, &e) && e.Type == imap.StatusResponseTypeNo
}

// poll is the main connection: history first, then every folder each time the
// poll is due. What the server says of a folder decides whether it is opened;
// every hundredth look opens it in any case.
func (f *follower) poll(ctx context.Context, on *session, folders []crm.Folder) error {
	problem := ""
	shut := func(err error) bool {
		if refused(err) {
			problem = sentence(err)
		}
		return refused(err)
	}
	if err := f.s.twoPasses(ctx, on, folders); err != nil && !shut(err) {
		return err
	}
	// The first census follows the history, so that the mailbox's page can say
	// at once what it holds and where it went.
	if _, err := f.s.takeCensus(ctx, on, folders, f.m); err != nil && !shut(err) {
		return err
	}
	last := map[crm.FolderID]imap.StatusData{}
	for round := 1; ; round++ {
		f.state(ctx, crm.MailboxFollowed, problem)
		problem = ""
		f.looked = false
		sleep(ctx, f.s.o.Poll*9/10+rand.N(f.s.o.Poll/5))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if round%30 == 0 { // new folders, folders switched on
			var err error
			if folders, err = f.s.folders(ctx, on, f.m); err != nil {
				return err
			}
		}
		for _, folder := range folders {
			if err := f.pollFolder(ctx, on, folder, last, round%100 == 0); err != nil && !shut(err) {
				return err
			}
		}
		if f.looked { // the mailbox's page must not go on showing what was
			if _, err := f.s.takeCensus(ctx, on, folders, f.m); err != nil && !shut(err) {
				return err
			}
		}
	}
}

func (f *follower) pollFolder(ctx context.Context, on *session, folder crm.Folder, last map[crm.FolderID]imap.StatusData, always bool) error {
	defer on.await()()
	if err := on.leave(folder.Name); err != nil {
		return err
	}
	o := &imap.StatusOptions{NumMessages: true, UIDNext: true, UIDValidity: true, HighestModSeq: on.Caps().Has(imap.CapCondStore)}
	st, err := on.Status(folder.Name, o).Wait()
	if err != nil {
		var e *imap.Error
		if errors.As(err, &e) && e.Type == imap.StatusResponseTypeNo {
			return nil // the folder is gone or closed to us; the next listing tells
		}
		return err
	}
	was, seen := last[folder.ID]
	changed := !seen || was.UIDNext != st.UIDNext || was.UIDValidity != st.UIDValidity || num(was.NumMessages) != num(st.NumMessages)
	if !changed && !always {
		due, err := f.s.o.Store.Due(ctx, folder.ID, st.UIDValidity, 1)
		if err != nil || len(due) == 0 {
			return err
		}
	}
	f.looked = true
	now, err := f.s.current(ctx, folder)
	if err != nil {
		return err
	}
	if err := (&pass{s: f.s, on: on, folder: now, thorough: always}).look(ctx); err != nil {
		return err
	}
	last[folder.ID] = *st
	return nil
}

// leave closes the examined folder when it is the one named, for STATUS must
// not be asked of it: RFC 9051 §6.3.11. Dovecot answers with what the session
// saw last, for ever. Without UNSELECT, a NOOP brings the session up to date.
func (s *session) leave(name string) error {
	if s.where != name {
		return nil
	}
	if !s.Caps().Has(imap.CapUnselect) && !s.Caps().Has(imap.CapIMAP4rev2) {
		return s.Noop().Wait()
	}
	s.where = ""
	return s.Unselect().Wait()
}

func num(n *uint32) uint32 {
	if n == nil {
		return 0
	}
	return *n
}

// current gives the folder with its cursor as it stands now: another
// connection may have moved it.
func (s *Service) current(ctx context.Context, folder crm.Folder) (crm.Folder, error) {
	all, err := s.o.Store.Folders(ctx, folder.Mailbox)
	if err != nil {
		return folder, err
	}
	for _, f := range all {
		if f.ID == folder.ID {
			return f, nil
		}
	}
	return folder, crm.NotFound("the folder %s is not known", folder.Name)
}

// idle is a live connection: it waits for news of one folder and fetches it at
// once, ahead of any backfill. RFC 2177 §3 asks for a new IDLE within 29
// minutes; network gear forgets quiet connections sooner.
func (f *follower) idle(ctx context.Context, folder crm.Folder) error {
	on, err := dial(ctx, f.m, f.s.o.Patience)
	if err != nil {
		return err
	}
	defer on.close()
	// What came since this connection looked last is new to it, whoever has
	// listed it meanwhile: the stored cursor moves with every look of the others.
	var seen, epoch uint32
	for ctx.Err() == nil {
		now, err := f.s.current(ctx, folder)
		if err != nil {
			return err
		}
		p := &pass{s: f.s, on: on, folder: now, live: true}
		if on.where == "" || now.Low == 0 {
			if err := p.examine(ctx); err != nil {
				return err
			}
		}
		if epoch != p.folder.UIDValidity {
			epoch, seen = p.folder.UIDValidity, p.folder.High
		}
		if err := p.envelopes(ctx); err != nil {
			return err
		}
		if err := p.newBodies(ctx, seen); err != nil {
			return err
		}
		seen = p.folder.High
		if err := f.wait(ctx, on); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// wait issues IDLE and returns when the folder has changed or it is time to
// issue it anew; a NOOP then proves that the connection lives.
func (f *follower) wait(ctx context.Context, on *session) error {
	defer on.await()()
	cmd, err := on.Idle()
	if err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	on.conn.expect(f.s.o.Idle + f.s.o.Quiet)
	timer := time.NewTimer(f.s.o.Idle)
	defer timer.Stop()
	select {
	case <-on.news:
	case <-timer.C:
	case <-ctx.Done():
	case <-on.Closed():
	}
	on.conn.expect(f.s.o.Quiet)
	if err := cmd.Close(); err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("idle: %w", err)
	}
	return on.Noop().Wait()
}

// newBodies fetches what is due above a UID: the live connection leaves the
// history to the main one.
func (p *pass) newBodies(ctx context.Context, above uint32) error {
	due, err := p.s.o.Store.Due(ctx, p.folder.ID, p.folder.UIDValidity, bodyChunk)
	if err != nil {
		return err
	}
	due = slices.DeleteFunc(due, func(d crm.Due) bool { return d.UID <= above })
	if len(due) == 0 {
		return nil
	}
	f := &flight{}
	defer f.Wait()
	return p.fetchDue(ctx, f, due)
}
