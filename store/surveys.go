package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"kaveri/crm"
)

// This file keeps surveys of one question, the answers, and what the public form
// brings.

// AddSurvey keeps a new survey; a name that is taken is [crm.KindConflict].
func (s *Store) AddSurvey(ctx context.Context, v crm.Viewer, n crm.Survey) (crm.Survey, error) {
	if !mayRead(v) {
		return n, errNobody
	}
	if err := n.Validate(); err != nil {
		return n, err
	}
	question, err := json.Marshal(n.Question)
	if err != nil {
		return n, err
	}
	n.Staff, n.Created = v.Staff, fromMicros(micros(s.now()))
	err = s.write(ctx, func(x *tx) error {
		var taken int
		if err := x.row(`SELECT count(*) FROM surveys WHERE name = $1`, n.Name).Scan(&taken); err != nil {
			return err
		}
		if taken > 0 {
			return &crm.Error{Kind: crm.KindConflict, Field: "name", Text: "a survey is called " + n.Name + " already"}
		}
		id, err := x.id()
		if err != nil {
			return err
		}
		n.ID = crm.SurveyID(id)
		x.tell(crm.Event{Kind: "survey"})
		return x.exec(`INSERT INTO surveys (id, name, kind, question, staff_id, created_us) VALUES ($1, $2, $3, $4, $5, $6)`, id, n.Name, string(n.Kind), string(question), orNull(v.Staff), micros(n.Created))
	})
	return n, err
}

// CloseSurvey ends a survey: its page thanks and takes no answer any more.
func (s *Store) CloseSurvey(ctx context.Context, v crm.Viewer, id crm.SurveyID) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		n, err := x.changed(`UPDATE surveys SET closed_us = $1 WHERE id = $2 AND closed_us = 0`, micros(s.now()), int64(id))
		if err == nil && n == 0 {
			err = crm.NotFound("no open survey has the number %d", id)
		}
		x.tell(crm.Event{Kind: "survey"})
		return err
	})
}

const surveyColumns = `s.id, s.name, s.kind, s.question, COALESCE(s.staff_id, 0), s.created_us, s.closed_us, (SELECT count(*) FROM votes v WHERE v.survey_id = s.id)`

func scanSurvey(r *sql.Rows, n *crm.Survey) error {
	var question string
	var created, closed int64
	if err := r.Scan(&n.ID, &n.Name, &n.Kind, &question, &n.Staff, &created, &closed, &n.Votes); err != nil {
		return err
	}
	n.Created, n.Closed = fromMicros(created), fromMicros(closed)
	return json.Unmarshal([]byte(question), &n.Question)
}

// Surveys lists the surveys, the newest first.
func (s *Store) Surveys(ctx context.Context, v crm.Viewer) (out []crm.Survey, err error) {
	if !mayRead(v) {
		return nil, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		rows, err := x.query(`SELECT ` + surveyColumns + ` FROM surveys s ORDER BY s.id DESC`)
		out, err = collect(rows, err, scanSurvey)
		return err
	})
	return out, err
}

// PublicSurvey gives a survey to the page that its link opens.
func (s *Store) PublicSurvey(ctx context.Context, id crm.SurveyID) (n crm.Survey, err error) {
	err = s.view(ctx, func(x *tx) error {
		n, err = x.survey(id)
		return err
	})
	return n, err
}

func (x *tx) survey(id crm.SurveyID) (crm.Survey, error) {
	rows, err := x.query(`SELECT `+surveyColumns+` FROM surveys s WHERE s.id = $1`, int64(id))
	list, err := collect(rows, err, scanSurvey)
	if err == nil && len(list) == 0 {
		err = crm.NotFound("no survey has the number %d", id)
	}
	if err != nil {
		return crm.Survey{}, err
	}
	return list[0], nil
}

// SurveyID finds a survey by its name.
func (s *Store) SurveyID(ctx context.Context, name string) (id crm.SurveyID, err error) {
	err = s.view(ctx, func(x *tx) error {
		err := x.row(`SELECT id FROM surveys WHERE name = $1`, name).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			err = &crm.Error{Kind: crm.KindNotFound, Field: "survey", Text: "no survey is called " + name}
		}
		return err
	})
	return id, err
}

// maxSaid bounds the answers with words that are read at a time.
const maxSaid = 200

