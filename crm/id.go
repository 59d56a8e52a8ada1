package crm

import "strconv"

// Ids are made by the store from one sequence, so that an id of one kind is
// never a valid id of another, and stay below 2^53, so that every reader of
// JSON keeps them exact. The zero id means "none".
type (
	// StaffID names a colleague.
	StaffID int64
	// MailboxID names a staff mailbox.
	MailboxID int64
	// FolderID names a folder of a mailbox.
	FolderID int64
	// MessageID names a stored message (not the Message-ID header field).
	MessageID int64
	// ContactID names a contact: one human.
	ContactID int64
	// CustomerID names a customer: the account we do business with.
	CustomerID int64
	// OrganisationID names an organisation.
	OrganisationID int64
	// ConversationID names a conversation: mails joined by References.
	ConversationID int64
	// NoteID names a note.
	NoteID int64
	// ReviewID names a question for a colleague.
	ReviewID int64
	// MailingID names a mailing: what dispatches are part of.
	MailingID int64
	// DispatchID names a dispatch: one mail to one recipient.
	DispatchID int64
	// SenderID names a sender: an account at a mail server that takes our mail.
	SenderID int64
	// DetailID names what a signature says about a contact.
	DetailID int64
	// DraftID names a mail that a colleague writes.
	DraftID int64
	// SnippetID names a text that colleagues put into mails.
	SnippetID int64
	// OrderID names an order.
	OrderID int64
	// ProductID names a product.
	ProductID int64
	// GroupID names a group of products.
	GroupID int64
	// WishID names what a customer wishes.
	WishID int64
	// SurveyID names a survey.
	SurveyID int64
	// ImportID names a file or batch that was brought in.
	ImportID int64
	// APITokenID names a token of the API.
	APITokenID int64
	// WebhookID names a webhook: an address at which a shop tells of its orders.
	WebhookID int64
	// ExclusionID names an exclusion: mail that is not kept.
	ExclusionID int64
	// SegmentID names a saved rule about customers.
	SegmentID int64
	// CampaignID names a campaign.
	CampaignID int64
	// MergeID names a merge of two customers or contacts.
	MergeID int64
)

// ParseID reads a decimal id as it stands in addresses of pages and on the
// command line. It reports an error of kind [KindInvalid] naming field.
func ParseID[T ~int64](field, s string) (T, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, Invalid(field, "%q is not an id: give the number shown in the list", s)
	}
	return T(n), nil
}
