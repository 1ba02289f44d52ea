package chassis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	souk "souk.example/go"
	eventsv1 "souk.example/go/souk/events/v1"
)

const (
	updateLimit = 5 * time.Second
	// How long before a stream is opened again after its subscription was updated.
	againAfter = 50 * time.Millisecond
	// How often dropped events of one type are logged.
	foreignLogEvery = time.Minute
	// How long the bus may take to read the last acknowledgements when the process stops.
	lastAcksLimit = 300 * time.Millisecond
	// The most bytes of a reason that the bus takes.
	maxNackReason = 1000
)

// errStreamEnded says that the bus ended a stream without an error.
var errStreamEnded = errors.New("the event bus ended the stream")

// consumer reads a subscription until the drain and handles each event once, in one write with its
// record in the inbox.
//
// **Invariant:** an event is acknowledged only after the COMMIT of its effect. The bus has at most
// one event of a key with us at a time, so all that we hold may be handled at once.
//
// **Invariant:** an event reaches a handler only if it says that it comes from the owner of its
// type. The bus refuses others when they are published; an older log, or a topic that others write
// to, may hold some.
//
// **Invariant:** a subscription only ever gets more types from its consumers. While a service is
// being deployed two versions of it run, and a type that one took away from the other would be
// skipped for good. A version that handles fewer types waits until someone decides.
type consumer struct {
	subscription Subscription
	service      string
	bus          eventsv1.EventServiceClient
	log          *slog.Logger
	metrics      *metrics
	backoff      *backoff

	mutex         sync.Mutex
	foreignLogged map[string]time.Time
}

func newConsumer(service *Service, subscription Subscription) *consumer {
	if subscription.MaxOutstanding == 0 {
		subscription.MaxOutstanding = eventsHandledAtOnce
	}
	return &consumer{
		subscription:  subscription,
		service:       service.Name,
		bus:           eventsv1.NewEventServiceClient(service.Channel(busName)),
		log:           service.Log,
		metrics:       service.metrics,
		backoff:       newBackoff(),
		foreignLogged: map[string]time.Time{},
	}
}

// run reads until the drain.
func (c *consumer) run(drain context.Context) error {
	for drain.Err() == nil {
		err := c.read(drain)
		if drain.Err() != nil {
			return nil
		}
		differs := eventsv1.ErrorReason_ERROR_REASON_SUBSCRIPTION_DIFFERS
		if souk.ErrorOf(err).Has(differs) {
			if err = c.addTypes(drain); err == nil {
				SystemClock.Sleep(drain, againAfter)
				continue
			}
		}
		if !c.backoff.isFailing() {
			const text = "subscription %s waits for the event bus: %s"
			c.log.Warn(fmt.Sprintf(text, c.subscription.Name, busProblem(err)))
		}
		SystemClock.Sleep(drain, c.backoff.next())
	}
	return nil
}

// addTypes adds the types that this version handles to the subscription, and takes none away: then
// it returns why not.
func (c *consumer) addTypes(drain context.Context) error {
	ctx, cancel := context.WithTimeout(drain, updateLimit)
	defer cancel()
	get := &eventsv1.GetSubscriptionRequest{SubscriptionId: c.subscription.Name}
	found, err := c.bus.GetSubscription(ctx, get)
	if err != nil {
		return err
	}
	wanted := c.subscription.types()
	stored := found.GetSubscription().GetEventTypes()
	if others := c.notHandled(stored); others != "" {
		const text = "it also delivers %s, which this version does not handle;" +
			" handle or ignore them, or change the subscription's event_types"
		return fmt.Errorf(text, others)
	}
	update := &eventsv1.UpdateSubscriptionRequest{
		Subscription: &eventsv1.Subscription{
			SubscriptionId: c.subscription.Name,
			EventTypes:     wanted,
			Etag:           found.GetSubscription().GetEtag(),
		},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"event_types"}},
	}
	if _, err := c.bus.UpdateSubscription(ctx, update); err != nil {
		return err
	}
	c.log.Info(fmt.Sprintf("subscription %s has new event types", c.subscription.Name))
	return nil
}

// notHandled names the types of a subscription that this version does not handle.
func (c *consumer) notHandled(stored []string) string {
	wanted := c.subscription.types()
	if len(wanted) == 0 {
		return ""
	}
	if len(stored) == 0 {
		return "every type"
	}
	others := slices.DeleteFunc(slices.Clone(stored), func(kind string) bool {
		return slices.Contains(wanted, kind)
	})
	return strings.Join(others, ", ")
}

