package chassis

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	eventsv1 "souk.example/go/souk/events/v1"
)

// redeliveryAfter is how long before an event that was refused comes again from a test's bus.
const redeliveryAfter = 20 * time.Millisecond

// busStream is one stream of the subscription, and what is out on it.
type busStream struct {
	bus *Bus
	out map[string]*eventsv1.EventDelivery
}

// Subscribe delivers what waits.
func (bus *Bus) Subscribe(stream eventsv1.EventService_SubscribeServer) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	if err := bus.begin(first.GetStart()); err != nil {
		return err
	}
	bus.mutex.Lock()
	cut := bus.cut
	bus.mutex.Unlock()
	mine := &busStream{bus: bus, out: map[string]*eventsv1.EventDelivery{}}
	defer mine.giveBack()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		mine.update(stream)
	}()
	started := &eventsv1.SubscribeResponse{Started: &eventsv1.SubscribeStarted{}}
	if err := stream.Send(started); err != nil {
		return err
	}
	for {
		ready, changed := mine.ready()
		if len(ready) > 0 {
			if err := stream.Send(&eventsv1.SubscribeResponse{Deliveries: ready}); err != nil {
				return err
			}
			continue
		}
		select {
		case <-changed:
		case <-cut:
			return nil
		case <-ended:
			return nil
		}
	}
}

// begin notes a start, and refuses one with other types than the subscription has.
func (bus *Bus) begin(start *eventsv1.SubscribeStart) error {
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	bus.seen.Starts = append(bus.seen.Starts, start)
	if bus.behaves.Types == nil {
		return nil
	}
	asked, stored := slices.Clone(start.GetEventTypes()), slices.Clone(*bus.behaves.Types)
	slices.Sort(asked)
	slices.Sort(stored)
	if slices.Equal(asked, stored) {
		return nil
	}
	facts := Facts{"subscription_id": start.GetSubscriptionId(), "differs": "event_types"}
	const message = "the subscription has other event_types"
	return Refuse(eventsv1.ErrorReason_ERROR_REASON_SUBSCRIPTION_DIFFERS, message, facts)
}

// ready takes what may be delivered now: of each key only the first that is open.
func (stream *busStream) ready() ([]*eventsv1.EventDelivery, <-chan struct{}) {
	bus := stream.bus
	bus.mutex.Lock()
	defer bus.mutex.Unlock()
	busy := map[string]bool{}
	for _, one := range stream.out {
		busy[one.GetEvent().GetOrderingKey()] = true
	}
	var ready, later []*eventsv1.EventDelivery
	for _, one := range bus.waiting {
		key := one.GetEvent().GetOrderingKey()
		if key != "" && busy[key] {
			later = append(later, one)
			continue
		}
		busy[key] = true
		bus.count++
		sent := proto.Clone(one).(*eventsv1.EventDelivery)
		sent.AckId = fmt.Sprintf("ack-%d", bus.count)
		stream.out[sent.AckId] = one
		ready = append(ready, sent)
	}
	bus.waiting = later
	return ready, bus.changed
}

// update reads what becomes of deliveries, until the caller ends its side.
func (stream *busStream) update(requests eventsv1.EventService_SubscribeServer) {
	for {
		request, err := requests.Recv()
		if err != nil {
			return
		}
		stream.bus.mutex.Lock()
		for _, ackID := range request.GetUpdate().GetAckIds() {
			if stream.out[ackID] != nil {
				stream.bus.seen.Acked = append(stream.bus.seen.Acked, ackID)
			}
			delete(stream.out, ackID)
		}
		for _, nack := range request.GetUpdate().GetNacks() {
			stream.bus.seen.Nacks = append(stream.bus.seen.Nacks, nack)
			time.AfterFunc(redeliveryAfter, func() { stream.refused(nack) })
		}
		stream.bus.wake()
		stream.bus.mutex.Unlock()
	}
}

// refused delivers an event again, unless it can never be handled.
func (stream *busStream) refused(nack *eventsv1.Nack) {
	stream.bus.mutex.Lock()
	defer stream.bus.mutex.Unlock()
	one := stream.out[nack.GetAckId()]
	delete(stream.out, nack.GetAckId())
	if one != nil && !nack.GetPermanent() {
		one.DeliveryAttempt++
		stream.bus.waiting = append([]*eventsv1.EventDelivery{one}, stream.bus.waiting...)
	}
	stream.bus.wake()
}

// giveBack delivers again what the stream held when it ended.
func (stream *busStream) giveBack() {
	stream.bus.mutex.Lock()
	defer stream.bus.mutex.Unlock()
	for ackID, one := range stream.out {
		one.DeliveryAttempt++
		stream.bus.waiting = append([]*eventsv1.EventDelivery{one}, stream.bus.waiting...)
		delete(stream.out, ackID)
	}
	stream.bus.wake()
}
