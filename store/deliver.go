package store

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"kaveri/crm"
)

// details is what a message keeps beside its columns.
type details struct {
	InReplyTo      []string `json:"in_reply_to,omitempty"`
	References     []string `json:"references,omitempty"`
	ClassReasons   []string `json:"class_reasons,omitempty"`
	Defects        []string `json:"defects,omitempty"`
	Lossy          bool     `json:"lossy,omitempty"`
	TextSource     string   `json:"text_source,omitempty"`
	CharsetGuessed bool     `json:"charset_guessed,omitempty"`

	// Where in the text stands what the author wrote anew: begin and end in
	// bytes; absent when that is all of it, or not in one piece.
	New [2]int `json:"new,omitzero"`
	// Where stands the signature; absent when there is none.
	Signed [2]int `json:"signed,omitzero"`

	Bounce    *crm.Bounce      `json:"bounce,omitempty"`
	Complaint *crm.Complaint   `json:"complaint,omitempty"`
	Absence   *crm.Absence     `json:"absence,omitempty"`
	Auth      []crm.AuthResult `json:"auth,omitempty"`
}

func detailsOf(m *crm.Message) details {
	d := details{InReplyTo: m.InReplyTo, References: m.References, ClassReasons: m.ClassReasons, Defects: m.Defects, Lossy: m.Lossy,
		TextSource: m.TextSource, CharsetGuessed: m.CharsetGuessed, Bounce: m.Bounce, Complaint: m.Complaint, Absence: m.Absence, Auth: m.Auth}
	if at := strings.Index(m.Text, m.NewText); at >= 0 && len(m.NewText) > 0 && len(m.NewText) < len(m.Text) {
		d.New = [2]int{at, at + len(m.NewText)}
	}
	if m.Signature != "" && m.Class == crm.ClassHuman {
		if at := strings.Index(m.Text, m.Signature); at >= 0 {
			d.Signed = [2]int{at, at + len(m.Signature)}
		}
	}
	return d
}

// confidenceUnit turns a link's confidence into the integer of its column.
const confidenceUnit = 1_000_000

// units gives the integer that stands for a confidence. Two that are stored as
// the same integer are the same: a third has no exact one.
func units(confidence float64) int64 { return int64(math.Round(confidence * confidenceUnit)) }

// prepared is a delivery with all that can be made outside the transaction.
type prepared struct {
	*crm.Delivery
	at      time.Time
	details string
	preview string
	body    []byte
	search  []any // values of the search index
	reports []crm.Report
	nobodys bool // it is a report about a mail, but names none of ours
}

var textEncoder = newTextEncoder()

func newTextEncoder() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(2), zstd.WithEncoderCRC(false), zstd.WithWindowSize(64<<10))
	if err != nil {
		panic(err) // the options are constants
	}
	return e
}

func (s *Store) prepare(d *crm.Delivery, now time.Time) (prepared, error) {
	if d.Copy {
		return prepared{Delivery: d}, nil
	}
	m := d.Message
	j, err := json.Marshal(detailsOf(m))
	if err != nil {
		return prepared{}, err
	}
	reports, nobodys := crm.Reports(m, s.keyring)
	return prepared{
		reports:  reports,
		nobodys:  nobodys,
		Delivery: d,
		at:       crm.PlausibleDate(m.Date, d.Internal, now),
		details:  string(j),
		preview:  preview(cmp.Or(m.NewText, m.Text)),
		body:     textEncoder.EncodeAll([]byte(m.Text), nil),
		search:   s.engine.indexValues(documentOf(m)),
	}, nil
}

// maxPreview bounds a preview, in bytes.
const maxPreview = 240

// preview gives the first words of a text on one line, without quoted lines.
func preview(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, ">") {
			continue
		}
		for _, word := range strings.Fields(line) {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			if b.Len()+len(word) > maxPreview {
				return cut(b.String()+word, maxPreview)
			}
			b.WriteString(word)
		}
	}
	return b.String()
}

// cut shortens s to at most n bytes at a rune's edge.
func cut(s string, n int) string { return crm.Cut(s, n) }

