package chassis

import (
	"fmt"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	policyv1 "souk.example/go/souk/policy/v1"
)

// keyPaths holds the fields that lead to the key, by the descriptor of an event's message.
var keyPaths sync.Map

// keyOf returns the key of an event: what the field holds that the contract names in the option
// souk.policy.v1.event. It is empty, which means any order, where a message on the way to it is
// absent. It fails when the contract does not name the field.
func keyOf(event proto.Message) (string, error) {
	message := event.ProtoReflect()
	path, err := keyPath(message.Descriptor())
	if err != nil {
		return "", err
	}
	return textAt(message, path), nil
}

// textAt returns the text that fields lead to; empty where a message on the way is absent.
func textAt(message protoreflect.Message, path []protoreflect.FieldDescriptor) string {
	last := len(path) - 1
	for _, field := range path[:last] {
		if !message.Has(field) {
			return ""
		}
		message = message.Get(field).Message()
	}
	return message.Get(path[last]).String()
}

func keyPath(event protoreflect.MessageDescriptor) ([]protoreflect.FieldDescriptor, error) {
	if known, found := keyPaths.Load(event); found {
		return known.([]protoreflect.FieldDescriptor), nil
	}
	if !proto.HasExtension(event.Options(), policyv1.E_Event) {
		const text = "%s has no souk.policy.v1.event option, so it cannot be published as an event"
		return nil, fmt.Errorf(text, event.FullName())
	}
	policy := proto.GetExtension(event.Options(), policyv1.E_Event).(*policyv1.EventPolicy)
	path := fieldsAt(event, policy.GetKey())
	if path == nil {
		const text = "souk.policy.v1.event.key of %s is %q, which does not lead to a text of the event"
		return nil, fmt.Errorf(text, event.FullName(), policy.GetKey())
	}
	keyPaths.Store(event, path)
	return path, nil
}

// fieldsAt returns the fields on a path to a text; nil when it does not lead to one.
func fieldsAt(message protoreflect.MessageDescriptor, path string) []protoreflect.FieldDescriptor {
	var fields []protoreflect.FieldDescriptor
	for _, name := range strings.Split(path, ".") {
		if message == nil {
			return nil
		}
		field := message.Fields().ByName(protoreflect.Name(name))
		if field == nil || field.Cardinality() == protoreflect.Repeated || isChosen(field) {
			return nil
		}
		fields = append(fields, field)
		message = field.Message()
	}
	if fields[len(fields)-1].Kind() != protoreflect.StringKind {
		return nil
	}
	return fields
}

// isChosen returns whether a field is one of several, so that not every message has it.
func isChosen(field protoreflect.FieldDescriptor) bool {
	oneof := field.ContainingOneof()
	return oneof != nil && !oneof.IsSynthetic()
}
