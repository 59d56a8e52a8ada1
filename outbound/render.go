package outbound

import (
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
	from := draft.From.Address
	body, err := o.Composer.Compose(draft, o.Keyring.MessageID(j.d.ID, from.Domain()), o.Now())
	if err != nil {
		return Envelope{}, nil, err
	}
	env := Envelope{From: string(from), To: []string{string(j.d.Address)}}
	if s.Bounce != "" {
		env.From = string(o.Keyring.ReturnPath(j.d.ID, s.Bounce))
	}
	return env, body, nil
}
