package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"kaveri/crm"
)

// Store is what the pages read and change. Every read takes a viewer and
// returns only what that viewer may see.
type Store interface {
	Questions
	Tagging

	Firm(ctx context.Context) (crm.Firm, error)
	SaveFirm(ctx context.Context, v crm.Viewer, f crm.Firm) error
	Staff(ctx context.Context) ([]crm.Staff, error)
	AddStaff(ctx context.Context, v crm.Viewer, s crm.Staff, password string) (crm.Staff, error)
	// DisableStaff takes away, or gives back, a colleague's way in, and ends their
	// sessions; [crm.KindConflict] for the last administrator.
	DisableStaff(ctx context.Context, v crm.Viewer, id crm.StaffID, disabled bool) error

	// SignIn gives the colleague; [crm.KindForbidden] when address or password is wrong.
	SignIn(ctx context.Context, address, password string) (crm.Staff, error)
	NewSession(ctx context.Context, tokenHash [32]byte, staff crm.StaffID, now time.Time) error
	// Session gives whose session it is and notes that it is in use;
	// [crm.KindNotFound] when there is none or it has expired.
	Session(ctx context.Context, tokenHash [32]byte, now time.Time) (crm.Staff, error)
	EndSession(ctx context.Context, tokenHash [32]byte) error

	Customers(ctx context.Context, v crm.Viewer, q crm.CustomerQuery) ([]crm.CustomerRow, crm.PageKey, error)
	Customer(ctx context.Context, v crm.Viewer, id crm.CustomerID) (crm.Customer, error)
	AddCustomer(ctx context.Context, v crm.Viewer, name string, addresses []crm.Address) (crm.Customer, error)
	// Timeline gives mails and notes, newest first.
	Timeline(ctx context.Context, v crm.Viewer, id crm.CustomerID, after crm.PageKey, limit int) ([]crm.TimelineItem, crm.PageKey, error)
	Mail(ctx context.Context, v crm.Viewer, id crm.MessageID) (crm.MailView, error)
	RawMail(ctx context.Context, v crm.Viewer, id crm.MessageID) ([]byte, error)
	MailText(ctx context.Context, v crm.Viewer, id crm.MessageID) (crm.Letter, error)
	SetTopic(ctx context.Context, v crm.Viewer, id crm.MessageID, begins bool) error
	// Conversation gives its mails, oldest first.
	Conversation(ctx context.Context, v crm.Viewer, id crm.ConversationID) ([]crm.MailRow, error)
	Search(ctx context.Context, v crm.Viewer, query string, limit int) ([]crm.SearchHit, error)
	AddNote(ctx context.Context, v crm.Viewer, n crm.Note) (crm.Note, error)
	SetPrivate(ctx context.Context, v crm.Viewer, id crm.MessageID, private bool) error

	// Reviews gives the open questions, newest first; MailReviews those about
	// one mail, OpenReviews how many there are, up to 1000.
	Reviews(ctx context.Context, v crm.Viewer, limit int) ([]crm.Review, error)
	MailReviews(ctx context.Context, v crm.Viewer, m crm.MessageID) ([]crm.Review, error)
	OpenReviews(ctx context.Context, v crm.Viewer) (int, error)
	DecideReview(ctx context.Context, v crm.Viewer, id crm.ReviewID, yes bool) error
	// Correct notes a colleague's word on whether a mail belongs to a contact.
	Correct(ctx context.Context, v crm.Viewer, m crm.MessageID, contact crm.ContactID, belongs bool) error
	AddAddress(ctx context.Context, v crm.Viewer, contact crm.ContactID, a crm.ContactAddress) error
	RemoveAddress(ctx context.Context, v crm.Viewer, contact crm.ContactID, a crm.Address) error
	// RemoveDomain takes back that everybody at a domain is of one organisation.
	RemoveDomain(ctx context.Context, v crm.Viewer, domain string) error
	// DetailProposals gives what signatures show of a customer's contacts.
	DetailProposals(ctx context.Context, v crm.Viewer, c crm.CustomerID, limit int) ([]crm.DetailProposal, error)
	// DecideDetail takes one over, or dismisses it.
	DecideDetail(ctx context.Context, v crm.Viewer, id crm.DetailID, yes bool) error
	RemoveDetail(ctx context.Context, v crm.Viewer, contact crm.ContactID, d crm.Detail) error
	// SetCustomerLanguage says in which language to write; "" leaves it to the mail.
	SetCustomerLanguage(ctx context.Context, v crm.Viewer, c crm.CustomerID, code string) (crm.Customer, error)
	// Merge makes two customers one, Unmerge undoes it.
	Merge(ctx context.Context, v crm.Viewer, keep, other crm.CustomerID, samePerson bool) (crm.MergeID, error)
	Unmerge(ctx context.Context, v crm.Viewer, id crm.MergeID) error
	Merges(ctx context.Context, v crm.Viewer, c crm.CustomerID) ([]crm.MergeRow, error)

	Health(ctx context.Context, v crm.Viewer) ([]crm.MailboxHealth, error)
	AddMailbox(ctx context.Context, v crm.Viewer, m crm.Mailbox) (crm.Mailbox, error)
	// RemoveMailbox disconnects; captured mail stays.
	RemoveMailbox(ctx context.Context, v crm.Viewer, id crm.MailboxID) error
	Quarantine(ctx context.Context, v crm.Viewer) ([]crm.Quarantined, error)

	// Exclusions gives whose mail is not kept in a mailbox, or (0) in the firm.
	Exclusions(ctx context.Context, v crm.Viewer, box crm.MailboxID) ([]crm.Exclusion, error)
	// PreviewExclusion says what one would do to stored mail, AddExclusion does it.
	PreviewExclusion(ctx context.Context, v crm.Viewer, e crm.Exclusion) (crm.ExclusionEffect, error)
	AddExclusion(ctx context.Context, v crm.Viewer, e crm.Exclusion) (crm.Exclusion, crm.ExclusionEffect, error)
	RemoveExclusion(ctx context.Context, v crm.Viewer, id crm.ExclusionID) error

	// Subscribe gives what changes, until ctx ends and the channel is closed.
	// A slow reader may miss events; the data is always read again.
	Subscribe(ctx context.Context) <-chan crm.Event
}

