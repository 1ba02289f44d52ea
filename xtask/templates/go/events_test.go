package main

import (
	"testing"

	chassis "souk.example/chassis-go"
	souk "souk.example/go"
	ordersv1 "souk.example/go/souk/orders/v1"
)

var alice = souk.CustomerOf("user:alice")

// deliver delivers the event of an order.
func (running *running) deliver(orderID, customerID string) {
	order := &ordersv1.Order{OrderId: orderID, CustomerId: customerID}
	running.bus.Deliver(chassis.EventOf(&ordersv1.OrderPlaced{Order: order}, "1", orderID))
}

// acknowledged waits until so many deliveries are acknowledged.
func (running *running) acknowledged(count int) {
	running.t.Helper()
	eventually(running.t, "acknowledgements", func() bool { return len(running.bus.Seen().Acked) == count })
}

func TestAnOrderIsRecordedOnceAndPublishedHoweverOftenItIsDelivered(t *testing.T) {
	service := start(t, nil)
	service.deliver("order_1", alice)
	service.deliver("order_1", alice)
	service.acknowledged(2)
	equal(t, service.recent("user:alice", 0), []string{"placed order_1"})
	eventually(t, "an event", func() bool { return len(service.bus.Seen().Published) == 1 })
	seen := service.bus.Seen()
	equal(t, seen.Published[0].GetOrderingKey(), alice)
	equal(t, seen.Starts[0].GetSubscriptionId(), "{{name}}")
	equal(t, seen.Starts[0].GetStartPosition().GetBoundary().String(), "LOG_BOUNDARY_EARLIEST")
}

func TestAnOrderOfACustomerAtTheLimitIsPassedOver(t *testing.T) {
	service := start(t, map[string]string{"entries.most_per_customer": "1"})
	service.record("user:alice", "r1", "hello")
	service.deliver("order_1", alice)
	service.acknowledged(1)
	equal(t, service.recent("user:alice", 0), []string{"hello"})
}

func TestASaleWithoutACustomerIsPassedOver(t *testing.T) {
	service := start(t, nil)
	service.deliver("order_1", "")
	service.acknowledged(1)
	equal(t, len(service.bus.Seen().Published), 0)
}

func TestAnEventWithoutAnOrderIsRejectedForGood(t *testing.T) {
	service := start(t, nil)
	service.deliver("", alice)
	eventually(t, "a refusal", func() bool { return len(service.bus.Seen().Nacks) == 1 })
	equal(t, service.bus.Seen().Nacks[0].GetPermanent(), true)
}
