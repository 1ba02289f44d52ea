package chassis

import (
	"crypto/rand"
	"encoding/binary"
	"time"
)

// The digits of base 32 (Crockford), in which TypeIDs are written.
const idDigits = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID returns a new TypeID (version 0.3) with a UUIDv7 (RFC 9562, section 5.7):
// "event_01h455vb4pex5vsknk084sn02q". Ids sort by the time in them.
func NewID(prefix string, now time.Time) string {
	var id [16]byte
	// It never fails: without random numbers the program ends.
	_, _ = rand.Read(id[6:])
	milliseconds := uint64(now.UnixMilli())
	binary.BigEndian.PutUint16(id[:2], uint16(milliseconds>>32))
	binary.BigEndian.PutUint32(id[2:6], uint32(milliseconds))
	id[6] = id[6]&0x0f | 7<<4
	id[8] = id[8]&0x3f | 0b10<<6

	high := binary.BigEndian.Uint64(id[:8])
	low := binary.BigEndian.Uint64(id[8:])
	var digits [26]byte
	for at := len(digits) - 1; at >= 0; at-- {
		digits[at] = idDigits[low&31]
		low = low>>5 | high<<59
		high >>= 5
	}
	return prefix + "_" + string(digits[:])
}
