package chassis

import (
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	echov1 "souk.example/chassis-go/internal/gen/souk/echo/v1"
)

var testTokens = NewTokens([]byte("a key"))

func TestATokenOpensInItsOwnScopeOnlyAndNotWhenItWasChanged(t *testing.T) {
	scope := []string{"List", "user:alice"}
	token := testTokens.Issue(scope, "7")
	position, isOurs := testTokens.Open(scope, token)
	equal(t, []any{position, isOurs}, []any{"7", true})
	for _, other := range [][]string{{"List", "user:bob"}, {"List"}, {"List", "user:", "alice"}} {
		_, isOurs := testTokens.Open(other, token)
		equal(t, isOurs, false)
	}
	for _, bad := range []string{"", "x", token + "A", token[2:], "B" + token[1:], token + "="} {
		if _, isOurs := testTokens.Open(scope, bad); isOurs && bad != token {
			t.Errorf("%s is opened", bad)
		}
	}
	_, isOurs = NewTokens([]byte("other")).Open(scope, token)
	equal(t, isOurs, false)
}

// listRequest is a request of a method that lists.
type listRequest struct {
	size  int32
	token string
}

func (request listRequest) GetPageSize() int32   { return request.size }
func (request listRequest) GetPageToken() string { return request.token }

// pagesOf reads all pages of items with so many bytes.
func pagesOf(t *testing.T, bytes []int, size int32) [][]string {
	t.Helper()
	fetch := func(position string, most int) ([]int, error) {
		start, _ := strconv.Atoi(position)
		var numbers []int
		for number := start; number < min(start+most, len(bytes)); number++ {
			numbers = append(numbers, number)
		}
		return numbers, nil
	}
	write := func(number int) *echov1.SayResponse {
		return &echov1.SayResponse{Name: strconv.Itoa(number), Seen: []string{strings.Repeat("x", bytes[number])}}
	}
	position := func(number int) string { return strconv.Itoa(number + 1) }
	var pages [][]string
	for token := ""; ; {
		items, next, err := PageOf(testTokens, []string{"List"}, listRequest{size, token}, fetch, position, write)
		must(t, err)
		var names []string
		for _, item := range items {
			names = append(names, item.GetName())
		}
		pages = append(pages, names)
		if token = next; token == "" {
			return pages
		}
	}
}

func TestPagesHaveEverythingOnceInOrder(t *testing.T) {
	seven := make([]int, 7)
	equal(t, pagesOf(t, seven, 3), [][]string{{"0", "1", "2"}, {"3", "4", "5"}, {"6"}})
	equal(t, pagesOf(t, seven, 0), [][]string{{"0", "1", "2", "3", "4", "5", "6"}})
	equal(t, pagesOf(t, nil, 3), [][]string{{}})
}

func TestAPageEndsAtThreeMebibytesWhateverSizeWasAskedForAndHasAtLeastOneItem(t *testing.T) {
	const mebibyte = 1 << 20
	bytes := []int{mebibyte, mebibyte, mebibyte, mebibyte, 5 * mebibyte, mebibyte, mebibyte}
	equal(t, pagesOf(t, bytes, 1000), [][]string{{"0", "1"}, {"2", "3"}, {"4"}, {"5", "6"}})
}

func TestAPageTokenThatWasNotIssuedForThisListIsRefusedAndTheFieldIsNamed(t *testing.T) {
	fetch := func(string, int) ([]int, error) { return nil, nil }
	position := func(int) string { return "" }
	write := func(int) *echov1.SayResponse { return nil }
	_, _, err := PageOf(testTokens, []string{"List"}, listRequest{3, "forged"}, fetch, position, write)
	found := refusedWith(t, err, codes.InvalidArgument, "ERROR_REASON_INVALID_PAGE_TOKEN", "page_token")
	equal(t, found.Message, "the page token is not valid for this caller and this list")
}
