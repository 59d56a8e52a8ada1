package buildtags

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// A build without the tags must fail, and what it prints must say what to do; with one tag of the two just the same.
func TestBuildWithoutTagsSaysWhatToDo(t *testing.T) {
	for _, tags := range []string{"", "sqlite_fts5", "sqlite_math_functions"} {
		out, err := build(tags)
		if err == nil {
			t.Errorf("go build -tags=%q succeeded; it must fail", tags)
		}
		if !strings.Contains(out, "Kaveri_needs_build_tags__run_make_build") {
			t.Errorf("go build -tags=%q does not say what to do:\n%s", tags, out)
		}
	}
	if out, err := build("sqlite_fts5,sqlite_math_functions"); err != nil {
		t.Errorf("go build with both tags: %v\n%s", err, out)
	}
}

func build(tags string) (string, error) {
	cmd := exec.Command("go", "build", "-tags="+tags, ".")
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
