package crm

// LetterField is something of a recipient that a campaign's text may name.
type LetterField struct {
	Name    string // "first_name"
	Example string
	Always  bool // everybody has one: no fallback is needed
}

// LetterPreview is a text as somebody would get it.
type LetterPreview struct {
	Subject, HTML, Text string
	Problems            []string // of the tags, each with line and column
	Missing             []string // fields that this person has no value for
	Bytes               int
}
