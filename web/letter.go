package web

import (
	"encoding/json"
	"errors"
	"html"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kaveri/crm"
	"kaveri/templates/block"
)

// LetterPage is where the text of one step of a campaign is made of blocks, or
// written as HTML.
type LetterPage struct {
	Shell
	Campaign  crm.Campaign
	Locked    bool // a launched version; an edit makes a new one
	Step      string
	Variant   int
	Variants  []LetterTab
	Language  string
	Languages []LetterTab
	Doc       block.Document
	Blocks    []BlockForm
	Add       AddForm
	Source    bool // written as HTML and text
	HTML      string
	Text      string
	Starters  []StarterLine
	Preview   string // address of the picture beside
	As        string // how it is looked at: wide, narrow, dark, plain
	Looks     []LetterTab
	People    []PersonChoice
	Problems  []string // of the tags, each with its place
	Missing   []string
	Fields    []crm.LetterField
	Faults    Faults
}

// LetterTab is a way to another text, or another look.
type LetterTab struct {
	Name, To string
	On       bool
}

// StarterLine is a ready-made mail.
type StarterLine struct{ Name, Title, About string }

// PersonChoice is somebody as whom a mail is looked at.
type PersonChoice struct {
	ID   crm.ContactID
	Name string
	On   bool
}

// BlockForm is a block with its fields.
type BlockForm struct {
	block.Block
	Name        string
	Path        block.Path
	First, Last bool
	LeftForms   []BlockForm
	RightForms  []BlockForm
	AddLeft     AddForm
	AddRight    AddForm
	Fault       string
	Conditions  []Condition
	Custom      bool // the condition is none of the usual ones
	Within      bool // stands within a column
}

// AddForm offers blocks to be put somewhere.
type AddForm struct {
	Path  block.Path
	Kinds []KindLine
}

// KindLine is a kind of block, in words.
type KindLine struct {
	Kind block.Kind
	Name string
}

// addForm offers what may be added behind the last block of a list; within a
// column there are no columns.
func (c *call) addForm(prefix string, n int, within bool) AddForm {
	f := AddForm{Path: block.Path(prefix + strconv.Itoa(n))}
	for _, k := range block.Kinds {
		if k != block.Columns || !within {
			f.Kinds = append(f.Kinds, KindLine{k, c.t(Key("block." + string(k)))})
		}
	}
	return f
}

// Condition is one of the usual conditions of a block.
type Condition struct {
	Rule, Text string
	On         bool
}

// usualConditions are offered for each block. They are in the words of merge
// tags.
var usualConditions = []struct {
	rule string
	key  Key
}{
	{"", "letter.if.always"},
	{`rung == "ONE-TIME" or rung == "QUIET"`, "letter.if.one-time"},
	{`rung == "OCCASIONAL"`, "letter.if.occasional"},
	{`rung == "FREQUENT"`, "letter.if.frequent"},
	{`rung == "LOYAL" or rung == "ADVOCATE"`, "letter.if.loyal"},
	{`rung == "LAPSED"`, "letter.if.lapsed"},
	{`wish`, "letter.if.wish"},
	{`last_product`, "letter.if.product"},
}

// letterPlace names a text of a campaign.
type letterPlace struct {
	campaign crm.Campaign
	step     *crm.Step
	variant  int
	language string
}

func (p *letterPlace) path() string {
	return "/campaigns/" + strconv.FormatInt(int64(p.campaign.ID), 10) + "/letters/" + url.PathEscape(p.step.Name) + "/" + strconv.Itoa(p.variant) + "/" + p.language
}

// letterPlace reads which text a request is about.
func (s *Server) letterPlace(r *http.Request, c *call) (p letterPlace, err error) {
	id, err := routeID[crm.CampaignID](r, "id", "campaign")
	if err != nil {
		return p, err
	}
	if p.campaign, err = s.Campaigns.Campaign(r.Context(), c.viewer, id); err != nil {
		return p, err
	}
	step, ok := p.campaign.Plan.Step(r.PathValue("step"))
	p.step, p.language = step, r.PathValue("lang")
	variant, err := strconv.Atoi(r.PathValue("variant"))
	if !ok || err != nil || step.Kind != crm.StepSend || variant < 0 || variant >= len(step.Letters) || !slices.Contains(languages, p.language) {
		return p, crm.NotFound("the campaign has no such mail")
	}
	p.variant = variant
	return p, nil
}

