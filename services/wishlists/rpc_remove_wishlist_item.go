package main

import (
	"context"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// RemoveWishlistItem removes the item with a sku from a wishlist.
func (rpc *rpc) RemoveWishlistItem(
	ctx context.Context, request *wishlistsv1.RemoveWishlistItemRequest,
) (*wishlistsv1.RemoveWishlistItemResponse, error) {
	sku := request.GetSku()
	remove := func(tx *chassis.Tx, found *wishlistsv1.Wishlist) (bool, error) {
		if !hasItem(found, sku) {
			return false, nil
		}
		return true, deleteItem(tx, found.GetWishlistId(), sku)
	}
	changed, err := rpc.change(ctx, request.GetWishlistId(), remove)
	if err != nil {
		return nil, err
	}
	return &wishlistsv1.RemoveWishlistItemResponse{Wishlist: changed}, nil
}
