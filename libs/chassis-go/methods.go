package chassis

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// backgroundBytes is the largest request of health and reflection, whose protos bound nothing.
const backgroundBytes = 4096

// served is one method that is served.
type served struct {
	desc protoreflect.MethodDescriptor
	// souk.orders.v1.OrderService/PlaceOrder
	name           string
	policy         *policy
	implementation any
	// The generated code that calls the method: one of them.
	unary  grpc.MethodHandler
	stream grpc.StreamHandler
	// The largest message of a request that is read.
	maxRequestBytes int
	// What is counted in a request before it is decoded.
	shape shape
	owned *owned
	// Health and reflection.
	isBackground bool
}

// methodTable returns everything that a process serves, by path: the service's own methods, and what
// every process offers.
func methodTable(own, builtin []rpc, maxMessageBytes int) (map[string]*served, error) {
	table := map[string]*served{}
	for _, part := range []struct {
		rpcs         []rpc
		isBackground bool
	}{{own, false}, {builtin, true}} {
		for _, rpc := range part.rpcs {
			if err := addMethods(table, rpc, part.isBackground, maxMessageBytes); err != nil {
				return nil, err
			}
		}
	}
	return table, nil
}

func addMethods(table map[string]*served, rpc rpc, isBackground bool, maxMessageBytes int) error {
	service, err := describe(rpc.desc.ServiceName)
	if err != nil {
		return err
	}
	add := func(name string, code served) error {
		code.desc = service.Methods().ByName(protoreflect.Name(name))
		code.implementation = rpc.implementation
		code.isBackground = isBackground
		made, err := code.complete(maxMessageBytes)
		if err != nil {
			return err
		}
		path := "/" + made.name
		if _, isTaken := table[path]; isTaken {
			return &StartError{made.name + " is registered twice"}
		}
		table[path] = made
		return nil
	}
	for _, method := range rpc.desc.Methods {
		if err := add(method.MethodName, served{unary: method.Handler}); err != nil {
			return err
		}
	}
	for _, method := range rpc.desc.Streams {
		if err := add(method.StreamName, served{stream: method.Handler}); err != nil {
			return err
		}
	}
	return nil
}

// complete adds what the contract says of a method.
func (method served) complete(maxMessageBytes int) (*served, error) {
	method.name = nameOf(method.desc)
	if method.isBackground {
		method.policy = openPolicy(method.desc)
		method.maxRequestBytes = min(maxMessageBytes, backgroundBytes)
		method.owned = &owned{}
		return &method, nil
	}
	method.policy = policyOf(method.desc)
	if method.policy == nil {
		return nil, &StartError{method.name + " has no souk.policy.v1.method in its contract"}
	}
	method.maxRequestBytes = int(min(float64(maxMessageBytes), maxRequestBytes(method.desc.Input())))
	method.shape = shapeOf(method.desc.Input(), nil)
	owned, err := ownedOf(method.desc)
	if err != nil {
		return nil, err
	}
	method.owned = owned
	return &method, nil
}

// describe returns the descriptor of a gRPC service of this program.
func describe(name string) (protoreflect.ServiceDescriptor, error) {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		return nil, &StartError{fmt.Sprintf("%s: %v", name, err)}
	}
	service, isService := found.(protoreflect.ServiceDescriptor)
	if !isService {
		return nil, &StartError{name + " is no gRPC service"}
	}
	return service, nil
}
