package web

import (
	"embed"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

//go:embed *.go
var sourceFiles embed.FS

// TestContrast holds every pair of colours that stands on one another against
// WCAG 2.2 §1.4.3 (text 4.5) and §1.4.11 (controls 3), in both schemes.
func TestContrast(t *testing.T) {
	css, err := staticFiles.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark := colours(string(css), ":root {"), colours(string(css), "@media (prefers-color-scheme: dark) {\n\t:root {")
	if len(light) < 20 || len(light) != len(dark) {
		t.Fatalf("%d colours in light, %d in dark", len(light), len(dark))
	}
	text := map[string][]string{
		"ink":        {"paper", "card", "rail", "mark", "accent-wash", "out-wash", "note-wash"},
		"muted":      {"paper", "card", "rail", "accent-wash", "out-wash"},
		"accent":     {"paper", "card", "rail", "accent-wash", "out-wash", "note-wash"},
		"accent-ink": {"accent"},
		"in":         {"card", "in-wash"},
		"out":        {"card", "out-wash"},
		"note":       {"note-wash", "card"},
		"card":       {"note", "in"},
		"berry":      {"berry-wash", "card", "paper"},
		"good":       {"good-wash", "card"},
		"wait":       {"wait-wash", "card"},
	}
	control := map[string][]string{"edge": {"card", "paper", "rail", "note-wash"}, "focus": {"paper", "card", "rail", "note-wash", "accent-wash", "out-wash"}}
	for scheme, c := range map[string]map[string][3]float64{"light": light, "dark": dark} {
		for _, set := range []struct {
			pairs map[string][]string
			least float64
		}{{text, 4.5}, {control, 3}} {
			for fg, bgs := range set.pairs {
				for _, bg := range bgs {
					a, ok1 := c[fg]
					b, ok2 := c[bg]
					if !ok1 || !ok2 {
						t.Errorf("%s: no colour %s or %s", scheme, fg, bg)
					} else if r := contrast(a, b); r < set.least {
						t.Errorf("%s: --%s on --%s is %.2f, want %.1f", scheme, fg, bg, r, set.least)
					}
				}
			}
		}
	}
}

func colours(css, head string) map[string][3]float64 {
	_, body, _ := strings.Cut(css, head)
	body, _, _ = strings.Cut(body, "}")
	out := map[string][3]float64{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(body, -1) {
		n, _ := strconv.ParseUint(m[2], 16, 32)
		out[m[1]] = [3]float64{float64(n>>16&255) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
	}
	return out
}

// contrast is the ratio of WCAG 2.2, "contrast ratio" and "relative luminance".
func contrast(a, b [3]float64) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + .05) / (min(la, lb) + .05)
}

func luminance(c [3]float64) float64 {
	for i, v := range c {
		if v <= .04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+.055)/1.055, 2.4)
		}
	}
	return .2126*c[0] + .7152*c[1] + .0722*c[2]
}
