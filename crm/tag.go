package crm

import (
	"strings"
	"unicode/utf8"
)

// Tag is a word that colleagues put on customers.
type Tag struct {
	Name      string // as it was first written
	Customers int    // who have it; 0 where that is not counted
}

// MaxTag bounds a tag, in letters.
const MaxTag = 40

// MaxTags bounds the tags of a customer.
const MaxTags = 100

// ParseTag reads a tag as somebody writes it: name is what is shown, key by what
// tags are the same ("VIP" is "vip"). A tag has no comma, semicolon, quote or
// line end, so that lists of tags and rules can name it.
func ParseTag(s string) (key, name string, err error) {
	name = oneSpace(strings.TrimPrefix(strings.TrimSpace(strings.ToValidUTF8(s, "")), "#"))
	switch {
	case name == "":
		return "", "", Invalid("tag", "write a word or two")
	case utf8.RuneCountInString(name) > MaxTag:
		return "", "", Invalid("tag", "a tag has at most %d letters; write a note for what is longer", MaxTag)
	case strings.ContainsAny(name, ",;\"\x00"):
		return "", "", Invalid("tag", "a tag has no comma, semicolon or quote; add several tags one by one")
	}
	return fold(name), name, nil
}
