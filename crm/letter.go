package crm

import "time"

// LetterField is something of a recipient that a campaign's text may name.
type LetterField struct {
	Name    string // "first_name"
	Example string
	Always  bool // everybody has one: no fallback is needed
}

// Tag gives the field as a text names it, with room for a fallback where one is
// needed.
func (f LetterField) Tag() string {
	if f.Always {
		return "{{ " + f.Name + " }}"
	}
	return "{{ " + f.Name + ` | default: "…" }}`
}

// LetterPreview is a text as somebody would get it.
type LetterPreview struct {
	Subject, HTML, Text string
	Problems            []string // of the tags, each with line and column
	Missing             []string // fields that this person has no value for
	Bytes               int
}

// LaunchReport is what a launch would come to: whom it reaches, what cannot be
// made, when it is over.
type LaunchReport struct {
	Customers int // in the segment
	Treated   int
	HeldOut   int
	LeftOut   map[ReasonCode]int
	Mails     []LaunchMail
	Begins    time.Time
	Ends      time.Time // forecast of the first mail to the last one; zero: cannot be told
}

// LaunchMail is a step's mail, made for everybody.
type LaunchMail struct {
	Step       string
	Recipients int
	Good       int
	Largest    int           // bytes
	Fields     []LaunchField // the worst first
}

// LaunchField is something that a mail needs and some recipients do not have.
type LaunchField struct {
	Field, Problem string
	Count          int
	People         []CustomerID // the first of them
}

// Missing counts the mails that cannot be made.
func (r *LaunchReport) Missing() int {
	n := 0
	for _, m := range r.Mails {
		n += m.Recipients - m.Good
	}
	return n
}

// PreviewPerson is somebody as whom a campaign's mail is looked at.
type PreviewPerson struct {
	Contact  ContactID
	Customer CustomerID
	Name     string
}
