package main

import (
	"context"

	chassis "souk.example/chassis-go"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

var definition = chassis.Definition[config]{Name: "wishlists", Defaults: defaults, Build: build}

// build is the assembly, in reading order.
func build(config config, service *chassis.Service) error {
	store, err := openStore(config, service)
	if err != nil {
		return err
	}
	service.Store(store)
	key, err := store.Key(context.Background(), "page")
	if err != nil {
		return err
	}
	rpc := &rpc{
		store:           store,
		tokens:          chassis.NewTokens(key),
		clock:           service.Clock,
		mostPerCustomer: config.Wishlists.MostPerCustomer,
	}
	wishlistsv1.RegisterWishlistServiceServer(service, rpc)
	service.Subscription(chassis.Subscription{
		Name:  service.Name,
		Store: store,
		Handlers: []chassis.EventHandler{
			chassis.On(config.Notices.defaultPriceChanged),
			chassis.On(config.Notices.stockChanged),
			chassis.On(guestClaimed),
		},
		// What happened while the service was prepared for its first start counts too.
		FromEarliest: true,
	})
	service.Invariants(rpc.check)
	service.Ready(store.Ping)
	return nil
}
