// Package campaigns decides whom to write to, what, and when.
//
// It knows neither the ledger nor the mail servers: it makes an audience and,
// when outbound asks for it, the mail of one recipient ([Renderer] satisfies
// outbound's interface of that name). Beneath are the texts with merge tags
// ([Compile]), template files ([ReadLetter]), audiences from files
// ([OpenAudience]) and the renderer with its check before launch.
//
// # How a campaign runs
//
// A campaign is a plan ([crm.Plan]) and a row for each customer in it
// ([crm.Member]) with the one next thing to be done. [Runner.Launch] freezes the
// audience ([Runner.Freeze]: who of a customer gets the mail, which arm, which
// text; the same rows each time), renders every mail of both arms, and lets it
// begin. [Runner.Turn] takes those who are due a step on: it reads for a batch what
// the check asks ([crm.Plan.Check]), decides, and has the store write mail, touch
// and next step in one transaction. Who is held out goes the same way at the same
// times, and where the others get a mail there is a row that says so; the store
// refuses any mail of theirs.
//
// Between the ledger and the wire may lie hours, so outbound asks [Gate.Ask] again
// just before a mail is composed. An edit is a new version, and what has not left
// is made anew by it ([Runner.Edit]). [ReadResults] compares the arms.
//
// Until they have got the first mail, a mail of theirs is no reply to it. Who has
// written and is not whom the segment names any more leaves; the others stay, and
// an open question holds the mail. In whose name a mail goes is told by the share
// of the relationship: of all mails of colleagues in conversations in which the
// customer wrote as well, each worth half as much after 90 days.
//
// # Merge tags
//
// A tag stands in double brackets. There is one kind of brackets:
//
//	Hei {{ name | default: "ystävä" }}!
//	{{ if orders > 1 and rung != "LAPSED" }}Kiitos jälleen.{{ else }}Kiitos.{{ endif }}
//	{{ for p in picks limit: 3 }}{{ p.title }} {{ p.price | number: 2 }} €{{ endfor }}
//
// In the notation of the Go specification:
//
//	Tag       = "{{" ( Print | Word ) "}}" .
//	Print     = Value { "|" Filter } .
//	Filter    = name [ ":" Value { "," Value } ] .
//	Value     = field | item [ "." part ] | text | number .
//	Word      = "if" Condition | "elsif" Condition | "else" | "endif" |
//	            "for" item "in" field [ "limit" [ ":" ] number ] | "endfor" .
//	Condition = And { "or" And } .
//	And       = Not { "and" Not } .
//	Not       = [ "not" ] ( "(" Condition ")" | Value [ Compare Value ] ) .
//	Compare   = "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains" .
//
// A text stands in quotes of any kind, on one line, without escapes. A field's
// name has letters, digits, _ and -, in any case ([FieldName] makes one of a
// column's title). To print two brackets, print them as a text: {{ "{{" }}. A
// tag of a block that has a line for itself takes the line with it.
//
//	default: V        V when the value is empty or blank
//	upper, lower      in capitals, in small letters
//	capitalize        the first letter a capital
//	first_word        up to the first blank
//	truncate: N       at most N characters, cut between words
//	date: F, L        a day, F "long" (when left out), "short" or "iso"; L a language
//	number: N, L      a number with N decimals; without N, as many as it has
//
// Days and numbers are written in the recipient's language, or in L. They are
// read as files have them: 2026-11-14 or 14.11.2026, 1234.5 or 1 234,50.
//
// A field alone is a condition: that it has a value, and none that says no (0,
// false, no, ei, nej, nein). Comparing goes by number where both sides are
// numbers, by day where both are days, and else by words regardless of case; <
// and > do not hold for an empty value.
//
// A for goes over a list of the recipient, or over one cell whose items stand
// between line ends, semicolons, bars or commas. It runs at most 20 rounds, or its
// limit, of at most 100, and all of a text together 1,000.
//
// # What is promised of them
//
//   - A field that is printed has a value, or a fallback. A recipient without
//     either is named, before anything is sent, and gets no mail: nobody reads
//     "Dear ,". A field that an enclosing if says to have a value needs no
//     fallback; default: "" says that empty is meant.
//   - Data is data. It is escaped for the place it stands in (HTML text,
//     attribute, part of a URL, plain text, header field), which is found by
//     following the HTML, also through what Outlook reads in comments. A whole
//     URL from data must be of http, https or mailto. Where no escaping helps
//     (scripts, styles, names of tags) a tag is refused. Data is never read as a
//     template, and a line break in a subject is refused, not mended.
//   - A text reaches the recipient's fields and nothing else: no file, no
//     environment, no network, no time. Source, output and rounds have caps.
//   - Everything that can be told before there is a recipient is told when the
//     text is compiled: all errors, each with line and column.
//
// # Fields that are always there
//
// name (of the recipient, when no column is called so), email, language, and
// where a public address is known unsubscribe_url, preferences_url, copy_url, and
// survey_NAME, the page of a survey, with _ for the hyphens of its name.
//
// # Links whose clicks are counted
//
// A mailing names them ([crm.Mailing.Links], from [CountedLinks] when it is
// made); the renderer turns those, and no other, into redirects with a token of
// the mail. So a click leads to an address that is stored and the same for
// everybody. A link whose address has a tag cannot be stored: it is left as it
// is, and [Text.Links] tells it with its place. Making it safe by evaluating the
// address at the click would let data choose where a link of ours leads. A mail
// with counted links has a hidden one too, by which machines give themselves
// away, and one that asks for it a picture; both stand at the end of the body.
//
// Start reading at tags.go, then tags_parse.go, tags_html.go and tags_link.go; letter.go;
// audience.go; renderer.go. Of campaigns: door.go, freeze.go, runner.go, turn.go, gate.go.
package campaigns
