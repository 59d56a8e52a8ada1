package main

import (
	"context"
	"crypto/x509"
	"errors"
	"iter"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kaveri/campaigns"
	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/outbound"
	"kaveri/outbound/compose"
	"kaveri/store"
)

// post introduces what sends to what remembers: one for each process that may
// send.
type post struct {
	service  *outbound.Service
	resolver *outbound.Resolver
	guard    *outbound.Guard
	filer    *outbound.Filer
	courier  *outbound.Courier
}

// newPost makes the services; nothing is sent before run.
func (p *program) newPost(ctx context.Context, s *store.Store) (*post, error) {
	mailings, err := newRenderer(ctx, s)
	if err != nil {
		return nil, err
	}
	renderer := outbound.Kinds{Direct: outbound.Direct{Drafts: s}, Mailing: mailings}
	composer, folders := compose.New(s, p.now), &ingest.SentFolders{Store: s, Now: p.now}
	courier := outbound.NewCourier(outbound.CourierOptions{Roots: p.roots(), Now: p.now})
	return &post{
		courier: courier,
		service: outbound.New(outbound.Options{
			Ledger: s, Renderer: renderer, Composer: composer, Keyring: s.Keyring(), Courier: courier, Log: p.log, Now: p.now,
			Spread: rand.Float64, Provider: outbound.NewProviders(nil).Of,
		}),
		resolver: &outbound.Resolver{Ledger: s, Sent: folders, Keyring: s.Keyring(), Now: p.now, Every: time.Minute, Log: p.log},
		guard:    &outbound.Guard{Ledger: s, Every: 20 * time.Second, Log: p.log},
		filer:    &outbound.Filer{Ledger: s, Sent: folders, Renderer: renderer, Composer: composer, Keyring: s.Keyring(), Now: p.now, Every: 2 * time.Second, Log: p.log},
	}, nil
}

// liveRenderer renders mailings by what the firm says now: a process that sends
// runs for weeks, and the address of the public pages may change meanwhile.
type liveRenderer struct {
	store *store.Store

	mu       sync.Mutex
	firm     crm.Firm
	asked    time.Time
	renderer *campaigns.Renderer
}

// firmFor is how long a firm's settings are taken for those of now.
const firmFor = 2 * time.Second

// newRenderer makes the renderer of mailings.
func newRenderer(ctx context.Context, s *store.Store) (*liveRenderer, error) {
	r := &liveRenderer{store: s}
	_, err := r.now(ctx)
	return r, err
}

// now gives a renderer by the present settings.
func (r *liveRenderer) now(ctx context.Context) (*campaigns.Renderer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.renderer != nil && time.Since(r.asked) < firmFor {
		return r.renderer, nil
	}
	firm, err := r.store.Firm(ctx)
	if err != nil {
		return nil, err
	}
	r.asked = time.Now()
	if r.renderer != nil && firm.PublicURL == r.firm.PublicURL && firm.Language == r.firm.Language {
		return r.renderer, nil
	}
	made, err := campaigns.NewRenderer(rendering(r.store, &firm))
	if err != nil {
		return nil, err
	}
	r.renderer, r.firm = made, firm
	return made, nil
}

// Render makes the mail of a dispatch.
func (r *liveRenderer) Render(ctx context.Context, m *crm.Mailing, d *crm.Dispatch) (*crm.Draft, error) {
	made, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	return made.Render(ctx, m, d)
}

// Copy makes the mail as its hosted copy shows it.
func (r *liveRenderer) Copy(ctx context.Context, m *crm.Mailing, d *crm.Dispatch) (*crm.Draft, error) {
	made, err := r.now(ctx)
	if err != nil {
		return nil, err
	}
	return made.Copy(ctx, m, d)
}

func rendering(s *store.Store, firm *crm.Firm) campaigns.RendererOptions {
	return campaigns.RendererOptions{Keys: s.Keyring(), PublicURL: firm.PublicURL, Language: firm.Language, Surveys: func(name string) crm.SurveyID {
		id, err := s.SurveyID(context.Background(), name)
		if err != nil {
			return 0
		}
		return id
	}}
}

