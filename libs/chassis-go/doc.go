// Package chassis is the runtime of a service of Souk in Go: life cycle, settings, what every request
// passes, calls to upstreams, telemetry, a durable store, and events in and out. It has no business
// logic. docs/service-contract.md says what a process must do.
//
// Start reading at definition.go (what a service is), wire.go and incoming.go (what every request
// passes), channel.go (what every call passes) and running.go (how it all runs).
package chassis

// Version is the version of this chassis; the README says which contracts it works with.
const Version = "0.1.0"
