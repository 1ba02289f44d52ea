package chassis

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	grpcpeer "google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

const (
	// What is before each message: a byte of flags, and the length in four.
	prefixBytes = 5
	// The slowest line that is served: a response may take a second for this many bytes, beyond the
	// setting.
	slowestBytesPerSecond = 64 << 10
)

// frames is what grpc-go's stream of a request has: the bytes of its messages as they come. With it
// a message is refused when its length is known, and not when all of its bytes are there.
type frames interface {
	ReadMessageHeader(header []byte) error
	Read(bytes int) (mem.BufferSlice, error)
}

// raw is a codec that leaves messages as they are: they are decoded once the call is admitted.
type raw struct{}

var _ encoding.CodecV2 = raw{}

// Name returns the name of the codec.
func (raw) Name() string { return "proto" }

// Marshal returns the bytes of an encoded message.
func (raw) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(message.([]byte))}, nil
}

// Unmarshal is never called: messages are read from the frames.
func (raw) Unmarshal(mem.BufferSlice, any) error {
	return errors.New("messages are read from the frames")
}

// exchange is one request and its response.
type exchange struct {
	wire        *wire
	stream      uint32
	arrived     time.Time
	fields      []hpack.HeaderField
	headerBytes int
	call        *call
	// How long a caller may leave a message unread.
	patience time.Duration

	// Set when grpc-go has the request.
	frames   frames
	answers  grpc.ServerStream
	received atomic.Int64
	consumed int64

	mu       sync.Mutex
	unsent   int
	timer    *time.Timer
	isOver   bool
	isUnread bool
}

// exchangeOf returns the request that grpc-go has; nil when it ended before.
func exchangeOf(stream grpc.ServerStream) *exchange {
	ctx := stream.Context()
	from, _ := grpcpeer.FromContext(ctx)
	address, isOurs := from.Addr.(remote)
	headers, _ := metadata.FromIncomingContext(ctx)
	number := headers.Get(streamHeader)
	if !isOurs || len(number) != 1 {
		return nil
	}
	id, _ := strconv.ParseUint(number[0], 10, 32)
	exchange := address.wire.exchange(uint32(id))
	if exchange == nil {
		return nil
	}
	exchange.frames = grpc.ServerTransportStreamFromContext(ctx).(frames)
	exchange.answers = stream
	return exchange
}

// header returns the first value of a header.
func (exchange *exchange) header(name string) (string, bool) {
	for _, field := range exchange.fields {
		if field.Name == name {
			return field.Value, true
		}
	}
	return "", false
}

// occurrences returns how often a header occurs.
func (exchange *exchange) occurrences(name string) int {
	count := 0
	for _, field := range exchange.fields {
		if field.Name == name {
			count++
		}
	}
	return count
}

func (exchange *exchange) path() string {
	path, _ := exchange.header(":path")
	return path
}

var grpcContent = regexp.MustCompile(`(?i)^application/grpc($|[+;])`)

// otherThanGRPC says what makes this no gRPC request, with the HTTP status that says so too; zero
// when it is one.
func (exchange *exchange) otherThanGRPC() (int, string) {
	if method, _ := exchange.header(":method"); method != "POST" {
		return 405, fmt.Sprintf("a gRPC request is a POST, not a %s", method)
	}
	if content, _ := exchange.header("content-type"); !grpcContent.MatchString(content) {
		return 415, "the content-type of a gRPC request is application/grpc or begins with application/grpc+"
	}
	return 0, ""
}

// brokenRequest says that what was sent is no row of gRPC messages.
type brokenRequest string

// Error returns what is wrong.
func (broken brokenRequest) Error() string { return string(broken) }

// reading says how the messages of a request are read.
type reading struct {
	maxBytes int
	// Admits a message of this length, or refuses it; it returns what is called when its bytes are not
	// needed any more.
	reserve func(bytes int) (func(), *Refusal)
}

