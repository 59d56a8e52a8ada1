package main

import (
	"context"
	"slices"
	"strings"

	"kaveri/crm"
	"kaveri/store"
)

// sending looks at what keeps mail from leaving, or from being believed where it
// arrives.
func (x *examination) sending(ctx context.Context, s *store.Store) {
	if why, err := s.SendingHeld(ctx); err != nil {
		x.wrong("sending", sentence(err), "")
	} else if why != "" {
		x.wrong("sending", why, "if this is the only copy, say so: kaveri sender confirm")
	}
	senders, err := s.Senders(ctx)
	if err != nil {
		x.wrong("senders", sentence(err), "")
		return
	}
	for i := range senders {
		x.sender(&senders[i])
	}
	x.signed(ctx, s, senders)
	x.doubts(ctx, s)
}

func (x *examination) sender(m *crm.Sender) {
	name := "sender " + m.Name
	switch {
	case m.Disabled:
		x.warn(name, "it is switched off", "kaveri sender set "+m.Name+" --on")
	case m.State == crm.SenderRefused:
		x.wrong(name, m.Problem, "kaveri sender set "+m.Name+" changes it; kaveri sender test "+m.Name+" tries it")
	case m.State == crm.SenderTrouble:
		x.warn(name, m.Problem, "it is tried again by itself; kaveri sender test "+m.Name+" tries it now")
	case m.State == crm.SenderNew:
		x.ok(name, "not used yet")
	default:
		x.ok(name, "takes mail, by %s", m.Host)
	}
}

// signed looks for domains that senders send for and that have no keys.
func (x *examination) signed(ctx context.Context, s *store.Store, senders []crm.Sender) {
	keys, err := s.DKIMKeys(ctx, crm.SystemViewer, "")
	if err != nil {
		x.wrong("signatures", sentence(err), "")
		return
	}
	var without []string
	for _, m := range senders {
		for _, d := range m.Domains {
			if len(crm.SignersOf(keys, d)) == 0 {
				without = append(without, d)
			}
		}
	}
	slices.Sort(without)
	if without = slices.Compact(without); len(without) > 0 {
		x.warn("signatures", "mail from "+strings.Join(without, ", ")+" is not signed (DKIM)", "kaveri dkim new "+without[0])
	}
}

// doubts counts mail that may have been sent or not.
func (x *examination) doubts(ctx context.Context, s *store.Store) {
	mailings, _, err := s.Mailings(ctx, crm.SystemViewer, nil, crm.PageKey{}, 500)
	if err != nil {
		x.wrong("doubts", sentence(err), "")
		return
	}
	n := 0
	for i := range mailings {
		n += mailings[i].Recipients[crm.Unknown]
	}
	if n > 0 {
		x.warn("doubts", plural(n, "mail may have been sent or not", "mails may have been sent or not"), "kaveri mailing list shows in which mailing; kaveri mailing settle says which")
	}
}
