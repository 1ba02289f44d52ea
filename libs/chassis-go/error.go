package chassis

import (
	"strings"

	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Facts is what a program needs to act on a refusal, under the keys that the contract lists for the
// reason. They are sent in ErrorInfo.
type Facts map[string]string

// Refusal is an error that the caller sees: a public reason, a text and facts; see [Refuse]. The
// text of INTERNAL, UNKNOWN and DATA_LOSS is hidden all the same. Any other error that a method
// returns is INTERNAL.
type Refusal struct {
	policy  *reasonPolicy
	message string
	facts   Facts
	details []proto.Message
	cause   error
}

// Refuse returns a refusal for a value of an ErrorReason of the contract. Its code and its domain
// are those of the contract. It panics when the contract says nothing of the reason.
//
//	return nil, chassis.Refuse(loyaltyv1.ErrorReason_ERROR_REASON_UNKNOWN_CARD,
//		fmt.Sprintf("card %s does not exist", id), chassis.Facts{"card_id": id})
func Refuse(reason protoreflect.Enum, message string, facts Facts) *Refusal {
	return &Refusal{policy: reasonOf(reason), message: message, facts: facts}
}

// With returns the refusal with google.rpc messages added, such as BadRequest and RetryInfo.
func (refusal *Refusal) With(details ...proto.Message) *Refusal {
	changed := *refusal
	changed.details = append(append([]proto.Message{}, refusal.details...), details...)
	return &changed
}

// Because returns the refusal with the error that led to it, for the log and not for the caller.
func (refusal *Refusal) Because(cause error) *Refusal {
	changed := *refusal
	changed.cause = cause
	return &changed
}

// Error returns the text for the caller.
func (refusal *Refusal) Error() string { return refusal.message }

// Unwrap returns what made it happen.
func (refusal *Refusal) Unwrap() error { return refusal.cause }

// Code returns the gRPC code of the reason.
func (refusal *Refusal) Code() codes.Code { return refusal.policy.code }

// Reason returns the full name of a value of the domain's ErrorReason: ERROR_REASON_OUT_OF_STOCK.
func (refusal *Refusal) Reason() string { return refusal.policy.name }

// Domain returns the package that defines the reason, without its version: souk.inventory.
func (refusal *Refusal) Domain() string { return refusal.policy.domain }

// Facts returns the metadata of ErrorInfo.
func (refusal *Refusal) Facts() Facts { return refusal.facts }

// GRPCStatus returns the status that a caller gets, so that status.FromError reads a refusal.
func (refusal *Refusal) GRPCStatus() *status.Status {
	return respond(refusal, "").status
}

// Poison says that an event can never be handled: it becomes a dead letter at once.
type Poison string

// Error returns what is wrong with the event.
func (poison Poison) Error() string { return string(poison) }

// withCauses returns the text of an error with what caused it.
func withCauses(err error) string {
	text := err.Error()
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(next) {
		if why := next.Error(); why != "" && !strings.Contains(text, why) {
			text += ": " + why
		}
	}
	return text
}
