package chassis

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	policyv1 "souk.example/go/souk/policy/v1"
)

// me is what a user may write for its own customer.
const me = "me"

var grantsInWords = map[policyv1.Caller]string{
	policyv1.Caller_CALLER_PUBLIC:  "everyone",
	policyv1.Caller_CALLER_USER:    "users",
	policyv1.Caller_CALLER_SERVICE: "services",
	policyv1.Caller_CALLER_STAFF:   "staff",
}

// owned is what a request may name beyond its form: a user's own customer, and fields that are for
// some kinds of callers only. The options own and set_by of souk.policy.v1 say it.
type owned struct {
	domain string
	// The fields that lead to the customer whose things a user reaches; none where the service itself
	// decides.
	customer []protoreflect.FieldDescriptor
	path     string
	// The fields that some kinds of callers may set.
	setBy []setBy
}

type setBy struct {
	field protoreflect.FieldDescriptor
	kinds []policyv1.Caller
}

// ownedOf reads what the contract says of the fields of a method's request.
func ownedOf(method protoreflect.MethodDescriptor) (*owned, error) {
	found := &owned{domain: domainOf(method.Input())}
	if policy := policyOf(method); policy != nil {
		names := strings.Split(policy.own, ".")
		if names[len(names)-1] == "customer_id" {
			found.path = policy.own
			message := method.Input()
			for _, name := range names {
				if message == nil || message.Fields().ByName(protoreflect.Name(name)) == nil {
					return nil, &StartError{fmt.Sprintf("%s has no field %s", method.Input().FullName(), policy.own)}
				}
				field := message.Fields().ByName(protoreflect.Name(name))
				found.customer = append(found.customer, field)
				message = field.Message()
			}
		}
	}
	fields := method.Input().Fields()
	for at := range fields.Len() {
		said, _ := proto.GetExtension(fields.Get(at).Options(), policyv1.E_Field).(*policyv1.FieldPolicy)
		if kinds := said.GetSetBy(); len(kinds) > 0 {
			found.setBy = append(found.setBy, setBy{fields.Get(at), kinds})
		}
	}
	return found, nil
}

// check checks a request against who sent it, and writes a user's customer into it.
func (owned *owned) check(caller Caller, message proto.Message) *Refusal {
	request := message.ProtoReflect()
	for _, one := range owned.setBy {
		if !request.Has(one.field) || slices.Contains(one.kinds, contractKinds[caller.Kind]) {
			continue
		}
		var kinds []string
		for _, kind := range one.kinds {
			kinds = append(kinds, grantsInWords[kind])
		}
		return fieldNotAllowed(string(one.field.Name()), strings.Join(kinds, " and "))
	}
	holder, field := owned.holder(request)
	if holder == nil {
		return nil
	}
	asked := holder.Get(field).String()
	if caller.Customer == "" {
		if asked != me {
			return nil
		}
		allowed := "must be the id of a customer: `me` is for a user, who has one"
		return InvalidField(owned.domain, fmt.Sprintf("field %s %s", owned.path, allowed), FieldViolation{owned.path, allowed})
	}
	if asked != "" && asked != me && asked != caller.Customer {
		return otherCustomer(owned.path)
	}
	holder.Set(field, protoreflect.ValueOfString(caller.Customer))
	return nil
}

// holder returns the message that has the customer, and its field; nil when a message on the way is
// absent, or when no field names a customer.
func (owned *owned) holder(request protoreflect.Message) (protoreflect.Message, protoreflect.FieldDescriptor) {
	if len(owned.customer) == 0 {
		return nil, nil
	}
	last := len(owned.customer) - 1
	for _, field := range owned.customer[:last] {
		if !request.Has(field) {
			return nil, nil
		}
		request = request.Mutable(field).Message()
	}
	return request, owned.customer[last]
}

// customerNamedIn returns the customer that a request names where the contract says whose things it
// reaches; empty when it names none.
func customerNamedIn(method protoreflect.MethodDescriptor, message proto.Message) string {
	owned, err := ownedOf(method)
	if err != nil {
		return ""
	}
	holder, field := owned.holder(message.ProtoReflect())
	if holder == nil {
		return ""
	}
	return holder.Get(field).String()
}
