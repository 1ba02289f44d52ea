// Package souk is what calls of Souk need besides the generated code: a connection with the
// deadlines and retries of the contract, tokens, errors that programs act on, pages, and streams
// that resume. Messages and clients are in the packages below souk.example/go/souk.
package souk

import (
	"context"
	"crypto/tls"
	_ "embed"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// maxMessageBytes is the most that any method of the contract accepts or returns.
const maxMessageBytes = 16 << 20

// ServiceConfig is the gRPC service config (gRFC A6) of the contract: the deadline of each method,
// and which methods gRPC retries. Connect uses it.
//
//go:embed service_config.json
var ServiceConfig string

// Connect returns a connection for the generated clients; nothing is sent before the first call.
//
// address is HOST:PORT, http://HOST:PORT or https://HOST:PORT. Each call sends the token as
// "authorization: Bearer TOKEN", unless its context already carries an authorization or the token
// is empty. A call has the deadline of the contract, or that of its context when it is earlier. A
// call that may be repeated is sent up to three times when the shop is unavailable.
//
// The options override what Connect sets: grpc.WithTransportCredentials for a certificate of your
// own, for example.
func Connect(address, token string, options ...grpc.DialOption) (*grpc.ClientConn, error) {
	scheme, host, found := strings.Cut(address, "://")
	if !found {
		scheme, host = "http", address
	}
	var transport credentials.TransportCredentials
	switch scheme {
	case "http":
		transport = insecure.NewCredentials()
	case "https":
		transport = credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS12})
	default:
		return nil, fmt.Errorf("%s: an address is HOST:PORT, http://HOST:PORT or https://HOST:PORT", address)
	}
	ours := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultServiceConfig(ServiceConfig),
		// Which calls are retried comes from the contract, not from a DNS record.
		grpc.WithDisableServiceConfig(),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(maxMessageBytes),
			grpc.MaxCallSendMsgSize(maxMessageBytes),
			// A request that is longer than this buffer would be sent once only.
			grpc.MaxRetryRPCBufferSize(maxMessageBytes),
		),
	}
	if token != "" {
		ours = append(ours, grpc.WithPerRPCCredentials(bearer(token)))
	}
	return grpc.NewClient("dns:///"+strings.TrimSuffix(host, "/"), append(ours, options...)...)
}

// bearer is a token that each call sends.
type bearer string

// GetRequestMetadata returns the header, unless the caller sends one of its own.
func (token bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	sent, _ := metadata.FromOutgoingContext(ctx)
	if len(sent.Get("authorization")) > 0 {
		return nil, nil
	}
	return map[string]string{"authorization": "Bearer " + string(token)}, nil
}

// RequireTransportSecurity allows plaintext, which shops on this machine speak.
func (bearer) RequireTransportSecurity() bool {
	return false
}
