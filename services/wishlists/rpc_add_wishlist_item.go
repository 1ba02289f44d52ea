package main

import (
	"context"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// AddWishlistItem adds an item to the end of a wishlist.
func (rpc *rpc) AddWishlistItem(
	ctx context.Context, request *wishlistsv1.AddWishlistItemRequest,
) (*wishlistsv1.AddWishlistItemResponse, error) {
	sku := request.GetItem().GetSku()
	add := func(tx *chassis.Tx, found *wishlistsv1.Wishlist) (bool, error) {
		if hasItem(found, sku) {
			return false, nil
		}
		if len(found.GetItems()) >= mostItems {
			return false, tooManyItems()
		}
		return true, insertItem(tx, found.GetWishlistId(), sku)
	}
	changed, err := rpc.change(ctx, request.GetWishlistId(), add)
	if err != nil {
		return nil, err
	}
	return &wishlistsv1.AddWishlistItemResponse{Wishlist: changed}, nil
}
