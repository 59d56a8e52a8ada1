package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template/parse"

	"kaveri/crm"
	"kaveri/crm/orders"
	"kaveri/insight"
	"kaveri/templates"
	"kaveri/templates/block"
)

var verb = regexp.MustCompile(`%[sd%]`)

func TestCatalogueIsComplete(t *testing.T) {
	for k, p := range words {
		if p.en == "" || p.fi == "" {
			t.Errorf("%q is missing in a language: %+v", k, p)
		}
		for _, lang := range languages {
			one, other, counted := strings.Cut(p.in(lang), "|")
			_, _, countedToo := strings.Cut(p.en, "|")
			if counted != countedToo {
				t.Errorf("%q is counted in one language only", k)
			}
			if counted && (one == "" || !strings.Contains(other, "%s")) {
				t.Errorf("%q in %s: a counted phrase has two forms, and the second shows the number", k, lang)
			}
			if p.in(lang) != strings.TrimSpace(p.in(lang)) {
				t.Errorf("%q in %s has space around it", k, lang)
			}
		}
		if !strings.Contains(p.en, "|") && !slices.Equal(verb.FindAllString(p.en, -1), verb.FindAllString(p.fi, -1)) {
			t.Errorf("%q takes other arguments in Finnish: %q, %q", k, p.en, p.fi)
		}
	}
	for k, n := range map[Key]int{"date.months": 12, "date.weekdays": 7, "date.weekdays-on": 7} {
		for _, lang := range languages {
			if got := len(strings.Fields(words[k].in(lang))); got != n {
				t.Errorf("%s in %s has %d words, want %d", k, lang, got, n)
			}
		}
	}
}

// TestKeysInUse: templates and code name only keys that exist, and no key
// stands in the catalogue that nothing names.
func TestKeysInUse(t *testing.T) {
	used := map[Key]string{}
	keysOfTemplates(t, used)
	keysOfCode(t, used)
	keysOfMail(used)
	keysOfSending(used)
	keysOfLoyalty(used)
	keysOfOrders(used)
	keysOfCampaigns(used)
	for k, where := range used {
		if !words[k].has() {
			t.Errorf("%s names %q, which the catalogue lacks", where, k)
		}
	}
	open := regexp.MustCompile(`^(done|fault|defect|state|order\.fault)\.`) // looked up, and done without when missing
	for k := range words {
		if used[k] == "" && !open.MatchString(string(k)) {
			t.Errorf("nothing names %q", k)
		}
	}
}

// keysOfTemplates notes the keys that templates name.
func keysOfTemplates(t *testing.T, used map[Key]string) {
	t.Helper()
	st, err := newStatic()
	if err != nil {
		t.Fatal(err)
	}
	v, err := newViews(st)
	if err != nil {
		t.Fatal(err)
	}
	for page, set := range v.byLang["en"] {
		for _, tm := range set.Templates() {
			if tm.Tree != nil {
				walk(tm.Tree.Root, func(k string) { used[Key(k)] = page })
			}
		}
	}
}

// keysOfCode notes the strings of the code that are keys.
func keysOfCode(t *testing.T, used map[Key]string) {
	t.Helper()
	fset := token.NewFileSet()
	files, err := fs.Glob(sourceFiles, "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "catalogue") {
			continue
		}
		src, _ := fs.ReadFile(sourceFiles, name)
		f, err := parser.ParseFile(fset, name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
				if k := Key(strings.Trim(l.Value, "\"`")); words[k].has() {
					used[k] = name
				}
			}
			return true
		})
	}
}