// Reader reads a raw mail.
type Reader interface {
	Open(raw []byte) *crm.Message
	// Part gives the decoded bytes of one part by its path ("2", "1.3").
	Part(raw []byte, path string) ([]byte, error)
	// Inline gives the part with this Content-ID, for images within the HTML.
	Inline(raw []byte, contentID string) (data []byte, mediaType string, err error)
}

// Connector finds and tries mail servers.
type Connector interface {
	// Discover gives candidates for the address, best first.
	Discover(ctx context.Context, address crm.Address) ([]crm.Mailbox, error)
	// Try signs in; nil, or a [crm.Error] whose sentence says what is wrong.
	Try(ctx context.Context, m crm.Mailbox) error
}

// Options is what [New] needs.
type Options struct {
	Store      Store
	Reader     Reader
	Connector  Connector
	Ledger     Ledger
	Courier    Courier
	Intake     Intake
	Loyalty    Loyalty
	Baskets    Baskets
	Clock      Clock
	Drafts     Drafts
	Postbox    Postbox
	Wishes     Wishes
	Team       Team
	Campaigns  Campaigns
	Campaigner Campaigner
	Segments   Segments

	// SetupToken opens the first-run page while there is no staff; it stands
	// on the console. Empty: the first run is closed.
	SetupToken string
	// SignInToken is a link that signs in once, as SignInAs: the demo's way in.
	SignInToken string
	// SignInAs is who SignInToken signs in; empty: the first administrator.
	SignInAs crm.Address
	// SignInHint is shown on the sign-in page, such as the demo's account.
	SignInHint string
	// Demo starts the sample company and gives the address of its first page.
	// Nil: not offered.
	Demo func(ctx context.Context) (url string, err error)

	// Waiting says in English why mail waits that could be sent, in one
	// sentence; "" when none does. Nil: nothing is sent from here.
	Waiting func() string

	// Secure says that people reach us by https: then cookies are __Host- ones.
	Secure bool
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Log takes requests and faults; nil: slog.Default.
	Log *slog.Logger
	// Heartbeat is how often a live connection is kept alive; 0: 20 s.
	Heartbeat time.Duration
}

// Server answers every request. It is made by [New].
type Server struct {
	Options
	views   *views
	static  *static
	tries   *throttle
	moved   shortly[[2]int, movement]
	weeks   shortly[crm.Day, []crm.OrderWeek]
	uploads *uploads
	root    http.Handler

	once     sync.Mutex // guards first run and the one-time sign-in
	usedLink bool
}

// New makes the handler. It fails when a template does not parse or an option
// that it cannot do without is missing.
func New(o Options) (http.Handler, error) {
	if o.Store == nil || o.Reader == nil || o.Connector == nil || o.Ledger == nil || o.Courier == nil || o.Drafts == nil || o.Postbox == nil || o.Loyalty == nil || o.Baskets == nil || o.Clock == nil || o.Wishes == nil || o.Intake == nil || o.Team == nil {
		return nil, errors.New("web: Store, Reader, Connector, Ledger, Courier, Drafts, Postbox, Loyalty, Baskets, Clock, Wishes, Intake and Team are needed")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 20 * time.Second
	}
	static, err := newStatic()
	if err != nil {
		return nil, err
	}
	views, err := newViews(static)
	if err != nil {
		return nil, err
	}
	s := &Server{Options: o, views: views, static: static, tries: newThrottle(o.Now), uploads: newUploads(o.Now)}
	s.root = s.guard(s.routes())
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.root.ServeHTTP(w, r) }
