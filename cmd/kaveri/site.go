package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"kaveri/campaigns/segments"
	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/dropbox"
	"kaveri/ingest/enrich"
	"kaveri/ingest/parse"
	"kaveri/insight/buying"
	"kaveri/insight/standing"
	"kaveri/store"
	"kaveri/web"
)

// site is one running Kaveri: pages and followers over one store. serve runs
// one, and the sample company is another.
type site struct {
	listener net.Listener
	pages    *http.Server
	hangUp   context.CancelFunc // ends live connections, which have no end of their own
	follower *ingest.Service
	enrich   enrich.Options
	store    *store.Store
	baskets  *buying.Service
	ordered  chan struct{}    // wakes baskets
	drop     *dropbox.Service // nil: nothing is dropped here
	door     net.Listener     // of drop
	post     *post            // nil: nothing is sent from here
	public   *publicSite      // nil: there is none
	log      *slog.Logger
	now      func() time.Time
}

// newSite introduces the services to each other. The listener is open when it
// returns, so an address may be given away before run.
func newSite(s *store.Store, l net.Listener, log *slog.Logger, now func() time.Time, o web.Options) (*site, error) {
	follower := ingest.New(ingest.Options{Store: s, Log: log, Now: now})
	o.Store, o.Reader, o.Connector, o.Ledger, o.Loyalty, o.Wishes, o.Intake, o.Team, o.Log, o.Now = wakingStore{s, follower.Wake}, reader{}, connector{}, s, s, s, s, s, log, now
	o.Clock = standing.New(standing.Options{Store: s, Log: log, Now: now})
	o.Drafts, o.Postbox = s, newPostbox(s, now)
	ordered := make(chan struct{}, 1)
	baskets := buying.New(buying.Options{Store: s, Log: log, Now: now, Wake: ordered})
	o.Baskets = baskets
	site := &site{store: s, listener: l, follower: follower, enrich: enrich.Options{Store: s, Busy: follower.Busy, Log: log}, log: log, now: now, baskets: baskets, ordered: ordered}
	o.Waiting = site.waiting
	mailings, err := newRenderer(context.Background(), s)
	if err != nil {
		return nil, err
	}
	o.Segments, o.Campaigns, o.Campaigner = s, s, campaigner{newRunner(s, mailings, log, now), s, now}
	handler, err := web.New(o)
	if err != nil {
		return nil, err
	}
	live, hangUp := context.WithCancel(context.Background())
	site.hangUp = hangUp
	site.pages = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return live },
	}
	return site, nil
}

// waiting says why mail waits that this process could send.
func (s *site) waiting() string {
	if s.post == nil {
		return ""
	}
	if st := s.post.service.Status(); !st.Other {
		return st.Problem
	}
	return ""
}

// stopTimeout is how long requests under way may take once the end has come.
const stopTimeout = 10 * time.Second

// run serves until ctx ends, then stops in order: first the pages, so that
// nothing new begins, then the followers and the dropbox, which record what is in flight. The
// store is closed by its owner.
func (s *site) run(ctx context.Context) error {
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, inner := errgroup.WithContext(inner)
	g.Go(func() error { return quiet(s.follower.Run(inner)) })
	g.Go(func() error { return enrich.Run(inner, s.enrich) })
	g.Go(func() error { return s.rank(inner) })
	g.Go(func() error {
		return segments.New(segments.Options{Store: s.store, Log: s.log, Now: s.now}).Run(inner)
	})
	g.Go(func() error { return s.baskets.Run(inner) })
	g.Go(func() error { return s.recount(inner) })
	if s.drop != nil {
		g.Go(func() error { return s.drop.Serve(inner, s.door) })
	}
	if s.post != nil {
		g.Go(func() error { return s.post.run(inner) })
	}
	g.Go(func() error {
		defer stop()
		return s.servePages(ctx, inner)
	})
	if s.public != nil {
		g.Go(func() error { return s.public.serve(inner) })
	}
	return g.Wait()
}

// rank keeps the loyalty ladder; an order wakes it, and what looks at baskets.
func (s *site) rank(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	go func() {
		for e := range s.store.Subscribe(ctx) {
			if e.Kind != "order" {
				continue
			}
			for _, c := range []chan struct{}{wake, s.ordered} {
				select {
				case c <- struct{}{}:
				default: // it will look anyway
				}
			}
		}
	}()
	return standing.New(standing.Options{Store: s.store, Log: s.log, Now: s.now, Wake: wake}).Run(ctx)
}

// recountEvery is how often mail is counted that nobody has asked about.
const recountEvery = 10 * time.Second

