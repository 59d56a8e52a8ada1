package warehouse

import (
	"time"

	"kaveri/crm"
)

// Source is what is exported, all of one moment. from is the first day, to the
// one behind the last; 0 stands for no end.
type Source interface {
	Firm() crm.Firm
	Colleagues(yield func(*crm.Staff) error) error
	Customers(yield func(*crm.ExportedCustomer) error) error
	Products(yield func(*crm.Product) error) error
	Orders(from, to crm.Day, yield func(*crm.ExportedOrder) error) error
	Mails(from, to crm.Day, yield func(*crm.ExportedMail) error) error
	Deliveries(from, to crm.Day, yield func(*crm.ExportedDelivery) error) error
	Standings(from, to crm.Day, yield func(*crm.ExportedStanding) error) error
}

// table says how the rows of a table are read. Those of a fact are read in the
// order of their months.
type table[R any] struct {
	name  string
	holds string // a row of it, for people
	rows  func(x *reading, from, to crm.Day, yield func(*R) error) error
	day   func(*R) crm.Day   // by whose month a fact is divided; nil: it is one part
	days  func(*R) []crm.Day // all that the row names; 0 names none
}

// reading is a source with what its rows need besides.
type reading struct {
	Source
	zone        *time.Location
	currency    string
	named       bool    // some row has named a day
	first, last crm.Day // of all that the rows so far have named
}

// tables are all tables, in the order in which they are read: the dates come
// last, when it is known which there are.
var tables = []exporter{
	&table[colleagueRow]{name: "colleague", holds: "somebody who works or has worked here", rows: colleagues},
	&table[customerRow]{name: "customer", holds: "a customer as it is now", rows: customers},
	&table[productRow]{name: "product", holds: "something that was ever sold", rows: products},
	&table[lineRow]{name: "order_line", holds: "a line of an order", rows: lines,
		day: func(r *lineRow) crm.Day { return crm.Day(r.Date) }},
	&table[messageRow]{name: "message", holds: "a mail, for each customer whom it belongs to", rows: messages,
		day: func(r *messageRow) crm.Day { return crm.Day(r.Date) }},
	&table[deliveryRow]{name: "delivery", holds: "one recipient of a mailing, and what came of it", rows: deliveries,
		day:  func(r *deliveryRow) crm.Day { return crm.Day(r.MailingDate) },
		days: func(r *deliveryRow) []crm.Day { return []crm.Day{crm.Day(r.Date)} }},
	&table[standingRow]{name: "standing", holds: "where a customer stood, for as long as it did not change", rows: standings,
		day:  func(r *standingRow) crm.Day { return crm.Day(r.From) },
		days: func(r *standingRow) []crm.Day { return []crm.Day{crm.Day(r.To)} }},
	&table[dateRow]{name: "date", holds: "a day", rows: dates},
}

func colleagues(x *reading, _, _ crm.Day, yield func(*colleagueRow) error) error {
	if err := yield(&colleagueRow{}); err != nil {
		return err
	}
	return x.Colleagues(func(s *crm.Staff) error {
		return yield(&colleagueRow{int64(s.ID), s.Name, !s.Disabled})
	})
}

func products(x *reading, _, _ crm.Day, yield func(*productRow) error) error {
	if err := yield(&productRow{}); err != nil {
		return err
	}
	return x.Products(func(p *crm.Product) error {
		return yield(&productRow{int64(p.ID), p.SKU, p.Name, p.Group})
	})
}

func customers(x *reading, _, _ crm.Day, yield func(*customerRow) error) error {
	if err := yield(&customerRow{Kind: "unknown", Currency: x.currency}); err != nil {
		return err
	}
	return x.Customers(func(c *crm.ExportedCustomer) error {
		row := customerRow{Customer: int64(c.ID), Name: named(c.Name), Kind: "person", Contacts: int32(c.Contacts), Language: c.Language, Owner: int64(c.Owner), Created: micros(c.Created), Currency: x.currency}
		if c.Organisation {
			row.Kind = "organisation"
		}
		if c.Standing != nil {
			row.stand(c.Standing)
		}
		return yield(&row)
	})
}

