package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	chassis "souk.example/chassis-go"
	"souk.example/chassis-go/example_entries/entriesv1"
	souk "souk.example/go"
	eventsv1 "souk.example/go/souk/events/v1"
	ordersv1 "souk.example/go/souk/orders/v1"
)

const (
	orders    = 300
	calls     = 150
	customers = 7
	kills     = 8
	// How long everything may take after the last kill.
	settleLimit = 90 * time.Second
)

func TestWhateverIsKilledEachOrderAndEachCallIsEnteredOnceAndPublished(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { survivesKills(t, "sqlite:entries.db", 1) })
	t.Run("postgres", func(t *testing.T) { survivesKills(t, postgresDatabase(t), 2) })
}

// survivesKills kills replicas, and the bus once, while orders are published and calls are made.
func survivesKills(t *testing.T, url string, replicas int) {
	bus := startBus(t)
	var entries []*child
	for range replicas {
		entries = append(entries, startEntries(t, url, bus.address))
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit+30*time.Second)
	defer cancel()
	var sending sync.WaitGroup
	sending.Go(func() { placeOrders(ctx, t, bus.address) })
	sending.Go(func() { recordEntries(ctx, t, entries) })
	for number := range kills {
		time.Sleep(time.Duration(200+rand.IntN(500)) * time.Millisecond)
		entries[number%replicas].restart()
		if number == kills/2 {
			bus.restart()
		}
	}
	sending.Wait()
	found := readPublished(ctx, t, bus.address, orders+calls)
	mustBeWhole(t, found)
	mustBeInOrder(t, found)
	checkInvariants(ctx, t, entries[0])
	for _, one := range entries {
		one.stop()
	}
}

