package chassis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	policyv1 "souk.example/go/souk/policy/v1"
)

// everyScope is the scope of a token that has every scope.
const everyScope = "*"

// Criticality is how much is lost when a call is refused, as it travels in the header
// souk-criticality.
type Criticality string

// The criticalities.
const (
	Sheddable     Criticality = "sheddable"
	SheddablePlus Criticality = "sheddable_plus"
	Critical      Criticality = "critical"
	CriticalPlus  Criticality = "critical_plus"
)

var criticalities = map[policyv1.Criticality]Criticality{
	policyv1.Criticality_CRITICALITY_CRITICAL_PLUS:  CriticalPlus,
	policyv1.Criticality_CRITICALITY_CRITICAL:       Critical,
	policyv1.Criticality_CRITICALITY_SHEDDABLE_PLUS: SheddablePlus,
	policyv1.Criticality_CRITICALITY_SHEDDABLE:      Sheddable,
}

// criticalityNamed returns the criticality of this name, if there is one.
func criticalityNamed(name string) (Criticality, bool) {
	for _, one := range criticalities {
		if string(one) == name {
			return one, true
		}
	}
	return "", false
}

// policy is what the contract says of a method, read from the descriptors.
type policy struct {
	// Who may call: every caller that one of these admits; never empty.
	grants []*policyv1.Grant
	// The field of the request that says whose things a user reaches, by its path.
	own         string
	criticality Criticality
	// Zero for a method that streams its answers and names no timeout.
	timeout      time.Duration
	isRepeatable bool
	isStreaming  bool
	// The domain of the method's own reasons, its package without the version: souk.orders.
	domain string
	// The reasons of its own package that the method can fail with.
	reasons []string
}

// nameOf returns souk.orders.v1.OrderService/PlaceOrder.
func nameOf(method protoreflect.MethodDescriptor) string {
	return fmt.Sprintf("%s/%s", method.Parent().FullName(), method.Name())
}

// policyOf reads the policy of a method; nil when the contract gives it none.
func policyOf(method protoreflect.MethodDescriptor) *policy {
	if !proto.HasExtension(method.Options(), policyv1.E_Method) {
		return nil
	}
	said := proto.GetExtension(method.Options(), policyv1.E_Method).(*policyv1.MethodPolicy)
	if len(said.GetGrants()) == 0 {
		return nil
	}
	criticality, isKnown := criticalities[said.GetCriticality()]
	if !isKnown {
		criticality = Critical
	}
	level := method.Options().(*descriptorpb.MethodOptions).GetIdempotencyLevel()
	return &policy{
		grants:       said.GetGrants(),
		own:          said.GetOwn(),
		criticality:  criticality,
		timeout:      said.GetTimeout().AsDuration(),
		isRepeatable: level != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN,
		isStreaming:  method.IsStreamingClient() || method.IsStreamingServer(),
		domain:       domainOf(method),
		reasons:      said.GetReasons(),
	}
}

// openPolicy returns the policy of health and reflection: the standards of others carry none.
func openPolicy(method protoreflect.MethodDescriptor) *policy {
	open := &policy{
		grants:      []*policyv1.Grant{{Caller: policyv1.Caller_CALLER_PUBLIC}},
		criticality: CriticalPlus,
		timeout:     5 * time.Second,
		isStreaming: method.IsStreamingClient() || method.IsStreamingServer(),
		domain:      domainOf(method),
	}
	if open.isStreaming {
		open.timeout = 0
	}
	return open
}

// contractKinds are the kinds of callers as the contract names them.
var contractKinds = map[CallerKind]policyv1.Caller{
	KindAnonymous: policyv1.Caller_CALLER_PUBLIC,
	KindUser:      policyv1.Caller_CALLER_USER,
	KindGuest:     policyv1.Caller_CALLER_USER,
	KindService:   policyv1.Caller_CALLER_SERVICE,
	KindStaff:     policyv1.Caller_CALLER_STAFF,
}

var kindsInWords = map[CallerKind]string{
	KindAnonymous: "everyone",
	KindUser:      "a user",
	KindGuest:     "a guest",
	KindService:   "a service",
	KindStaff:     "a member of the staff",
}

// allow checks the caller's kind and its scopes. Of several grants to its kind the first says why it
// is refused.
func (policy *policy) allow(name string, who identity) *Refusal {
	var why *Refusal
	for _, grant := range policy.grants {
		isPublic := grant.GetCaller() == policyv1.Caller_CALLER_PUBLIC
		if !isPublic && grant.GetCaller() != contractKinds[who.caller.Kind] {
			continue
		}
		refusal := admit(grant, name, who)
		if refusal == nil {
			return nil
		}
		if why == nil {
			why = refusal
		}
	}
	if why != nil {
		return why
	}
	if who.caller.Kind == KindAnonymous {
		return unauthenticated("this method requires an authenticated caller")
	}
	return accessDenied(fmt.Sprintf("%s may not be called by %s", name, kindsInWords[who.caller.Kind]), nil)
}

// admit returns why a grant to the caller's kind does not admit the caller.
func admit(grant *policyv1.Grant, name string, who identity) *Refusal {
	if grant.GetExcludesGuests() && who.caller.Kind == KindGuest {
		return accessDenied(name+" may be called by a user who has signed in, not by a guest", nil)
	}
	var lacking []string
	for _, scope := range grant.GetScopes() {
		if !slices.Contains(who.scopes, scope) && !slices.Contains(who.scopes, everyScope) {
			lacking = append(lacking, scope)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	message := fmt.Sprintf("%s may be called by %s whose token has the scope %s", name, kindsInWords[who.caller.Kind], strings.Join(lacking, " and "))
	return accessDenied(message, lacking)
}
