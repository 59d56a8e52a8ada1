package crm

import (
	"regexp"
	"slices"
	"strings"
)

// Topic is a kind of mailings that people want or do not want by itself, such
// as a newsletter or offers. The firm has a list of them.
type Topic struct {
	Name    string `json:"name"`    // by which mailings and consents know it; never changed
	English string `json:"english"` // as people read it; "" Name
	Finnish string `json:"finnish"`
}

// maxTopics is how many topics anybody wants to read about on one page.
const maxTopics = 50

// topicName is a label of a domain: it stands in List-Id (RFC 2919 §2).
var topicName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`)

// In gives what people who read a language (en, fi) call the topic.
func (t *Topic) In(language string) string {
	for _, s := range []string{map[string]string{"fi": t.Finnish}[language], t.English, t.Finnish} {
		if s != "" {
			return s
		}
	}
	return t.Name
}

// Topic finds a topic of the firm's list by its name.
func (f *Firm) Topic(name string) (Topic, bool) {
	i := slices.IndexFunc(f.Topics, func(t Topic) bool { return t.Name == name })
	if i < 0 {
		return Topic{}, false
	}
	return f.Topics[i], true
}

// TopicTitle gives what people who read a language call a topic, also one that
// is not on the list any more.
func (f *Firm) TopicTitle(name, language string) string {
	if t, ok := f.Topic(name); ok {
		return t.In(language)
	}
	return name
}

// validateTopics normalises the list of topics.
func validateTopics(list []Topic) error {
	if len(list) > maxTopics {
		return Invalid("topic", "there can be %d topics; people have to choose among them", maxTopics)
	}
	seen := map[string]bool{}
	for i := range list {
		t := &list[i]
		t.Name, t.English, t.Finnish = strings.ToLower(strings.TrimSpace(t.Name)), strings.TrimSpace(t.English), strings.TrimSpace(t.Finnish)
		switch {
		case !topicName.MatchString(t.Name):
			return Invalid("topic", "%q is not a topic; write it in small letters, digits and hyphens, like offers or summer-news", t.Name)
		case seen[t.Name]:
			return Invalid("topic", "%s is on the list twice", t.Name)
		case strings.ContainsAny(t.English+t.Finnish, "\r\n\x00") || len(t.English) > 200 || len(t.Finnish) > 200:
			return Invalid("topic", "what people call %s is one short line", t.Name)
		}
		seen[t.Name] = true
	}
	return nil
}
