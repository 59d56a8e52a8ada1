package web

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"kaveri/crm"
)

// maxUpload bounds a form with files: their bytes, and some for the rest.
const maxUpload = crm.MaxDraftFiles + maxForm

// uploadTime is how long a form with files may take to arrive.
const uploadTime = 10 * time.Minute

// saveDraft keeps what the author has written and does what was asked for: a
// button says what, in the field "do". Every minute or so the page sends itself
// (do=keep), and gets back when that was.
func (s *Server) saveDraft(w http.ResponseWriter, r *http.Request, c *call) error {
	d, err := s.draft(r, c)
	if err != nil {
		return err
	}
	// The server's deadline is for small forms; an error means it has none.
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadTime))
	if err := r.ParseMultipartForm(maxForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		var large *http.MaxBytesError
		if !errors.As(err, &large) {
			return c.fault("files", "draft.form-broken")
		}
		return s.draftFault(w, r, c, d, c.fault("files", "draft.too-large", crm.MaxDraftFiles>>20))
	}
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
	}
	do, arg, _ := strings.Cut(r.PostFormValue("do"), "-")
	switch do {
	case "discard":
		to := s.homeOf(r, c, &d)
		if err := s.Drafts.DiscardDraft(r.Context(), c.viewer, d.ID); err != nil {
			return err
		}
		return go303(w, r, to, "draft-gone")
	case "send":
		return s.sendDraft(w, r, c, d)
	}
	if err := s.readDraft(r, c, &d); err != nil {
		return err
	}
	kept, err := s.keepDraft(r, c, d, do, arg)
	if err != nil {
		return s.draftFault(w, r, c, d, err)
	}
	switch {
	case isFragment(r):
		return s.renderPart(w, r, c, "draft", "draft-state", c.draftState(&kept, ""))
	case do == "move":
		return s.moveDraft(w, r, c, kept)
	}
	return go303(w, r, draftPath(d.ID)+"#f-text", "")
}

// keepDraft keeps fields and files.
func (s *Server) keepDraft(r *http.Request, c *call, d crm.SavedDraft, do, arg string) (crm.SavedDraft, error) {
	if do == "insert" {
		list, err := s.Drafts.Snippets(r.Context(), c.viewer)
		if err != nil {
			return d, err
		}
		for i := range list {
			if strconv.FormatInt(int64(list[i].ID), 10) == arg {
				insertSnippet(&d, &list[i])
			}
		}
	}
	d, err := s.Drafts.SaveDraft(r.Context(), c.viewer, d)
	if err != nil {
		return d, c.draftTrouble(err)
	}
	if err := s.keepFiles(r, c, d.ID); err != nil {
		return d, err
	}
	if n, err := strconv.Atoi(arg); do == "remove" && err == nil {
		if err := s.Drafts.RemoveDraftFile(r.Context(), c.viewer, d.ID, n); err != nil {
			return d, err
		}
	}
	return s.Drafts.Draft(r.Context(), c.viewer, d.ID)
}

// readDraft reads the form into the draft. Whom it may go to is for the store
// to judge; names are those of the page's own lists.
func (s *Server) readDraft(r *http.Request, c *call, d *crm.SavedDraft) error {
	to, cc, err := s.partyLines(r, c, d)
	if err != nil {
		return err
	}
	chosen := func(field string, lines []PartyLine) (out []crm.Party) {
		for _, v := range r.PostForm[field] {
			p := crm.Party{Address: crm.Address(v), Written: v}
			if i := slices.IndexFunc(lines, func(l PartyLine) bool { return string(l.Address) == v }); i >= 0 {
				p = lines[i].Party
			}
			out = append(out, p)
		}
		return out
	}
	d.To, d.Cc = chosen("to", to), chosen("cc", cc)
	d.Subject, d.Text, d.Quoted = r.PostFormValue("subject"), strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n"), r.PostFormValue("quoted") != ""
	if v := r.PostFormValue("from"); v != "" {
		if d.Mailbox, err = crm.ParseID[crm.MailboxID]("from", v); err != nil {
			return err
		}
	}
	return nil
}

// keepFiles attaches the files that came with the form.
func (s *Server) keepFiles(r *http.Request, c *call, id crm.DraftID) error {
	if r.MultipartForm == nil {
		return nil
	}
	for _, h := range r.MultipartForm.File["files"] {
		if h.Filename == "" {
			continue
		}
		f, err := h.Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			return err
		}
		file := crm.DraftFile{Name: h.Filename, Type: h.Header.Get("Content-Type"), Data: data}
		if err := s.Drafts.AddDraftFile(r.Context(), c.viewer, id, file); err != nil {
			return c.draftTrouble(err)
		}
	}
	return nil
}

// draftTrouble says in the author's language what the store has refused.
func (c *call) draftTrouble(err error) error {
	var e *crm.Error
	if !errors.As(err, &e) || e.Kind != crm.KindInvalid && e.Kind != crm.KindConflict {
		return err
	}
	switch e.Field {
	case "draft":
		return &worded{crm.Error{Kind: crm.KindConflict, Field: "draft", Text: c.t("draft.sent-already")}}
	case "undo":
		return &worded{crm.Error{Kind: crm.KindConflict, Field: "undo", Text: c.t("draft.too-late")}}
	}
	return err // fault.<field> has the sentence
}

