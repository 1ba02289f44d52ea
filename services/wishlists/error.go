package main

import (
	"fmt"
	"strconv"

	chassis "souk.example/chassis-go"
	policyv1 "souk.example/go/souk/policy/v1"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// domain is that of the reasons of this service.
const domain = "souk.wishlists"

func notFound(id string) error {
	const reason = wishlistsv1.ErrorReason_ERROR_REASON_WISHLIST_NOT_FOUND
	return chassis.Refuse(reason, fmt.Sprintf("wishlist %s does not exist", id), chassis.Facts{"wishlist_id": id})
}

func tooManyWishlists(most int64) error {
	const reason = wishlistsv1.ErrorReason_ERROR_REASON_TOO_MANY_WISHLISTS
	message := fmt.Sprintf("a customer may have at most %d wishlists", most)
	return chassis.Refuse(reason, message, chassis.Facts{"limit": strconv.FormatInt(most, 10)})
}

func tooManyItems() error {
	const reason = wishlistsv1.ErrorReason_ERROR_REASON_TOO_MANY_ITEMS
	message := fmt.Sprintf("a wishlist may have at most %d items", mostItems)
	return chassis.Refuse(reason, message, chassis.Facts{"limit": strconv.Itoa(mostItems)})
}

func linkRefused() error {
	const reason = wishlistsv1.ErrorReason_ERROR_REASON_LINK_REFUSED
	return chassis.Refuse(reason, "the token opens no wishlist", nil)
}

func etagMismatch(etag string) error {
	const message = "the wishlist has changed since it was read"
	return chassis.Refuse(policyv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH, message, chassis.Facts{"etag": etag})
}

// required refuses a request whose field is empty.
func required(field string) error {
	violation := chassis.FieldViolation{Field: field, Description: "must not be empty"}
	return chassis.InvalidField(domain, fmt.Sprintf("field %s must not be empty", field), violation)
}
