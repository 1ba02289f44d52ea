package main

import (
	"context"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// GetLinkedWishlist returns the wishlist that a link opens, to everyone who has the link.
func (rpc *rpc) GetLinkedWishlist(
	ctx context.Context, request *wishlistsv1.GetLinkedWishlistRequest,
) (*wishlistsv1.GetLinkedWishlistResponse, error) {
	text, isOurs := rpc.tokens.Open(linkScope, request.GetLinkToken())
	link, isLink := parseLink(text)
	if !isOurs || !isLink || !rpc.clock.Now().Before(link.expires) {
		return nil, linkRefused()
	}
	response := &wishlistsv1.GetLinkedWishlistResponse{}
	err := rpc.store.Read(ctx, func(reader chassis.Reader) error {
		found, err := lookUp(reader, link.id, "")
		if err != nil {
			return err
		}
		if found == nil {
			return linkRefused()
		}
		found.CustomerId, found.Etag = "", ""
		response.Wishlist = found
		return nil
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}
