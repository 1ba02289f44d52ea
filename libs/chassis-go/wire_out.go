package chassis

import (
	"golang.org/x/net/http2"
)

// The outgoing half of a wire: what grpc-go writes, and what the chassis says in between.

// outbound is where the writer is in what goes out.
type outbound struct {
	head    [frameHeaderBytes]byte
	filled  int
	left    int
	isBlock bool
}

// Write writes what grpc-go says, and what is to be said between its frames.
func (wire *wire) Write(bytes []byte) (int, error) {
	n, err := wire.write(bytes)
	wire.flush()
	return n, err
}

func (wire *wire) write(bytes []byte) (int, error) {
	wire.writing.Lock()
	defer wire.writing.Unlock()
	wire.observe(bytes)
	return wire.Conn.Write(bytes)
}

// observe follows what goes out. What ends with these bytes is finished before they are sent, so
// that it is logged and counted when the caller has the response.
func (wire *wire) observe(bytes []byte) {
	out := &wire.out
	for len(bytes) > 0 {
		if out.left > 0 {
			used := min(out.left, len(bytes))
			out.left -= used
			bytes = bytes[used:]
			continue
		}
		used := copy(out.head[out.filled:], bytes)
		out.filled += used
		bytes = bytes[used:]
		if out.filled == frameHeaderBytes {
			out.filled = 0
			wire.observeFrame(readHead(out.head))
		}
	}
}

func (wire *wire) observeFrame(head frameHead) {
	wire.out.left = head.length
	switch head.kind {
	case http2.FrameData:
		if exchange := wire.exchange(head.stream); exchange != nil {
			exchange.taken(head.length)
		}
	case http2.FrameHeaders, http2.FrameContinuation:
		wire.out.isBlock = !head.flags.Has(http2.FlagHeadersEndHeaders)
	case http2.FrameRSTStream:
		wire.close(head.stream)
		return
	default:
		return
	}
	// The flag is the same for DATA and HEADERS; CONTINUATION has none of its value.
	if head.flags.Has(http2.FlagHeadersEndStream) {
		if exchange := wire.forget(head.stream); exchange != nil {
			exchange.sent()
		}
	}
}

// say sends frames to the peer as soon as none of grpc-go's is in between.
func (wire *wire) say(frames []byte) {
	wire.mu.Lock()
	wire.pending = append(wire.pending, frames...)
	wire.mu.Unlock()
	wire.flush()
}

// flush writes frames of our own making between two of grpc-go's. Who is writing meanwhile does it
// afterwards, so that none is left.
func (wire *wire) flush() {
	for wire.hasPending() && wire.writing.TryLock() {
		isBetween := wire.out.left == 0 && wire.out.filled == 0 && !wire.out.isBlock
		if isBetween {
			// What fails here fails for grpc-go too.
			_, _ = wire.Conn.Write(wire.takePending())
		}
		wire.writing.Unlock()
		if !isBetween {
			return
		}
	}
}

func (wire *wire) hasPending() bool {
	wire.mu.Lock()
	defer wire.mu.Unlock()
	return len(wire.pending) > 0
}

func (wire *wire) takePending() []byte {
	wire.mu.Lock()
	defer wire.mu.Unlock()
	pending := wire.pending
	wire.pending = nil
	return pending
}

// answer ends a request that grpc-go has not seen with a response that is headers only.
func (wire *wire) answer(exchange *exchange, headers [][2]string) {
	block := appendHeaders(nil, headers)
	flags := http2.FlagHeadersEndHeaders | http2.FlagHeadersEndStream
	head := frameHead{length: len(block), kind: http2.FrameHeaders, flags: flags, stream: exchange.stream}
	frames := append(head.append(nil), block...)
	exchange.sent()
	wire.say(appendReset(frames, exchange.stream, http2.ErrCodeNo))
}

// cut resets a stream, on both sides.
func (wire *wire) cut(stream uint32) {
	wire.mu.Lock()
	wire.injected = appendReset(wire.injected, stream, http2.ErrCodeCancel)
	wire.mu.Unlock()
	wire.wake()
	// It is counted before the peer is told.
	wire.close(stream)
	wire.say(appendReset(nil, stream, http2.ErrCodeCancel))
}
