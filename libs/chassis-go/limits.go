package chassis

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// How much a process takes on at once, and how much of it one connection, one address and callers
// without a token may have.
//
// A call counts in three ways: for the process until its response is in memory, for its connection
// and address until the response is sent, and, when it is a stream, for its caller. Health and
// reflection count for their connection only.

const (
	// Open watches of health and streams of reflection on one connection, and their other calls.
	maxWatches = 32
	maxProbes  = 256
	// What is reserved for critical calls: one part of so many.
	reservedPart = 10
	// How often refusals by one limit are logged.
	logRefusalsEvery = 10 * time.Second
)

// peer is one address, or one /64 of IPv6, which is what one household or machine is given.
type peer struct {
	key     string
	address string
	// A proxy that speaks for many.
	isTrusted   bool
	connections int
	requests    int
	// Bytes of responses that were made and are not sent yet.
	unsentBytes int
}

// connection is one connection, and what is open on it.
type connection struct {
	peer     *peer
	requests int
	watches  int
	probes   int
}

// asking is a call as it asks to be admitted.
type asking struct {
	connection   *connection
	caller       Caller
	criticality  Criticality
	isStreaming  bool
	isBackground bool
}

// permit is what a call holds. Each part is given back once.
type permit struct {
	// The response is in memory: nothing more is done for the call.
	answered func()
	// The response is sent, or no longer wanted.
	sent func()
}

type limits struct {
	settings *serverSettings
	proxies  []netip.Prefix
	// How many connections the system has file descriptors for.
	descriptors int
	metrics     *metrics
	log         *slog.Logger

	mu sync.Mutex
	// Requests and streams in work.
	requests int
	// Those of them with a single response, which a drain waits for; streams are ended.
	singles int
	// Responses that are made and not sent yet.
	sending     int
	connections int
	anonymous   int
	peers       map[string]*peer
	// Open streams by caller; a caller without one has no entry.
	streams map[string]int
	// When a limit was last logged, and how often it has refused since.
	logged map[string]*refusals
}

type refusals struct {
	at    time.Time
	count int
}

func newLimits(settings *serverSettings, descriptors int, metrics *metrics, log *slog.Logger) *limits {
	proxies, _ := networks(settings.TrustedProxies)
	limits := &limits{
		settings:    settings,
		proxies:     proxies,
		descriptors: descriptors,
		metrics:     metrics,
		log:         log,
		peers:       map[string]*peer{},
		streams:     map[string]int{},
		logged:      map[string]*refusals{},
	}
	metrics.watch("souk_requests_in_work", "Requests and streams in work now.", limits.read(&limits.requests))
	metrics.watch("souk_connections", "Connections that are open now.", limits.read(&limits.connections))
	return limits
}

// read returns a function that reads a number.
func (limits *limits) read(number *int) func() int {
	return func() int {
		limits.mu.Lock()
		defer limits.mu.Unlock()
		return *number
	}
}

// connect admits a connection from this address; it returns nil when there are too many.
func (limits *limits) connect(address netip.Addr) *connection {
	limits.mu.Lock()
	defer limits.mu.Unlock()
	address = address.Unmap()
	key := shareKey(address)
	from, isKnown := limits.peers[key]
	if !isKnown {
		from = &peer{key: key, address: address.String(), isTrusted: limits.isProxy(address)}
	}
	most := limits.settings
	switch {
	case limits.connections >= limits.descriptors:
		limits.refuse("descriptors", "file descriptors of this process (ulimit -n), less a reserve", limits.descriptors, from.address)
		return nil
	case limits.connections >= most.MaxConnections:
		limits.refuse("connections", "server.max_connections", most.MaxConnections, from.address)
		return nil
	case !from.isTrusted && from.connections >= most.MaxConnectionsPerPeer:
		limits.refuse("connections_per_peer", "server.max_connections_per_peer", most.MaxConnectionsPerPeer, from.address)
		return nil
	}
	limits.connections++
	from.connections++
	limits.peers[key] = from
	return &connection{peer: from}
}

func (limits *limits) disconnect(connection *connection) {
	limits.mu.Lock()
	defer limits.mu.Unlock()
	limits.connections--
	connection.peer.connections--
	if connection.peer.connections == 0 {
		delete(limits.peers, connection.peer.key)
	}
}

// enter admits a call.
func (limits *limits) enter(asking asking) (permit, *Refusal) {
	limits.mu.Lock()
	defer limits.mu.Unlock()
	if asking.isBackground {
		return limits.enterBackground(asking)
	}
	connection, caller := asking.connection, asking.caller
	isAnonymous := caller.Kind == KindAnonymous
	// Services call for many others, and so do proxies.
	isShared := caller.Kind == KindService || connection.peer.isTrusted
	if !isShared {
		if refusal := limits.checkShares(connection); refusal != nil {
			return permit{}, refusal
		}
	}
	if refusal := limits.checkProcess(asking); refusal != nil {
		return permit{}, refusal
	}
	// Anonymous callers are distinguished by their address, or one could use the streams of all.
	streamOf := caller.Key()
	if isAnonymous {
		streamOf = connection.peer.key
	}
	if asking.isStreaming {
		if refusal := limits.openStream(streamOf, connection.peer.address); refusal != nil {
			return permit{}, refusal
		}
	}
	limits.work(asking, isShared, 1)
	answered := limits.once(func() {
		limits.requests--
		limits.singles -= boolToInt(!asking.isStreaming)
		limits.anonymous -= boolToInt(isAnonymous)
		limits.sending++
		if asking.isStreaming {
			limits.closeStream(streamOf)
		}
	})
	sent := limits.once(func() {
		limits.sending--
		if !isShared {
			connection.requests--
			connection.peer.requests--
		}
	})
	return permit{answered: answered, sent: func() { answered(); sent() }}, nil
}

