package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"kaveri/crm"
	"kaveri/outbound"
	"kaveri/store"
)

var _ outbound.Ledger = (*store.Store)(nil)

// dataDir is the folder of database and key.
func (p *program) dataDir() (string, error) {
	for _, dir := range []string{p.data, p.getenv("KAVERI_DATA")} {
		if dir != "" {
			return filepath.Abs(dir)
		}
	}
	if dir := p.getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "kaveri"), nil
	}
	home := p.getenv("HOME")
	if home == "" {
		return "", misused("--data: there is no home folder to keep the data in; name a folder")
	}
	return filepath.Join(home, ".local", "share", "kaveri"), nil
}

// places says where the database and the key are.
func (p *program) places() (dsn, keyFile string, err error) {
	dir, err := p.dataDir()
	if err != nil {
		return "", "", err
	}
	if dsn = p.database; dsn == "" {
		dsn = p.getenv("KAVERI_DATABASE")
	}
	if dsn == "" {
		dsn = "sqlite://" + filepath.ToSlash(filepath.Join(dir, "kaveri.db"))
	}
	if keyFile = p.keyFile; keyFile == "" {
		keyFile = filepath.Join(dir, "kaveri.key")
	}
	return dsn, keyFile, nil
}

// databaseFile is the file of an SQLite database, "" for a server.
func databaseFile(dsn string) string {
	path, _ := strings.CutPrefix(dsn, "sqlite://")
	if path == dsn {
		return ""
	}
	return path
}

// shownDSN is the database's name without a password in it.
func shownDSN(dsn string) string {
	if u, err := url.Parse(dsn); err == nil && u.User != nil {
		return u.Redacted()
	}
	return dsn
}

// open opens the store, and makes database and key when there are none yet.
func (p *program) open(ctx context.Context) (*store.Store, error) {
	dsn, keyFile, err := p.places()
	if err != nil {
		return nil, err
	}
	return p.openInZone(ctx, dsn, keyFile)
}

// openInZone opens the store; from then on people are told times in the firm's
// zone.
func (p *program) openInZone(ctx context.Context, dsn, keyFile string) (*store.Store, error) {
	s, err := p.openAt(ctx, dsn, keyFile, store.Open)
	if err != nil {
		return nil, err
	}
	firm, err := s.Firm(ctx)
	if err != nil {
		s.Close()
		return nil, err
	}
	p.zone = firm.Zone()
	return s, nil
}

// openExisting opens the store for reading: a mistyped folder must not become
// an empty database.
func (p *program) openExisting(ctx context.Context) (*store.Store, error) {
	dsn, keyFile, err := p.places()
	if err != nil {
		return nil, err
	}
	if err := mustExist(dsn); err != nil {
		return nil, err
	}
	return p.openInZone(ctx, dsn, keyFile)
}

func mustExist(dsn string) error {
	if file := databaseFile(dsn); file != "" {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return missing("database", "there is no database %s yet; kaveri serve or kaveri firm set makes one, --data names another folder", file)
		}
	}
	return nil
}

type opener func(ctx context.Context, dsn string, o store.Options) (*store.Store, error)

func (p *program) openAt(ctx context.Context, dsn, keyFile string, open opener) (*store.Store, error) {
	key, err := readKey(keyFile)
	if err != nil {
		return nil, err
	}
	if key != nil {
		return open(ctx, dsn, p.storeOptions(key, keyFile))
	}
	if file := databaseFile(dsn); file != "" {
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			if key, err = makeKey(keyFile, nil); err != nil {
				return nil, err
			}
			return open(ctx, dsn, p.storeOptions(key, keyFile))
		}
	}
	// A database without its key. Only one that nobody has set up yet is given
	// a new one: in any other, sealed passwords and keyed hashes hang on it.
	missing := crm.Invalid("key", "the database is there, but its key file %s is missing; restore it from your copy, or name it with --key", keyFile)
	fresh := newKey()
	s, err := open(ctx, dsn, p.storeOptions(fresh, keyFile))
	var e *crm.Error
	if errors.As(err, &e) && e.Field == "key" {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	if used, err := s.Configured(ctx); err != nil || used {
		s.Close()
		return nil, missing
	}
	key, err = makeKey(keyFile, fresh)
	if err == nil && string(key) != string(fresh) { // another process was first
		s.Close()
		return open(ctx, dsn, p.storeOptions(key, keyFile))
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// storeOptions are those of a store whose key is in keyFile; the file that says
// whether it may send stands beside that.
func (p *program) storeOptions(key []byte, keyFile string) store.Options {
	return store.Options{Key: key, Instance: filepath.Join(filepath.Dir(keyFile), "instance"), Now: p.now, Log: p.log}
}

func newKey() []byte {
	key := make([]byte, store.KeySize)
	rand.Read(key)
	return key
}

// readKey reads the key file: nil when there is none.
func readKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, crm.Invalid("key", "the key file cannot be read: %v", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != store.KeySize {
		return nil, crm.Invalid("key", "%s is not a key file: it must hold %d hexadecimal digits; restore it from your copy", file, 2*store.KeySize)
	}
	return key, nil
}

// makeKey writes the key (a fresh one when nil) and gives it. When another
// process has written one meanwhile, that one is given instead.
func makeKey(file string, key []byte) ([]byte, error) {
	if key == nil {
		key = newKey()
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, crm.Invalid("data", "the folder cannot be made: %v", err)
	}
	// Complete or not there: a half-written key would lock its owner out.
	tmp, err := os.CreateTemp(dir, ".kaveri.key-*")
	if err != nil {
		return nil, crm.Invalid("key", "the key cannot be written: %v", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(hex.EncodeToString(key) + "\n")
	err = errors.Join(err, tmp.Chmod(0o600), tmp.Sync(), tmp.Close())
	if err != nil {
		return nil, crm.Invalid("key", "the key cannot be written: %v", err)
	}
	switch err := os.Link(tmp.Name(), file); {
	case errors.Is(err, fs.ErrExist):
		return readKey(file)
	case err != nil: // a file system without hard links
		if err := os.Rename(tmp.Name(), file); err != nil {
			return nil, crm.Invalid("key", "the key cannot be written: %v", err)
		}
	}
	return key, nil
}

// openAs opens the store on behalf of a colleague.
func (p *program) openAs(ctx context.Context, as string) (*store.Store, crm.Viewer, error) {
	s, err := p.openExisting(ctx)
	if err != nil {
		return nil, crm.Viewer{}, err
	}
	v, err := p.viewer(ctx, s, as)
	if err != nil {
		s.Close()
		return nil, crm.Viewer{}, err
	}
	return s, v, nil
}
