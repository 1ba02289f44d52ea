package main

import (
	"sync"

	notesv1 "souk.example/chassis-go/example/gen/souk/notes/v1"
)

// watchedNotes is how many notes wait for a slow reader; it misses further ones.
const watchedNotes = 16

// watchers are those who wait for notes of a customer.
type watchers struct {
	mu         sync.Mutex
	ofCustomer map[string]map[chan *notesv1.Note]bool
}

func newWatchers() *watchers {
	return &watchers{ofCustomer: map[string]map[chan *notesv1.Note]bool{}}
}

// watch returns the notes of a customer that are written from now on, until stop is called.
func (watchers *watchers) watch(customer string) (written <-chan *notesv1.Note, stop func()) {
	channel := make(chan *notesv1.Note, watchedNotes)
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	if watchers.ofCustomer[customer] == nil {
		watchers.ofCustomer[customer] = map[chan *notesv1.Note]bool{}
	}
	watchers.ofCustomer[customer][channel] = true
	return channel, func() {
		watchers.mu.Lock()
		defer watchers.mu.Unlock()
		delete(watchers.ofCustomer[customer], channel)
		if len(watchers.ofCustomer[customer]) == 0 {
			delete(watchers.ofCustomer, customer)
		}
	}
}

// tell sends a note to those who wait for it.
func (watchers *watchers) tell(note *notesv1.Note) {
	watchers.mu.Lock()
	defer watchers.mu.Unlock()
	for channel := range watchers.ofCustomer[note.GetCustomerId()] {
		select {
		case channel <- note:
		default:
		}
	}
}