// SurveyResults gives what a survey has brought.
func (s *Store) SurveyResults(ctx context.Context, v crm.Viewer, id crm.SurveyID) (out crm.SurveyResult, err error) {
	if !mayRead(v) {
		return out, errNobody
	}
	err = s.view(ctx, func(x *tx) error {
		if out.Survey, err = x.survey(id); err != nil {
			return err
		}
		rows, err := x.query(`SELECT score, count(*) FROM votes WHERE survey_id = $1 GROUP BY score ORDER BY score`, int64(id))
		if err != nil {
			return err
		}
		if err := scanAll(rows, func(r *sql.Rows) error {
			var score, n int
			err := r.Scan(&score, &n)
			if err == nil && score >= 0 && score < len(out.Counts) {
				out.Counts[score] = n
			}
			return err
		}); err != nil {
			return err
		}
		rows, err = x.query(`SELECT v.id, s.name, s.kind, v.score, v.words, COALESCE(c.customer_id, 0), COALESCE(c.name, ''), v.at_us FROM votes v JOIN surveys s ON s.id = v.survey_id LEFT JOIN contacts c ON c.id = v.contact_id
WHERE v.survey_id = $1 AND v.words <> '' ORDER BY v.at_us DESC, v.id DESC LIMIT $2`, int64(id), maxSaid)
		out.Said, err = collect(rows, err, scanVote)
		return err
	})
	return out, err
}

func scanVote(r *sql.Rows, w *crm.Vote) error {
	var at int64
	err := r.Scan(&w.ID, &w.Survey, &w.Kind, &w.Score, &w.Words, &w.Customer, &w.Contact, &at)
	w.At = fromMicros(at)
	return err
}

// maxBallots bounds what is kept of the requests for one page.
const maxBallots = 60

