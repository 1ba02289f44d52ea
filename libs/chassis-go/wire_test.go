package chassis

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// idleConn is a connection from which nothing comes, and that keeps what is written to it.
type idleConn struct {
	net.Conn
	written bytes.Buffer
}

func (conn *idleConn) Write(bytes []byte) (int, error) { return conn.written.Write(bytes) }
func (conn *idleConn) SetReadDeadline(time.Time) error { return nil }
func (conn *idleConn) Close() error                    { return nil }

// newTestWire returns a wire whose requests are logged to the buffer.
func newTestWire(t *testing.T) (*wire, *idleConn, *lockedBuffer) {
	t.Helper()
	limits, _ := newTestLimits(nil, 10)
	log := &lockedBuffer{}
	process := &process{limits: limits, metrics: limits.metrics, log: newLogger("text", "info", log), patience: time.Minute}
	conn := &idleConn{}
	wire := newWire(conn, connectFrom(limits, "10.0.0.1"))
	wire.opened, wire.done, wire.ended = process.open, func() {}, func() {}
	return wire, conn, log
}

// requestFrames returns the frames of a request of Say.
func requestFrames(stream uint32) []byte {
	block := appendHeaders(nil, [][2]string{{":method", "POST"}, {":scheme", "http"}, {":path", say}, {"content-type", "application/grpc"}})
	head := frameHead{length: len(block), kind: http2.FrameHeaders, flags: http2.FlagHeadersEndHeaders, stream: stream}
	frames := append(head.append(nil), block...)
	data := frameHead{length: len(said), kind: http2.FrameData, flags: http2.FlagDataEndStream, stream: stream}
	return append(data.append(frames), said...)
}

func TestGrpcGoSeesTheSameHeadersForEveryRequestHoweverItsBytesCome(t *testing.T) {
	for _, piece := range []int{1, 7, 1 << 20} {
		wire, _, _ := newTestWire(t)
		bytes := append([]byte(http2.ClientPreface), requestFrames(1)...)
		for len(bytes) > 0 {
			part := bytes[:min(piece, len(bytes))]
			must(t, wire.take(part))
			bytes = bytes[len(part):]
		}
		equal(t, string(wire.ready.Next(prefaceBytes)), http2.ClientPreface)
		framer := http2.NewFramer(io.Discard, &wire.ready)
		framer.ReadMetaHeaders = hpack.NewDecoder(headerTableBytes, nil)
		frame, err := framer.ReadFrame()
		must(t, err)
		var seen []string
		for _, field := range frame.(*http2.MetaHeadersFrame).Fields {
			seen = append(seen, field.Name+"="+field.Value)
		}
		equal(t, seen, []string{":method=POST", ":scheme=http", ":path=" + wirePath, "content-type=application/grpc", "souk-stream=1"})
		frame, err = framer.ReadFrame()
		must(t, err)
		equal(t, frame.(*http2.DataFrame).Data(), said)
		equal(t, wire.exchange(1).path(), say)
		equal(t, wire.exchange(1).received.Load(), len(said))
	}
}

func TestARequestIsFinishedWhenTheEndOfItsResponseIsWrittenHoweverItsBytesGo(t *testing.T) {
	for _, piece := range []int{1, 7, 1 << 20} {
		wire, conn, log := newTestWire(t)
		must(t, wire.take(append([]byte(http2.ClientPreface), requestFrames(1)...)))
		exchange := wire.exchange(1)
		exchange.made(100)
		equal(t, wire.connection.peer.unsentBytes, 100)
		frames := append(frameHead{length: 60, kind: http2.FrameData, stream: 1}.append(nil), make([]byte, 60)...)
		for at := 0; at < len(frames); at += piece {
			_, err := wire.Write(frames[at:min(at+piece, len(frames))])
			must(t, err)
		}
		equal(t, []any{wire.connection.peer.unsentBytes, log.buffer.Len()}, []any{40, 0})
		exchange.call.answer(outcome{})
		end := frameHead{length: 3, kind: http2.FrameHeaders, flags: http2.FlagHeadersEndStream | http2.FlagHeadersEndHeaders, stream: 1}.append(nil)
		_, err := wire.Write(append(end, 0, 0, 0))
		must(t, err)
		equal(t, []any{wire.connection.peer.unsentBytes, wire.exchange(1) == nil}, []any{0, true})
		contains(t, log.buffer.String(), " INFO request unknown rpc.code=OK rpc.duration_ms=")
		equal(t, conn.written.Len(), len(frames)+frameHeaderBytes+3)
	}
}

