package chassis

import (
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Redacted returns a message as JSON for logs, without every field that the contract marks
// debug_redact, PERSONAL or SECRET, at any depth.
func Redacted(message proto.Message) string {
	copied := proto.Clone(message)
	redact(copied.ProtoReflect())
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(copied)
	if err != nil {
		return string(message.ProtoReflect().Descriptor().FullName())
	}
	return string(text)
}

func redact(message protoreflect.Message) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		options, _ := field.Options().(*descriptorpb.FieldOptions)
		switch {
		case options.GetDebugRedact() || isPrivate(field):
			message.Clear(field)
		case messageOf(field) == nil:
		case field.IsMap():
			value.Map().Range(func(_ protoreflect.MapKey, item protoreflect.Value) bool {
				redact(item.Message())
				return true
			})
		case field.IsList():
			for at := range value.List().Len() {
				redact(value.List().Get(at).Message())
			}
		default:
			redact(value.Message())
		}
		return true
	})
}
