package main

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
)

// threadRules are the values of --by.
var threadRules = []string{string(crm.ThreadKaveri), string(crm.ThreadHeaders), string(crm.ThreadReferences), string(crm.ThreadOrderedSubject)}

func (p *program) threadsCommand() *cobra.Command {
	var by string
	var lists bool
	c := p.reads(&cobra.Command{
		Use: "threads FILE...", Short: "Sort the mails of files into conversations, without a database; mbox, Maildir, folders and - too",
		Long: "Sort the mails of files into conversations, without a database. A file is an mbox or a mail, a folder is a Maildir or holds such files, - is standard input.\n" +
			"Only headers are read, so an mbox may be of any size.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.threads(c.Context(), args, by, lists) },
	})
	c.Flags().StringVar(&by, "by", threadRules[0], "the rules: kaveri; headers (References and In-Reply-To alone); references or orderedsubject (RFC 5256)")
	c.Flags().BoolVar(&lists, "lists", false, "let replies on discussion lists join by subject as well, when they do not say what they answer")
	return c
}

func (p *program) threads(ctx context.Context, names []string, by string, lists bool) error {
	if !slices.Contains(threadRules, by) {
		return misused("--by: %q is unknown; choose one of %s", by, strings.Join(threadRules, ", "))
	}
	b := p.bar("threads")
	defer b.end()
	mails := threadFiles{names: map[string]string{}}
	failed := 0
	read := ingest.HeaderReader{
		Stdin: p.stdin,
		Found: func(f ingest.FoundMail) error {
			mails.add(f)
			if n := len(mails.mails); n%1000 == 0 {
				b.say("threads: %d mails", n)
				b.of(int64(n), 0)
			}
			return nil
		},
		Bad: func(err error) {
			failed++
			p.notef("kaveri: %s\n", sentence(err))
		},
	}
	for _, name := range names {
		before := len(mails.mails) + failed
		if err := read.Read(ctx, name); err != nil {
			return err
		}
		if len(mails.mails)+failed == before { // a folder: of a file one or the other is told
			failed++
			p.notef("kaveri: %s\n", sentence(noFiles(name)))
		}
	}
	b.say("threads: sorting %d mails", len(mails.mails))
	for i, t := range crm.Threads(mails.mails, crm.ThreadOptions{Rule: crm.ThreadRule(by), Lists: lists}) {
		if err := p.printThread(i+1, t, &mails); err != nil {
			return err
		}
	}
	return readOutcome(len(mails.mails), failed)
}

// threadFiles holds what is kept of the mails of files, and strings that many
// mails have in common but once.
type threadFiles struct {
	mails []crm.ThreadMail
	files []string
	dated []jsonTime // the Date field, which a From line does not replace
	names map[string]string
}

func (t *threadFiles) add(f ingest.FoundMail) {
	m := f.Envelope.ThreadMail(f.At, len(t.mails))
	m.MessageID, m.Subject = t.once(m.MessageID), t.once(m.Subject)
	m.Author = crm.Address(t.once(string(m.Author)))
	for i, r := range m.Recipients {
		m.Recipients[i] = crm.Address(t.once(string(r)))
	}
	for _, ids := range [2][]string{m.References, m.InReplyTo} {
		for i, id := range ids {
			ids[i] = t.once(id)
		}
	}
	t.mails = append(t.mails, m)
	t.files = append(t.files, f.File)
	t.dated = append(t.dated, jsonTime(f.Envelope.Date))
}

// once gives a copy of s that is the same for all equal strings, and keeps no
// larger one alive.
func (t *threadFiles) once(s string) string {
	if kept, ok := t.names[s]; ok {
		return kept
	}
	s = strings.Clone(s)
	t.names[s] = s
	return s
}

// threadJSON is a conversation in JSON.
type threadJSON struct {
	Thread      int              `json:"thread"`
	BaseSubject string           `json:"base_subject"`
	Messages    []threadMailJSON `json:"messages"`
}

type threadMailJSON struct {
	MessageID string         `json:"message_id"`
	Parent    *string        `json:"parent"`
	File      string         `json:"file"`
	Date      jsonTime       `json:"date"`
	Link      crm.ThreadLink `json:"link"`
	Topic     bool           `json:"topic"`
}

func (p *program) printThread(number int, t crm.Thread, mails *threadFiles) error {
	if !p.json {
		p.printTree(number, t, mails)
		return nil
	}
	j := threadJSON{Thread: number, BaseSubject: t.BaseSubject, Messages: []threadMailJSON{}}
	for _, n := range t.Nodes {
		if n.Mail < 0 {
			continue
		}
		m := threadMailJSON{MessageID: n.MessageID, File: mails.files[n.Mail], Date: mails.dated[n.Mail], Link: n.Link, Topic: n.Topic}
		if n.Parent >= 0 && t.Nodes[n.Parent].Mail >= 0 && t.Nodes[n.Parent].MessageID != "" {
			m.Parent = &t.Nodes[n.Parent].MessageID
		}
		j.Messages = append(j.Messages, m)
	}
	return p.printJSON(j)
}

// maxIndent bounds how far the tree goes to the right, in levels.
const maxIndent = 20

func (p *program) printTree(number int, t crm.Thread, mails *threadFiles) {
	p.printf("%d  %s\n", number, cell(t.BaseSubject))
	for _, n := range t.Nodes {
		p.printf("   %s", strings.Repeat("  ", min(n.Depth, maxIndent)))
		if n.Mail < 0 {
			p.printf("(not here: %s)\n", cell(n.MessageID))
			continue
		}
		m := &mails.mails[n.Mail]
		p.printf("%s  %s", p.when(m.Date), cell(string(m.Author)))
		switch {
		case n.Topic:
			p.printf("  new topic: %s", cell(m.Subject))
		case n.Link == crm.LinkSubject, n.Link == crm.LinkDuplicate:
			p.printf("  (by %s)", n.Link)
		}
		p.printf("  %s\n", printable(mails.files[n.Mail]))
	}
}
