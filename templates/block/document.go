package block

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"kaveri/crm"
)

// Document is a mail made of blocks.
type Document struct {
	Subject string `json:"subject"`
	// Preview is what lists of mails show behind the subject.
	Preview string  `json:"preview,omitempty"`
	Accent  string  `json:"accent,omitempty"` // of buttons and links, "#14532d"; "" the usual one
	Blocks  []Block `json:"blocks"`
}

// Block is one piece of a mail.
type Block struct {
	Kind  Kind   `json:"kind"`
	Text  string `json:"text,omitempty"`  // words; of a button its label, of a picture its alternative text
	URL   string `json:"url,omitempty"`   // of a button, a picture: where it leads; may be a tag
	Image string `json:"image,omitempty"` // address of a picture
	Width int    `json:"width,omitempty"` // of a picture, in pixels; 0: the whole column
	// If is the condition under which the block is there, in the language of
	// merge tags; "": always.
	If    string  `json:"if,omitempty"`
	Left  []Block `json:"left,omitempty"`  // of columns
	Right []Block `json:"right,omitempty"` // of columns
}

// Kind is what a block is.
type Kind string

// The kinds.
const (
	Heading Kind = "heading"
	Text    Kind = "text"
	Quote   Kind = "quote" // words of the customer's
	Button  Kind = "button"
	Image   Kind = "image"
	Divider Kind = "divider"
	Columns Kind = "columns"
	Picks   Kind = "picks" // products that go with what they bought
)

// Kinds lists the kinds as an editor offers them.
var Kinds = []Kind{Heading, Text, Button, Image, Quote, Picks, Columns, Divider}

// The bounds of a document.
const (
	MaxBlocks = 60
	maxWords  = 20_000
	column    = 600 // pixels
)

// usualAccent is dark enough for white words: 9.1:1.
const usualAccent = "#14532d"

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Parse reads a document from JSON, and validates it.
func Parse(b []byte) (*Document, error) {
	var d Document
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, crm.Invalid("blocks", "this is not a mail made of blocks: %s", err)
	}
	return &d, d.Validate()
}

// Validate normalises a document. Errors are of kind [crm.KindInvalid] and name
// the block as in "blocks.3.url"; blocks of a column as in "blocks.3.left.1.text".
func (d *Document) Validate() error {
	d.Subject, d.Preview = strings.TrimSpace(d.Subject), strings.TrimSpace(d.Preview)
	if d.Subject == "" {
		return crm.Invalid("subject", "a mail needs a subject")
	}
	if strings.ContainsAny(d.Subject+d.Preview, "\r\n\x00") {
		return crm.Invalid("subject", "it has a line break; write it on one line")
	}
	if d.Accent != "" && !hexColour.MatchString(d.Accent) {
		return crm.Invalid("accent", "%q is not a colour; write it like #14532d", d.Accent)
	}
	if len(d.Blocks) == 0 {
		return crm.Invalid("blocks", "the mail is empty; add a text")
	}
	n := 0
	return validate(d.Blocks, "blocks", true, &n)
}

func validate(list []Block, field string, columns bool, n *int) error {
	for i := range list {
		if *n++; *n > MaxBlocks {
			return crm.Invalid("blocks", "a mail has at most %d blocks", MaxBlocks)
		}
		at := fmt.Sprintf("%s.%d", field, i+1)
		if err := list[i].validate(at, columns); err != nil {
			return err
		}
		if err := validate(list[i].Left, at+".left", false, n); err != nil {
			return err
		}
		if err := validate(list[i].Right, at+".right", false, n); err != nil {
			return err
		}
	}
	return nil
}

func (b *Block) validate(at string, columns bool) error {
	if b.If = strings.TrimSpace(b.If); strings.ContainsAny(b.If, "{}\n\r") {
		return crm.Invalid(at+".if", "write the condition without brackets, on one line, such as: rung == \"LOYAL\"")
	}
	if len(b.Text) > maxWords {
		return crm.Invalid(at+".text", "it has more than %d characters", maxWords)
	}
	if b.Kind != Columns && (len(b.Left) > 0 || len(b.Right) > 0) {
		return crm.Invalid(at, "only columns have blocks within")
	}
	switch b.Kind {
	case Heading, Text, Quote:
		return b.needs(at, "text", b.Text)
	case Button:
		if err := b.needs(at, "text", b.Text); err != nil {
			return err
		}
		return b.link(at, "url", b.URL, true)
	case Image:
		if strings.TrimSpace(b.Text) == "" {
			return crm.Invalid(at+".text", "say what the picture shows, for those who do not see it")
		}
		if b.Width < 0 || b.Width > column {
			return crm.Invalid(at+".width", "a picture is at most %d pixels wide", column)
		}
		if err := b.link(at, "image", b.Image, true); err != nil {
			return err
		}
		return b.link(at, "url", b.URL, false)
	case Columns:
		if !columns {
			return crm.Invalid(at, "columns cannot stand within columns")
		}
		if len(b.Left) == 0 || len(b.Right) == 0 {
			return crm.Invalid(at, "both columns need something in them")
		}
	case Divider, Picks:
	default:
		return crm.Invalid(at+".kind", "%q is no kind of block", b.Kind)
	}
	return nil
}

func (b *Block) needs(at, field, value string) error {
	if strings.TrimSpace(value) == "" {
		return crm.Invalid(at+"."+field, "it is empty; write something, or take the block away")
	}
	return nil
}

// link holds that an address is one of the web, or of mail, or begins with a tag.
func (b *Block) link(at, field, value string, needed bool) error {
	value = strings.TrimSpace(value)
	if value == "" {
		if needed {
			return crm.Invalid(at+"."+field, "an address is missing; write it like https://firm.example/autumn")
		}
		return nil
	}
	if wrong := badLink(value, field == "image"); wrong != "" {
		return crm.Invalid(at+"."+field, "%s", wrong)
	}
	return nil
}

// badLink says what is wrong with an address, "" when nothing is.
func badLink(value string, picture bool) string {
	if strings.HasPrefix(value, "{{") {
		return ""
	}
	plain := tag.ReplaceAllString(value, "x")
	u, err := url.Parse(plain)
	switch {
	case err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "":
		return ""
	case err == nil && !picture && (u.Scheme == "mailto" || u.Scheme == "tel") && u.Opaque != "":
		return ""
	}
	return fmt.Sprintf("%q is not an address that a mail can have; write it like https://firm.example/autumn", value)
}

// tag finds merge tags.
var tag = regexp.MustCompile(`\{\{.*?\}\}`)
