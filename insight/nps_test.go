package insight

import "testing"

func TestNPS(t *testing.T) {
	s := NPS(45, 15, 100)
	about(t, "NPS", s.Value, 30, 1e-12)
	about(t, "SE", s.SE, 7.14, 5e-3)
	about(t, "low", s.Low, 16.0, .05)
	about(t, "high", s.High, 44.0, .05)
	if s := NPS(0, 0, 0); s.Low != -100 || s.High != 100 {
		t.Errorf("of nobody: %+v", s)
	}
	if s := NPS(5, 0, 5); s.Value != 100 || s.High != 100 || s.Low > 20 {
		t.Errorf("five alike: %+v", s)
	}
	if s := NPS(0, 0, 10); s.Value != 0 || s.Low > -20 || s.High < 20 {
		t.Errorf("ten in between: %+v", s)
	}
}
