package chassis

import (
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	policyv1 "souk.example/go/souk/policy/v1"
)

// privateMessages holds whether a message can have a private field, by its descriptor.
var privateMessages sync.Map

// withoutPrivate returns a message without the fields that no event may carry: those whose
// data_class in the contract is PERSONAL or SECRET. It returns the message itself when its type has
// none.
func withoutPrivate(message proto.Message) proto.Message {
	if !hasPrivate(message.ProtoReflect().Descriptor()) {
		return message
	}
	public := proto.Clone(message)
	removePrivate(public.ProtoReflect())
	return public
}

func removePrivate(message protoreflect.Message) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		inner := messageOf(field)
		switch {
		case isPrivate(field):
			message.Clear(field)
		case inner == nil || !hasPrivate(inner):
		case field.IsMap():
			value.Map().Range(func(_ protoreflect.MapKey, one protoreflect.Value) bool {
				removePrivate(one.Message())
				return true
			})
		case field.IsList():
			for at := range value.List().Len() {
				removePrivate(value.List().Get(at).Message())
			}
		default:
			removePrivate(value.Message())
		}
		return true
	})
}

// hasPrivate returns whether a message of this type, or one inside of it, can have a private field.
func hasPrivate(message protoreflect.MessageDescriptor) bool {
	if known, found := privateMessages.Load(message); found {
		return known.(bool)
	}
	found := searchPrivate(message, map[protoreflect.FullName]bool{})
	privateMessages.Store(message, found)
	return found
}

func searchPrivate(message protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool) bool {
	seen[message.FullName()] = true
	for at := range message.Fields().Len() {
		field := message.Fields().Get(at)
		if isPrivate(field) {
			return true
		}
		inner := messageOf(field)
		if inner != nil && !seen[inner.FullName()] && searchPrivate(inner, seen) {
			return true
		}
	}
	return false
}

func isPrivate(field protoreflect.FieldDescriptor) bool {
	policy := proto.GetExtension(field.Options(), policyv1.E_Field).(*policyv1.FieldPolicy)
	class := policy.GetDataClass()
	return class == policyv1.DataClass_DATA_CLASS_PERSONAL || class == policyv1.DataClass_DATA_CLASS_SECRET
}

// messageOf returns the message that a field holds, or that the values of a map are.
func messageOf(field protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if field.IsMap() {
		return field.MapValue().Message()
	}
	return field.Message()
}
