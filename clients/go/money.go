package souk

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"

	typev1 "souk.example/go/souk/type/v1"
)

var amount = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))? ([A-Z]{3})$`)

// No amount of 64 bits has more digits before the point; text that has is not worth a large number.
const mostDigits = 19

// Digits returns how many digits the minor unit of a currency has by ISO 4217: 2 for GBP, 0 for JPY,
// 3 for KWD. It fails for a code that is not an active currency.
func Digits(currencyCode string) (int, error) {
	if digits, known := currencies[currencyCode]; known {
		return digits, nil
	}
	return 0, fmt.Errorf("currency_code must be an ISO 4217 currency such as GBP, not %s", currencyCode)
}

// FormatMoney returns an amount with its currency, the same in every locale: "19.99 GBP", "1999 JPY",
// "1.250 KWD". Exact: nothing is rounded. It fails for a currency that ISO 4217 does not have.
func FormatMoney(money *typev1.Money) (string, error) {
	digits, err := Digits(money.GetCurrencyCode())
	if err != nil {
		return "", err
	}
	return decimal(big.NewInt(money.GetMinorUnits()), digits) + " " + money.GetCurrencyCode(), nil
}

// ParseMoney reads what FormatMoney writes. Digits after the point may be left out at the end:
// "19.9 GBP" is 1990 minor units. It fails for any other text, a currency that ISO 4217 does not
// have, more digits than the currency has, and an amount that 64 bits cannot hold.
func ParseMoney(text string) (*typev1.Money, error) {
	found := amount.FindStringSubmatch(text)
	if found == nil {
		return nil, fmt.Errorf("an amount must be digits with a decimal point, a space and a currency, as in -19.99 GBP or 1999 JPY")
	}
	sign, whole, fraction, code := found[1], found[2], found[3], found[4]
	digits, err := Digits(code)
	if err != nil {
		return nil, err
	}
	if len(fraction) > digits {
		return nil, fmt.Errorf("an amount must have at most %d digits after the point in %s", digits, code)
	}
	if len(whole) <= mostDigits {
		units, _ := new(big.Int).SetString(sign+whole+fraction+strings.Repeat("0", digits-len(fraction)), 10)
		if units.IsInt64() {
			return &typev1.Money{CurrencyCode: code, MinorUnits: units.Int64()}, nil
		}
	}
	least := new(big.Int).Lsh(big.NewInt(-1), 63)
	most := new(big.Int).Not(least)
	return nil, fmt.Errorf("an amount must be from %s to %s in %s", decimal(least, digits), decimal(most, digits), code)
}

func decimal(minorUnits *big.Int, digits int) string {
	sign := ""
	if minorUnits.Sign() < 0 {
		sign = "-"
	}
	text := new(big.Int).Abs(minorUnits).String()
	if missing := digits + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	if digits == 0 {
		return sign + text
	}
	point := len(text) - digits
	return sign + text[:point] + "." + text[point:]
}