// draftFault shows the draft as it was sent in the form, with what is wrong.
func (s *Server) draftFault(w http.ResponseWriter, r *http.Request, c *call, d crm.SavedDraft, err error) error {
	f, ok := c.faults(err, "to", "from", "subject", "text", "files")
	if !ok {
		return err
	}
	text := f.General
	for _, t := range f.Fields {
		text = t
	}
	if isFragment(r) {
		if is, err := s.Drafts.Draft(r.Context(), c.viewer, d.ID); err == nil {
			d.Files = is.Files
		}
		return s.renderPart(w, r, c, "draft", "draft-state", c.draftState(&d, text))
	}
	return s.showDraft(w, r, c, DraftPage{Draft: d, Faults: f}, statusOf[crm.KindOf(err)])
}

// sendDraft lets a mail go. One without text or subject asks once.
func (s *Server) sendDraft(w http.ResponseWriter, r *http.Request, c *call, d crm.SavedDraft) error {
	if d.Mailing != 0 { // the button was pressed twice
		return go303(w, r, s.homeOf(r, c, &d), "")
	}
	err := s.readDraft(r, c, &d)
	if err == nil {
		err = s.keepFiles(r, c, d.ID)
	}
	if err == nil {
		err = s.ready(r, c, &d)
	}
	if err != nil {
		return s.draftFault(w, r, c, d, err)
	}
	if ask := c.missing(&d); ask != "" && r.PostFormValue("sure") != ask {
		kept, err := s.Drafts.SaveDraft(r.Context(), c.viewer, d)
		if err != nil {
			return s.draftFault(w, r, c, d, c.draftTrouble(err))
		}
		return s.showDraft(w, r, c, DraftPage{Draft: kept, Ask: ask}, http.StatusOK)
	}
	sent, err := s.Drafts.SendDraft(r.Context(), c.viewer, d)
	if err != nil {
		return s.draftFault(w, r, c, d, c.draftTrouble(err))
	}
	return go303(w, r, s.homeOf(r, c, &sent), "")
}

// missing names what a mail lacks that it usually has.
func (c *call) missing(d *crm.SavedDraft) string {
	bare := strings.TrimSpace(strings.TrimPrefix(d.Subject, "Re:")) == ""
	switch empty := strings.TrimSpace(d.Text) == ""; {
	case empty && bare:
		return "both"
	case empty:
		return "text"
	case bare && d.Answers == 0:
		return "subject"
	}
	return ""
}

// ready says in the author's language what the store would refuse.
func (s *Server) ready(r *http.Request, c *call, d *crm.SavedDraft) error {
	if len(d.To)+len(d.Cc) == 0 {
		return c.fault("to", "draft.nobody")
	}
	if d.Mailbox == 0 {
		return c.fault("from", "draft.no-mailbox")
	}
	all, _, err := s.identities(r, c)
	if err != nil {
		return err
	}
	for _, i := range all {
		if i.Mailbox == d.Mailbox && !i.Ready() {
			return c.fault("from", "draft.no-sender", i.Party.Address.Domain())
		}
	}
	to, cc, err := s.partyLines(r, c, d)
	for _, l := range slices.Concat(to, cc) {
		if err == nil && l.On && l.Stopped != "" {
			return c.fault("to", "draft.leave-out", l.Address, l.Stopped)
		}
	}
	return err
}

// moveDraft puts the draft into the author's own Drafts folder, and takes it
// from here.
func (s *Server) moveDraft(w http.ResponseWriter, r *http.Request, c *call, d crm.SavedDraft) error {
	if d.Mailbox == 0 {
		return s.draftFault(w, r, c, d, c.fault("from", "draft.no-mailbox"))
	}
	err := s.Postbox.MoveDraft(r.Context(), c.viewer, d.ID)
	if err != nil {
		s.Log.WarnContext(r.Context(), "a draft is not moved", "request", c.id, "error", err)
		k := Key("draft.move-refused")
		switch crm.KindOf(err) {
		case crm.KindNotFound:
			k = "draft.move-no-folder"
		case crm.KindUnavailable:
			k = "draft.move-later"
		case crm.KindInternal:
			return err
		}
		return s.draftFault(w, r, c, d, c.fault("from", k))
	}
	to := s.homeOf(r, c, &d)
	if err := s.Drafts.DiscardDraft(r.Context(), c.viewer, d.ID); err != nil {
		return err
	}
	return go303(w, r, to, "draft-moved")
}

// undoSend takes a mail back that its author has let go.
func (s *Server) undoSend(w http.ResponseWriter, r *http.Request, c *call) error {
	d, err := s.draft(r, c)
	if err != nil {
		return err
	}
	err = s.Drafts.UndoSend(r.Context(), c.viewer, d.ID)
	if crm.KindOf(err) == crm.KindConflict && d.Mailing != 0 {
		return c.draftTrouble(err)
	}
	if err != nil && crm.KindOf(err) != crm.KindConflict { // it is a draft: pressed twice
		return err
	}
	return go303(w, r, draftPath(d.ID), "undone")
}
