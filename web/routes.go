package web

import (
	"net/http"

	"kaveri/crm"
)

// routeID reads the id of a thing from the address; what is no id leads nowhere.
func routeID[T ~int64](r *http.Request, name, what string) (T, error) {
	id, err := crm.ParseID[T](what, r.PathValue(name))
	if err != nil {
		err = crm.NotFound("no such %s", what)
	}
	return id, err
}

// routes lists every route. open ones answer anybody, staff ones who is signed
// in, admin ones administrators.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	open := func(pattern string, h handler) { mux.Handle(pattern, s.open(h)) }
	staff := func(pattern string, h handler) { mux.Handle(pattern, s.staff(h)) }
	file := func(at string, h handler) { // a list, in each format
		staff("GET "+at+".csv", h)
		staff("GET "+at+".xlsx", h)
	}
	admin := func(pattern string, h handler) { mux.Handle(pattern, s.admin(h)) }

	// The door.
	open("GET /{$}", s.home)
	open("POST /setup", s.setUp)
	open("POST /demo", s.startDemo)
	open("GET /signin", s.signInPage)
	open("POST /signin", s.signIn)
	open("POST /signout", s.signOut)
	open("POST /language", s.setLanguage)
	mux.Handle("GET /static/{hash}/{path...}", s.static)

	// Customers.
	staff("GET /customers", s.customersPage)
	file("/customers", s.customersFile)
	staff("GET /customers/new", s.newCustomerPage)
	staff("POST /customers", s.addCustomer)
	staff("GET /customers/{id}", s.customerPage)
	staff("GET /customers/{id}/timeline", s.timelinePart)
	staff("GET /customers/{id}/head", s.customerHeadPart)
	staff("POST /customers/{id}/notes", s.addNote)

	staff("POST /customers/{id}/addresses", s.addAddress)
	staff("POST /customers/{id}/addresses/remove", s.removeAddress)
	staff("POST /customers/{id}/domains/remove", s.removeDomain)
	staff("POST /customers/{id}/details/{detail}", s.decideDetail)
	staff("POST /customers/{id}/details/remove", s.removeDetail)
	staff("POST /customers/{id}/language", s.setCustomerLanguage)
	staff("POST /customers/{id}/tags", s.addTag)
	staff("POST /customers/{id}/tags/remove", s.removeTag)
	staff("GET /customers/{id}/merge", s.mergePage)
	staff("POST /customers/{id}/merge", s.merge)
	staff("POST /customers/{id}/merges/{merge}/undo", s.unmerge)

	staff("POST /customers/{id}/recommended", s.recommendedBy)

	// What waits for our answer.
	staff("GET /waiting", s.waitingPage)
	staff("POST /mails/{id}/no-answer", s.closeQuestion)

	// What customers want.
	staff("GET /wishes", s.wishesPage)
	file("/wishes", s.wishesFile)
	staff("GET /wishes/{id}", s.wishPage)
	staff("POST /wishes/{id}", s.stepWish)
	staff("POST /wishes/{id}/edit", s.editWish)
	staff("POST /wishes/{id}/decide", s.decideWish)
	staff("GET /surveys", s.surveysPage)
	staff("POST /surveys", s.addSurvey)
	staff("POST /surveys/{id}/close", s.closeSurvey)
	staff("POST /feedback/{id}/seen", s.seenFeedback)
	// Mail that colleagues write.
	staff("POST /mails/{id}/reply", s.reply)
	staff("POST /customers/{id}/write", s.writeTo)
	staff("GET /customers/{id}/writing", s.customerWriting)
	staff("GET /conversations/{id}/writing", s.conversationWriting)
	staff("GET /drafts/{id}", s.draftPage)
	staff("POST /drafts/{id}", s.saveDraft)
	staff("GET /drafts/{id}/writers", s.draftWriters)
	staff("POST /drafts/{id}/undo", s.undoSend)
	staff("GET /snippets", s.snippetsPage)
	staff("POST /snippets", s.saveSnippet)
	staff("POST /snippets/{id}", s.saveSnippet)
	staff("POST /snippets/{id}/remove", s.removeSnippet)

	// Where mail belongs.
	staff("GET /reviews", s.reviewsPage)
	staff("GET /reviews/count", s.openQuestionsPart)
	staff("POST /reviews/{id}", s.decide)
	staff("GET /mails/{id}/belongs", s.belongsPage)
	staff("POST /mails/{id}/belongs", s.belongs)

	// Mail.
	staff("GET /mails/{id}", s.mailPage)
	staff("GET /mails/{id}/text", s.mailTextPart)
	staff("GET /mails/{id}/html", s.mailHTML)
	staff("GET /mails/{id}/raw", s.mailRaw)
	staff("GET /mails/{id}/parts/{part}", s.mailPart)
	staff("POST /mails/{id}/private", s.setPrivate)
	staff("POST /mails/{id}/topic", s.setTopic)
	staff("GET /conversations/{id}", s.conversationPage)
	staff("GET /search", s.searchPage)

	// Loyalty.
	staff("GET /loyalty", s.loyaltyPage)
	admin("POST /loyalty/pace", s.acceptPace)
	admin("POST /loyalty/weights", s.acceptWeights)
	admin("POST /loyalty/weights/table", s.tableWeights)
	staff("GET /loyalty/list", s.loyaltyListPage)
	file("/loyalty/list", s.loyaltyFile)
	staff("GET /loyalty/risk", s.riskPage)
	staff("GET /customers/{id}/loyalty", s.loyaltyCardPart)
	staff("GET /orders", s.ordersPage)
	file("/orders", s.ordersFile)
	staff("GET /orders/{id}", s.orderPage)
	staff("POST /orders/{id}/assign", s.assignOrder)

	// What is bought together, and what offers did.
	staff("GET /baskets", s.basketsPage)
	file("/baskets", s.basketsFile)
	staff("GET /offers", s.offersPage)
	staff("GET /offers/measured", s.studyPage)
	file("/offers/measured", s.studyFile)

	// Mailboxes.
	staff("GET /mailboxes", s.mailboxesPage)
	staff("GET /mailboxes/new", s.newMailboxPage)
	staff("POST /mailboxes/discover", s.discoverPart)
	staff("POST /mailboxes", s.addMailbox)
	staff("GET /mailboxes/{id}/exclusions", s.exclusionsPage)
	staff("POST /mailboxes/{id}/exclusions", s.exclude)
	staff("POST /mailboxes/{id}/exclusions/{exclusion}/remove", s.removeExclusion)
	staff("GET /mailboxes/{id}/remove", s.removeMailboxPage)
	staff("POST /mailboxes/{id}/remove", s.removeMailbox)

	// Campaigns.
	staff("GET /campaigns", s.campaignsPage)
	staff("POST /campaigns", s.addCampaign)
	staff("GET /campaigns/{id}/plan", s.campaignPlanPage)
	staff("POST /campaigns/{id}", s.savePlan)
	staff("GET /campaigns/{id}", s.campaignPage)
	staff("GET /campaigns/{id}/check", s.campaignCheckPage)
	staff("POST /campaigns/{id}/launch", s.launchCampaign)
	staff("POST /campaigns/{id}/turn", s.turnCampaign)
	staff("GET /campaigns/{id}/members", s.membersPage)
	staff("GET /campaigns/{id}/members/{customer}", s.whyCardPage)
	staff("GET /segments", s.segmentsPage)
	staff("POST /segments", s.saveSegment)
	staff("POST /segments/count", s.countPart)
	staff("GET /segments/{id}", s.segmentPage)
	staff("POST /segments/{id}", s.saveSegment)
	staff("POST /segments/{id}/archive", s.archiveSegment)
	staff("GET /campaigns/{id}/letters/{step}/{variant}/{lang}", s.letterPage)
	staff("POST /campaigns/{id}/letters/{step}/{variant}/{lang}", s.saveLetter)
	staff("GET /campaigns/{id}/letters/{step}/{variant}/{lang}/preview", s.letterPreview)

	// Sending.
	staff("GET /mailings", s.mailingsPage)
	staff("GET /mailings/{id}", s.mailingPage)
	staff("POST /mailings/{id}", s.turnMailing)
	staff("GET /mailings/{id}/stop", s.stopMailingPage)
	staff("POST /mailings/{id}/stop", s.stopMailing)
	staff("GET /dispatches/{id}", s.dispatchPage)
	staff("POST /dispatches/{id}/settle", s.settleDispatch)
	staff("POST /dispatches/{id}/retry", s.retryDispatch)
	staff("GET /senders", s.sendersPage)
	admin("GET /senders/new", s.newSenderPage)
	admin("POST /senders", s.addSender)
	admin("POST /senders/{id}/test", s.testSender)
	admin("GET /senders/{id}/remove", s.removeSenderPage)
	admin("POST /senders/{id}/remove", s.removeSender)
	staff("GET /suppressions", s.suppressionsPage)
	staff("POST /suppressions", s.suppress)
	staff("POST /suppressions/lift", s.liftSuppression)
	staff("GET /reports", s.reportsPage)
	staff("POST /reports/{id}/seen", s.seenReport)
	admin("POST /sending", s.confirmSending)

	// Files of orders.
	staff("GET /orders/import", s.importsPage)
	staff("POST /orders/import", s.uploadOrders)
	staff("GET /orders/import/file/{upload}", s.mappingPage)
	staff("POST /orders/import/file/{upload}", s.importOrders)
	staff("GET /orders/import/file/{upload}/rejects", s.rejectedRows)
	staff("POST /orders/imports/{id}/undo", s.undoOrders)

	// The firm.
	admin("GET /settings", s.settingsPage)
	admin("POST /settings", s.saveSettings)
	admin("GET /settings/access", s.accessPage)
	admin("POST /settings/tokens", s.addToken)
	admin("POST /settings/tokens/{id}/revoke", s.revokeToken)
	admin("POST /settings/webhooks", s.addHook)
	admin("POST /settings/webhooks/{id}/remove", s.removeHook)
	admin("GET /settings/currencies", s.ratesPage)
	admin("POST /settings/currencies", s.setRate)
	admin("POST /exclusions", s.exclude)
	admin("POST /exclusions/{exclusion}/remove", s.removeExclusion)
	staff("GET /colleagues", s.colleaguesPage)
	admin("POST /colleagues", s.addColleague)
	admin("POST /colleagues/{id}/left", s.colleagueLeft)
	admin("POST /colleagues/{id}/back", s.colleagueBack)
	admin("GET /colleagues/{id}/handover", s.handoverPage)
	admin("POST /colleagues/{id}/handover", s.handOver)

	// What was captured.
	staff("GET /week", s.weekPage)
	staff("GET /week/customers.pdf", s.printCustomers)
	admin("GET /settings/capture", s.coveragePage)
	admin("POST /settings/capture", s.saveCompare)

	// Programs: by a token, without a session.
	mux.Handle("POST /api/v1/orders", s.api(crm.ScopeOrdersWrite, s.apiOrders))
	mux.Handle("GET /api/v1/orders", s.api(crm.ScopeOrdersRead, s.apiOrder))
	mux.Handle("POST /hooks/{id}", http.HandlerFunc(s.hook))
	mux.Handle("/api/", http.HandlerFunc(s.noAPI))

	// Live update.
	staff("GET /events", s.events)

	open("/", func(http.ResponseWriter, *http.Request, *call) error { return errNoPage })
	return mux
}
