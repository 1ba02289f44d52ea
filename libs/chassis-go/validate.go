package chassis

import (
	"errors"
	"fmt"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
)

// maxViolations is the most violations that are reported of one request.
const maxViolations = 16

// Validate checks a message by the field rules of the contract (buf.validate). It returns an
// INVALID_ARGUMENT that names the path of each field that breaks a rule.
func Validate(message proto.Message) error {
	if times := impossibleTimes(message, maxViolations); len(times) > 0 {
		return violating(message, times, len(times))
	}
	err := protovalidate.Validate(message)
	var invalid *protovalidate.ValidationError
	if !errors.As(err, &invalid) {
		// A rule that cannot be evaluated is a mistake in the contract.
		return err
	}
	var violations []FieldViolation
	for _, violation := range invalid.Violations[:min(maxViolations, len(invalid.Violations))] {
		violations = append(violations, FieldViolation{
			Field:       protovalidate.FieldPathString(violation.Proto.GetField()),
			Description: violation.Proto.GetMessage(),
		})
	}
	return violating(message, violations, len(invalid.Violations))
}

func violating(message proto.Message, violations []FieldViolation, all int) *Refusal {
	what := "request"
	if field := violations[0].Field; field != "" {
		what = "field " + field
	}
	more := ""
	if all > 1 {
		more = fmt.Sprintf(" (and %d more)", all-1)
	}
	domain := domainOf(message.ProtoReflect().Descriptor())
	return InvalidField(domain, fmt.Sprintf("%s %s%s", what, violations[0].Description, more), violations...)
}
