package parse

import "strings"

// messageID reads a Message-ID field: what stands between the first angle
// brackets, else the first word.
func messageID(s string) string {
	ids := messageIDs(s)
	if len(ids) > 0 {
		return ids[0]
	}
	// No brackets although RFC 5322 §3.6.4 asks for them.
	s = strings.Trim(strings.TrimSpace(s), "<>")
	if i := strings.IndexAny(s, " \t"); i > 0 {
		s = s[:i]
	}
	return cutID(s)
}

// messageIDs reads In-Reply-To or References (RFC 5322 §3.6.4): every id in
// angle brackets, folded or not. Without any bracket, the words with an @.
// Phrases and e-mail addresses beside them (§4.5.4) are passed over.
func messageIDs(s string) []string {
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
