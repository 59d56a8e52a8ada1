package ingest

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"
)

// squeeze gives a mail as zstd frames, one after another (RFC 8878 §3.1). Most
// bytes of a firm's mail are pictures and documents in base64, which do not
// shrink: they are recognised by samples and go into frames of raw blocks, at a
// tenth of the cost of trying.
func squeeze(e *zstd.Encoder, raw, dst []byte) []byte {
	begin := 0 // of what is not written yet
	for at := 0; at+stretch <= len(raw); at += stretch {
		if !dense(e, raw[at:at+stretch]) {
			continue
		}
		end := at + stretch
		for end+stretch <= len(raw) && dense(e, raw[end:end+stretch]) {
			end += stretch
		}
		if at > begin {
			dst = e.EncodeAll(raw[begin:at], dst)
		}
		dst = rawFrame(raw[at:end], dst)
		begin, at = end, end-stretch
	}
	if begin < len(raw) || len(raw) == 0 {
		dst = e.EncodeAll(raw[begin:], dst)
	}
	return dst
}

const (
	stretch = 32 << 10 // judged at once, in bytes
	sample  = 1 << 10  // looked at for it
)

// dense reports bytes that will not shrink, by a sample from their middle.
func dense(e *zstd.Encoder, b []byte) bool {
	var room [2 * sample]byte
	b = b[len(b)/2:][:sample]
	return len(e.EncodeAll(b, room[:0])) >= sample-sample/64
}

// maxBlock is the longest block of a frame (RFC 8878 §3.1.1.2.4).
const maxBlock = 128 << 10

// rawFrame appends a frame of Raw_Blocks with b's content, which is not empty.
func rawFrame(b, dst []byte) []byte {
	dst = append(dst, 0x28, 0xb5, 0x2f, 0xfd)
	// Frame_Header_Descriptor (§3.1.1.1.1): Single_Segment, no checksum, and a
	// Frame_Content_Size of four bytes.
	dst = append(dst, 2<<6|1<<5)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b)))
	for len(b) > 0 {
		n := min(len(b), maxBlock)
		head := uint32(n) << 3 // Block_Size, Block_Type 0 (§3.1.1.2)
		if n == len(b) {
			head |= 1 // Last_Block
		}
		dst = append(dst, byte(head), byte(head>>8), byte(head>>16))
		dst = append(dst, b[:n]...)
		b = b[n:]
	}
	return dst
}
