package main

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"

	chassis "souk.example/chassis-go"
	"souk.example/chassis-go/chassistest"
	notesv1 "souk.example/chassis-go/example/gen/souk/notes/v1"
	souk "souk.example/go"
	catalogv1 "souk.example/go/souk/catalog/v1"
	policyv1 "souk.example/go/souk/policy/v1"
)

const productID = "product_01h455vb4pex5vsknk084sn02q"

// catalog is an upstream that knows one product.
type catalog struct {
	catalogv1.UnimplementedCatalogServiceServer
}

func (catalog) GetProduct(_ context.Context, request *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	if request.GetProductId() != productID {
		reason := catalogv1.ErrorReason_ERROR_REASON_PRODUCT_NOT_FOUND
		return nil, chassis.Refuse(reason, "there is no such product", chassis.Facts{"product_id": request.GetProductId()})
	}
	return &catalogv1.GetProductResponse{Product: &catalogv1.Product{Title: "Mint tea"}}, nil
}

var upstream = chassis.Definition[struct{}]{Name: "catalog", Build: func(_ struct{}, service *chassis.Service) error {
	catalogv1.RegisterCatalogServiceServer(service, catalog{})
	service.Invariants(func(context.Context) (chassis.Report, error) { return chassis.Report{}, nil })
	return nil
}}

func create(t *testing.T, client notesv1.NoteServiceClient, id, text string) *notesv1.Note {
	t.Helper()
	request := &notesv1.CreateNoteRequest{RequestId: id, Note: &notesv1.Note{Text: text}}
	answer, err := client.CreateNote(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetNote()
}

func TestNotesAreListedTheNewestFirstAndOnlyToTheirCustomer(t *testing.T) {
	service := chassistest.Start(t, definition, chassis.Options{})
	alice := notesv1.NewNoteServiceClient(service.As("user:alice"))
	for _, text := range []string{"one", "two", "three"} {
		create(t, alice, text, text)
	}
	var texts []string
	for note, err := range souk.Items(func(token string) (*notesv1.ListNotesResponse, error) {
		return alice.ListNotes(t.Context(), &notesv1.ListNotesRequest{PageSize: 2, PageToken: token})
	}, (*notesv1.ListNotesResponse).GetNotes) {
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, note.GetText())
	}
	if len(texts) != 3 || texts[0] != "three" || texts[2] != "one" {
		t.Errorf("found %v", texts)
	}
	bob := notesv1.NewNoteServiceClient(service.As("user:bob"))
	page, err := bob.ListNotes(t.Context(), &notesv1.ListNotesRequest{})
	if err != nil || len(page.GetNotes()) != 0 {
		t.Errorf("bob found %v, %v", page, err)
	}
}

func TestANoteIsWrittenOncePerRequestID(t *testing.T) {
	service := chassistest.Start(t, definition, chassis.Options{})
	alice := notesv1.NewNoteServiceClient(service.As("user:alice"))
	first, second := create(t, alice, "r1", "tea"), create(t, alice, "r1", "tea")
	if first.GetNoteId() != second.GetNoteId() {
		t.Errorf("%s is not %s", first.GetNoteId(), second.GetNoteId())
	}
	changed := &notesv1.CreateNoteRequest{RequestId: "r1", Note: &notesv1.Note{Text: "coffee"}}
	_, err := alice.CreateNote(t.Context(), changed)
	refused := souk.ErrorOf(err)
	if refused == nil || !refused.Has(policyv1.ErrorReason_ERROR_REASON_REQUEST_ID_REUSED) {
		t.Errorf("it is answered with %v", err)
	}
}

func TestAWatcherGetsEachNote(t *testing.T) {
	service := chassistest.Start(t, definition, chassis.Options{})
	alice := notesv1.NewNoteServiceClient(service.As("user:alice"))
	stream, err := alice.WatchNotes(t.Context(), &notesv1.WatchNotesRequest{})
	if err != nil {
		t.Fatal(err)
	}
	// The head of the response says that it watches.
	if _, err := stream.Header(); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		answer, _ := stream.Recv()
		got <- answer.GetNote().GetText()
	}()
	for number := 0; ; number++ {
		create(t, alice, string(rune('a'+number)), "tea")
		select {
		case text := <-got:
			if text != "tea" {
				t.Errorf("found %q", text)
			}
			return
		default:
		}
	}
}

func TestATitleIsThatOfTheProductInCatalog(t *testing.T) {
	other := chassistest.Start(t, upstream, chassis.Options{})
	set := map[string]string{"upstreams.catalog": "http://" + other.Running.Address}
	service := chassistest.Start(t, definition, chassis.Options{Set: set})
	client := notesv1.NewNoteServiceClient(service.As("anonymous"))
	answer, err := client.SuggestTitle(t.Context(), &notesv1.SuggestTitleRequest{ProductId: productID})
	if err != nil || answer.GetTitle() != "Mint tea" {
		t.Errorf("found %v, %v", answer, err)
	}
	for _, unknown := range []string{"product_01h455vb4pex5vsknk084sn02r", "tea"} {
		_, err = client.SuggestTitle(t.Context(), &notesv1.SuggestTitleRequest{ProductId: unknown})
		refused := souk.ErrorOf(err)
		if refused == nil || refused.Code != codes.NotFound || refused.Metadata["product_id"] != unknown {
			t.Errorf("%s is answered with %v", unknown, err)
		}
	}
}

func TestASettingOutOfItsRangeIsRefused(t *testing.T) {
	_, err := chassis.LoadConfig(definition, chassis.Options{Set: map[string]string{"notes.most_per_customer": "0"}})
	if err == nil || err.Error() != "notes.most_per_customer = 0 (from the program): must be at least 1" {
		t.Error(err)
	}
}
