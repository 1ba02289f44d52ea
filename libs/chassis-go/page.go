package chassis

import "google.golang.org/protobuf/proto"

const (
	defaultPageSize = 100
	// The most bytes of a page, so that every gRPC client can read it: most take no message above 4
	// MiB. Its first item is on it however long it is.
	maxPageBytes = 3 << 20
	// What a field of a message costs besides its bytes: a tag and a length.
	pageFieldBytes = 6
)

// PageRequest is a request of a method that lists (AIP-158).
type PageRequest interface {
	GetPageSize() int32
	GetPageToken() string
}

// PageOf reads a page of any list, and returns its items as the contract writes them with the token
// of the next page, which is empty when there are no more. scope names the method, the caller and the
// filter, to which tokens are bound. fetch gets the position to continue from, empty at the start, and
// the most items to read; position returns where an item is, and write converts it. It fails with
// ERROR_REASON_INVALID_PAGE_TOKEN.
func PageOf[T any, M proto.Message](
	tokens *Tokens, scope []string, request PageRequest,
	fetch func(position string, most int) ([]T, error), position func(T) string, write func(T) M,
) (items []M, next string, err error) {
	size := int(request.GetPageSize())
	if size == 0 {
		size = defaultPageSize
	}
	start := ""
	if token := request.GetPageToken(); token != "" {
		opened, isOurs := tokens.Open(scope, token)
		if !isOurs {
			return nil, "", invalidPageToken("page_token")
		}
		start = opened
	}
	found, err := fetch(start, size+1)
	if err != nil {
		return nil, "", err
	}
	bytes := 0
	for _, item := range found[:min(size, len(found))] {
		message := write(item)
		bytes += proto.Size(message) + pageFieldBytes
		if bytes > maxPageBytes && len(items) > 0 {
			break
		}
		items = append(items, message)
	}
	if len(found) > len(items) {
		next = tokens.Issue(scope, position(found[len(items)-1]))
	}
	return items, next, nil
}
