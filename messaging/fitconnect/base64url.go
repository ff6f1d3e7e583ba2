package fitconnect

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"sync"
)

// notURL marks in [pairTable] what is not two characters of base64url.
const notURL = 1 << 15

// pairTable gives the twelve bits of two characters of base64url, indexed as they
// lie in memory (little endian). Of its 128 KB a text of base64url touches 16.
var pairTable = sync.OnceValue(func() *[1 << 16]uint16 {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	t := new([1 << 16]uint16)
	for i := range t {
		t[i] = notURL
	}
	for i, a := range []byte(alphabet) {
		for k, b := range []byte(alphabet) {
			t[int(a)|int(b)<<8] = uint16(i<<6 | k)
		}
	}
	return t
})

// decodeSlack is how much longer than the result dst of [decodeBlocks] must be.
const decodeSlack = 2

// decodeBlocks decodes whole blocks of eight characters of base64url into six bytes
// each and tells whether all of them were of the alphabet. len(src) is a multiple
// of eight, dst has decodeSlack bytes more than the result. It takes a third of the
// time of encoding/base64, and base64url is the dearest thing about an attachment beside
// its cryptography.
func decodeBlocks(dst, src []byte) bool {
	t := pairTable()
	bad := uint16(0)
	for len(src) >= 8 && len(dst) >= 8 {
		x := binary.LittleEndian.Uint64(src)
		a, b, c, d := t[uint16(x)], t[uint16(x>>16)], t[uint16(x>>32)], t[x>>48]
		bad |= a | b | c | d
		binary.BigEndian.PutUint64(dst, uint64(a)<<52|uint64(b)<<40|uint64(c)<<28|uint64(d)<<16)
		src, dst = src[8:], dst[6:]
	}
	return bad&notURL == 0 && len(src) == 0
}

// decodeEnd decodes the rest of a text, at most a few characters, strictly: without
// padding, line breaks, or bits behind the end.
func decodeEnd(dst, src []byte) ([]byte, bool) {
	if bytes.ContainsAny(src, "\r\n") { // encoding/base64 skips them
		return dst, false
	}
	dst, err := base64.RawURLEncoding.Strict().AppendDecode(dst, src)
	return dst, err == nil
}
