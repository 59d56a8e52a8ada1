package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/dropbox"
	"kaveri/store"
)

// dropping is what the flags of serve say about the dropbox.
type dropping struct {
	listen            string // "": there is none
	lmtp              bool
	domains, networks []string
	certFile, keyFile string

	trusted []netip.Prefix
}

func (o *dropping) flags(f *pflag.FlagSet) {
	f.StringVar(&o.listen, "dropbox", "", "address and port, or unix:PATH, where bounces, copies, notes and journals are taken by SMTP; none without")
	f.BoolVar(&o.lmtp, "dropbox-lmtp", false, "speak LMTP there, to a mail server of your own")
	f.StringSliceVar(&o.domains, "dropbox-domain", nil, "domains whose mail the dropbox takes")
	f.StringSliceVar(&o.networks, "dropbox-trust", nil, "networks of your own mail servers, such as 10.0.0.0/8: the journal is taken from there, and their word for who writes")
	f.StringVar(&o.certFile, "dropbox-cert", "", "certificate for STARTTLS, with its chain (PEM); read anew for each connection")
	f.StringVar(&o.keyFile, "dropbox-key", "", "its private key (PEM)")
}

// check reads the flags.
func (o *dropping) check() error {
	if o.listen == "" {
		if o.lmtp || len(o.domains)+len(o.networks) > 0 || o.certFile+o.keyFile != "" {
			return misused("--dropbox: name the address at which the dropbox listens, such as :25")
		}
		return nil
	}
	if len(o.domains) == 0 {
		return misused("--dropbox-domain: name the domain whose mail comes to the dropbox")
	}
	for i, d := range o.domains {
		n, err := crm.ParseDomain(d)
		if err != nil {
			return misused("--dropbox-domain: %q is not a domain; write it like drop.example.com", d)
		}
		o.domains[i] = n
	}
	for _, n := range o.networks {
		p, err := netip.ParsePrefix(n)
		if err != nil {
			return misused("--dropbox-trust: %q is not a network; write it like 10.0.0.0/8 or 192.0.2.7/32", n)
		}
		o.trusted = append(o.trusted, p.Masked())
	}
	if (o.certFile == "") != (o.keyFile == "") {
		return misused("--dropbox-cert and --dropbox-key go together")
	}
	return nil
}

// open listens and gives the service, nil when there is to be none.
func (o *dropping) open(ctx context.Context, p *program, s *store.Store, keeper *ingest.Keeper) (*dropbox.Service, net.Listener, error) {
	if o.listen == "" {
		return nil, nil, nil
	}
	certificate, err := o.certificate()
	if err != nil {
		return nil, nil, err
	}
	firm, err := s.Firm(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, d := range o.domains {
		if !firm.Internal(crm.Address("x@" + d)) {
			p.log.Warn("the domain of the dropbox is not one of your firm's; name it with kaveri firm set --domain", "domain", d)
		}
	}
	l, err := o.bind(ctx)
	if err != nil {
		return nil, nil, err
	}
	return dropbox.New(dropbox.Options{
		Keeper:  &dropKeeper{s: s, keeper: keeper, system: dropbox.CopyAddress(o.domains[0])},
		Keyring: s.Keyring(), Domains: o.domains, LMTP: o.lmtp, TLS: certificate, Trusted: o.trusted, Log: p.log, Now: p.now,
	}), l, nil
}

// certificate reads the files now, so that a mistake is told at once, and
// later again: certificates are renewed while Kaveri runs.
func (o *dropping) certificate() (*tls.Config, error) {
	if o.certFile == "" {
		return nil, nil
	}
	load := func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c, err := tls.LoadX509KeyPair(o.certFile, o.keyFile)
		return &c, err
	}
	if _, err := load(nil); err != nil {
		return nil, crm.Invalid("dropbox-cert", "the certificate of the dropbox cannot be used: %v", err)
	}
	return &tls.Config{GetCertificate: load, MinVersion: tls.VersionTLS12}, nil
}

