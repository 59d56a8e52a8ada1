package crm

import "testing"

// TestThanks tries what customers write when a matter is closed, and what looks
// like it and is not. Each is an answer to a mail of ours.
func TestThanks(t *testing.T) {
	for language, words := range map[string]struct{ closes, asks []string }{
		"English": {
			[]string{
				"That was fast. Thanks!", "Got it, thanks", "Got it.", "Noted, thank you.", "Duly noted!", "It works now. Thank you so much!", "Works now", "Thanks, it went through.",
				"Thank you, that’s exactly what I needed!", "Perfect, that helps a lot. Thanks, Dora", "The parcel arrived. Thank you!", "Arrived safely, thanks again", "Thanks for letting me know.", "Thanks for getting back to me so quick",
				"Thank you for your patience. All the best, Dora", "Problem solved. Thanks a lot!", "All good now, thank you very much", "Great, thanks. See you tomorrow!", "Thanks for sorting this out, you're the best",
				"No further questions, thanks.", "Wow, that was fast! Thank you!", "Thank you and merry Christmas!", "Hi Anna, that was very helpful, thank you. Best regards, Dora Lahti",
			},
			[]string{
				"That was not fast. Thanks.", "It works now, but slowly. Thanks", "It does not work. Thanks", "That works, thanks", "Got it, but the mug is broken", "Got one, thanks", "Thanks, now the next one", "Have you received it, thanks",
				"I would appreciate a quick reply. Thanks", "I appreciate a quick answer, thanks", "More information, thanks", "Same again, thanks", "Both, thanks", "Noted. Send the invoice", "Thanks for letting me know when it comes", "No thanks", "Help much appreciated. Thanks",
				"No problem", "Yes", "Perfect", "It arrived", "That was fast", "Please, thanks", "Will do", "Thanks. Call me", "The parcel arrived broken. Thanks for nothing", "Problem not solved, thanks", "Thanks, what about Tuesday", "Could you resend it, thanks",
			},
		},
		"Finnish": {
			[]string{
				"Kiitos, meni läpi.", "Meni perille!", "Nyt toimii, kiitos paljon!", "Toimii nyt", "Kiitos nopeasta toimituksesta!", "Olipa nopeaa, kiitos!", "Kiitos hyvästä palvelusta. Dora", "Paketti saapui, kiitos!",
				"Tuli perille, kiitoksia", "Asia kunnossa. Kiitos avusta!", "Asia selvä, kiitos.", "Asia selvä!", "Kiitos kun autoit!", "Kiitos tapaamisesta ja hyvää viikonloppua", "Kiitos vaivannäöstäsi!", "Kiitos, sain paketin.",
				"Kaikki kunnossa, kiitos kaikesta!", "Kiitti, hieno homma", "Hei Anna! Tästä oli apua, kiitos. Terveisin Dora", "Ei muuta kysyttävää, kiitos.", "Ongelma ratkesi. Kiitos!", "Kiitos ohjeista, hyvää joulua", "Maksu meni läpi, kiitos", "Viesti saatu, kiitos",
			},
			[]string{
				"Kiitos, ei mennyt läpi", "Menikö läpi, kiitos", "Toimiiko nyt", "Ei toimi, kiitos", "Nyt toimii, mutta hitaasti. Kiitos", "Kiitos, soita minulle", "Kiitos, otamme kaksi", "Joo kiitos", "Kyllä kiitos", "Ei kiitos", "Samoin kiitos", "Vielä, kiitos",
				"Kiitos tarjouksesta, tilaamme sen", "Kiitos tarjouksesta, mutta se on kallis", "Paketti saapui rikki. Kiitos", "Paketti saapui", "Paketti ei saapunut, kiitos", "Sopii, kiitos", "Kelpaa", "Selvä", "Lähetä lasku, kiitos", "Asia ei ole selvä",
				"Kiitos etukäteen", "Kiitos, milloin tulee", "Saisinko tarjouksen, kiitos", "Meni läpi, mutta väärään osoitteeseen", "Kiitos kun hoidat asian", "Kiitos kun vastaat nopeasti",
			},
		},
	} {
		if len(words.closes) < 20 || len(words.asks) < 20 {
			t.Errorf("%s: %d and %d", language, len(words.closes), len(words.asks))
		}
		for want, list := range map[bool][]string{false: words.closes, true: words.asks} {
			for _, text := range list {
				w := Wording{Class: ClassHuman, Subject: "Re: Offer", Words: text, Author: "Dora Lahti"}
				if got := w.CallsForAnswer(); got != want {
					t.Errorf("%s %q: calls for an answer: %t", language, text, got)
				}
			}
		}
	}
}
