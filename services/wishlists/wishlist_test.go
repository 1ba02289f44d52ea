package main

import (
	"testing"
	"time"

	catalogv1 "souk.example/go/souk/catalog/v1"
	inventoryv1 "souk.example/go/souk/inventory/v1"
	typev1 "souk.example/go/souk/type/v1"
)

func TestStockIsBackWhenNoneWasAvailableBefore(t *testing.T) {
	for _, one := range []struct {
		what                                         string
		onHand, reserved, onHandChange, reservedDiff int32
		isBack                                       bool
	}{
		{"a delivery", 5, 0, 5, 0, true},
		{"a delivery on top of others", 5, 0, 4, 0, false},
		{"a reservation that was released", 5, 4, 0, -1, true},
		{"a reservation", 5, 4, 0, 1, false},
		{"a delivery that backorders had waited for", 5, 5, 5, 0, false},
		{"a count that was corrected to none", 0, 0, -3, 0, false},
	} {
		event := &inventoryv1.StockChanged{
			Stock:    &inventoryv1.Stock{OnHand: one.onHand, Reserved: one.reserved},
			Movement: &inventoryv1.Movement{OnHandChange: one.onHandChange, ReservedChange: one.reservedDiff},
		}
		if _, isBack := restocked(event); isBack != one.isBack {
			t.Errorf("%s: %t", one.what, isBack)
		}
	}
}

func TestAPriceIsReducedWhenEveryoneBuysForLess(t *testing.T) {
	for _, one := range []struct {
		what, channel, currency string
		before, now             int64
		isReduced               bool
	}{
		{"less", "", "GBP", 500, 499, true},
		{"less in the channel of most orders", "default", "GBP", 500, 499, true},
		{"less in another channel", "b2b", "GBP", 500, 499, false},
		{"the same", "", "GBP", 500, 500, false},
		{"more", "", "GBP", 500, 501, false},
		{"another currency", "", "JPY", 500, 499, false},
	} {
		event := &catalogv1.DefaultPriceChanged{
			Price: &catalogv1.Price{
				Channel: one.channel, UnitPrice: &typev1.Money{CurrencyCode: "GBP", MinorUnits: one.now},
			},
			PreviousUnitPrice: &typev1.Money{CurrencyCode: one.currency, MinorUnits: one.before},
		}
		if isReduced(event) != one.isReduced {
			t.Errorf("%s: %t", one.what, !one.isReduced)
		}
	}
	first := &catalogv1.DefaultPriceChanged{Price: &catalogv1.Price{UnitPrice: &typev1.Money{CurrencyCode: "GBP"}}}
	if isReduced(first) {
		t.Error("a first price is no reduced one")
	}
}

func TestALinkIsReadAsItWasWritten(t *testing.T) {
	written := link{"wishlist_1", time.UnixMicro(1_700_000_000_000_001)}
	read, isLink := parseLink(written.text())
	equal(t, isLink, true)
	equal(t, read, written)
	_, isLink = parseLink("wishlist_1")
	equal(t, isLink, false)
}
