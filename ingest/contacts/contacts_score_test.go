//go:build score

package contacts

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-vcard"

	"kaveri/internal/corpora"
)

// TestScoreContacts reads the address books of the corpora and compares what
// they say with the labels: cards in a normal form, which go-vcard reads. Each
// row is right when all its contacts are, in all that Kaveri reads of them.
func TestScoreContacts(t *testing.T) {
	for _, set := range []string{"calcard", "roundcube-csv"} {
		right, all := 0, 0
		var misses bytes.Buffer
		for _, row := range corpora.Labels[corpora.Row](t, "contacts-"+set+".jsonl") {
			all++
			got, _, err := readAll(corpora.Mail(t, row.File))
			want := labelled(t, row.Expected)
			if err == nil && slices.Equal(got, want) {
				right++
				continue
			}
			fmt.Fprintf(&misses, "%s: %v\n got  %s\n want %s\n", row.File, err, strings.Join(got, "\n      "), strings.Join(want, "\n      "))
		}
		t.Logf("contacts %s: %d of %d (%.1f %%)", set, right, all, corpora.Percent(right, all))
		corpora.Misses(t, "contacts-"+set+".txt", misses.Bytes())
		if right < all {
			t.Errorf("contacts %s:\n%s", set, misses.String())
		}
	}
}

// unlabelled are address books without labels, and how many entries they hold.
var unlabelled = map[string]int{
	"ez-vcard/ezvcard/io/text/John_Doe_ANDROID.vcf": 6, "ez-vcard/ezvcard/io/text/John_Doe_EVOLUTION.vcf": 1, "ez-vcard/ezvcard/io/text/John_Doe_IPHONE.vcf": 1,
	"ez-vcard/ezvcard/io/text/John_Doe_LOTUS_NOTES.vcf": 1, "ez-vcard/ezvcard/io/text/John_Doe_MAC_ADDRESS_BOOK.vcf": 1, "ez-vcard/ezvcard/io/text/fullcontact.vcf": 1,
	"ez-vcard/ezvcard/io/text/gmail-single.vcf": 1, "ez-vcard/ezvcard/io/text/outlook-2003.vcf": 1, "ez-vcard/ezvcard/io/text/rfc2426-example.vcf": 2, "ez-vcard/ezvcard/io/text/rfc6350-example.vcf": 1,
	"ez-vcard/ezvcard/io/text/thunderbird-MoreFunctionsForAddressBook-extension.vcf": 1, "nextcloud-contacts/without-uid.vcf": 1, "roundcube/src/johndoe.vcf": 1,
	"vobject/vcard_with_groups.ics": 1, "vobject/simple_3_0_test.ics": 1, "shared-contacts-csv/testcases/test-data/sample1.csv": 16,
}

// TestScoreContactsUnlabelled counts entries where there are no labels: all are
// found, each has a name, an address or a phone, and nothing is damaged.
func TestScoreContactsUnlabelled(t *testing.T) {
	right := 0
	for file, want := range unlabelled {
		n := 0
		report, err := Read(bytes.NewReader(corpora.Mail(t, file)), func(c *Contact) error {
			if c.Name != "" || len(c.Emails)+len(c.Phones) > 0 {
				n++
			}
			return nil
		})
		if err != nil || n != want || report.Damaged > 0 {
			t.Errorf("%s: %d contacts, want %d; %+v, %v", path.Base(file), n, want, report, err)
			continue
		}
		right++
	}
	t.Logf("contacts without labels: %d of %d files", right, len(unlabelled))
}

var bareParameter = regexp.MustCompile(`(?m)^((?:EMAIL|TEL)[^:\n]*?);([A-Z0-9-]+)([;:])`)

// labelled gives the contacts of a label in the form of [readAll].
func labelled(t *testing.T, expected json.RawMessage) []string {
	var byForm map[string]string
	if err := json.Unmarshal(expected, &byForm); err != nil {
		t.Fatal(err)
	}
	var out []string
	// A parameter without a name makes go-vcard lose the value.
	text := bareParameter.ReplaceAllString(cmp.Or(byForm[".vcf.out"], byForm["vcf"]), "${1};TYPE=${2}${3}")
	text = bareParameter.ReplaceAllString(text, "${1};TYPE=${2}${3}")
	d := vcard.NewDecoder(strings.NewReader(text))
	for {
		card, err := d.Decode()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			if err.Error() == "vcard: no BEGIN field found" { // the line between two cards
				continue
			}
			t.Fatal(err)
		}
		out = append(out, judged(card))
	}
}