// next returns the next message of the request; io.EOF at its end. release is never nil.
func (exchange *exchange) next(reading reading) (message []byte, release func(), err error) {
	release = func() {}
	var prefix [prefixBytes]byte
	if err := exchange.frames.ReadMessageHeader(prefix[:]); err != nil {
		return nil, release, exchange.torn(err)
	}
	switch prefix[0] {
	case 0:
	case 1:
		return nil, release, brokenRequest("a message is marked as compressed, but no grpc-encoding header names a compression")
	default:
		return nil, release, brokenRequest(fmt.Sprintf("the first byte of a message is %d, but must be 0", prefix[0]))
	}
	length := int64(binary.BigEndian.Uint32(prefix[1:]))
	if length > int64(reading.maxBytes) {
		return nil, release, messageTooLarge(int(length), reading.maxBytes)
	}
	reserved, refusal := reading.reserve(int(length))
	if refusal != nil {
		return nil, release, refusal
	}
	bytes, err := exchange.frames.Read(int(length))
	if err != nil {
		reserved()
		return nil, release, exchange.torn(err)
	}
	defer bytes.Free()
	exchange.consumed += prefixBytes + length
	return bytes.Materialize(), reserved, nil
}

// torn tells the end inside a message from the end of the request.
func (exchange *exchange) torn(err error) error {
	isEnd := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	if isEnd && exchange.hasMore() {
		return brokenRequest("the request ends inside a message")
	}
	return err
}

// hasMore returns whether the caller has sent more than was read, as far as it has arrived.
func (exchange *exchange) hasMore() bool { return exchange.received.Load() > exchange.consumed }

// send sends a message; it returns when there is space for the next one. A caller that reads none for
// too long is cut off.
func (exchange *exchange) send(message []byte) error {
	if !exchange.made(len(message) + prefixBytes) {
		return context.Canceled
	}
	return exchange.answers.SendMsg(message)
}

// made notes bytes that the caller has not read yet.
func (exchange *exchange) made(bytes int) bool {
	exchange.mu.Lock()
	defer exchange.mu.Unlock()
	if exchange.isOver {
		return false
	}
	exchange.unsent += bytes
	exchange.call.process.limits.unsent(exchange.wire.connection, bytes)
	if exchange.timer == nil {
		exchange.patience = exchange.call.process.patience + time.Duration(bytes)*time.Second/slowestBytesPerSecond
		exchange.timer = time.AfterFunc(exchange.patience, exchange.cutOff)
	}
	return true
}

// taken notes that bytes have left.
func (exchange *exchange) taken(bytes int) {
	exchange.mu.Lock()
	defer exchange.mu.Unlock()
	exchange.take(bytes)
}

func (exchange *exchange) take(bytes int) {
	gone := min(bytes, exchange.unsent)
	exchange.unsent -= gone
	exchange.call.process.limits.unsent(exchange.wire.connection, -gone)
	switch {
	case exchange.timer == nil:
	case exchange.unsent > 0:
		exchange.timer.Reset(exchange.patience)
	default:
		exchange.timer.Stop()
		exchange.timer = nil
	}
}

func (exchange *exchange) cutOff() {
	exchange.mu.Lock()
	isStuck := !exchange.isOver && exchange.unsent > 0
	exchange.isUnread = exchange.isUnread || isStuck
	exchange.mu.Unlock()
	if isStuck {
		exchange.wire.cut(exchange.stream)
	}
}

// over gives back what is unsent; it returns whether it was cut off.
func (exchange *exchange) over() bool {
	exchange.mu.Lock()
	defer exchange.mu.Unlock()
	exchange.isOver = true
	exchange.take(exchange.unsent)
	return exchange.isUnread
}

// sent is called when all of the response has left.
func (exchange *exchange) sent() {
	exchange.over()
	exchange.call.sent()
}

// closed is called when the stream ended in another way.
func (exchange *exchange) closed() {
	isUnread := exchange.over()
	exchange.call.closed(isUnread)
}

// refuse answers a request that is no gRPC request.
func (exchange *exchange) refuse(httpStatus int, why *status.Status) {
	headers := [][2]string{
		{":status", strconv.Itoa(httpStatus)},
		{"content-type", "application/grpc"},
		{"grpc-status", strconv.Itoa(int(why.Code()))},
		{"grpc-message", url.PathEscape(why.Message())},
	}
	if details, err := proto.Marshal(why.Proto()); err == nil {
		headers = append(headers, [2]string{"grpc-status-details-bin", base64.RawStdEncoding.EncodeToString(details)})
	}
	if httpStatus == 405 {
		headers = append(headers, [2]string{"allow", "POST"})
	}
	exchange.wire.answer(exchange, headers)
}

// acceptsNone says which compressions are accepted.
var acceptsNone = metadata.Pairs("grpc-accept-encoding", strings.ToLower(encoding.Identity))
