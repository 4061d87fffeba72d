package dakera

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
)

// Empty is the empty text in a request, where "" is omitted. (No text that the API accepts contains a NUL.)
const Empty = "\x00"

// Exactly marks a number of a request that must be sent even if it is 0, which is otherwise omitted.
func Exactly(x float64) float64 {
	if x == 0 {
		return math.Copysign(0, -1) // equal to 0, but distinguishable from it
	}
	return x
}

// omitZero returns the fields of a request that are not zero, by their names on the wire. A nil request has no fields.
func omitZero(request any) map[string]any {
	fields := map[string]any{}
	value := reflect.Indirect(reflect.ValueOf(request))
	if !value.IsValid() {
		return fields
	}
	for i := range value.NumField() {
		name, field := value.Type().Field(i).Tag.Get("json"), value.Field(i)
		switch {
		case field.Kind() == reflect.Float64 && field.Float() == 0:
			if math.Signbit(field.Float()) {
				fields[name] = 0
			}
		case field.Kind() == reflect.String && field.String() == Empty:
			fields[name] = ""
		case !field.IsZero():
			fields[name] = field.Interface()
		}
	}
	return fields
}

// restoreZero is the inverse of omitZero: it marks a zero that the JSON contains as one to send.
func restoreZero(data []byte, request any) error {
	if err := json.Unmarshal(data, request); err != nil {
		return err
	}
	var there map[string]any
	if err := json.Unmarshal(data, &there); err != nil {
		return err
	}
	value := reflect.ValueOf(request).Elem()
	for i := range value.NumField() {
		field := value.Field(i)
		switch there[value.Type().Field(i).Tag.Get("json")] {
		case float64(0):
			if field.Kind() == reflect.Float64 {
				field.SetFloat(Exactly(0))
			}
		case "":
			if field.Kind() == reflect.String {
				field.SetString(Empty)
			}
		}
	}
	return nil
}

// isText reports whether every string in a body is UTF-8. JSON cannot represent any other string.
func isText(value reflect.Value) bool {
	switch value.Kind() {
	case reflect.String:
		return strings.ToValidUTF8(value.String(), "") == value.String()
	case reflect.Slice, reflect.Array:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return true // sent as base64
		}
		for i := range value.Len() {
			if !isText(value.Index(i)) {
				return false
			}
		}
	case reflect.Map:
		for entry := value.MapRange(); entry.Next(); {
			if !isText(entry.Key()) || !isText(entry.Value()) {
				return false
			}
		}
	case reflect.Struct:
		for i := range value.NumField() {
			if !isText(value.Field(i)) {
				return false
			}
		}
	case reflect.Interface, reflect.Pointer:
		return value.IsNil() || isText(value.Elem())
	}
	return true
}
