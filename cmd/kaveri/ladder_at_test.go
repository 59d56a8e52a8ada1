package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kaveri/crm"
)

// TestLadderAt lists where somebody stood on a day that is past, and asks for one
// that is to come.
func TestLadderAt(t *testing.T) {
	dir := t.TempDir()
	data, file := filepath.Join(dir, "data"), filepath.Join(dir, "orders.csv")
	if err := os.WriteFile(file, []byte(plainHead+goodRow), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"firm", "set", "--name", "Oy", "--domain", "oy.example"}, {"import", "orders", file, "--source", "shop"}, {"ladder", "run"}} {
		if code, told := kaveri(t, append(args, "--data", data)...); code != exitDone {
			t.Fatal(args, told)
		}
	}
	for _, c := range []struct {
		args         []string
		code         int
		says, hushes []string
	}{
		{[]string{"--at", "2199-01-31"}, exitUsage, []string{"2199-01-31 is still to come"}, nil},
		{[]string{"--at", "2026-01-31"}, exitDone, []string{"As they stood on 2026-01-31"}, []string{"\t-"}},
		{[]string{"--at", "2026-01-31", "--json"}, exitDone, nil, []string{"As they", `"n"`, `"spent"`, `"last"`, `"value_12m"`}},
		{[]string{"--json"}, exitDone, []string{`"n"`, `"spent"`, `"last"`}, []string{`"at"`}},
	} {
		code, told := kaveri(t, append([]string{"ladder", "list", "--data", data}, c.args...)...)
		if code != c.code {
			t.Errorf("%v ends with %d: %s", c.args, code, told)
		}
		for _, s := range c.says {
			if !strings.Contains(told, s) {
				t.Errorf("%v does not say %q: %s", c.args, s, told)
			}
		}
		for _, s := range c.hushes {
			if strings.Contains(told, s) {
				t.Errorf("%v says %q: %s", c.args, s, told)
			}
		}
	}
	row := crm.LoyaltyRow{Customer: 1, Rung: crm.Rungs[0], Since: 100, Events: 7}
	if j := stoodJSONOf(&row, 100); j.Since == nil || *j.Since != crm.Day(100).String() || j.At != *j.Since {
		t.Errorf("%+v", j)
	}
	if j := stoodJSONOf(&row, 99); j.Since != nil {
		t.Errorf("%+v says since when they stand where they came later", j)
	}
}
