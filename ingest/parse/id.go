package parse

import "strings"

// messageID reads the Message-ID field.
func (h *header) messageID() string {
	if strings.IndexByte(h.Get("Message-Id"), '(') < 0 {
		if id, err := h.MessageID(); err == nil {
			return cutID(id)
		}
	}
	return firstID(h.get("Message-Id"))
}

// messageIDs reads In-Reply-To or References.
func (h *header) messageIDs(name string) []string {
	v := h.Get(name)
	if strings.IndexByte(v, '(') < 0 { // go-message takes quadratic time for comments
		if ids, err := h.MsgIDList(name); err == nil && len(v) < maxID {
			return ids
		}
	}
	return lenientIDs(h.clean(v))
}

// firstID finds the id in a Message-ID field. QUIRK: RFC 5322 §3.6.4 asks for
// angle brackets; without them it is the first word.
func firstID(s string) string {
	ids := lenientIDs(s)
	if len(ids) > 0 {
		return ids[0]
	}
	s = strings.Trim(strings.TrimSpace(s), "<>")
	if i := strings.IndexAny(s, " \t"); i > 0 {
		s = s[:i]
	}
	return cutID(s)
}

// lenientIDs finds every id in angle brackets, folded or not. QUIRK: RFC 5322
// §3.6.4 has two dot-atoms in an id; programs write anything. Without any bracket, the words with an @.
// Phrases and e-mail addresses beside them (§4.5.4) are passed over.
func lenientIDs(s string) []string {
	if s == "" {
		return nil
	}
	var ids []string
	if strings.IndexByte(s, '<') < 0 {
		words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == ';' })
		for _, w := range words {
			w = strings.Trim(w, "<>\"'")
			if at := strings.IndexByte(w, '@'); at > 0 && at < len(w)-1 && len(ids) < maxIDs {
				ids = append(ids, cutID(w))
			}
		}
		if len(words) > len(ids) { // prose: "Message from a@b of Monday"
			return nil
		}
		return ids
	}
	for {
		_, after, found := strings.Cut(s, "<")
		if !found {
			if n := len(ids) - maxIDs; n > 0 { // keep the root and the newest
				ids = append(ids[:1], ids[n+1:]...)
			}
			return ids
		}
		end := strings.IndexAny(after, "<>")
		id := after
		switch {
		case end < 0: // cut off
			if sp := strings.IndexAny(after, " \t"); sp >= 0 {
				id = after[:sp]
			}
			s = ""
		case after[end] == '<': // not closed, or doubled
			id = after[:end]
			if sp := strings.IndexAny(id, " \t,"); sp >= 0 {
				id = id[:sp]
			}
			s = after[end:]
		default:
			id, s = after[:end], after[end+1:]
		}
		if id = cutID(id); id != "" {
			ids = append(ids, id)
		}
	}
}

// cutID takes white space out of an id (folding in the middle) and bounds it.
func cutID(id string) string {
	if strings.ContainsAny(id, " \t") {
		id = strings.NewReplacer(" ", "", "\t", "").Replace(id)
	}
	if len(id) > maxID {
		id = id[:maxID]
	}
	return strings.ToValidUTF8(id, "\uFFFD")
}
