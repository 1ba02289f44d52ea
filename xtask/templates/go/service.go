package main

import (
	"context"

	chassis "souk.example/chassis-go"
	{{package}}v1 "souk.example/go/souk/{{package}}/v1"
)

var definition = chassis.Definition[config]{Name: "{{name}}", Defaults: defaults, Build: build}

// build is the assembly, in reading order.
func build(config config, service *chassis.Service) error {
	migrations, err := migrations()
	if err != nil {
		return err
	}
	store, err := chassis.OpenStore(context.Background(), chassis.StoreOptions{
		URL:        "sqlite:{{name}}.sqlite3",
		Folder:     service.DataDir,
		Schema:     service.Name,
		Migrations: migrations,
		Clock:      service.Clock,
		Log:        service.Log,
	})
	if err != nil {
		return err
	}
	service.Store(store)
	rpc := &rpc{store: store, mostPerCustomer: config.Entries.MostPerCustomer}
	{{package}}v1.Register{{Name}}ServiceServer(service, rpc)
	service.Subscription(chassis.Subscription{
		Name:         service.Name,
		Store:        store,
		Handlers:     []chassis.EventHandler{chassis.On(rpc.orderPlaced)},
		FromEarliest: true,
	})
	service.Invariants(rpc.check)
	service.Ready(store.Ping)
	return nil
}
