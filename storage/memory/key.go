package memory

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// key joins parts such that the order of keys is the order of the parts.
// Texts hold no NUL, so NUL ends them.
func key(mandant tenant.ID, parts ...any) string {
	return string(appendParts(append([]byte(mandant), 0), parts))
}

// suffix is the end of a key: what follows the Mandant and other leading parts.
func suffix(parts ...any) string { return string(appendParts(nil, parts)) }

func appendParts(b []byte, parts []any) []byte {
	for _, p := range parts {
		switch v := p.(type) {
		case string:
			b = append(append(b, v...), 0)
		case tenant.ID:
			b = append(append(b, v...), 0)
		case int64:
			b = appendInt(b, v)
		case time.Time:
			b = appendInt(b, v.UnixMicro())
		case datum.Datum:
			b = appendInt(b, (int64(v.Jahr())*100+int64(v.Monat()))*100+int64(v.Tag()))
		case uuid.UUID:
			b = append(b, v[:]...)
		default:
			panic(fmt.Sprintf("memory: %T cannot be part of a key", p))
		}
	}
	return b
}

// appendInt moves negative numbers below the positive ones.
func appendInt(b []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(v)^(math.MaxInt64+1))
}

// beyond is above all keys that begin with prefix and below all later ones;
// prefix ends with the zero byte of a text.
func beyond(prefix string) string { return prefix[:len(prefix)-1] + "\x01" }
