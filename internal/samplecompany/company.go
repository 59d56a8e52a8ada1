package samplecompany

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-smtp"

	"kaveri/internal/mailgen"
)

// Options say how the company starts. The zero value is a demo on free ports.
type Options struct {
	Seed     uint64           // of the mail; the same seed and time give the same mail
	Now      func() time.Time // nil means time.Now
	IMAPAddr string           // a loopback address and port; empty means a free port of 127.0.0.1
	SMTPAddr string           // the same
	Every    time.Duration    // between new mails in Run; 0 means 20 seconds
	Password string           // of every account; empty means a random one for this start
}

// An Account is the mailbox of one member of staff.
type Account struct {
	Name     string
	Role     string
	Address  string
	Username string // for IMAP and SMTP; it is the address
	Password string
}

// A Company is the running sample company.
type Company struct {
	options  Options
	accounts []Account

	mutex sync.Mutex // guards firm
	firm  *mailgen.Firm

	imap     *imapserver.Server
	users    map[string]*imapmemserver.User // by local part
	imapAddr string
	smtp     *smtp.Server
	sink     *sink
	smtpAddr string

	serving sync.WaitGroup
	close   func() error
}

// Start makes the mail, fills the mailboxes and serves them until ctx ends or Close is called.
func Start(ctx context.Context, o Options) (*Company, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every <= 0 {
		o.Every = 20 * time.Second
	}
	if o.Password == "" {
		o.Password = rand.Text()
	}
	c := &Company{options: o, firm: mailgen.Company(o.Seed, o.Now()), users: map[string]*imapmemserver.User{}}
	if err := c.fill(); err != nil {
		return nil, err
	}
	if err := c.serve(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// fill opens the accounts and puts the mail of the past into them.
func (c *Company) fill() error {
	for _, p := range c.firm.Staff {
		a := Account{Name: p.Name, Role: p.Role, Address: p.Addresses[0], Username: p.Addresses[0], Password: c.options.Password}
		c.accounts = append(c.accounts, a)
		u := imapmemserver.NewUser(a.Username, a.Password)
		for _, f := range folders {
			if err := u.Create(f.name, nil); err != nil {
				return fmt.Errorf("create %s of %s: %w", f.name, a.Username, err)
			}
		}
		c.users[p.User()] = u
	}
	for _, d := range c.firm.Mail {
		if err := c.deliver(d); err != nil {
			return err
		}
	}
	c.firm.Mail = nil // the mailboxes have it now
	return nil
}

func (c *Company) deliver(d mailgen.Delivery) error {
	u, ok := c.users[d.User]
	if !ok {
		return fmt.Errorf("deliver mail %d: nobody is called %s", d.Message, d.User)
	}
	o := &imap.AppendOptions{Time: d.Date}
	if d.Seen {
		o.Flags = []imap.Flag{imap.FlagSeen}
	}
	if _, err := u.Append(d.Folder, bytes.NewReader(d.Raw), o); err != nil {
		return fmt.Errorf("deliver mail %d to %s of %s: %w", d.Message, d.Folder, d.User, err)
	}
	return nil
}

// serve opens both listeners before it serves either, so that a port in use leaves nothing behind.
func (c *Company) serve(ctx context.Context) error {
	imapListener, err := listen(ctx, c.options.IMAPAddr)
	if err != nil {
		return fmt.Errorf("IMAP: %w", err)
	}
	smtpListener, err := listen(ctx, c.options.SMTPAddr)
	if err != nil {
		imapListener.Close()
		return fmt.Errorf("SMTP: %w", err)
	}
	c.imapAddr, c.smtpAddr = imapListener.Addr().String(), smtpListener.Addr().String()
	c.imap = c.newIMAP(uint32(c.options.Now().Unix()))
	c.sink = newSink(c.options.Now, c.accounts)
	c.smtp = newSMTP(c.sink, c.firm.Domain)
	// The errors of Serve are those of a closed listener; the clients see everything else.
	c.serving.Go(func() { c.imap.Serve(imapListener) })
	c.serving.Go(func() { c.smtp.Serve(smtpListener) })
	c.close = sync.OnceValue(func() error {
		err := errors.Join(c.imap.Close(), c.smtp.Close())
		imapListener.Close() // again: a Serve that has not begun yet was not told, nor a connection just accepted
		smtpListener.Close()
		c.serving.Wait()
		return err
	})
	context.AfterFunc(ctx, func() { c.close() })
	return nil
}

// Run delivers a new mail at once and then one each Every, until ctx ends. It returns nil then.
func (c *Company) Run(ctx context.Context) error {
	tick := time.NewTicker(c.options.Every)
	defer tick.Stop()
	for ctx.Err() == nil {
		if _, err := c.Arrive(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

// Arrive lets the next mail arrive now, and tells what arrived: always something in an INBOX, sometimes an answer in a
// colleague's Sent besides.
func (c *Company) Arrive() ([]mailgen.Delivery, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	mails := c.firm.Next(c.options.Now())
	for _, d := range mails {
		if err := c.deliver(d); err != nil {
			return nil, err
		}
	}
	return mails, nil
}

// Close stops the servers and cuts their connections. It may be called more than once.
func (c *Company) Close() error { return c.close() }

// Accounts are the mailboxes, in the order of the firm's list of staff.
func (c *Company) Accounts() []Account { return append([]Account{}, c.accounts...) }

// IMAPAddr is where the IMAP server listens: a host and a port, without TLS.
func (c *Company) IMAPAddr() string { return c.imapAddr }

// SMTPAddr is where the SMTP server listens: a host and a port, without TLS.
func (c *Company) SMTPAddr() string { return c.smtpAddr }

// FirmName is the name of the sample company.
func (c *Company) FirmName() string { return c.firm.Name }

// Domain is the sample company's own mail domain.
func (c *Company) Domain() string { return c.firm.Domain }

// SharedAddress is the address on the web site, which two of the staff receive.
func (c *Company) SharedAddress() string { return c.firm.Shared }

// Customers are all who have written or will write.
func (c *Company) Customers() []mailgen.Person {
	return append([]mailgen.Person{}, c.firm.Customers...)
}
