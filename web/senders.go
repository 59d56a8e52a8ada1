package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
)

// SendersPage shows how each sender fares.
type SendersPage struct {
	Shell
	Senders []SenderCard
}

// SenderCard is one sender; its password is never shown.
type SenderCard struct {
	crm.Sender
	Badge, Tone string
	Act         string // what to do about it
	Problem     string
	Foreign     bool // Problem is English on a page that is not
	Since       Stamp
	Plan        string // of its warm-up, "" none
	Warm        []WarmLine
	MoreWarm    int // that are not shown
}

// WarmLine is how far a domain has come with a provider.
type WarmLine struct {
	crm.WarmUpCount
	Text string // of today
	Full int    // thousandths of today's ceiling, 1000 when there is none
}

// maxWarm is how many providers a card shows: those that got most today.
const maxWarm = 12

// senderTones colours the states of a sender; the words say the same.
var senderTones = map[crm.SenderState]string{crm.SenderNew: "calm", crm.SenderWell: "good", crm.SenderTrouble: "wait", crm.SenderRefused: "bad"}

func (s *Server) sendersPage(w http.ResponseWriter, r *http.Request, c *call) error {
	list, err := s.Ledger.ListSenders(r.Context(), c.viewer)
	if err != nil {
		return err
	}
	p := SendersPage{Shell: s.shell(c, "mailings", c.t("senders.title"))}
	warm, err := s.Ledger.WarmUps(r.Context())
	if err != nil {
		return err
	}
	for _, m := range list {
		k := c.senderCard(m)
		c.fillWarm(&k, warm)
		p.Senders = append(p.Senders, k)
	}
	if isFragment(r) {
		return s.renderPart(w, r, c, "senders", "sender-list", p)
	}
	s.render(w, r, c, http.StatusOK, "senders", p)
	return nil
}

func (c *call) senderCard(m crm.Sender) SenderCard {
	m.Password = ""
	k := SenderCard{Sender: m, Badge: c.t(Key("state.sender." + string(m.State))), Tone: senderTones[m.State], Problem: capital(m.Problem), Foreign: c.lang != "en", Since: c.clock.stamp(m.Since)}
	if m.Disabled {
		k.Badge, k.Tone = c.t("state.sender.disabled"), "calm"
	}
	if key := Key("state.sender." + string(m.State) + ".act"); words[key].has() {
		k.Act = c.t(key)
	}
	return k
}

// fillWarm tells of a sender's plan to earn trust, and how far it has come.
func (c *call) fillWarm(k *SenderCard, all []crm.WarmUpCount) {
	w := k.WarmUp
	if w.Start == 0 {
		return
	}
	k.Plan = c.t("senders.warm", w.Start, strconv.FormatFloat(w.Factor, 'g', -1, 64), w.Full)
	for _, n := range all {
		if len(k.Domains) > 0 && !slices.Contains(k.Domains, n.Domain) {
			continue
		}
		if len(k.Warm) == maxWarm {
			k.MoreWarm++
			continue
		}
		l := WarmLine{n, c.t("senders.warm.free", n.Today), 1000}
		if most, limited := w.Ceiling(n.Best); limited {
			l.Text, l.Full = c.t("senders.warm.of", n.Today, most), min(1000, n.Today*1000/most)
		}
		k.Warm = append(k.Warm, l)
	}
}

// NewSenderPage adds a sender.
type NewSenderPage struct {
	Shell
	Sender SenderForm
	Faults Faults
}

// SenderForm is what the form holds; the password is never given back.
type SenderForm struct {
	Name, Host, Port, Username, Domains, Bounce string
	Security                                    crm.Security
}

func (s *Server) newSenderPage(w http.ResponseWriter, r *http.Request, c *call) error {
	f := SenderForm{Port: "465", Security: crm.SecurityTLS, Domains: strings.Join(c.firm.Domains, " ")}
	s.showNewSender(w, r, c, NewSenderPage{Sender: f}, http.StatusOK)
	return nil
}

