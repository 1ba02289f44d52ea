package chassis

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	eventsv1 "souk.example/go/souk/events/v1"
)

// anyType is the type of the handler of every type that has none of its own.
const anyType = "*"

// eventsHandledAtOnce is the most events that are handled at once, unless a subscription says
// otherwise.
const eventsHandledAtOnce = 256

// Delivery is an event as the bus delivers it.
type Delivery struct {
	// Event is the whole event.
	Event *eventsv1.Event
	// Attempt is which delivery of this event it is, from 1.
	Attempt int
	// PublishTime is when the bus took it.
	PublishTime time.Time
}

// EventHandler is the handler of one type of event; made by On or OnAny.
type EventHandler struct {
	kind   string
	handle func(tx *Tx, delivery Delivery) error
}

// On returns the handler of a type of event:
//
//	chassis.On(func(tx *chassis.Tx, event *ordersv1.OrderPlaced, _ chassis.Delivery) error { … })
//
// It handles an event with statements of tx only. When it fails, the event is refused with the
// reason and comes again later; [Poison] makes it a dead letter at once.
func On[M proto.Message](handler func(tx *Tx, event M, delivery Delivery) error) EventHandler {
	var none M
	kind := string(none.ProtoReflect().Descriptor().FullName())
	handle := func(tx *Tx, delivery Delivery) error {
		event := none.ProtoReflect().New().Interface().(M)
		if err := proto.Unmarshal(delivery.Event.GetData(), event); err != nil {
			return Poison(fmt.Sprintf("the payload is not a valid %s: %v", kind, err))
		}
		if broken := impossibleTimes(event, 1); len(broken) > 0 {
			const text = "the payload cannot be read: %s %s"
			return Poison(fmt.Sprintf(text, broken[0].Field, broken[0].Description))
		}
		return handler(tx, event, delivery)
	}
	return EventHandler{kind: kind, handle: handle}
}

// OnAny returns the handler of every type that has none of its own; it decodes the events itself.
func OnAny(handler func(tx *Tx, delivery Delivery) error) EventHandler {
	return EventHandler{kind: anyType, handle: handler}
}

// Subscription is a lasting subscription and what is done with its events. Each handler runs in one
// transaction of the store with the record that the event was handled, so its effect happens once.
type Subscription struct {
	// Name is its name on the bus: that of the service, or NAME.SUFFIX.
	Name string
	// Store has the effects.
	Store *Store
	// Handlers says what is done with each type of event.
	Handlers []EventHandler
	// Ignored are types that an earlier version handled: they stay in the subscription, since another
	// version may still need them, and their events are acknowledged.
	Ignored []string
	// FromEarliest makes a subscription that is created now start with the oldest event that the bus
	// has, instead of the next one.
	FromEarliest bool
	// MaxOutstanding is the most events that are handled at once; 256 unless set.
	MaxOutstanding int
}

// Subscription consumes events: it reads the subscription until the drain. A bus that is away is
// waited for.
func (service *Service) Subscription(subscription Subscription) {
	consumer := newConsumer(service, subscription)
	service.Worker("subscription/"+subscription.Name, consumer.run)
}

// types returns the types of event to ask for; none for every type.
func (subscription *Subscription) types() []string {
	var types []string
	for _, handler := range subscription.Handlers {
		if handler.kind == anyType {
			return nil
		}
		types = append(types, handler.kind)
	}
	return append(types, subscription.Ignored...)
}

// handlerOf returns the handler of a type; nil for one that is ignored.
func (subscription *Subscription) handlerOf(kind string) func(*Tx, Delivery) error {
	var found func(*Tx, Delivery) error
	for _, handler := range subscription.Handlers {
		if handler.kind == kind {
			return handler.handle
		}
		if handler.kind == anyType {
			found = handler.handle
		}
	}
	return found
}

// handle has the effect of an event, once.
func (subscription *Subscription) handle(ctx context.Context, delivery Delivery) error {
	event := delivery.Event
	if event.GetTime() != nil {
		if broken := impossibleTimes(event.GetTime(), 1); len(broken) > 0 {
			return Poison("its time is invalid: it " + broken[0].Description)
		}
	}
	handler := subscription.handlerOf(event.GetType())
	if handler == nil {
		return nil
	}
	return subscription.Store.Write(ctx, func(tx *Tx) error {
		isFirst, err := tx.IsFirst(subscription.Name, event.GetSource(), event.GetId())
		if err != nil || !isFirst {
			return err
		}
		return handler(tx, delivery)
	})
}

// sourceOf returns the source of the events of a service.
func sourceOf(service string) string {
	return "/services/" + service
}
