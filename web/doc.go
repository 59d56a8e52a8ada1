// Package web is what people see: an [http.Handler] that renders Kaveri's
// pages on the server, in English and Finnish.
//
// # Shape
//
// routes.go lists every route. One file holds one page: its typed data, the
// handler that fills it, and the forms it accepts. page.go renders, errors.go
// turns a [crm.Kind] into a status, session.go knows who is asking. The
// package imports crm, insight and templates; what it needs from the rest of
// the program stands in [Store], [Ledger], [Drafts], [Intake], [Loyalty],
// [Baskets], [Clock], [Wishes], [Team], [Reader], [Connector], [Courier] and
// [Postbox], and cmd introduces them.
//
// # Rules
//
//   - Every page works without JavaScript. htmx adds live update: a page names
//     the events it depends on, and re-fetches its fragment when one arrives.
//   - An event carries ids only and is sent only when its viewer may read the
//     mail it speaks of; what is shown is always read again through the policy.
//   - Mail is foreign matter. Subjects, names and text are only ever text. HTML
//     mail is cleaned by an allow list and shown in a sandboxed frame from a
//     route whose own policy forbids scripts and every network request.
//   - Nothing unsafe happens on GET, except that the demo's one-time link signs
//     in; cross-origin writes are refused (http.CrossOriginProtection).
//   - The page policy (CSP) has no inline script or style.
//   - A fault of ours is logged with a request id; people see only the id.
//
// # Writing mail
//
// draft.go shows a draft and draftsave.go takes its form; write.js sends the
// form by itself while somebody writes. A mail is only ever sent as a draft of
// the one who is signed in ([Drafts.SendDraft]); notes have no way there. What
// was sent and is not captured yet stands beside the timeline (outgoing.go).
//
// # For programs
//
// api.go has the JSON API and hooks.go the webhooks of shops: a token or a
// signature says who asks, and orders go the way of an uploaded file
// (orderimport.go), by package crm/orders.
//
// # Colleagues
//
// week.go shows a colleague what was captured for them, coverage.go tells the
// firm, handover.go gives away the customers of who left, risk.go names those who
// hang on one colleague. No page puts colleagues beside each other in numbers
// unless the firm has said so. notebook.go chooses and words the customers of a
// colleague for print ([PrintNotebook]); web/notebook lays them out.
//
// # The public side
//
// [NewPublic] makes a second handler, for a listener of its own that the world
// may reach: the links that stand in mail. It shares templates and catalogue
// with the pages and nothing else. Who asks is known by a token that names one
// mail ([crm.Keyring]); there are no sessions and no cookies. Scanners open all
// links of a mail, so looking changes nothing, and every visit is kept and
// judged ([crm.JudgeVisits]). What is wrong with a request, a forged token or a
// mail that is gone, gives the same page.
//
// Start reading at [New], then routes.go, then customer.go.
package web
