package main

import (
	"context"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// UpdateWishlist changes the title and the currency of a wishlist.
func (rpc *rpc) UpdateWishlist(
	ctx context.Context, request *wishlistsv1.UpdateWishlistRequest,
) (*wishlistsv1.UpdateWishlistResponse, error) {
	wanted := request.GetWishlist()
	update := func(tx *chassis.Tx, found *wishlistsv1.Wishlist) (bool, error) {
		title, currency := found.GetTitle(), found.GetCurrencyCode()
		for _, path := range request.GetUpdateMask().GetPaths() {
			if path == "*" || path == "title" {
				title = wanted.GetTitle()
			}
			if path == "*" || path == "currency_code" {
				currency = wanted.GetCurrencyCode()
			}
		}
		if title == "" {
			return false, required("wishlist.title")
		}
		if title == found.GetTitle() && currency == found.GetCurrencyCode() {
			return false, nil
		}
		if wanted.GetEtag() != "" && wanted.GetEtag() != found.GetEtag() {
			return false, etagMismatch(found.GetEtag())
		}
		return true, describe(tx, found.GetWishlistId(), title, currency)
	}
	changed, err := rpc.change(ctx, wanted.GetWishlistId(), update)
	if err != nil {
		return nil, err
	}
	return &wishlistsv1.UpdateWishlistResponse{Wishlist: changed}, nil
}
