package chassis

import (
	"context"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk.example/chassis-go/example_entries/entriesv1"
	souk "souk.example/go"
	policyv1 "souk.example/go/souk/policy/v1"
)

// record is a method that writes once: it returns how many entries there are.
func record(ctx context.Context, store *Store, request *entriesv1.RecordEntryRequest) (int64, error) {
	const method = entriesv1.EntryService_RecordEntry_FullMethodName
	response, err := WriteOnce(ctx, store, method, request, func(tx *Tx) (*entriesv1.RecordEntryResponse, error) {
		if err := insertName(tx, NewID("name", tx.Now())); err != nil {
			return nil, err
		}
		if request.GetText() == "refused" {
			facts := Facts{"text": request.GetText()}
			return nil, Refuse(entriesv1.ErrorReason_ERROR_REASON_TEXT_REFUSED, "it is refused", facts)
		}
		entry := &entriesv1.Entry{Text: request.GetText()}
		err := tx.QueryRow("SELECT count(*) FROM names").Scan(&entry.Number)
		return &entriesv1.RecordEntryResponse{Entry: entry}, err
	})
	return response.GetEntry().GetNumber(), err
}

func entry(id, text, customer string) *entriesv1.RecordEntryRequest {
	return &entriesv1.RecordEntryRequest{RequestId: id, Text: text, CustomerId: customer}
}

func TestARepeatedRequestGetsTheFirstResponse(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		numbered := func(ctx context.Context, request *entriesv1.RecordEntryRequest, number int64) {
			t.Helper()
			found, err := record(ctx, store, request)
			must(t, err)
			equal(t, found, number)
		}
		numbered(as("service:a"), entry("1", "x", ""), 1)
		numbered(as("service:a"), entry("1", "x", ""), 1)
		// Another caller's request of the same id is another request.
		numbered(as("service:b"), entry("1", "y", ""), 2)
		must(t, store.Close())
		store = at.open()
		numbered(as("service:a"), entry("1", "x", ""), 1)

		_, err := record(as("service:a"), store, entry("1", "other", ""))
		found := souk.ErrorOf(err)
		equal(t, found.Code, codes.FailedPrecondition)
		equal(t, found.Has(policyv1.ErrorReason_ERROR_REASON_REQUEST_ID_REUSED), true)
		equal(t, found.Violations[0].Field, "request_id")
	})
}

func TestWhatIsDoneForACustomerIsFoundByAnyoneWhoActsForIt(t *testing.T) {
	store := sqlitePlace(t).open()
	customer := souk.CustomerOf("user:alice")
	for _, caller := range []string{"user:alice", "service:orders", "staff:ann"} {
		number, err := record(as(caller), store, entry("1", "x", customer))
		must(t, err)
		equal(t, number, 1)
	}
	equal(t, column[string](t, store, "SELECT caller FROM souk_requests"), []string{customer})
	number, err := record(as("service:orders"), store, entry("1", "x", souk.CustomerOf("user:bob")))
	must(t, err)
	equal(t, number, 2)
}

func TestWithoutARequestIDEachCallIsAFirstOne(t *testing.T) {
	store := sqlitePlace(t).open()
	for number := int64(1); number <= 2; number++ {
		found, err := record(as("service:a"), store, entry("", "x", ""))
		must(t, err)
		equal(t, found, number)
	}
}

func TestARefusalIsNotRecordedAndLeavesNothing(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		for range 2 {
			_, err := record(as("service:a"), store, entry("1", "refused", ""))
			equal(t, status.Code(err), codes.FailedPrecondition)
		}
		number, err := record(as("service:a"), store, entry("1", "x", ""))
		must(t, err)
		equal(t, number, 1)
	})
}

func TestOneRequestThatIsSentManyTimesAtOnceHasOneEffect(t *testing.T) {
	onEachEngine(t, func(t *testing.T, at *place) {
		store := at.open()
		var sending sync.WaitGroup
		for range 30 {
			sending.Go(func() {
				if number, err := record(as("service:a"), store, entry("1", "x", "")); err != nil || number != 1 {
					t.Error(number, err)
				}
			})
		}
		sending.Wait()
		equal(t, len(namesIn(t, store)), 1)
	})
}
