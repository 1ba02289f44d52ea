package souk

import "iter"

// Page is the response of a method that lists (AIP-158).
type Page interface {
	// GetNextPageToken returns where the next page begins; empty in the last page.
	GetNextPageToken() string
}

// Pages requests page after page until the last one. It ends after the first error.
func Pages[P Page](request func(pageToken string) (P, error)) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		for token := ""; ; {
			page, err := request(token)
			if !yield(page, err) || err != nil {
				return
			}
			if token = page.GetNextPageToken(); token == "" {
				return
			}
		}
	}
}

// Items returns every item of every page, and requests the next page when its first item is
// needed:
//
//	for order, err := range souk.Items(func(token string) (*ordersv1.ListOrdersResponse, error) {
//		return orders.ListOrders(ctx, &ordersv1.ListOrdersRequest{PageToken: token})
//	}, (*ordersv1.ListOrdersResponse).GetOrders) { … }
func Items[P Page, T any](request func(pageToken string) (P, error), of func(P) []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for page, err := range Pages(request) {
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range of(page) {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}
