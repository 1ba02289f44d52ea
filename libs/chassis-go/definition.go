package chassis

import (
	"io"
	"time"
)

// Definition is what a service is before it runs: its name, its settings and how it is built. C is
// the struct of the service's own settings, with `toml` tags; when it has a method Check() error, a
// value that it refuses with [Wrong] ends the start.
type Definition[C any] struct {
	// Name is the noun of the service: "wishlists". Its capitals start its environment variables.
	Name string
	// Defaults is the text of config.default.toml: every setting of the service with its value and a
	// comment. A setting that is not there does not exist.
	Defaults string
	// Build opens the database (and so migrates it) and registers what the service does. It may take
	// channels but not call yet.
	Build func(config C, service *Service) error
}

// Options are the options of a start.
type Options struct {
	// File is a file over the defaults.
	File string
	// Environment has variables, as os.Environ returns them.
	Environment []string
	// Set has values by dotted key that win over everything: "server.listen": "127.0.0.1:0".
	Set map[string]string
	// Clock is the system's unless it is set.
	Clock Clock
	// Log gets the log; stderr unless it is set.
	Log io.Writer

	// How long a connection may take until it speaks HTTP/2, in tests.
	prefaceTimeout time.Duration
}
