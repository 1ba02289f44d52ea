package main

import (
	"strings"

	"google.golang.org/protobuf/proto"

	chassis "souk.example/chassis-go"
	catalogv1 "souk.example/go/souk/catalog/v1"
	inventoryv1 "souk.example/go/souk/inventory/v1"
	ordersv1 "souk.example/go/souk/orders/v1"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// Each handler runs in one write with the record that the event was handled, so its effect happens once.

// stockChanged publishes that a sku is back in stock, for each customer that wishes it.
func (notices notices) stockChanged(tx *chassis.Tx, event *inventoryv1.StockChanged, _ chassis.Delivery) error {
	available, isBack := restocked(event)
	happened := event.GetMovement().GetEffectiveTime()
	if happened == nil {
		happened = event.GetMovement().GetCreateTime()
	}
	if !isBack || !notices.isRecent(happened.AsTime(), tx.Now()) {
		return nil
	}
	sku := event.GetStock().GetSku()
	return notices.publish(tx, "restock_time", sku, "", func(wisher wisher) proto.Message {
		return &wishlistsv1.WishlistItemRestocked{
			CustomerId:     wisher.customerID,
			WishlistId:     wisher.wishlistID,
			Sku:            sku,
			AvailableCount: available,
			RestockTime:    happened,
		}
	})
}

// defaultPriceChanged publishes that a sku is sold at a lower price, for each customer that wishes it.
func (notices notices) defaultPriceChanged(
	tx *chassis.Tx, event *catalogv1.DefaultPriceChanged, _ chassis.Delivery,
) error {
	if !isReduced(event) || !notices.isRecent(event.GetChangeTime().AsTime(), tx.Now()) {
		return nil
	}
	sku, price := event.GetPrice().GetSku(), event.GetPrice().GetUnitPrice()
	return notices.publish(tx, "price_time", sku, price.GetCurrencyCode(), func(wisher wisher) proto.Message {
		return &wishlistsv1.WishlistItemPriceReduced{
			CustomerId:        wisher.customerID,
			WishlistId:        wisher.wishlistID,
			Sku:               sku,
			UnitPrice:         price,
			PreviousUnitPrice: event.GetPreviousUnitPrice(),
			ChangeTime:        event.GetChangeTime(),
		}
	})
}

// publish publishes an event for each customer that wishes a sku, unless the last one of its kind, whose time
// the column has, is too recent.
func (notices notices) publish(
	tx *chassis.Tx, column, sku, currency string, event func(wisher) proto.Message,
) error {
	// The contract allows no NUL, but payloads are not validated, and no database stores one.
	if sku == "" || strings.Contains(sku+currency, "\x00") {
		return chassis.Poison("the event names no sku")
	}
	wishers, err := takeWishers(tx, column, sku, currency, notices.pausedSince(tx.Now()))
	if err != nil {
		return err
	}
	for _, wisher := range wishers {
		if _, err := tx.Publish(event(wisher)); err != nil {
			return err
		}
	}
	return nil
}

// guestClaimed gives the wishlists of a guest to the customer who has claimed what the guest bought.
func guestClaimed(tx *chassis.Tx, event *ordersv1.GuestClaimed, _ chassis.Delivery) error {
	guest, customer := event.GetGuestCustomerId(), event.GetCustomerId()
	if guest == "" || customer == "" || strings.Contains(guest+customer, "\x00") {
		return chassis.Poison("the event names no guest or no customer")
	}
	return give(tx, guest, customer)
}
