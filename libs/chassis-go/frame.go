package chassis

import (
	"encoding/binary"

	"golang.org/x/net/http2"
)

// The frames and headers of HTTP/2 (RFC 9113, RFC 7541) that a wire writes itself.

// frameHead is what each frame begins with.
type frameHead struct {
	length int
	kind   http2.FrameType
	flags  http2.Flags
	stream uint32
}

func readHead(bytes [frameHeaderBytes]byte) frameHead {
	return frameHead{
		length: int(bytes[0])<<16 | int(bytes[1])<<8 | int(bytes[2]),
		kind:   http2.FrameType(bytes[3]),
		flags:  http2.Flags(bytes[4]),
		stream: binary.BigEndian.Uint32(bytes[5:]) & (1<<31 - 1),
	}
}

func (head frameHead) append(to []byte) []byte {
	to = append(to, byte(head.length>>16), byte(head.length>>8), byte(head.length), byte(head.kind), byte(head.flags))
	return binary.BigEndian.AppendUint32(to, head.stream)
}

// commonHeaders are the headers of every request as grpc-go sees it, but for the stream's number.
var commonHeaders = appendHeaders(nil, [][2]string{
	{":method", "POST"}, {":scheme", "http"}, {":path", wirePath}, {"content-type", "application/grpc"},
})

// appendHeader appends a header as a literal that is in no table (RFC 7541, section 6.2.3), so that
// it can stand beside what another encoder writes.
func appendHeader(to []byte, name, value string) []byte {
	const neverIndexed = 0x10
	to = append(to[:len(to):len(to)], neverIndexed)
	to = append(appendLength(to, len(name)), name...)
	return append(appendLength(to, len(value)), value...)
}

func appendHeaders(to []byte, headers [][2]string) []byte {
	for _, header := range headers {
		to = appendHeader(to, header[0], header[1])
	}
	return to
}

// appendLength appends the length of a text as an integer with a prefix of 7 bits (section 5.1).
func appendLength(to []byte, length int) []byte {
	const largest = 1<<7 - 1
	if length < largest {
		return append(to, byte(length))
	}
	return binary.AppendUvarint(append(to, largest), uint64(length-largest))
}

// appendReset appends a frame that resets a stream.
func appendReset(to []byte, stream uint32, code http2.ErrCode) []byte {
	const codeBytes = 4
	to = frameHead{length: codeBytes, kind: http2.FrameRSTStream, stream: stream}.append(to)
	return binary.BigEndian.AppendUint32(to, uint32(code))
}
