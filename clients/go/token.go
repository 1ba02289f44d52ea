package souk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// DevelopmentKey signs development tokens unless a shop is configured with another key. It is no
// secret.
const DevelopmentKey = "souk-development-key-that-is-no-secret"

// DevelopmentToken returns a token for "user:ID", "service:NAME", "staff" or "staff:ID", with
// scopes such as "orders.read". Only shops on loopback addresses accept it. "anonymous" has no
// token, so the result is empty.
func DevelopmentToken(who string, scopes ...string) string {
	if who == "anonymous" {
		return ""
	}
	// A space in an id must not read as the start of a scope.
	name := strings.NewReplacer("%", "%25", " ", "%20").Replace(who)
	words := append([]string{name}, scopes...)
	payload := base64.RawURLEncoding.EncodeToString([]byte(strings.Join(words, " ")))
	mac := hmac.New(sha256.New, []byte(DevelopmentKey))
	mac.Write([]byte(payload))
	return "souk-dev." + payload + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
