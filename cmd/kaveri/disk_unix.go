//go:build unix

package main

import "golang.org/x/sys/unix"

// freeDisk gives the bytes that are free and all bytes of the file system.
func freeDisk(dir string) (free, all uint64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), uint64(st.Blocks) * uint64(st.Bsize), nil
}
