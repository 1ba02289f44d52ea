package chassis

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	souk "souk.example/go"
	eventsv1 "souk.example/go/souk/events/v1"
)

const (
	// The name of the upstream that is the event bus.
	busName = "events"
	// The most events, and bytes of their payload, that are published at once.
	eventsAtOnce = 500
	bytesAtOnce  = 4 << 20
	// How long one request may take. A replica that loses the right to publish has been waiting no
	// longer than this.
	publishLimit = 5 * time.Second
	// How long the right to empty the outbox lasts unless it is renewed; longer than a request may
	// take, with its deletion.
	relayLease = 15 * time.Second
	// How often the outbox is polled without a wake-up: other replicas on PostgreSQL commit too.
	sweepEvery         = time.Second
	sweepReplicasEvery = 100 * time.Millisecond
)

// neverTaken is what the bus says of a request that it will never take as it is.
var neverTaken = []string{"ERROR_REASON_INVALID_FIELD", "ERROR_REASON_MESSAGE_TOO_LARGE"}

// relay publishes what waits in the outbox of a store and deletes what the bus has. Each commit that
// adds an event wakes it.
//
// **Invariant:** an event is deleted only after the bus has it, and events of one key are published
// in the order of the outbox, one batch at a time, by one replica at a time. A crash between the two
// publishes some events again; consumers know them by their id.
//
// An event that breaks a rule of the contract makes the bus refuse the whole request that holds it.
// Then events go one at a time for a while: the one that is refused alone is set aside with the
// reason, and the others go on.
type relay struct {
	service string
	store   *Store
	bus     eventsv1.EventServiceClient
	log     *slog.Logger
	metrics *metrics
	owner   string
	// singly is how many of the next events go one at a time.
	singly  int
	backoff *backoff
}

// Store publishes what the store's writes have put into its outbox, purges its old records, and
// closes it after everything else.
func (service *Service) Store(store *Store) {
	relay := &relay{
		service: service.Name,
		store:   store,
		bus:     eventsv1.NewEventServiceClient(service.Channel(busName)),
		log:     service.Log,
		metrics: service.metrics,
		owner:   service.Name + "-" + rand.Text(),
		backoff: newBackoff(),
	}
	purge := store.purgeWorker()
	service.Worker("relay", relay.run)
	service.Worker(purge.Name, purge.Run)
	service.Closing(store.Close)
}

// run publishes until the drain. While the bus cannot be reached events wait, and nothing else waits
// for them.
func (r *relay) run(drain context.Context) error {
	// What has begun at the drain comes to its end.
	ctx := context.WithoutCancel(drain)
	for drain.Err() == nil {
		isIdle, problem, err := r.round(ctx)
		switch {
		case err != nil:
			return err
		case isIdle:
			r.singly = 0
			r.wait(drain)
		case problem != "":
			if !r.backoff.isFailing() {
				r.log.Warn(fmt.Sprintf("events of %s wait for the event bus: %s", r.service, problem))
			}
			SystemClock.Sleep(drain, r.backoff.next())
		default:
			if r.backoff.isFailing() {
				r.log.Info(fmt.Sprintf("publishing events of %s works again", r.service))
			}
			r.backoff.reset()
		}
	}
	return r.store.releaseOutbox(ctx, r.owner)
}

// wait returns when something was put into the outbox, or the outbox is to be polled.
func (r *relay) wait(drain context.Context) {
	sweep := sweepEvery
	if r.store.kind == enginePostgres {
		sweep = sweepReplicasEvery
	}
	timer := time.NewTimer(sweep)
	defer timer.Stop()
	select {
	case <-r.store.published:
	case <-timer.C:
	case <-drain.Done():
	}
}

