package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	catalogv1 "souk.example/go/souk/catalog/v1"
	inventoryv1 "souk.example/go/souk/inventory/v1"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

const (
	// mostItems is how many items a wishlist may have; the contract says so too.
	mostItems = 200
	// defaultChannel is the channel of orders that name none.
	defaultChannel = "default"
)

// linkScope keeps links apart from other tokens that the same key signs.
var linkScope = []string{"wishlist link"}

// link is what a token says: which wishlist it opens, until when.
type link struct {
	id      string
	expires time.Time
}

func (link link) text() string {
	return link.id + " " + strconv.FormatInt(link.expires.UnixMicro(), 10)
}

func parseLink(text string) (link, bool) {
	id, expires, _ := strings.Cut(text, " ")
	micros, err := strconv.ParseInt(expires, 10, 64)
	return link{id, time.UnixMicro(micros)}, err == nil
}

func hasItem(wishlist *wishlistsv1.Wishlist, sku string) bool {
	return slices.ContainsFunc(wishlist.GetItems(), func(item *wishlistsv1.WishlistItem) bool {
		return item.GetSku() == sku
	})
}

// restocked returns how many units are available after a change of a stock that led from none to some: a
// delivery, a return, a reservation that was released. More is reserved than on hand when units are
// backordered.
func restocked(event *inventoryv1.StockChanged) (available int32, isBack bool) {
	stock, movement := event.GetStock(), event.GetMovement()
	available = stock.GetOnHand() - stock.GetReserved()
	before := available - (movement.GetOnHandChange() - movement.GetReservedChange())
	return available, movement != nil && before <= 0 && available > 0
}

// isReduced returns whether a default price that every customer may buy at fell.
func isReduced(event *catalogv1.DefaultPriceChanged) bool {
	channel, now := event.GetPrice().GetChannel(), event.GetPrice().GetUnitPrice()
	before := event.GetPreviousUnitPrice()
	return before != nil && before.GetCurrencyCode() == now.GetCurrencyCode() &&
		now.GetMinorUnits() < before.GetMinorUnits() && (channel == "" || channel == defaultChannel)
}
