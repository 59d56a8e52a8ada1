package compose

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
)

// signer is a key ready to sign.
type signer struct {
	domain    string // as A-labels (RFC 6376 §3.5: d=)
	selector  string
	public    []byte // as the key has it, to know it again
	algorithm string // of the tag a=
	hash      crypto.Hash
	key       crypto.Signer
}

// oversigned are named in h= once more than they occur, so that nobody can add
// one on the way (RFC 6376 §5.4.2). They are what readers see, what makes the
// parts, and where answers go.
var oversigned = []string{"From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}

// oversignedBulk too, of mail to many: RFC 8058 §4 asks for the signature of
// both. In a colleague's mail they are left to the mailing lists that add them.
var oversignedBulk = []string{"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id", "Feedback-ID"}

// signedOnce are signed where they occur.
var signedOnce = []string{"In-Reply-To", "References", "Auto-Submitted", "Precedence"}

// sign gives the mail with a signature of each signer in front (RFC 6376), of
// relaxed form. The body is hashed once for all.
func sign(mail []byte, signers []signer, bulk bool, at time.Time) ([]byte, error) {
	if len(signers) == 0 {
		return bytes.Clone(mail), nil
	}
	scratch := buffers.Get().(*[]byte)
	defer buffers.Put(scratch)
	end := bytes.Index(mail, []byte("\r\n\r\n"))
	if end < 0 {
		return nil, crm.Invalid("mail", "the mail has no end of its header")
	}
	bodyHash := hashBody(mail[end+4:])
	names, fields := chosen(mail[:end+2], bulk, (*scratch)[:0])
	out := make([]byte, 0, len(mail)+len(signers)*1200)
	for _, s := range signers {
		var err error
		if out, err = s.append(out, names, fields, bodyHash, at); err != nil {
			return nil, err
		}
	}
	return append(out, mail...), nil
}

// append appends a DKIM-Signature field. It is signed as it is folded; only the
// value of b= comes after (RFC 6376 §3.7).
func (s *signer) append(out []byte, names []string, fields []byte, bodyHash [sha256.Size]byte, at time.Time) ([]byte, error) {
	from := len(out)
	h := header{b: out}
	h.begin("DKIM-Signature")
	h.bit("v=1;")
	h.bit("a=" + s.algorithm + ";")
	h.bit("c=relaxed/relaxed;")
	h.bit("d=" + s.domain + ";")
	h.bit("s=" + s.selector + ";")
	h.bit("t=" + strconv.FormatInt(at.Unix(), 10) + ";")
	h.names(names)
	h.bit("bh=" + base64.StdEncoding.EncodeToString(bodyHash[:]) + ";")
	if h.col > 60 {
		h.col = foldAt // no short piece at the end of a line
	}
	h.bit("b=")
	digest := sha256.New()
	digest.Write(fields)
	digest.Write(relaxField(nil, h.b[from:]))
	signature, err := s.sign(digest.Sum(nil))
	if err != nil {
		return nil, crm.Unavailable(err, "the mail could not be signed for %s", s.domain)
	}
	for text := base64.StdEncoding.EncodeToString(signature); text != ""; {
		n := min(foldAt-h.col, len(text)) // white space within is no part of it (RFC 6376 §3.5)
		h.b, text = append(h.b, text[:n]...), text[n:]
		if text != "" {
			h.fold()
		}
	}
	h.end()
	return h.b, nil
}

func (s *signer) sign(digest []byte) ([]byte, error) {
	return s.key.Sign(rand.Reader, digest, s.hash)
}

// names writes the tag h=, folded at its colons.
func (h *header) names(names []string) {
	h.bit("h=" + names[0])
	for _, n := range names[1:] {
		if h.col+2+len(n) > foldAt {
			h.fold()
		}
		h.b = append(h.b, ':')
		h.b = append(h.b, n...)
		h.col += 1 + len(n)
	}
	h.b = append(h.b, ';')
	h.col++
}

// chosen gives the value of h=, and the fields that it names in relaxed form,
// appended to b. Of fields of one name the last counts first (RFC 6376 §5.4.2).
func chosen(head []byte, bulk bool, b []byte) (names []string, fields []byte) {
	all := splitFields(head)
	take := func(name string, over bool) {
		for _, f := range slices.Backward(all) {
			if isField(f, name) {
				names, b = append(names, name), append(relaxField(b, f), '\r', '\n')
			}
		}
		if over {
			names = append(names, name)
		}
	}
	names = make([]string, 0, 32)
	for _, name := range oversigned {
		take(name, true)
	}
	for _, name := range oversignedBulk {
		take(name, bulk)
	}
	for _, name := range signedOnce {
		take(name, false)
	}
	return names, b
}

// splitFields cuts a header into its fields, without their last CRLF.
func splitFields(head []byte) [][]byte {
	list := make([][]byte, 0, 24)
	for start, i := 0, 0; i < len(head); {
		n := bytes.IndexByte(head[i:], '\n')
		if n < 0 {
			break
		}
		if i += n + 1; i == len(head) || head[i] != ' ' && head[i] != '\t' {
			list = append(list, bytes.TrimSuffix(head[start:i], crlf))
			start = i
		}
	}
	return list
}

func isField(f []byte, name string) bool {
	return len(f) > len(name) && f[len(name)] == ':' && strings.EqualFold(string(f[:len(name)]), name)
}

// relaxField appends a field in relaxed form (RFC 6376 §3.4.2), without its
// last CRLF.
func relaxField(b, field []byte) []byte {
	name, value, _ := bytes.Cut(field, []byte{':'})
	for _, c := range bytes.TrimRight(name, " \t") {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		b = append(b, c)
	}
	b = append(b, ':')
	space := false
	first := len(b)
	for _, c := range value {
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			space = true
			continue
		}
		if space && len(b) > first {
			b = append(b, ' ')
		}
		space = false
		b = append(b, c)
	}
	return b
}

// hashBody hashes a body in relaxed form (RFC 6376 §3.4.4): runs of white space
// are one space, there is none at the end of a line, and no empty line at the
// end. Lines end with CRLF, as ours do.
func hashBody(body []byte) (sum [sha256.Size]byte) {
	digest := sha256.New()
	body = bytes.TrimRight(body, " \t\r\n")
	from := 0 // what is seen and not yet hashed
	for i := 0; i < len(body); i++ {
		if c := body[i]; c != ' ' && c != '\t' {
			continue
		}
		end := i + 1
		for body[end] == ' ' || body[end] == '\t' { // the last byte is neither
			end++
		}
		if body[end] != '\r' && end == i+1 && body[i] == ' ' {
			continue
		}
		digest.Write(body[from:i])
		if body[end] != '\r' {
			digest.Write(space)
		}
		from, i = end, end-1
	}
	if len(body) > 0 {
		digest.Write(body[from:])
		digest.Write(crlf)
	}
	digest.Sum(sum[:0])
	return sum
}

var space = []byte{' '}
