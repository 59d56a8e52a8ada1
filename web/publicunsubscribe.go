package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"kaveri/crm"
)

// unsubscribePage shows what there is to do; it does nothing itself, since
// scanners open every link of a mail.
func (p *public) unsubscribePage(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	p.showUnsubscribe(w, r, c)
	return nil
}

// showUnsubscribe answers with the page as things are now.
func (p *public) showUnsubscribe(w http.ResponseWriter, r *http.Request, c *publicCall) {
	d := p.publicPage(r, c)
	d.Preferences = crm.PathPreferences + p.Keys.Make(crm.TokenPreferences, int64(c.to.Dispatch))
	d.Title, d.Wording = c.t("unsubscribe.title"), c.shown("wording.stop")
	if d.Topic != "" {
		d.WordingTopic = c.shown("wording.topic-no", d.Topic)
	}
	switch {
	case c.to.Stopped != "":
		d.Kind, d.Title, d.Wording = "stopped", c.t("unsubscribe.done"), c.shown("wording.again")
	case c.to.Out:
		d.Kind, d.Title, d.Wording = "out", c.t("unsubscribe.done-topic", d.Topic), c.shown("wording.topic", d.Topic)
	}
	p.render(w, r, http.StatusOK, "public-unsubscribe", d)
}

// unsubscribe ends mailings to the mail's recipient. RFC 8058 §3.2: a mail
// program sends List-Unsubscribe=One-Click, as a form of either kind, without
// cookies, and is not redirected. It ends all mailings, also when the mail has a
// topic: nobody has seen a choice, and who gets another mail after pressing that
// button complains. Any other POST comes from a button of the page, of which one
// ends the topic alone. What makes no sense in the body does not keep anybody
// in.
func (p *public) unsubscribe(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	st := c.statement(r, crm.ConsentUnsubscribe, "wording.stop")
	switch {
	case r.PostFormValue("List-Unsubscribe") == "One-Click":
		st.Source = crm.ConsentOneClick
		// Nobody has seen our words: the mail program shows its own.
		st.Wording = c.versioned("wording.one-click")
	case c.to.Topic != "" && r.PostFormValue("what") == "topic":
		st.Topic, st.Wording = c.to.Topic, c.versioned("wording.topic-no", c.topic())
	}
	if err := p.Store.OptOut(r.Context(), st); err != nil {
		return err
	}
	return p.afterwards(w, r, c, p.showUnsubscribe)
}

// undoUnsubscribe takes back what this link has just done. When it is too late
// for that, the page says what holds.
func (p *public) undoUnsubscribe(w http.ResponseWriter, r *http.Request, c *publicCall) error {
	st := c.statement(r, crm.ConsentUndo, "wording.again")
	if c.to.Stopped == "" && c.to.Out {
		st.Wording = c.versioned("wording.topic", c.topic())
	}
	err := p.Store.UndoOptOut(r.Context(), st)
	if err != nil && crm.KindOf(err) != crm.KindConflict {
		return err
	}
	return p.afterwards(w, r, c, func(w http.ResponseWriter, r *http.Request, c *publicCall) {
		if c.to.Stopped != "" || c.to.Out {
			p.showUnsubscribe(w, r, c)
			return
		}
		d := p.publicPage(r, c)
		d.Kind, d.Title = "again", c.t("unsubscribe.again")
		p.render(w, r, http.StatusOK, "public-unsubscribe", d)
	})
}

// afterwards reads anew what holds and shows it, without sending anybody on.
func (p *public) afterwards(w http.ResponseWriter, r *http.Request, c *publicCall, show func(http.ResponseWriter, *http.Request, *publicCall)) error {
	to, err := p.Store.PublicRecipient(r.Context(), c.to.Dispatch)
	if err != nil {
		return err
	}
	c.to = to
	show(w, r, c)
	return nil
}

func (p *public) publicPage(r *http.Request, c *publicCall) PublicPage {
	return PublicPage{Lang: c.lang, Firm: c.firm.Name, Address: masked(c.to.Address), Token: strings.ToLower(r.PathValue("token")), Undo: c.to.Undo, Topic: c.topic(), Topics: c.topics()}
}

// topic is what the mail is about, in the reader's language; "" nothing of the
// list.
func (c *publicCall) topic() string {
	if c.to.Topic == "" {
		return ""
	}
	return c.firm.TopicTitle(c.to.Topic, c.lang)
}

// topics are what the reader can choose among.
func (c *publicCall) topics() []TopicChoice {
	var out []TopicChoice
	for _, t := range c.to.Topics {
		out = append(out, TopicChoice{t, c.firm.TopicTitle(t.Topic, c.lang)})
	}
	return out
}

// masked shows enough of an address to know one's own.
func masked(a crm.Address) string {
	first := []rune(a.Local())
	return string(first[:min(len(first), 1)]) + "***@" + a.Domain()
}

// shown is a wording as the page has it.
func (c *publicCall) shown(k Key, more ...any) string {
	return c.t(k, append([]any{c.firm.Name, masked(c.to.Address)}, more...)...)
}

// versioned is a wording as it is kept: what was shown, in which language, and
// a version that changes with its every letter.
func (c *publicCall) versioned(k Key, more ...any) string {
	sum := sha256.Sum256([]byte(words[k].in(c.lang)))
	return c.shown(k, more...) + " (" + c.lang + ", version " + hex.EncodeToString(sum[:4]) + ")"
}

// statement is what pressing a button says.
func (c *publicCall) statement(r *http.Request, source string, k Key) crm.Statement {
	return crm.Statement{Dispatch: c.to.Dispatch, Source: source, Wording: c.versioned(k), Proof: proofOf(r, c)}
}
