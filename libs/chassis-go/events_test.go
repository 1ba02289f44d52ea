package chassis

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"souk.example/chassis-go/example_entries/entriesv1"
	eventsv1 "souk.example/go/souk/events/v1"
)

const recordedType = "souk.entries.v1.EntryRecorded"

func recorded(text string) *entriesv1.EntryRecorded {
	return &entriesv1.EntryRecorded{Entry: &entriesv1.Entry{Text: text}}
}

// recordName is a handler: it keeps the text of each entry. It fails for the text "bad", for good for
// "poison", and panics for "panic".
func recordName(tx *Tx, event *entriesv1.EntryRecorded, _ Delivery) error {
	text := event.GetEntry().GetText()
	if err := insertName(tx, text); err != nil {
		return err
	}
	switch text {
	case "bad":
		return errors.New("cannot be handled now")
	case "poison":
		return Poison("nobody can handle this")
	case "panic":
		panic("of the handler")
	}
	return nil
}

func withSubscription(h *harness, store *Store, change ...func(*Subscription)) *harness {
	subscription := Subscription{
		Name: "echo", Store: store, Handlers: []EventHandler{On(recordName)}, FromEarliest: true,
	}
	for _, one := range change {
		one(&subscription)
	}
	h.Subscription(subscription)
	return h
}

func TestAnEventIsHandledOnceHoweverOftenItIsDelivered(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		bus, store := StartBus(t, ""), at.open()
		h := withSubscription(newHarness(t, bus.Address), store)
		h.start(t)
		for _, id := range []string{"1", "2", "1", "1"} {
			bus.Deliver(EventOf(recorded("name "+id), id, ""))
		}
		eventually(t, "four acknowledgements", func() bool { return len(bus.Seen().Acked) == 4 })
		start := bus.Seen().Starts[0]
		equal(t, start.GetSubscriptionId(), "echo")
		equal(t, start.GetEventTypes(), []string{recordedType})
		equal(t, start.GetMaxOutstandingEvents(), 256)
		equal(t, start.GetStartPosition().GetBoundary(), eventsv1.LogBoundary_LOG_BOUNDARY_EARLIEST)
		h.stop()
		equal(t, counterValue(t, h.metrics.eventsHandled, "echo", recordedType, "handled"), 4)
		found := namesIn(t, store)
		slices.Sort(found)
		equal(t, found, []string{"name 1", "name 2"})
	})
}

func TestAnEventThatCannotBeHandledLeavesNothingAndComesAgainAndOthersGoOn(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		bus, store := StartBus(t, ""), at.open()
		withSubscription(newHarness(t, bus.Address), store).start(t)
		bus.Deliver(EventOf(recorded("bad"), "1", "a"), EventOf(recorded("good"), "2", "b"))
		bus.Deliver(EventOf(recorded("panic"), "3", "c"))
		eventually(t, "refusals", func() bool {
			return len(bus.Seen().Acked) == 1 && len(bus.Seen().Nacks) >= 6
		})
		var reasons []string
		for _, nack := range bus.Seen().Nacks {
			if nack.GetPermanent() {
				t.Fatal("it became a dead letter")
			}
			reasons = append(reasons, nack.GetReason())
		}
		slices.Sort(reasons)
		wanted := []string{"a write panicked: of the handler", "cannot be handled now"}
		equal(t, slices.Compact(reasons), wanted)
		equal(t, namesIn(t, store), []string{"good"})
	})
}

func TestAnEventThatFailedIsHandledWhenItComesAgain(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		bus, store := StartBus(t, ""), at.open()
		handler := On(func(tx *Tx, event *entriesv1.EntryRecorded, delivery Delivery) error {
			if delivery.Attempt < 3 {
				return errors.New("not yet")
			}
			return insertName(tx, event.GetEntry().GetText())
		})
		change := func(subscription *Subscription) { subscription.Handlers = []EventHandler{handler} }
		withSubscription(newHarness(t, bus.Address), store, change).start(t)
		bus.Deliver(EventOf(recorded("later"), "1", ""))
		eventually(t, "an acknowledgement", func() bool { return len(bus.Seen().Acked) == 1 })
		equal(t, len(bus.Seen().Nacks), 2)
		equal(t, namesIn(t, store), []string{"later"})
	})
}