// recount keeps what waits for an answer up to date, so that who asks after much
// mail has come need not wait for it.
func (s *site) recount(ctx context.Context) error {
	for {
		if err := s.store.Recount(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("what waits for an answer cannot be counted just now; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(recountEvery):
		}
	}
}

// servePages serves until one of the contexts ends.
func (s *site) servePages(ctx, broken context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- s.pages.Serve(s.listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	case <-broken.Done():
	}
	s.hangUp()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := s.pages.Shutdown(end); err != nil {
		s.pages.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// quiet takes the end that was asked for as no error.
func quiet(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// listen opens an address, which a flag has named.
func listen(ctx context.Context, flag, address string) (net.Listener, error) {
	if err := checkListen(flag, address); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &crm.Error{Kind: crm.KindConflict, Field: flag, Err: err,
			Text: address + " cannot be listened on (" + lastPart(err) + "); another Kaveri may be running, or choose another address with --" + flag}
	}
	return l, nil
}

func checkListen(flag, address string) error {
	if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
		return misused("--%s: %q is not an address; write it like 127.0.0.1:8900", flag, address)
	}
	return nil
}

// lastPart is the plain reason at the end of a chain of errors.
func lastPart(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		return text[i+2:]
	}
	return text
}

// wakingStore is the store as the pages use it: a mailbox that is added is
// followed at once.
type wakingStore struct {
	*store.Store
	wake func()
}

var _ web.Store = wakingStore{}

// AddMailbox adds a mailbox and wakes the followers.
func (s wakingStore) AddMailbox(ctx context.Context, v crm.Viewer, m crm.Mailbox) (crm.Mailbox, error) {
	defer s.wake()
	return s.Store.AddMailbox(ctx, v, m)
}

// RemoveMailbox removes a mailbox and wakes the followers.
func (s wakingStore) RemoveMailbox(ctx context.Context, v crm.Viewer, id crm.MailboxID) error {
	defer s.wake()
	return s.Store.RemoveMailbox(ctx, v, id)
}

// AddExclusion excludes something and wakes the followers: it may be a folder.
func (s wakingStore) AddExclusion(ctx context.Context, v crm.Viewer, e crm.Exclusion) (crm.Exclusion, crm.ExclusionEffect, error) {
	defer s.wake()
	return s.Store.AddExclusion(ctx, v, e)
}

// RemoveExclusion takes an exclusion back and wakes the followers.
func (s wakingStore) RemoveExclusion(ctx context.Context, v crm.Viewer, id crm.ExclusionID) error {
	defer s.wake()
	return s.Store.RemoveExclusion(ctx, v, id)
}

// reader reads raw mail for the pages.
type reader struct{}

// Open parses a mail.
func (reader) Open(raw []byte) *crm.Message { return parse.Captured(raw) }

// Part gives the bytes of a part.
func (reader) Part(raw []byte, path string) ([]byte, error) {
	data, _, err := parse.Part(raw, path)
	return data, err
}

// Inline gives the part with a Content-ID.
func (reader) Inline(raw []byte, contentID string) ([]byte, string, error) {
	data, a, err := parse.ByContentID(raw, contentID)
	return data, a.Type, err
}

// connector finds and tries mail servers for the pages. What is wrong is said
// at a field of their form, so that people can mend it there.
type connector struct{}

// Discover gives the servers that this version can connect.
func (connector) Discover(ctx context.Context, a crm.Address) ([]crm.Mailbox, error) {
	found, err := ingest.Discover(ctx, a)
	if err != nil {
		return nil, atField(err, "host")
	}
	var able []crm.Mailbox
	for _, m := range found {
		if m.Problem == "" {
			able = append(able, m)
		}
	}
	if len(able) == 0 && len(found) > 0 {
		return nil, crm.Invalid("address", "%s", found[0].Problem)
	}
	return able, nil
}

// Try signs in.
func (connector) Try(ctx context.Context, m crm.Mailbox) error {
	if err := ingest.Try(ctx, m); err != nil {
		return atField(advised(m, err), "host")
	}
	return nil
}

// atField makes an error about a mail server one about a form: at its own
// field, or at field when it names none that the form has.
func atField(err error, field string) error {
	var e *crm.Error
	if !errors.As(err, &e) || e.Kind == crm.KindInternal {
		return err
	}
	out := *e
	if out.Kind != crm.KindUnavailable {
		out.Kind = crm.KindInvalid // a refusal by that server, not by us
	}
	if out.Field == "" || out.Field == "server" {
		out.Field = field
	}
	return &out
}
