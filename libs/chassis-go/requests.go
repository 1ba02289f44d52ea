package chassis

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	policyv1 "souk.example/go/souk/policy/v1"
)

// requestID is the field that tells a request from others.
const requestID protoreflect.Name = "request_id"

// repeatable names one request of one caller, and what was asked.
type repeatable struct {
	owner    string
	method   string
	id       string
	bodyHash []byte
}

// WriteOnce is Write, once per request: the first call with a request_id runs work and keeps its
// response in the same transaction; a repeat with the same body gets that response, for 7 days, and
// one with another body is FAILED_PRECONDITION. An error is not kept: it is evaluated again. Without
// a request_id each call is a first one.
//
// method is the generated constant ordersv1.OrderService_PlaceOrder_FullMethodName. What is done for
// a customer, by any caller, is kept by the customer; else by the caller, which the context has.
func WriteOnce[R proto.Message](
	ctx context.Context, store *Store, method string, request proto.Message, work func(*Tx) (R, error),
) (R, error) {
	var response R
	key, err := repeatableOf(ctx, method, request)
	if err != nil {
		return response, err
	}
	err = store.Write(ctx, func(tx *Tx) error {
		made, err := writeOnce(tx, key, work)
		response = made
		return err
	})
	if err != nil {
		var none R
		return none, err
	}
	return response, nil
}

func writeOnce[R proto.Message](tx *Tx, key repeatable, work func(*Tx) (R, error)) (R, error) {
	var none R
	if key.id == "" {
		return work(tx)
	}
	kept, err := key.find(tx)
	if err != nil {
		return none, err
	}
	if kept != nil {
		response := none.ProtoReflect().New().Interface().(R)
		if err := proto.Unmarshal(kept, response); err != nil {
			return none, fmt.Errorf("a recorded response cannot be decoded: %w", err)
		}
		return response, nil
	}
	response, err := work(tx)
	if err != nil {
		return none, err
	}
	return response, key.record(tx, response)
}

func repeatableOf(ctx context.Context, method string, request proto.Message) (repeatable, error) {
	message := request.ProtoReflect()
	field := message.Descriptor().Fields().ByName(requestID)
	if field == nil {
		return repeatable{}, fmt.Errorf("%s has no field request_id", message.Descriptor().FullName())
	}
	described, err := methodNamed(method)
	if err != nil {
		return repeatable{}, err
	}
	owner := customerNamedIn(described, request)
	if owner == "" {
		owner = CallerOf(ctx).Owner()
	}
	body := proto.Clone(request)
	body.ProtoReflect().Clear(field)
	bytes, err := proto.MarshalOptions{Deterministic: true}.Marshal(body)
	if err != nil {
		return repeatable{}, err
	}
	hash := sha256.Sum256(bytes)
	key := repeatable{owner: owner, method: method, id: message.Get(field).String(), bodyHash: hash[:]}
	return key, nil
}

// find returns the recorded response; nil when there is none.
func (key repeatable) find(tx *Tx) ([]byte, error) {
	const find = "SELECT body_hash, response FROM souk_requests" +
		" WHERE caller = $1 AND method = $2 AND request_id = $3"
	var hash, response []byte
	err := tx.QueryRow(find, key.owner, key.method, key.id).Scan(&hash, &response)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if string(hash) != string(key.bodyHash) {
		return nil, requestIDReused(key.id)
	}
	if response == nil {
		response = []byte{}
	}
	return response, nil
}

// record keeps the response of the request.
func (key repeatable) record(tx *Tx, response proto.Message) error {
	bytes, err := proto.Marshal(response)
	if err != nil {
		return err
	}
	if bytes == nil {
		bytes = []byte{}
	}
	const insert = "INSERT INTO souk_requests" +
		" (caller, method, request_id, body_hash, response, created_time)" +
		" VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
	now := tx.clock.Now().UnixMicro()
	rows, err := tx.Exec(insert, key.owner, key.method, key.id, key.bodyHash, bytes, now)
	if err == nil && rows == 0 {
		// The same request came in twice at once, and the other one was first: run again, and find its
		// response.
		return errConflict
	}
	return err
}

func requestIDReused(id string) error {
	message := fmt.Sprintf("request id %s was already used with a different request", id)
	refusal := Refuse(policyv1.ErrorReason_ERROR_REASON_REQUEST_ID_REUSED, message, nil)
	const description = "was used before with another request"
	violation := FieldViolation{Field: string(requestID), Description: description}
	return refusal.With(badRequest(violation))
}

// methodNamed returns the method of the contract of this name.
func methodNamed(method string) (protoreflect.MethodDescriptor, error) {
	name := strings.ReplaceAll(strings.Trim(method, "/"), "/", ".")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil, fmt.Errorf("the contract has no method %s", method)
	}
	return found.(protoreflect.MethodDescriptor), nil
}