// Deliver stores mails, or withholds them by the rules, and gives for each
// what became of it. It returns when that is durable. A mail seen before only
// gains a sighting (and a raw when its bytes differ).
func (s *Store) Deliver(ctx context.Context, ds []crm.Delivery) ([]crm.Outcome, error) {
	now := s.now()
	ps := make([]prepared, len(ds))
	for i := range ds {
		var err error
		if ps[i], err = s.prepare(&ds[i], now); err != nil {
			return nil, err
		}
	}
	m := &mails{ps: ps}
	err := s.join(&part{ctx: ctx, mails: m, run: func(x *tx) (err error) {
		m.out, err = x.deliver(m.ps)
		return err
	}})
	if err != nil {
		return nil, err
	}
	return m.out, nil
}

// mailEvents tells of the customers of the mails, and of those to whom earlier
// mail has moved because of them.
func mailEvents(out []crm.Outcome, touched map[int64]bool) []crm.Event {
	var events []crm.Event
	seen := map[crm.CustomerID]bool{}
	for _, o := range out {
		for _, c := range o.Customers {
			if !seen[c] {
				seen[c] = true
				events = append(events, crm.Event{Kind: "mail", Customer: c, Message: o.Message})
			}
		}
	}
	for _, c := range sortedKeys(touched) {
		if id := crm.CustomerID(c); !seen[id] {
			events = append(events, crm.Event{Kind: "mail", Customer: id})
		}
	}
	return events
}

// deliver works in three steps: look up everything the batch needs at once,
// decide mail by mail over these maps, write all rows at once. So the number
// of statements grows with the kinds of rows and not with the mails.
func (x *tx) deliver(ps []prepared) ([]crm.Outcome, error) {
	b, err := x.newBatch(x.s.now())
	if err != nil {
		return nil, err
	}
	if err := b.lookUp(ps); err != nil {
		return nil, err
	}
	out := make([]crm.Outcome, len(ps))
	for i := range ps {
		if out[i], err = b.one(&ps[i]); err != nil {
			return nil, err
		}
	}
	if err := b.flush(); err != nil {
		return nil, err
	}
	if err := b.follow(); err != nil {
		return nil, err
	}
	x.tell(mailEvents(out, b.touched)...)
	return out, nil
}

// lookUp fills the batch's maps for these deliveries.
func (b *batch) lookUp(ps []prepared) error {
	var contents [][]byte
	var ids []string
	var envelopes []*crm.Envelope
	for i := range ps {
		p := &ps[i]
		contents = append(contents, p.Raw.Content[:])
		if p.Copy {
			continue
		}
		ids = append(ids, p.Message.MessageID)
		ids = append(ids, p.Message.Chain()...)
		if p.nobodys {
			ids = append(ids, aboutMail(p.Message))
		}
		envelopes = append(envelopes, &p.Message.Envelope)
		if more := mentioned(p.Message); more != nil {
			envelopes = append(envelopes, more)
		}
	}
	if err := b.lookUpMessages(contents); err != nil {
		return err
	}
	if err := b.lookUpThreads(ids); err != nil {
		return err
	}
	if err := b.lookUpSuspects(ps); err != nil {
		return err
	}
	return b.lookUpPeople(envelopes)
}

// one decides and notes the rows of one mail.
func (b *batch) one(p *prepared) (crm.Outcome, error) {
	c, err := b.closedIn(p.Folder)
	if err != nil {
		return crm.Outcome{}, err
	}
	if c.all || !c.who.Empty() {
		if p.Copy {
			return crm.Outcome{Unknown: true}, nil // who wrote it must be known
		}
		if c.all || b.firm.Excludes(c.who, b.facts(p)) {
			b.withhold(p, crm.RuleExcluded)
			return crm.Outcome{Rule: crm.RuleExcluded}, nil
		}
	}
	if message, ok := b.messages[p.Raw.Content]; ok {
		return b.again(p, message)
	}
	if p.Copy {
		return crm.Outcome{Unknown: true}, nil
	}
	b.under(b.policyFor(p))
	e := &p.Message.Envelope
	if err := b.correspond(e); err != nil {
		return crm.Outcome{}, err
	}
	b.hand = &decided{author: e.Author().Address, text: func() (string, error) { return p.Message.Text, nil }}
	v, err := b.decide(b.facts(p))
	if err != nil {
		return crm.Outcome{}, err
	}
	if !v.Keep {
		b.withhold(p, v.Rule)
		return crm.Outcome{Rule: v.Rule}, nil
	}
	return b.store(p, v)
}

