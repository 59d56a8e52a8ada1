package outbound

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"kaveri/crm"
)

// dotWithin is how long after arming the final dot may leave. Later the
// dispatch may be somebody else's, so the connection is closed instead.
const dotWithin = 5 * time.Second

// block is how much of a mail is written under one deadline.
const block = 64 << 10

// Outcome is what came of a mail for one of its recipients. State says what is
// known, and never more:
//
//   - [crm.Sent]: the server took it.
//   - [crm.Deferred], [crm.Failed]: certainly not taken; Refusal judges why.
//   - [crm.Ready]: certainly not taken, and nobody's fault: we stopped, or the
//     connection had ended before the mail was offered. It may go at once, over
//     another connection.
//   - [crm.Unknown]: the dot, or a part of it, may have left, and no answer
//     came that can be relied on. It must not be sent again without evidence.
type Outcome struct {
	State   crm.DispatchState
	Stage   crm.Stage   // where it ended
	Reply   crm.Reply   // the server's words, the zero Reply when it said none
	Refusal crm.Refusal // of what is deferred or failed
	Reason  string      // for people; "" when the reply says it
	Err     error       // the cause, for the log
}

// Result is what came of a transaction, by recipient in the envelope's order.
type Result struct {
	Server   string // by its own name
	Armed    bool   // arm was called and agreed
	Outcomes []Outcome
}

// transaction is one mail on its way over a session.
type transaction struct {
	s     *Session
	ctx   context.Context
	mail  []byte
	out   []Outcome
	paths []string // of the recipients
	open  []int    // recipients that nothing speaks against so far
	armed bool

	asked    int  // commands whose replies were waited for
	taken    bool // the server has accepted a recipient
	wide     bool // MAIL says SMTPUTF8
	eight    bool // MAIL says BODY=8BITMIME
	declared int64
}

// Send gives one mail to the server: MAIL, a RCPT for each recipient, DATA, and
// the mail but for its final dot; then it calls arm with the indexes of the
// recipients whom the server has accepted. When arm returns nil the dot leaves
// within five seconds or not at all. An error of arm means that the mail must
// not be sent: the connection is closed without the dot, which is the only way
// out of DATA.
//
// The mail is as it goes over the wire but for dot-stuffing: lines end in CRLF.
// One that could be read as two, or that breaks a limit, fails at
// [crm.StageRender], and nothing leaves.
//
// ctx ends the transaction up to arm. After the dot only the server and
// [Patience] do: mail is not made doubtful by stopping, except by
// [Session.Close].
func (s *Session) Send(ctx context.Context, to Envelope, mail []byte, arm func(accepted []int) error) Result {
	t := transaction{s: s, ctx: ctx, mail: mail, out: make([]Outcome, len(to.To)), open: s.open[:0], paths: s.paths[:0]}
	for i := range to.To {
		t.open = append(t.open, i)
	}
	t.run(to, arm)
	s.open, s.paths = t.open[:0], t.paths[:0]
	return Result{Server: s.Server, Armed: t.armed, Outcomes: t.out}
}

func (t *transaction) run(to Envelope, arm func([]int) error) {
	if !t.prepare(to) {
		return
	}
	if t.s.dead || t.ctx.Err() != nil {
		t.close(crm.Ready, crm.StageConnect, "it was not offered: sending stops, or the connection had ended", t.ctx.Err())
		return
	}
	t.s.used++
	stop := context.AfterFunc(t.ctx, t.s.cut)
	offered := t.offer() && t.write()
	if !stop() { // the connection is cut, or will be
		t.s.drop()
		t.close(crm.Ready, crm.StageBody, "sending stopped before the mail was complete", t.ctx.Err())
		return
	}
	if offered && t.arm(arm) {
		t.dot()
	}
}

// offer says MAIL, RCPT and DATA and reports whether the server waits for the
// mail. With PIPELINING it is one write (RFC 2920 §3.1).
func (t *transaction) offer() bool {
	s := t.s
	clean := !s.reset
	t.commands(s.from)
	s.reset = true // until the mail is taken
	if !clean {
		if code, ok := t.ask(crm.StageMail); !ok {
			return false
		} else if code/100 != 2 {
			return t.broken(crm.StageMail)
		}
	}
	mail, ok := t.ask(crm.StageMail)
	if !ok {
		return false
	}
	switch mail / 100 {
	case 2:
	case 3:
		return t.broken(crm.StageMail)
	default:
		t.refuse(mailStage(mail), s.in.reply())
		if !s.offers.pipeline {
			return false
		}
	}
	for i := range t.paths {
		if t.paths[i] != "" && !t.recipient(i) {
			return false
		}
	}
	if len(t.open) == 0 && !s.offers.pipeline {
		return false
	}
	return t.data()
}

