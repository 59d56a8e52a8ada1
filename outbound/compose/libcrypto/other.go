//go:build !linux || !cgo

package libcrypto

import (
	"crypto"
	"crypto/rsa"
	"errors"
)

// Load fails: the library is used on Linux only.
func Load(*rsa.PrivateKey) (crypto.Signer, error) {
	return nil, errors.New("libcrypto is not used on this system")
}
