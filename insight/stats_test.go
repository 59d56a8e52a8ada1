package insight

import (
	"math"
	"testing"
)

// near demands a relative difference of at most tolerance.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance*math.Max(math.Abs(want), 1e-300) || math.IsNaN(got) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

// about demands an absolute difference of at most tolerance.
func about(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance || math.IsNaN(got) {
		t.Errorf("%s: %.15g, want %.15g", what, got, want)
	}
}

// The wanted values were computed with 40 digits by mpmath; those of Student's t
// with more than 1,000 degrees of freedom by integrating its density.
func TestNormal(t *testing.T) {
	for _, c := range [][2]float64{
		{-8, 6.2209605742717841235e-16}, {-3, .0013498980316300945267}, {-1.96, .024997895148220434137}, {0, .5},
		{.5, .69146246127401310364}, {1.3787, .91600636524214315314}, {4, .99996832875816688008},
	} {
		near(t, "NormalCDF", NormalCDF(c[0]), c[1], 1e-13)
	}
	for _, c := range [][2]float64{
		{1e-12, -7.0344838253011319298}, {.001, -3.0902323061678135415}, {.025, -1.9599639845400542355}, {.4, -.2533471031357997988},
		{.8, .84162123357291420518}, {.975, 1.9599639845400542355}, {.999, 3.0902323061678135415},
	} {
		near(t, "NormalQuantile", NormalQuantile(c[0]), c[1], 1e-13)
	}
	if NormalQuantile(.5) != 0 || !math.IsInf(NormalQuantile(0), -1) || !math.IsInf(NormalQuantile(1), 1) || !math.IsNaN(NormalQuantile(1.1)) {
		t.Error("the ends and the middle of NormalQuantile")
	}
}

func TestStudent(t *testing.T) {
	for _, c := range [][3]float64{
		{.3, 1, .40722642092225765644}, {2.5, 1.5, .084903251307348032408}, {2.2, 8.744, .028096760030518458476},
		{.917665, 8.744, .19170392719687822103}, {1.3787, 267, .08457062656087454621}, {1.96, 19999.5, .025004827672519142564},
		{3.2, 1000000.25, .00068715937582494796868}, {9, 4, .00042191625880063918811}, {.001, 3, .49963244748473046901},
		{40, 2.25, .00014755089512444530555}, {1.9, 1e8, .028716561252824107178},
	} {
		near(t, "StudentCDF below", StudentCDF(-c[0], c[1]), c[2], 1e-11)
		near(t, "StudentCDF above", StudentCDF(c[0], c[1]), 1-c[2], 1e-12)
	}
	for _, c := range [][3]float64{
		{.975, 1, 12.706204736174704646}, {.975, 2.5, 3.5746548420036832185}, {.975, 8.744, 2.2722932835022492852},
		{.9995, 3, 12.923978636687483065}, {.975, 267.3, 1.9688785613327314356}, {.975, 21300.7, 1.9600753613372134476},
		{.9, 1e6, 1.2815524121299384804}, {.6, 5, .26718086570414512673},
	} {
		near(t, "StudentQuantile", StudentQuantile(c[0], c[1]), c[2], 1e-11)
		near(t, "StudentQuantile", StudentQuantile(1-c[0], c[1]), -c[2], 1e-11)
	}
	for _, at := range []float64{.01, 1, 2.5, 5} {
		about(t, "where the two ways meet", studentTail(at, manyDegrees), studentTail(at, math.Nextafter(manyDegrees, 2e4)), 1e-14)
	}
	if studentTail(1e80, 1e6) != 0 || studentTail(math.Inf(1), 3) != 0 {
		t.Error("the far tail is not empty")
	}
	for _, df := range []float64{0, -1, math.NaN()} {
		if q := StudentQuantile(.975, df); !math.IsNaN(q) {
			t.Errorf("%v degrees of freedom: %v", df, q)
		}
	}
	near(t, "t of many", StudentQuantile(.975, math.Inf(1)), NormalQuantile(.975), 1e-15)
}

func TestChiSquare(t *testing.T) {
	for _, c := range []struct {
		x    float64
		df   int
		want float64
	}{
		{13.888888888888889, 1, .00019394162910371931635}, {3.84, 1, .050043521248705098948}, {10.83, 1, .0009986863791802587832},
		{2, 2, .3678794411714423216}, {7.5, 3, .057558451972636406967}, {30, 10, .00085664121077530039211},
		{12.3, 7, .091114886000313047928}, {.01, 4, .99998754158864572492}, {0, 3, 1},
	} {
		near(t, "ChiSquareTail", ChiSquareTail(c.x, c.df), c.want, 1e-12)
	}
}

func TestBeta(t *testing.T) {
	for _, c := range [][4]float64{
		{.3, 2.5, .7, .029814024845250471005}, {.9, 12, 3.5, .90438754530829485078}, {.5, 200, 210, .68948521342741614523},
		{.01, .5, 40, .62861397674601532935}, {.999, 1000, 2, .73539084954192808925}, {.2, .1, .1, .43970919022334561878},
		{.5, 50000.5, 50000.5, .5}, {0, 2, 3, 0}, {1, 2, 3, 1},
	} {
		near(t, "BetaCDF", BetaCDF(c[0], c[1], c[2]), c[3], 1e-11)
	}
}

// Two shares of the ladder's transition matrix, and the ends.
func TestWilson(t *testing.T) {
	for _, c := range []struct {
		successes, n int
		low, high    float64
	}{{78, 1131, .0556, .0852}, {163, 220, .6792, .7943}, {0, 10, 0, .2775}, {10, 10, .7225, 1}, {0, 0, 0, 1}} {
		low, high := Wilson(c.successes, c.n, .95)
		about(t, "Wilson low", low, c.low, 5e-5)
		about(t, "Wilson high", high, c.high, 5e-5)
	}
}

func TestBenjaminiHochberg(t *testing.T) {
	p := []float64{.04, .005, math.NaN(), .011, .02, .5}
	want := []float64{.05, .025, math.NaN(), .0275, .1 / 3, .5}
	for i, got := range BenjaminiHochberg(p) {
		if math.IsNaN(want[i]) != math.IsNaN(got) || math.Abs(got-want[i]) > 1e-15 {
			t.Errorf("%d: %v, want %v", i, got, want[i])
		}
	}
	if got := benjaminiHochbergOf([]float64{.001, .002}, 100); got[0] != .1 || got[1] != .1 {
		t.Errorf("of a hundred tests: %v", got)
	}
	if got := BenjaminiHochberg(nil); len(got) != 0 {
		t.Errorf("of none: %v", got)
	}
}