// commands writes what is to be said into the session's buffer.
func (t *transaction) commands(from string) {
	s := t.s
	s.out, s.ends = s.out[:0], s.ends[:0]
	end := func() {
		s.out = append(s.out, '\r', '\n')
		s.ends = append(s.ends, len(s.out))
	}
	if s.reset {
		s.out = append(s.out, "RSET"...)
		end()
	}
	s.out = append(append(append(s.out, "MAIL FROM:<"...), from...), '>')
	if s.offers.sized {
		s.out = strconv.AppendInt(append(s.out, " SIZE="...), t.declared, 10)
	}
	if t.eight {
		s.out = append(s.out, " BODY=8BITMIME"...)
	}
	if t.wide {
		s.out = append(s.out, " SMTPUTF8"...)
	}
	end()
	for _, p := range t.paths {
		if p != "" {
			s.out = append(append(append(s.out, "RCPT TO:<"...), p...), '>')
			end()
		}
	}
	s.out = append(s.out, "DATA"...)
	end()
}

// ask says the next command, unless all were said at once, and reads its reply.
// ok is false when the transaction is over with that.
func (t *transaction) ask(stage crm.Stage) (code int, ok bool) {
	s := t.s
	if k := t.asked; k == 0 || !s.offers.pipeline {
		if s.in.buffered() {
			return 0, t.spoke(stage, errReplyForm)
		}
		from, to := 0, len(s.out)
		if !s.offers.pipeline {
			to = s.ends[k]
			if k > 0 {
				from = s.ends[k-1]
			}
		}
		if err := s.write(s.out[from:to], s.o.Command); err != nil {
			// The server may have said why before it closed.
			return 0, t.spoke(stage, err)
		}
	}
	t.asked++
	within := s.o.Command
	if stage == crm.StageData {
		within = s.o.Data
	}
	code, err := s.hear(within)
	switch {
	case err != nil:
		return 0, t.lost(stage, err)
	case code == 421:
		return 0, t.closing(stage)
	case code == 503 && len(t.open) > 0:
		// Bad sequence of commands, and ours is good: the replies are out of
		// step. That is no fault of a recipient.
		reply := s.in.reply()
		t.broken(stage)
		for _, i := range t.open {
			t.out[i].Reply = reply
		}
		return 0, false
	}
	return code, true
}

// recipient reads the reply to the i-th RCPT.
func (t *transaction) recipient(i int) bool {
	code, ok := t.ask(crm.StageRcpt)
	if !ok {
		return false
	}
	switch code / 100 {
	case 2:
		t.taken = true
	case 4, 5:
		t.strike(i, t.judged(crm.StageRcpt, t.s.in.reply()))
	default:
		return t.broken(crm.StageRcpt)
	}
	return true
}

// data reads the reply to DATA.
func (t *transaction) data() bool {
	s := t.s
	code, ok := t.ask(crm.StageData)
	switch {
	case !ok:
		return false
	case code == 354 && s.in.buffered():
		return t.spoke(crm.StageBody, errReplyForm)
	case s.in.buffered() || code != 354 && code < 400:
		return t.broken(crm.StageData) // out of step: an answer too many or too few
	case code != 354:
		t.refuse(crm.StageData, s.in.reply())
		return false
	case len(t.open) > 0:
		return true
	case t.taken: // MAIL was refused and a RCPT accepted: no dot for that
		return t.broken(crm.StageData)
	}
	// RFC 2920 §3.1: a server may say 354 although it refused everybody. A dot
	// by itself ends that, for nobody, whatever is answered.
	err := s.write([]byte(".\r\n"), s.o.Command)
	if err == nil {
		_, err = s.hear(s.o.Dot)
	}
	if err != nil || s.in.buffered() {
		s.drop()
	}
	return false
}

// write writes the mail up to its final dot.
func (t *transaction) write() bool {
	s := t.s
	for rest := t.mail; len(rest) > 0; {
		n := min(len(rest), block)
		if err := s.write(rest[:n], s.o.Block); err != nil {
			return t.spoke(crm.StageBody, err)
		}
		rest = rest[n:]
	}
	return s.silent() || t.spoke(crm.StageBody, errReplyForm)
}

// arm has the mail armed and reports whether the dot may leave.
func (t *transaction) arm(arm func([]int) error) bool {
	s := t.s
	if err := arm(t.open); err != nil {
		s.drop()
		t.close(crm.Ready, crm.StageBody, "it was called back before it was complete", err)
		return false
	}
	armed := s.o.Now()
	t.armed = true
	if !s.silent() {
		return t.spoke(crm.StageBody, errReplyForm)
	}
	// Both clocks count: one stands still while a machine sleeps, the other may
	// be set.
	now := s.o.Now()
	left := dotWithin - max(now.Sub(armed), now.Round(0).Sub(armed.Round(0)))
	if left <= 0 {
		s.drop()
		t.close(crm.Ready, crm.StageBody, "the machine was too slow to complete it in time", nil)
		return false
	}
	s.conn.SetWriteDeadline(time.Now().Add(left))
	return true
}

