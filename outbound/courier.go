package outbound

import (
	"context"
	"errors"

	"kaveri/crm"
)

// Courier opens sessions with senders.
type Courier interface {
	// Open connects and signs in. An error that is [ErrLogin] needs a person.
	Open(ctx context.Context, s *crm.Sender) (Session, error)
}

// Session is one connection to a sender.
type Session interface {
	Send(ctx context.Context, e Envelope, body []byte, arm func() error) Result
	Close()
}

// ErrLogin says that a sender refuses our name or password.
var ErrLogin = errors.New("login refused")

// Envelope is who sends and to whom (RFC 5321 §2.3.1).
type Envelope struct {
	From crm.Address
	To   []crm.Address
}

// Result is what one transaction has come to.
type Result struct {
	State   crm.DispatchState
	Stage   crm.Stage
	Reply   crm.Reply
	Server  string
	Reason  string
	Refusal crm.Refusal
	Broken  bool // the session cannot be used any more
}
