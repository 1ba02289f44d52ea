package chassis

import (
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// The items of a request's lists are counted while it is still bytes: two bytes on the wire become
// two hundred in memory, so a list that is too long is refused before anything of it is decoded.

// Shorter messages are not counted before they are decoded: what they become is small, and the
// validator counts again.
const uncountedBytes = 1024

// shape is what is counted in a message: its lists and maps by number, and the fields that hold
// messages with some. It is nil when nothing is.
type shape map[protowire.Number]*counted

type counted struct {
	name string
	// Whether it is a list or a map, and the most items.
	isMany bool
	most   uint64
	// The words of the validator, which would say the same after decoding.
	description string
	// Whether several items may be packed together, and the bytes of one; 0 for integers of variable
	// length.
	isPacked    bool
	packedBytes int
	inner       shape
}

// tally has the counters of one message. A message that comes in several pieces is merged by the
// decoder, so its counters are kept.
type tally struct {
	counts map[protowire.Number]uint64
	once   map[protowire.Number]*tally
}

func newTally() *tally {
	return &tally{counts: map[protowire.Number]uint64{}, once: map[protowire.Number]*tally{}}
}

// shapeOf returns what is counted in a message of this type. What holds itself is counted once, and
// no further in.
func shapeOf(message protoreflect.MessageDescriptor, within []protoreflect.FullName) shape {
	if message == nil || slices.Contains(within, message.FullName()) {
		return nil
	}
	inside := append(within[:len(within):len(within)], message.FullName())
	found := shape{}
	for at := range message.Fields().Len() {
		field := message.Fields().Get(at)
		one := countedOf(field, inside)
		if one.isMany || one.inner != nil {
			found[field.Number()] = one
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

func countedOf(field protoreflect.FieldDescriptor, within []protoreflect.FullName) *counted {
	one := &counted{name: string(field.Name()), isMany: field.IsMap() || field.IsList(), most: math.MaxUint64}
	rules := rulesOf(field)
	switch {
	case field.IsMap():
		if value := shapeOf(field.MapValue().Message(), within); value != nil {
			// An entry of a map is a message with its value as field 2.
			one.inner = shape{2: &counted{name: "value", inner: value}}
		}
		if pairs := rules.GetMap(); pairs != nil && pairs.MaxPairs != nil {
			one.most = pairs.GetMaxPairs()
		}
		one.description = fmt.Sprintf("map must be at most %d entries", one.most)
		return one
	case field.IsList():
		if list := rules.GetRepeated(); list != nil && list.MaxItems != nil {
			one.most = list.GetMaxItems()
		}
		one.description = fmt.Sprintf("must contain no more than %d item(s)", one.most)
		one.isPacked, one.packedBytes = packed(field.Kind())
	}
	one.inner = shapeOf(field.Message(), within)
	return one
}

func packed(kind protoreflect.Kind) (bool, int) {
	switch kind {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.MessageKind, protoreflect.GroupKind:
		return false, 0
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind, protoreflect.FloatKind:
		return true, 4
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind, protoreflect.DoubleKind:
		return true, 8
	}
	return true, 0
}

// tooMany returns the one list of an encoded message that is too long, from the first item beyond
// the limit. Bytes that are no message of this shape are passed over from where they stop being one:
// decoding them fails there.
func (shape shape) tooMany(bytes []byte) *FieldViolation {
	if shape == nil || len(bytes) < uncountedBytes {
		return nil
	}
	return shape.scan(bytes, "", newTally(), 0)
}

func (shape shape) scan(bytes []byte, path string, tally *tally, depth int) *FieldViolation {
	if depth > maxDepth {
		return nil
	}
	for len(bytes) > 0 {
		number, kind, tagBytes := protowire.ConsumeTag(bytes)
		if tagBytes < 0 {
			return nil
		}
		bytes = bytes[tagBytes:]
		valueBytes := protowire.ConsumeFieldValue(number, kind, bytes)
		if valueBytes < 0 {
			return nil
		}
		if field := shape[number]; field != nil {
			if found := field.count(number, kind, bytes[:valueBytes], path, tally, depth); found != nil {
				return found
			}
		}
		bytes = bytes[valueBytes:]
	}
	return nil
}

// count counts one occurrence of a field.
func (field *counted) count(number protowire.Number, kind protowire.Type, value []byte, path string, tally *tally, depth int) *FieldViolation {
	where := joinKey(path, field.name)
	isDelimited := kind == protowire.BytesType
	var content []byte
	if isDelimited {
		content, _ = protowire.ConsumeBytes(value)
	}
	inside := newTally()
	if field.isMany {
		before := tally.counts[number]
		items := uint64(1)
		if isDelimited && field.isPacked {
			items = packedItems(content, field.packedBytes)
		}
		if before+items > field.most {
			return &FieldViolation{where, field.description}
		}
		tally.counts[number] = before + items
		where = fmt.Sprintf("%s[%d]", where, before)
	} else if known, found := tally.once[number]; found {
		inside = known
	} else {
		tally.once[number] = inside
	}
	if !isDelimited || field.inner == nil {
		return nil
	}
	return field.inner.scan(content, where, inside, depth+1)
}

func packedItems(content []byte, bytes int) uint64 {
	if bytes > 0 {
		return uint64(len(content) / bytes)
	}
	var items uint64
	// The last byte of an integer is the one without the highest bit.
	for _, one := range content {
		if one < 0x80 {
			items++
		}
	}
	return items
}