// bind listens at the address, or on a socket of this machine.
func (o *dropping) bind(ctx context.Context) (net.Listener, error) {
	path, unix := strings.CutPrefix(o.listen, "unix:")
	if !unix {
		return listen(ctx, "dropbox", o.listen)
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err == nil {
		err = os.Chmod(path, 0o660) // whoever may write to it is believed
	}
	if err != nil {
		return nil, crm.Invalid("dropbox", "the socket %s cannot be made: %s", path, lastPart(err))
	}
	return l, nil
}

// removeStale removes a socket that a process which died has left behind.
func removeStale(path string) error {
	st, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || st.Mode().Type() != fs.ModeSocket {
		return crm.Invalid("dropbox", "%s is there and is no socket", path)
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return inConflict("dropbox", "somebody listens on %s already; another Kaveri may be running: end it, or name another path", path)
	}
	return os.Remove(path)
}

// dropKeeper introduces the dropbox to capture and store.
type dropKeeper struct {
	s      *store.Store
	keeper *ingest.Keeper
	system crm.Address // of the account that owns what is nobody's
}

var _ dropbox.Keeper = (*dropKeeper)(nil)

// Keep captures a mail: what was dropped for a colleague into that colleague's
// dropbox, reports and journal into the system's. Reports and what a colleague
// wants on the timeline are kept whatever the policy, the journal by it.
func (k *dropKeeper) Keep(ctx context.Context, m dropbox.Mail) error {
	owner, err := k.owner(ctx, m.By)
	if err != nil {
		return err
	}
	policy := crm.PolicyAll
	if m.Kind == dropbox.KindJournal {
		policy = "" // the firm's
	}
	_, err = k.keeper.Keep(ctx, ingest.Dropped{Raw: m.Raw, Owner: owner, Policy: policy, At: m.At})
	return err
}

// owner gives the colleague, or the system's own account.
func (k *dropKeeper) owner(ctx context.Context, by crm.StaffID) (crm.Staff, error) {
	for range 2 { // another process may make it meanwhile
		staff, err := k.s.Staff(ctx)
		if err != nil {
			return crm.Staff{}, err
		}
		for _, u := range staff {
			if by != 0 && u.ID == by || by == 0 && u.Address == k.system {
				return u, nil
			}
		}
		if by != 0 || len(staff) == 0 {
			return crm.Staff{}, crm.Unavailable(nil, "nobody works here yet")
		}
		// Nobody signs in with it; it holds mail that is no colleague's own.
		u, err := k.s.AddStaff(ctx, crm.SystemViewer, crm.Staff{Name: "Kaveri", Address: k.system, Disabled: true}, rand.Text())
		if crm.KindOf(err) != crm.KindConflict {
			return u, err
		}
	}
	return crm.Staff{}, inConflict("dropbox", "the account %s cannot be made: a colleague has its address; kaveri user list shows them", k.system)
}

// Note adds a note, and the wishes that it tells of (crm.WishesInNote). What is
// there already stays one, so that a mail sent again mends what was cut short.
func (k *dropKeeper) Note(ctx context.Context, c crm.CustomerID, by crm.StaffID, text string, at time.Time) error {
	v := crm.Viewer{Staff: by}
	n, err := k.s.AddNote(ctx, v, crm.Note{Customer: c, Body: text, At: at})
	if err != nil {
		return err
	}
	for _, w := range crm.WishesInNote(text) {
		w.Customer, w.Note, w.At = n.Customer, n.ID, n.At
		if _, err := k.s.AddWish(ctx, v, w); err != nil {
			return err
		}
	}
	return nil
}

// Colleague finds who works here under an address, or has a mailbox with it.
func (k *dropKeeper) Colleague(ctx context.Context, a crm.Address) (crm.Staff, bool, error) {
	staff, err := k.s.Staff(ctx)
	if err != nil {
		return crm.Staff{}, false, err
	}
	boxes, err := k.s.Mailboxes(ctx, crm.SystemViewer)
	if err != nil {
		return crm.Staff{}, false, err
	}
	for _, u := range staff {
		own := u.Address == a || slices.ContainsFunc(boxes, func(m crm.Mailbox) bool { return m.Staff == u.ID && m.Address == a })
		if own && !u.Disabled {
			return u, true, nil
		}
	}
	return crm.Staff{}, false, nil
}

// Forged asks the firm's settings.
func (k *dropKeeper) Forged(ctx context.Context, noted []crm.AuthResult) (bool, error) {
	firm, err := k.s.Firm(ctx)
	return err == nil && firm.Forged(noted), err
}

// SignIn checks a colleague's password.
func (k *dropKeeper) SignIn(ctx context.Context, name, password string) (crm.Staff, error) {
	return k.s.SignIn(ctx, name, password)
}
