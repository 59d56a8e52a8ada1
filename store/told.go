package store

import (
	"database/sql"
	"strconv"
	"time"

	"kaveri/crm"
)

// heard is what a mail says about dispatches.
type heard struct {
	message int64 // 0: the mail is not kept
	folder  crm.FolderID
	at      int64
	reports []crm.Report
	nobodys string // why none was found, for people; "" when that is no wonder
}

// policyFor gives the policy by which a mail is judged. What proves to be about
// mail of ours is kept: reports of robots in any case, answers when they come
// from outside. A report that proves nothing is kept when it may be about mail
// of ours, so that somebody sees it: one about another mail is a colleague's.
func (b *batch) policyFor(p *prepared) crm.Policy {
	given := p.Policy
	if given == "" {
		given = b.rule
	}
	if p.nobodys && b.mayBeOurs(p) {
		return crm.PolicyAll
	}
	for i := range p.reports {
		switch p.reports[i].Kind {
		case crm.EventFiled:
		case crm.EventAnswered, crm.EventAutoAnswered:
			if given == crm.PolicyKnown {
				given = crm.PolicyExternal
			}
		default:
			return crm.PolicyAll
		}
	}
	return given
}

// listen notes what a mail says about dispatches; message is 0 when the mail
// is not kept.
func (b *batch) listen(p *prepared, message int64) {
	if len(p.reports) == 0 && !p.nobodys {
		return // all ordinary mail
	}
	h := heard{message: message, folder: p.Folder, at: micros(p.at), reports: p.reports}
	if p.nobodys {
		h.nobodys = b.whyNobodys(p)
	}
	b.heard = append(b.heard, h)
}

// listenTo notes that a mail of ours lies in a folder: its header shows it, and
// its body may never be fetched.
func (b *batch) listenTo(folder crm.FolderID, l *crm.Listed) {
	if l.Envelope == nil {
		return
	}
	if d, ok := b.x.s.keyring.DispatchOf(l.Envelope.MessageID); ok {
		b.heard = append(b.heard, heard{folder: folder, at: micros(b.now),
			reports: []crm.Report{{Dispatch: d, Kind: crm.EventFiled, Proof: crm.ProofMessageID, Evidence: "Message-ID: <" + l.Envelope.MessageID + ">"}}})
	}
}

// whyNobodys says why a report names no dispatch, "" when it is about a mail
// that a colleague wrote with a program of their own: that one is known.
func (b *batch) whyNobodys(p *prepared) string {
	id := aboutMail(p.Message)
	_, known := b.threads[id]
	switch s := b.suspect(p); {
	case id != "" && known || b.since == 0 || micros(p.at) < b.since:
		return "" // a colleague's, or from before anything was sent from here
	case s != nil:
		return "it may be about the mail " + strconv.FormatInt(s.id, 10) + " that was sent to " + string(s.address) + " at " + fromMicros(s.at).Format(time.RFC3339) + ", but nothing in it proves that"
	case id == "":
		return "it does not say which mail it is about"
	}
	return "it is about <" + cut(id, 300) + ">, which is not the Message-ID of a mail that was sent from here"
}

// suspicion is a mail that was sent to somebody whom reports name.
type suspicion struct {
	id, at  int64
	address crm.Address
}

// reportTime is how long after a mail was sent a report may be about it: five
// days of trying, and some for complaints.
const reportTime = 14 * 24 * time.Hour

// lookUpSuspects finds, for reports that name no dispatch, what was sent to the
// recipients that they name.
func (b *batch) lookUpSuspects(ps []prepared) error {
	var as []string
	none := true
	for i := range ps {
		if ps[i].nobodys {
			none = false
			for _, a := range reportedOf(ps[i].Message) {
				as = append(as, string(a))
			}
		}
	}
	if none {
		return nil
	}
	if err := b.x.row(`SELECT COALESCE(min(created_us), 0) FROM mailings`).Scan(&b.since); err != nil {
		return err
	}
	return each(b.x, `SELECT d.id, r.address, d.changed_us FROM recipients r JOIN dispatches d ON d.id = r.dispatch_id WHERE d.state IN ('sent', 'unknown', 'failed') AND r.address IN (IN) ORDER BY d.id`, nil, distinct(as), func(r *sql.Rows) error {
		var s suspicion
		if err := r.Scan(&s.id, &s.address, &s.at); err != nil {
			return err
		}
		b.suspects[s.address] = append(b.suspects[s.address], s)
		return nil
	})
}

