package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"kaveri/crm"
)

// passing makes an error that is nobody's fault and passes by itself, once
// somebody has made room or the database is back, one of kind
// [crm.KindUnavailable] with a sentence for people. Others stay as they are.
func passing(err error) error {
	if err == nil || crm.KindOf(err) != crm.KindInternal {
		return err
	}
	switch {
	case isDiskFull(err):
		return crm.Unavailable(err, "the disk is full, or a limit keeps files from growing; make room and everything goes on by itself")
	case isReadOnly(err):
		return crm.Unavailable(err, "the database can only be read just now; everything goes on by itself when it can be written again")
	case isAway(err):
		return crm.Unavailable(err, "the database cannot be reached just now; everything goes on by itself when it is back")
	}
	return err
}

// errDatabaseAway is how pgx says that a connection broke earlier.
const errDatabaseAway = "conn closed"

func isDiskFull(err error) bool {
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		// QUIRK: SQLite says "full" for ENOSPC alone; a quota and a limit on
		// the size of files are an I/O error with the system's own number.
		switch lite.SystemErrno {
		case syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG:
			return true
		}
		return lite.Code == sqlite3.ErrFull
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) || errors.Is(err, io.ErrShortWrite) || pgCode(err) == "53100"
}

// isReadOnly: a file system that was mounted anew after a fault, a standby.
func isReadOnly(err error) bool {
	var lite sqlite3.Error
	return errors.As(err, &lite) && lite.Code == sqlite3.ErrReadonly || errors.Is(err, syscall.EROFS) || pgCode(err) == "25006"
}

// isAway: the connection is lost, so that nobody knows whether a COMMIT that
// was under way came through. What is done again must be the same once more.
func isAway(err error) bool {
	code := pgCode(err)
	if strings.HasPrefix(code, "08") || strings.HasPrefix(code, "57P0") {
		return true
	}
	var socket *net.OpError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.As(err, &socket) || strings.Contains(err.Error(), errDatabaseAway)
}
