package chassis

import (
	"context"
	"fmt"
	"regexp"
	"strings"
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

// versionSegment is a segment of a package that is a version.
var versionSegment = regexp.MustCompile(`^v[0-9][0-9A-Za-z]*$`)

// ownerOf returns the service that owns a type of event: the last segment of its package that is not
// a version, with "-" for each "_"; empty when there is none, and so no owner.
//
// souk.orders.v1.OrderPlaced belongs to orders, acme.gift_cards.v2.Issued to gift-cards.
func ownerOf(kind string) string {
	segments := strings.Split(kind, ".")
	for at := len(segments) - 2; at >= 0; at-- {
		if !versionSegment.MatchString(segments[at]) {
			return strings.ReplaceAll(segments[at], "_", "-")
		}
	}
	return ""
}

// sourceOf returns the source of the events of a service.
func sourceOf(service string) string {
	return "/services/" + service
}

// isFromOwner returns whether an event says that it comes from the owner of its type. The bus sets
// the source from the identity of the publisher; an event that another program wrote to a broker
// has the source that this program chose.
func isFromOwner(event *eventsv1.Event) bool {
	owner := ownerOf(event.GetType())
	return owner != "" && event.GetSource() == sourceOf(owner)
}
