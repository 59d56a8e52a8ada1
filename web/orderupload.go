package web

import (
	"crypto/rand"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"kaveri/crm"
)

// maxOrderFile bounds a file of orders that is sent to the pages; the command line
// takes any.
const maxOrderFile = 32 << 20

// An upload is kept for an hour, and at most maxUploads at once, of each colleague
// one: whoever brings another has done with the one before.
const (
	uploadLife = time.Hour
	maxUploads = 16
)

// uploads are the files that people look at before they bring them in.
type uploads struct {
	mu  sync.Mutex
	now func() time.Time
	all map[string]*upload
}

// upload is one file. It has no name in the folder for temporary files any more
// (where the system allows that), so that it is gone when the process is.
type upload struct {
	mu      sync.Mutex // one request at a time reads it
	id      string
	staff   crm.StaffID
	name    string // as people call it
	source  string
	at      time.Time
	file    *os.File
	rejects *os.File      // nil: none were kept aside
	result  *ImportResult // nil: it was not brought in yet
	closed  bool
}

func newUploads(now func() time.Time) *uploads {
	return &uploads{now: now, all: map[string]*upload{}}
}

// unnamed makes a temporary file without a name.
func unnamed() (*os.File, error) {
	f, err := os.CreateTemp("", "kaveri-orders-*")
	if err == nil {
		os.Remove(f.Name()) // where open files keep their names, discard does it
	}
	return f, err
}

func discard(f *os.File) {
	if f != nil {
		f.Close()
		os.Remove(f.Name())
	}
}

func (u *upload) discard() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	discard(u.file)
	discard(u.rejects)
}

// add keeps an upload, and lets go those that are old, or in its place.
func (a *uploads) add(u *upload) {
	a.mu.Lock()
	defer a.mu.Unlock()
	u.id, u.at = rand.Text(), a.now()
	a.sweep(func(o *upload) bool { return o.staff == u.staff || a.now().Sub(o.at) > uploadLife })
	if len(a.all) >= maxUploads {
		oldest := u
		for _, o := range a.all {
			if o.at.Before(oldest.at) || oldest == u {
				oldest = o
			}
		}
		a.sweep(func(o *upload) bool { return o == oldest })
	}
	a.all[u.id] = u
}

func (a *uploads) sweep(gone func(*upload) bool) {
	for id, o := range a.all {
		if gone(o) {
			delete(a.all, id)
			go o.discard() // it may be read at this moment
		}
	}
}

var errNoUpload = crm.NotFound("the file is not here any more; choose it again")

// hold gives an upload of a colleague's, locked; whoever asks unlocks it. The error
// is errNoUpload when there is none, or none any more.
func (a *uploads) hold(id string, staff crm.StaffID) (*upload, error) {
	u := a.find(id, staff)
	if u == nil {
		return nil, errNoUpload
	}
	u.mu.Lock() // not while all are locked: it may be brought in at this moment
	if u.closed {
		u.mu.Unlock()
		return nil, errNoUpload
	}
	return u, nil
}

func (a *uploads) find(id string, staff crm.StaffID) *upload {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sweep(func(o *upload) bool { return a.now().Sub(o.at) > uploadLife })
	if u := a.all[id]; u != nil && u.staff == staff {
		return u
	}
	return nil
}

// receive reads the form of an upload: a field source, and the file. The file goes
// to disk as it comes.
func receive(r *http.Request) (u *upload, err error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, crm.Invalid("file", "choose a file")
	}
	u = &upload{}
	defer func() {
		if err != nil {
			discard(u.file)
		}
	}()
	for {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return u, received(err)
		}
		switch p.FormName() {
		case "source":
			b, err := io.ReadAll(io.LimitReader(p, 1000))
			if err != nil {
				return u, received(err)
			}
			u.source = strings.TrimSpace(string(b))
		case "file":
			if u.file != nil {
				return u, crm.Invalid("file", "choose one file")
			}
			if err := u.receive(p); err != nil {
				return u, err
			}
		}
	}
	if u.file == nil || u.name == "" {
		return u, crm.Invalid("file", "choose a file")
	}
	if u.source == "" {
		u.source = "shop"
	}
	return u, nil
}

func (u *upload) receive(p *multipart.Part) (err error) {
	u.name = cleanName(p.FileName())
	if u.file, err = unnamed(); err != nil {
		return err
	}
	n, err := io.Copy(u.file, io.LimitReader(p, maxOrderFile+1))
	switch {
	case err != nil:
		return received(err)
	case n > maxOrderFile:
		return errUpload
	case n == 0:
		return crm.Invalid("file", "the file is empty")
	}
	return nil
}

var errUpload = crm.Invalid("file", "the file is larger than 32 MB, which is what a page takes; bring it in with kaveri import orders, which takes any size")

// received sorts the faults of a body: too much of it, or one that ended early.
func received(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return errUpload
	}
	return crm.Invalid("file", "the file did not arrive whole; send it again")
}

// cleanName gives the name of a file without its folders and what cannot be shown.
func cleanName(s string) string {
	s = path.Base(strings.ReplaceAll(s, `\`, "/"))
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || slices.Contains([]rune{0x202a, 0x202b, 0x202d, 0x202e, 0xfffd}, r) {
			return -1
		}
		return r
	}, s)
	if s == "." || s == "/" {
		return ""
	}
	return s[:min(len(s), 200)]
}
