package outbound

import (
	"time"

	"kaveri/crm"
)

// render makes the bytes of a dispatch and its envelope. The Message-ID and
// the return path are the same at every attempt.
func (t *term) render(j *job, s *crm.Sender) (Envelope, []byte, error) {
	o := &t.s.o
	draft, err := o.Renderer.Render(t.soft, j.m, &j.d)
	if err != nil {
		return Envelope{}, nil, err
	}
	body, err := composed(o.Composer, o.Keyring, draft, &j.d, o.Now())
	if err != nil {
		return Envelope{}, nil, err
	}
	env := Envelope{From: string(draft.From.Address), To: []string{string(j.d.Address)}}
	if s.Bounce != "" {
		env.From = string(o.Keyring.ReturnPath(j.d.ID, s.Bounce))
	}
	return env, body, nil
}

// composed gives the bytes of a mail. One mail to several people has the
// Message-ID of the first and one Date, so it is the same for all of them and in
// the Sent folder.
func composed(c Composer, keys crm.Keyring, draft *crm.Draft, d *crm.Dispatch, now time.Time) ([]byte, error) {
	id, at := d.ID, now
	if draft.Lead != 0 {
		id = draft.Lead
	}
	if !draft.Date.IsZero() {
		at = draft.Date
	}
	return c.Compose(draft, keys.MessageID(id, draft.From.Address.Domain()), at)
}
