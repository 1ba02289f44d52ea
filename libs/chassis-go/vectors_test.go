package chassis

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "souk.example/chassis-go/internal/gen/souk/fixture/v1"
)

func TestTheOfficialLibraryFindsInTheSharedVectorsWhatTheGeneratedRustValidatorsFind(t *testing.T) {
	text, err := os.ReadFile("../../tests/contract/vectors.json")
	must(t, err)
	var cases []struct {
		Message    string          `json:"message"`
		Value      json.RawMessage `json:"value"`
		Violations []struct {
			Field string `json:"field"`
			Rule  string `json:"rule"`
		} `json:"violations"`
	}
	must(t, json.Unmarshal(text, &cases))
	if len(cases) < 100 {
		t.Fatal("there are too few vectors")
	}
	for _, vector := range cases {
		kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(vector.Message))
		must(t, err)
		message := kind.New().Interface()
		must(t, protojson.Unmarshal(vector.Value, message))
		wanted := []string{}
		for _, violation := range vector.Violations {
			wanted = append(wanted, violation.Field+" "+violation.Rule)
		}
		found := []string{}
		if err := protovalidate.Validate(message); err != nil {
			var invalid *protovalidate.ValidationError
			if !errors.As(err, &invalid) {
				t.Fatalf("%s: %v", vector.Message, err)
			}
			for _, violation := range invalid.Violations {
				found = append(found, fmt.Sprintf("%s %s", protovalidate.FieldPathString(violation.Proto.GetField()), violation.Proto.GetRuleId()))
			}
		}
		slices.Sort(wanted)
		slices.Sort(found)
		if !slices.Equal(found, wanted) {
			t.Errorf("%s %s: found %v instead of %v", vector.Message, vector.Value, found, wanted)
		}
	}
}
