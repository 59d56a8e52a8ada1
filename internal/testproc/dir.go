package testproc

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// User returns the credential to run a server as the named user, or nil (run as ourselves) when we are not root and
// cannot change user anyway.
func User(name string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("running as root, the server must run as user %q: %w", name, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %q has uid %q: %w", name, u.Uid, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("user %q has gid %q: %w", name, u.Gid, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// Dir is a folder of a test server, removed by Remove or at the death of this process, whichever comes first.
type Dir struct {
	Path string

	pipe    *os.File
	watcher *exec.Cmd
}

// watch waits for the end of standard input, which is the end of the test process, then removes the folder "$1". A
// server that is still shutting down may create one more file meanwhile, hence the loop.
const watch = `trap "" INT TERM HUP; read -r _; for i in 1 2 3 4 5 6 7 8 9 10; do
	rm -rf "$1" 2>/dev/null; [ -e "$1" ] || exit 0; sleep 0.2; done`

// NewDir makes a folder in the temporary directory (TMPDIR), owned by owner if that is not nil.
func NewDir(pattern string, owner *syscall.Credential) (*Dir, error) {
	path, err := os.MkdirTemp("", pattern)
	if err != nil {
		return nil, err
	}
	d := &Dir{Path: path}
	if err := d.guard(owner); err != nil {
		_ = os.RemoveAll(path) // the reason is in err
		return nil, err
	}
	return d, nil
}

func (d *Dir) guard(owner *syscall.Credential) error {
	if owner != nil {
		if err := os.Chown(d.Path, int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	// No stdout or stderr: "go test" waits until everybody who holds them has closed them.
	d.watcher = exec.Command("sh", "-c", watch, "sh", d.Path)
	d.watcher.Stdin = r
	d.watcher.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // an interrupt at the terminal is not for the watcher
	if err := d.watcher.Start(); err != nil {
		w.Close()
		return fmt.Errorf("start the watcher of %s: %w", d.Path, err)
	}
	d.pipe = w
	return nil
}

// Remove removes the folder, through its watcher, and waits until it is gone.
func (d *Dir) Remove() error {
	d.pipe.Close()
	// The watcher's exit status does not matter, the folder does.
	_ = d.watcher.Wait()
	return os.RemoveAll(d.Path)
}
