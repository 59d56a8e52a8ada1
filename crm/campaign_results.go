package crm

import (
	"encoding/json"
	"math"
	"time"
)

// CampaignResults is what a campaign has come to, in the order in which it is told: what
// it caused first, what was merely sent last.
type CampaignResults struct {
	Campaign CampaignID    `json:"campaign"`
	Name     string        `json:"name"`
	State    CampaignState `json:"state"`
	At       time.Time     `json:"at"`
	Days     int           `json:"days"` // in which orders count, after the first mail
	Currency string        `json:"currency"`

	People   CampaignPeople   `json:"people"`
	Orders   *CampaignEffect  `json:"orders"` // of each person; null without a holdout
	Value    *CampaignEffect  `json:"value"`
	Verdict  string           `json:"verdict"` // works, harms, cannot tell yet; by value
	Needed   CampaignNeeds    `json:"needed"`
	Movement *LadderMovement  `json:"movement"`
	Replies  CampaignReplies  `json:"replies"`
	Variants []VariantResult  `json:"variants"`
	Delivery []DeliveryResult `json:"delivery"`
	// Attributed is what the treated ordered. It is not what the campaign caused:
	// most of it would have come anyway.
	Attributed AttributedOrders `json:"attributed_not_caused"`
	Notes      []string         `json:"notes"`
}

// CampaignNeeds is how many people would have to take part to see a difference.
type CampaignNeeds struct {
	Difference Figure `json:"difference"` // in value for each person
	People     int    `json:"people"`     // for one look at the end, with a chance of 80 %; 0: cannot be told
	AnyTime    int    `json:"any_time"`   // for looking at all times
}

// CampaignPeople counts who takes part in the comparison, and who does not.
type CampaignPeople struct {
	Treated int `json:"treated"` // who got, or was to get, the first mail
	HeldOut int `json:"held_out"`
	Waiting int `json:"waiting"`  // whose first mail lies ahead, in both arms
	LeftOut int `json:"left_out"` // who could not be written to; they were never drawn
	Merged  int `json:"merged"`   // joined with a customer of the other arm, who counts for neither
}

// Figure is a number, null when it cannot be told.
type Figure float64

// MarshalJSON writes the number.
func (f Figure) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// Range is an interval from low to high.
type Range [2]Figure

// CampaignEffect is what treated and held out did, for each person, and the difference.
type CampaignEffect struct {
	Treated     Figure `json:"treated"`
	HeldOut     Figure `json:"held_out"`
	Difference  Figure `json:"difference"` // the one that counts: adjusted where there is a history
	SE          Figure `json:"se"`
	Interval    Range  `json:"interval"`     // 95 %, for one look at the end
	AlwaysValid Range  `json:"always_valid"` // 95 %, for looking at any time
	Raw         Figure `json:"raw"`          // without adjustment
	RawInterval Range  `json:"raw_interval"`
	Adjusted    bool   `json:"adjusted"`
	Kept        Figure `json:"variance_kept"` // of the variance, after the history was taken out
	Capped      Figure `json:"capped"`        // with each person cut at Cap
	CappedRange Range  `json:"capped_interval"`
	Cap         Figure `json:"cap"`
	Total       Figure `json:"total"` // of all treated together
	TotalRange  Range  `json:"total_interval"`
	SampleRatio Figure `json:"sample_ratio_chi2"`
	Alarm       bool   `json:"sample_ratio_alarm"` // the arms do not fit their shares: believe nothing

	Verdict string        `json:"-"` // by this measure alone
	Needed  CampaignNeeds `json:"-"`
}

// Movement compares who rose on the ladder, stratum by stratum of the rung at which
// they came in, weighted by its size.
type LadderMovement struct {
	Rungs      []RungMovement `json:"rungs"`
	Difference Figure         `json:"difference"` // of the shares
	Interval   Range          `json:"interval"`
	ExtraRisen Figure         `json:"extra_risen"` // people, of all treated
}

// RungMovement is one stratum.
type RungMovement struct {
	Rung         Rung `json:"rung"`
	Treated      int  `json:"treated"`
	TreatedRisen int  `json:"treated_risen"`
	HeldOut      int  `json:"held_out"`
	HeldOutRisen int  `json:"held_out_risen"`
}

// CampaignReplies counts who wrote to us, and why those who got mail did.
type CampaignReplies struct {
	Treated int              `json:"treated"`
	HeldOut int              `json:"held_out"`
	Reasons map[WishKind]int `json:"reasons"`
}

// VariantResult is what came of one of several texts, by the goal of the plan.
type VariantResult struct {
	Name     string `json:"name"`
	People   int    `json:"people"`
	Reached  int    `json:"reached"` // who ordered, or replied
	Share    Figure `json:"share"`
	Against  Figure `json:"against_first"` // the share less that of the first text
	Interval Range  `json:"interval"`
}

// DeliveryResult is what became of the mails of a step and version.
type DeliveryResult struct {
	Step       string     `json:"step"`
	Version    int        `json:"version"`
	Recipients Recipients `json:"recipients"`
}

// AttributedOrders is what the treated ordered in the days after the first mail.
type AttributedOrders struct {
	Orders int   `json:"orders"`
	Value  Money `json:"value"`
}

// PooledResults is what campaigns show together, in value for each person.
type PooledResults struct {
	Campaigns []CampaignID `json:"campaigns"`
	Mean      Figure       `json:"mean"`
	Interval  Range        `json:"interval"`
	Tau2      Figure       `json:"tau2"`   // the variance between their true effects
	Shrunk    []Figure     `json:"shrunk"` // of each
}