func TestAnEventThatCanNeverBeHandledBecomesADeadLetterAtOnce(t *testing.T) {
	bus, store := StartBus(t, ""), sqlitePlace(t).open()
	withSubscription(newHarness(t, bus.Address), store).start(t)
	unreadable := EventOf(recorded(""), "1", "")
	unreadable.Data = []byte{0x0a, 0xff, 0x01}
	timeless := EventOf(recorded("timeless"), "2", "")
	timeless.Time = &timestamppb.Timestamp{Seconds: 253_402_300_800}
	bus.Deliver(unreadable, timeless, EventOf(recorded("poison"), "3", ""))
	eventually(t, "three refusals", func() bool { return len(bus.Seen().Nacks) == 3 })
	for _, nack := range bus.Seen().Nacks {
		known := strings.Contains(nack.GetReason(), "is not a valid "+recordedType) ||
			strings.Contains(nack.GetReason(), "its time is invalid: it must lie in the years") ||
			nack.GetReason() == "nobody can handle this"
		if !nack.GetPermanent() || !known {
			t.Fatal(nack)
		}
	}
	equal(t, namesIn(t, store), []string{})
}

func TestTypesThatTheSubscriptionLacksAreAddedAndNoneIsTakenAway(t *testing.T) {
	const other = "souk.echo.v1.Other"
	bus, store := StartBus(t, ""), sqlitePlace(t).open()
	exists := func(types ...string) {
		bus.Behave(func(behaves *BusBehaviour) { behaves.Types = &types })
	}
	exists(recordedType, other)
	h := withSubscription(newHarness(t, bus.Address), store)
	h.start(t)
	eventually(t, "the log", func() bool {
		return h.log.has("it also delivers " + other + ", which this version does not handle")
	})
	equal(t, *bus.Seen().Types, []string{recordedType, other})
	exists()
	starts := len(bus.Seen().Starts)
	eventually(t, "another start", func() bool { return len(bus.Seen().Starts) > starts+1 })
	equal(t, *bus.Seen().Types, []string{})
	h.stop()

	exists(other)
	ignores := func(subscription *Subscription) { subscription.Ignored = []string{other} }
	again := withSubscription(newHarness(t, bus.Address), store, ignores)
	again.start(t)
	ignored := EventOf(recorded("ignored"), "1", "")
	ignored.Type, ignored.Source = other, "/services/echo"
	bus.Deliver(ignored, EventOf(recorded("handled"), "2", ""))
	eventually(t, "two acknowledgements", func() bool { return len(bus.Seen().Acked) == 2 })
	equal(t, *bus.Seen().Types, []string{recordedType, other})
	equal(t, again.log.has("subscription echo has new event types"), true)
}

func TestAnEventThatIsNotFromTheOwnerOfItsTypeIsDropped(t *testing.T) {
	at := sqlitePlace(t)
	bus, store := StartBus(t, ""), at.open()
	h := withSubscription(newHarness(t, bus.Address), store)
	h.start(t)
	for _, source := range []string{"/services/orders", "/staff/entries", "/services/entries/", "entries", ""} {
		forged := EventOf(recorded("forged"), "of "+source, "")
		forged.Source = source
		bus.Deliver(forged)
	}
	bus.Deliver(EventOf(recorded("true"), "6", ""))
	eventually(t, "six acknowledgements", func() bool { return len(bus.Seen().Acked) == 6 })
	equal(t, counterValue(t, h.metrics.eventsForeign, "echo", recordedType), 5)
	equal(t, namesIn(t, store), []string{"true"})
}

