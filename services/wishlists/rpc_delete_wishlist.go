package main

import (
	"context"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// DeleteWishlist deletes a wishlist that the caller may see; it is no error when there is none.
func (rpc *rpc) DeleteWishlist(
	ctx context.Context, request *wishlistsv1.DeleteWishlistRequest,
) (*wishlistsv1.DeleteWishlistResponse, error) {
	owner := chassis.CallerOf(ctx).Customer
	err := rpc.store.Write(ctx, func(tx *chassis.Tx) error {
		return remove(tx, request.GetWishlistId(), owner)
	})
	if err != nil {
		return nil, err
	}
	return &wishlistsv1.DeleteWishlistResponse{}, nil
}
