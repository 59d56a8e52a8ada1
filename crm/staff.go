package crm

import "time"

// StaffRole is what a colleague may do in Kaveri.
type StaffRole string

// The roles of this stage: an administrator sets up the firm, mailboxes and
// colleagues; staff work with customers.
const (
	StaffAdmin  StaffRole = "admin"
	StaffMember StaffRole = "staff"
)

// Staff is a colleague who signs in.
type Staff struct {
	ID       StaffID
	Name     string
	Address  Address // signs in with it
	Role     StaffRole
	Language string // en or fi; "" follows the firm
	Disabled bool
	Created  time.Time
}

// Viewer is on whose behalf something is read. Every read takes one.
type Viewer struct {
	Staff StaffID
	Role  StaffRole
	// System is the program itself (ingest, backup, census); never a person.
	System bool
}

// SystemViewer reads on behalf of the program, not of a person.
var SystemViewer = Viewer{System: true}

// ViewerOf makes a colleague's viewer.
func ViewerOf(s Staff) Viewer { return Viewer{Staff: s.ID, Role: s.Role} }

// Visibility is what the policy needs to know of a mail.
type Visibility struct {
	Private bool      // somebody who holds a copy has marked it private
	Holders []StaffID // the colleagues in whose mailboxes it was seen
}

// MaySee is the one policy that every read of mail passes: pages, search,
// counts, exports and events. A private mail is seen only by the colleagues
// who hold a copy of it in their own mailbox; not by an administrator.
//
// The store applies the same rule in SQL (store/policy.go); a test holds the
// two against each other.
func (v Viewer) MaySee(m Visibility) bool {
	switch {
	case v.System:
		return true
	case v.Staff == 0:
		return false
	case !m.Private:
		return true
	}
	for _, s := range m.Holders {
		if s == v.Staff {
			return true
		}
	}
	return false
}

// MayAdminister reports whether the viewer may change firm, mailboxes and staff.
func (v Viewer) MayAdminister() bool { return v.System || v.Role == StaffAdmin }
