package main

import (
	"context"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// rpc has the methods, each in a file of its own, rpc_<method>.go, and what they need.
type rpc struct {
	wishlistsv1.UnimplementedWishlistServiceServer
	store           *chassis.Store
	tokens          *chassis.Tokens
	clock           chassis.Clock
	mostPerCustomer int64
}

// read returns a wishlist that the caller may see. Fails with ERROR_REASON_WISHLIST_NOT_FOUND.
func (rpc *rpc) read(ctx context.Context, id string) (found *wishlistsv1.Wishlist, err error) {
	err = rpc.store.Read(ctx, func(reader chassis.Reader) error {
		found, err = find(reader, id, chassis.CallerOf(ctx).Customer)
		return err
	})
	return found, err
}

// change changes a wishlist that the caller may see, and returns it after the change. edit returns whether it
// changed something. Fails with ERROR_REASON_WISHLIST_NOT_FOUND.
func (rpc *rpc) change(
	ctx context.Context, id string, edit func(*chassis.Tx, *wishlistsv1.Wishlist) (bool, error),
) (changed *wishlistsv1.Wishlist, err error) {
	owner := chassis.CallerOf(ctx).Customer
	err = rpc.store.Write(ctx, func(tx *chassis.Tx) error {
		found, err := find(tx, id, owner)
		if err != nil {
			return err
		}
		changed = found
		if isChanged, err := edit(tx, found); err != nil || !isChanged {
			return err
		}
		if err := touch(tx, id); err != nil {
			return err
		}
		changed, err = find(tx, id, owner)
		return err
	})
	return changed, err
}
