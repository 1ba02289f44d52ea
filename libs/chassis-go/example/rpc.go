package main

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chassis "souk.example/chassis-go"
	notesv1 "souk.example/chassis-go/example/gen/souk/notes/v1"
	catalogv1 "souk.example/go/souk/catalog/v1"
)

// rpc has the methods of NoteService.
type rpc struct {
	notesv1.UnimplementedNoteServiceServer
	notes   *notes
	tokens  *chassis.Tokens
	catalog catalogv1.CatalogServiceClient
}

// ListNotes returns the notes of a customer.
func (rpc *rpc) ListNotes(ctx context.Context, request *notesv1.ListNotesRequest) (*notesv1.ListNotesResponse, error) {
	customer := request.GetCustomerId()
	scope := []string{"ListNotes", chassis.CallerOf(ctx).Key(), customer}
	fetch := func(position string, most int) ([]row, error) {
		return rpc.notes.list(ctx, customer, position, most)
	}
	write := func(row row) *notesv1.Note { return row.note }
	items, next, err := chassis.PageOf(rpc.tokens, scope, request, fetch, row.position, write)
	if err != nil {
		return nil, err
	}
	return &notesv1.ListNotesResponse{Notes: items, NextPageToken: next}, nil
}

// CreateNote writes a note, once per request id.
func (rpc *rpc) CreateNote(ctx context.Context, request *notesv1.CreateNoteRequest) (*notesv1.CreateNoteResponse, error) {
	const method = notesv1.NoteService_CreateNote_FullMethodName
	return chassis.WriteOnce(ctx, rpc.notes.store, method, request, func(tx *chassis.Tx) (*notesv1.CreateNoteResponse, error) {
		note := &notesv1.Note{CustomerId: request.GetNote().GetCustomerId(), Text: request.GetNote().GetText()}
		if err := rpc.notes.write(tx, note); err != nil {
			return nil, err
		}
		return &notesv1.CreateNoteResponse{Note: note}, nil
	})
}

// SuggestTitle asks catalog for the title of a product.
func (rpc *rpc) SuggestTitle(ctx context.Context, request *notesv1.SuggestTitleRequest) (*notesv1.SuggestTitleResponse, error) {
	id := request.GetProductId()
	found, err := rpc.catalog.GetProduct(ctx, &catalogv1.GetProductRequest{ProductId: id})
	switch status.Code(err) {
	case codes.OK:
		return &notesv1.SuggestTitleResponse{Title: found.GetProduct().GetTitle()}, nil
	case codes.NotFound, codes.InvalidArgument:
		const reason = notesv1.ErrorReason_ERROR_REASON_UNKNOWN_PRODUCT
		return nil, chassis.Refuse(reason, fmt.Sprintf("product %s does not exist", id), chassis.Facts{"product_id": id})
	}
	return nil, err
}

// WatchNotes sends each note of a customer that is written from now on.
func (rpc *rpc) WatchNotes(request *notesv1.WatchNotesRequest, stream grpc.ServerStreamingServer[notesv1.WatchNotesResponse]) error {
	written, stop := rpc.notes.watchers.watch(request.GetCustomerId())
	defer stop()
	for {
		select {
		case note := <-written:
			if err := stream.Send(&notesv1.WatchNotesResponse{Note: note}); err != nil {
				return err
			}
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}
