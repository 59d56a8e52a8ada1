package testpg

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"kaveri/internal/testproc"
)

// superuser owns every database of the private server; it has no password, since only its owner reaches the socket.
const superuser = "kaveri"

// socketName is the file that libpq convention puts into the socket folder; the path is limited to 107 bytes by the
// kernel (unix(7), sun_path).
const socketName = ".s.PGSQL.5432"

type server struct {
	dir   *testproc.Dir
	proc  *testproc.Process
	admin *sql.DB

	mu       sync.Mutex
	prepared map[string]func() (string, error) // name -> database to copy
}

func start() (*server, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	cred, err := testproc.User("postgres")
	if err != nil {
		return nil, err
	}
	dir, err := testproc.NewDir("pg", cred)
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, prepared: map[string]func() (string, error){}}
	if n := len(filepath.Join(dir.Path, socketName)); n > 107 {
		return nil, errors.Join(fmt.Errorf("the socket path in %s has %d bytes, 107 are allowed: set a shorter TMPDIR", dir.Path, n), dir.Remove())
	}
	if err := s.boot(bin, cred); err != nil {
		if s.proc != nil {
			s.proc.Kill()
		}
		return nil, errors.Join(fmt.Errorf("%w%s", err, s.lastWords()), dir.Remove())
	}
	return s, nil
}

func (s *server) boot(bin string, cred *syscall.Credential) error {
	data := filepath.Join(s.dir.Path, "data")
	initdb := s.command(filepath.Join(bin, "initdb"), "--pgdata="+data, "--username="+superuser, "--auth=trust",
		"--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGKILL}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}

	log, err := os.Create(s.logPath())
	if err != nil {
		return err
	}
	defer log.Close()
	args := []string{"-D", data, "-k", s.dir.Path}
	for _, setting := range []string{
		"listen_addresses=", "max_connections=300", "shared_buffers=64MB", "unix_socket_permissions=0777",
		"fsync=off", "synchronous_commit=off", "full_page_writes=off", "timezone=UTC", "autovacuum_naptime=5s",
	} {
		args = append(args, "-c", setting)
	}
	cmd := s.command(filepath.Join(bin, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = log, log
	// SIGQUIT is PostgreSQL's "immediate shutdown": no checkpoint, children ended.
	if s.proc, err = testproc.Start(cmd, cred, syscall.SIGQUIT); err != nil {
		return err
	}
	if s.admin, err = openAdmin(s.dsn("postgres")); err != nil {
		return err
	}
	return s.awaitReady()
}

// command keeps the caller's PG* variables away from the server, and its working directory out of places that the
// server's user may not enter.
func (s *server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir.Path
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC"}
	return cmd
}

func (s *server) awaitReady() error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for {
		err := s.admin.Ping()
		if err == nil {
			return nil
		}
		select {
		case <-s.proc.Done():
			return fmt.Errorf("the server ended at start: %w", s.proc.Err())
		case <-deadline:
			return fmt.Errorf("the server does not answer: %w", err)
		case <-tick.C:
		}
	}
}

func (s *server) logPath() string { return filepath.Join(s.dir.Path, "log") }

// lastWords is the end of the server's log, to stand below an error.
func (s *server) lastWords() string {
	log, err := os.ReadFile(s.logPath())
	if err != nil || len(log) == 0 {
		return ""
	}
	return "\nthe server's log ends with:\n" + string(log[max(0, len(log)-2000):])
}

// findBinaries returns the folder of initdb and postgres: Debian's, newest version first, else PATH's.
func findBinaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, path)
	}
	for _, postgres := range found {
		bin := filepath.Dir(postgres)
		if _, err := os.Stat(filepath.Join(bin, "initdb")); err == nil {
			return bin, nil
		}
	}
	return "", errors.New("no PostgreSQL server found (initdb and postgres): install the package postgresql, or run `make test` as root, which does")
}

// version is the VERSION of a path /usr/lib/postgresql/VERSION/bin/postgres, 0 if that is no number.
func version(path string) float64 {
	v, err := strconv.ParseFloat(strings.Split(path, "/")[4], 64)
	if err != nil {
		return 0
	}
	return v
}