// document gives the blocks of the text, and whether it has any.
func (p *letterPlace) document() (d block.Document, blocks bool) {
	v := &p.step.Letters[p.variant]
	if raw := v.Blocks[p.language]; raw != "" {
		if json.Unmarshal([]byte(raw), &d) == nil {
			return d, true
		}
	}
	d.Subject = v.Letters[p.language].Subject
	return d, v.Letters[p.language] == (crm.Template{})
}

// keep puts a text into the plan. What is not complete yet is kept as blocks, and
// has no letter until it is.
func (p *letterPlace) keep(d *block.Document, t *crm.Template) error {
	v := &p.step.Letters[p.variant]
	v.Blocks, v.Letters = cloneOf(v.Blocks), cloneOf(v.Letters)
	if t != nil {
		delete(v.Blocks, p.language)
		v.Letters[p.language] = *t
		return nil
	}
	raw, err := json.Marshal(d)
	if err != nil {
		return err
	}
	v.Blocks[p.language] = string(raw)
	delete(v.Letters, p.language)
	if err := d.Validate(); err != nil {
		return err
	}
	v.Letters[p.language] = d.Render(p.language)
	return nil
}

func cloneOf[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return maps.Clone(m)
}

func (s *Server) letterPage(w http.ResponseWriter, r *http.Request, c *call) error {
	p, err := s.letterPlace(r, c)
	if err != nil {
		return err
	}
	return s.showLetter(w, r, c, &p, nil, http.StatusOK)
}

// saveLetter keeps the text and does what a button says: add-KIND-PATH,
// up-PATH, down-PATH, drop-PATH, starter-NAME, source, blocks, save.
func (s *Server) saveLetter(w http.ResponseWriter, r *http.Request, c *call) error {
	p, err := s.letterPlace(r, c)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return crm.Invalid("form", "the form did not arrive whole")
	}
	do, arg, _ := strings.Cut(r.PostFormValue("do"), "-")
	wrong := s.editLetter(r, &p, do, arg)
	var e *crm.Error
	if wrong != nil && (!errors.As(wrong, &e) || e.Kind != crm.KindInvalid) {
		return wrong
	}
	if p.campaign, err = s.keepPlan(r, c, p.campaign); err != nil {
		return err
	}
	step, ok := p.campaign.Plan.Step(p.step.Name)
	if !ok {
		return crm.NotFound("the campaign has no such mail")
	}
	p.step = step
	if isFragment(r) || do == "save" && wrong != nil {
		return s.showLetter(w, r, c, &p, wrong, http.StatusOK)
	}
	return go303(w, r, p.path(), map[bool]string{true: "letter"}[do == "save"])
}

// editLetter reads the form into the plan, and takes the step.
func (s *Server) editLetter(r *http.Request, p *letterPlace, do, arg string) error {
	if r.PostFormValue("mode") == "source" {
		t := crm.Template{Subject: strings.TrimSpace(r.PostFormValue("subject")), HTML: unix(r.PostFormValue("html")), Text: unix(r.PostFormValue("text"))}
		if do == "blocks" {
			return p.keep(&block.Document{Subject: t.Subject, Blocks: []block.Block{{Kind: block.Text, Text: t.Text}}}, nil)
		}
		return p.keep(nil, &t)
	}
	d := block.Document{Subject: r.PostFormValue("subject"), Preview: r.PostFormValue("preview"), Accent: r.PostFormValue("accent"), Blocks: readBlocks(r.PostForm, "b.")}
	path := block.Path(arg)
	switch do {
	case "add":
		kind, at, _ := strings.Cut(arg, "-")
		if err := d.Insert(block.Path(at), block.Block{Kind: block.Kind(kind)}); err != nil {
			return err
		}
	case "up", "down":
		if err := d.Move(path, map[string]int{"up": -1, "down": 1}[do]); err != nil {
			return err
		}
	case "drop":
		if err := d.Remove(path); err != nil {
			return err
		}
	case "starter":
		list, err := block.Starters()
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(s block.Starter) bool { return s.Name == arg })
		if i < 0 || list[i].Documents[p.language] == nil {
			return crm.NotFound("there is no such ready-made mail")
		}
		d = *list[i].Documents[p.language]
	case "source":
		if d.Validate() == nil {
			t := d.Render(p.language)
			return p.keep(nil, &t)
		}
	}
	return p.keep(&d, nil)
}

