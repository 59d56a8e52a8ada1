package crm

import (
	"slices"
	"testing"
)

func TestOrderNumbers(t *testing.T) {
	for text, want := range map[string][]string{
		"Where is my order 100237?":                 {"100237"},
		"order number: TL-2048, thank you":          {"TL-2048"},
		"Tilaukseni nro 77123 ei ole tullut":        {"77123"},
		"Tilausnumero:77123":                        {"77123"},
		"Asia koskee tilausta #1001 ja #1002.":      {"1001", "1002"},
		"orders 1001 and 1002":                      {"1001", "1002"},
		"Min beställning 5512 har inte kommit":      {"5512"},
		"Meine Bestellung Nr. 88-1234":              {"88-1234"},
		"my number is 0401234567":                   nil,
		"in order to arrive before 1800":            nil,
		"we ordered 1200 pieces":                    nil,
		"order of the day: 7":                       nil,
		"the order was good, we were there in 2024": nil,
		"order 12":             nil,
		"Invoice no. 2026/118": {"2026/118"},
		"see https://shop.example/orders/1234567 for details": nil,
	} {
		if got := OrderNumbers(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
