package web

import (
	"fmt"
	"net/http"

	"kaveri/crm"
)

// WishPage is one wish, to be changed, with the steps that it went.
type WishPage struct {
	Shell
	Line      WishLine
	Form      WishForm
	Kinds     []WishOption
	Strengths []WishOption
	Steps     []WishStepLine
	Quoted    bool // the words are those of a mail, which stay
	Faults    Faults
}

// WishForm is what can be said of a wish; days are like 2026-03-31.
type WishForm struct{ Quote, Kind, Topic, Strength, Job, Before, Until string }

// WishStepLine is a step in words.
type WishStepLine struct {
	State, Reason, Staff string
	When                 Stamp
}

func (s *Server) wishPage(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.WishID](r, "id", "wish")
	if err != nil {
		return err
	}
	row, steps, err := s.Wishes.Wish(r.Context(), c.viewer, id)
	if err != nil {
		return err
	}
	day := func(d crm.Day) string {
		if d == 0 {
			return ""
		}
		return d.String()
	}
	form := WishForm{row.Quote, string(row.Kind), row.Topic, string(row.Strength), row.Job, day(row.NotBefore), day(row.ExpiresOn)}
	return s.showWish(w, r, c, row, steps, form, Faults{}, http.StatusOK)
}

func (s *Server) showWish(w http.ResponseWriter, r *http.Request, c *call, row crm.WishRow, steps []crm.WishStep, form WishForm, f Faults, status int) error {
	back := wishPath(row.ID)
	p := WishPage{Shell: s.shell(c, "wishes", c.t("wish.title", row.CustomerName)), Line: c.wishLines([]crm.WishRow{row}, back)[0], Form: form, Quoted: row.Message != 0, Faults: f}
	for _, k := range crm.WishKinds {
		p.Kinds = append(p.Kinds, WishOption{string(k), c.t(Key("wish.kind." + string(k))), form.Kind == string(k)})
	}
	p.Strengths = []WishOption{{"", c.t("wish.strength.unknown"), form.Strength == ""}}
	for _, k := range crm.WishStrengths {
		p.Strengths = append(p.Strengths, WishOption{string(k), c.t(Key("wish.strength." + string(k))), form.Strength == string(k)})
	}
	for _, step := range steps {
		p.Steps = append(p.Steps, WishStepLine{c.t(Key("wish.state." + string(step.State))), step.Reason, step.Staff, c.clock.stamp(step.At)})
	}
	s.render(w, r, c, status, "wish", p)
	return nil
}

func wishPath(id crm.WishID) string { return fmt.Sprintf("/wishes/%d", id) }

// editWish changes what a wish says. What is quoted from a mail stays as it was
// written there.
func (s *Server) editWish(w http.ResponseWriter, r *http.Request, c *call) error {
	id, err := routeID[crm.WishID](r, "id", "wish")
	if err != nil {
		return err
	}
	row, steps, err := s.Wishes.Wish(r.Context(), c.viewer, id)
	if err != nil {
		return err
	}
	form := WishForm{r.PostFormValue("quote"), r.PostFormValue("kind"), r.PostFormValue("topic"), r.PostFormValue("strength"), r.PostFormValue("job"), r.PostFormValue("before"), r.PostFormValue("until")}
	if row.Message != 0 {
		form.Quote = row.Quote
	}
	wish, err := form.onto(row.Wish)
	if err == nil {
		err = s.Wishes.EditWish(r.Context(), c.viewer, wish)
	}
	if err != nil {
		f, ok := c.faults(err, "wish", "wish topic", "before", "until", "expires on")
		if !ok {
			return err
		}
		return s.showWish(w, r, c, row, steps, form, f, statusOf[crm.KindOf(err)])
	}
	return go303(w, r, wishPath(id), "wish-edited")
}

// onto gives a wish as the form says it.
func (f *WishForm) onto(w crm.Wish) (crm.Wish, error) {
	w.Quote, w.Kind, w.Topic, w.Strength, w.Job = f.Quote, crm.WishKind(f.Kind), f.Topic, crm.WishStrength(f.Strength), f.Job
	if w.Topic == "" {
		w.Product = 0
	}
	var err error
	if w.NotBefore, err = dayOf(f.Before); err != nil {
		return w, crm.Invalid("before", "choose a day")
	}
	if w.ExpiresOn, err = dayOf(f.Until); err != nil {
		return w, crm.Invalid("until", "choose a day")
	}
	return w, w.Validate()
}
