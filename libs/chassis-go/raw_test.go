package chassis

import (
	"encoding/base64"
	"encoding/binary"
	"net"
	"regexp"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// gRPC as it is on the wire, so that no client makes up for what a caller may do wrong.

const answerTimeout = 10 * time.Second

// rawClient is one connection whose frames the test writes itself.
type rawClient struct {
	t       *testing.T
	conn    net.Conn
	framer  *http2.Framer
	mu      sync.Mutex
	streams map[uint32]*rawStream
	next    uint32
}

// rawStream is one request and what came of it.
type rawStream struct {
	client *rawClient
	id     uint32
	mu     sync.Mutex
	found  map[string]string
	body   []byte
	reset  http2.ErrCode
	head   chan struct{}
	begun  sync.Once
	done   chan struct{}
	ended  sync.Once
}

// dial opens a connection that takes so many bytes of each response.
func dial(t *testing.T, address string, window uint32) *rawClient {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.Write([]byte(http2.ClientPreface))
	must(t, err)
	client := &rawClient{t: t, conn: conn, framer: http2.NewFramer(conn, conn), streams: map[uint32]*rawStream{}, next: 1}
	client.framer.ReadMetaHeaders = hpack.NewDecoder(headerTableBytes, nil)
	must(t, client.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window}))
	go client.read()
	return client
}

func (client *rawClient) read() {
	for {
		frame, err := client.framer.ReadFrame()
		if err != nil {
			client.mu.Lock()
			for _, stream := range client.streams {
				stream.end()
			}
			client.mu.Unlock()
			return
		}
		client.take(frame)
	}
}

func (client *rawClient) take(frame http2.Frame) {
	client.mu.Lock()
	defer client.mu.Unlock()
	stream := client.streams[frame.Header().StreamID]
	switch frame := frame.(type) {
	case *http2.SettingsFrame:
		if !frame.IsAck() {
			_ = client.framer.WriteSettingsAck()
		}
	case *http2.PingFrame:
		if !frame.IsAck() {
			_ = client.framer.WritePing(true, frame.Data)
		}
	case *http2.MetaHeadersFrame:
		stream.headers(frame)
	case *http2.DataFrame:
		stream.mu.Lock()
		stream.body = append(stream.body, frame.Data()...)
		stream.mu.Unlock()
	case *http2.RSTStreamFrame:
		if stream != nil {
			stream.mu.Lock()
			stream.reset = frame.ErrCode
			stream.mu.Unlock()
			stream.end()
		}
	}
}

func (stream *rawStream) headers(frame *http2.MetaHeadersFrame) {
	stream.mu.Lock()
	for _, field := range frame.Fields {
		stream.found[field.Name] = field.Value
	}
	stream.mu.Unlock()
	stream.begun.Do(func() { close(stream.head) })
	if frame.StreamEnded() {
		stream.end()
	}
}

func (stream *rawStream) end() { stream.ended.Do(func() { close(stream.done) }) }

// begin sends the head of a request: that of Say with some headers changed.
func (client *rawClient) begin(changed ...string) *rawStream {
	client.t.Helper()
	fields := [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", say}, {"content-type", "application/grpc"}}
	for at := 0; at < len(changed); at += 2 {
		fields = changeHeader(fields, changed[at], changed[at+1])
	}
	return client.beginWith(appendHeaders(nil, fields))
}

func changeHeader(fields [][2]string, name, value string) [][2]string {
	for at := range fields {
		if fields[at][0] == name {
			fields[at][1] = value
			return fields
		}
	}
	return append(fields, [2]string{name, value})
}

// beginWith sends a block of headers in frames of at most 16 KiB.
func (client *rawClient) beginWith(block []byte) *rawStream {
	client.t.Helper()
	client.mu.Lock()
	defer client.mu.Unlock()
	id := client.next
	client.next += 2
	stream := &rawStream{client: client, id: id, found: map[string]string{}, head: make(chan struct{}), done: make(chan struct{})}
	client.streams[id] = stream
	first := block[:min(len(block), maxFrameBytes)]
	rest := block[len(first):]
	must(client.t, client.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: first, EndHeaders: len(rest) == 0}))
	for len(rest) > 0 {
		part := rest[:min(len(rest), maxFrameBytes)]
		rest = rest[len(part):]
		must(client.t, client.framer.WriteContinuation(id, len(rest) == 0, part))
	}
	return stream
}

// send sends bytes of the request.
func (stream *rawStream) send(bytes []byte, isLast bool) *rawStream {
	stream.client.t.Helper()
	stream.client.mu.Lock()
	defer stream.client.mu.Unlock()
	for len(bytes) > maxFrameBytes {
		if stream.client.framer.WriteData(stream.id, false, bytes[:maxFrameBytes]) != nil {
			return stream
		}
		bytes = bytes[maxFrameBytes:]
	}
	_ = stream.client.framer.WriteData(stream.id, isLast, bytes)
	return stream
}

// answer waits for the end of the response and returns its headers and trailers.
func (stream *rawStream) answer() map[string]string {
	stream.client.t.Helper()
	return stream.await(stream.done)
}

// await waits until something has come, and returns what did.
func (stream *rawStream) await(come <-chan struct{}) map[string]string {
	stream.client.t.Helper()
	select {
	case <-come:
	case <-time.After(answerTimeout):
		stream.client.t.Fatal("no answer")
	}
	stream.mu.Lock()
	defer stream.mu.Unlock()
	return stream.found
}

// raw calls Say with some headers changed, and these bytes as its request.
func (echo *echo) raw(body []byte, changed ...string) map[string]string {
	echo.t.Helper()
	return dial(echo.t, echo.running.Address, 65_535).begin(changed...).send(body, true).answer()
}

var reasonName = regexp.MustCompile("ERROR_REASON_[A-Z_]+")

// reasonIn returns the reason in the details of a response.
func reasonIn(found map[string]string) string {
	details, err := base64.RawStdEncoding.DecodeString(found["grpc-status-details-bin"])
	if err != nil {
		return err.Error()
	}
	return string(reasonName.Find(details))
}

// framed returns a message with what gRPC puts before it.
func framed(message []byte) []byte {
	frame := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	return append(frame, message...)
}

// said is a message for Say, in its frame.
var said = framed([]byte("\x0a\x03you"))