// Ballot keeps a request for the page of a survey and finds the vote of its mail
// anew, see [crm.CountedBallot]: the last one that is a person's, or none. Words
// come with it. A survey that is closed keeps what it has.
func (s *Store) Ballot(ctx context.Context, d crm.DispatchID, id crm.SurveyID, b crm.Ballot, words string) error {
	return s.write(ctx, func(x *tx) error {
		survey, err := x.survey(id)
		if err != nil || !survey.Closed.IsZero() {
			return err
		}
		if b.Score >= 0 && !survey.Kind.Takes(b.Score) || b.Posted && b.Score < 0 && !b.Trapped {
			return crm.Invalid("score", "%d is no answer to this question", b.Score)
		}
		list, said, err := x.ballots(d, id)
		if err != nil || len(list) >= maxBallots {
			return err
		}
		if b.At.IsZero() {
			b.At = s.now()
		}
		words = clean(words, crm.MaxFeedback)
		if err := x.exec(`INSERT INTO ballots (survey_id, dispatch_id, n, score, words, posted, trapped, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			int64(id), int64(d), len(list)+1, b.Score, words, flag(b.Posted), flag(b.Trapped), micros(b.At)); err != nil || !b.Posted {
			return err
		}
		return x.countBallots(d, &survey, append(list, b), append(said, words))
	})
}

func (x *tx) ballots(d crm.DispatchID, id crm.SurveyID) (list []crm.Ballot, words []string, err error) {
	rows, err := x.query(`SELECT score, words, posted, trapped, at_us FROM ballots WHERE survey_id = $1 AND dispatch_id = $2 ORDER BY n`, int64(id), int64(d))
	list, err = collect(rows, err, func(r *sql.Rows, b *crm.Ballot) error {
		var posted, trapped, at int64
		var said string
		err := r.Scan(&b.Score, &said, &posted, &trapped, &at)
		b.Posted, b.Trapped, b.At = posted == 1, trapped == 1, fromMicros(at)
		words = append(words, said)
		return err
	})
	return list, words, err
}

// countBallots makes the vote of a mail what its ballots come to.
func (x *tx) countBallots(d crm.DispatchID, survey *crm.Survey, list []crm.Ballot, words []string) error {
	contact, err := column[crm.ContactID](x, `SELECT COALESCE(contact_id, 0) FROM recipients WHERE dispatch_id = $1`, int64(d))
	if err != nil {
		return err
	}
	if len(contact) == 0 {
		return noDispatch(d)
	}
	x.tell(crm.Event{Kind: "survey"})
	i := crm.CountedBallot(list)
	if i < 0 {
		err = x.exec(`DELETE FROM votes WHERE survey_id = $1 AND dispatch_id = $2`, int64(survey.ID), int64(d))
	} else {
		var id int64
		if id, err = x.id(); err == nil {
			err = x.exec(`INSERT INTO votes (id, survey_id, dispatch_id, contact_id, score, words, at_us) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (survey_id, dispatch_id) DO UPDATE SET score = excluded.score, words = excluded.words, at_us = excluded.at_us`,
				id, int64(survey.ID), int64(d), orNull(contact[0]), list[i].Score, words[i], micros(list[i].At))
		}
	}
	if err != nil || contact[0] == 0 {
		return err
	}
	return x.heard(contact[0])
}

// heard tells that a customer has said something, and has them ranked anew.
func (x *tx) heard(contact crm.ContactID) error {
	of, err := column[crm.CustomerID](x, `SELECT customer_id FROM contacts WHERE id = $1`, int64(contact))
	if err != nil || len(of) == 0 {
		return err
	}
	x.tell(crm.Event{Kind: "survey", Customer: of[0]})
	return x.unrank(of[0])
}

const feedbackColumns = `f.id, f.name, f.address, f.words, COALESCE(c.customer_id, 0), f.at_us, f.seen_us`

func scanFeedback(r *sql.Rows, f *crm.Feedback) error {
	var at, seen int64
	err := r.Scan(&f.ID, &f.Name, &f.Address, &f.Words, &f.Customer, &at, &seen)
	f.At, f.Seen = fromMicros(at), seen != 0
	return err
}

// AddFeedback keeps what somebody wrote into the public form. When one contact has the
// address that they gave, it stands on that customer's timeline.
func (s *Store) AddFeedback(ctx context.Context, f crm.Feedback) error {
	if err := f.Validate(); err != nil {
		return err
	}
	return s.write(ctx, func(x *tx) error {
		var contact crm.ContactID
		if f.Address != "" {
			var err error
			if contact, err = x.contactOf(0, f.Address); err != nil {
				return err
			}
		}
		id, err := x.id()
		if err != nil {
			return err
		}
		e := crm.Event{Kind: "feedback"}
		if contact != 0 {
			if err := x.row(`SELECT customer_id FROM contacts WHERE id = $1`, int64(contact)).Scan(&e.Customer); err != nil {
				return err
			}
		}
		x.tell(e)
		return x.exec(`INSERT INTO feedback (id, name, address, contact_id, words, at_us) VALUES ($1, $2, $3, $4, $5, $6)`, id, f.Name, string(f.Address), orNull(contact), f.Words, micros(s.now()))
	})
}

// Feedback lists what came by the public form, the newest first, and gives the key
// of the next page, zero at the end.
func (s *Store) Feedback(ctx context.Context, v crm.Viewer, page crm.PageKey, limit int) (out []crm.Feedback, next crm.PageKey, err error) {
	if !mayRead(v) {
		return nil, next, errNobody
	}
	limit = pageLimit(limit, 50)
	err = s.view(ctx, func(x *tx) error {
		at, id := after(page)
		rows, err := x.query(`SELECT `+feedbackColumns+` FROM feedback f LEFT JOIN contacts c ON c.id = f.contact_id WHERE (f.at_us, f.id) < ($1, $2) ORDER BY f.at_us DESC, f.id DESC LIMIT $3`, at, id, limit+1)
		out, err = collect(rows, err, scanFeedback)
		return err
	})
	out, next = paged(out, limit, func(e *crm.Feedback) crm.PageKey { return crm.PageKey{At: e.At, ID: e.ID} })
	return out, next, err
}

// SeenFeedback marks what came by the form as looked at.
func (s *Store) SeenFeedback(ctx context.Context, v crm.Viewer, id int64) error {
	if !mayRead(v) {
		return errNobody
	}
	return s.write(ctx, func(x *tx) error {
		n, err := x.changed(`UPDATE feedback SET seen_us = $1 WHERE id = $2 AND seen_us = 0`, micros(s.now()), id)
		if err == nil && n == 0 {
			err = crm.NotFound("nothing unseen has the number %d", id)
		}
		x.tell(crm.Event{Kind: "feedback"})
		return err
	})
}
