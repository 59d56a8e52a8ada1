package ingest

import "kaveri/crm"

// ReadAutoconfig reads a configuration as discovery does.
func ReadAutoconfig(a crm.Address, doc []byte) []crm.Mailbox {
	s := finding{Finder: new(Finder), address: a, domain: a.Domain()}
	return s.readAutoconfig(doc)
}
