package chassis

import "sync"

// freeBytes is the size up to which messages do not count: the limits of requests bound them.
const freeBytes = 4096

// decodingBudget is the bytes of all messages that are being read and decoded at once, most of them
// for services and staff.
type decodingBudget struct {
	maxBytes        int
	maxMessageBytes int
	mu              sync.Mutex
	used            int
	usedBy          map[share]int
}

// share is a kind of callers that has a part of the budget.
type share struct{ part int }

var (
	anonymousShare = share{4}
	personShare    = share{2}
	trustedShare   = share{1}
)

func newDecodingBudget(maxBytes, maxMessageBytes int) *decodingBudget {
	return &decodingBudget{maxBytes: maxBytes, maxMessageBytes: maxMessageBytes, usedBy: map[share]int{}}
}

// reserve takes bytes; it returns what gives them back, once, or nil when there are not enough. Each
// kind of caller may have one of the largest messages, however small its share is.
func (budget *decodingBudget) reserve(bytes int, kind CallerKind) func() {
	if bytes <= freeBytes {
		return func() {}
	}
	share := shareOf(kind)
	most := max(budget.maxBytes/share.part, budget.maxMessageBytes)
	budget.mu.Lock()
	defer budget.mu.Unlock()
	if budget.usedBy[share]+bytes > most || budget.used+bytes > budget.maxBytes {
		return nil
	}
	budget.used += bytes
	budget.usedBy[share] += bytes
	return sync.OnceFunc(func() {
		budget.mu.Lock()
		defer budget.mu.Unlock()
		budget.used -= bytes
		budget.usedBy[share] -= bytes
	})
}

func shareOf(kind CallerKind) share {
	switch kind {
	case KindAnonymous:
		return anonymousShare
	case KindUser, KindGuest:
		return personShare
	}
	return trustedShare
}
