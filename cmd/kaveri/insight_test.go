package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// The verbs that read tables of figures answer whatever they are given with one
// of the exit codes, and say why when it is not 0.
func FuzzInsight(f *testing.F) {
	for _, s := range []string{
		"id,arm,y,x\n1,T,1,2\n2,T,2,\n3,C,0,1\n4,C,1,1\n", "product,category,promo_count,base_count\na,x,1,2\nb,y,3,4\n", "milk,bread\n\"salt, fine\",milk\n",
		"id;arm;y\n1;T;1,5\n2;T;1e308\n3;C;-1e308\n4;C;1e308\n", "\"", "\xff\xfe,\x00", "id,arm,y\n1,T,0\n2,T,0\n3,C,0\n4,C,0\n",
	} {
		f.Add([]byte(s))
	}
	verbs := [][]string{
		{"baskets", "-", "--min-support", "0.1", "--min-confidence", "0.1", "--max-length", "3"},
		{"experiment", "-", "--holdout", "0.5"},
		{"promo", "-", "--promoted", "a", "--promo-baskets", "10", "--base-baskets", "10"},
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, verb := range verbs {
			for _, args := range [][]string{verb, append([]string{"--json"}, verb...)} {
				var out, errors strings.Builder
				code := run(context.Background(), append([]string{"insight"}, args...), bytes.NewReader(data), &out, &errors, func(string) string { return "" })
				if code != exitDone && !strings.Contains(errors.String(), "kaveri: ") || code == exitFailed {
					t.Fatalf("%v ends with %d: %s", args, code, errors.String())
				}
			}
		}
	})
}
