package main

import (
	chassis "souk.example/chassis-go"
	ordersv1 "souk.example/go/souk/orders/v1"
	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

// entryRecorded publishes an entry, in the write that records it.
func entryRecorded(tx *chassis.Tx, entry entry) error {
	_, err := tx.Publish(&{{package}}v1.EntryRecorded{Entry: wireEntry(entry)})
	return err
}

// orderPlaced records an entry of the customer for an order. It runs in one write with the record that
// the event was handled, so its effect happens once.
func (rpc *rpc) orderPlaced(tx *chassis.Tx, event *ordersv1.OrderPlaced, _ chassis.Delivery) error {
	order := event.GetOrder()
	if order.GetOrderId() == "" {
		return chassis.Poison("the event names no order")
	}
	// A sale without a customer is recorded for no one.
	if order.GetCustomerId() == "" {
		return nil
	}
	present, err := count(tx, order.GetCustomerId())
	if err != nil {
		return err
	}
	// A customer who has reached the limit gets no more; were the event refused, it would only come
	// again.
	if !isBelowLimit(present, rpc.mostPerCustomer) {
		return nil
	}
	_, err = write(tx, order.GetCustomerId(), textOfOrder(order.GetOrderId()))
	return err
}
