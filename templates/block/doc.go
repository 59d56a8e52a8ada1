// Package block turns a mail made of blocks (a heading, words, a button, a
// picture ...) into HTML that mail programs show alike, and into plain text.
//
// Marketers put blocks one under another and never see HTML. A [Document] is what
// they have made, as JSON; [Document.Render] gives the two texts of a mailing,
// with merge tags in them (see package campaigns), which are compiled, checked and
// escaped like those of any template: nothing here reads or fills a tag.
//
// # The HTML
//
// One column of at most 600 pixels in tables, since Outlook lays out with Word;
// every style stands at its element, since several programs drop style sheets.
// One sheet is there all the same, for what degrades well without it: dark
// colours, and two columns that come to stand one under another on a phone.
// Tables are marked as layout for screen readers, pictures have alternative
// texts, the language is named, and the words of a button have at least 4.5:1
// against its colour (WCAG 2.2 §1.4.3).
//
// # Words
//
// Words know four marks: **strong**, *emphasis*, [a link](https://...), and "- "
// at the beginning of lines for a list. An empty line begins a paragraph. All
// else is what it looks like; a backslash takes the meaning from a mark.
//
// # Conditions
//
// Each block may have a condition in the words of merge tags: the part between
// {{ if and }}. Who does not meet it does not get the block.
//
// Start reading at document.go, then html.go and words.go; starter.go has the
// ready-made mails of templates/mail.
package block
