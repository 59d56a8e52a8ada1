//go:build unix

package store

import (
	"io/fs"
	"strconv"
	"syscall"
)

// fileMark tells a file from a copy of it: its inode.
func fileMark(f fs.FileInfo) string {
	if st, ok := f.Sys().(*syscall.Stat_t); ok {
		return strconv.FormatUint(uint64(st.Ino), 10)
	}
	return ""
}
