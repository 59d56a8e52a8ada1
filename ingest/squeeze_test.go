package ingest

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// What was squeezed comes back to the byte, texts shrink, documents do not
// grow, and all of it has room in the buffer that is taken for it.
func TestSqueeze(t *testing.T) {
	e := newPipeline(&Service{o: Options{Memory: 1}}).zstd
	d, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	document := func(n int) string {
		b := make([]byte, n)
		rand.NewChaCha8([32]byte{1}).Read(b)
		return strings.ReplaceAll(base64.StdEncoding.EncodeToString(b), "//", "+/")
	}
	text := strings.Repeat("Hyvä asiakas, matkanne lähtee torstaina kello yhdeksän.\r\n", 3000)
	for name, raw := range map[string]string{
		"empty":                        "",
		"short":                        "Subject: hi\r\n\r\nhi\r\n",
		"text":                         text,
		"document":                     document(300 << 10),
		"text, document, text":         text + document(100<<10) + text,
		"document at the edges":        document(70<<10) + text + document(90<<10),
		"exactly one stretch":          document(stretch / 4 * 3),
		"alternating":                  document(40<<10) + text[:40<<10] + document(50<<10) + text[:33<<10] + document(33<<10),
		"a document longer than block": document(5 << 20),
	} {
		room := make([]byte, 0, len(raw)+len(raw)/128+64)
		out := squeeze(e, []byte(raw), room)
		if cap(out) != cap(room) {
			t.Errorf("%s: %d bytes became %d, more than there is room for", name, len(raw), len(out))
		}
		back, err := d.DecodeAll(out, nil)
		if err != nil || !bytes.Equal(back, []byte(raw)) {
			t.Errorf("%s: comes back as %d bytes of %d, %v", name, len(back), len(raw), err)
		}
		if strings.Contains(name, "text") && len(out) > len(raw)*9/10 && !strings.HasPrefix(name, "document") {
			t.Errorf("%s: %d bytes became %d", name, len(raw), len(out))
		}
	}
}
