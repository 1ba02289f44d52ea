package main

import (
	"context"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// CreateWishlist creates a wishlist, once per request id.
func (rpc *rpc) CreateWishlist(
	ctx context.Context, request *wishlistsv1.CreateWishlistRequest,
) (*wishlistsv1.CreateWishlistResponse, error) {
	wanted := request.GetWishlist()
	if wanted.GetTitle() == "" {
		return nil, required("wishlist.title")
	}
	// The chassis has written the customer of a user.
	if wanted.GetCustomerId() == "" {
		return nil, required("wishlist.customer_id")
	}
	const method = wishlistsv1.WishlistService_CreateWishlist_FullMethodName
	create := func(tx *chassis.Tx) (*wishlistsv1.CreateWishlistResponse, error) {
		present, err := countOf(tx, wanted.GetCustomerId())
		if err != nil {
			return nil, err
		}
		if present >= rpc.mostPerCustomer {
			return nil, tooManyWishlists(rpc.mostPerCustomer)
		}
		id, err := insert(tx, wanted)
		if err != nil {
			return nil, err
		}
		created, err := find(tx, id, "")
		return &wishlistsv1.CreateWishlistResponse{Wishlist: created}, err
	}
	return chassis.WriteOnce(ctx, rpc.store, method, request, create)
}
