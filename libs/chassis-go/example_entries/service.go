package main

import (
	"context"
	"embed"
	"io/fs"

	chassis "souk.example/chassis-go"
	"souk.example/chassis-go/example_entries/entriesv1"
)

var (
	//go:embed config.default.toml
	defaults string
	//go:embed migrations
	files embed.FS
)

// config has the settings of config.default.toml.
type config struct {
	Data struct {
		URL string `toml:"url"`
	} `toml:"data"`
}

// Check refuses values that are not allowed.
func (config *config) Check() error {
	if err := chassis.CheckDatabaseURL(config.Data.URL); err != nil {
		return chassis.Wrong("data.url", err.Error())
	}
	return nil
}

var definition = chassis.Definition[config]{Name: "entries", Defaults: defaults, Build: build}

// build assembles the service.
func build(config config, service *chassis.Service) error {
	store, err := openStore(config, service)
	if err != nil {
		return err
	}
	book := &book{store: store}
	service.Store(store)
	entriesv1.RegisterEntryServiceServer(service, book)
	service.Subscription(chassis.Subscription{
		Name:         service.Name,
		Store:        store,
		Handlers:     []chassis.EventHandler{chassis.On(orderPlaced)},
		FromEarliest: true,
	})
	service.Invariants(book.check)
	service.Ready(store.Ping)
	return nil
}

func openStore(config config, service *chassis.Service) (*chassis.Store, error) {
	folder, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	migrations, err := chassis.ReadMigrations(folder)
	if err != nil {
		return nil, err
	}
	return chassis.OpenStore(context.Background(), chassis.StoreOptions{
		URL:        config.Data.URL,
		Folder:     service.DataDir,
		Schema:     service.Name,
		Migrations: migrations,
		Clock:      service.Clock,
		Log:        service.Log,
	})
}