// round publishes once. It returns whether nothing waited, else why the bus took nothing; an empty
// text after progress.
func (r *relay) round(ctx context.Context) (isIdle bool, problem string, err error) {
	limit := eventsAtOnce
	if r.singly > 0 {
		limit = 1
	}
	waiting, err := r.store.waitingEvents(ctx, limit)
	if err != nil {
		return false, "", err
	}
	r.observe(waiting)
	if len(waiting) == 0 {
		return true, "", nil
	}
	isMine, err := r.store.claimOutbox(ctx, r.owner, relayLease)
	if err != nil || !isMine {
		return true, "", err
	}
	if r.store.kind == enginePostgres {
		// What was read before the claim may have been published by its earlier holder.
		waiting, err = r.store.waitingEvents(ctx, limit)
		if err != nil || len(waiting) == 0 {
			return true, "", err
		}
	}
	problem, err = r.publish(ctx, firstBatch(waiting))
	return false, problem, err
}

// publish publishes a batch and settles it. It returns why there was no progress.
func (r *relay) publish(ctx context.Context, batch []outboxRow) (string, error) {
	request := &eventsv1.PublishEventsRequest{}
	for _, row := range batch {
		request.Events = append(request.Events, r.envelope(row))
	}
	limited, cancel := context.WithTimeout(ctx, publishLimit)
	defer cancel()
	response, err := r.bus.PublishEvents(limited, request)
	if err == nil {
		r.singly = max(0, r.singly-1)
		return r.settle(ctx, batch, response.GetResults())
	}
	refused := souk.ErrorOf(err)
	if !slices.Contains(neverTaken, refused.Reason) {
		return busProblem(err), nil
	}
	if len(batch) > 1 {
		r.singly = eventsAtOnce
		return "", nil
	}
	failure := &eventsv1.PublishFailure{Message: refused.Message}
	result := &eventsv1.PublishResult{Result: &eventsv1.PublishResult_Failure{Failure: failure}}
	return r.settle(ctx, batch, []*eventsv1.PublishResult{result})
}

// settle deletes what the bus has, and sets aside what it will never take. It returns why there was
// no progress.
func (r *relay) settle(
	ctx context.Context, batch []outboxRow, results []*eventsv1.PublishResult,
) (string, error) {
	var published []outboxRow
	var refused []refusedEvent
	later := "the event bus returned no result"
	for at, row := range batch {
		if at >= len(results) {
			break
		}
		failure := results[at].GetFailure()
		switch {
		case results[at].GetPosition() != nil:
			published = append(published, row)
		case failure != nil && !failure.GetRetryable():
			const text = "the event bus rejects %s %s permanently: %s"
			r.log.Error(fmt.Sprintf(text, row.kind, row.eventID, failure.GetMessage()), "event.id", row.eventID)
			refused = append(refused, refusedEvent{row: row, reason: failure.GetMessage()})
		case failure != nil:
			later = failure.GetMessage()
		}
	}
	if len(published)+len(refused) == 0 {
		return later, nil
	}
	if err := r.store.settleEvents(ctx, published, refused); err != nil {
		return "", err
	}
	r.metrics.outboxPublished.WithLabelValues(r.service).Add(float64(len(published)))
	r.metrics.outboxRefused.WithLabelValues(r.service).Add(float64(len(refused)))
	return "", nil
}

// observe shows how long the oldest event has been waiting.
func (r *relay) observe(waiting []outboxRow) {
	age := time.Duration(0)
	if len(waiting) > 0 {
		age = max(0, time.Since(time.UnixMicro(waiting[0].createdTime)))
	}
	r.metrics.outboxOldest.WithLabelValues(r.service).Set(age.Seconds())
}

func (r *relay) envelope(row outboxRow) *eventsv1.Event {
	event := &eventsv1.Event{
		Id: row.eventID,
		// The bus sets it from who we are; set here too for those who read a request.
		Source:      sourceOf(r.service),
		Type:        row.kind,
		Subject:     row.subject,
		Time:        timestamppb.New(time.UnixMicro(row.createdTime)),
		Data:        row.payload,
		OrderingKey: row.subject,
	}
	if row.traceparent != "" {
		event.Extensions = map[string]string{"traceparent": row.traceparent}
	}
	return event
}

// firstBatch returns the oldest events that fit into one request; at least one.
func firstBatch(waiting []outboxRow) []outboxRow {
	bytes := 0
	for at, row := range waiting {
		bytes += len(row.payload)
		if bytes > bytesAtOnce {
			return waiting[:max(1, at)]
		}
	}
	return waiting
}
