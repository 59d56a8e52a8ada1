package insight

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	"kaveri/crm"
)

// Arm is the side of an experiment that somebody is on.
type Arm string

// The arms: people who are written to, and people who are held out to compare
// with. The letters are those of the command line.
const (
	ArmTreated Arm = "T"
	ArmHoldout Arm = "C"
)

// DefaultHoldout is the share that is held out unless a campaign says otherwise.
const DefaultHoldout = .10

// ArmOf assigns a customer to an arm of an experiment. holdout is the share that
// is held out, between 0 and 1.
//
// The draw depends on nothing but the key and the id: it can be made again by
// anybody at any time, it needs no list, and it has nothing to do with what is
// known of the customer. Another key draws anew.
func ArmOf(experiment, customer string, holdout float64) Arm {
	if ArmDraw(experiment, customer) < holdout {
		return ArmHoldout
	}
	return ArmTreated
}

// ArmDraw gives the number in [0, 1) that [ArmOf] compares: the first 8 bytes,
// big-endian, of SHA-256(experiment ":" customer), over 2^64.
func ArmDraw(experiment, customer string) float64 {
	sum := sha256.Sum256([]byte(experiment + ":" + customer))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53) // the bits that a float64 holds
}

// SampleRatio compares the sizes of the arms with the share that was to be held
// out: the chi-squared statistic (one degree of freedom) and its p-value. Above
// [SampleRatioLimit] people were lost from one arm only, and nothing that is
// computed from the arms can be believed.
func SampleRatio(treated, holdout int, share float64) (chi2, p float64) {
	n := float64(treated + holdout)
	expectT, expectC := n*(1-share), n*share
	if n == 0 {
		return 0, 1
	}
	chi2 = square(float64(treated)-expectT)/expectT + square(float64(holdout)-expectC)/expectC
	return chi2, ChiSquareTail(chi2, 1)
}

// SampleRatioLimit is the chi-squared above which the arms do not fit (p < .001).
const SampleRatioLimit = 10.83

func square(v float64) float64 { return v * v }

// checkHoldout refuses a share that leaves an arm empty.
func checkHoldout(share float64) error {
	if !(share > 0 && share < 1) || math.IsNaN(share) {
		return crm.Invalid("holdout", "the share that is held out must lie between 0 and 1, such as 0.1; it is %v", share)
	}
	return nil
}
