package souk

import (
	"context"
	"errors"
	"io"
	"iter"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 5 * time.Second
)

// Resumable is the response of a stream that can be resumed after it.
type Resumable interface {
	// GetResumeToken resumes the stream after this response.
	GetResumeToken() string
}

// Watch reads a stream and reopens it when it breaks, after the last response received: nothing is
// skipped or repeated. It ends when the server ends the stream, when ctx ends, or after the first
// error that a retry does not solve. Leaving the loop cancels the stream.
//
//	for answer, err := range souk.Watch(ctx, "", func(ctx context.Context, token string) (grpc.ServerStreamingClient[ordersv1.WatchOrderResponse], error) {
//		return orders.WatchOrder(ctx, &ordersv1.WatchOrderRequest{OrderId: id, ResumeToken: token})
//	}) { … }
func Watch[R any, P interface {
	*R
	Resumable
}](ctx context.Context, resumeToken string, open func(ctx context.Context, resumeToken string) (grpc.ServerStreamingClient[R], error)) iter.Seq2[P, error] {
	return func(yield func(P, error) bool) {
		token, pause := resumeToken, firstPause
		for {
			isLeft := false
			err := read(ctx, token, open, func(answer *R) bool {
				token, pause = P(answer).GetResumeToken(), firstPause
				isLeft = !yield(answer, nil)
				return !isLeft
			})
			if isLeft || errors.Is(err, io.EOF) {
				return
			}
			if ctx.Err() != nil || !isPassing(err) {
				yield(nil, err)
				return
			}
			// Spreads callers whose streams broke together.
			jitter := time.Duration((0.5 + rand.Float64()/2) * float64(pause))
			pause = min(2*pause, longestPause)
			select {
			case <-time.After(jitter):
			case <-ctx.Done():
				yield(nil, status.FromContextError(ctx.Err()).Err())
				return
			}
		}
	}
}

// read opens a stream and passes on its responses until it ends, with io.EOF or an error, or until
// the reader has enough.
func read[R any](ctx context.Context, token string, open func(context.Context, string) (grpc.ServerStreamingClient[R], error), yield func(*R) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := open(ctx, token)
	if err != nil {
		return err
	}
	for {
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		if !yield(answer) {
			return nil
		}
	}
}

// isPassing returns whether a stream that ended so may be opened again: a server that drains or
// dies, a deadline, an overload.
func isPassing(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted:
		return true
	}
	return false
}
