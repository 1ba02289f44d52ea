package main

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"reflect"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	chassis "souk.example/chassis-go"
	"souk.example/chassis-go/chassistest"
	souk "souk.example/go"
	opsv1 "souk.example/go/souk/ops/v1"
	wishlistsv1 "souk.example/go/souk/wishlists/v1"
)

// postgresVariable names the server on which tests make databases of their own.
const postgresVariable = "SOUK_TEST_POSTGRES_URL"

var (
	alice = souk.CustomerOf("user:alice")
	bob   = souk.CustomerOf("user:bob")
	noon  = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
)

// running is the service beside a bus, with short ways to call it.
type running struct {
	*chassistest.Service
	t     *testing.T
	bus   *chassis.Bus
	clock *chassis.ManualClock
	// delivered is how many events were delivered, so that each has an id of its own.
	delivered int
}

// onEachEngine runs a test on SQLite, and on PostgreSQL where there is a server.
func onEachEngine(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, "sqlite:wishlists.db") })
	t.Run("postgres", func(t *testing.T) { test(t, postgresDatabase(t)) })
}

// start starts the service at noon, with settings by dotted key; it ends with its test.
func start(t *testing.T, url string, set map[string]string) *running {
	t.Helper()
	bus, clock := chassis.StartBus(t, ""), chassis.NewManualClock(noon)
	all := map[string]string{"upstreams.events": "http://" + bus.Address, "data.url": url}
	for key, value := range set {
		all[key] = value
	}
	service := chassistest.Start(t, definition, chassis.Options{Set: all, Clock: clock})
	return &running{Service: service, t: t, bus: bus, clock: clock}
}

func (running *running) client(caller string) wishlistsv1.WishlistServiceClient {
	return wishlistsv1.NewWishlistServiceClient(running.As(caller))
}

// create creates a wishlist of the caller, which must succeed.
func (running *running) create(caller, title string, skus ...string) *wishlistsv1.Wishlist {
	running.t.Helper()
	return running.createIn(caller, title, "", skus...)
}

// createIn is create with a currency.
func (running *running) createIn(caller, title, currency string, skus ...string) *wishlistsv1.Wishlist {
	running.t.Helper()
	wanted := &wishlistsv1.Wishlist{Title: title, CurrencyCode: currency}
	for _, sku := range skus {
		wanted.Items = append(wanted.Items, &wishlistsv1.WishlistItem{Sku: sku})
	}
	request := &wishlistsv1.CreateWishlistRequest{RequestId: title, Wishlist: wanted}
	response, err := running.client(caller).CreateWishlist(running.t.Context(), request)
	must(running.t, err)
	return response.GetWishlist()
}

// titles returns the titles of the wishlists that a caller finds.
func (running *running) titles(caller string) (titles []string) {
	running.t.Helper()
	request := &wishlistsv1.ListWishlistsRequest{}
	response, err := running.client(caller).ListWishlists(running.t.Context(), request)
	must(running.t, err)
	for _, wishlist := range response.GetWishlists() {
		titles = append(titles, wishlist.GetTitle())
	}
	return titles
}

// deliver delivers events, and waits until each was acknowledged or refused.
func (running *running) deliver(events ...proto.Message) {
	running.t.Helper()
	seen := running.bus.Seen()
	before := len(seen.Acked) + len(seen.Nacks)
	for _, event := range events {
		running.delivered++
		running.bus.Deliver(chassis.EventOf(event, fmt.Sprint(running.delivered), "one"))
	}
	eventually(running.t, "all are consumed", func() bool {
		seen := running.bus.Seen()
		return len(seen.Acked)+len(seen.Nacks) == before+len(events)
	})
}

// published returns the events that the service has published, when there are as many as expected.
func published[M proto.Message](running *running, count int) []M {
	running.t.Helper()
	var none M
	eventually(running.t, "events are published", func() bool {
		return len(running.bus.Seen().Published) >= count
	})
	var found []M
	for _, event := range running.bus.Seen().Published {
		message := none.ProtoReflect().New().Interface().(M)
		equal(running.t, event.GetType(), string(message.ProtoReflect().Descriptor().FullName()))
		must(running.t, proto.Unmarshal(event.GetData(), message))
		found = append(found, message)
	}
	equal(running.t, len(found), count)
	return found
}

// findings returns the invariants that do not hold.
func (running *running) findings() (found []*opsv1.AuditFinding) {
	running.t.Helper()
	audit := opsv1.NewInvariantServiceClient(running.As("staff:ann"))
	response, err := audit.CheckInvariants(running.t.Context(), &opsv1.CheckInvariantsRequest{})
	must(running.t, err)
	for _, report := range response.GetReports() {
		found = append(found, report.GetFindings()...)
	}
	return found
}

func skusOf(wishlist *wishlistsv1.Wishlist) (skus []string) {
	for _, item := range wishlist.GetItems() {
		skus = append(skus, item.GetSku())
	}
	return skus
}

// reasonOf returns how a call was refused.
func reasonOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		t.Fatal("the call was not refused")
	}
	return souk.ErrorOf(err).Reason
}

// postgresDatabase returns a database that goes with the test.
func postgresDatabase(t *testing.T) string {
	t.Helper()
	server := os.Getenv(postgresVariable)
	if server == "" {
		if os.Getenv("CI") != "" {
			t.Fatal(postgresVariable + " is not set")
		}
		t.Skip(postgresVariable + " is not set; `cargo xtask postgres` prints it")
	}
	admin, err := sql.Open("pgx", server)
	must(t, err)
	name := chassis.NewID("wishlists", time.Now())
	_, err = admin.Exec(`CREATE DATABASE "` + name + `"`)
	must(t, err)
	t.Cleanup(func() {
		_, err := admin.Exec(`DROP DATABASE "` + name + `" WITH (FORCE)`)
		must(t, err)
		must(t, admin.Close())
	})
	address, err := url.Parse(server)
	must(t, err)
	address.Path = "/" + name
	return address.String()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T any](t *testing.T, found, wanted T) {
	t.Helper()
	if !reflect.DeepEqual(found, wanted) {
		t.Fatalf("found %v instead of %v", found, wanted)
	}
}

// eventually waits for something, with a limit.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(30 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("it did not happen: %s", what)
		}
	}
}
