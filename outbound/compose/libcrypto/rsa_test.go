package libcrypto

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"testing"
)

func newKey(t testing.TB) (*rsa.PrivateKey, crypto.Signer) {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	k, err := Load(private)
	if err != nil && testing.Short() {
		t.Skip("needs libcrypto.so.3, which the servers of the other tests bring")
	}
	if err != nil {
		t.Fatalf("%v; install the package libssl3", err)
	}
	return private, k
}

// Whatever the digest and however many sign at once, the bytes are Go's.
func TestSignsAsGoDoes(t *testing.T) {
	private, k := newKey(t)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 50 {
				digest := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(worker*1000+i)))
				got, err := k.Sign(nil, digest[:], crypto.SHA256)
				if err != nil {
					t.Error(err)
					return
				}
				want, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, digest[:])
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("the signature is %x, Go's %x, %v", got, want, err)
				}
			}
		})
	}
	wg.Wait()
	if !private.PublicKey.Equal(k.Public()) {
		t.Error("the public key is another")
	}
}

func TestRefuses(t *testing.T) {
	_, k := newKey(t)
	digest := sha256.Sum256(nil)
	if _, err := k.Sign(nil, digest[:20], crypto.SHA256); err == nil {
		t.Error("a short digest is signed")
	}
	if _, err := k.Sign(nil, digest[:], crypto.SHA512); err == nil {
		t.Error("another hash is signed")
	}
	if _, err := k.Sign(nil, digest[:], &rsa.PSSOptions{Hash: crypto.SHA256}); err == nil {
		t.Error("PSS is signed as PKCS #1 v1.5")
	}
}

func BenchmarkSign(b *testing.B) {
	private, k := newKey(b)
	digest := sha256.Sum256(nil)
	for name, s := range map[string]crypto.Signer{"Go": private, "libcrypto": k} {
		b.Run(name, func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.Sign(nil, digest[:], crypto.SHA256); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
