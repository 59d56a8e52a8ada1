package campaigns

import "strings"

// rendering is one text made for one recipient.
type rendering struct {
	text   *Text
	data   *Data
	values []string            // of the fields, by slot
	items  []map[string]string // of the enclosing loops, the outermost first
	out    []byte
	start  int  // where the text begins in out
	rounds int  // left for all loops
	full   bool // a cap is passed: what is left is not rendered
	errs   ValueErrors

	outline bool // for nobody: dots stand for what is missing
}

// run renders the text, with the fields of its data.
func (r *rendering) run() {
	var few [16]string
	r.values = append(few[:0], make([]string, len(r.text.names))...)
	for i, name := range r.text.names {
		r.values[i] = r.data.value(name)
	}
	r.nodes(r.text.nodes)
}

func (r *rendering) nodes(list []node) {
	for i := range list {
		n := &list[i]
		switch {
		case r.full:
			return
		case n.literal != "":
			r.out = append(r.out, n.literal...)
		case n.output != nil:
			r.print(n.output)
		case n.loop != nil:
			r.loop(n.loop)
		case n.link != 0:
			r.out = r.data.links.append(r.out, n.link)
		case n.hidden:
			r.out = r.data.links.hidden(r.out)
		default:
			r.branch(n.branches)
		}
	}
}

func (r *rendering) branch(branches []branch) {
	for _, b := range branches {
		if b.when == nil || r.holds(b.when) {
			r.nodes(b.then)
			return
		}
	}
}

// value gives what an operand stands for.
func (r *rendering) value(o operand) string {
	switch {
	case o.slot >= 0:
		return r.values[o.slot]
	case o.loop >= 0:
		return r.items[o.loop][o.item]
	}
	return o.text
}

// print is a tag that prints.
func (r *rendering) print(o *output) {
	v := r.value(o.value)
	for _, f := range o.filters {
		if v == "" && f.filter != filterDefault {
			continue
		}
		var problem Problem
		if v, problem = f.filter.apply(r, v, f.args); problem != "" {
			r.fail(o, problem, v)
			return
		}
	}
	if !o.fallback && blank(v) {
		if r.outline {
			r.out = append(r.out, "…"...)
		}
		r.fail(o, Missing, "")
		return
	}
	if o.fallback && v == "" {
		return
	}
	var problem Problem
	if r.out, problem = o.escape.append(r.out, v); problem != "" {
		r.fail(o, problem, v)
		return
	}
	most := maxOutput
	if r.text.context == Subject {
		most = maxLine
	}
	if len(r.out)-r.start > most {
		r.full = true
		r.fail(o, TooLong, "")
	}
}

// blank reports a value that shows nothing.
func blank(s string) bool { return s == "" || s[0] <= ' ' && strings.TrimSpace(s) == "" }

// fail notes a problem once for each field.
func (r *rendering) fail(o *output, problem Problem, value string) {
	name := o.value.name
	if name == "" {
		name = "text" // a text of the tag itself
	}
	for _, e := range r.errs {
		if e.Field == name && e.Problem == problem {
			return
		}
	}
	r.errs = append(r.errs, &ValueError{Field: name, Problem: problem, Value: value})
}

// loop repeats its body, within the caps.
func (r *rendering) loop(l *loop) {
	name := r.text.names[l.list]
	items := r.data.Lists[name]
	if items == nil {
		items = listOf(r.values[l.list])
	}
	for _, item := range items[:min(len(items), l.limit)] {
		if r.rounds--; r.rounds < 0 {
			r.full = true
			r.fail(&output{value: operand{name: name}}, TooLong, "")
			return
		}
		r.items = append(r.items, item)
		r.nodes(l.body)
		r.items = r.items[:len(r.items)-1]
	}
}

// listOf reads a list from one cell: its items stand on lines of their own, or
// between semicolons, bars or commas, whichever of these comes first in this order.
func listOf(s string) []map[string]string {
	sep := ","
	for _, c := range []string{"\n", ";", "|"} {
		if strings.Contains(s, c) {
			sep = c
			break
		}
	}
	var out []map[string]string
	for item := range strings.SplitSeq(s, sep) {
		if len(out) == maxItems {
			break
		}
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, map[string]string{"": item})
		}
	}
	return out
}
