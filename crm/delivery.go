package crm

import "time"

// Listed is one UID of a folder as the envelope pass saw it. Envelope may be nil
// under [PolicyAll], where every body is fetched whatever it says.
type Listed struct {
	UID      uint32
	Internal time.Time // INTERNALDATE
	Size     int64     // RFC822.SIZE, bytes
	Envelope *Envelope
	Policy   Policy // "": the firm's
}

// Due is a UID whose body is to be fetched.
type Due struct {
	UID  uint32
	Size int64
}

// Delivery is one mail seen at one place, ready to be stored.
type Delivery struct {
	Folder      FolderID
	UIDValidity uint32
	UID         uint32
	Internal    time.Time
	Message     *Message
	Raw         Raw
	Policy      Policy // "": the firm's
	// Copy says that these bytes were stored before: Message and Raw.Zstd are
	// left out, only the sighting is new.
	Copy bool
}

// Outcome is what became of a [Delivery].
type Outcome struct {
	Message   MessageID // 0 when withheld
	Rule      Rule      // why it is withheld, "" when stored
	New       bool      // the message was not known before
	Customers []CustomerID
	Unknown   bool // a Copy of what is not stored: deliver it in full
}

// Failure is a UID that could not be stored, with why and what is known of it.
type Failure struct {
	UID    uint32
	Reason string
	Raw    []byte // the bytes, when they were fetched; kept in quarantine
}

// Quarantined is a mail kept aside after three tries.
type Quarantined struct {
	Folder      FolderID
	Mailbox     MailboxID
	MailboxName string
	FolderName  string
	UIDValidity uint32
	UID         uint32
	Reason      string
	Tries       int
	Size        int64 // bytes kept, 0 when the server never gave any
	At          time.Time
}
