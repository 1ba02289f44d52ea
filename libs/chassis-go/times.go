package chassis

import (
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const (
	timestampName = "google.protobuf.Timestamp"
	durationName  = "google.protobuf.Duration"

	// 0001-01-01T00:00:00Z and the second after 9999-12-31T23:59:59Z.
	firstSecond = -62_135_596_800
	endSecond   = 253_402_300_800
	// Ten thousand years.
	longestSeconds = 315_576_000_000
	mostNanos      = 999_999_999

	timestampRule = "must lie in the years 1 to 9999, with nanoseconds from 0 to 999,999,999"
	durationRule  = "must lie within 315,576,000,000 s, with nanoseconds up to 999,999,999" +
		" and of the same sign as the seconds"
)

// timeFields holds the fields of a message through which times are reached, by its descriptor.
var timeFields sync.Map

// impossibleTimes returns the times and durations in a message that no calendar has, at most so
// many: their paths and what is required.
func impossibleTimes(message proto.Message, most int) []FieldViolation {
	search := timeSearch{most: most}
	search.message(message.ProtoReflect(), "")
	return search.found
}

type timeSearch struct {
	most  int
	found []FieldViolation
}

func (search *timeSearch) message(message protoreflect.Message, path string) {
	if len(search.found) == search.most {
		return
	}
	if rule := brokenTimeRule(message); rule != "" {
		search.found = append(search.found, FieldViolation{Field: path, Description: rule})
	}
	for _, field := range fieldsWithTimes(message.Descriptor()) {
		if !message.Has(field) {
			continue
		}
		where := string(field.Name())
		if path != "" {
			where = path + "." + where
		}
		search.value(field, message.Get(field), where)
	}
}

func (search *timeSearch) value(field protoreflect.FieldDescriptor, value protoreflect.Value, path string) {
	switch {
	case field.IsMap():
		value.Map().Range(func(key protoreflect.MapKey, one protoreflect.Value) bool {
			text := key.String()
			if field.MapKey().Kind() == protoreflect.StringKind {
				text = fmt.Sprintf("%q", text)
			}
			search.message(one.Message(), fmt.Sprintf("%s[%s]", path, text))
			return true
		})
	case field.IsList():
		for at := range value.List().Len() {
			search.message(value.List().Get(at).Message(), fmt.Sprintf("%s[%d]", path, at))
		}
	default:
		search.message(value.Message(), path)
	}
}

// brokenTimeRule returns the rule that a time or a duration breaks; empty when it breaks none.
func brokenTimeRule(message protoreflect.Message) string {
	name := message.Descriptor().FullName()
	if name != timestampName && name != durationName {
		return ""
	}
	fields := message.Descriptor().Fields()
	seconds := message.Get(fields.ByNumber(1)).Int()
	nanos := message.Get(fields.ByNumber(2)).Int()
	if name == timestampName {
		if seconds < firstSecond || seconds >= endSecond || nanos < 0 || nanos > mostNanos {
			return timestampRule
		}
		return ""
	}
	isLong := seconds < -longestSeconds || seconds > longestSeconds || nanos < -mostNanos || nanos > mostNanos
	isMixed := seconds > 0 && nanos < 0 || seconds < 0 && nanos > 0
	if isLong || isMixed {
		return durationRule
	}
	return ""
}

// fieldsWithTimes returns the fields of a message through which times are reached.
func fieldsWithTimes(message protoreflect.MessageDescriptor) []protoreflect.FieldDescriptor {
	if known, found := timeFields.Load(message); found {
		return known.([]protoreflect.FieldDescriptor)
	}
	var fields []protoreflect.FieldDescriptor
	for at := range message.Fields().Len() {
		field := message.Fields().Get(at)
		inner := messageOf(field)
		if inner != nil && holdsTimes(inner, map[protoreflect.FullName]bool{}) {
			fields = append(fields, field)
		}
	}
	timeFields.Store(message, fields)
	return fields
}

func holdsTimes(message protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	name := message.FullName()
	if name == timestampName || name == durationName {
		return true
	}
	seen[name] = true
	for at := range message.Fields().Len() {
		inner := messageOf(message.Fields().Get(at))
		if inner != nil && !seen[inner.FullName()] && holdsTimes(inner, seen) {
			return true
		}
	}
	return false
}