// run sends until ctx ends and what is under way has come to its end.
func (o *post) run(ctx context.Context) error {
	defer o.courier.Close()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return o.service.Run(ctx) })
	g.Go(func() error { return o.resolver.Run(ctx) })
	g.Go(func() error { return o.guard.Run(ctx) })
	g.Go(func() error { return o.filer.Run(ctx) })
	return g.Wait()
}

// roots are the certificates that are believed besides the system's, from a
// file that KAVERI_ROOTS names: for firms with a certificate authority of their
// own.
func (p *program) roots() *x509.CertPool {
	name := p.getenv("KAVERI_ROOTS")
	if name == "" {
		return nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if pem, err := os.ReadFile(name); err != nil || !pool.AppendCertsFromPEM(pem) {
		p.log.Warn("the file of certificates is not used", "file", name, "err", err)
	}
	return pool
}

// mailroom is [sending] over the store.
type mailroom struct {
	p    *program
	s    *store.Store
	firm crm.Firm
}

// openSending opens what send needs.
func (p *program) openSending(ctx context.Context) (sending, error) {
	s, err := p.open(ctx)
	if err != nil {
		return nil, err
	}
	firm, err := s.Firm(ctx)
	if err != nil {
		s.Close()
		return nil, err
	}
	return &mailroom{p: p, s: s, firm: firm}, nil
}

// Close ends it.
func (o *mailroom) Close() error { return o.s.Close() }

// Firm gives the topics, and whether clicks and opens are counted.
func (o *mailroom) Firm(context.Context) (crm.Firm, error) { return o.firm, nil }

// Rendering gives the keys of links and the public address.
func (o *mailroom) Rendering(context.Context) (campaigns.RendererOptions, error) {
	return rendering(o.s, &o.firm), nil
}

// Route gives the sender for mail from an address, or the one that is named.
func (o *mailroom) Route(ctx context.Context, from crm.Address, name string) (crm.Sender, error) {
	all, err := o.s.Senders(ctx)
	if err != nil {
		return crm.Sender{}, err
	}
	return routed(all, from, name)
}

// routed is [mailroom.Route] among these senders, in the order in which they are
// tried.
func routed(all []crm.Sender, from crm.Address, name string) (crm.Sender, error) {
	var names, off []string
	for _, s := range all {
		if name == "" && s.Serves(from) || name != "" && strings.EqualFold(s.Name, name) {
			return s, mayRoute(&s, from)
		}
		if s.Disabled && s.Fits(from) {
			off = append(off, s.Name)
		}
		names = append(names, s.Name)
	}
	switch {
	case len(all) == 0:
		return crm.Sender{}, crm.Invalid("sender", "there is no mail server to send through; add one: kaveri sender add NAME --host HOST")
	case name != "":
		return crm.Sender{}, crm.Invalid("sender", "no sender is called %q; there are: %s", name, strings.Join(names, ", "))
	case len(off) > 0:
		return crm.Sender{}, crm.Invalid("sender", "%s would send for %s and is switched off; switch it on: kaveri sender set %s --on", off[0], from.Domain(), off[0])
	}
	return crm.Sender{}, crm.Invalid("sender", "no sender may send for %s; there are: %s; add the domain to one: kaveri sender set NAME --domain %s", from.Domain(), strings.Join(names, ", "), from.Domain())
}

// mayRoute says why a sender that somebody has named cannot be taken.
func mayRoute(s *crm.Sender, from crm.Address) error {
	switch {
	case !s.Fits(from):
		return crm.Invalid("sender", "%s may not send for %s: add the domain to it (kaveri sender set %s --domain %s), or name another", s.Name, from.Domain(), s.Name, from.Domain())
	case s.Disabled:
		return crm.Invalid("sender", "%s is switched off; switch it on: kaveri sender set %s --on, or name another", s.Name, s.Name)
	}
	return nil
}

// tryTime is how long a sender, or DNS about a key, may take before a mailing.
const (
	tryTime = 20 * time.Second
	dnsTime = 3 * time.Second
)

// Try signs in to a sender and says what is wrong with it: an error when a person
// has to act before anything can leave, a sentence when it may pass.
func (o *mailroom) Try(ctx context.Context, s crm.Sender) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	err := o.p.senderCourier().Try(ctx, s)
	switch {
	case err == nil:
		return "", nil
	case crm.KindOf(err) == crm.KindUnavailable, errors.Is(err, context.DeadlineExceeded):
		return s.Name + " does not take mail just now (" + sentence(err) + "); mail waits until it does", nil
	}
	return "", crm.Invalid("sender", "%s takes no mail: %s; mend it with kaveri sender set %s, or name another", s.Name, sentence(err), s.Name)
}

