package web

import (
	"strings"
	"testing"
	"time"

	"kaveri/crm"
	"kaveri/crm/orders"
)

// Lines that contradict the total are kept, and the answer says so; of an order that is
// refused, it says why and no more.
func TestOddOrderIsNoted(t *testing.T) {
	b, err := orders.ReadBatch([]byte(`{"source":"shop","orders":[
		{"number":"1","at":"2026-01-01","total":5,"lines":[{"sku":"a","total":50}]},
		{"number":"2","at":"2026-01-01","total":0,"lines":[{"sku":"a","total":10}]},
		{"number":"3","at":"2026-01-01","total":9,"lines":[{"sku":"a","total":10}]}]}`), time.UTC, "EUR")
	if err != nil {
		t.Fatal(err)
	}
	a := answerOf(b, []crm.OrderResult{{Outcome: crm.OrderAdded}, {Outcome: crm.OrderRefused, Err: crm.Invalid("date", "too old")}, {Outcome: crm.OrderAdded}})
	if a.Added != 2 || strings.Join(a.Orders[0].Notes, " ") != "The lines of order 1 come to 50.00 and its total is 5.00; a discount hardly explains that" || len(a.Orders[1].Notes) != 0 || len(a.Orders[2].Notes) != 0 {
		t.Errorf("%+v", a)
	}
}
