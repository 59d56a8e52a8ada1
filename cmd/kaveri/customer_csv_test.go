package main

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"kaveri/crm"
)

func nobody(crm.Address) bool { return false }

// TestReadCustomers: the lists that people have.
func TestReadCustomers(t *testing.T) {
	windows := func(s string) string {
		b, err := charmap.Windows1252.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	utf16 := func(s string) string {
		b, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tc := range []struct {
		name, data, want string // rows as name|organisation|addresses|phones
		bad              int
	}{
		{"a byte order mark", "\xef\xbb\xbfname,email\nAino,a@x.example\n", "Aino||a@x.example|", 0},
		{"Excel in Finland", windows("Nimi;Sähköposti;Puhelin\r\nÄijä Öörni;a@x.example;040 123\r\n"), "Äijä Öörni||a@x.example|040 123", 0},
		{"Excel, Unicode text", utf16("Name\tE-mail Address\tCompany\nAino\ta@x.example\tOy Ab\n"), "Aino|Oy Ab|a@x.example|", 0},
		{"Google", "First Name,Last Name,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Value\nAino,Puro,a@x.example ::: b@x.example,c@x.example,040 ::: 050\n", "Aino Puro||a@x.example b@x.example c@x.example|040 ::: 050", 0},
		{"a street beside the mail address", "name,address,email\nAino,Katu 1,a@x.example\n", "Aino||a@x.example|", 0},
		{"quotes with line ends and delimiters", "company,name,email\n\"Oy, Ab\nHelsinki\",Aino,a@x.example\n", "Aino|Oy, Ab\nHelsinki|a@x.example|", 0},
		{"the same address twice", "name,emails\nAino,A@x.example;a@X.example\n", "Aino||a@x.example|", 0},
		{"a short row", "name,phone,email\nAino\nOlli,,o@x.example\n", "Olli||o@x.example|", 1},
		{"a quote in the wrong place", "name,email\nAi\"no,a@x.example\nOlli,o@x.example\n", "Olli||o@x.example|", 1},
		{"an unclosed quote", "name,email,phone\n\"Unclosed,x@y.example,1\nLast,last@ext.example,2\n", "Last||last@ext.example|2", 1},
		{"no rows", "name,email\n", "", 0},
		{"empty lines", "name,email\n\n\nAino,a@x.example\n\n", "Aino||a@x.example|", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			list, err := readCustomers([]byte(tc.data), nobody)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range list.rows {
				got = append(got, fmt.Sprintf("%s|%s|%s|%s", r.Name, r.Organisation, joinAddresses(r.Addresses), strings.Join(r.Phones, " ")))
			}
			if s := strings.Join(got, "\n"); s != tc.want || len(list.bad) != tc.bad {
				t.Errorf("got  %q and %v\nwant %q and %d bad (%s)", s, list.bad, tc.want, tc.bad, list.seen)
			}
		})
	}
}

// FuzzReadCustomers: any bytes are read to the end, and every row is counted
// once.
func FuzzReadCustomers(f *testing.F) {
	f.Add([]byte("name,email\nAino,a@x.example\n"))
	f.Add([]byte("id\tname\tcompany\taddresses\n1\tA \"b\" c\t\ta@x.example,b@x.example\n"))
	f.Add([]byte("\xff\xfen\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := readCustomers(data, nobody)
		if err != nil {
			return
		}
		if len(list.rows)+len(list.bad) != list.total {
			t.Errorf("%d rows, %d good, %d bad", list.total, len(list.rows), len(list.bad))
		}
		for _, r := range list.rows {
			for _, a := range r.Addresses {
				if again, err := crm.ParseAddress(string(a)); err != nil || again != a {
					t.Errorf("address %q: %q, %v", a, again, err)
				}
			}
		}
	})
}
