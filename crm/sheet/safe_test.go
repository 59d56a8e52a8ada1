package sheet

import "testing"

func TestSafe(t *testing.T) {
	for cell, want := range map[string]string{"": "", "blue": "blue", "=HYPERLINK(1)": "'=HYPERLINK(1)", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "＝1": "'＝1", "a=b": "a=b"} {
		if got := Safe(cell); got != want {
			t.Errorf("%q: %q, want %q", cell, got, want)
		}
	}
}