// keysOfMail notes the keys that are put together from a value of the domain: of
// mail and of what is decided about it.
func keysOfMail(used map[Key]string) {
	for _, k := range []crm.Class{crm.ClassAutoReply, crm.ClassBounce, crm.ClassComplaint, crm.ClassList, crm.ClassNewsletter, crm.ClassSystem, crm.ClassCalendar} {
		used[Key("class."+string(k))] = "crm"
	}
	for _, k := range []crm.Role{crm.RoleFrom, crm.RoleSender, crm.RoleReplyTo, crm.RoleTo, crm.RoleCc, crm.RoleBcc} {
		used[Key("field."+string(k))], used[Key("why.field."+string(k))] = "crm", "crm"
	}
	for k := range tones {
		used[Key("state."+string(k))] = "crm"
	}
	for _, k := range crm.SuppressionReasons {
		if k.Stops(crm.MailingDirect) {
			used[Key("stopped."+string(k))] = "crm"
		}
	}
	for _, k := range []crm.Rule{crm.RuleInternal, crm.RuleNoCustomer, crm.RuleNobody, crm.RuleExcluded} {
		used[Key("rule."+string(k))] = "crm"
	}
	for _, k := range []crm.Class{crm.ClassHuman, crm.ClassAutoReply, crm.ClassBounce, crm.ClassComplaint, crm.ClassList, crm.ClassNewsletter, crm.ClassSystem, crm.ClassCalendar} {
		used[Key("class-text."+string(k))] = "crm"
	}
	for _, k := range []crm.ExclusionKind{crm.ExcludedAddress, crm.ExcludedDomain, crm.ExcludedFolder} {
		used[Key("exclude.kind."+string(k))] = "crm"
	}
	for _, k := range []crm.Proof{crm.ProofAuthor, crm.ProofDomain, crm.ProofName, crm.ProofAddress, crm.ProofQuote} {
		used[Key("proof."+string(k))] = "crm"
	}
	for _, k := range []crm.ReviewKind{crm.ReviewMail, crm.ReviewAddress, crm.ReviewOrganisation, crm.ReviewMerge} {
		used[Key("then."+string(k))] = "crm"
	}
	for _, k := range []crm.DetailKind{crm.DetailPhone, crm.DetailTitle, crm.DetailCompany, crm.DetailAddress} {
		used[Key("detail."+string(k))] = "crm"
	}
	for _, k := range []crm.Unplaced{crm.UnplacedAsked, crm.UnplacedDenied, crm.UnplacedInternal, crm.UnplacedRobot, crm.UnplacedNobody, crm.UnplacedIn, crm.UnplacedOut} {
		used[Key("unplaced."+string(k))] = "crm"
	}
	for _, k := range crm.WishKinds {
		used[Key("wish.kind."+string(k))] = "crm"
	}
	for _, k := range crm.WishStrengths {
		used[Key("wish.strength."+string(k))] = "crm"
	}
	for _, k := range crm.WishStates {
		used[Key("wish.state."+string(k))] = "crm"
		for _, to := range k.Next() {
			used[Key("wish.move."+string(to))] = "crm"
		}
	}
}

// keysOfSending: of what becomes of mail that is sent.
func keysOfSending(used map[Key]string) {
	for _, k := range crm.SurveyKinds {
		used[Key("survey.low."+string(k))], used[Key("survey.high."+string(k))] = "crm", "crm"
	}
	for _, k := range crm.SuppressionReasons {
		used[Key("suppressed."+string(k))] = "crm"
	}
	for _, k := range []crm.DispatchEventKind{crm.EventBounced, crm.EventComplained, crm.EventDelayed, crm.EventDelivered, crm.EventFiled, crm.EventAutoAnswered, crm.EventAnswered, crm.EventClicked, crm.EventOpened, crm.EventUnsubscribed, crm.EventSettled} {
		used[Key("event."+string(k))] = "crm"
	}
	for _, k := range []crm.Stage{crm.StageRender, crm.StageConnect, crm.StageTLS, crm.StageAuth, crm.StageMail, crm.StageRcpt, crm.StageData, crm.StageBody, crm.StageDot} {
		used[Key("stage."+string(k))] = "crm"
	}
	for _, k := range crm.DispatchStates {
		used[Key("state.dispatch."+string(k))] = "crm"
	}
	for k := range mailingTones {
		used[Key("state.mailing."+string(k))] = "crm"
	}
	for k := range senderTones {
		used[Key("state.sender."+string(k))] = "crm"
	}
}

// keysOfLoyalty: of rungs, and of what is advised.
func keysOfLoyalty(used map[Key]string) {
	for _, r := range crm.Rungs {
		used[Key("rung."+string(r))] = "crm"
		if r != crm.RungContact {
			used[Key("rung-text."+string(r))] = "crm"
		}
	}
	for _, name := range periods {
		used[Key("span."+name)] = "team.go"
	}
	for _, k := range []insight.Part{insight.PartPromoted, insight.PartHalo, insight.PartCannibalised, insight.PartDisplaced, insight.PartOwnOffer, insight.PartNone} {
		used[Key("part."+string(k))] = "insight"
	}
	for _, k := range []insight.Part{insight.PartHalo, insight.PartCannibalised, insight.PartDisplaced} {
		used[Key("study."+string(k))] = "insight"
	}
	for _, k := range ruleOrders {
		used[Key("baskets.by."+string(k))] = "web"
	}
	for _, k := range crm.Timings {
		used[Key("timing."+string(k))] = "crm"
	}
	for _, k := range []crm.RungNote{crm.NoteUnproven, crm.NoteBound, crm.NoteWellWisher} {
		used[Key("rung-note."+string(k))] = "crm"
	}
	for s := range crm.SignalCount {
		used[Key("evidence."+crm.Signal(s).String())] = "crm"
		used[Key("sign."+crm.Signal(s).String())] = "crm"
	}
	for _, k := range crm.AttitudeFacts {
		used[Key("fact."+string(k))] = "crm"
	}
	for _, k := range insight.Movements() {
		used[Key("move."+string(k))] = "insight"
	}
	for _, k := range []insight.Action{insight.ActionWelcome, insight.ActionAskHow, insight.ActionSecondOrder, insight.ActionWinBack, insight.ActionAskMissing, insight.ActionInvite, insight.ActionServe, insight.ActionAskPreference, insight.ActionOtherReason, insight.ActionEarlyNews, insight.ActionThank, insight.ActionCall, insight.ActionManagerWrites, insight.ActionLapsedMail} {
		used[Key("action."+string(k))] = "insight"
	}
	panel := insight.HoldAgainst(nil, nil, 90)
	for prefix, rows := range map[string][]insight.ValidityRow{"label.": panel.Notes, "band.": append(panel.BySilence, panel.ByCount...)} {
		for _, row := range rows {
			used[Key(prefix+row.Label)] = "insight"
		}
	}
}