func TestTheOwnerOfATypeIsTheServiceOfItsPackage(t *testing.T) {
	owners := map[string]string{
		"souk.orders.v1.OrderPlaced": "orders", "acme.gift_cards.v2.Issued": "gift-cards",
		"souk.v1.a.v2beta1.B": "a", "v1.B": "", "B": "", "": "", "acme.vintage.B": "vintage",
	}
	for kind, owner := range owners {
		equal(t, kind+" of "+ownerOf(kind), kind+" of "+owner)
	}
}

func TestAnyTypeIsHandledByTheHandlerOfAll(t *testing.T) {
	bus, store := StartBus(t, ""), sqlitePlace(t).open()
	any := OnAny(func(tx *Tx, delivery Delivery) error {
		return insertName(tx, "any "+delivery.Event.GetType())
	})
	change := func(subscription *Subscription) {
		subscription.Handlers = append(subscription.Handlers, any)
	}
	withSubscription(newHarness(t, bus.Address), store, change).start(t)
	other := EventOf(recorded(""), "1", "k")
	other.Type, other.Source = "souk.echo.v1.Other", "/services/echo"
	bus.Deliver(other, EventOf(recorded("own"), "2", "k"))
	eventually(t, "two acknowledgements", func() bool { return len(bus.Seen().Acked) == 2 })
	equal(t, bus.Seen().Starts[0].GetEventTypes(), []string{})
	equal(t, namesIn(t, store), []string{"any souk.echo.v1.Other", "own"})
}

func TestEventsOfOneKeyKeepTheirOrder(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		bus, store := StartBus(t, ""), at.open()
		withSubscription(newHarness(t, bus.Address), store).start(t)
		var wanted []string
		for number := range 50 {
			text := fmt.Sprintf("%02d", number)
			bus.Deliver(EventOf(recorded(text), "event "+text, "key"))
			wanted = append(wanted, text)
		}
		eventually(t, "all acknowledgements", func() bool { return len(bus.Seen().Acked) == 50 })
		equal(t, namesIn(t, store), wanted)
	})
}

func TestAStreamThatEndsIsOpenedAgainAndSoIsABusThatWentAway(t *testing.T) {
	bus, store := StartBus(t, ""), sqlitePlace(t).open()
	h := withSubscription(newHarness(t, bus.Address), store)
	h.start(t)
	eventually(t, "a stream", func() bool { return len(bus.Seen().Starts) == 1 })
	bus.Cut()
	eventually(t, "a second stream", func() bool { return len(bus.Seen().Starts) == 2 })
	bus.Stop()
	eventually(t, "the log", func() bool { return h.log.has("subscription echo waits for the event bus") })
	again := StartBus(t, bus.Address)
	again.Deliver(EventOf(recorded("later"), "1", ""))
	eventually(t, "an acknowledgement", func() bool { return len(again.Seen().Acked) == 1 })
	equal(t, h.log.has("subscription echo is connected again"), true)
}

func TestWhatIsInProgressAtTheDrainIsStillAcknowledged(t *testing.T) {
	bus, store := StartBus(t, ""), sqlitePlace(t).open()
	begun, draining := make(chan struct{}), make(chan struct{})
	slow := On(func(tx *Tx, event *entriesv1.EntryRecorded, _ Delivery) error {
		close(begun)
		<-draining
		return insertName(tx, event.GetEntry().GetText())
	})
	change := func(subscription *Subscription) { subscription.Handlers = []EventHandler{slow} }
	h := withSubscription(newHarness(t, bus.Address), store, change)
	h.start(t)
	bus.Deliver(EventOf(recorded("slow"), "1", ""))
	<-begun
	go func() {
		time.Sleep(20 * time.Millisecond)
		close(draining)
	}()
	h.stop()
	eventually(t, "an acknowledgement", func() bool { return len(bus.Seen().Acked) == 1 })
	equal(t, namesIn(t, store), []string{"slow"})
}

