package souk

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// DevelopmentKey signs development tokens unless a shop is configured with another key. It is no
// secret.
const DevelopmentKey = "souk-development-key-that-is-no-secret"

// The digits of base 32 (Crockford), in which TypeIDs are written.
const base32Digits = "0123456789abcdefghjkmnpqrstvwxyz"

// namespaceOID is the namespace of RFC 9562, section 6.6.
var namespaceOID = [16]byte{0x6b, 0xa7, 0xb8, 0x12, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}

// CustomerOf returns the customer, "customer_…", of "user:ID" or "guest:ID", as development tokens
// derive it: a UUIDv5 (RFC 9562) as a TypeID. With tokens of an identity provider the customer is
// what the token says.
func CustomerOf(who string) string {
	id := uuid5(uuid5(namespaceOID, "souk.customer"), who)
	var digits [26]byte
	for at := len(digits) - 1; at >= 0; at-- {
		digits[at] = base32Digits[id[15]&31]
		// The next five bits move to the end.
		var carry byte
		for i, b := range id {
			id[i], carry = b>>5|carry<<3, b&31
		}
	}
	return "customer_" + string(digits[:])
}

// DevelopmentToken returns a token for "user:ID", "guest:ID", "service:NAME", "staff" or
// "staff:ID", with scopes such as "orders.read". Only shops on loopback addresses accept it.
// "anonymous" has no token, so the result is empty. The token of a user or guest names its customer,
// see [CustomerOf].
func DevelopmentToken(who string, scopes ...string) string {
	return DevelopmentTokenUntil(who, time.Time{}, scopes...)
}

// DevelopmentTokenUntil returns what [DevelopmentToken] does, for a token that is accepted until
// expires, in whole seconds.
func DevelopmentTokenUntil(who string, expires time.Time, scopes ...string) string {
	if who == "anonymous" {
		return ""
	}
	// A space in an id must not read as the start of a claim or scope.
	words := []string{strings.NewReplacer("%", "%25", " ", "%20").Replace(who)}
	if strings.HasPrefix(who, "user:") || strings.HasPrefix(who, "guest:") {
		words = append(words, "customer="+CustomerOf(who))
	}
	if !expires.IsZero() {
		words = append(words, "expires="+strconv.FormatInt(expires.Unix(), 10))
	}
	words = append(words, scopes...)
	payload := base64.RawURLEncoding.EncodeToString([]byte(strings.Join(words, " ")))
	mac := hmac.New(sha256.New, []byte(DevelopmentKey))
	mac.Write([]byte(payload))
	return "souk-dev." + payload + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// uuid5 returns the UUIDv5 of a name.
func uuid5(namespace [16]byte, name string) [16]byte {
	hash := sha1.New()
	hash.Write(namespace[:])
	hash.Write([]byte(name))
	id := [16]byte(hash.Sum(nil)[:16])
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return id
}
