//go:build score

package campaigns

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScoreTemplates follows the HTML of public mail templates: all end in the
// text, and a tag before </body> stands there too. A place that is told wrongly
// would refuse a good mail, or escape for another place than the one it is.
func TestScoreTemplates(t *testing.T) {
	n := 0
	for _, set := range []string{"colorlib-templates", "leemunroe-template", "mailchimp-blueprints", "mailgun-templates", "mjml-templates", "postmark-templates"} {
		err := filepath.WalkDir(filepath.Join(os.Getenv("KAVERI_SHARED"), "data", set), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".html") {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			n++
			// Their own tags are those of other languages.
			s := strings.NewReplacer("{{", "{ {", "{%", "{ %").Replace(string(b))
			if i := strings.LastIndex(strings.ToLower(s), "</body"); i > 0 {
				s = s[:i] + "{{ v }}" + s[i:]
			}
			text, err := Compile(s, HTML)
			if err != nil {
				t.Errorf("%s: %v", path, err)
			} else if len(text.nodes) > 1 && text.nodes[1].output.escape != escapeHTML {
				t.Errorf("%s: the tag is escaped as %d", path, text.nodes[1].output.escape)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if t.Logf("%d templates", n); n < 50 {
		t.Errorf("only %d templates", n)
	}
}
