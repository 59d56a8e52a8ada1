package warehouse

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"kaveri/crm"
)

// Manifest says what a complete state holds.
type Manifest struct {
	Schema   int                        `json:"schema"`
	Made     time.Time                  `json:"made"`
	As       string                     `json:"as"`       // on whose behalf it was read
	Currency string                     `json:"currency"` // the reporting currency
	TimeZone string                     `json:"time_zone"`
	Tables   map[string]map[string]Part `json:"tables"` // by table and file
}

// Part is a file of a table.
type Part struct {
	Rows        int64  `json:"rows"`
	Bytes       int64  `json:"bytes"`
	Fingerprint string `json:"fingerprint"` // of the rows
}

const manifestName = "manifest.json"

// sameTerms reports that two states were read on the same terms, so that what
// is in one may be said to be in the other.
func (m *Manifest) sameTerms(o *Manifest) bool {
	return m.Schema == o.Schema && m.As == o.As && m.Currency == o.Currency && m.TimeZone == o.TimeZone
}

// readManifest reads that of a state; nil when there is none.
func readManifest(dir string) (*Manifest, error) {
	name := filepath.Join(dir, manifestName)
	body, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fileError(name, err)
	}
	var m Manifest
	if err := json.Unmarshal(body, &m); err != nil || m.Schema < 1 {
		return nil, crm.Of("folder", crm.Conflict("%s is damaged; remove the folder, or name another, and everything is written anew", name))
	}
	if m.Schema > Schema {
		return nil, crm.Of("folder", crm.Conflict("%s was written by a newer Kaveri (schema %d, this one writes %d); use that one, or name another folder", dir, m.Schema, Schema))
	}
	return &m, nil
}

// intact drops from the manifest the files that are not as it says, so that they
// are written anew, and reports that there are none.
func (m *Manifest) intact(dir string) bool {
	whole := true
	for table, parts := range m.Tables {
		for name, p := range parts {
			info, err := os.Stat(filepath.Join(dir, table, name))
			if err != nil || info.Size() != p.Bytes {
				delete(parts, name)
				whole = false
			}
		}
	}
	return whole
}
