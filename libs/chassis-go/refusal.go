package chassis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	policyv1 "souk.example/go/souk/policy/v1"
)

// commonDomain is the domain of the reasons that are not a service's own.
const commonDomain = "souk.policy"

// invalidFieldReason is the one common reason whose domain is that of the method.
const invalidFieldReason = "ERROR_REASON_INVALID_FIELD"

func unauthenticated(message string) *Refusal {
	return Refuse(policyv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED, message, nil)
}

func deadlineExceeded() *Refusal {
	return Refuse(policyv1.ErrorReason_ERROR_REASON_DEADLINE_EXCEEDED, "the deadline has passed", nil)
}

func draining() *Refusal {
	return Refuse(policyv1.ErrorReason_ERROR_REASON_DRAINING, "this process is shutting down, retry", nil)
}

func unimplemented(path string) *Refusal {
	return Refuse(policyv1.ErrorReason_ERROR_REASON_UNIMPLEMENTED, fmt.Sprintf("no method %s here", path), nil)
}

// accessDenied says that a caller may not call; the scopes are those that its token lacks.
func accessDenied(message string, lacking []string) *Refusal {
	var facts Facts
	if len(lacking) > 0 {
		facts = Facts{"scopes": strings.Join(lacking, ",")}
	}
	return Refuse(policyv1.ErrorReason_ERROR_REASON_ACCESS_DENIED, message, facts)
}

// otherCustomer says that a user reaches its own things only; the field names a customer.
func otherCustomer(field string) *Refusal {
	const message = "a user reaches its own things only: leave the customer empty, or send `me`"
	refusal := Refuse(policyv1.ErrorReason_ERROR_REASON_OTHER_CUSTOMER, message, nil)
	return refusal.With(badRequest(FieldViolation{field, message}))
}

// fieldNotAllowed says that callers of another kind may set the field.
func fieldNotAllowed(field, kinds string) *Refusal {
	message := fmt.Sprintf("%s is for %s only: leave it out", field, kinds)
	refusal := Refuse(policyv1.ErrorReason_ERROR_REASON_FIELD_NOT_ALLOWED, message, Facts{"field": field})
	return refusal.With(badRequest(FieldViolation{field, message}))
}

// overloaded says that a limit of the process, of a connection or of an address is reached.
func overloaded(message string) *Refusal {
	return Refuse(policyv1.ErrorReason_ERROR_REASON_OVERLOADED, message, nil).With(retryAfter(100 * time.Millisecond))
}

// tooManyStreams asks for a longer delay: streams last longer than other calls.
func tooManyStreams(message string) *Refusal {
	return Refuse(policyv1.ErrorReason_ERROR_REASON_TOO_MANY_STREAMS, message, nil).With(retryAfter(time.Second))
}

func messageTooLarge(size, most int) *Refusal {
	message := fmt.Sprintf("a message of %d bytes is too large, at most %d are allowed", size, most)
	return Refuse(policyv1.ErrorReason_ERROR_REASON_MESSAGE_TOO_LARGE, message, nil)
}

func headersTooLarge(size, most int) *Refusal {
	message := fmt.Sprintf("the headers of the request have %d bytes, at most %d are allowed", size, most)
	return Refuse(policyv1.ErrorReason_ERROR_REASON_HEADERS_TOO_LARGE, message, nil)
}

func unsupportedCompression(encoding string) *Refusal {
	message := fmt.Sprintf("the request is compressed with %s, but only identity is accepted", encoding)
	return Refuse(policyv1.ErrorReason_ERROR_REASON_UNSUPPORTED_COMPRESSION, message, Facts{"accepted": "identity"})
}

// malformed refuses a request that cannot be read. The field is a header, or empty for the message
// itself.
func malformed(domain, field, what string) *Refusal {
	return InvalidField(domain, what, FieldViolation{field, what})
}

func upstreamUnavailable(upstream, why string) *Refusal {
	message := fmt.Sprintf("%s cannot be reached: %s", upstream, why)
	return Refuse(policyv1.ErrorReason_ERROR_REASON_UPSTREAM_UNAVAILABLE, message, Facts{"service": upstream})
}

// FieldViolation is one thing that is wrong with a request.
type FieldViolation struct {
	// Field is the path of the field: lines[0].price_id.
	Field string
	// Description says what it must be: must not be in the future.
	Description string
}

// InvalidField refuses a request that breaks its rules or cannot be read. The domain is that of the
// method.
func InvalidField(domain, message string, violations ...FieldViolation) *Refusal {
	refusal := Refuse(policyv1.ErrorReason_ERROR_REASON_INVALID_FIELD, message, nil)
	policy := *refusal.policy
	policy.domain = domain
	refusal.policy = &policy
	return refusal.With(badRequest(violations...))
}

// invalidPageToken refuses a page or resume token that was changed, or that belongs to another
// caller or filter; the field holds it.
func invalidPageToken(field string) *Refusal {
	message := fmt.Sprintf("the %s is not valid for this caller and this list", strings.ReplaceAll(field, "_", " "))
	refusal := Refuse(policyv1.ErrorReason_ERROR_REASON_INVALID_PAGE_TOKEN, message, nil)
	return refusal.With(badRequest(FieldViolation{field, message}))
}

func badRequest(violations ...FieldViolation) *errdetails.BadRequest {
	details := &errdetails.BadRequest{}
	for _, violation := range violations {
		details.FieldViolations = append(details.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field:       violation.Field,
			Description: violation.Description,
		})
	}
	return details
}

func retryAfter(delay time.Duration) *errdetails.RetryInfo {
	return &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)}
}

// isOurFault returns whether the code needs an operator's attention, so that its text is for us and
// not for the caller.
func isOurFault(code codes.Code) bool {
	return code == codes.Internal || code == codes.Unknown || code == codes.DataLoss
}

// response is what a caller gets for an error, and what is logged.
type response struct {
	status  *status.Status
	refusal *Refusal
	cause   string
}

// respond converts any error into the response of a call: always with a reason. The text is hidden
// behind the trace id when it is our fault.
func respond(err error, traceID string) response {
	refusal := asRefusal(err)
	answer := response{refusal: refusal}
	message, facts := refusal.message, refusal.facts
	details := refusal.details
	isHidden := isOurFault(refusal.Code())
	if isHidden {
		message, facts, details = "internal error", Facts{"trace_id": traceID}, nil
	}
	if isHidden || refusal.Code() == codes.Unavailable {
		answer.cause = withCauses(refusal)
	}
	info := &errdetails.ErrorInfo{Reason: refusal.Reason(), Domain: refusal.Domain(), Metadata: facts}
	answer.status = withDetails(status.New(refusal.Code(), message), append([]proto.Message{info}, details...))
	return answer
}

func withDetails(plain *status.Status, details []proto.Message) *status.Status {
	all := make([]protoadapt.MessageV1, len(details))
	for index, detail := range details {
		all[index] = protoadapt.MessageV1Of(detail)
	}
	whole, err := plain.WithDetails(all...)
	if err != nil {
		return plain
	}
	return whole
}

func asRefusal(err error) *Refusal {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	// An upstream that is away is no bug of ours; whatever else it answered, the method should have
	// known what to do.
	if known, isStatus := status.FromError(err); isStatus && known.Code() == codes.Unavailable {
		const message = "an upstream service does not respond"
		return Refuse(policyv1.ErrorReason_ERROR_REASON_UPSTREAM_UNAVAILABLE, message, nil).Because(err)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return deadlineExceeded()
	}
	return Refuse(policyv1.ErrorReason_ERROR_REASON_INTERNAL, withCauses(err), nil)
}
