package main

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// defaultLink is how long a token is good when the request does not say.
const defaultLink = 30 * 24 * time.Hour

// CreateWishlistLink returns a token that opens one wishlist.
func (rpc *rpc) CreateWishlistLink(
	ctx context.Context, request *wishlistsv1.CreateWishlistLinkRequest,
) (*wishlistsv1.CreateWishlistLinkResponse, error) {
	found, err := rpc.read(ctx, request.GetWishlistId())
	if err != nil {
		return nil, err
	}
	lasts := defaultLink
	if request.GetTtl() != nil {
		lasts = request.GetTtl().AsDuration()
	}
	expires := rpc.clock.Now().Add(lasts)
	response := &wishlistsv1.CreateWishlistLinkResponse{
		LinkToken:  rpc.tokens.Issue(linkScope, link{found.GetWishlistId(), expires}.text()),
		ExpireTime: timestamppb.New(expires.Truncate(time.Microsecond)),
	}
	return response, nil
}
