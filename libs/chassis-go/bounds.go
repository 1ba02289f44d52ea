package chassis

import (
	"math"
	"math/bits"
	"regexp"
	"strconv"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// How large a request may be: the most bytes that the rules of its fields allow, added up as
// docs/service-contract.md says (C-VALID-6). Sizes are floating-point numbers, so that a field
// without a bound is infinite.

const (
	kib = 1024
	// What a string counts that has a short pattern and no other rule that bounds it.
	patternBytes = 64
	// What a google.protobuf.FieldMask counts: its rules bound the paths, not their number.
	fieldMaskBytes = 4 * kib
	emailBytes     = 254
	uuidBytes      = 36
	varintMost     = 10
)

var unbounded = math.Inf(1)

var unboundedTypes = map[protoreflect.FullName]bool{
	"google.protobuf.Any":       true,
	"google.protobuf.Struct":    true,
	"google.protobuf.Value":     true,
	"google.protobuf.ListValue": true,
}

// maxRequestBytes returns the largest request in bytes, a margin for fields of newer callers
// included; infinite when a field has no bound.
func maxRequestBytes(request protoreflect.MessageDescriptor) float64 {
	size := sizeOf(request, nil)
	return math.Ceil((size+math.Max(size/4, kib))/kib) * kib
}

// sizeOf returns the most bytes of a message, without its own tag and length. within are the
// messages around it.
func sizeOf(message protoreflect.MessageDescriptor, within []protoreflect.FullName) float64 {
	inside := append(within[:len(within):len(within)], message.FullName())
	size := 0.0
	largest := map[protoreflect.FullName]float64{}
	for at := range message.Fields().Len() {
		field := message.Fields().Get(at)
		bytes := sizeOfField(field, inside)
		oneof := field.ContainingOneof()
		if oneof == nil || oneof.IsSynthetic() {
			size += bytes
			continue
		}
		largest[oneof.FullName()] = math.Max(largest[oneof.FullName()], bytes)
	}
	for _, bytes := range largest {
		size += bytes
	}
	return size
}

// sizeOfField returns the most bytes of a field, its tags included, however often it may occur.
func sizeOfField(field protoreflect.FieldDescriptor, within []protoreflect.FullName) float64 {
	tag := varintBytes(float64(field.Number()) * 8)
	rules := rulesOf(field)
	switch {
	case field.IsMap():
		most := countOf(rules.GetMap() != nil && rules.GetMap().MaxPairs != nil, rules.GetMap().GetMaxPairs())
		key := sizeOfValue(field.MapKey(), rules.GetMap().GetKeys(), within)
		value := sizeOfValue(field.MapValue(), rules.GetMap().GetValues(), within)
		return times(most, tag+delimited(1+key+1+value))
	case field.IsList():
		list := rules.GetRepeated()
		most := countOf(list != nil && list.MaxItems != nil, list.GetMaxItems())
		return times(most, tag+sizeOfValue(field, list.GetItems(), within))
	}
	return tag + sizeOfValue(field, rules, within)
}

// sizeOfValue returns the most bytes of one value, its length included.
func sizeOfValue(field protoreflect.FieldDescriptor, rules *validate.FieldRules, within []protoreflect.FullName) float64 {
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return sizeOfMessage(field.Message(), within)
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return 4
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return 8
	case protoreflect.StringKind:
		return delimited(stringBytes(rules.GetString()))
	case protoreflect.BytesKind:
		bytes := rules.GetBytes()
		length := countOf(bytes != nil && bytes.Len != nil, bytes.GetLen())
		return delimited(math.Min(length, countOf(bytes != nil && bytes.MaxLen != nil, bytes.GetMaxLen())))
	}
	return varintMost
}

func sizeOfMessage(message protoreflect.MessageDescriptor, within []protoreflect.FullName) float64 {
	name := message.FullName()
	if name == "google.protobuf.FieldMask" {
		return delimited(fieldMaskBytes)
	}
	// What holds itself has no largest value.
	for _, outer := range within {
		if outer == name {
			return unbounded
		}
	}
	if unboundedTypes[name] {
		return unbounded
	}
	return delimited(sizeOf(message, within))
}

// stringBytes returns the most bytes of a string with these rules: the least that any allows.
func stringBytes(rules *validate.StringRules) float64 {
	if rules == nil {
		return unbounded
	}
	least := math.Min(4*countOf(rules.Len != nil, rules.GetLen()), 4*countOf(rules.MaxLen != nil, rules.GetMaxLen()))
	least = math.Min(least, countOf(rules.LenBytes != nil, rules.GetLenBytes()))
	least = math.Min(least, countOf(rules.MaxBytes != nil, rules.GetMaxBytes()))
	least = math.Min(least, countOf(rules.Const != nil, uint64(len(rules.GetConst()))))
	least = math.Min(least, countOf(rules.GetEmail(), emailBytes))
	least = math.Min(least, countOf(rules.GetUuid(), uuidBytes))
	longest := 0
	for _, text := range rules.GetIn() {
		longest = max(longest, len(text))
	}
	least = math.Min(least, countOf(len(rules.GetIn()) > 0, uint64(longest)))
	if math.IsInf(least, 1) && rules.Pattern != nil && isShort(rules.GetPattern()) {
		return patternBytes
	}
	return least
}

var (
	repetition = regexp.MustCompile(`\{[0-9]+(,[0-9]*)?\}`)
	class      = regexp.MustCompile(`\[[^\]]*\]`)
)

// isShort returns whether a pattern holds the whole text and repeats nothing without a small end. Of
// our own contract souk-codegen checks it exactly.
func isShort(pattern string) bool {
	if !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$") {
		return false
	}
	for _, found := range repetition.FindAllString(pattern, -1) {
		_, end, hasEnd := strings.Cut(strings.Trim(found, "{}"), ",")
		if !hasEnd {
			end = strings.Trim(found, "{}")
		}
		if most, err := strconv.Atoi(end); err != nil || most > patternBytes {
			return false
		}
	}
	open := class.ReplaceAllString(pattern, "")
	open = strings.NewReplacer(`\*`, "", `\+`, "").Replace(open)
	return !strings.ContainsAny(open, "*+")
}

func rulesOf(field protoreflect.FieldDescriptor) *validate.FieldRules {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	return rules
}

// countOf returns the value of a rule that was set, infinite without it.
func countOf(isSet bool, value uint64) float64 {
	if !isSet {
		return unbounded
	}
	return float64(value)
}

func times(count, bytes float64) float64 {
	if count == 0 {
		return 0
	}
	return count * bytes
}

func delimited(bytes float64) float64 {
	if math.IsInf(bytes, 1) {
		return bytes
	}
	return bytes + varintBytes(bytes)
}

func varintBytes(number float64) float64 {
	const bitsPerByte = 7
	length := bits.Len64(uint64(number))
	return math.Max(1, math.Ceil(float64(length)/bitsPerByte))
}
