package dakera

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
)

var errShape = errors.New("none of the fields the API has is there")

// unmarshalExtra decodes an object, and keeps the fields that the struct does not have.
func unmarshalExtra(data []byte, into any, extra *map[string]any) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return err
	}
	before := len(all)
	object := reflect.TypeOf(into).Elem()
	for i := range object.NumField() {
		name, _, _ := strings.Cut(object.Field(i).Tag.Get("json"), ",")
		delete(all, name)
	}
	if len(all) == before {
		return errShape // an object of another kind: {"hello": "world"}
	}
	*extra = nil
	for name, value := range all {
		var kept any
		if err := json.Unmarshal(value, &kept); err != nil {
			return err
		}
		if *extra == nil {
			*extra = map[string]any{}
		}
		(*extra)[name] = kept
	}
	return nil
}

// marshalExtra is the inverse of unmarshalExtra.
func marshalExtra(object any, extra map[string]any) ([]byte, error) {
	data, err := json.Marshal(object)
	if err != nil || len(extra) == 0 {
		return data, err
	}
	all := map[string]any{}
	for name, value := range extra {
		all[name] = value
	}
	var known map[string]json.RawMessage
	if err := json.Unmarshal(data, &known); err != nil {
		return nil, err
	}
	for name, value := range known {
		all[name] = value
	}
	return json.Marshal(all)
}
