package warehouse

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"reflect"
)

// fingerprint tells the rows of a part from others: by their order and all their
// values, and by the schema. Parts with the same one are the same.
type fingerprint struct {
	sum hash.Hash
	row []byte
}

func newFingerprint(table string) *fingerprint {
	f := &fingerprint{sum: sha256.New()}
	fmt.Fprintf(f.sum, "%s %d\n", table, Schema)
	return f
}

// add takes in a row, a pointer to its struct.
func (f *fingerprint) add(row any) {
	v := reflect.ValueOf(row).Elem()
	f.row = f.row[:0]
	for i := range v.NumField() {
		f.row = appendValue(f.row, v.Field(i))
	}
	f.sum.Write(f.row)
}

func (f *fingerprint) String() string { return hex.EncodeToString(f.sum.Sum(nil)[:16]) }

// appendValue writes a value so that no two lists of values look the same.
func appendValue(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 0)
		}
		return appendValue(append(b, 1), v.Elem())
	case reflect.Bool:
		if v.Bool() {
			return append(b, 1)
		}
		return append(b, 0)
	case reflect.Int32, reflect.Int64:
		return binary.AppendVarint(b, v.Int())
	case reflect.Float64:
		return binary.BigEndian.AppendUint64(b, math.Float64bits(v.Float()))
	case reflect.String:
		return append(binary.AppendUvarint(b, uint64(v.Len())), v.String()...)
	case reflect.Slice:
		b = binary.AppendUvarint(b, uint64(v.Len()))
		for i := range v.Len() {
			b = appendValue(b, v.Index(i))
		}
		return b
	}
	panic("warehouse: a row has a field of kind " + v.Kind().String())
}
