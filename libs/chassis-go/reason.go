package chassis

import (
	"fmt"
	"regexp"
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	policyv1 "souk.example/go/souk/policy/v1"
)

// reasonPolicy is what the contract says of a reason, read from the descriptors.
type reasonPolicy struct {
	// The full name of the value: ERROR_REASON_OUT_OF_STOCK.
	name string
	// The package that defines it, without its version: souk.inventory.
	domain string
	code   codes.Code
	// The keys that ErrorInfo always has in its metadata.
	metadata []string
	// The keys that it has when they are known or apply.
	optionalMetadata []string
}

var reasons sync.Map

// reasonOf returns the policy of a reason. It panics when the contract gives it none.
func reasonOf(reason protoreflect.Enum) *reasonPolicy {
	value := reason.Descriptor().Values().ByNumber(reason.Number())
	if value == nil {
		panic(fmt.Sprintf("%s has no reason %d", reason.Descriptor().FullName(), reason.Number()))
	}
	if known, found := reasons.Load(value); found {
		return known.(*reasonPolicy)
	}
	if !proto.HasExtension(value.Options(), policyv1.E_Reason) {
		panic(fmt.Sprintf("%s has no souk.policy.v1.reason in its contract", value.FullName()))
	}
	said := proto.GetExtension(value.Options(), policyv1.E_Reason).(*policyv1.ReasonPolicy)
	policy := &reasonPolicy{
		name:   string(value.Name()),
		domain: domainOf(value),
		// The codes of google.rpc.Code are those of gRPC.
		code:             codes.Code(said.GetCode()),
		metadata:         said.GetMetadata(),
		optionalMetadata: said.GetOptionalMetadata(),
	}
	reasons.Store(value, policy)
	return policy
}

// hasItsKeys returns whether the facts of an error are those that the contract promises.
func (policy *reasonPolicy) hasItsKeys(facts Facts) bool {
	for _, key := range policy.metadata {
		if _, found := facts[key]; !found {
			return false
		}
	}
	for key := range facts {
		if !slices.Contains(policy.metadata, key) && !slices.Contains(policy.optionalMetadata, key) {
			return false
		}
	}
	return true
}

var version = regexp.MustCompile(`\.v[^.]*$`)

// domainOf returns the domain of the errors of the package that defines something: the package
// without its version, so that it stays the same in the next version.
func domainOf(thing protoreflect.Descriptor) string {
	return version.ReplaceAllString(string(thing.ParentFile().Package()), "")
}
