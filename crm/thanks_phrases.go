package crm

import (
	"slices"
	"strings"
)

// The phrases of mails that only thank or say that all is well, folded as tokens
// are. Their words count only in this order: "fast" alone may be a wish, and "now"
// an order. What may answer a question of ours ("that works", "no problem", "yes")
// is none of them.
var (
	// settling phrases close a matter without a word of thanks.
	settling = phrases(`got it|noted|duly noted|well noted|message received|received in good order|arrived safely|arrived in one piece|arrived in good order
works now|working now|works again|works perfectly|works like a charm|problem solved|all sorted|all sorted now|all good now|all is well now|case closed|no further questions|no more questions
meni lapi|maksu meni lapi|tilaus meni lapi|meni perille|tuli perille|tulivat perille|saapui perille|saapuivat perille|loysi perille|sain viestin|sain viestisi|viesti saatu|viesti vastaanotettu|toimii nyt|nyt toimii|toimii taas|toimii hienosti|toimii taydellisesti|alkoi toimia
asia kunnossa|asia hoidettu|asia ratkesi|asia selva|asia selvisi|ongelma ratkesi|homma hoidossa|homma kunnossa|kaikki kunnossa|kaikki hyvin|kaikki ok|ei muuta kysyttavaa|ei kysyttavaa`)

	// allaying phrases say only beside thanks that nothing is asked.
	allaying = phrases(`that was fast|that was quick|that was very fast|that was very quick|that was really fast|that was really quick|wow that was fast|that was kind of you|that was very kind of you|that was helpful|that was very helpful|that is helpful|that is very helpful|that is great|that is perfect|that is all|that is all i needed|that is what i needed|that is exactly what i needed|exactly what i needed|just what i needed
that helps|that helped|that helps a lot|that helped a lot|this helps|it helps|it helped|it works|it worked|that worked|it went through|went through|that did it|that solved it|it arrived|it has arrived|it came today|it arrived today|it arrived yesterday|they arrived|the parcel arrived|the package arrived|the order arrived|the payment went through
for your time|for your patience|for your trouble|for your effort|for your efforts|for your service|for your support|for your understanding|for taking the time|for the great service|for letting me know|for letting us know|for getting back to me|for getting back to us|for getting back so quickly|for coming back to me|for sorting it out|for sorting this out|for sorting that out|for fixing it|for fixing this|for looking into it|for looking into this|for your quick response|for everything|for today|for yesterday|for the meeting|for the call|for the visit|for the offer|for the order
as always|talk soon|see you soon|see you then|see you tomorrow|have a nice one|take care|all the best|happy holidays|happy easter|merry christmas|happy new year|you are the best|you are a star|you made my day|i am happy|we are happy|very happy with it|very pleased|glad to hear|good to hear|good to know|will do
olipa nopeaa|oli nopeaa|olitpa nopea|olitte nopeita|tulipa nopeasti|tuli nopeasti|niin nopeasti|nain nopeasti|nopea vastaus|nopeasta toiminnasta|nopeasta toimituksesta|nopeasta reagoinnista|hyvasta palvelusta|hienosta palvelusta|erinomaisesta palvelusta|ystavallisesta palvelusta|hyva palvelu|hieno palvelu|hienoa palvelua|hyvaa palvelua|mukavaa palvelua|taytta tavaraa|hyvin hoidettu|hyvin toimi|se toimii|se toimi|sehan toimi|toimi hienosti|tama auttoi|se auttoi|auttoi paljon|tasta oli apua|oli iso apu|oli suuri apu|sain paketin|paketti tuli|paketti saapui|tilaus saapui|tilaus tuli
vaivannaosta|vaivannaostasi|karsivallisyydesta|ajastasi|tapaamisesta|puhelusta|kaynnista|tarjouksesta|tilauksesta|toimituksesta|palautteesta|yhteistyosta|huomioimisesta|muistutuksesta|selvityksesta|selvennyksesta|ohjeista|neuvosta|neuvoista|kuvista|linkista|asian hoitamisesta|asian selvittamisesta|kun autoit|kun autoitte|kun hoidit|kun hoidit asian|kun ilmoitit|kun ilmoititte|kun vastasit|kun vastasit nopeasti
hyvaa joulua|hyvaa uutta vuotta|hyvaa paasiaista|hyvaa vappua|hyvaa juhannusta|mukavaa paivaa|mukavaa viikonloppua|mukavaa iltaa|aurinkoista paivaa|aurinkoista kesaa|palataan|nahdaan|nahdaan pian|huippua|huippu juttu|hieno homma|hyva homma|selva homma|kiva juttu|kiva kuulla|hyva kuulla|hyva tietaa|mahtava juttu|olet paras|olette parhaita|kaikille`)

	// asking phrases are made of known words and ask, order or choose all the same.
	asking = phrases(`have you|have i|have we|appreciate a|appreciate the|appreciate an|appreciate your reply|appreciate your answer|appreciate your response|appreciate your help with|help appreciated|help much appreciated|reply appreciated|reply much appreciated|answer appreciated|answer much appreciated|response appreciated|response much appreciated|info appreciated|information appreciated|more info|more information|once more|same again|both thanks|both thank|i have|we have|you have|samoin kiitos|viela kiitos|tiedosta viela`)
)

// phrases reads phrases that stand apart by strokes and line ends.
func phrases(list string) [][]string {
	var out [][]string
	for _, p := range strings.FieldsFunc(list, func(r rune) bool { return r == '|' || r == '\n' }) {
		out = append(out, strings.Fields(p))
	}
	slices.SortStableFunc(out, func(a, b []string) int { return len(b) - len(a) })
	return out
}

// without takes phrases out of tokens, the longest first, and tells whether there
// were any.
func without(tokens []string, of [][]string) (rest []string, some bool) {
next:
	for len(tokens) > 0 {
		for _, p := range of {
			if len(p) <= len(tokens) && slices.Equal(p, tokens[:len(p)]) {
				tokens, some = tokens[len(p):], true
				continue next
			}
		}
		rest, tokens = append(rest, tokens[0]), tokens[1:]
	}
	return rest, some
}

// spelledOut are the contractions of phrases.
var spelledOut = strings.NewReplacer("that's", "that is", "it's", "it is", "you're", "you are", "i'm", "i am", "we're", "we are")

// saying gives the tokens of a text, contractions spelled out.
func saying(text string) []string {
	return Tokens(spelledOut.Replace(strings.ReplaceAll(strings.ToLower(text), "’", "'")))
}
