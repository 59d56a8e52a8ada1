package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/campaigns"
	"kaveri/crm"
)

// sendFlags are the flags of send.
type sendFlags struct {
	template, audience, sender, policy, topic string
	dryRun, again                             bool
	clicks, opens                             *bool // nil: as the firm has it
}

// sending is what send needs of the part of the program that knows the ledger
// and the mail servers.
type sending interface {
	// Firm gives the topics, and whether clicks and opens are counted.
	Firm(ctx context.Context) (crm.Firm, error)
	// Rendering gives the keys of links and the public address.
	Rendering(ctx context.Context) (campaigns.RendererOptions, error)
	// Route gives the sender for mail from an address, or the one that is named.
	// That none may send it is an error of kind [crm.KindInvalid] whose text says
	// which senders there are.
	Route(ctx context.Context, from crm.Address, name string) (crm.Sender, error)
	// Unsigned says in a sentence why mail from the address would bear no DKIM
	// signature that verifies, "" when it would.
	Unsigned(ctx context.Context, from crm.Address) (string, error)
	// Try signs in to a sender. That it takes no mail before a person has acted is
	// an error of kind [crm.KindInvalid]; what may pass is said in a sentence.
	Try(ctx context.Context, s crm.Sender) (string, error)
	// Suppressed gives, of these addresses, those that mailings about a topic
	// ("": none) must not go to.
	Suppressed(ctx context.Context, addresses []crm.Address, topic string) (map[crm.Address]crm.Suppression, error)
	// Launch puts a mailing with its recipients on the ledger and sends until
	// none is open. An error among the recipients ends it before anything is
	// sent. progress is told how many are in which state.
	Launch(ctx context.Context, m crm.Mailing, recipients iter.Seq2[crm.Dispatch, error], progress func(crm.Recipients)) (crm.MailingID, crm.Recipients, error)
	// Doubtful names the dispatches of a mailing that may have been sent or not.
	Doubtful(ctx context.Context, id crm.MailingID, each func(crm.Dispatch) error) error
	// Close ends it.
	Close() error
}

func (p *program) sendCommand() *cobra.Command {
	var f sendFlags
	var clicks, opens bool
	c := p.reads(&cobra.Command{
		Use: "send --template FILE --audience CSV", Short: "Write to everybody in a file; what is wrong is told before anything is sent",
		Long: "Write to everybody in a file. Template, rows, missing values, sender and signature are checked first: what is wrong is told by its row\n" +
			"or field, what is good goes. --dry-run stops after the checks. The same command again goes on where it was interrupted; nobody gets\n" +
			"a mail twice.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for name, to := range map[string]struct {
				flag **bool
				says *bool
			}{"clicks": {&f.clicks, &clicks}, "opens": {&f.opens, &opens}} {
				if c.Flags().Changed(name) {
					*to.flag = to.says
				}
			}
			return p.send(c.Context(), f, p.openSending)
		},
	})
	c.Flags().StringVar(&f.template, "template", "", "file with Subject, From, an empty line and the text; see docs/cli.md")
	c.Flags().StringVar(&f.audience, "audience", "", "CSV file with a column of addresses; - for standard input")
	c.Flags().StringVar(&f.sender, "sender", "", "name of the sender (default: by the domain of From)")
	c.Flags().StringVar(&f.policy, "policy", "", "for mails that may have been sent or not: hold, resend-once or verify (default hold)")
	c.Flags().StringVar(&f.topic, "topic", "", "what it is about, of kaveri topic list: who does not want that gets no mail")
	c.Flags().BoolVar(&clicks, "clicks", false, "lead the links of the HTML over the public address, so that clicks are counted (default: firm set --track-clicks)")
	c.Flags().BoolVar(&opens, "opens", false, "put a picture in that tells when it is fetched (default: firm set --track-opens)")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "check and show, send nothing")
	c.Flags().BoolVar(&f.again, "again", false, "send although this letter went to this audience before")
	c.MarkFlagRequired("template")
	c.MarkFlagRequired("audience")
	return c
}

// send checks, shows, and launches what is good.
func (p *program) send(ctx context.Context, f sendFlags, open func(context.Context) (sending, error)) error {
	doubt, err := crm.ParseDoubtPolicy(f.policy)
	if err != nil {
		return err
	}
	l, err := p.readLetter(ctx, f.template)
	var wrong campaigns.SyntaxErrors
	if errors.As(err, &wrong) {
		return p.toldErrors(f.template, wrong)
	}
	if err != nil {
		return err
	}
	file, err := p.openTwice(ctx, "audience", "a CSV file", f.audience)
	if err != nil {
		return err
	}
	defer file.Close()
	mark, err := f.mark(l, file)
	if err != nil {
		return err
	}
	s, err := open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	m := crm.Mailing{Kind: crm.MailingAudience, Name: l.Texts.Subject.Outline(), From: l.From, ReplyTo: l.ReplyTo, ListID: l.ListID, Template: l.Template,
		Mark: mark, Doubt: doubt, State: crm.MailingRunning, Start: p.now(), Created: p.now()}
	if err := f.tracking(ctx, s, l, &m); err != nil {
		return err
	}
	pre := &preflight{sending: s, letter: l, mailing: m, file: file, out: map[int]bool{}}
	if err := pre.run(ctx, f.sender); err != nil {
		return err
	}
	p.noteLeftOut(pre)
	j := pre.json(f)
	if !p.json {
		p.printPreflight(j)
	}
	if !f.dryRun && pre.report.Good > 0 {
		if err := p.launch(ctx, pre, &j); err != nil {
			return err
		}
	}
	if p.json {
		if err := p.printJSON(j); err != nil {
			return err
		}
	}
	return sendOutcome(j)
}

