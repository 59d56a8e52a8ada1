package storetest

import (
	"testing"

	"kaveri/store"
)

// Run runs the suite. open gives a fresh, empty store that is closed at the
// end of the test.
func Run(t *testing.T, open func(t testing.TB) *store.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *store.Store)
	}{
		{"Firm", testFirm},
		{"StaffAndPasswords", testStaff},
		{"LastAdministrator", testLastAdministrator},
		{"Sessions", testSessions},
		{"Mailboxes", testMailboxes},
		{"MailboxSecrets", testMailboxSecrets},
		{"MailboxState", testMailboxState},
		{"DKIMKeys", testDKIMKeys},
		{"PrivateMail", testPrivateMail},
		{"PolicyInSQLAndGo", testPolicyDifferential},
		{"StrangersSeeNothing", testStrangers},
		{"CustomerList", testCustomerList},
		{"CustomerSearch", testCustomerSearch},
		{"CustomerCounts", testCustomerCounts},
		{"Timeline", testTimeline},
		{"Mail", testMail},
		{"Conversation", testConversation},
		{"Notes", testNotes},
		{"Orders", testOrders},
		{"OrdersRefused", testOrdersRefused},
		{"OrderRefunds", testOrderRefunds},
		{"OrderBuyers", testOrderBuyers},
		{"OrderCurrencies", testOrderCurrencies},
		{"OrderImports", testOrderImports},
		{"OrderNumberClues", testOrderNumberClues},
		{"Search", testSearch},
		{"SearchSyntax", testSearchSyntax},
		{"SearchSnippets", testSearchSnippets},
		{"SearchManyHidden", testSearchManyHidden},
		{"Reindex", testReindex},
		{"HealthAndCensus", testHealth},
		{"Quarantine", testQuarantine},
		{"Events", testEvents},
		{"EventsOfChanges", testEventsOfChanges},
		{"EventsOfQuestions", testEventsOfQuestions},
		{"Threads", testThreads},
		{"ThreadInheritance", testThreadInheritance},
		{"ParentComesLater", testParentComesLater},
		{"StrangerInThread", testStrangerInThread},
		{"AnswersGoAlong", testAnswersGoAlong},
		{"Languages", testLanguages},
		{"Absence", testAbsence},
		{"Details", testDetails},
		{"DetailsPrivate", testDetailsPrivate},
		{"PhoneClues", testPhoneClues},
		{"SamePhone", testSamePhone},
		{"SameThread", testSameThread},
		{"Organisations", testOrganisations},
		{"Topics", testTopics},
		{"Merge", testMerge},
		{"AddressesOfAContact", testAddressesOfAContact},
		{"RematchOfNothing", testRematchOfNothing},
		{"Explanations", testExplanations},
		{"QuestionsAfterMerge", testQuestionsAfterMerge},
		{"Identity", testIdentity},
		{"TwoWayMail", testTwoWayMail},
		{"WithheldMailWakes", testWithheldMailWakes},
		{"PolicyReachesBack", testPolicyReachesBack},
		{"Together", testTogether},
		{"Heard", testHeard},
		{"UnmatchedReports", testUnmatchedReports},
		{"FiledReports", testFiledReports},
		{"Failures", testFailures},
		{"Reconcile", testReconcile},
		{"NewEpoch", testNewEpoch},
		{"Cursor", testCursor},
		{"Lease", testLease},
		{"SendOnce", testSendOnce},
		{"Return", testReturn},
		{"ReturnLate", testReturnLate},
		{"Recover", testRecover},
		{"Doubts", testDoubts},
		{"MailingTurns", testMailingTurns},
		{"StartsAndEnds", testStartsAndEnds},
		{"ClaimOrder", testClaimOrder},
		{"Enlist", testEnlist},
		{"SuppressedLate", testSuppressedLate},
		{"ManyRecipients", testManyRecipients},
		{"LedgerRandom", testLedgerRandom},
		{"Senders", testSenders},
		{"Suppressions", testSuppressions},
		{"Consents", testConsents},
		{"Reports", testReports},
		{"MailingsSeen", testMailingsSeen},
		{"Keyring", testKeyring},
		{"OptOut", testOptOut},
		{"OptOutShared", testOptOutShared},
		{"Preferences", testPreferences},
		{"Visits", testVisits},
		{"VisitSettlesDoubt", testVisitSettlesDoubt},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}
