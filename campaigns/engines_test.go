package campaigns_test

import "testing"

// What the other tests hold to SQLite is held to PostgreSQL as well.
func TestCampaignsOnPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("needs PostgreSQL")
	}
	for name, test := range map[string]func(*testing.T){
		"holdout": TestHoldout, "left out": TestWhoCannotBeWrittenTo, "missing": TestMissingFields, "freeze": TestFreezeIsTheSameAgain, "late": TestScenario6LateStart, "edit": TestScenario7PauseAndResume,
		"moves": TestEditMovesMembers, "reply": TestScenario16ReplyStopsIt, "question": TestScenario17JustBeforeTheirTurn, "gate": TestGateEndsIt, "results": TestResults, "merge": TestMergeOfTwoArms, "writer": TestFromWhomTheyKnow, "daily": TestTakesPeopleInEachDay,
	} {
		t.Run(name+"/postgres", test)
	}
}
