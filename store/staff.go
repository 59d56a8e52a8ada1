package store

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"kaveri/crm"
)

const staffCols = `id, name, address, role, language, disabled, created_us`

func scanStaff(r interface{ Scan(...any) error }, m *crm.Staff, more ...any) error {
	var disabled, created int64
	err := r.Scan(append([]any{&m.ID, &m.Name, &m.Address, &m.Role, &m.Language, &disabled, &created}, more...)...)
	m.Disabled, m.Created = disabled != 0, fromMicros(created)
	return err
}

// Staff lists the colleagues, disabled ones too, in the order they were added.
func (s *Store) Staff(ctx context.Context) ([]crm.Staff, error) {
	rows, err := s.r.QueryContext(ctx, s.bound.sql(`SELECT `+staffCols+` FROM staff ORDER BY id`))
	return collect(rows, err, func(r *sql.Rows, m *crm.Staff) error { return scanStaff(r, m) })
}

// AddStaff adds a colleague who signs in with the password. Only an
// administrator may; the first one is added by [crm.SystemViewer].
func (s *Store) AddStaff(ctx context.Context, v crm.Viewer, m crm.Staff, password string) (crm.Staff, error) {
	if !v.MayAdminister() {
		return crm.Staff{}, crm.Forbidden("only an administrator may add colleagues")
	}
	if err := validateStaff(&m); err != nil {
		return crm.Staff{}, err
	}
	hash, err := hashPassword(password)
	if err != nil {
		return crm.Staff{}, err
	}
	m.Created = fromMicros(micros(s.now()))
	err = s.write(ctx, func(x *tx) error {
		id, err := x.id()
		if err != nil {
			return err
		}
		m.ID = crm.StaffID(id)
		err = x.exec(`INSERT INTO staff (id, name, address, role, language, password, disabled, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			id, m.Name, string(m.Address), string(m.Role), m.Language, hash, flag(m.Disabled), micros(m.Created))
		if err != nil && s.engine.unique(err) {
			return crm.Of("address", crm.Conflict("%s signs in already; give that account a new password instead", m.Address))
		}
		return err
	})
	return m, err
}

func validateStaff(m *crm.Staff) (err error) {
	if m.Address, err = crm.ParseAddress(string(m.Address)); err != nil {
		return err
	}
	m.Name = cut(strings.TrimSpace(m.Name), 300)
	if m.Name == "" {
		m.Name = crm.NameFromAddress(m.Address)
	}
	switch m.Role {
	case "":
		m.Role = crm.StaffMember
	case crm.StaffAdmin, crm.StaffMember:
	default:
		return crm.Invalid("role", "%q is unknown; choose admin or staff", m.Role)
	}
	switch m.Language {
	case "", "en", "fi":
		return nil
	}
	return crm.Invalid("language", "%q is not offered; choose en or fi", m.Language)
}

// SetPassword changes a colleague's password and ends all their sessions: one's
// own, or as administrator anybody's.
func (s *Store) SetPassword(ctx context.Context, v crm.Viewer, id crm.StaffID, password string) error {
	if !v.MayAdminister() && (v.Staff == 0 || v.Staff != id) {
		return crm.Forbidden("only an administrator may change a colleague's password")
	}
	hash, err := hashPassword(password)
	if err != nil {
		return err
	}
	return s.changeStaff(ctx, id, `UPDATE staff SET password = $1 WHERE id = $2`, hash)
}

// DisableStaff takes away, or gives back, a colleague's way in. Their mailboxes
// stay as they are. The last administrator cannot be disabled.
func (s *Store) DisableStaff(ctx context.Context, v crm.Viewer, id crm.StaffID, disabled bool) error {
	if !v.MayAdminister() {
		return crm.Forbidden("only an administrator may disable colleagues")
	}
	return s.changeStaff(ctx, id, `UPDATE staff SET disabled = $1 WHERE id = $2`, flag(disabled))
}

// changeStaff sets one column, ends the colleague's sessions, and refuses to
// leave the firm without an administrator.
func (s *Store) changeStaff(ctx context.Context, id crm.StaffID, update string, value any) error {
	return s.write(ctx, func(x *tx) error {
		n, err := x.changed(update, value, int64(id))
		if err != nil {
			return err
		}
		if n == 0 {
			return crm.Of("colleague", crm.NotFound("no colleague has the number %d", id))
		}
		var admins int
		if err := x.row(`SELECT count(*) FROM staff WHERE role = $1 AND disabled = 0`, string(crm.StaffAdmin)).Scan(&admins); err != nil {
			return err
		}
		if admins == 0 && value == any(int64(1)) {
			return crm.Of("colleague", crm.Conflict("this is the last administrator; make somebody else one first"))
		}
		return x.exec(`DELETE FROM sessions WHERE staff_id = $1`, int64(id))
	})
}

var errSignIn = crm.Forbidden("address or password is wrong")

// SignIn gives the colleague with this address and password. Whether it was
// the address or the password that is wrong shows neither in the answer nor in
// the time it takes.
func (s *Store) SignIn(ctx context.Context, address, password string) (crm.Staff, error) {
	var m crm.Staff
	hash := ""
	if a, err := crm.ParseAddress(address); err == nil {
		row := s.r.QueryRowContext(ctx, s.bound.sql(`SELECT `+staffCols+`, password FROM staff WHERE address = $1`), string(a))
		if err := scanStaff(row, &m, &hash); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return crm.Staff{}, err
		}
	}
	if !passwordMatches(hash, password) || m.Disabled {
		return crm.Staff{}, errSignIn
	}
	return m, nil
}

// MinPassword and maxPassword bound a password, in characters and in bytes.
const (
	MinPassword = 10
	maxPassword = 1000
)

// The cost of a password's hash, stored with it so that it can be raised:
// argon2id with 19 MiB, two passes, one lane, as OWASP recommends.
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonKey    = 32
)

// hashing bounds how many hashes are computed at once, each takes 19 MiB.
var hashing = make(chan struct{}, 2)

func argon(password string, salt []byte, time, memory uint32, lanes uint8, size uint32) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	// One text can be written in several ways (ä as one rune or two): the same
	// password must open on every keyboard.
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, time, memory, lanes, size)
}

// hashPassword gives the encoded hash, $argon2id$v=19$m=..,t=..,p=..$salt$hash.
func hashPassword(password string) (string, error) {
	switch {
	case !utf8.ValidString(password):
		return "", crm.Invalid("password", "the password is not valid UTF-8")
	case utf8.RuneCountInString(password) < MinPassword:
		return "", crm.Invalid("password", "the password is too short; use at least %d characters", MinPassword)
	case len(password) > maxPassword:
		return "", crm.Invalid("password", "the password is longer than %d bytes", maxPassword)
	}
	salt := make([]byte, 16)
	rand.Read(salt)
	key := argon(password, salt, argonTime, argonMemory, argonLanes, argonKey)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes, b64(salt), b64(key)), nil
}

// passwordMatches takes as long for an unknown address (encoded is "") as for
// a known one.
func passwordMatches(encoded, password string) bool {
	if len(password) > maxPassword {
		password = ""
	}
	var version int
	var memory, time uint32
	var lanes uint8
	parts := strings.Split(encoded, "$") // "", argon2id, v=, m=,t=,p=, salt, key
	if len(parts) == 6 && parts[1] == "argon2id" {
		_, err1 := fmt.Sscanf(parts[2], "v=%d", &version)
		_, err2 := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &lanes)
		salt, err3 := base64.RawStdEncoding.DecodeString(parts[4])
		key, err4 := base64.RawStdEncoding.DecodeString(parts[5])
		if errors.Join(err1, err2, err3, err4) == nil && version == argon2.Version && time > 0 && lanes > 0 && len(key) > 0 {
			got := argon(password, salt, time, memory, lanes, uint32(len(key)))
			return subtle.ConstantTimeCompare(got, key) == 1
		}
	}
	argon(password, make([]byte, 16), argonTime, argonMemory, argonLanes, argonKey)
	return false
}