// reportedOf gives the recipients that a report names.
func reportedOf(m *crm.Message) []crm.Address {
	var named []string
	switch {
	case m.Class == crm.ClassBounce && m.Bounce != nil:
		for _, r := range m.Bounce.Recipients {
			named = append(named, r.Address)
		}
	case m.Complaint != nil:
		named = []string{m.Complaint.Recipient}
	}
	var out []crm.Address
	for _, n := range named {
		if a, err := crm.ParseAddress(n); err == nil {
			out = append(out, a)
		}
	}
	return out
}

// suspect gives the last mail that a report without a token may be about, by
// recipient and time, nil when there is none. That proves nothing: anybody may
// write such a report.
func (b *batch) suspect(p *prepared) (last *suspicion) {
	at := micros(p.at)
	for _, a := range reportedOf(p.Message) {
		for i, s := range b.suspects[a] {
			if s.at <= at+time.Hour.Microseconds() && s.at >= at-reportTime.Microseconds() && (last == nil || s.at >= last.at) {
				last = &b.suspects[a][i]
			}
		}
	}
	return last
}

// mayBeOurs reports that a report is to be seen though it proves nothing:
// something was sent to whom it names, or somebody complains since mail is sent
// from here.
func (b *batch) mayBeOurs(p *prepared) bool {
	return b.suspect(p) != nil || p.Message.Class == crm.ClassComplaint && b.since > 0 && micros(p.at) >= b.since
}

// aboutMail gives the Message-ID of the mail that a report is about, "" when it
// does not say.
func aboutMail(m *crm.Message) string {
	switch {
	case m.Class == crm.ClassBounce && m.Bounce != nil:
		return m.Bounce.OriginalMessageID
	case m.Complaint != nil:
		return m.Complaint.OriginalMessageID
	}
	return ""
}

// target is a dispatch that reports are about.
type target struct {
	id, contact int64
	address     crm.Address
	state       crm.DispatchState
}

// hear enters what the batch's mails say about dispatches. A report counts once,
// however many copies of it come.
func (b *batch) hear() error {
	if len(b.heard) == 0 {
		return nil
	}
	targets, err := b.targets()
	if err != nil {
		return err
	}
	uses, err := b.usesOf()
	if err != nil {
		return err
	}
	for _, h := range b.heard {
		found := false
		for i := range h.reports {
			t := targets[int64(h.reports[i].Dispatch)]
			if t == nil {
				h.nobodys = "it names the mail " + strconv.FormatInt(int64(h.reports[i].Dispatch), 10) + ", which is not in this database; an older copy of it may be in use"
				continue
			}
			found = true
			if err := b.x.enter(t, &h.reports[i], &h, uses[int64(h.folder)]); err != nil {
				return err
			}
		}
		if err := b.x.unmatched(&h, found); err != nil {
			return err
		}
	}
	b.heard = b.heard[:0]
	return nil
}

// targets reads the dispatches that are named.
func (b *batch) targets() (map[int64]*target, error) {
	var ids []int64
	for _, h := range b.heard {
		for i := range h.reports {
			ids = append(ids, int64(h.reports[i].Dispatch))
		}
	}
	out := map[int64]*target{}
	err := each(b.x, `SELECT d.id, d.state, r.address, COALESCE(r.contact_id, 0) FROM dispatches d JOIN recipients r ON r.dispatch_id = d.id WHERE d.id IN (IN)`, nil, distinct(ids), func(r *sql.Rows) error {
		var t target
		if err := r.Scan(&t.id, &t.state, &t.address, &t.contact); err != nil {
			return err
		}
		out[t.id] = &t
		return nil
	})
	return out, err
}