func TestTimesThatNoCalendarHasAreFoundByTheirPath(t *testing.T) {
	start := &eventsv1.SubscribeStart{AckDeadline: &durationpb.Duration{Seconds: 1, Nanos: -1}}
	found := impossibleTimes(start, 16)
	equal(t, len(found), 1)
	equal(t, found[0].Field, "ack_deadline")
	late := &timestamppb.Timestamp{Seconds: 253_402_300_800}
	listed := &eventsv1.PublishEventsRequest{Events: []*eventsv1.Event{{}, {Time: late}, {Time: late}}}
	found = impossibleTimes(listed, 1)
	equal(t, len(found), 1)
	equal(t, found[0].Field, "events[1].time")
	last := &timestamppb.Timestamp{Seconds: 253_402_300_799, Nanos: 999_999_999}
	equal(t, len(impossibleTimes(&eventsv1.Event{Time: last}, 16)), 0)
}

func publish(ctx context.Context, store *Store, texts ...string) error {
	return store.Write(ctx, func(tx *Tx) error {
		for _, text := range texts {
			if _, err := tx.Publish(recorded(text)); err != nil {
				return err
			}
		}
		return nil
	})
}

func publishedTexts(t *testing.T, bus *Bus) []string {
	t.Helper()
	var texts []string
	for _, event := range bus.Seen().Published {
		message := &entriesv1.EntryRecorded{}
		must(t, proto.Unmarshal(event.GetData(), message))
		texts = append(texts, message.GetEntry().GetText())
	}
	return texts
}

func withStore(h *harness, store *Store) *harness {
	h.Store(store)
	return h
}

func TestWhatAWritePublishesGoesOutWithTheCommitInOrder(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		bus, store := StartBus(t, ""), at.open()
		withStore(newHarness(t, bus.Address), store).start(t)
		const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
		ctx := following(context.Background(), "echo", traceparent)
		must(t, publish(ctx, store, "a", "b"))
		undone := store.Write(ctx, func(tx *Tx) error {
			_, err := tx.Publish(recorded("undone"))
			return errors.Join(err, errors.New("no"))
		})
		mustFail(t, undone, "no")
		must(t, publish(ctx, store, "c"))
		eventually(t, "three events", func() bool { return len(bus.Seen().Published) >= 3 })
		equal(t, publishedTexts(t, bus), []string{"a", "b", "c"})
		event := bus.Seen().Published[0]
		equal(t, regexp.MustCompile(`^event_[0-7][0-9a-hjkmnp-tv-z]{25}$`).MatchString(event.GetId()), true)
		equal(t, []string{event.GetSource(), event.GetType()}, []string{"/services/echo", recordedType})
		equal(t, []string{event.GetSubject(), event.GetOrderingKey()}, []string{"a", "a"})
		trace := event.GetExtensions()["traceparent"]
		equal(t, strings.HasPrefix(trace, "00-4bf92f3577b34da6a3ce929d0e0e4736-"), true)
		eventually(t, "an empty outbox", func() bool {
			return column[int](t, store, "SELECT count(*) FROM souk_outbox")[0] == 0
		})
	})
}

func TestEventsWaitForABusThatIsAwayAndOneThatIsRefusedDoesNotHoldUpOthers(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		bus, store := StartBus(t, ""), at.open()
		bus.Behave(func(behaves *BusBehaviour) { behaves.IsAway, behaves.Refuses = true, "b" })
		h := withStore(newHarness(t, bus.Address), store)
		h.start(t)
		must(t, publish(context.Background(), store, "a", "b", "c"))
		eventually(t, "the log", func() bool { return h.log.has("events of echo wait for the event bus") })
		bus.Behave(func(behaves *BusBehaviour) { behaves.IsAway = false })
		eventually(t, "two events", func() bool { return len(bus.Seen().Published) == 2 })
		equal(t, publishedTexts(t, bus), []string{"a", "c"})
		eventually(t, "the log", func() bool { return h.log.has("publishing events of echo works again") })
		equal(t, counterValue(t, h.metrics.outboxRefused, "echo"), 1)
		equal(t, column[string](t, store, "SELECT refused FROM souk_outbox"), []string{"too large"})
	})
}

