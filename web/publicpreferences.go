package web

import (
	"net/http"
	"slices"

	"kaveri/crm"
)

func (p *public) preferencesPage(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	p.showPreferences(w, r, c, "")
	return nil
}

// showPreferences shows what somebody gets; done says that it was just chosen.
func (p *public) showPreferences(w http.ResponseWriter, r *http.Request, c *publicCall, done string) {
	d := p.publicPage(r, c)
	d.Title, d.Kind = c.t("preferences.title"), "gets"
	if done != "" {
		d.Kind = done
	}
	switch c.to.Stopped {
	case "":
	case crm.SuppressedUnsubscribed:
		d.Kind, d.Wording = "stopped", c.shown("wording.again")
	default:
		d.Kind = "kept-out" // by a complaint or a bounce, or by hand
	}
	p.render(w, r, http.StatusOK, "public-preferences", d)
}

// choose keeps what the page's forms say.
func (p *public) choose(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	var err error
	done := ""
	switch r.PostFormValue("act") {
	case "stop":
		err = p.Store.OptOut(r.Context(), c.statement(r, crm.ConsentPreferences, "wording.stop"))
	case "again":
		err = p.Store.OptIn(r.Context(), c.statement(r, crm.ConsentPreferences, "wording.again"))
		done = "saved"
	case "topics":
		err = p.Store.ChooseTopics(r.Context(), c.statement(r, crm.ConsentPreferences, "wording.again"), c.choices(r))
		done = "saved"
	}
	if err != nil {
		return err
	}
	return p.afterwards(w, r, c, func(w http.ResponseWriter, r *http.Request, c *publicCall) { p.showPreferences(w, r, c, done) })
}

// choices reads the topics that were shown, ticked or not. One that was not
// shown is not touched.
func (c *publicCall) choices(r *http.Request) []crm.Choice {
	var out []crm.Choice
	ticked, shown := r.PostForm["topic"], r.PostForm["shown"]
	for _, topic := range c.to.Topics {
		if !slices.Contains(shown, topic.Topic) {
			continue
		}
		ch := crm.Choice{Topic: topic.Topic, Given: slices.Contains(ticked, topic.Topic)}
		k := Key("wording.topic-no")
		if ch.Given {
			k = "wording.topic"
		}
		ch.Wording = c.versioned(k, c.firm.TopicTitle(topic.Topic, c.lang))
		out = append(out, ch)
	}
	return out
}
