package main

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	souk "souk.example/go"
	eventsv1 "souk.example/go/souk/events/v1"
)

const testLimit = 60 * time.Second

// waitFor waits until something holds.
func waitFor(ctx context.Context, t *testing.T, what string, holds func() bool) {
	t.Helper()
	for !holds() {
		if ctx.Err() != nil {
			t.Fatalf("it did not happen: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestAnOrderThatCannotBeReadBecomesADeadLetterAndOthersGoOn(t *testing.T) {
	bus := startBus(t)
	entries := startEntries(t, "sqlite:entries.db", bus.address)
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	way := connect(t, bus.address, "service:orders", "events.publish")
	unreadable, readable := orderEvent(t, 1), orderEvent(t, 2)
	unreadable.Data = []byte{0x0a, 0xff, 0x01}
	request := &eventsv1.PublishEventsRequest{Events: []*eventsv1.Event{unreadable, readable}}
	must(t, publish(ctx, eventsv1.NewEventServiceClient(way), request))
	found := readPublished(ctx, t, bus.address, 1)
	if origin := found[0].entry.GetOrigin(); origin != "order 002" {
		t.Fatalf("%s has an entry", origin)
	}

	way = connect(t, bus.address, "staff:ann", "events.subscribe", "orders.read")
	staff := eventsv1.NewEventServiceClient(way)
	list := &eventsv1.ListDeadLettersRequest{SubscriptionId: "entries"}
	waitFor(ctx, t, "a dead letter", func() bool {
		listed, err := staff.ListDeadLetters(ctx, list)
		must(t, err)
		if len(listed.GetDeadLetters()) == 0 {
			return false
		}
		letter := listed.GetDeadLetters()[0]
		const why = "is not a valid souk.orders.v1.OrderPlaced"
		if !strings.Contains(letter.GetReason(), why) || letter.GetAttemptCount() != 1 {
			t.Fatal(letter)
		}
		return true
	})
	entries.stop()
}

func TestAServiceThatLacksAScopeSaysWhichAndGoesOnWhenItHasIt(t *testing.T) {
	bus, folder := startBus(t), t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	way := connect(t, bus.address, "service:orders", "events.publish")
	request := &eventsv1.PublishEventsRequest{Events: []*eventsv1.Event{orderEvent(t, 1)}}
	must(t, publish(ctx, eventsv1.NewEventServiceClient(way), request))

	poor := entriesIn(t, folder, "sqlite:entries.db", bus.address)
	poor.environment = append(poor.environment, "ENTRIES__IDENTITY__SCOPES=events.publish events.subscribe")
	poor.start("127.0.0.1:0")
	waitFor(ctx, t, "a line in the log", func() bool {
		log := poor.stderr.String()
		return strings.Contains(log, "subscription entries waits for the event bus: PermissionDenied") &&
			strings.Contains(log, "orders.read")
	})
	poor.stop()

	rich := entriesIn(t, folder, "sqlite:entries.db", bus.address)
	rich.start("127.0.0.1:0")
	// It starts with the oldest event.
	found := readPublished(ctx, t, bus.address, 1)
	if origin := found[0].entry.GetOrigin(); origin != "order 001" {
		t.Fatalf("%s has an entry", origin)
	}
	rich.stop()
}

func TestAnEventOfATypeOfAnotherServiceIsNotPublished(t *testing.T) {
	bus := startBus(t)
	ctx, cancel := context.WithTimeout(context.Background(), testLimit)
	defer cancel()
	way := connect(t, bus.address, "service:entries", "events.publish")
	request := &eventsv1.PublishEventsRequest{Events: []*eventsv1.Event{orderEvent(t, 1)}}
	response, err := eventsv1.NewEventServiceClient(way).PublishEvents(ctx, request)
	must(t, err)
	reason := response.GetResults()[0].GetFailure().GetReason()
	if reason != eventsv1.ErrorReason_ERROR_REASON_TYPE_NOT_YOURS {
		t.Fatalf("%v, %v", reason, souk.ErrorOf(err))
	}
}

func TestASecondProcessOnOneFileExitsWithOneLine(t *testing.T) {
	folder := t.TempDir()
	first := entriesIn(t, folder, "sqlite:entries.db", "127.0.0.1:1")
	first.start("127.0.0.1:0")
	second, stderr := entriesIn(t, folder, "sqlite:entries.db", "127.0.0.1:1").process("127.0.0.1:0")
	err := second.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatal(err)
	}
	line := stderr.String()
	if !strings.HasSuffix(line, "entries.db: another process has it open\n") || strings.Count(line, "\n") != 1 {
		t.Fatal(line)
	}
	first.stop()
}

func TestAnAddressOfNoKnownDatabaseEndsTheStart(t *testing.T) {
	process, stderr := entriesIn(t, t.TempDir(), "mysql://secret", "127.0.0.1:1").process("127.0.0.1:0")
	err := process.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 64 {
		t.Fatal(err)
	}
	line := stderr.String()
	if !strings.Contains(line, "data.url") || strings.Contains(line, "secret") || strings.Count(line, "\n") != 1 {
		t.Fatal(line)
	}
}