// read reads one stream to its end. At the drain nothing more is read, and what is in progress is
// still acknowledged.
func (c *consumer) read(drain context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(drain))
	defer cancel()
	stream, err := c.bus.Subscribe(ctx)
	if err != nil {
		return err
	}
	arrived := make(chan []*eventsv1.EventDelivery)
	ended := make(chan error, 1)
	go func() { ended <- c.receive(ctx, stream, arrived) }()

	acks := newAcks()
	var handling sync.WaitGroup
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		acks.send(stream, c.start())
	}()
	// What is in progress comes to its end; without its acknowledgement it is delivered again and then
	// known.
	finish := func() {
		handling.Wait()
		acks.end()
		<-sent
	}
	for {
		select {
		case deliveries := <-arrived:
			for _, delivery := range deliveries {
				handling.Go(func() { c.deliver(ctx, delivery, acks) })
			}
		case err := <-ended:
			cancel()
			finish()
			return err
		case <-drain.Done():
			finish()
			// The bus ends the stream when it has read the last of them.
			select {
			case <-ended:
			case <-time.After(lastAcksLimit):
			}
			return nil
		}
	}
}

// receive passes deliveries on until the stream ends, and returns why it did.
func (c *consumer) receive(
	ctx context.Context,
	stream eventsv1.EventService_SubscribeClient,
	arrived chan<- []*eventsv1.EventDelivery,
) error {
	for {
		response, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return errStreamEnded
		}
		if err != nil {
			return err
		}
		if c.backoff.isFailing() {
			c.log.Info(fmt.Sprintf("subscription %s is connected again", c.subscription.Name))
		}
		c.backoff.reset()
		select {
		case arrived <- response.GetDeliveries():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *consumer) start() *eventsv1.SubscribeStart {
	start := &eventsv1.SubscribeStart{
		SubscriptionId:       c.subscription.Name,
		EventTypes:           c.subscription.types(),
		MaxOutstandingEvents: int32(c.subscription.MaxOutstanding),
	}
	if c.subscription.FromEarliest {
		earliest := &eventsv1.StartPosition_Boundary{Boundary: eventsv1.LogBoundary_LOG_BOUNDARY_EARLIEST}
		start.StartPosition = &eventsv1.StartPosition{Start: earliest}
	}
	return start
}

// deliver handles one delivery, and acknowledges or refuses it.
func (c *consumer) deliver(ctx context.Context, wire *eventsv1.EventDelivery, acks *acks) {
	event := wire.GetEvent()
	if event == nil {
		return
	}
	if !isFromOwner(event.GetSource(), event.GetType()) {
		c.dropForeign(event)
		acks.ack(wire.GetAckId())
		return
	}
	// The stream may end while the event is handled.
	work := following(context.WithoutCancel(ctx), c.service, event.GetExtensions()["traceparent"])
	delivery := Delivery{
		Event:       event,
		Attempt:     int(wire.GetDeliveryAttempt()),
		PublishTime: wire.GetPublishTime().AsTime(),
	}
	outcome := "handled"
	if err := c.subscription.handle(work, delivery); err != nil {
		outcome = "failed"
		c.refuse(work, event, wire.GetAckId(), err, acks)
	} else {
		acks.ack(wire.GetAckId())
	}
	c.metrics.eventsHandled.WithLabelValues(c.subscription.Name, event.GetType(), outcome).Inc()
}

// refuse logs why an event could not be handled, and refuses it.
func (c *consumer) refuse(
	ctx context.Context, event *eventsv1.Event, ackID string, err error, acks *acks,
) {
	reason := withCauses(err)
	const text = "subscription %s could not handle %s %s: %s"
	message := fmt.Sprintf(text, c.subscription.Name, event.GetType(), event.GetId(), reason)
	c.log.Warn(message, "event.id", event.GetId(), "trace.id", TraceID(ctx))
	var poison Poison
	acks.nack(&eventsv1.Nack{
		AckId:     ackID,
		Reason:    shortened(reason),
		Permanent: errors.As(err, &poison),
	})
}

// shortened returns a text that the bus takes as a reason.
func shortened(reason string) string {
	reason = strings.ReplaceAll(strings.ToValidUTF8(reason, "�"), "\x00", "")
	if len(reason) > maxNackReason {
		reason = strings.ToValidUTF8(reason[:maxNackReason], "")
	}
	return reason
}

// dropForeign counts an event that does not come from the owner of its type, and logs it at most
// once a minute for each type.
func (c *consumer) dropForeign(event *eventsv1.Event) {
	kind := event.GetType()
	c.metrics.eventsForeign.WithLabelValues(c.subscription.Name, kind).Inc()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	now := time.Now()
	if logged, found := c.foreignLogged[kind]; found && now.Sub(logged) < foreignLogEvery {
		return
	}
	c.foreignLogged[kind] = now
	const text = "subscription %s drops %s %s: %s does not own this type"
	message := fmt.Sprintf(text, c.subscription.Name, kind, event.GetId(), event.GetSource())
	c.log.Warn(message, "event.id", event.GetId())
}

// busProblem returns what an answer of the bus says, without what gRPC writes around it.
func busProblem(err error) string {
	if known := souk.ErrorOf(err); known.Reason != "" {
		return known.Error()
	}
	return withCauses(err)
}
