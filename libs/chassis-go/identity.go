package chassis

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	souk "souk.example/go"
)

// A development token is souk-dev.PAYLOAD.MAC, see docs/service-contract.md, C-ACCESS-5. The key is
// public unless one is configured, so a server whose address is not loopback refuses such tokens.

const (
	tokenPrefix = "souk-dev."
	// Longer tokens are refused before anything is computed over them.
	maxTokenLength  = 2048
	malformedToken  = "the authorization header is not 'Bearer souk-dev.<payload>.<mac>'"
	maxIDCharacters = 128
	customerClaim   = "customer="
	expiresClaim    = "expires="
	// The most seconds since 1970 that are a time in microseconds.
	maxSeconds = 9_223_372_036_854
)

var (
	bearer      = regexp.MustCompile(`(?i)^bearer (souk-dev\.)([\w-]+)\.([\w-]+)$`)
	customerID  = regexp.MustCompile(`^customer_[0-7][0-9a-hjkmnp-tv-z]{25}$`)
	wholeNumber = regexp.MustCompile(`^[+-]?\d{1,13}$`)
)

// DevelopmentToken returns a token for a caller, "user:alice" or "service:orders", whose customer is
// derived from its name. Send it as "authorization: Bearer TOKEN". An empty key is the public one.
// "anonymous" has no token, so the result is empty.
func DevelopmentToken(who Caller, key string, scopes ...string) string {
	if who.Kind == KindAnonymous {
		return ""
	}
	// A space in an id must not read as the start of a claim or scope.
	words := []string{strings.NewReplacer("%", "%25", " ", "%20").Replace(who.Key())}
	if who.Customer != "" {
		words = append(words, customerClaim+who.Customer)
	}
	words = append(words, scopes...)
	payload := base64.RawURLEncoding.EncodeToString([]byte(strings.Join(words, " ")))
	return tokenPrefix + payload + "." + base64.RawURLEncoding.EncodeToString(macOf(key, payload))
}

// verifier says how tokens are verified.
type verifier struct {
	key string
	// Development tokens are accepted on loopback addresses only.
	isLoopback bool
	now        func() time.Time
}

// identify returns who sent a request with this authorization header.
func (verifier verifier) identify(header string) (identity, *Refusal) {
	if !verifier.isLoopback {
		return identity{}, unauthenticated("development tokens are accepted on loopback addresses only")
	}
	if len(header) > maxTokenLength {
		message := fmt.Sprintf("the token is too long, at most %d bytes are allowed", maxTokenLength)
		return identity{}, unauthenticated(message)
	}
	match := bearer.FindStringSubmatch(header)
	if match == nil || match[1] != tokenPrefix {
		return identity{}, unauthenticated(malformedToken)
	}
	mac, err := base64.RawURLEncoding.Strict().DecodeString(match[3])
	if err != nil || !hmac.Equal(mac, macOf(verifier.key, match[2])) {
		return identity{}, unauthenticated("the token's signature is wrong")
	}
	payload, err := base64.RawURLEncoding.DecodeString(match[2])
	if err != nil || !utf8.Valid(payload) {
		return identity{}, unauthenticated(malformedToken)
	}
	return verifier.read(strings.Split(string(payload), " "))
}

// read reads the words of a token whose signature is right.
func (verifier verifier) read(words []string) (identity, *Refusal) {
	who, words := words[0], words[1:]
	customer, words := claim(customerClaim, words)
	expires, words := claim(expiresClaim, words)
	who = strings.ReplaceAll(strings.ReplaceAll(who, "%20", " "), "%25", "%")
	caller, isCaller := parseSubject(who)
	if !isCaller {
		return identity{}, unauthenticated(malformedToken)
	}
	if caller.Kind != KindAnonymous {
		if wrong := wrongWithID(caller.ID); wrong != "" {
			rule := fmt.Sprintf("must be 1 to %d characters, without control characters and spaces at the ends, in Unicode normal form C", maxIDCharacters)
			return identity{}, unauthenticated(fmt.Sprintf("the id of the caller is not allowed: %s; %s", wrong, rule))
		}
	}
	if refusal := checkCustomer(caller, customer); refusal != nil {
		return identity{}, refusal
	}
	if customer != nil {
		caller.Customer = *customer
	}
	if expires != nil {
		seconds, err := strconv.ParseInt(*expires, 10, 64)
		if err != nil || !wholeNumber.MatchString(*expires) || seconds > maxSeconds || seconds < -maxSeconds {
			return identity{}, unauthenticated(malformedToken)
		}
		if !verifier.now().Before(time.Unix(seconds, 0)) {
			return identity{}, unauthenticated("the token has expired")
		}
	}
	return identity{caller: caller, scopes: slices.Clone(words)}, nil
}

// claim takes the first word if it is this claim.
func claim(name string, words []string) (*string, []string) {
	if len(words) == 0 || !strings.HasPrefix(words[0], name) {
		return nil, words
	}
	value := strings.TrimPrefix(words[0], name)
	return &value, words[1:]
}

// checkCustomer checks that the token of a person names the customer that owns what it does, and
// that no other token does.
func checkCustomer(caller Caller, customer *string) *Refusal {
	isPerson := caller.Kind == KindUser || caller.Kind == KindGuest
	switch {
	case isPerson && customer == nil:
		return unauthenticated("the token of a user names no customer")
	case !isPerson && customer != nil:
		return unauthenticated("the token names a customer, and its caller has none")
	case customer == nil || customerID.MatchString(*customer):
		return nil
	}
	return unauthenticated("the customer of the token must be `customer_` and 26 characters of base 32 (0-9, a-z without i, l, o, u), the first at most 7")
}

// wrongWithID says what makes a text no id; empty when it is one. Ids are compared byte by byte and
// end in logs, events and requests.
func wrongWithID(id string) string {
	switch {
	case utf8.RuneCountInString(id) > maxIDCharacters:
		return "it is too long"
	case strings.ContainsFunc(id, unicode.IsControl):
		return "it has a control character"
	case strings.TrimSpace(id) != id:
		return "it begins or ends with a space"
	case !norm.NFC.IsNormalString(id):
		return "it is not in Unicode's normal form C"
	}
	return ""
}

func macOf(key, payload string) []byte {
	if key == "" {
		key = souk.DevelopmentKey
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(payload))
	return mac.Sum(nil)
}
