package crm

import (
	"slices"
	"testing"
	"time"
)

func TestSides(t *testing.T) {
	for _, c := range []struct {
		rule      Rule
		evidence  string
		direction Direction
		want      Side
	}{
		{RuleExact, "from: dora@customer.example", In, SideTheirs},
		{RuleExact, "from: info@acme.example (shared)", In, SideTheirs},
		{RuleAlias, "from: dora+shop@customer.example", In, SideTheirs},
		{RuleExact, "cc: dora@customer.example", In, SideOthers},
		{RuleExact, "to: dora@customer.example", Out, SideOurs},
		{RuleExact, "bcc: dora@customer.example", Out, SideOurs},
		{RuleThread, "in-reply-to: a@b (signed Dora Lahti)", In, SideTheirs},
		{RuleThread, "in-reply-to: a@b (answers its author)", Out, SideOurs},
		{RuleByHand, "said by Anna", In, SideTheirs},
		{RuleReplyTo, "reply-to: dora@customer.example", Out, SideTheirs}, // our own contact form wrote it
		{RuleReplyTo, "reply-to: dora@customer.example", In, SideTheirs},
		{RuleForwarded, "forwarded from: dora@customer.example", Out, SideOthers},
		{RuleForwarded, "forwarded from: dora@customer.example", Internal, SideOthers},
		{RuleBounced, "not delivered to: dora@customer.example", In, SideOthers},
	} {
		l := Link{Rule: c.rule, Evidence: c.evidence}
		if got := l.Side(c.direction); got != c.want {
			t.Errorf("%s %q %s: side %d, want %d", c.rule, c.evidence, c.direction, got, c.want)
		}
	}
}

func TestCallsForAnswer(t *testing.T) {
	human := func(subject, words string) Wording {
		return Wording{Class: ClassHuman, Subject: subject, Words: words, Author: "Dora Lahti"}
	}
	for _, c := range []struct {
		w    Wording
		want bool
	}{
		{human("Re: Offer", "Thanks!"), false},
		{human("VS: Tarjous", "Kiitos! Hyvää päivänjatkoa, Dora"), false},
		{human("Re: Offer", "Hi Anna, thank you very much for the quick answer. Best regards, Dora Lahti"), false},
		{human("Re: Tarjous", "Hei Anna! Kiitos tiedosta. T. Dora"), false},
		{human("Re: Offer", "Ok, great, thanks"), false},
		{human("Re: Offer", "👍"), false},
		{human("Thanks", "Thank you so much!"), false},

		{human("Re: Offer", "Thanks! When can you deliver?"), true},
		{human("Re: Offer", "Thanks. Please call me"), true},
		{human("Re: Offer", "Yes, thanks"), true},                                        // an order, perhaps
		{human("Re: Tarjous", "Kyllä kiitos"), true},                                     // "yes please"
		{human("Re: Tarjous", "Ei kiitos"), true},                                        // an answer that is worth a word
		{human("Re: Offer", "Ok"), true},                                                 // to what?
		{human("Re: Offer", "Thanks in advance, Dora"), true},                            // for what is still to come
		{human("Re: Tarjous", "Jo etukäteen kiittäen"), true},                            // likewise
		{human("Could you call me", "Thanks, Dora"), true},                               // the subject asks
		{human("Re: Offer", "Thanks, we take forty"), true},                              // an order
		{human("Re: Offer", ""), true},                                                   // nothing can be read
		{human("Re: Offer", "Hi Call Me, thanks"), false},                                // a name for all that can be told
		{human("Re: Offer", "Hi call me, thanks"), true},                                 // no name
		{human("Re: Tarjous", "Kiitos. Soita"), true},                                    // an unknown word may be anything
		{human("Re: Offer", "Dora"), true},                                               // no thanks in it
		{human("Re: Offer", ":)"), true},                                                 // no sign that is certain
		{Wording{Class: ClassHuman, Subject: "Re: a", Words: "Thanks!", Files: 1}, true}, // the contract, signed
		{Wording{Class: ClassHuman, Subject: "Accepted: Meeting", Words: "Dora has accepted", Calendar: true}, false},
		{Wording{Class: ClassHuman, Subject: "Accepted: your offer", Words: "Send us forty"}, true},
		{Wording{Class: ClassAutoReply, Words: "I am away. Could you write to Don?"}, false},
		{Wording{Class: ClassNewsletter, Words: "Did you know?"}, false},
		{Wording{Class: ClassSystem, Words: "Was this helpful?"}, false},
		{Wording{Class: ClassList, Words: "Who has tried it?"}, false},
		{Wording{Class: ClassBounce, Words: "User unknown"}, false},
		{Wording{Class: ClassCalendar, Words: "Dora Lahti"}, false},
	} {
		if got := c.w.CallsForAnswer(); got != c.want {
			t.Errorf("%q, %q (%s): calls for an answer: %v, want %v", c.w.Subject, c.w.Words, c.w.Class, got, c.want)
		}
	}
}

