package chassis

import (
	"sync"

	eventsv1 "souk.example/go/souk/events/v1"
)

// acks is what goes to the bus on one stream: the start, then acknowledgements and refusals, those
// that wait together in one message.
type acks struct {
	mutex   sync.Mutex
	waiting *eventsv1.SubscribeUpdate
	isEnded bool
	// wake has an item when something waits, or it is ended.
	wake chan struct{}
}

func newAcks() *acks {
	return &acks{waiting: &eventsv1.SubscribeUpdate{}, wake: make(chan struct{}, 1)}
}

// ack says that the effect of an event is durable.
func (a *acks) ack(ackID string) {
	a.add(func(update *eventsv1.SubscribeUpdate) { update.AckIds = append(update.AckIds, ackID) })
}

// nack says that an event could not be handled.
func (a *acks) nack(nack *eventsv1.Nack) {
	a.add(func(update *eventsv1.SubscribeUpdate) { update.Nacks = append(update.Nacks, nack) })
}

// end says that nothing more comes.
func (a *acks) end() {
	a.add(func(*eventsv1.SubscribeUpdate) { a.isEnded = true })
}

func (a *acks) add(change func(*eventsv1.SubscribeUpdate)) {
	a.mutex.Lock()
	change(a.waiting)
	a.mutex.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// take returns what waits, and whether nothing more comes after it.
func (a *acks) take() (*eventsv1.SubscribeUpdate, bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	taken := a.waiting
	a.waiting = &eventsv1.SubscribeUpdate{}
	return taken, a.isEnded
}

// send sends the start, then what comes, until the end; then it closes our side of the stream. When
// the stream fails its reader learns why.
func (a *acks) send(stream eventsv1.EventService_SubscribeClient, start *eventsv1.SubscribeStart) {
	request := &eventsv1.SubscribeRequest{Request: &eventsv1.SubscribeRequest_Start{Start: start}}
	if err := stream.Send(request); err != nil {
		return
	}
	for range a.wake {
		update, isEnded := a.take()
		if len(update.GetAckIds())+len(update.GetNacks()) > 0 {
			said := &eventsv1.SubscribeRequest_Update{Update: update}
			request := &eventsv1.SubscribeRequest{Request: said}
			if err := stream.Send(request); err != nil {
				return
			}
		}
		if isEnded {
			_ = stream.CloseSend()
			return
		}
	}
}
