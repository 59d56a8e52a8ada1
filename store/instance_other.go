//go:build !unix

package store

import "io/fs"

// fileMark cannot tell a file from a copy of it here.
func fileMark(fs.FileInfo) string { return "" }
