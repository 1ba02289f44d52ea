package souk

import (
	"encoding/csv"
	"os"
	"strconv"
	"strings"
	"testing"

	typev1 "souk.example/go/souk/type/v1"
)

// The cases that every client shares: a text, its minor units or nothing when it is refused, and how
// the amount is written or why it is refused.
func TestMoneyIsReadAndWrittenExactly(t *testing.T) {
	for _, line := range lines(t, "../../tests/clients/money_cases.csv", ';') {
		text, units, written := line[0], line[1], line[2]
		money, err := ParseMoney(text)
		if units == "" {
			if err == nil || !strings.Contains(err.Error(), written) {
				t.Errorf("%q is read as %v, %v", text, money, err)
			}
			continue
		}
		if err != nil || strconv.FormatInt(money.GetMinorUnits(), 10) != units {
			t.Errorf("%q is read as %v, %v", text, money, err)
		}
		if again, err := FormatMoney(money); err != nil || again != written {
			t.Errorf("%q is written as %q, %v", text, again, err)
		}
	}
	if text, err := FormatMoney(&typev1.Money{CurrencyCode: "ZZZ", MinorUnits: 1}); err == nil {
		t.Errorf("an unknown currency is written as %q", text)
	}
}

func TestEveryCurrencyOfTheContractIsKnown(t *testing.T) {
	table := lines(t, "../../proto/currencies.csv", ',')
	for _, line := range table {
		if digits, err := Digits(line[0]); err != nil || strconv.Itoa(digits) != line[1] {
			t.Errorf("%s has %d digits, %v, and not %s", line[0], digits, err, line[1])
		}
	}
	if len(table) != len(currencies) {
		t.Errorf("%d currencies are known, and the contract has %d", len(currencies), len(table))
	}
}

// lines returns the fields of each line of a table, without its header.
func lines(t *testing.T, name string, separator rune) [][]string {
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader := csv.NewReader(file)
	reader.Comma = separator
	reader.LazyQuotes = true
	all, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}