// tracking decides what the mailing is about and what is counted of it.
func (f *sendFlags) tracking(ctx context.Context, s sending, l *campaigns.Letter, m *crm.Mailing) error {
	firm, err := s.Firm(ctx)
	if err != nil {
		return err
	}
	m.Topic = strings.ToLower(strings.TrimSpace(f.topic))
	if _, ok := firm.Topic(m.Topic); m.Topic != "" && !ok {
		return noTopic(&firm, m.Topic)
	}
	o, err := s.Rendering(ctx)
	if err != nil {
		return err
	}
	asked := func(flag *bool, usual bool) bool {
		if flag == nil {
			return usual
		}
		return *flag
	}
	clicks, opens := asked(f.clicks, firm.TrackClicks), asked(f.opens, firm.TrackOpens)
	switch {
	case !clicks && !opens:
		return nil
	case o.PublicURL == "" && (f.clicks != nil && *f.clicks || f.opens != nil && *f.opens):
		return crm.Invalid("public address", "clicks and opens are counted at your public address, and none is known: kaveri firm set --public-url https://mail.example.com")
	case o.PublicURL == "" || l.Texts.HTML == nil:
		return nil
	}
	m.Opens = opens
	if clicks {
		m.Links = campaigns.CountedLinks(m.Template, o.PublicURL)
	}
	return nil
}

// mark names the letter and the audience: the same command after an
// interruption finds its mailing by it.
func (f *sendFlags) mark(l *campaigns.Letter, file io.ReadSeeker) (string, error) {
	sum := sha256.New()
	for _, s := range []string{l.From.Display(), string(l.From.Address), string(l.ReplyTo.Address), l.Template.Subject, l.Template.Text, l.Template.HTML} {
		fmt.Fprintf(sum, "%d:%s", len(s), s)
	}
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	if f.again {
		fmt.Fprint(sum, rand.Text())
	}
	_, err := file.Seek(0, io.SeekStart)
	return "send " + hex.EncodeToString(sum.Sum(nil)[:16]), err
}

// launch hands the good rows over, and waits until none is open.
func (p *program) launch(ctx context.Context, pre *preflight, j *sendJSON) error {
	b := p.bar("mails")
	defer b.end()
	id, done, err := pre.sending.Launch(ctx, pre.mailing, pre.recipients(), func(r crm.Recipients) {
		b.of(int64(r.Total()-r.Open()), int64(pre.report.Good))
	})
	if err != nil {
		return err
	}
	j.Mailing, j.Recipients = id, done
	if !p.json {
		p.printf("Mailing %d:", id)
		for _, state := range crm.DispatchStates {
			if done[state] > 0 {
				p.printf(" %d %s", done[state], state)
			}
		}
		p.printf("\n")
	}
	if done[crm.Unknown] > 0 && !p.json {
		p.printf("In doubt, taken by the server or not (kaveri mailing settle says which):\n")
		return pre.sending.Doubtful(ctx, id, func(d crm.Dispatch) error {
			p.printf("  %d  %s, since %s\n", d.ID, d.Address, p.when(d.Changed))
			return nil
		})
	}
	return nil
}

// sendOutcome is how send ends. What is in doubt may have been sent.
func sendOutcome(j sendJSON) error {
	notSent, doubtful := 0, j.Recipients[crm.Unknown]
	for state, n := range j.Recipients {
		if state != crm.Sent && state != crm.Unknown {
			notSent += n
		}
	}
	var parts []string
	if notSent > 0 {
		parts = append(parts, plural(notSent, "mail was not sent", "mails were not sent"))
	}
	if doubtful > 0 {
		parts = append(parts, plural(doubtful, "mail is in doubt", "mails are in doubt"))
	}
	switch {
	case j.Good == 0:
		return crm.Invalid("audience", "nobody is left to write to; each row that is left out is named above")
	case len(parts) > 0:
		if j.LeftOut > 0 {
			parts = append(parts, plural(j.LeftOut, "row was left out", "rows were left out"))
		}
		return partly("%s", strings.Join(parts, "; "))
	case j.LeftOut > 0:
		return partly("%s left out; mend what can be mended and send to them alone", plural(j.LeftOut, "row was", "rows were"))
	}
	return nil
}
