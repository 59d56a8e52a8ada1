package campaigns

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"kaveri/crm"
)

// showAudience gives an audience as text: the guess, the notes, and each row.
func showAudience(data string) string {
	a, err := OpenAudience(strings.NewReader(data))
	if err != nil {
		return "ERROR: " + err.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %s; fields %s\n", a.Guess(), a.Columns(), strings.Join(a.Fields(), " "))
	for _, n := range a.Notes() {
		b.WriteString("note: " + n + "\n")
	}
	for {
		r, err := a.Next()
		var wrong *RowError
		switch {
		case errors.Is(err, io.EOF):
			return b.String()
		case errors.As(err, &wrong):
			fmt.Fprintf(&b, "%s: %s\n", wrong.Problem, wrong)
			continue
		case err != nil:
			return "ERROR: " + err.Error() + "\n"
		}
		fmt.Fprintf(&b, "%d %s <%s>", r.Row, r.Name, r.Address)
		for _, k := range slices.Sorted(maps.Keys(r.Fields)) {
			fmt.Fprintf(&b, " %s=%q", k, r.Fields[k])
		}
		b.WriteString("\n")
	}
}

// golden compares with the part "want" of a case, or writes it.
func golden(t *testing.T, file string, a *txtar.Archive, got string) {
	t.Helper()
	if len(strings.TrimSpace(string(a.Comment))) < 20 {
		t.Error("the case does not say why it is there")
	}
	i := slices.IndexFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" })
	switch {
	case *update:
		a.Files = append(slices.DeleteFunc(a.Files, func(f txtar.File) bool { return f.Name == "want" }), txtar.File{Name: "want", Data: []byte(got)})
		if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
			t.Fatal(err)
		}
	case i < 0 || string(a.Files[i].Data) != got:
		t.Errorf("got\n%s", got)
	}
}

// eachCase runs play for each case of a folder: its first part goes in.
func eachCase(t *testing.T, dir string, play func(data string) string) {
	files, err := filepath.Glob("testdata/" + dir + "/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, file, a, play(string(a.Files[0].Data)))
		})
	}
}

// TestAudience runs testdata/audience.
func TestAudience(t *testing.T) { eachCase(t, "audience", showAudience) }

// rows is a file of n rows that is made while it is read.
type rows struct {
	n, at int
	rest  string
}

func (r *rows) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.at > r.n {
			return 0, io.EOF
		}
		r.rest = "name,email,city,order\n"
		if r.at > 0 {
			r.rest = fmt.Sprintf("Aino Puro,aino%d@asiakas.example,Hämeenlinna,2026/%d\n", r.at, r.at)
		}
		r.at++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *rows) Seek(int64, int) (int64, error) {
	r.at, r.rest = 0, ""
	return 0, nil
}

// Reading 300,000 rows keeps their hashes and nothing else.
func TestAudienceMemory(t *testing.T) {
	const n = 300_000
	used := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := used()
	a, err := OpenAudience(&rows{n: n})
	if err != nil {
		t.Fatal(err)
	}
	good := 0
	for ; ; good++ {
		if _, err := a.Next(); err != nil {
			break
		}
	}
	after := used()
	runtime.KeepAlive(a)
	if perRow := (int64(after) - int64(before)) / n; good != n || perRow > 60 {
		t.Errorf("%d rows, %d bytes each", good, perRow)
	}
}

// FuzzAudience: any bytes are read to the end; every row with cells is told
// once, and every address is one.
func FuzzAudience(f *testing.F) {
	files, _ := filepath.Glob("testdata/audience/*.txtar")
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := OpenAudience(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		last, seen := 1, map[crm.Address]bool{}
		for {
			r, err := a.Next()
			var wrong *RowError
			if errors.As(err, &wrong) {
				r.Row = wrong.Row
			} else if err != nil {
				return
			} else if again, err := crm.ParseAddress(string(r.Address)); err != nil || again != r.Address || seen[r.Address] {
				t.Fatalf("address %q: %q, %v, seen %v", r.Address, again, err, seen[r.Address])
			}
			if r.Row <= last {
				t.Fatalf("row %d after row %d", r.Row, last)
			}
			last, seen[r.Address] = r.Row, r.Address != ""
		}
	})
}

func BenchmarkAudience(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		a, err := OpenAudience(&rows{n: 10000})
		if err != nil {
			b.Fatal(err)
		}
		for {
			if _, err := a.Next(); err != nil {
				break
			}
		}
	}
}