// usesOf reads what the folders are used for in which mail of ours lies.
func (b *batch) usesOf() (map[int64]string, error) {
	var ids []int64
	for _, h := range b.heard {
		if len(h.reports) > 0 && h.reports[0].Kind == crm.EventFiled {
			ids = append(ids, int64(h.folder))
		}
	}
	out := map[int64]string{}
	err := each(b.x, `SELECT id, special_use FROM folders WHERE id IN (IN)`, nil, distinct(ids), func(r *sql.Rows) error {
		var id int64
		var use string
		if err := r.Scan(&id, &use); err != nil {
			return err
		}
		out[id] = use
		return nil
	})
	return out, err
}

// enter notes one report as an event of its dispatch and, when it is new, does
// what follows from it. The same mail tells a thing once; that a mail of ours
// lies somewhere is told once for each use of folders.
//
// The mail that a colleague writes to several people is one mail to all of them:
// what proves to be about it by its Message-ID is about the recipient whom it
// names, and where it names none of them it changes nothing.
func (x *tx) enter(t *target, r *crm.Report, h *heard, use string) error {
	t, certain, err := x.meant(t, r)
	if err != nil {
		return err
	}
	mark := strconv.FormatInt(h.message, 10)
	if r.Kind == crm.EventFiled {
		mark = use
	}
	at := fromMicros(h.at)
	fresh, err := x.addEvent(crm.DispatchEvent{Dispatch: crm.DispatchID(t.id), Kind: r.Kind, Mark: mark, Message: crm.MessageID(h.message), Evidence: r.Evidence, At: at})
	if err != nil || !fresh || !certain {
		return err
	}
	next, suppress := r.Told(t.state)
	if next != t.state {
		if err := x.told(t, next, clean(r.Evidence, 500)); err != nil {
			return err
		}
	}
	if suppress == "" || suppress == crm.SuppressedBounced && !r.About(t.address) {
		return nil
	}
	_, err = x.suppress(crm.Suppression{Address: t.address, Contact: crm.ContactID(t.contact), Reason: suppress, Evidence: r.Evidence, Dispatch: crm.DispatchID(t.id), At: at})
	return err
}

// meant gives the dispatch that a report is about. certain is false when that
// cannot be told, or the report is no proof because we made it true ourselves:
// the copy that lies in the Sent folder is ours.
func (x *tx) meant(t *target, r *crm.Report) (is *target, certain bool, err error) {
	if r.Proof != crm.ProofMessageID && r.Proof != crm.ProofReference {
		return t, true, nil
	}
	rows, err := x.query(`SELECT d.id, d.state, r.address, COALESCE(r.contact_id, 0) FROM drafts w JOIN dispatches d ON d.mailing_id = w.mailing_id JOIN recipients r ON r.dispatch_id = d.id WHERE w.lead_id = $1 ORDER BY d.id`, t.id)
	all, err := collect(rows, err, func(r *sql.Rows, t *target) error { return r.Scan(&t.id, &t.state, &t.address, &t.contact) })
	if err != nil || len(all) == 0 { // no colleague's mail
		return t, true, err
	}
	if r.Kind == crm.EventFiled {
		ours, err := x.appended(t.id)
		return t, !ours && len(all) == 1, err
	}
	if len(all) == 1 {
		return t, true, nil
	}
	if named, err := crm.ParseAddress(r.Recipient); err == nil {
		for i := range all {
			if all[i].address.Canonical() == named.Canonical() {
				return &all[i], true, nil
			}
		}
	}
	return t, false, nil
}

// told takes the step that a report has shown.
func (x *tx) told(t *target, next crm.DispatchState, why string) error {
	g := x.steps()
	rows, err := g.rows([]int64{t.id})
	if err != nil {
		return err
	}
	d := rows[t.id]
	if d == nil || d.state != t.state {
		return nil
	}
	g.move(d, next, why)
	t.state = next
	return g.finish()
}

// unmatched keeps a report that names no dispatch in sight, and takes out one
// that another copy has shown to name one.
func (x *tx) unmatched(h *heard, found bool) error {
	switch {
	case h.message == 0:
		return nil
	case found:
		return x.exec(`DELETE FROM unmatched_reports WHERE message_id = $1`, h.message)
	case h.nobodys == "":
		return nil
	}
	return x.exec(`INSERT INTO unmatched_reports (message_id, reason, at_us) VALUES ($1, $2, $3) ON CONFLICT (message_id) DO NOTHING`, h.message, clean(h.nobodys, 500), h.at)
}
