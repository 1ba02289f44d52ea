package chassis

import (
	"context"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"souk.example/chassis-go/example_entries/entriesv1"
	ordersv1 "souk.example/go/souk/orders/v1"
	policyv1 "souk.example/go/souk/policy/v1"
)

func TestTheKeyOfAnEventIsWhatTheContractSays(t *testing.T) {
	store := sqlitePlace(t).open()
	must(t, store.Write(context.Background(), func(tx *Tx) error {
		events := []proto.Message{
			recorded("a"),
			&ordersv1.OrderPlaced{Order: &ordersv1.Order{OrderId: "order_1"}},
			&ordersv1.OrderPlaced{},
		}
		for _, event := range events {
			if _, err := tx.Publish(event); err != nil {
				return err
			}
		}
		return nil
	}))
	const subjects = "SELECT kind || ' ' || subject FROM souk_outbox ORDER BY seq"
	equal(t, column[string](t, store, subjects), []string{
		recordedType + " a", "souk.orders.v1.OrderPlaced order_1", "souk.orders.v1.OrderPlaced ",
	})
}

func TestWhatTheContractDoesNotCallAnEventIsNotPublished(t *testing.T) {
	store := sqlitePlace(t).open()
	err := store.Write(context.Background(), func(tx *Tx) error {
		_, err := tx.Publish(&entriesv1.Entry{Text: "a"})
		return err
	})
	mustFail(t, err, "souk.entries.v1.Entry has no souk.policy.v1.event option")
	equal(t, column[int](t, store, "SELECT count(*) FROM souk_outbox"), []int{0})
}

func TestAnEventLeavesOutWhatIsPersonalOrSecret(t *testing.T) {
	store := sqlitePlace(t).open()
	entry := func(author string) *entriesv1.Entry { return &entriesv1.Entry{Text: "a", Author: author} }
	of := func(author string) *entriesv1.EntryRecorded {
		return &entriesv1.EntryRecorded{
			Entry:    entry(author),
			Earlier:  []*entriesv1.Entry{entry(author), entry(author)},
			ByAuthor: map[string]*entriesv1.Entry{"one": entry(author)},
		}
	}
	event := of("Ann")
	event.Page = "https://souk.example/p?key=1"
	must(t, store.Write(context.Background(), func(tx *Tx) error {
		_, err := tx.Publish(event)
		return err
	}))
	stored := &entriesv1.EntryRecorded{}
	must(t, proto.Unmarshal(column[[]byte](t, store, "SELECT payload FROM souk_outbox")[0], stored))
	equal(t, proto.Equal(stored, of("")), true)
	// The caller's message is as it was.
	equal(t, event.GetEntry().GetAuthor(), "Ann")
	untouched := &ordersv1.ListOrdersRequest{}
	equal(t, withoutPrivate(untouched) == proto.Message(untouched), true)
}

// oddEvent returns an event with fields of several kinds, whose key is said to be at a path.
func oddEvent(t *testing.T, path string) protoreflect.Message {
	t.Helper()
	options := &descriptorpb.MessageOptions{}
	proto.SetExtension(options, policyv1.E_Event, &policyv1.EventPolicy{Key: path})
	one := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
	many := descriptorpb.FieldDescriptorProto_LABEL_REPEATED
	text := descriptorpb.FieldDescriptorProto_TYPE_STRING
	message := descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	number := descriptorpb.FieldDescriptorProto_TYPE_INT64
	field := func(
		name string, at int32, label descriptorpb.FieldDescriptorProto_Label, kind descriptorpb.FieldDescriptorProto_Type,
	) *descriptorpb.FieldDescriptorProto {
		made := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &at, Label: &label, Type: &kind}
		if kind == message {
			made.TypeName = proto.String(".odd.v1.Odd")
		}
		return made
	}
	chosen := field("chosen", 6, one, text)
	chosen.OneofIndex = proto.Int32(0)
	odd := &descriptorpb.DescriptorProto{
		Name:    proto.String("Odd"),
		Options: options,
		Field: []*descriptorpb.FieldDescriptorProto{
			field("text", 1, one, text), field("texts", 2, many, text), field("number", 3, one, number),
			field("odd", 4, one, message), field("odds", 5, many, message), chosen,
		},
		OneofDecl: []*descriptorpb.OneofDescriptorProto{{Name: proto.String("choice")}},
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("odd.proto"), Package: proto.String("odd.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{odd},
	}, nil)
	must(t, err)
	return dynamicpb.NewMessage(file.Messages().Get(0))
}

func TestAKeyThatIsNoTextOfTheEventIsRefused(t *testing.T) {
	paths := []string{
		"", "nobody", "texts", "number", "odd", "odds.text", "text.text", "odd.nobody", "nobody.text", "chosen",
	}
	for _, path := range paths {
		_, err := keyOf(oddEvent(t, path).Interface())
		mustFail(t, err, `of odd.v1.Odd is "`+path+`", which does not lead to a text of the event`)
	}
	key, err := keyOf(oddEvent(t, "odd.odd.text").Interface())
	must(t, err)
	equal(t, key, "")
}
