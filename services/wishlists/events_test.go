package main

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	souk "souk.example/go"
	catalogv1 "souk.example/go/souk/catalog/v1"
	inventoryv1 "souk.example/go/souk/inventory/v1"
	ordersv1 "souk.example/go/souk/orders/v1"
	typev1 "souk.example/go/souk/type/v1"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// received is the event of a delivery of units that were sold out.
func received(sku string, units int32, at time.Time) *inventoryv1.StockChanged {
	return &inventoryv1.StockChanged{
		Stock: &inventoryv1.Stock{Sku: sku, OnHand: units},
		Movement: &inventoryv1.Movement{
			Sku: sku, OnHandChange: units, CreateTime: timestamppb.New(at), EffectiveTime: timestamppb.New(at),
		},
	}
}

// reduced is the event of a default price that fell.
func reduced(sku, currency string, before, now int64, at time.Time) *catalogv1.DefaultPriceChanged {
	return &catalogv1.DefaultPriceChanged{
		Price:             &catalogv1.Price{Sku: sku, UnitPrice: &typev1.Money{CurrencyCode: currency, MinorUnits: now}},
		PreviousUnitPrice: &typev1.Money{CurrencyCode: currency, MinorUnits: before},
		ChangeTime:        timestamppb.New(at),
	}
}

func TestStockThatReturnsIsPublishedOncePerCustomerAndDay(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, nil)
		first := service.create("user:alice", "Birthday", "MUG-1", "TEA-2")
		service.clock.Advance(time.Second)
		service.create("user:alice", "Christmas", "MUG-1")
		service.create("user:bob", "Birthday", "TEA-2")
		service.deliver(received("MUG-1", 5, noon))
		event := published[*wishlistsv1.WishlistItemRestocked](service, 1)[0]
		equal(t, event.GetCustomerId(), alice)
		equal(t, event.GetWishlistId(), first.GetWishlistId())
		equal(t, event.GetSku(), "MUG-1")
		equal(t, event.GetAvailableCount(), int32(5))
		equal(t, event.GetRestockTime().AsTime(), noon)
		equal(t, service.bus.Seen().Published[0].GetOrderingKey(), alice)

		service.clock.Advance(23 * time.Hour)
		service.deliver(received("MUG-1", 6, service.clock.Now()))
		service.clock.Advance(time.Hour)
		service.deliver(received("MUG-1", 7, service.clock.Now()))
		events := published[*wishlistsv1.WishlistItemRestocked](service, 2)
		equal(t, events[1].GetAvailableCount(), int32(7))
	})
}

func TestALowerPriceIsPublishedToThoseWhoBuyInItsCurrency(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, nil)
		service.createIn("user:alice", "Birthday", "GBP", "MUG-1")
		service.createIn("user:bob", "Birthday", "JPY", "MUG-1")
		service.clock.Advance(time.Second)
		guest := service.createIn("guest:x", "Birthday", "", "MUG-1")
		service.deliver(
			reduced("MUG-1", "GBP", 500, 450, noon), reduced("MUG-1", "GBP", 450, 450, noon), reduced("TEA-2", "GBP", 500, 1, noon),
		)
		events := published[*wishlistsv1.WishlistItemPriceReduced](service, 2)
		equal(t, events[0].GetCustomerId(), alice)
		equal(t, events[1].GetWishlistId(), guest.GetWishlistId())
		equal(t, events[1].GetUnitPrice().GetMinorUnits(), int64(450))
		equal(t, events[1].GetPreviousUnitPrice().GetMinorUnits(), int64(500))
		equal(t, events[1].GetChangeTime().AsTime(), noon)
	})
}

func TestHistoryIsNotPublished(t *testing.T) {
	service := start(t, "sqlite:wishlists.db", nil)
	service.create("user:alice", "Birthday", "MUG-1")
	old := noon.Add(-73 * time.Hour)
	service.deliver(received("MUG-1", 5, old), reduced("MUG-1", "GBP", 500, 450, old), received("MUG-1", 6, noon.Add(-71*time.Hour)))
	events := published[*wishlistsv1.WishlistItemRestocked](service, 1)
	equal(t, events[0].GetAvailableCount(), int32(6))
}

func TestTheWishlistsOfAGuestBecomeThoseOfTheCustomerWhoClaimsIt(t *testing.T) {
	onEachEngine(t, func(t *testing.T, url string) {
		service := start(t, url, map[string]string{"wishlists.most_per_customer": "1"})
		service.create("user:alice", "Birthday", "MUG-1")
		service.clock.Advance(time.Second)
		service.create("guest:x", "Christmas", "TEA-2")
		guest := souk.CustomerOf("guest:x")
		service.deliver(&ordersv1.GuestClaimed{GuestCustomerId: guest, CustomerId: alice})
		equal(t, service.titles("user:alice"), []string{"Birthday", "Christmas"})
		equal(t, len(service.titles("guest:x")), 0)
		service.deliver(received("TEA-2", 5, noon))
		equal(t, published[*wishlistsv1.WishlistItemRestocked](service, 1)[0].GetCustomerId(), alice)
	})
}

func TestAnEventWithoutASkuIsRejectedForGood(t *testing.T) {
	service := start(t, "sqlite:wishlists.db", nil)
	service.deliver(received("", 5, noon), reduced("", "GBP", 2, 1, noon), &ordersv1.GuestClaimed{CustomerId: alice})
	equal(t, len(service.bus.Seen().Nacks), 3)
	for _, nack := range service.bus.Seen().Nacks {
		equal(t, nack.GetPermanent(), true)
	}
}
