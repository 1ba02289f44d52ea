package chassis

import (
	"context"
	"net"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	eventsv1 "souk.example/go/souk/events/v1"
)

// Ending is what of a *testing.T the chassis' helpers for tests need.
type Ending interface {
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Bus is a bus for tests: what is published is kept in a list, and one subscription is delivered
// again until it is acknowledged, one event of a key at a time as the real one does.
type Bus struct {
	eventsv1.UnimplementedEventServiceServer
	// Address is where it serves, HOST:PORT.
	Address string

	mutex   sync.Mutex
	server  *grpc.Server
	behaves BusBehaviour
	seen    BusRecord
	waiting []*eventsv1.EventDelivery
	count   int
	// changed is closed and replaced when something changes.
	changed chan struct{}
	// cut is closed to break the streams that are open.
	cut chan struct{}
}

// BusBehaviour is how a test's bus answers.
type BusBehaviour struct {
	// IsAway makes publishing fail.
	IsAway bool
	// Refuses is an ordering key whose events are refused for good.
	Refuses string
	// Invalid is an ordering key for whose events the whole request is refused.
	Invalid string
	// Types is what the subscription delivers, if it exists already.
	Types *[]string
}

// BusRecord is what a test's bus has seen.
type BusRecord struct {
	// Published are the events that it took.
	Published []*eventsv1.Event
	// Tokens are the authorizations of those who published.
	Tokens []string
	// Starts are the first messages of the streams.
	Starts []*eventsv1.SubscribeStart
	// Acked and Nacks are what became of deliveries.
	Acked []string
	Nacks []*eventsv1.Nack
	// Types is what the subscription delivers; nil while it does not exist.
	Types *[]string
}

// StartBus starts a bus that ends with the test, at an address or, if that is empty, at one that the
// system chooses.
func StartBus(t Ending, address string) *Bus {
	if address == "" {
		address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("the bus cannot listen: %v", err)
	}
	bus := &Bus{
		Address: listener.Addr().String(),
		server:  grpc.NewServer(),
		changed: make(chan struct{}),
		cut:     make(chan struct{}),
	}
	eventsv1.RegisterEventServiceServer(bus.server, bus)
	go func() { _ = bus.server.Serve(listener) }()
	t.Cleanup(bus.Stop)
	return bus
}

// Stop makes it go away, with everything that is open.
func (bus *Bus) Stop() { bus.server.Stop() }

// Behave changes how it answers.
func (bus *Bus) Behave(change func(*BusBehaviour)) {
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	change(&bus.behaves)
	bus.wake()
}

// Seen returns what it has seen so far.
func (bus *Bus) Seen() BusRecord {
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	seen := bus.seen
	seen.Published = slices.Clone(seen.Published)
	seen.Tokens = slices.Clone(seen.Tokens)
	seen.Starts = slices.Clone(seen.Starts)
	seen.Acked = slices.Clone(seen.Acked)
	seen.Nacks = slices.Clone(seen.Nacks)
	seen.Types = bus.behaves.Types
	return seen
}

// Deliver delivers an event to the subscription.
func (bus *Bus) Deliver(events ...*eventsv1.Event) {
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	for _, event := range events {
		bus.waiting = append(bus.waiting, &eventsv1.EventDelivery{Event: event, DeliveryAttempt: 1})
	}
	bus.wake()
}

// EventOf returns an event with this message, from the owner of its type.
func EventOf(message proto.Message, id, key string) *eventsv1.Event {
	kind := string(message.ProtoReflect().Descriptor().FullName())
	data, err := proto.Marshal(message)
	if err != nil {
		panic(err)
	}
	source := sourceOf(ownerOf(kind))
	return &eventsv1.Event{Id: id, Source: source, Type: kind, Data: data, OrderingKey: key}
}

// Cut breaks the streams that are open.
func (bus *Bus) Cut() {
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	close(bus.cut)
	bus.cut = make(chan struct{})
}

// wake wakes those who wait for a change; the mutex is held.
func (bus *Bus) wake() {
	close(bus.changed)
	bus.changed = make(chan struct{})
}

// PublishEvents takes events.
func (bus *Bus) PublishEvents(
	ctx context.Context, request *eventsv1.PublishEventsRequest,
) (*eventsv1.PublishEventsResponse, error) {
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	if bus.behaves.IsAway {
		return nil, Refuse(eventsv1.ErrorReason_ERROR_REASON_LOG_UNAVAILABLE, "away", nil)
	}
	headers, _ := metadata.FromIncomingContext(ctx)
	bus.seen.Tokens = append(bus.seen.Tokens, headers.Get("authorization")...)
	response := &eventsv1.PublishEventsResponse{}
	for _, event := range request.GetEvents() {
		if key := event.GetOrderingKey(); key != "" && key == bus.behaves.Invalid {
			violation := FieldViolation{Field: "events[0].time", Description: "is not a time"}
			return nil, InvalidField("souk.events", "field events[0].time is not a time", violation)
		}
	}
	for _, event := range request.GetEvents() {
		response.Results = append(response.Results, bus.take(event))
	}
	bus.wake()
	return response, nil
}

// take takes one event, or refuses it for good.
func (bus *Bus) take(event *eventsv1.Event) *eventsv1.PublishResult {
	if key := event.GetOrderingKey(); key != "" && key == bus.behaves.Refuses {
		failure := &eventsv1.PublishFailure{Message: "too large"}
		return &eventsv1.PublishResult{Result: &eventsv1.PublishResult_Failure{Failure: failure}}
	}
	bus.seen.Published = append(bus.seen.Published, event)
	position := &eventsv1.Position{Offset: int64(len(bus.seen.Published))}
	return &eventsv1.PublishResult{Result: &eventsv1.PublishResult_Position{Position: position}}
}

// GetSubscription returns the types of the subscription.
func (bus *Bus) GetSubscription(
	_ context.Context, request *eventsv1.GetSubscriptionRequest,
) (*eventsv1.GetSubscriptionResponse, error) {
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	found := &eventsv1.Subscription{SubscriptionId: request.GetSubscriptionId(), Etag: "1"}
	if bus.behaves.Types != nil {
		found.EventTypes = *bus.behaves.Types
	}
	return &eventsv1.GetSubscriptionResponse{Subscription: found}, nil
}

// UpdateSubscription sets the types of the subscription.
func (bus *Bus) UpdateSubscription(
	_ context.Context, request *eventsv1.UpdateSubscriptionRequest,
) (*eventsv1.UpdateSubscriptionResponse, error) {
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	types := request.GetSubscription().GetEventTypes()
	bus.behaves.Types = &types
	return &eventsv1.UpdateSubscriptionResponse{Subscription: request.GetSubscription()}, nil
}