// Unsigned says why mail from the address would bear no signature that
// verifies.
func (o *mailroom) Unsigned(ctx context.Context, from crm.Address) (string, error) {
	domain := from.Domain()
	keys, err := o.s.DKIMKeys(ctx, crm.SystemViewer, "")
	if err != nil {
		return "", err
	}
	signers := crm.SignersOf(keys, domain)
	if len(signers) == 0 {
		return "mail from " + domain + " is not signed (DKIM): kaveri dkim new " + domain + " makes the keys", nil
	}
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	for _, k := range signers {
		shown, err := net.DefaultResolver.LookupTXT(ctx, k.RecordName())
		if err != nil || k.RecordIn(shown) != crm.DKIMRecordShown {
			return "DNS does not show the key " + k.RecordName() + ", so the signature does not verify: kaveri dkim show " + k.Domain + " prints the record", nil
		}
	}
	return "", nil
}

// Suppressed gives those of the addresses that mailings about a topic must not
// go to.
func (o *mailroom) Suppressed(ctx context.Context, addresses []crm.Address, topic string) (map[crm.Address]crm.Suppression, error) {
	out := map[crm.Address]crm.Suppression{}
	for _, a := range addresses {
		s, stopped, err := o.s.IsSuppressed(ctx, a, crm.MailingAudience, topic)
		if err != nil {
			return nil, err
		}
		if stopped {
			out[a] = s
		}
	}
	return out, nil
}

// Launch puts a mailing on the ledger, or finds the one that was put there by
// the same letter and audience before, and sends until nothing of it can be
// sent any more.
func (o *mailroom) Launch(ctx context.Context, m crm.Mailing, recipients iter.Seq2[crm.Dispatch, error], progress func(crm.Recipients)) (crm.MailingID, crm.Recipients, error) {
	if why, err := o.s.SendingHeld(ctx); err != nil {
		return 0, nil, err
	} else if why != "" {
		return 0, nil, &crm.Error{Kind: crm.KindForbidden, Field: "database", Text: why + "; if this is the only copy, say so: kaveri sender confirm"}
	}
	id, err := o.enlist(ctx, m, recipients)
	if err != nil {
		return id, nil, err
	}
	return o.finish(ctx, id, progress)
}

func (o *mailroom) enlist(ctx context.Context, m crm.Mailing, recipients iter.Seq2[crm.Dispatch, error]) (crm.MailingID, error) {
	v := crm.SystemViewer
	was, err := o.s.MailingByMark(ctx, v, m.Mark)
	switch {
	case crm.KindOf(err) == crm.KindNotFound:
	case err != nil:
		return 0, err
	case was.Finished() || was.State == crm.MailingStopped:
		return was.ID, inConflict("audience", "this letter was sent to this audience before (mailing %d, %s); to send it once more give --again", was.ID, o.p.when(was.Created))
	case was.State == crm.MailingPaused || was.State == crm.MailingHeld:
		return was.ID, inConflict("mailing", "mailing %d is %s: %s; to go on: kaveri mailing resume %d", was.ID, was.State, was.Reason, was.ID)
	case was.State == crm.MailingRunning:
		return was.ID, o.goOn(ctx, &was.Mailing, &m)
	default: // a draft that was cut short
		m.ID = was.ID
	}
	m.Start = time.Time{} // at once
	made, _, err := o.s.AddMailing(ctx, v, m, func(yield func(crm.Recipient, error) bool) {
		for d, err := range recipients {
			if !yield(crm.Recipient{Address: d.Address, Name: d.Name, Contact: d.Contact, Fields: d.Fields}, err) {
				return
			}
		}
	}, nil)
	if err != nil {
		return made.ID, err
	}
	return made.ID, o.s.StartMailing(ctx, v, made.ID)
}

