package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	chassis "souk.example/chassis-go"
	notesv1 "souk.example/chassis-go/example/gen/souk/notes/v1"
	catalogv1 "souk.example/go/souk/catalog/v1"
	ordersv1 "souk.example/go/souk/orders/v1"
)

var (
	//go:embed config.default.toml
	defaults string
	//go:embed migrations
	files embed.FS
)

// config has the settings of config.default.toml.
type config struct {
	Notes struct {
		MostPerCustomer int64 `toml:"most_per_customer"`
	} `toml:"notes"`
}

// Check refuses values that are not allowed.
func (config *config) Check() error {
	if config.Notes.MostPerCustomer < 1 {
		return chassis.Wrong("notes.most_per_customer", "must be at least 1")
	}
	return nil
}

var definition = chassis.Definition[config]{Name: "notes", Defaults: defaults, Build: build}

// build assembles the service.
func build(config config, service *chassis.Service) error {
	ctx := context.Background()
	store, err := openStore(ctx, service)
	if err != nil {
		return err
	}
	service.Store(store)
	key, err := store.Key(ctx, "page")
	if err != nil {
		return err
	}
	notes := &notes{store: store, most: config.Notes.MostPerCustomer, watchers: newWatchers()}
	notesv1.RegisterNoteServiceServer(service, &rpc{
		notes:   notes,
		tokens:  chassis.NewTokens(key),
		catalog: catalogv1.NewCatalogServiceClient(service.Channel("catalog")),
	})
	service.Subscription(chassis.Subscription{
		Name:     service.Name,
		Store:    store,
		Handlers: []chassis.EventHandler{chassis.On(notes.orderPlaced)},
	})
	service.Invariants(notes.check)
	service.Ready(store.Ping)
	return nil
}

func openStore(ctx context.Context, service *chassis.Service) (*chassis.Store, error) {
	folder, err := fs.Sub(files, "migrations")
	if err != nil {
		return nil, err
	}
	migrations, err := chassis.ReadMigrations(folder)
	if err != nil {
		return nil, err
	}
	return chassis.OpenStore(ctx, chassis.StoreOptions{
		URL:        "sqlite:notes.db",
		Folder:     service.DataDir,
		Schema:     service.Name,
		Migrations: migrations,
		Clock:      service.Clock,
		Log:        service.Log,
	})
}

// orderPlaced writes a note about each order of a customer.
func (notes *notes) orderPlaced(tx *chassis.Tx, event *ordersv1.OrderPlaced, _ chassis.Delivery) error {
	order := event.GetOrder()
	if order.GetCustomerId() == "" {
		return nil
	}
	note := &notesv1.Note{CustomerId: order.GetCustomerId(), Text: fmt.Sprintf("ordered %s", order.GetOrderId())}
	return notes.write(tx, note)
}
