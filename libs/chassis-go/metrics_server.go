package chassis

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

const (
	// How long a request of a page may take to arrive.
	pageTimeout        = 10 * time.Second
	maxPageConnections = 64
	pageType           = "text/plain; version=0.0.4; charset=utf-8"
)

// metricsServer is the second listener: /metrics for Prometheus, /healthz (the process responds) and
// /readyz (it can do its work). It responds until it is closed: pages are wanted most during a drain.
func metricsServer(registry *prometheus.Registry, board *board) *http.Server {
	pages := http.NewServeMux()
	pages.HandleFunc("/metrics", func(response http.ResponseWriter, _ *http.Request) {
		writeMetrics(response, registry)
	})
	pages.HandleFunc("/healthz", func(response http.ResponseWriter, _ *http.Request) {
		writePage(response, http.StatusOK, "ok\n")
	})
	pages.HandleFunc("/readyz", func(response http.ResponseWriter, _ *http.Request) {
		if isReady, why, _ := board.state(); !isReady {
			writePage(response, http.StatusServiceUnavailable, "not ready\n"+why)
			return
		}
		writePage(response, http.StatusOK, "ready\n")
	})
	pages.HandleFunc("/", func(response http.ResponseWriter, _ *http.Request) {
		writePage(response, http.StatusNotFound, "this server has /metrics, /healthz and /readyz\n")
	})
	return &http.Server{Handler: pages, ReadHeaderTimeout: pageTimeout, ReadTimeout: pageTimeout}
}

// writePage writes a page with its length, so that it comes in one piece.
func writePage(response http.ResponseWriter, status int, text string) {
	response.Header().Set("content-type", pageType)
	response.Header().Set("content-length", strconv.Itoa(len(text)))
	response.WriteHeader(status)
	_, _ = io.WriteString(response, text)
}

func writeMetrics(response http.ResponseWriter, registry *prometheus.Registry) {
	families, err := registry.Gather()
	if err != nil {
		writePage(response, http.StatusInternalServerError, fmt.Sprintln(err))
		return
	}
	var page strings.Builder
	encoder := expfmt.NewEncoder(&page, expfmt.NewFormat(expfmt.TypeTextPlain))
	for _, family := range families {
		if err := encoder.Encode(family); err != nil {
			writePage(response, http.StatusInternalServerError, fmt.Sprintln(err))
			return
		}
	}
	writePage(response, http.StatusOK, page.String())
}

// limitedListener accepts so many connections at once; further ones are closed.
type limitedListener struct {
	net.Listener
	open chan struct{}
}

func limitConnections(bound net.Listener, most int) net.Listener {
	return &limitedListener{Listener: bound, open: make(chan struct{}, most)}
}

// Accept returns the next connection.
func (limited *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := limited.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case limited.open <- struct{}{}:
			return &limitedConn{Conn: conn, limited: limited}, nil
		default:
			_ = conn.Close()
		}
	}
}

type limitedConn struct {
	net.Conn
	limited *limitedListener
	once    sync.Once
}

// Close makes space for another connection.
func (conn *limitedConn) Close() error {
	conn.once.Do(func() { <-conn.limited.open })
	return conn.Conn.Close()
}
