//go:build !unix

package main

import "errors"

// freeDisk is not known here.
func freeDisk(string) (free, all uint64, err error) { return 0, 0, errors.ErrUnsupported }