// keysOfOrders: of orders, of files of them, and of the API that takes them.
func keysOfOrders(used map[Key]string) {
	for _, k := range []crm.Rule{crm.RuleByHand, crm.RuleExact, crm.RuleAlias, crm.RuleBuyerNumber, crm.RuleDomain, crm.RuleBuyer, crm.ReasonNoBuyer, crm.ReasonSeveral, crm.RuleInternal, crm.RuleNoCustomer} {
		used[Key("order-rule."+string(k))] = "crm"
	}
	for _, k := range crm.APIScopes {
		used[Key("scope."+string(k))] = "crm"
	}
	for _, f := range orders.Fields {
		used[Key("field."+string(f))] = "crm/orders"
	}
	for _, f := range []orders.Field{orders.FieldOrder, orders.FieldDate, orders.FieldTotal} { // what a table cannot do without
		used[Key("mapping.missing."+string(f))] = "crm/orders"
	}
}

// keysOfCampaigns notes the keys that are put together from values of campaigns.
func keysOfCampaigns(used map[Key]string) {
	for s := range campaignTones {
		used[Key("state.campaign."+string(s))] = "crm"
	}
	for _, k := range block.Kinds {
		used[Key("block."+string(k))] = "templates/block"
	}
	for _, as := range looks {
		used[Key("letter.as."+as)] = "web"
	}
	for _, l := range languages {
		used[Key("letter.in."+l)] = "web"
	}
	list, err := block.Starters()
	if err != nil {
		panic(err)
	}
	for _, s := range list {
		used[Key("starter."+s.Name)], used[Key("starter."+s.Name+".about")] = "templates/mail", "templates/mail"
	}
	for _, k := range crm.ReasonCodes {
		used[Key("reason."+string(k))] = "crm"
	}
	for _, k := range []crm.TouchKind{crm.TouchEntered, crm.TouchSent, crm.TouchWouldSend, crm.TouchPutOff, crm.TouchLeftOut, crm.TouchMoved, crm.TouchLeft} {
		used[Key("touch."+string(k))] = "crm"
	}
	for _, k := range []crm.Arm{crm.ArmTreated, crm.ArmHeldOut, crm.ArmLeftOut} {
		used[Key("arm."+string(k))] = "crm"
	}
	for _, k := range []crm.StepKind{crm.StepSend, crm.StepWait, crm.StepBranch} {
		used[Key("step."+string(k))] = "crm"
	}
}

// walk gives each key that a template passes to t or n.
func walk(n parse.Node, found func(string)) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, c := range n.Nodes {
				walk(c, found)
			}
		}
	case *parse.ActionNode:
		walk(n.Pipe, found)
	case *parse.TemplateNode:
		walk(n.Pipe, found)
	case *parse.IfNode:
		walkBranch(&n.BranchNode, found)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, found)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, found)
	case *parse.PipeNode:
		if n != nil {
			for _, c := range n.Cmds {
				walk(c, found)
			}
		}
	case *parse.ChainNode:
		walk(n.Node, found)
	case *parse.CommandNode:
		if id, ok := n.Args[0].(*parse.IdentifierNode); ok && (id.Ident == "t" || id.Ident == "n") {
			if s, ok := n.Args[1].(*parse.StringNode); ok {
				found(s.Text)
			}
		}
		for _, a := range n.Args {
			walk(a, found)
		}
	}
}

func walkBranch(b *parse.BranchNode, found func(string)) {
	walk(b.Pipe, found)
	walk(b.List, found)
	walk(b.ElseList, found)
}

// TestNoWordsInTemplates: text for people comes from the catalogue only.
func TestNoWordsInTemplates(t *testing.T) {
	allowed := map[string]bool{"Kaveri": true, "UID": true, "Message-ID": true, "TLS": true, "STARTTLS": true, "English": true, "Suomi": true}
	action := regexp.MustCompile(`(?s)\{\{.*?\}\}|<[^>]*>`)
	err := fs.WalkDir(templates.FS, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(templates.FS, p)
		for _, w := range regexp.MustCompile(`[\p{L}][\p{L}-]+`).FindAllString(action.ReplaceAllString(string(src), " "), -1) {
			if !allowed[w] {
				t.Errorf("%s says %q; put it into the catalogue", p, w)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