// goOn goes on with a mailing, by the sender and policy that the command names
// now.
func (o *mailroom) goOn(ctx context.Context, was, m *crm.Mailing) error {
	doubt := was.Doubt
	if m.Doubt != crm.DoubtHold { // which is also what nothing said means
		doubt = m.Doubt
	}
	o.p.notef("Going on with mailing %d of %s; policy for doubts: %s.\n", was.ID, o.p.when(was.Created), doubt)
	if m.Sender == was.Sender && doubt == was.Doubt {
		return nil
	}
	return o.s.RerouteMailing(ctx, crm.SystemViewer, was.ID, m.Sender, doubt)
}

// finish sends, here or by the process that has the right to, until nothing of
// the mailing waits to be sent.
func (o *mailroom) finish(ctx context.Context, id crm.MailingID, progress func(crm.Recipients)) (crm.MailingID, crm.Recipients, error) {
	post, err := o.p.newPost(ctx, o.s)
	if err != nil {
		return id, nil, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- post.run(running) }()
	counts, err := o.watch(ctx, id, post, progress)
	stop()
	if e := <-ended; err == nil {
		err = e
	}
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	// What was under way when sending stopped has come to its end.
	if last, e := o.s.MailingCounts(context.WithoutCancel(ctx), crm.SystemViewer, id); e == nil {
		counts = last
	}
	return id, counts, err
}

// watch tells the progress until nothing can be sent any more: what is in doubt
// waits for a person unless the mailing's policy settles it.
func (o *mailroom) watch(ctx context.Context, id crm.MailingID, post *post, progress func(crm.Recipients)) (crm.Recipients, error) {
	said := ""
	for tick := time.NewTicker(200 * time.Millisecond); ; {
		row, err := o.s.ReadMailing(ctx, crm.SystemViewer, id)
		if err != nil {
			return nil, err
		}
		progress(row.Recipients)
		waiting := row.Recipients.Open()
		if row.Doubt == crm.DoubtHold {
			waiting -= row.Recipients[crm.Unknown]
		}
		switch {
		case waiting == 0:
			return row.Recipients, nil
		case row.State == crm.MailingPaused || row.State == crm.MailingHeld:
			return row.Recipients, inConflict("mailing", "mailing %d is %s: %s; to go on: kaveri mailing resume %d", id, row.State, row.Reason, id)
		}
		if wait, err := o.s.MailingWaits(ctx, crm.SystemViewer, id); err != nil {
			return row.Recipients, err
		} else if wait.N > 0 && wait.N >= waiting {
			o.p.notef("%s put off until %s: %s. kaveri serve sends them then, or the same command again.\n", plural(wait.N, "mail is", "mails are"), o.p.when(wait.Until), wait.Reason)
			return row.Recipients, nil
		}
		if why := post.service.Status().Problem; why != "" && why != said {
			said = why
			o.p.notef("Mail waits: %s.\n", strings.TrimSuffix(why, "."))
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return row.Recipients, nil
		case <-tick.C:
		}
	}
}

// Doubtful names the dispatches of a mailing that are in doubt.
func (o *mailroom) Doubtful(ctx context.Context, id crm.MailingID, do func(crm.Dispatch) error) error {
	return eachPage(func(page crm.PageKey) ([]crm.Dispatch, crm.PageKey, error) {
		return o.s.Dispatches(ctx, crm.SystemViewer, id, crm.Unknown, page, 500)
	}, do)
}
