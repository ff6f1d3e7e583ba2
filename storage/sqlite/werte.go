package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// bind translates arguments to what SQLite stores.
func bind(args []any) ([]driver.NamedValue, error) {
	out := make([]driver.NamedValue, len(args))
	for i, a := range args {
		v, err := value(a)
		if err != nil {
			return nil, err
		}
		out[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return out, nil
}

func value(a any) (driver.Value, error) {
	switch v := a.(type) {
	case nil, string, []byte, int64, bool:
		return v, nil
	case int:
		return int64(v), nil
	case tenant.ID:
		return string(v), nil
	case uuid.UUID:
		return v[:], nil
	case *uuid.UUID:
		if v == nil {
			return nil, nil
		}
		return v[:], nil
	case time.Time:
		return v.UnixMicro(), nil
	case *time.Time:
		if v == nil {
			return nil, nil
		}
		return v.UnixMicro(), nil
	case driver.Valuer:
		return v.Value()
	}
	if v := reflect.ValueOf(a); v.Kind() == reflect.String {
		return v.String(), nil
	}
	return nil, fmt.Errorf("sqlite: %T cannot be stored", a)
}

// assign translates what SQLite gives to the target. Texts and bytes are the
// caller's own already.
func assign(dest any, src driver.Value) error {
	switch d := dest.(type) {
	case *string:
		if s, ok := src.(string); ok {
			*d = s
			return nil
		}
	case *tenant.ID:
		if s, ok := src.(string); ok {
			*d = tenant.ID(s)
			return nil
		}
	case *int64:
		if n, ok := src.(int64); ok {
			*d = n
			return nil
		}
	case *int:
		if n, ok := src.(int64); ok {
			*d = int(n)
			return nil
		}
	case *bool:
		if n, ok := src.(int64); ok {
			*d = n != 0
			return nil
		}
	case *[]byte:
		if src == nil {
			*d = nil
			return nil
		}
		if b, ok := src.([]byte); ok {
			*d = b
			return nil
		}
	case *uuid.UUID:
		return id(d, src)
	case **uuid.UUID:
		if src == nil {
			*d = nil
			return nil
		}
		*d = new(uuid.UUID)
		return id(*d, src)
	case *time.Time:
		if n, ok := src.(int64); ok {
			*d = time.UnixMicro(n).UTC()
			return nil
		}
	case **time.Time:
		if src == nil {
			*d = nil
			return nil
		}
		if n, ok := src.(int64); ok {
			*d = new(time.UnixMicro(n).UTC())
			return nil
		}
	case sql.Scanner:
		return d.Scan(src)
	default:
		if v := reflect.ValueOf(dest).Elem(); v.Kind() == reflect.String {
			if s, ok := src.(string); ok {
				v.SetString(s)
				return nil
			}
		}
	}
	return fmt.Errorf("sqlite: %T does not fit %T", src, dest)
}

func id(d *uuid.UUID, src driver.Value) error {
	if b, ok := src.([]byte); ok && len(b) == len(d) {
		copy(d[:], b)
		return nil
	}
	return fmt.Errorf("sqlite: %T is no id", src)
}
