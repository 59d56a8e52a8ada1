package parse

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"kaveri/crm"
)

// wellFormed checks what holds for any mail: every string is UTF-8 without
// NUL, sizes are within the limits, the class is one of the vocabulary.
func wellFormed(m *crm.Message) error {
	if err := cleanStrings(reflect.ValueOf(m), "mail"); err != nil {
		return err
	}
	if strings.Contains(m.Text, "\r") {
		return fmt.Errorf("text has CR")
	}
	if len(m.Attachments) > maxParts+maxDepth+1 {
		return fmt.Errorf("%d attachments", len(m.Attachments))
	}
	if m.Class == "" || len(m.ClassReasons) == 0 {
		return fmt.Errorf("no class")
	}
	for _, a := range m.Attachments {
		if a.Part == "" || a.Type == "" {
			return fmt.Errorf("attachment without path or type: %+v", a)
		}
	}
	return nil
}

func cleanStrings(v reflect.Value, at string) error {
	switch v.Kind() {
	case reflect.Pointer:
		return cleanStrings(v.Elem(), at)
	case reflect.String:
		if s := v.String(); !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return fmt.Errorf("%s is not clean: %q", at, s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := cleanStrings(v.Index(i), at); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				if err := cleanStrings(v.Field(i), at+"."+v.Type().Field(i).Name); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
