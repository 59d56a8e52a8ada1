package main

import (
	"context"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kaveri/crm"
	"kaveri/ingest"
	"kaveri/ingest/absence"
	"kaveri/ingest/bounce"
	"kaveri/ingest/language"
	"kaveri/ingest/parse"
	"kaveri/ingest/signature"
)

// maxInspect bounds a mail that is inspected, in bytes.
const maxInspect = 256 << 20

func (p *program) inspectCommand() *cobra.Command {
	var body bool
	c := p.reads(&cobra.Command{
		Use: "inspect FILE...", Short: "Say what Kaveri reads from mail files, without a database; folders and - too",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.inspect(c.Context(), args, body)
		},
	})
	c.Flags().BoolVar(&body, "body", false, "the file is a bare text body, not a message")
	return c
}

// inspectedJSON is a mail as it was read, in JSON (the "inspect object").
type inspectedJSON struct {
	File           string           `json:"file"`
	MessageID      string           `json:"message_id"`
	Date           jsonTime         `json:"date"`
	Subject        string           `json:"subject"`
	From           party            `json:"from"`
	To             []party          `json:"to"`
	Cc             []party          `json:"cc"`
	ReplyTo        []party          `json:"reply_to"`
	InReplyTo      string           `json:"in_reply_to"`
	References     []string         `json:"references"`
	Text           string           `json:"text"`
	TextSource     string           `json:"text_source"`
	NewText        string           `json:"new_text"` // what this author wrote anew
	Quoted         bool             `json:"quoted"`
	Signature      string           `json:"signature"`
	SignatureFacts []signature.Fact `json:"signature_facts"`
	HTML           bool             `json:"html"`
	Attachments    []attachmentJSON `json:"attachments"`
	CharsetGuessed bool             `json:"charset_guessed"`
	Lossy          bool             `json:"lossy"`
	Defects        []string         `json:"defects"`
	Class          crm.Class        `json:"class"`
	ClassReasons   []string         `json:"class_reasons"`
	Language       string           `json:"language"` // of new_text, ISO 639-1; "" when it cannot be told
	Bounce         *bounceJSON      `json:"bounce"`
	Complaint      *complaintJSON   `json:"complaint"`
	Absence        *absenceJSON     `json:"absence"`
}

type attachmentJSON struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Inline bool   `json:"inline"`
}

func inspectedOf(file string, m *crm.Message) inspectedJSON {
	j := inspectedJSON{File: file, MessageID: m.MessageID, Date: jsonTime(m.Date), Subject: m.Subject, To: partiesOf(m.To), Cc: partiesOf(m.Cc), ReplyTo: partiesOf(m.ReplyTo),
		References: orEmpty(m.References), Text: m.Text, TextSource: m.TextSource,
		NewText: m.NewText, Quoted: m.Quoted, Signature: m.Signature, HTML: m.HTML != "", Attachments: []attachmentJSON{},
		CharsetGuessed: m.CharsetGuessed, Lossy: m.Lossy, Defects: orEmpty(m.Defects), Class: m.Class, ClassReasons: orEmpty(m.ClassReasons)}
	j.Bounce, j.Complaint, j.Absence = bounceOf(m.Bounce), complaintOf(m.Complaint), absenceOf(m.Absence)
	j.Language, _ = language.Of(m.NewText)
	j.SignatureFacts = orEmpty(signature.Of(m, j.Language))
	if len(m.From) > 0 {
		j.From = partyOf(m.From[0])
	}
	if len(m.InReplyTo) > 0 {
		j.InReplyTo = m.InReplyTo[0]
	}
	for _, a := range m.Attachments {
		j.Attachments = append(j.Attachments, attachmentJSON{a.Name, a.Type, a.Size, hex.EncodeToString(a.SHA256[:]), a.Inline})
	}
	return j
}

func (p *program) inspect(ctx context.Context, names []string, body bool) error {
	read := parse.Message
	if body {
		read = parse.Body
	}
	done, failed := 0, 0
	one := func(name string) error {
		raw, err := p.readFile(ctx, name, maxInspect)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && !body {
			err = ingest.NoMail(shownName(name), raw)
		}
		if err != nil {
			failed++
			p.notef("kaveri: %s\n", sentence(err))
			return ctx.Err()
		}
		done++
		if mails, cut := ingest.MboxMails(raw); mails > 1 && !body {
			failed++
			p.notef("kaveri: %s\n", sentence(several(name, mails, cut)))
		}
		m := read(raw)
		m.Bounce, m.Complaint = bounce.Read(raw, m)
		m.Absence = absence.Read(m)
		if err := p.printInspected(name, m); err != nil {
			return err
		}
		return ctx.Err()
	}
	for _, name := range names {
		before := done + failed
		if err := eachFile(name, one); err != nil {
			return err
		}
		if done+failed == before {
			failed++
			p.notef("kaveri: %s\n", sentence(noFiles(name)))
		}
	}
	return readOutcome(done, failed)
}

// noFiles says that a folder has nothing to read.
func noFiles(name string) error { return crm.Invalid("file", "%s has no files in it", name) }

// several says that a file is an mbox, of which a mail is but the first part.
func several(name string, mails int, cut bool) error {
	end := ""
	if cut {
		end = " and the last is cut off"
	}
	return crm.Invalid("file", "%s is an mbox of %d mails%s; they are read as one here: kaveri threads and kaveri import mbox part them", name, mails, end)
}

// readOutcome is how a verb ends that reads many files, of which some could not
// be read and were named.
func readOutcome(done, failed int) error {
	switch {
	case failed > 0 && done == 0:
		return failure("nothing could be read")
	case failed > 0:
		return partly("%s could not be read whole", plural(failed, "file", "files"))
	}
	return nil
}

// eachFile calls do for a file, or for all files beneath a folder in the order
// of their names.
func eachFile(name string, do func(string) error) error {
	info, err := os.Stat(name)
	if name == "-" || err != nil || !info.IsDir() {
		return do(name)
	}
	return filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return do(path) // says what is wrong with it
		}
		if !d.Type().IsRegular() {
			return nil
		}
		return do(path)
	})
}

func (p *program) printInspected(name string, m *crm.Message) error {
	j := inspectedOf(name, m)
	if p.json {
		return p.printJSON(j)
	}
	line := func(what, text string) {
		if text != "" {
			p.printf("%-12s %s\n", what, printable(text))
		}
	}
	line("file", name)
	line("message-id", m.MessageID)
	if !m.Date.IsZero() {
		line("date", p.when(m.Date))
	}
	line("subject", m.Subject)
	for _, who := range []struct {
		what string
		list []crm.Party
	}{{"from", m.From}, {"to", m.To}, {"cc", m.Cc}, {"reply-to", m.ReplyTo}} {
		for _, q := range who.list {
			line(who.what, strings.TrimSpace(q.Name+" <"+addressOf(q)+">"))
		}
	}
	line("language", j.Language)
	line("class", string(m.Class)+" "+strings.Join(m.ClassReasons, ", "))
	for _, f := range j.SignatureFacts {
		line("signs with", string(f.Kind)+" "+f.Value)
	}
	j.Bounce.each(line)
	j.Absence.each(line)
	line("defects", strings.Join(m.Defects, ", "))
	for _, a := range j.Attachments {
		line("attachment", a.Name+" ("+a.Type+", "+bytesOf(a.Size)+")")
	}
	for l := range strings.Lines("\n" + m.Text) {
		io.WriteString(p.stdout, printable(strings.TrimRight(l, "\n"))+"\n")
	}
	p.printf("\n")
	return nil
}
