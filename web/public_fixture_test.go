package web

import (
	"context"
	"slices"
	"sync"

	"kaveri/crm"
)

// publicMemory is a small PublicStore in memory, with one mail to Aino.
type publicMemory struct {
	mu         sync.Mutex
	firm       crm.Firm
	to         crm.PublicRecipient
	links      []string
	visits     []crm.Visit
	statements []crm.Statement // in the order in which they were made
	choices    []crm.Choice
	broken     error
	survey     crm.Survey
	ballots    []crm.Ballot
	words      []string // of ballots and feedback
	feedback   []crm.Feedback
}

// ainosMail is the mail that the tokens of the tests name.
const ainosMail = crm.DispatchID(9001)

func newPublicMemory() *publicMemory {
	return &publicMemory{survey: crm.Survey{ID: questionID, Name: "visit", Kind: crm.SurveyNPS, Question: map[string]string{"en": "Would you recommend us?", "fi": "Suosittelisitko meitä?"}}, firm: crm.Firm{Name: "Saarimatkat", Language: "fi", PublicURL: "https://posti.saarimatkat.example"},
		to:    crm.PublicRecipient{Dispatch: ainosMail, Mailing: 5, Address: "aino.virtanen@postia.example", Language: "en", Topics: []crm.Consent{{Topic: "Majakat <3", Given: true}, {Topic: "Risteilyt"}}},
		links: []string{"https://saarimatkat.example/uto?a=1&b=2", "javascript:alert(1)"}}
}

func (m *publicMemory) Firm(context.Context) (crm.Firm, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.firm, m.broken
}

func (m *publicMemory) PublicRecipient(_ context.Context, id crm.DispatchID) (crm.PublicRecipient, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id != ainosMail {
		return crm.PublicRecipient{}, crm.NotFound("no such mail")
	}
	to := m.to
	to.Topics = slices.Clone(m.to.Topics)
	return to, nil
}

func (m *publicMemory) say(s crm.Statement, stopped crm.SuppressionReason) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.Topic != "" {
		m.to.Out, m.to.Undo = stopped != "", stopped != ""
		m.statements = append(m.statements, s)
		return nil
	}
	if m.to.Stopped != stopped || m.to.Out {
		m.statements = append(m.statements, s)
	}
	m.to.Out = m.to.Out && stopped != ""
	m.to.Stopped, m.to.Undo = stopped, stopped != "" && s.Source != crm.ConsentPreferences
	return nil
}

func (m *publicMemory) OptOut(_ context.Context, s crm.Statement) error {
	return m.say(s, crm.SuppressedUnsubscribed)
}

func (m *publicMemory) UndoOptOut(_ context.Context, s crm.Statement) error {
	if !m.to.Undo {
		return crm.Conflict("too late")
	}
	return m.say(s, "")
}

func (m *publicMemory) OptIn(_ context.Context, s crm.Statement) error { return m.say(s, "") }

func (m *publicMemory) ChooseTopics(_ context.Context, _ crm.Statement, choices []crm.Choice) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, ch := range choices {
		for i := range m.to.Topics {
			if m.to.Topics[i].Topic == ch.Topic && m.to.Topics[i].Given != ch.Given {
				m.to.Topics[i].Given = ch.Given
				m.choices = append(m.choices, ch)
			}
		}
	}
	return nil
}

func (m *publicMemory) MailingLink(_ context.Context, id crm.DispatchID, n crm.LinkNumber) (string, error) {
	if id != ainosMail || int(n) > len(m.links) {
		return "", crm.NotFound("no such link")
	}
	return m.links[n-1], nil
}

func (m *publicMemory) Visited(_ context.Context, _ crm.DispatchID, v crm.Visit) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.visits = append(m.visits, v)
	return nil
}

func (m *publicMemory) Visitor(address string) int64 { return int64(len(address)) }

// questionID is the survey that the tokens of the tests name.
const questionID = crm.SurveyID(77)

func (m *publicMemory) PublicSurvey(_ context.Context, id crm.SurveyID) (crm.Survey, error) {
	if id != questionID {
		return crm.Survey{}, crm.NotFound("no such survey")
	}
	return m.survey, nil
}

func (m *publicMemory) Ballot(_ context.Context, _ crm.DispatchID, _ crm.SurveyID, b crm.Ballot, words string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ballots, m.words = append(m.ballots, b), append(m.words, words)
	return nil
}

func (m *publicMemory) AddFeedback(_ context.Context, f crm.Feedback) error {
	if err := f.Validate(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.feedback = append(m.feedback, f)
	return nil
}

// Letter renders Aino's mail again.
func (m *publicMemory) Letter(context.Context, crm.DispatchID) (*crm.Draft, error) {
	return &crm.Draft{Subject: "Talven <saaret>", Text: "Hei <Aino>", HTML: `<p onclick="x()">Hei Aino</p><script>alert(1)</script><img src="cid:logo"><img src="https://spy.example/x.gif" alt="kuva">`,
		Files: []crm.File{{ContentID: "logo", Type: "image/gif", Data: dot}, {Name: "salainen.pdf", Data: []byte("secret")}}}, nil
}
