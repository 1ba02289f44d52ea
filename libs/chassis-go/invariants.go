package chassis

import (
	"context"
	"fmt"

	opsv1 "souk.example/go/souk/ops/v1"
)

// Finding is one invariant that does not hold.
type Finding struct {
	// Invariant is the id of the invariant: words that never change.
	Invariant string
	// Subject is what violates it, such as the id of an order.
	Subject string
	// Detail is what was found, with the numbers.
	Detail string
}

// Count says how much of something was checked, so that "no finding" cannot mean "nothing was read".
type Count struct {
	What  string
	Count int64
}

// Report is what a check found: at most 1,000 findings, and how much there was of everything.
type Report struct {
	Findings []Finding
	Counts   []Count
}

// Check reads the records of a service, on one state of them.
type Check func(context.Context) (Report, error)

// addInvariants serves the check of a service.
func addInvariants(service *Service) error {
	if service.check == nil {
		if len(service.rpcs) > 0 {
			return &StartError{service.Name + " says nothing of its invariants (Service.Invariants)"}
		}
		return nil
	}
	opsv1.RegisterInvariantServiceServer(service, &invariants{service: service})
	return nil
}

// invariants is souk.ops.v1.InvariantService, which every process serves.
type invariants struct {
	opsv1.UnimplementedInvariantServiceServer
	service *Service
}

// CheckInvariants has the service check its records.
func (server *invariants) CheckInvariants(ctx context.Context, request *opsv1.CheckInvariantsRequest) (*opsv1.CheckInvariantsResponse, error) {
	name, asked := server.service.Name, request.GetService()
	if asked != "" && asked != name {
		description := fmt.Sprintf("must be one of %s, not %q", name, asked)
		return nil, InvalidField("souk.ops", description, FieldViolation{"service", description})
	}
	found, err := server.service.check(ctx)
	if err != nil {
		return nil, err
	}
	report := &opsv1.InvariantReport{Service: name}
	for _, finding := range found.Findings {
		report.Findings = append(report.Findings, &opsv1.AuditFinding{
			Invariant: finding.Invariant,
			Subject:   finding.Subject,
			Detail:    finding.Detail,
		})
	}
	for _, count := range found.Counts {
		report.Counts = append(report.Counts, &opsv1.AuditCount{What: count.What, Count: count.Count})
	}
	return &opsv1.CheckInvariantsResponse{Reports: []*opsv1.InvariantReport{report}}, nil
}
