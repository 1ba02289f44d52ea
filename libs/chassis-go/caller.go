package chassis

import (
	"strings"

	souk "souk.example/go"
)

// CallerKind is what a caller is. Users and guests are people who buy: the contract grants to both
// as USER.
type CallerKind string

// The kinds of callers.
const (
	KindAnonymous CallerKind = "anonymous"
	KindUser      CallerKind = "user"
	KindGuest     CallerKind = "guest"
	KindService   CallerKind = "service"
	KindStaff     CallerKind = "staff"
)

// Caller is who sent a request, after its token was verified.
type Caller struct {
	Kind CallerKind
	// ID is what follows the kind in the subject; empty when anonymous.
	ID string
	// Customer is the customer, "customer_…", that owns what a user or guest does; empty for others.
	Customer string
}

// Anonymous is a caller without a token.
var Anonymous = Caller{Kind: KindAnonymous}

// ParseCaller reads "user:ID", "guest:ID", "service:NAME", "staff", "staff:ID" or "anonymous". The
// customer of a person is derived from the text, as development tokens do. It returns false when
// the text names no caller.
func ParseCaller(text string) (Caller, bool) {
	caller, isCaller := parseSubject(text)
	if caller.Kind == KindUser || caller.Kind == KindGuest {
		caller.Customer = souk.CustomerOf(text)
	}
	return caller, isCaller
}

// parseSubject reads a caller, without its customer.
func parseSubject(text string) (Caller, bool) {
	kind, id, _ := strings.Cut(text, ":")
	switch CallerKind(kind) {
	case KindAnonymous:
		return Anonymous, id == ""
	case KindStaff:
		if id == "" {
			id = kind
		}
		return Caller{Kind: KindStaff, ID: id}, true
	case KindUser, KindGuest, KindService:
		return Caller{Kind: CallerKind(kind), ID: id}, id != ""
	}
	return Caller{}, false
}

// Key returns the subject: "user:alice", "guest:x", "service:orders", "staff:ann" or "anonymous".
func (caller Caller) Key() string {
	if caller.Kind == KindAnonymous {
		return string(caller.Kind)
	}
	return string(caller.Kind) + ":" + caller.ID
}

// Owner returns what idempotency records are kept by: the customer of a person, so that anyone who
// acts for the customer finds them again; else the subject.
func (caller Caller) Owner() string {
	if caller.Customer == "" {
		return caller.Key()
	}
	return caller.Customer
}

// String returns the subject.
func (caller Caller) String() string { return caller.Key() }

// identity is what a verified token says: the caller, and what it was given leave to do.
type identity struct {
	caller Caller
	scopes []string
}