func (s *Server) showNewSender(w http.ResponseWriter, r *http.Request, c *call, p NewSenderPage, status int) {
	p.Shell = s.shell(c, "mailings", c.t("new-sender.title"))
	s.render(w, r, c, status, "new-sender", p)
}

// addSender adds a sender only when signing in works.
func (s *Server) addSender(w http.ResponseWriter, r *http.Request, c *call) error {
	value := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f := SenderForm{Name: value("name"), Host: value("host"), Port: value("port"), Username: value("username"), Domains: value("domains"), Bounce: value("bounce"), Security: crm.Security(value("security"))}
	m, err := f.sender(r.PostFormValue("password"))
	if err == nil {
		ctx, cancel := context.WithTimeout(r.Context(), connectTimeout)
		defer cancel()
		err = s.Courier.TrySender(ctx, m)
	}
	if err == nil {
		_, err = s.Ledger.AddSender(r.Context(), c.viewer, m)
	}
	if err == nil {
		return go303(w, r, "/senders", "sender")
	}
	faults, ok := c.faults(err, "name", "host", "port", "security", "username", "password", "domains", "bounce")
	if !ok {
		return err
	}
	s.showNewSender(w, r, c, NewSenderPage{Sender: f, Faults: faults}, statusOf[crm.KindOf(err)])
	return nil
}

// sender reads the form.
func (f *SenderForm) sender(password string) (crm.Sender, error) {
	m := crm.Sender{Name: f.Name, Host: f.Host, Security: f.Security, Username: f.Username, Password: password, Bounce: f.Bounce, Domains: strings.Fields(strings.NewReplacer(",", " ", ";", " ").Replace(f.Domains))}
	if m.Name == "" {
		m.Name = m.Host
	}
	if m.Host == "" {
		return m, crm.Invalid("host", "name the server that takes your mail, such as smtp.example.com")
	}
	port, err := strconv.Atoi(f.Port)
	if err != nil || port < 1 || port > 65535 {
		return m, crm.Invalid("port", "%q is not a port; it is 465 almost everywhere", f.Port)
	}
	m.Port = port
	if m.Username != "" && password == "" {
		return m, crm.Invalid("password", "the password is empty; many providers want an app password here")
	}
	return m, nil
}

// sender finds the one that the address names.
func (s *Server) sender(r *http.Request, c *call) (crm.Sender, error) {
	id, err := routeID[crm.SenderID](r, "id", "sender")
	if err != nil {
		return crm.Sender{}, err
	}
	list, err := s.Ledger.ListSenders(r.Context(), c.viewer)
	if err != nil {
		return crm.Sender{}, err
	}
	i := slices.IndexFunc(list, func(m crm.Sender) bool { return m.ID == id })
	if i < 0 {
		return crm.Sender{}, crm.NotFound("no such sender")
	}
	return list[i], nil
}

// testSender tries a sender; how it fares stands on its card afterwards.
func (s *Server) testSender(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.sender(r, c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), connectTimeout)
	defer cancel()
	done := "sender-well"
	if err := s.Courier.TrySender(ctx, m); err != nil {
		if _, ok := c.faults(err); !ok {
			return err
		}
		done = "sender-ill"
	}
	return go303(w, r, "/senders", done)
}

// RemoveSenderPage asks before a sender is removed.
type RemoveSenderPage struct {
	Shell
	Sender SenderCard
}

func (s *Server) removeSenderPage(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.sender(r, c)
	if err != nil {
		return err
	}
	s.render(w, r, c, http.StatusOK, "remove-sender", RemoveSenderPage{Shell: s.shell(c, "mailings", c.t("remove-sender.title")), Sender: c.senderCard(m)})
	return nil
}

func (s *Server) removeSender(w http.ResponseWriter, r *http.Request, c *call) error {
	m, err := s.sender(r, c)
	if err != nil {
		return err
	}
	if err := s.Ledger.RemoveSender(r.Context(), c.viewer, m.ID); err != nil {
		return err
	}
	return go303(w, r, "/senders", "sender-removed")
}
