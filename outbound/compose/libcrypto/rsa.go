//go:build linux && cgo

package libcrypto

// #cgo LDFLAGS: -ldl
// #include "rsa.h"
import "C"

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"runtime"
	"sync"
	"unsafe"
)

// key is a private key within the library.
type key struct {
	handle unsafe.Pointer
	public *rsa.PublicKey
}

var opened = sync.OnceValue(func() bool { return C.kaveri_open() == 1 })

// Load gives a signer for a key, or an error when the library is not there or
// does not sign as Go does.
func Load(private *rsa.PrivateKey) (crypto.Signer, error) {
	if !opened() {
		return nil, errors.New("there is no libcrypto.so.3 that can be used")
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	k := &key{public: &private.PublicKey}
	k.handle = C.kaveri_key((*C.uchar)(&der[0]), C.long(len(der)))
	if k.handle == nil {
		return nil, errors.New("libcrypto does not take the key")
	}
	runtime.AddCleanup(k, func(handle unsafe.Pointer) { C.kaveri_free(handle) }, k.handle)
	if err := k.compare(private); err != nil {
		return nil, err
	}
	return k, nil
}

// compare signs something by both.
func (k *key) compare(private *rsa.PrivateKey) error {
	digest := sha256.Sum256([]byte("kaveri"))
	want, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:])
	if err != nil {
		return err
	}
	got, err := k.Sign(nil, digest[:], crypto.SHA256)
	if err == nil && !bytes.Equal(got, want) {
		err = errors.New("libcrypto signs otherwise than Go")
	}
	return err
}

// Public gives the public part.
func (k *key) Public() crypto.PublicKey { return k.public }

// Sign signs a SHA-256 digest by PKCS #1 v1.5.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if opts.HashFunc() != crypto.SHA256 || len(digest) != sha256.Size {
		return nil, errors.New("only a SHA-256 digest is signed")
	}
	if _, ok := opts.(*rsa.PSSOptions); ok {
		return nil, errors.New("only PKCS #1 v1.5 is signed")
	}
	signature := make([]byte, k.public.Size())
	n := C.kaveri_sign(k.handle, (*C.uchar)(&digest[0]), C.size_t(len(digest)), (*C.uchar)(&signature[0]), C.size_t(len(signature)))
	runtime.KeepAlive(k) // not freed while it signs
	if int(n) != len(signature) {
		return nil, errors.New("libcrypto could not sign")
	}
	return signature, nil
}
