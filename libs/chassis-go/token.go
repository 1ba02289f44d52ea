package chassis

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

const tokenMACBytes = 16

// Tokens signs and opens page and resume tokens with one key: opaque, and bound to the caller and
// what was asked, so that a changed one is noticed. Those who must open each other's share the key.
type Tokens struct{ key []byte }

// NewTokens returns the tokens of a key.
func NewTokens(key []byte) *Tokens { return &Tokens{key} }

// Issue returns a token for a position within a scope: the method, the caller, the filter.
func (tokens *Tokens) Issue(scope []string, position string) string {
	return base64.RawURLEncoding.EncodeToString(append(tokens.mac(scope, position), position...))
}

// Open returns the position of a token; false when it was changed or belongs to another scope. See
// [PageOf] for pages.
func (tokens *Tokens) Open(scope []string, token string) (string, bool) {
	// Base64 can write the same bytes in several ways; only ours is valid.
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(bytes) < tokenMACBytes {
		return "", false
	}
	position := string(bytes[tokenMACBytes:])
	return position, hmac.Equal(bytes[:tokenMACBytes], tokens.mac(scope, position))
}

func (tokens *Tokens) mac(scope []string, position string) []byte {
	// Texts are always JSON.
	signed, _ := json.Marshal([]any{scope, position})
	mac := hmac.New(sha256.New, tokens.key)
	mac.Write(signed)
	return mac.Sum(nil)[:tokenMACBytes]
}
