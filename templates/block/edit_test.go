package block

import (
	"strings"
	"testing"
)

// outline writes a document in one line.
func outline(list []Block) string {
	var out []string
	for _, b := range list {
		s := b.Text
		if b.Kind == Columns {
			s = "(" + outline(b.Left) + "|" + outline(b.Right) + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestEdit(t *testing.T) {
	text := func(s string) Block { return Block{Kind: Text, Text: s} }
	d := mailOf(text("a"), Block{Kind: Columns, Left: []Block{text("l")}, Right: []Block{text("r"), text("s")}}, text("b"))
	step := func(want string, err error) {
		t.Helper()
		if got := outline(d.Blocks); got != want || err != nil {
			t.Errorf("%s (%v), want %s", got, err, want)
		}
	}
	step("a x (l|r s) b", d.Insert("1", text("x")))
	step("a x (l|r s) b y", d.Insert("4", text("y")))
	step("a x (l|z r s) b y", d.Insert("2.r.0", text("z")))
	step("a x (l|z s r) b y", d.Move("2.r.1", 1))
	step("x a (l|z s r) b y", d.Move("1", -1))
	step("x a (l|z s r) b y", d.Move("0", -1))
	step("x a (l|z s r) b y", d.Move("4", 1))
	step("x a (|z s r) b y", d.Remove("2.l.0"))
	step("x a (m|z s r) b y", d.Insert("2.l.0", text("m")))
	step("a (m|z s r) b y", d.Remove("0"))
	for _, p := range []Path{"", "9", "-1", "x", "0.l.0", "1.x.0", "1.l", "1.l.", "1.r.7", "1.l.0.l.0"} {
		if d.Remove(p) == nil || d.Move(p, 1) == nil || p != "" && d.Insert(p, text("n")) == nil && p != "1.r.7" {
			t.Errorf("something was done at %q: %s", p, outline(d.Blocks))
		}
	}
	if d.Insert("1.l.0", Block{Kind: Columns}) == nil {
		t.Error("columns were put within columns")
	}
	step("a (m|z s r) b y", nil)
}