func (limits *limits) work(asking asking, isShared bool, by int) {
	limits.requests += by
	limits.singles += by * boolToInt(!asking.isStreaming)
	limits.anonymous += by * boolToInt(asking.caller.Kind == KindAnonymous)
	if !isShared {
		asking.connection.requests += by
		asking.connection.peer.requests += by
	}
}

// once returns a function that does something the first time it is called.
func (limits *limits) once(work func()) func() {
	var once sync.Once
	return func() {
		once.Do(func() {
			limits.mu.Lock()
			defer limits.mu.Unlock()
			work()
		})
	}
}

// refused counts a refusal, and logs it unless this limit was logged a moment ago.
func (limits *limits) refused(name, setting string, most int, address string) {
	limits.mu.Lock()
	defer limits.mu.Unlock()
	limits.refuse(name, setting, most, address)
}

func (limits *limits) refuse(name, setting string, most int, address string) {
	limits.metrics.refused.WithLabelValues(name).Inc()
	earlier, isKnown := limits.logged[name]
	if !isKnown {
		earlier = &refusals{}
		limits.logged[name] = earlier
	}
	earlier.count++
	now := time.Now()
	if now.Sub(earlier.at) < logRefusalsEvery {
		return
	}
	message := fmt.Sprintf("refused %s: %s = %d is reached (%d refused)", address, setting, most, earlier.count)
	limits.log.Warn(message, "cap", name, "peer", address, "refused", earlier.count)
	*earlier = refusals{at: now}
}

// unsent notes bytes of responses of an address that were made, or, below zero, sent.
func (limits *limits) unsent(connection *connection, bytes int) {
	limits.mu.Lock()
	connection.peer.unsentBytes += bytes
	limits.mu.Unlock()
}

func (limits *limits) enterBackground(asking asking) (permit, *Refusal) {
	open, most := &asking.connection.probes, maxProbes
	if asking.isStreaming {
		open, most = &asking.connection.watches, maxWatches
	}
	if *open >= most {
		limits.refuse("background_per_connection", "calls of health and reflection on one connection", most, asking.connection.peer.address)
		message := fmt.Sprintf("at most %d calls of health and reflection may be open on one connection", most)
		return permit{}, tooManyStreams(message)
	}
	*open++
	return permit{answered: func() {}, sent: limits.once(func() { *open-- })}, nil
}

// checkShares checks what one connection and one address may have in progress, unread responses
// included.
func (limits *limits) checkShares(connection *connection) *Refusal {
	settings := limits.settings
	for _, share := range []struct {
		name string
		used int
		most int
	}{
		{"unsent_bytes_per_peer", connection.peer.unsentBytes, settings.MaxUnsentBytesPerPeer},
		{"requests_per_connection", connection.requests, settings.MaxRequestsPerConnection},
		{"requests_per_peer", connection.peer.requests, settings.MaxRequestsPerPeer},
	} {
		if share.used < share.most {
			continue
		}
		setting := "server.max_" + share.name
		limits.refuse(share.name, setting, share.most, connection.peer.address)
		return overloaded(fmt.Sprintf("too many requests from one address: %s = %d is reached", setting, share.most))
	}
	return nil
}

// checkProcess checks what all may have: the last tenth is for critical calls of callers that are
// known, and anonymous callers leave a quarter of the rest to others.
func (limits *limits) checkProcess(asking asking) *Refusal {
	all := limits.settings.MaxRequests
	ordinary := all - all/reservedPart
	isAnonymous := asking.caller.Kind == KindAnonymous
	isCritical := asking.criticality == Critical || asking.criticality == CriticalPlus
	address := asking.connection.peer.address
	if most := ordinary - ordinary/4; isAnonymous && limits.anonymous >= most {
		limits.refuse("anonymous_requests", "the anonymous part of server.max_requests", most, address)
		return overloaded("too many requests at once")
	}
	most := ordinary
	if isCritical && !isAnonymous {
		most = all
	}
	if limits.requests < most {
		return nil
	}
	limits.refuse("requests", "server.max_requests", most, address)
	return overloaded("too many requests at once")
}

func (limits *limits) openStream(caller, address string) *Refusal {
	most := limits.settings.MaxStreamsPerCaller
	if limits.streams[caller] >= most {
		limits.refuse("streams_per_caller", "server.max_streams_per_caller", most, address)
		return tooManyStreams(fmt.Sprintf("at most %d streams per caller may be open at once", most))
	}
	limits.streams[caller]++
	return nil
}

func (limits *limits) closeStream(caller string) {
	limits.streams[caller]--
	if limits.streams[caller] == 0 {
		delete(limits.streams, caller)
	}
}

func (limits *limits) isProxy(address netip.Addr) bool {
	for _, network := range limits.proxies {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// networks reads addresses and networks such as 10.0.0.0/8.
func networks(texts []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range texts {
		if strings.Contains(text, "/") {
			network, err := netip.ParsePrefix(text)
			if err != nil {
				return nil, err
			}
			all = append(all, network.Masked())
			continue
		}
		address, err := netip.ParseAddr(text)
		if err != nil {
			return nil, err
		}
		all = append(all, netip.PrefixFrom(address, address.BitLen()))
	}
	return all, nil
}

// shareKey returns what shares are counted by.
func shareKey(address netip.Addr) string {
	if address.Is4() {
		return address.String()
	}
	network, err := address.WithZone("").Prefix(64)
	if err != nil {
		return address.String()
	}
	return network.String()
}

func boolToInt(value bool) int {
	if value {
		return 1
	}
	return 0
}