// decide applies the rules; correspondents found to be new customers are
// admitted, and then the rules see them as contacts.
func (b *batch) decide(m *crm.Facts) (crm.Verdict, error) {
	v := crm.Decide(&b.firm, m, b)
	if b.err != nil {
		return v, b.err
	}
	if len(v.Newcomers) == 0 {
		return v, b.nameUnnamed(m.Envelope)
	}
	for _, p := range v.Newcomers {
		if err := b.admit(p, originTwoWay); err != nil {
			return v, err
		}
	}
	v = crm.Decide(&b.firm, m, b)
	return v, b.err
}

// facts gathers what the rules know of a mail that has come.
func (b *batch) facts(p *prepared) *crm.Facts {
	m := p.Message
	return &crm.Facts{Envelope: &m.Envelope, At: p.at, Forwarded: m.Forwarded, Bounced: m.Bounced, Forged: b.firm.Forged(m.Auth)}
}

// mentioned gives the people whom only the body names, as an envelope whose
// addresses can be looked up.
func mentioned(m *crm.Message) *crm.Envelope {
	if len(m.Forwarded)+len(m.Bounced) == 0 {
		return nil
	}
	e := &crm.Envelope{To: m.Forwarded}
	for _, a := range m.Bounced {
		e.Cc = append(e.Cc, crm.Party{Address: a})
	}
	return e
}

// store notes the rows of a mail that is kept.
func (b *batch) store(p *prepared, v crm.Verdict) (crm.Outcome, error) {
	id, err := b.x.id()
	if err != nil {
		return crm.Outcome{}, err
	}
	rawID, err := b.x.id()
	if err != nil {
		return crm.Outcome{}, err
	}
	m := p.Message
	conversation, err := b.conversation(&m.Envelope, v.Unproven)
	if err != nil {
		return crm.Outcome{}, err
	}
	files := 0
	for i, a := range m.Attachments {
		if !a.Inline {
			files++
		}
		b.attachments = append(b.attachments, id, partKey(a.Part, i), a.Name, a.Type, a.Size, flag(a.Inline), a.ContentID)
	}
	direction := b.direction(&m.Envelope)
	b.messageRows = append(b.messageRows, id, p.Raw.Content[:], conversation, m.MessageID, micros(p.at), micros(m.Date),
		string(direction), string(m.Class), cut(m.Subject, crm.MaxSubject), p.preview, files, p.Raw.Size, flag(v.Loose), p.details, p.body)
	kept, err := b.x.put(p.Raw.Zstd)
	if err != nil {
		return crm.Outcome{}, err
	}
	b.raws = append(b.raws, rawID, id, p.Raw.Sum[:], p.Raw.Size, kept)
	b.search = append(append(b.search, id), p.search...)
	if err := b.participants(id, m); err != nil {
		return crm.Outcome{}, err
	}
	b.messages[p.Raw.Content] = id
	b.rawIDs[p.Raw.Sum] = rawID
	customers, err := b.link(id, p.at, v.Links)
	if err != nil {
		return crm.Outcome{}, err
	}
	b.want(&m.Envelope, v.Links)
	b.remember(id, m.MessageID, v.Links)
	if len(v.Links) > 0 {
		b.grown[conversation] = len(b.stored)
	}
	if err := b.propose(id, &m.Envelope, &v); err != nil {
		return crm.Outcome{}, err
	}
	b.see(p, id, rawID)
	b.listen(p, id)
	return crm.Outcome{Message: crm.MessageID(id), New: true, Customers: customers}, nil
}

// partKey makes the part's path a key even if a parser names two parts alike.
func partKey(part string, i int) string {
	if part == "" {
		return "#" + strconv.Itoa(i)
	}
	return part
}