func TestAnEventForWhichTheWholeRequestIsRefusedIsSetAsideAlone(t *testing.T) {
	bus, store := StartBus(t, ""), sqlitePlace(t).open()
	bus.Behave(func(behaves *BusBehaviour) { behaves.Invalid = "b" })
	must(t, publish(context.Background(), store, "a", "b", "c"))
	h := withStore(newHarness(t, bus.Address), store)
	h.start(t)
	eventually(t, "two events", func() bool { return len(bus.Seen().Published) == 2 })
	equal(t, publishedTexts(t, bus), []string{"a", "c"})
	eventually(t, "the count", func() bool { return counterValue(t, h.metrics.outboxRefused, "echo") == 1 })
}

func TestOneReplicaAtATimeEmptiesTheOutbox(t *testing.T) {
	at := postgresPlace(t)
	bus, first, second := StartBus(t, ""), at.open(), at.open()
	ctx := context.Background()
	isMine, err := first.claimOutbox(ctx, "first", time.Minute)
	must(t, err)
	equal(t, isMine, true)
	withStore(newHarness(t, bus.Address), second).start(t)
	must(t, publish(ctx, second, "a"))
	// Several sweeps of the other replica.
	time.Sleep(3 * sweepReplicasEvery)
	equal(t, publishedTexts(t, bus), []string{})
	must(t, first.releaseOutbox(ctx, "first"))
	eventually(t, "the event", func() bool { return len(bus.Seen().Published) == 1 })
	isMine, err = first.claimOutbox(ctx, "first", time.Minute)
	must(t, err)
	equal(t, isMine, false)
}

func TestABatchHoldsAsManyOfTheOldestAsFitAndNeverNone(t *testing.T) {
	ofSize := func(bytes int) outboxRow { return outboxRow{payload: make([]byte, bytes)} }
	half := bytesAtOnce / 2
	equal(t, len(firstBatch([]outboxRow{ofSize(half), ofSize(half), ofSize(1)})), 2)
	equal(t, len(firstBatch([]outboxRow{ofSize(bytesAtOnce + 1), ofSize(1)})), 1)
	equal(t, len(firstBatch(nil)), 0)
}

func TestAnEventIsAcknowledgedOnlyAfterTheCommitOfItsEffect(t *testing.T) {
	bus, store := StartBus(t, ""), sqlitePlace(t).open()
	begun, commit := make(chan struct{}), make(chan struct{})
	slow := On(func(tx *Tx, event *entriesv1.EntryRecorded, _ Delivery) error {
		close(begun)
		<-commit
		return insertName(tx, event.GetEntry().GetText())
	})
	change := func(subscription *Subscription) { subscription.Handlers = []EventHandler{slow} }
	withSubscription(newHarness(t, bus.Address), store, change).start(t)
	release := sync.OnceFunc(func() { close(commit) })
	t.Cleanup(release)
	bus.Deliver(EventOf(recorded("slow"), "1", ""))
	<-begun
	// What is not from its owner needs no write, so its acknowledgement follows any that were made.
	foreign := EventOf(recorded("foreign"), "2", "")
	foreign.Source = "/services/orders"
	bus.Deliver(foreign)
	eventually(t, "an acknowledgement", func() bool { return len(bus.Seen().Acked) > 0 })
	equal(t, bus.Seen().Acked, []string{"ack-2"})
	release()
	eventually(t, "the other one", func() bool { return len(bus.Seen().Acked) == 2 })
	equal(t, bus.Seen().Acked, []string{"ack-2", "ack-1"})
	equal(t, namesIn(t, store), []string{"slow"})
}
