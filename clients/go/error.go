package souk

import (
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	policyv1 "souk.example/go/souk/policy/v1"
)

// Error is what a status says of a call that failed. Programs act on its reason; the message is
// for people and may change.
type Error struct {
	// Code is the gRPC code.
	Code codes.Code
	// Message says what happened, for people.
	Message string
	// Reason is the name of a value of an ErrorReason of the contract, such as
	// "ERROR_REASON_OUT_OF_STOCK". Empty when the failure came from the connection.
	Reason string
	// Domain is the proto package that defines the reason, without its version: "souk.inventory".
	Domain string
	// Metadata has the facts of this failure, such as "sku" and "available".
	Metadata map[string]string
	// RetryAfter is how long to wait before a retry; zero when the server names no delay.
	RetryAfter time.Duration
	// Violations are the fields that are wrong, when the code is InvalidArgument.
	Violations []FieldViolation

	cause error
}

// FieldViolation is a field of a request that is wrong.
type FieldViolation struct {
	// Field is the path of the field: "lines[0].quantity".
	Field string
	// Description says what is allowed.
	Description string
}

// ErrorOf returns what the error of a call says, also when the error is wrapped. It returns nil for
// nil, and the code Unknown for an error that is not of gRPC.
func ErrorOf(err error) *Error {
	if err == nil {
		return nil
	}
	parsed := status.Convert(err)
	found := &Error{Code: parsed.Code(), Message: parsed.Message(), cause: err}
	for _, detail := range parsed.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			found.Reason, found.Domain, found.Metadata = detail.Reason, detail.Domain, detail.Metadata
		case *errdetails.RetryInfo:
			found.RetryAfter = detail.RetryDelay.AsDuration()
		case *errdetails.BadRequest:
			for _, violation := range detail.FieldViolations {
				field := FieldViolation{Field: violation.Field, Description: violation.Description}
				found.Violations = append(found.Violations, field)
			}
		}
	}
	return found
}

// Has returns whether this is the reason, a value of an ErrorReason of the contract:
// err.Has(ordersv1.ErrorReason_ERROR_REASON_OUT_OF_STOCK).
func (err *Error) Has(reason protoreflect.Enum) bool {
	values := reason.Descriptor()
	value := values.Values().ByNumber(reason.Number())
	if value == nil || err.Reason != string(value.Name()) {
		return false
	}
	// A broken field has the domain of its method.
	isField := reason == policyv1.ErrorReason_ERROR_REASON_INVALID_FIELD
	return isField || err.Domain == domainOf(values.ParentFile().Package())
}

// domainOf returns the domain of a package's errors: the package without its version.
func domainOf(name protoreflect.FullName) string {
	if strings.HasPrefix(string(name.Name()), "v") {
		return string(name.Parent())
	}
	return string(name)
}

// Retry returns whether the same request may be sent again, as the contract says of the reason;
// RETRY_UNKNOWN without a reason that this version of the contract knows.
func (err *Error) Retry() policyv1.Retry {
	// A broken field has the domain of its method, and is a reason of all services.
	for _, domain := range []string{err.Domain, "souk.policy"} {
		if retry, known := retryOf(domain + "/" + err.Reason); known {
			return retry
		}
	}
	return policyv1.Retry_RETRY_UNKNOWN
}

// Error returns the code, the message and the reason.
func (err *Error) Error() string {
	if err.Reason == "" {
		return fmt.Sprintf("%s: %s", err.Code, err.Message)
	}
	return fmt.Sprintf("%s: %s (%s)", err.Code, err.Message, err.Reason)
}

// Unwrap returns the error of gRPC, so that status.Code reads it too.
func (err *Error) Unwrap() error {
	return err.cause
}
