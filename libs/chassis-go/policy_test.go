package chassis

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	souk "souk.example/go"
	ordersv1 "souk.example/go/souk/orders/v1"
	policyv1 "souk.example/go/souk/policy/v1"
)

func TestDeadlinesAndRetriesAreThoseOfTheCommittedServiceConfig(t *testing.T) {
	var config struct {
		MethodConfig []struct {
			Name []struct {
				Service string `json:"service"`
				Method  string `json:"method"`
			} `json:"name"`
			Timeout     string          `json:"timeout"`
			RetryPolicy json.RawMessage `json:"retryPolicy"`
		} `json:"methodConfig"`
	}
	must(t, json.Unmarshal([]byte(souk.ServiceConfig), &config))
	methods := 0
	for _, group := range config.MethodConfig {
		for _, name := range group.Name {
			found := policyAt("/" + name.Service + "/" + name.Method)
			if found == nil {
				t.Errorf("%s/%s has no policy", name.Service, name.Method)
				continue
			}
			timeout, _ := time.ParseDuration(group.Timeout)
			// Streams are opened again by those who read them.
			isRetried := found.isStreaming || found.isRepeatable == (group.RetryPolicy != nil)
			if found.timeout != timeout || !isRetried {
				t.Errorf("%s/%s: %s and %t instead of %s and %s", name.Service, name.Method, found.timeout, found.isRepeatable, group.Timeout, group.RetryPolicy)
			}
			methods++
		}
	}
	if methods < 90 {
		t.Errorf("there are %d methods", methods)
	}
}

// grants returns a policy with these grants.
func grants(grants ...*policyv1.Grant) *policy { return &policy{grants: grants} }

func grant(caller policyv1.Caller, scopes ...string) *policyv1.Grant {
	return &policyv1.Grant{Caller: caller, Scopes: scopes}
}

// refusalOf returns the reason and the scopes with which a caller is refused; empty when it is
// admitted.
func refusalOf(policy *policy, caller string, scopes ...string) string {
	who, _ := ParseCaller(caller)
	refusal := policy.allow("the method", identity{caller: who, scopes: scopes})
	if refusal == nil {
		return ""
	}
	return strings.TrimSpace(refusal.Code().String() + " " + refusal.Facts()["scopes"])
}

func TestEveryoneMayCallWhatIsPublicWithWhateverScopes(t *testing.T) {
	public := grants(grant(policyv1.Caller_CALLER_PUBLIC))
	for _, caller := range []string{"anonymous", "user:a", "guest:a", "service:a", "staff"} {
		equal(t, refusalOf(public, caller, "orders.read"), "")
	}
}

func TestAGrantAdmitsItsKindOnlyAndAsksForAllOfItsScopes(t *testing.T) {
	staff := grants(grant(policyv1.Caller_CALLER_STAFF, "orders.read", "orders.write"))
	denied := codes.PermissionDenied.String()
	equal(t, refusalOf(staff, "staff:ann", "orders.write", "orders.read"), "")
	equal(t, refusalOf(staff, "staff:ann", everyScope), "")
	equal(t, refusalOf(staff, "staff:ann", "orders.read"), denied+" orders.write")
	equal(t, refusalOf(staff, "staff:ann", "orders.*"), denied+" orders.read,orders.write")
	equal(t, refusalOf(staff, "service:a", everyScope), denied)
	equal(t, refusalOf(staff, "anonymous"), codes.Unauthenticated.String())
}

func TestAnyGrantForTheKindSufficesAndTheFirstSaysWhatIsLacking(t *testing.T) {
	either := grants(grant(policyv1.Caller_CALLER_SERVICE, "orders.read"), grant(policyv1.Caller_CALLER_SERVICE, "ops.audit"))
	equal(t, refusalOf(either, "service:a", "ops.audit"), "")
	equal(t, refusalOf(either, "service:a"), codes.PermissionDenied.String()+" orders.read")
}

func TestAGrantThatExcludesGuestsAdmitsWhoHasSignedInAndAnotherMayAdmitBoth(t *testing.T) {
	signedIn := &policyv1.Grant{Caller: policyv1.Caller_CALLER_USER, ExcludesGuests: true}
	equal(t, refusalOf(grants(signedIn), "user:a"), "")
	equal(t, refusalOf(grants(signedIn), "guest:a"), codes.PermissionDenied.String())
	equal(t, refusalOf(grants(signedIn, grant(policyv1.Caller_CALLER_USER)), "guest:a"), "")
}

func TestACustomerIsRefusedByItsPathAndWrittenWhereTheRequestHasIt(t *testing.T) {
	const path = "note.customer_id"
	message := requestOfMethod(t, ordersv1.OrderService_PlaceOrder_FullMethodName)
	owned := &owned{domain: domainOf(message), path: path}
	order := message.Fields().ByName("customer_id")
	if order == nil {
		t.Fatal("PlaceOrderRequest has no customer_id")
	}
	owned.customer = append(owned.customer, order)
	who, _ := ParseCaller("user:alice")
	request := &ordersv1.PlaceOrderRequest{CustomerId: "me"}
	if refusal := owned.check(who, request); refusal != nil {
		t.Fatal(refusal)
	}
	equal(t, request.GetCustomerId(), who.Customer)
	request.CustomerId = souk.CustomerOf("user:bob")
	refusedWith(t, owned.check(who, request), codes.PermissionDenied, "ERROR_REASON_OTHER_CUSTOMER", path)
}