func TestExchange(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	at := func(h int) time.Time { return now.Add(time.Duration(h) * time.Hour) }
	asks := func(id MessageID, conversation ConversationID, h int) Said {
		return Said{Mail: id, Conversation: conversation, Contact: 1, At: at(h), Side: SideTheirs, Asks: true}
	}
	ours := func(id MessageID, conversation ConversationID, h int) Said {
		return Said{Mail: id, Conversation: conversation, Contact: 1, At: at(h), Side: SideOurs}
	}
	thanks := Said{Mail: 5, Conversation: 1, Contact: 1, At: at(-1), Side: SideTheirs}
	closed := asks(1, 1, -5)
	closed.Closed = true
	for _, c := range []struct {
		name string
		said []Said
		want []MessageID
	}{
		{"nothing", nil, nil},
		{"a question", []Said{asks(1, 1, -5)}, []MessageID{1}},
		{"answered", []Said{ours(2, 1, -4), asks(1, 1, -5)}, nil},
		{"answered, and asked again", []Said{asks(1, 1, -5), ours(2, 1, -4), asks(3, 1, -3)}, []MessageID{3}},
		{"asked twice", []Said{asks(1, 1, -5), asks(3, 1, -3)}, []MessageID{1, 3}},
		{"thanked before the answer", []Said{asks(1, 1, -5), thanks}, []MessageID{1}},
		{"thanked after it", []Said{asks(1, 1, -5), ours(2, 1, -4), thanks}, nil},
		{"answered elsewhere", []Said{asks(1, 1, -5), ours(2, 2, -4)}, []MessageID{1}},
		{"a mail of ours that is in no conversation", []Said{asks(1, 0, -5), ours(2, 0, -4)}, []MessageID{1}},
		{"sent and not captured yet", []Said{asks(1, 1, -5), ours(0, 1, -4)}, nil},
		{"answered in the same second", []Said{asks(1, 1, -5), ours(2, 1, -5)}, nil},
		{"captured after what it is not an answer to", []Said{asks(2, 1, -5), ours(1, 1, -5)}, []MessageID{2}},
		{"needs none", []Said{closed}, nil},
		{"needs none, and asked again", []Said{closed, asks(3, 1, -3)}, []MessageID{3}},
		{"called", []Said{asks(1, 1, -5), asks(2, 2, -3), {Call: true, At: at(-4)}}, []MessageID{2}},
		{"called whoever asked", []Said{asks(1, 1, -5), {Call: true, Contact: 1, At: at(-4)}}, nil},
		{"called another one", []Said{asks(1, 1, -5), {Call: true, Contact: 2, At: at(-4)}}, []MessageID{1}},
		{"long ago", []Said{asks(1, 1, -90*24), asks(2, 2, -90*24+1)}, []MessageID{2}},
		{"of others", []Said{{Mail: 1, Conversation: 1, At: at(-5), Asks: true}}, nil},
	} {
		e := ExchangeOf(c.said, now)
		var got []MessageID
		for _, q := range e.Waiting {
			got = append(got, q.Mail)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v wait, want %v", c.name, got, c.want)
		}
	}
}

func TestExchangeTimes(t *testing.T) {
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	at := func(d int) time.Time { return now.AddDate(0, 0, d) }
	e := ExchangeOf([]Said{
		{Mail: 1, Conversation: 1, At: at(-400), Side: SideTheirs, Asks: true},
		{Mail: 2, Conversation: 1, At: at(-399), Side: SideOurs},
		{Mail: 3, Conversation: 2, At: at(-50), Side: SideOurs},
		{Mail: 4, Conversation: 2, At: at(-49), Side: SideTheirs, Asks: true},
		{Mail: 5, Conversation: 3, At: at(-48), Side: SideOthers},
		{Mail: 6, Conversation: 3, At: at(-47), Side: SideTheirs},
		{At: at(-46), Call: true},
	}, now)
	if !e.Wrote.Equal(at(-47)) || !e.Written.Equal(at(-50)) || !e.Began.Equal(at(-400)) || !e.Since().IsZero() {
		t.Errorf("got %+v", e)
	}
}
