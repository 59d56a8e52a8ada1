package web

import (
	"fmt"
	"testing"

	"kaveri/crm"
)

// What is excluded is shown before it goes, and goes only when that was agreed to.
func TestExclusions(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	want(t, v.get("/settings"), 200, "Mail that is not kept", "Nothing is excluded.")
	want(t, v.post("/exclusions", "kind", "who", "value", "Aino@Postia.example"), 200, "Exclude aino@postia.example?", "37 stored mails go for good", "2 mails are left out here", "1 mail stays", `name="removes" value="37"`)
	want(t, v.in("fi").post("/exclusions", "kind", "who", "value", "postia.example"), 200, "Rajataanko pois: postia.example?", "37 tallennettua viestiä poistuu lopullisesti")
	v.in("en")
	if len(m.excluded) != 0 {
		t.Fatalf("excluded without asking: %+v", m.excluded)
	}
	want(t, v.post("/exclusions", "kind", "domain", "value", "postia.example", "removes", "36"), 200, `name="removes" value="37"`) // it has become more
	says(t, v.goes("/exclusions", "kind", "domain", "value", "postia.example", "removes", "37"), "<strong>postia.example</strong>", "domain, with subdomains", "Excluded.")
	want(t, v.post("/exclusions", "kind", "domain", "value", "postia.example", "removes", "37"), 409, "aria-invalid", "is excluded already", `value="postia.example"`, "Saarimatkat Oy")
	want(t, v.post("/exclusions", "kind", "who", "value", "gmail.com"), 422, "aria-invalid", "shared by strangers")
	want(t, v.in("fi").post("/exclusions", "kind", "who", "value", "gmail.com"), 422, "monen yhteinen palvelu")
	v.in("en")
	want(t, v.post("/exclusions", "kind", "folder", "value", "Private", "removes", "x"), 200, "Exclude Private?", "No stored mail goes.")
	if e := m.excluded[0]; e.Kind != crm.ExcludedDomain || e.Mailbox != 0 {
		t.Errorf("excluded: %+v", e)
	}
	says(t, v.goes("/exclusions/"+fmt.Sprint(m.excluded[0].ID)+"/remove"), "Nothing is excluded.", "Taken back.")
	want(t, v.post("/exclusions/1/remove"), 404)

	want(t, v.get("/mailboxes"), 200, "/mailboxes/31/exclusions")
	want(t, v.get("/mailboxes/31/exclusions"), 200, "Only you see this list.")
	says(t, v.goes("/mailboxes/31/exclusions", "kind", "folder", "value", "Private", "removes", "0"), "<strong>Private</strong>", "folder, with those in it")
	want(t, v.post("/mailboxes/31/exclusions", "kind", "folder", "value", "inbox"), 422, "aria-invalid", `value="folder" checked`)
	want(t, v.get("/settings"), 200, "Nothing is excluded.")
}

func TestFollowDeletionsSetting(t *testing.T) {
	m := company()
	v := newSite(t, m).signIn()
	form := []string{"name", "X", "domains", "x.example", "policy", "known", "zone", "Europe/Helsinki", "currency", "EUR", "language", "en", "follow-deletions"}
	says(t, v.goes("/settings", append(form, "30")...), `name="follow-deletions" type="number" value="30"`)
	want(t, v.post("/settings", append(form, "soon")...), 422, "Give a number of days", `value="soon"`)
	want(t, v.in("fi").post("/settings", append(form, "4000")...), 422, "Anna päivien määrä")
	if m.firm.FollowDeletions != 30 {
		t.Errorf("the firm keeps %d days", m.firm.FollowDeletions)
	}
	says(t, v.in("en").goes("/settings", append(form, "")...), `name="follow-deletions" type="number" value=""`)
}
