package chassis

import (
	"regexp"
	"strings"
)

var versionSegment = regexp.MustCompile(`^v[0-9][0-9A-Za-z]*$`)

// ownerOf returns the service that owns a type of event, which alone publishes it: the last segment
// of its package that is not a version, with "-" for each "_". Empty when the type has no such
// segment, and so no owner.
//
// souk.orders.v1.OrderPlaced belongs to orders, acme.gift_cards.v2.Issued to gift-cards.
func ownerOf(kind string) string {
	segments := strings.Split(kind, ".")
	for at := len(segments) - 2; at >= 0; at-- {
		if !versionSegment.MatchString(segments[at]) {
			return strings.ReplaceAll(segments[at], "_", "-")
		}
	}
	return ""
}

// isFromOwner returns whether an event says that it comes from the owner of its type. The bus sets
// the source from the identity of the publisher; an event that another program wrote to a broker has
// the source that this program chose.
func isFromOwner(source, kind string) bool {
	owner := ownerOf(kind)
	return owner != "" && source == "/services/"+owner
}