func unix(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

// readBlocks reads blocks from the fields of a form, whose names say where each
// stands.
func readBlocks(form url.Values, prefix string) []block.Block {
	var out []block.Block
	for i := 0; i < block.MaxBlocks && form.Has(prefix+strconv.Itoa(i)+".kind"); i++ {
		at := prefix + strconv.Itoa(i) + "."
		get := func(field string) string { return strings.TrimSpace(unix(form.Get(at + field))) }
		b := block.Block{Kind: block.Kind(get("kind")), Text: get("text"), URL: get("url"), Image: get("image"), If: get("if")}
		if b.If == "custom" {
			b.If = get("rule")
		}
		b.Width, _ = strconv.Atoi(get("width")) // none, or no number: the whole column
		if b.Kind == block.Columns {
			b.Left, b.Right = readBlocks(form, at+"l."), readBlocks(form, at+"r.")
		}
		out = append(out, b)
	}
	return out
}

// showLetter shows the page with what is wrong with the text.
func (s *Server) showLetter(w http.ResponseWriter, r *http.Request, c *call, p *letterPlace, wrong error, status int) error {
	page := LetterPage{Campaign: p.campaign, Locked: p.campaign.State != crm.CampaignDraft, Step: p.step.Name, Variant: p.variant, Language: p.language}
	doc, blocks := p.document()
	page.Doc, page.Source = doc, !blocks
	t := p.step.Letters[p.variant].Letters[p.language]
	page.HTML, page.Text = t.HTML, t.Text
	if !page.Source && wrong == nil && len(doc.Blocks) > 0 {
		wrong = doc.Validate()
	}
	var e *crm.Error
	if errors.As(wrong, &e) {
		page.Faults = Faults{Fields: map[string]string{e.Field: e.Text}}
		if _, known := strings.CutPrefix(e.Field, "blocks."); !known && e.Field != "subject" && e.Field != "accent" {
			page.Faults = Faults{General: e.Text}
		}
	}
	page.Blocks, page.Add = c.blockForms(doc.Blocks, "", "blocks.", page.Faults, false), c.addForm("", len(doc.Blocks), false)
	if err := s.letterSides(r, c, p, &page, t); err != nil {
		return err
	}
	page.Shell = s.shell(c, "mailings", c.t("letter.title", p.campaign.Name))
	if isFragment(r) {
		return s.renderPart(w, r, c, "letter", "letter-editor", page)
	}
	s.render(w, r, c, status, "letter", page)
	return nil
}

// letterSides fills in what stands beside the text: tabs, preview, fields.
func (s *Server) letterSides(r *http.Request, c *call, p *letterPlace, page *LetterPage, t crm.Template) error {
	other := *p
	for _, l := range languages {
		other.language = l
		page.Languages = append(page.Languages, LetterTab{c.t(Key("letter.in." + l)), other.path(), l == p.language})
	}
	other.language = p.language
	for i, v := range p.step.Letters {
		other.variant = i
		page.Variants = append(page.Variants, LetterTab{v.Name, other.path(), i == p.variant})
	}
	for _, name := range []string{"second-try", "we-miss-you", "wish-came-true", "thank-you", "early-news", "what-was-missing"} {
		page.Starters = append(page.Starters, StarterLine{name, c.t(Key("starter." + name)), c.t(Key("starter." + name + ".about"))})
	}
	q := r.URL.Query()
	if page.As = q.Get("as"); !slices.Contains(looks, page.As) {
		page.As = looks[0]
	}
	people, err := s.Campaigner.PreviewPeople(r.Context(), c.viewer, p.campaign.ID, previewPeople)
	if err != nil {
		return err
	}
	who := personOf(people, q.Get("for"))
	for _, m := range people {
		page.People = append(page.People, PersonChoice{m.Contact, m.Name, m == who})
	}
	seen := "&for=" + strconv.FormatInt(int64(who.Contact), 10)
	for _, as := range looks {
		page.Looks = append(page.Looks, LetterTab{c.t(Key("letter.as." + as)), p.path() + "?as=" + as + seen, as == page.As})
	}
	page.Fields = s.Campaigner.TextFields()
	if t == (crm.Template{}) {
		return nil
	}
	made, err := s.Campaigner.PreviewLetter(r.Context(), c.viewer, p.campaign.ID, t, p.language, who)
	if err != nil {
		return err
	}
	page.Problems, page.Missing = made.Problems, made.Missing
	page.Preview = p.path() + "/preview?as=" + page.As + seen + "&v=" + strconv.Itoa(len(t.HTML)+len(t.Text)) + "-" + strconv.FormatInt(p.campaign.Changed.UnixMilli(), 36)
	return nil
}

// previewPeople is as how many people a mail can be looked at.
const previewPeople = 20

// personOf finds who is chosen, else the first; the zero person when there is
// nobody.
func personOf(people []crm.PreviewPerson, contact string) (p crm.PreviewPerson) {
	id, _ := strconv.ParseInt(contact, 10, 64)
	for _, q := range people {
		if int64(q.Contact) == id {
			return q
		}
	}
	if len(people) > 0 {
		p = people[0]
	}
	return p
}

// looks are the ways in which a mail is looked at.
var looks = []string{"wide", "narrow", "dark", "plain"}

// blockForms gives blocks with their fields. prefix is that of paths, fault that
// of the names that errors bear, whose numbers begin at 1.
func (c *call) blockForms(list []block.Block, prefix, fault string, f Faults, within bool) []BlockForm {
	out := make([]BlockForm, len(list))
	for i, b := range list {
		n, m := strconv.Itoa(i), strconv.Itoa(i+1)
		at := BlockForm{Block: b, Name: c.t(Key("block." + string(b.Kind))), Path: block.Path(prefix + n), First: i == 0, Last: i == len(list)-1, Within: within}
		at.LeftForms = c.blockForms(b.Left, prefix+n+".l.", fault+m+".left.", f, true)
		at.RightForms = c.blockForms(b.Right, prefix+n+".r.", fault+m+".right.", f, true)
		at.AddLeft, at.AddRight = c.addForm(prefix+n+".l.", len(b.Left), true), c.addForm(prefix+n+".r.", len(b.Right), true)
		for _, field := range []string{"", ".text", ".url", ".image", ".width", ".if", ".kind"} {
			if text := f.On(fault + m + field); text != "" {
				at.Fault = text
			}
		}
		at.Custom = true
		for _, u := range usualConditions {
			at.Conditions = append(at.Conditions, Condition{u.rule, c.t(u.key), u.rule == b.If})
			at.Custom = at.Custom && u.rule != b.If
		}
		out[i] = at
	}
	return out
}

// letterPreview gives the mail as somebody would get it, as a document of its own.
func (s *Server) letterPreview(w http.ResponseWriter, r *http.Request, c *call) error {
	p, err := s.letterPlace(r, c)
	if err != nil {
		return err
	}
	t := p.step.Letters[p.variant].Letters[p.language]
	people, err := s.Campaigner.PreviewPeople(r.Context(), c.viewer, p.campaign.ID, previewPeople)
	if err != nil {
		return err
	}
	who := personOf(people, r.URL.Query().Get("for"))
	made, err := s.Campaigner.PreviewLetter(r.Context(), c.viewer, p.campaign.ID, t, p.language, who)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", previewPolicy)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "private, no-store")
	switch as := r.URL.Query().Get("as"); {
	case as == "plain" || made.HTML == "":
		writeLetter(w, made.Subject, "<pre>"+html.EscapeString(made.Text)+"</pre>")
	case as == "dark":
		// As a program in dark colours reads it.
		_, err = w.Write([]byte(strings.ReplaceAll(strings.ReplaceAll(made.HTML, "(prefers-color-scheme:dark)", "all"), "(prefers-color-scheme: dark)", "all")))
	default:
		_, err = w.Write([]byte(strings.ReplaceAll(strings.ReplaceAll(made.HTML, "(prefers-color-scheme:dark)", "not all"), "(prefers-color-scheme: dark)", "not all")))
	}
	return err
}

// previewPolicy lets a mail of ours show pictures of the web and nothing act.
const previewPolicy = "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"