func TestWhatTheWireSaysItselfWaitsForTheEndOfTheFrameThatGoesOut(t *testing.T) {
	wire, conn, _ := newTestWire(t)
	block := frameHead{length: 4, kind: http2.FrameHeaders, stream: 1}.append(nil)
	_, err := wire.Write(append(block, 1, 2))
	must(t, err)
	reset := appendReset(nil, 3, http2.ErrCodeCancel)
	wire.say(reset)
	_, err = wire.Write([]byte{3, 4})
	must(t, err)
	// A block of headers may not be interrupted either.
	equal(t, conn.written.Len(), frameHeaderBytes+4)
	_, err = wire.Write(frameHead{kind: http2.FrameContinuation, flags: http2.FlagContinuationEndHeaders, stream: 1}.append(nil))
	must(t, err)
	equal(t, bytes.HasSuffix(conn.written.Bytes(), reset), true)
}

func TestAStreamThatIsCutOffIsResetOnBothSides(t *testing.T) {
	wire, conn, log := newTestWire(t)
	must(t, wire.take(append([]byte(http2.ClientPreface), requestFrames(1)...)))
	wire.ready.Reset()
	wire.exchange(1).made(10)
	wire.cut(1)
	reset := appendReset(nil, 1, http2.ErrCodeCancel)
	equal(t, conn.written.Bytes(), reset)
	equal(t, []bool{wire.inject(), wire.inject(), wire.wasWoken(), wire.wasWoken()}, []bool{true, false, true, false})
	equal(t, wire.ready.Bytes(), reset)
	contains(t, log.buffer.String(), "rpc.code=CANCELLED")
}

func TestAConnectionThatEndsEndsItsRequests(t *testing.T) {
	wire, _, log := newTestWire(t)
	must(t, wire.take(append([]byte(http2.ClientPreface), append(requestFrames(1), requestFrames(3)...)...)))
	must(t, wire.Close())
	must(t, wire.Close())
	equal(t, strings.Count(log.buffer.String(), "rpc.code=CANCELLED"), 2)
	// One that comes at the same time ends too.
	mustFail(t, wire.take(requestFrames(5)), "closed")
	equal(t, strings.Count(log.buffer.String(), "rpc.code=CANCELLED"), 3)
}

func TestAHeaderOfAnyLengthIsReadAsItWasWritten(t *testing.T) {
	for _, length := range []int{0, 1, 126, 127, 128, 254, 255, 16_510, 60_000} {
		value := strings.Repeat("x", length)
		var found []hpack.HeaderField
		decoder := hpack.NewDecoder(headerTableBytes, func(field hpack.HeaderField) { found = append(found, field) })
		_, err := decoder.Write(appendHeader(nil, "name", value))
		must(t, err)
		must(t, decoder.Close())
		equal(t, fmt.Sprint(len(found), found[0].Name, found[0].Value == value), fmt.Sprint(1, "name", true))
	}
}

// No bytes of a peer may end the process.
func TestNoBytesOfAPeerAreFatal(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		wire, _, _ := newTestWire(t)
		bytes := []byte(http2.ClientPreface)
		for stream := uint32(1); stream < 9; stream += 2 {
			bytes = append(bytes, requestFrames(stream)...)
		}
		for range 1 + random.IntN(12) {
			at := prefaceBytes + random.IntN(len(bytes)-prefaceBytes)
			bytes[at] = byte(random.Uint32())
		}
		_ = wire.take(bytes)
		wire.observe(bytes[prefaceBytes:])
		_ = wire.Close()
	}
	shape := shapeOf(requestOfMethod(t, "/souk.orders.v1.OrderService/PlaceOrder"), nil)
	for range 3000 {
		message := make([]byte, 1+random.IntN(200))
		for at := range message {
			message[at] = byte(random.Uint32N(40))
		}
		_ = countedIn(shape, message)
	}
}

func TestNothingThatTheWireSaysIsLeftWhenSeveralSaySomethingAtOnce(t *testing.T) {
	for range 200 {
		wire, conn, _ := newTestWire(t)
		var all sync.WaitGroup
		for stream := uint32(1); stream < 40; stream += 2 {
			all.Go(func() { wire.say(appendReset(nil, stream, http2.ErrCodeCancel)) })
		}
		all.Wait()
		equal(t, []any{conn.written.Len(), wire.hasPending()}, []any{20 * (frameHeaderBytes + 4), false})
	}
}