// named gives a name, and nothing for an address that stands for one.
func named(name string) string {
	if _, err := crm.ParseAddress(name); err == nil {
		return ""
	}
	return name
}

// stand fills in where a customer stands now.
func (r *customerRow) stand(l *crm.LoyaltyRow) {
	spent, value := int64(l.Spent), int64(l.Value)
	r.Rung, r.Timing, r.Note, r.Since = string(l.Rung), string(l.Timing), string(l.Note), int32(l.Since)
	r.OrderDays, r.First, r.Last = int32(l.Events), int32(l.First), int32(l.Last)
	r.Due, r.Overdue, r.Lapsed = int32(l.Due), int32(l.Overdue), int32(l.Lapsed)
	r.PAlive, r.POrder, r.Attitude = &l.PAlive, &l.POrder, &l.Attitude.Index
	r.Spent, r.Value = &spent, &value
}

func messages(x *reading, from, to crm.Day, yield func(*messageRow) error) error {
	return x.Mails(from, to, func(m *crm.ExportedMail) error {
		row := messageRow{Message: int64(m.ID), Customer: int64(m.Customer), First: m.First, Conversation: int64(m.Conversation), Colleague: int64(m.Colleague),
			Date: x.date(m.At), At: m.At.UnixMicro(), Direction: string(m.Direction), Class: string(m.Class), Private: m.Private,
			Attachments: int32(m.Attachments), Size: m.Size, Language: m.Language}
		if m.Answered != nil {
			s := int64(*m.Answered / time.Second)
			row.Reply = &s
		}
		return yield(&row)
	})
}

func deliveries(x *reading, from, to crm.Day, yield func(*deliveryRow) error) error {
	return x.Deliveries(from, to, func(d *crm.ExportedDelivery) error {
		when := d.Changed
		if !d.Sent.IsZero() {
			when = d.Sent
		}
		return yield(&deliveryRow{Delivery: int64(d.ID), Mailing: int64(d.Mailing), MailingName: d.Name, Kind: string(d.Kind), Topic: d.Topic, MailingDate: x.date(d.Start),
			Customer: int64(d.Customer), Date: x.date(when), State: string(d.State), Tries: int32(d.Tries), Sent: micros(d.Sent), Bounced: micros(d.Bounced),
			Complained: micros(d.Complained), Answered: micros(d.Answered), Clicked: micros(d.Clicked), Opened: micros(d.Opened), Unsubscribed: micros(d.Unsubscribed)})
	})
}

func standings(x *reading, from, to crm.Day, yield func(*standingRow) error) error {
	return x.Standings(from, to, func(s *crm.ExportedStanding) error {
		return yield(&standingRow{int64(s.Customer), int32(s.Day), int32(s.Until), string(s.Rung), string(s.Timing), string(s.Note)})
	})
}

// dates gives every day from the first to the last that was named.
func dates(x *reading, _, _ crm.Day, yield func(*dateRow) error) error {
	for d := x.first; x.named && d <= x.last; d++ {
		t := d.Time()
		year, week := t.ISOWeek()
		weekday := (int32(t.Weekday())+6)%7 + 1
		if err := yield(&dateRow{Date: int32(d), Year: int32(t.Year()), Quarter: (int32(t.Month())-1)/3 + 1, Month: int32(t.Month()), Day: int32(t.Day()),
			Begins: int32(d) - int32(t.Day()) + 1, ISOYear: int32(year), ISOWeek: int32(week), Weekday: weekday, Weekend: weekday >= 6}); err != nil {
			return err
		}
	}
	return nil
}

// date gives the day of a time in the firm's time zone.
func (x *reading) date(t time.Time) int32 { return int32(crm.DayOf(t.In(x.zone))) }

// name notes a day that a row names.
func (x *reading) name(d crm.Day) {
	if !x.named {
		x.named, x.first, x.last = true, d, d
	}
	x.first, x.last = min(x.first, d), max(x.last, d)
}

// micros gives a time as parquet has it, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}
