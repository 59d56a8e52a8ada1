package crm

import "time"

// OrderMail is a stored mail that may carry an order for programs to read.
type OrderMail struct {
	ID      MessageID
	At      time.Time
	Author  Address
	To      []Party
	Trusted bool // it does come from where it says; the others are there to be noted only
	Raw     []byte
}

// Buyer gives to whom alone the mail went outside the firm; zero when that is
// nobody or several.
func (m *OrderMail) Buyer(f *Firm) (b Buyer) {
	for _, p := range m.To {
		switch {
		case p.Address == "" || f.Internal(p.Address) || p.Address == b.Address:
		case b.Address != "":
			return Buyer{}
		default:
			b = Buyer{Name: p.Name, Address: p.Address}
		}
	}
	return b
}
