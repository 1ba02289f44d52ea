package chassis

import (
	"bytes"
	"errors"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// grpc-go decides some things before anybody can say otherwise: it answers a malformed grpc-timeout
// with INTERNAL, resets a stream at its deadline, refuses an unknown compression without details,
// and does not tell when a response has left. So each connection passes through a wire. It takes the
// headers of a request out of the byte stream and keeps them for the chassis; grpc-go gets headers
// that are always the same, with the number of the stream, and does everything else: flow control,
// keep-alive, the drain and the responses. What passes in both directions is counted by stream.

const (
	prefaceBytes     = len(http2.ClientPreface)
	frameHeaderBytes = 9
	maxFrameBytes    = 16 << 10
	// The most bytes of headers that are kept, counted as in RFC 9113, section 6.5.2. What is beyond
	// the limit of requests is refused in the words of gRPC.
	maxKeptHeaderBytes = 64 << 10
	headerTableBytes   = 4096
	headerFieldBytes   = 32
	wireBufferBytes    = 32 << 10
	// The path of every request as grpc-go sees it.
	wirePath = "/souk/call"
	// The header with the number of the stream.
	streamHeader = "souk-stream"
)

var (
	errBrokenFrames = errors.New("the peer does not keep to HTTP/2")
	// A time that has passed, which wakes a reader.
	longAgo = time.Unix(1, 0)
)

// wire is one connection between a peer and grpc-go.
type wire struct {
	net.Conn
	connection *connection
	// Called for each request; it returns false when it has answered the request itself.
	opened func(*exchange) bool
	ended  func()

	// What comes from the peer; only grpc-go's reader touches it.
	in    inbound
	ready bytes.Buffer

	// What goes to the peer.
	writing sync.Mutex
	out     outbound

	mu        sync.Mutex
	exchanges map[uint32]*exchange
	// Frames for grpc-go, and for the peer, that wait for the end of the present frame.
	injected []byte
	pending  []byte
	isWoken  bool
	isClosed bool
	hasSpoken
}

// hasSpoken tells when the peer has sent the preface of HTTP/2.
type hasSpoken struct {
	once sync.Once
	done func()
}

// inbound is where the reader is in what comes.
type inbound struct {
	buffer []byte
	head   [frameHeaderBytes]byte
	filled int
	// Bytes of the present payload that pass through, and that are collected.
	passing    int
	collecting int
	isPadded   *exchange
	payload    []byte
	// The header block that is being put together.
	block        []byte
	blockStream  uint32
	blockEnds    bool
	isContinuing bool
	lastStream   uint32
	decoder      *hpack.Decoder
}

func newWire(conn net.Conn, connection *connection) *wire {
	wire := &wire{Conn: conn, connection: connection, exchanges: map[uint32]*exchange{}}
	wire.in = inbound{
		buffer:  make([]byte, wireBufferBytes),
		passing: prefaceBytes,
		decoder: hpack.NewDecoder(headerTableBytes, nil),
	}
	wire.in.decoder.SetMaxStringLength(maxKeptHeaderBytes)
	return wire
}

// remote is the address of a wire, by which a request finds it.
type remote struct {
	net.Addr
	wire *wire
}

// RemoteAddr returns the peer's address.
func (wire *wire) RemoteAddr() net.Addr { return remote{wire.Conn.RemoteAddr(), wire} }

// Read reads what grpc-go may see.
func (wire *wire) Read(into []byte) (int, error) {
	for wire.ready.Len() == 0 {
		if wire.inject() {
			continue
		}
		n, err := wire.Conn.Read(wire.in.buffer)
		if broken := wire.take(wire.in.buffer[:n]); broken != nil {
			return 0, broken
		}
		if errors.Is(err, os.ErrDeadlineExceeded) && wire.wasWoken() {
			continue
		}
		if err != nil && wire.ready.Len() == 0 {
			return 0, err
		}
	}
	return wire.ready.Read(into)
}

// wake lets the reader look for frames of our own making.
func (wire *wire) wake() {
	wire.mu.Lock()
	defer wire.mu.Unlock()
	wire.isWoken = true
	_ = wire.Conn.SetReadDeadline(longAgo)
}

// wasWoken returns whether the reader was woken, and lets it wait again.
func (wire *wire) wasWoken() bool {
	wire.mu.Lock()
	defer wire.mu.Unlock()
	wasWoken := wire.isWoken
	wire.isWoken = false
	if wasWoken {
		_ = wire.Conn.SetReadDeadline(time.Time{})
	}
	return wasWoken
}

// inject takes frames of our own making between two of the peer's; it returns whether there were any.
func (wire *wire) inject() bool {
	if wire.in.passing > 0 || wire.in.collecting > 0 || wire.in.filled > 0 || wire.in.isContinuing {
		return false
	}
	wire.mu.Lock()
	defer wire.mu.Unlock()
	wire.ready.Write(wire.injected)
	found := len(wire.injected) > 0
	wire.injected = nil
	return found
}

// take reads bytes of the peer.
func (wire *wire) take(bytes []byte) error {
	in := &wire.in
	for len(bytes) > 0 {
		var used int
		switch {
		case in.passing > 0:
			used = min(in.passing, len(bytes))
			if in.isPadded != nil {
				in.isPadded.received.Add(-1 - int64(bytes[0]))
				in.isPadded = nil
			}
			wire.ready.Write(bytes[:used])
			in.passing -= used
		case in.collecting > 0:
			used = min(in.collecting, len(bytes))
			in.payload = append(in.payload, bytes[:used]...)
			in.collecting -= used
			if in.collecting == 0 {
				if err := wire.takeHeaders(); err != nil {
					return err
				}
			}
		default:
			used = copy(in.head[in.filled:], bytes)
			in.filled += used
			if in.filled == frameHeaderBytes {
				in.filled = 0
				if err := wire.takeFrame(); err != nil {
					return err
				}
			}
		}
		bytes = bytes[used:]
	}
	return nil
}

// takeFrame decides by the head of a frame what becomes of it.
func (wire *wire) takeFrame() error {
	in := &wire.in
	head := readHead(in.head)
	if in.isContinuing != (head.kind == http2.FrameContinuation) || in.isContinuing && head.stream != in.blockStream {
		return errBrokenFrames
	}
	switch head.kind {
	case http2.FrameHeaders, http2.FrameContinuation:
		if head.length > maxFrameBytes {
			return errBrokenFrames
		}
		in.payload, in.collecting = in.payload[:0], head.length
		if head.length == 0 {
			return wire.takeHeaders()
		}
		return nil
	case http2.FrameData:
		if exchange := wire.exchange(head.stream); exchange != nil {
			exchange.received.Add(int64(head.length))
			if head.flags.Has(http2.FlagDataPadded) && head.length > 0 {
				in.isPadded = exchange
			}
		}
	case http2.FrameRSTStream:
		wire.close(head.stream)
	case http2.FrameSettings:
		wire.once.Do(wire.done)
	}
	wire.ready.Write(in.head[:])
	in.passing = head.length
	return nil
}

// takeHeaders takes the payload of HEADERS or CONTINUATION.
func (wire *wire) takeHeaders() error {
	in := &wire.in
	head := readHead(in.head)
	fragment := in.payload
	if head.kind == http2.FrameHeaders {
		in.blockStream, in.blockEnds, in.block = head.stream, head.flags.Has(http2.FlagHeadersEndStream), in.block[:0]
		var err error
		if fragment, err = bare(fragment, head.flags); err != nil {
			return err
		}
	}
	if len(in.block)+len(fragment) > maxKeptHeaderBytes {
		return errBrokenFrames
	}
	in.block = append(in.block, fragment...)
	// The flag is the same for both kinds of frames.
	in.isContinuing = !head.flags.Has(http2.FlagHeadersEndHeaders)
	if in.isContinuing {
		return nil
	}
	return wire.takeRequest()
}

// bare returns a fragment of headers without padding and priority.
func bare(payload []byte, flags http2.Flags) ([]byte, error) {
	padding := 0
	if flags.Has(http2.FlagHeadersPadded) {
		if len(payload) == 0 {
			return nil, errBrokenFrames
		}
		padding, payload = int(payload[0]), payload[1:]
	}
	const priorityBytes = 5
	if flags.Has(http2.FlagHeadersPriority) {
		if len(payload) < priorityBytes {
			return nil, errBrokenFrames
		}
		payload = payload[priorityBytes:]
	}
	if padding > len(payload) {
		return nil, errBrokenFrames
	}
	return payload[:len(payload)-padding], nil
}

// takeRequest reads a whole block of headers, and tells grpc-go of the request.
func (wire *wire) takeRequest() error {
	in := &wire.in
	exchange := &exchange{wire: wire, stream: in.blockStream, arrived: time.Now()}
	in.decoder.SetEmitFunc(func(field hpack.HeaderField) {
		exchange.headerBytes += len(field.Name) + len(field.Value) + headerFieldBytes
		if exchange.headerBytes <= maxKeptHeaderBytes {
			exchange.fields = append(exchange.fields, field)
		}
	})
	if _, err := in.decoder.Write(in.block); err != nil {
		return err
	}
	if err := in.decoder.Close(); err != nil {
		return err
	}
	if in.blockStream <= in.lastStream {
		wire.takeTrailers()
		return nil
	}
	in.lastStream = in.blockStream
	if !wire.opened(exchange) {
		return nil
	}
	if !wire.register(exchange) {
		exchange.closed()
		return net.ErrClosed
	}
	block := appendHeader(commonHeaders, streamHeader, strconv.FormatUint(uint64(in.blockStream), 10))
	head := frameHead{length: len(block), kind: http2.FrameHeaders, flags: http2.FlagHeadersEndHeaders, stream: in.blockStream}
	if in.blockEnds {
		head.flags |= http2.FlagHeadersEndStream
	}
	wire.ready.Write(head.append(nil))
	wire.ready.Write(block)
	return nil
}

// register keeps a request until its end; it returns false when the connection is closed.
func (wire *wire) register(exchange *exchange) bool {
	wire.mu.Lock()
	defer wire.mu.Unlock()
	if wire.isClosed {
		return false
	}
	wire.exchanges[exchange.stream] = exchange
	return true
}

// takeTrailers drops the trailers of a request, which gRPC does not have, and keeps its end.
func (wire *wire) takeTrailers() {
	if !wire.in.blockEnds {
		return
	}
	end := frameHead{kind: http2.FrameData, flags: http2.FlagDataEndStream, stream: wire.in.blockStream}
	wire.ready.Write(end.append(nil))
}

// exchange returns the request of a stream; nil when there is none any more.
func (wire *wire) exchange(stream uint32) *exchange {
	wire.mu.Lock()
	defer wire.mu.Unlock()
	return wire.exchanges[stream]
}

func (wire *wire) forget(stream uint32) *exchange {
	wire.mu.Lock()
	defer wire.mu.Unlock()
	exchange := wire.exchanges[stream]
	delete(wire.exchanges, stream)
	return exchange
}

// close ends the request of a stream that was reset.
func (wire *wire) close(stream uint32) {
	if exchange := wire.forget(stream); exchange != nil {
		exchange.closed()
	}
}

// Close ends the connection and all of its requests.
func (wire *wire) Close() error {
	err := wire.Conn.Close()
	wire.mu.Lock()
	isFirst := !wire.isClosed
	wire.isClosed = true
	open := wire.exchanges
	wire.exchanges = map[uint32]*exchange{}
	wire.mu.Unlock()
	for _, exchange := range open {
		exchange.closed()
	}
	if isFirst {
		wire.once.Do(wire.done)
		wire.ended()
	}
	return err
}
