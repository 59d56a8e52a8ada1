package crm

import (
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/currency"
)

// Money is an amount of some currency, in ten-thousandths of its unit: enough
// for unit prices of four decimals, and exact in sums. The currency stands
// beside it.
type Money int64

// moneyUnit is one unit of a currency.
const moneyUnit = 10_000

// MaxMoney bounds one amount, so that sums of millions of them stay exact.
const MaxMoney Money = 100_000_000_000 * moneyUnit

// ParseMoney reads a plain decimal such as "12.34" or "-0.5": no grouping, no
// currency. Its errors are of kind [KindInvalid] and name field.
func ParseMoney(field, s string) (Money, error) {
	n, err := parseDecimal(s, 4)
	if err != nil {
		return 0, Invalid(field, "%q is not an amount; write it like 12.34", s)
	}
	if m := Money(n); m <= MaxMoney && m >= -MaxMoney {
		return m, nil
	}
	return 0, Invalid(field, "%q is more than Kaveri counts with", s)
}

// String gives the amount with two decimals, or up to four where it has them.
func (m Money) String() string {
	s := decimal(int64(m), 4)
	cents := len(s) - 2
	return s[:cents] + strings.TrimRight(s[cents:], "0")
}

// Float gives the amount in units, for arithmetic that is not exact anyway.
func (m Money) Float() float64 { return float64(m) / moneyUnit }

// MoneyOf rounds units of a currency, within what Kaveri counts with.
func MoneyOf(units float64) Money {
	if math.IsNaN(units) {
		return 0
	}
	return Money(math.Round(math.Max(-float64(MaxMoney), math.Min(float64(MaxMoney), units*moneyUnit))))
}

// Quantity is how much of a product, in thousandths of its unit: pieces, kilos.
type Quantity int64

// ParseQuantity reads a plain decimal, as [ParseMoney] does.
func ParseQuantity(field, s string) (Quantity, error) {
	n, err := parseDecimal(s, 3)
	if err != nil {
		return 0, Invalid(field, "%q is not a quantity; write it like 2 or 0.5", s)
	}
	return Quantity(n), nil
}

// String gives the quantity without needless decimals.
func (q Quantity) String() string {
	return strings.TrimSuffix(strings.TrimRight(decimal(int64(q), 3), "0"), ".")
}

// decimal writes n, which counts parts of ten to the power of places.
func decimal(n int64, places int) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	s := strconv.FormatInt(n, 10)
	if len(s) <= places {
		s = strings.Repeat("0", places-len(s)+1) + s
	}
	return sign + s[:len(s)-places] + "." + s[len(s)-places:]
}

// parseDecimal reads a plain decimal in parts of ten to the power of places.
// What is finer is rounded half away from zero.
func parseDecimal(s string, places int) (int64, error) {
	s = strings.TrimSpace(s)
	digits, negative := strings.CutPrefix(s, "-")
	digits = strings.TrimPrefix(digits, "+")
	whole, part, _ := strings.Cut(digits, ".")
	if whole+part == "" || strings.Trim(whole+part, "0123456789") != "" {
		return 0, strconv.ErrSyntax
	}
	up := len(part) > places && part[places] >= '5'
	part = (part + strings.Repeat("0", places))[:places]
	n, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil || n == math.MaxInt64 {
		return 0, strconv.ErrRange
	}
	if up {
		n++
	}
	if negative {
		n = -n
	}
	return n, nil
}

// ParseCurrency reads an ISO 4217 code, in any case.
func ParseCurrency(s string) (string, error) {
	code := strings.ToUpper(strings.TrimSpace(s))
	if unit, err := currency.ParseISO(code); err == nil && len(code) == 3 {
		return unit.String(), nil
	}
	return "", Invalid("currency", "%q is no currency; write the three letters of ISO 4217, like EUR", s)
}

// Rate is how many units of the firm's currency one unit of another is worth,
// in billionths.
type Rate int64

// rateUnit is a rate of 1.
const rateUnit = 1_000_000_000

// SameRate is the rate of the firm's own currency.
const SameRate Rate = rateUnit

// ParseRate reads a rate above zero, such as 0.0881.
func ParseRate(s string) (Rate, error) {
	n, err := parseDecimal(s, 9)
	if err != nil || n <= 0 {
		return 0, Invalid("rate", "%q is not a rate; write how much one unit of it is worth in your currency, like 0.0881", s)
	}
	return Rate(n), nil
}

// String gives the rate without needless decimals.
func (r Rate) String() string {
	return strings.TrimSuffix(strings.TrimRight(decimal(int64(r), 9), "0"), ".")
}

// At gives the amount in the firm's currency, rounded half away from zero.
func (m Money) At(r Rate) Money {
	if r == SameRate {
		return m
	}
	return Money(math.Round(float64(m) * (float64(r) / rateUnit)))
}

// CurrencyRate is what one unit of a currency is worth in the firm's, from a day
// on until the next one that is noted.
type CurrencyRate struct {
	Currency string
	From     time.Time // midnight UTC of the day
	Rate     Rate
}

// Times gives the price of a quantity, rounded half away from zero.
func (m Money) Times(q Quantity) Money {
	n := int64(m) * int64(q)
	if m != 0 && n/int64(m) != int64(q) {
		return Money(math.Round(float64(m) * float64(q) / 1000))
	}
	if n < 0 {
		return Money((n - 500) / 1000)
	}
	return Money((n + 500) / 1000)
}
