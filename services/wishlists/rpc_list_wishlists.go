package main

import (
	"context"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// ListWishlists lists the wishlists of a customer, the oldest first.
func (rpc *rpc) ListWishlists(
	ctx context.Context, request *wishlistsv1.ListWishlistsRequest,
) (*wishlistsv1.ListWishlistsResponse, error) {
	scope := []string{"ListWishlists", chassis.CallerOf(ctx).Key(), request.GetCustomerId()}
	fetch := func(after string, most int) (found []*wishlistsv1.Wishlist, err error) {
		err = rpc.store.Read(ctx, func(reader chassis.Reader) error {
			found, err = list(reader, request.GetCustomerId(), after, most)
			return err
		})
		return found, err
	}
	same := func(wishlist *wishlistsv1.Wishlist) *wishlistsv1.Wishlist { return wishlist }
	items, next, err := chassis.PageOf(
		rpc.tokens, scope, request, fetch, (*wishlistsv1.Wishlist).GetWishlistId, same,
	)
	if err != nil {
		return nil, err
	}
	return &wishlistsv1.ListWishlistsResponse{Wishlists: items, NextPageToken: next}, nil
}
