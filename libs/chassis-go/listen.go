package chassis

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

const (
	keepAliveEvery   = 30 * time.Second
	keepAliveTimeout = 10 * time.Second
	// How long a connection may take until it has said that it speaks HTTP/2.
	defaultPreface = 10 * time.Second
	// Requests at once on one connection; a caller with more opens another.
	maxConcurrentStreams = 2000
	// What a caller may send before it is read.
	streamWindowBytes     = 256 << 10
	connectionWindowBytes = 1 << 20
	// File descriptors that callers never get: the database, upstreams and pages need some too.
	maxReservedDescriptors = 64
)

// bind binds an address that a setting names.
func bind(key, address string) (net.Listener, error) {
	// The keep-alive of HTTP/2 finds dead peers.
	config := net.ListenConfig{KeepAliveConfig: net.KeepAliveConfig{Enable: false}}
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, &StartError{fmt.Sprintf("%s: cannot listen on %s: %v", key, address, err)}
	}
	return listener, nil
}

// listener accepts connections, each of which passes through a wire.
type listener struct {
	net.Listener
	process *process
	server  *grpc.Server
	// How long a connection may take until it speaks HTTP/2.
	preface time.Duration
}

func newListener(bound net.Listener, process *process, preface time.Duration) *listener {
	listener := &listener{Listener: bound, process: process, preface: preface}
	listener.server = grpc.NewServer(
		grpc.ForceServerCodecV2(raw{}),
		grpc.UnknownServiceHandler(process.handle),
		// Both are checked by the chassis, which answers in the words of the contract.
		grpc.MaxRecvMsgSize(math.MaxInt32),
		grpc.MaxSendMsgSize(math.MaxInt32),
		grpc.MaxHeaderListSize(maxKeptHeaderBytes),
		grpc.MaxConcurrentStreams(maxConcurrentStreams),
		grpc.InitialWindowSize(streamWindowBytes),
		grpc.InitialConnWindowSize(connectionWindowBytes),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: keepAliveEvery, Timeout: keepAliveTimeout}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
	)
	return listener
}

// Accept returns the next connection that is admitted.
func (listener *listener) Accept() (net.Conn, error) {
	for {
		conn, err := listener.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if wire := listener.admit(conn); wire != nil {
			return wire, nil
		}
		_ = conn.Close()
	}
}

func (listener *listener) admit(conn net.Conn) *wire {
	limits := listener.process.limits
	address, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return nil
	}
	connection := limits.connect(address.Addr())
	if connection == nil {
		return nil
	}
	wire := newWire(conn, connection)
	wire.opened = listener.process.open
	wire.ended = func() { limits.disconnect(connection) }
	// A connection that says nothing, or nothing of HTTP/2, is closed.
	timer := time.AfterFunc(listener.preface, func() {
		const setting = "seconds until a connection must speak HTTP/2"
		limits.refused("preface_seconds", setting, int(listener.preface.Seconds()), connection.peer.address)
		_ = conn.Close()
	})
	wire.done = sync.OnceFunc(func() { timer.Stop() })
	return wire
}

// freeDescriptors returns how many file descriptors connections may have, as far as the system says.
func freeDescriptors() int {
	var limit syscall.Rlimit
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil || syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	free := int(limit.Cur) - len(open)
	return max(1, free-min(maxReservedDescriptors, free/2))
}