// dot sends the final dot and waits for the answer. From the first byte of it
// that the kernel takes, only the answer says what became of the mail.
func (t *transaction) dot() {
	s := t.s
	before := s.wire.wrote
	if _, err := s.conn.Write([]byte(".\r\n")); err != nil {
		s.drop()
		if s.wire.wrote == before {
			t.lost(crm.StageBody, err)
		} else {
			t.doubt(err)
		}
		return
	}
	code, err := s.hear(s.o.Dot)
	switch {
	case err != nil:
		t.doubt(err)
	case code/100 == 3:
		t.doubt(errReplyForm)
	default:
		t.answered(code, s.in.reply())
	}
}

// answered takes the reply to the dot, unless there is another behind it: then
// nobody knows which is which. A 421 alone may follow, when the server closes.
func (t *transaction) answered(code int, reply crm.Reply) {
	s := t.s
	if s.in.buffered() {
		if next, err := s.hear(unasked); err != nil || next != 421 || s.in.buffered() {
			t.doubt(errReplyForm)
			return
		}
	}
	if code/100 == 2 {
		s.reset = false
		t.close(crm.Sent, crm.StageDot, "", nil)
		for _, i := range t.open {
			t.out[i].Reply = reply
		}
		return
	}
	t.refuse(crm.StageDot, reply)
}

// mailStage is the stage of a refused MAIL: one that asks for a login is not
// about the mail (RFC 4954 §6).
func mailStage(code int) crm.Stage {
	switch code {
	case 530, 534, 535, 538:
		return crm.StageAuth
	}
	return crm.StageMail
}

// close gives all open recipients the same end.
func (t *transaction) close(state crm.DispatchState, stage crm.Stage, reason string, err error) {
	for _, i := range t.open {
		t.out[i] = Outcome{State: state, Stage: stage, Reason: reason, Err: err}
	}
}

// judged is the outcome of a reply of the classes 4 and 5.
func (t *transaction) judged(stage crm.Stage, r crm.Reply) Outcome {
	v := crm.Refuse(stage, r)
	return Outcome{State: v.State, Stage: stage, Reply: r, Refusal: v}
}

// strike takes a recipient out, with what came of it.
func (t *transaction) strike(i int, o Outcome) {
	for k, open := range t.open {
		if open == i {
			t.out[i] = o
			t.open = append(t.open[:k], t.open[k+1:]...)
			return
		}
	}
}

// refuse ends the transaction for all who are open by a reply.
func (t *transaction) refuse(stage crm.Stage, r crm.Reply) {
	o := t.judged(stage, r)
	for _, i := range t.open {
		t.out[i] = o
	}
	if stage != crm.StageDot {
		t.open = t.open[:0]
	}
}

// lost ends the transaction because the connection broke before the dot: all
// who are open are certainly unsent. It is false, for callers to return.
func (t *transaction) lost(stage crm.Stage, err error) bool {
	s := t.s
	s.drop()
	if t.first(stage) && !timedOut(err) {
		t.close(crm.Ready, stage, "the server had closed the connection meanwhile", err)
		return false
	}
	reason := fmt.Sprintf("the connection to %s broke (%s)", s.Server, stage)
	if timedOut(err) {
		reason = fmt.Sprintf("%s did not answer in time (%s)", s.Server, stage)
	}
	t.close(crm.Deferred, stage, reason, err)
	for _, i := range t.open {
		t.out[i].Refusal = crm.Refuse(stage, crm.Reply{})
	}
	return false
}

// broken ends the transaction because the server's replies do not fit what was
// asked.
func (t *transaction) broken(stage crm.Stage) bool { return t.lost(stage, errReplyForm) }

// closing ends the transaction by a 421. What a connection hears that has
// carried mails before says nothing about this one.
func (t *transaction) closing(stage crm.Stage) bool {
	if t.first(stage) {
		t.s.used-- // it did not count this one
		t.close(crm.Ready, stage, "the server has ended the connection: "+t.s.told.String(), nil)
		return false
	}
	t.refuse(stage, t.s.told)
	return false
}

// spoke ends the transaction because the server has said something before it
// was asked, or does not listen any more: by its words where it has some.
func (t *transaction) spoke(stage crm.Stage, err error) bool {
	s := t.s
	if timedOut(err) {
		return t.lost(stage, err)
	}
	code, heard := s.hear(unasked)
	s.drop()
	switch {
	case heard != nil || code < 400:
		return t.lost(stage, err)
	case code == 421:
		return t.closing(stage)
	}
	t.refuse(stage, s.in.reply())
	return false
}

// first reports whether a used connection has ended before it took anything of
// this mail.
func (t *transaction) first(stage crm.Stage) bool {
	return t.s.used > 1 && stage == crm.StageMail
}

// doubt says that nobody knows whether the server took the mail.
func (t *transaction) doubt(err error) {
	t.s.drop()
	reason := fmt.Sprintf("the connection to %s ended before it said whether it took the mail", t.s.Server)
	if timedOut(err) {
		reason = fmt.Sprintf("%s did not say whether it took the mail", t.s.Server)
	}
	t.close(crm.Unknown, crm.StageDot, reason, err)
}
