package bounce

import (
	"strings"
	"testing"

	"kaveri/crm"
)

// Notices of mail that is still being tried.
var delays = []struct{ subject, notice string }{
	{"Warning: message 1ABC-01 delayed 24 hours", "This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.k.example.\n\nThe address to which the message has not yet been delivered is:\n\n  x@k.example\n    Delay reason: connection timed out\n\nNo action is required on your part.\n"},
	{"Delivery delayed: hi", "Delivery is delayed to these recipients or groups:\n\nx@k.example\n\nThis message hasn't been delivered yet. Delivery will continue to be attempted.\n\nThe server will keep trying to deliver this message for the next 1 days, 19 hours.\n"},
	{"Delayed Mail (still being retried)", "####################################################################\n# THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. #\n####################################################################\n\nYour message could not be delivered for more than 4 hour(s).\nIt will be retried until it is 5 day(s) old.\n\n<x@k.example>: connect to k.example[192.0.2.1]:25: Connection timed out\n"},
	{"Warning: could not send message for past 4 hours", "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n   ----- Transcript of session follows -----\n<x@k.example>... Deferred: Connection timed out with k.example.\nWarning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old\n"},
	{"Delivery Status Notification (Delay)", "This is an automatically generated Delivery Status Notification\n\nTHIS IS A WARNING MESSAGE ONLY.\n\nYOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\nDelivery to the following recipient has been delayed:\n\n     x@k.example\n\nMessage will be retried for 2 more day(s)\n"},
	{"Mail delivery warning", "The delivery of your message to x@k.example is delayed.\nWe will continue trying for 3 days.\n"},
	{"Temporary delivery problem", "Your message to <x@k.example> was temporarily undeliverable. There is nothing you have to do: we try again for the next 72 hours.\n"},
	{"Zustellung verzögert", "Ihre Nachricht an x@k.example konnte noch nicht zugestellt werden. Die Zustellung wird weiter versucht. Sie müssen nichts tun.\n"},
	{"Message delayed", "Your message to x@k.example is still in our queue and hasn't been delivered yet. No need to send it again.\n"},
	{"Nondeliverable warning", "Your mail to the recipient x@k.example is waiting in the queue since 4 hours. The system goes on trying for 4 days before it gives up.\n"},
	{"** Message not delivered yet **", "There was a temporary problem delivering your message to x@k.example. Gmail will retry for 47 more hours. You'll be notified if the delivery fails permanently.\n"},
	{"Delivery notification: delay", "This report relates to a message you sent. Your message has been enqueued and undelivered for 4 hours to the following recipients:\n\n  Recipient address: x@k.example\n  Reason: unable to deliver this message after 4 hours\n\nDelivery attempts will continue.\n"},
	{"Viesti viivästynyt", "Viestiäsi osoitteeseen x@k.example ei ole vielä toimitettu. Yritämme uudelleen.\n"},
	{"Your message is delayed", "Le message à <x@k.example> n'a pas encore été remis. La remise sera à nouveau tentée.\n"},
}

func TestDelays(t *testing.T) {
	for _, s := range delays {
		b, _, m := read(strings.Replace(envelope, "Delivery failure", s.subject, 1) + s.notice)
		if b == nil || len(b.Recipients) != 1 {
			t.Errorf("a %s: %q", m.Class, s.notice)
			continue
		}
		if r := b.Recipients[0]; r.Address != "x@k.example" || r.Action != crm.BounceDelayed || r.Reason != crm.BounceExpired {
			t.Errorf("%s %s %s: %q", r.Address, r.Action, r.Reason, s.notice)
		}
	}
}

// What a firm writes below all its mail says nothing of the bounce.
func TestDisclaimer(t *testing.T) {
	b, _, _ := read(envelope + "Your message to x@k.example was not delivered.\n\nThis e-mail is confidential. If you are not the intended recipient, any use of it is prohibited. Scanned for viruses.\n")
	if got := sum(b); got != "x@k.example failed   onhold" {
		t.Error(got)
	}
}
