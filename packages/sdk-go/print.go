package dakera

import (
	"fmt"
	"reflect"
	"strings"
)

// redact returns the text that is printed instead of a secret.
func redact(secret string) string {
	if secret == "" {
		return ""
	}
	return "<secret>"
}

// describe prints a model for a person: Memory{ID:"mem_1" … ExpiresAt:<nil>}. Pointers are followed, and fields of an
// embedded model are printed among the others.
func describe(model any) string {
	value := reflect.ValueOf(model)
	var fields []string
	addFields(&fields, value)
	return value.Type().Name() + "{" + strings.Join(fields, " ") + "}"
}

func addFields(fields *[]string, model reflect.Value) {
	for i := range model.NumField() {
		field, value := model.Type().Field(i), model.Field(i)
		switch {
		case field.Anonymous:
			addFields(fields, value)
			continue
		case field.Name == "Extra" && value.Len() == 0:
			continue
		case value.Kind() == reflect.Pointer && !value.IsNil():
			value = value.Elem()
		}
		verb := "%s:%+v"
		if value.Kind() == reflect.String {
			verb = "%s:%q"
		}
		*fields = append(*fields, fmt.Sprintf(verb, field.Name, value.Interface()))
	}
}
