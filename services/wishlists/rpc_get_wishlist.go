package main

import (
	"context"

	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// GetWishlist returns one wishlist.
func (rpc *rpc) GetWishlist(
	ctx context.Context, request *wishlistsv1.GetWishlistRequest,
) (*wishlistsv1.GetWishlistResponse, error) {
	found, err := rpc.read(ctx, request.GetWishlistId())
	if err != nil {
		return nil, err
	}
	return &wishlistsv1.GetWishlistResponse{Wishlist: found}, nil
}