// again notes a further sighting of a mail that is known.
func (b *batch) again(p *prepared, message int64) (crm.Outcome, error) {
	raw, ok := b.rawIDs[p.Raw.Sum]
	if !ok && p.Copy {
		return crm.Outcome{Unknown: true}, nil
	}
	if !ok {
		var err error
		if raw, err = b.x.id(); err != nil {
			return crm.Outcome{}, err
		}
		kept, err := b.x.put(p.Raw.Zstd)
		if err != nil {
			return crm.Outcome{}, err
		}
		b.raws = append(b.raws, raw, message, p.Raw.Sum[:], p.Raw.Size, kept)
		b.rawIDs[p.Raw.Sum] = raw
		b.listen(p, message) // another copy may name the envelope's recipient
	}
	b.see(p, message, raw)
	b.renewed[place{folder: p.Folder, uidValidity: p.UIDValidity}] = append(b.renewed[place{folder: p.Folder, uidValidity: p.UIDValidity}], message)
	// A copy that another colleague holds may make a private mail visible to
	// them; pages that show it look again.
	return crm.Outcome{Message: crm.MessageID(message)}, nil
}

// see notes the sighting, and that the UID waits no longer.
func (b *batch) see(p *prepared, message, raw int64) {
	b.sightings = append(b.sightings, int64(p.Folder), int64(p.UIDValidity), int64(p.UID), message, raw, micros(p.Internal), micros(b.now), 0)
	b.settled = append(b.settled, place{p.Folder, p.UIDValidity, p.UID})
}

// withhold notes that the mail is not kept, with the keys by which it is found
// when it turns out to be a customer's.
func (b *batch) withhold(p *prepared, rule crm.Rule) {
	e := &p.Message.Envelope
	b.listen(p, 0)
	b.settled = append(b.settled, place{p.Folder, p.UIDValidity, p.UID})
	b.uids = append(b.uids, int64(p.Folder), int64(p.UIDValidity), int64(p.UID), crm.UIDWithheld, string(rule), p.Raw.Size, micros(p.Internal), b.idKey(e))
	if rule == crm.RuleExcluded {
		return // nobody's mail fetches it, only the end of the exclusion
	}
	keys := b.keysOf(e)
	for _, a := range append(addressesOf(p.Message.Forwarded), p.Message.Bounced...) {
		keys = append(keys, b.addressKey(a), b.addressKey(a.Canonical()))
	}
	for _, k := range distinct(keys) {
		b.uidKeys = append(b.uidKeys, k, int64(p.Folder), int64(p.UID), int64(p.UIDValidity))
	}
}

func addressesOf(ps []crm.Party) []crm.Address {
	out := make([]crm.Address, len(ps))
	for i, p := range ps {
		out[i] = p.Address
	}
	return out
}

// participants notes who takes part, with their addresses, and whom the body
// names.
func (b *batch) participants(message int64, m *crm.Message) error {
	all := m.Participants()
	for _, p := range m.Forwarded {
		all = append(all, crm.Participant{Role: crm.RoleForwarded, Party: p})
	}
	for _, a := range m.Bounced {
		all = append(all, crm.Participant{Role: crm.RoleBounced, Party: crm.Party{Address: a}})
	}
	for n, p := range all {
		if n >= maxParticipants {
			break
		}
		a, err := b.addressID(p.Address)
		if err != nil {
			return err
		}
		written := p.Written
		if written == string(p.Address) {
			written = "" // as matched
		}
		b.people = append(b.people, message, n, string(p.Role), a, cut(p.Name, 500), cut(written, 500))
	}
	return nil
}

// maxParticipants bounds the rows of a mail to very many; the raw has them all.
const maxParticipants = 500

func (b *batch) direction(e *crm.Envelope) crm.Direction {
	switch {
	case !b.firm.Outgoing(e):
		return crm.In
	case len(b.firm.Outsiders(e)) == 0:
		return crm.Internal
	}
	return crm.Out
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// sortedKeys gives a map's keys in order, so that runs are alike.
func sortedKeys[K ~int64 | ~string, V any](m map[K]V) []K {
	ks := make([]K, 0, len(m))
	for k := range m {
		ks = append(ks, k)
	}
	slices.Sort(ks)
	return ks
}