// placeOrders publishes an event for each order, each twice, as a service that is killed does.
func placeOrders(ctx context.Context, t *testing.T, address string) {
	bus := eventsv1.NewEventServiceClient(connect(t, address, "service:orders", "events.publish"))
	for number := range orders {
		request := &eventsv1.PublishEventsRequest{Events: []*eventsv1.Event{orderEvent(t, number)}}
		for range 2 {
			untilDone(ctx, t, func() error { return publish(ctx, bus, request) })
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// publish publishes events; the bus answers for each.
func publish(
	ctx context.Context, bus eventsv1.EventServiceClient, request *eventsv1.PublishEventsRequest,
) error {
	response, err := bus.PublishEvents(ctx, request)
	for _, result := range response.GetResults() {
		if failure := result.GetFailure(); failure != nil {
			return errors.New(failure.GetMessage())
		}
	}
	return err
}

func orderEvent(t *testing.T, number int) *eventsv1.Event {
	order := &ordersv1.Order{
		OrderId:    fmt.Sprintf("order %03d", number),
		CustomerId: fmt.Sprintf("customer %d", number%customers),
	}
	data, err := proto.Marshal(&ordersv1.OrderPlaced{Order: order})
	must(t, err)
	return &eventsv1.Event{
		Id:          fmt.Sprintf("event of %s", order.GetOrderId()),
		Type:        "souk.orders.v1.OrderPlaced",
		Time:        timestamppb.Now(),
		OrderingKey: order.GetOrderId(),
		Data:        data,
	}
}

// recordEntries makes each call until it is answered, and then once more: both answers are the same.
func recordEntries(ctx context.Context, t *testing.T, entries []*child) {
	for number := range calls {
		request := &entriesv1.RecordEntryRequest{
			RequestId: fmt.Sprintf("request %03d", number), Text: fmt.Sprintf("text %d", number%customers),
		}
		var answers [2]int64
		for at := range answers {
			untilDone(ctx, t, func() error {
				// Another replica, and another process after a kill.
				one := entries[(number+at)%len(entries)]
				way := connect(t, one.where(), "service:till", "entries.write")
				response, err := entriesv1.NewEntryServiceClient(way).RecordEntry(ctx, request)
				answers[at] = response.GetEntry().GetNumber()
				return err
			})
		}
		if answers[0] == 0 || answers[0] != answers[1] {
			t.Errorf("%s was answered %d", request.GetRequestId(), answers)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// published is an entry as the bus has it.
type published struct {
	eventID string
	entry   *entriesv1.Entry
}

// readPublished reads the log of the bus until it has as many entries as wanted, and returns the first event of
// each id, in the order of the log for each text.
func readPublished(ctx context.Context, t *testing.T, address string, wanted int) []published {
	t.Helper()
	way := connect(t, address, "service:checker", "events.subscribe", "entries.read")
	bus := eventsv1.NewEventServiceClient(way)
	limited, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	seen := map[string]bool{}
	var found []published
	for len(seen) < wanted && limited.Err() == nil {
		err := readLog(limited, bus, func(event *eventsv1.Event) bool {
			if !seen[event.GetId()] {
				message := &entriesv1.EntryRecorded{}
				must(t, proto.Unmarshal(event.GetData(), message))
				found = append(found, published{event.GetId(), message.GetEntry()})
			}
			seen[event.GetId()] = true
			return len(seen) < wanted
		})
		if err != nil && limited.Err() != nil {
			t.Fatalf("the bus has %d of %d entries: %v", len(seen), wanted, err)
		}
	}
	return found
}

// readLog reads events from the start of the log while they are wanted.
func readLog(
	ctx context.Context, bus eventsv1.EventServiceClient, read func(*eventsv1.Event) bool,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := bus.Subscribe(ctx)
	if err != nil {
		return err
	}
	earliest := &eventsv1.StartPosition_Boundary{Boundary: eventsv1.LogBoundary_LOG_BOUNDARY_EARLIEST}
	start := &eventsv1.SubscribeStart{
		EventTypes:    []string{"souk.entries.v1.EntryRecorded"},
		StartPosition: &eventsv1.StartPosition{Start: earliest},
	}
	request := &eventsv1.SubscribeRequest{Request: &eventsv1.SubscribeRequest_Start{Start: start}}
	if err := stream.Send(request); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, delivery := range response.GetDeliveries() {
			if !read(delivery.GetEvent()) {
				return nil
			}
		}
	}
}

// mustBeWhole fails unless each order and each call has one entry, and the numbers have no gap.
func mustBeWhole(t *testing.T, found []published) {
	t.Helper()
	numbers, origins := map[int64]string{}, map[string]int64{}
	for _, one := range found {
		number, origin := one.entry.GetNumber(), one.entry.GetOrigin()
		if other, isTaken := numbers[number]; isTaken {
			t.Errorf("entry %d was published as %s and as %s", number, other, one.eventID)
		}
		if other, isTaken := origins[origin]; isTaken {
			t.Errorf("%s has the entries %d and %d", origin, other, number)
		}
		numbers[number], origins[origin] = one.eventID, number
	}
	sorted := slices.Sorted(maps.Keys(numbers))
	if len(sorted) != orders+calls || sorted[0] != 1 || sorted[len(sorted)-1] != orders+calls {
		t.Errorf("%d entries, of %d", len(sorted), orders+calls)
	}
}

// mustBeInOrder fails unless the entries of one text, which is the key, are in the book's order.
func mustBeInOrder(t *testing.T, found []published) {
	t.Helper()
	latest := map[string]int64{}
	for _, one := range found {
		text, number := one.entry.GetText(), one.entry.GetNumber()
		if number < latest[text] {
			t.Errorf("entry %d of %s came after %d", number, text, latest[text])
		}
		latest[text] = number
	}
}

// untilDone repeats what a killed process did not answer.
func untilDone(ctx context.Context, t *testing.T, try func() error) {
	for {
		err := try()
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Errorf("it was never answered: %v", err)
			return
		}
		chassis.SystemClock.Sleep(ctx, 20*time.Millisecond)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v (%s)", err, souk.ErrorOf(err).Reason)
	}
}
