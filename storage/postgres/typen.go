package postgres

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// types teaches a connection the types of our rows. pgx would go through sql.Scanner
// and driver.Valuer, which turns each UUID and date into a text and back: most of the
// time that reading a row takes.
func types(m *pgtype.Map) {
	m.RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	id := &pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: uuidCodec{}}
	m.RegisterType(id)
	m.RegisterType(&pgtype.Type{Name: "_uuid", OID: pgtype.UUIDArrayOID, Codec: &pgtype.ArrayCodec{ElementType: id}})
	m.RegisterType(&pgtype.Type{Name: "date", OID: pgtype.DateOID, Codec: dateCodec{}})
	m.RegisterType(&pgtype.Type{Name: "text", OID: pgtype.TextOID, Codec: textCodec{}})
}

type uuidCodec struct{ pgtype.UUIDCodec }

func (c uuidCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return scan[*uuid.UUID](func(src []byte, id *uuid.UUID) error {
			if len(src) != len(id) {
				return fmt.Errorf("%d bytes are no UUID", len(src))
			}
			copy(id[:], src)
			return nil
		})
	}
	return c.UUIDCodec.PlanScan(m, oid, format, target)
}

func (c uuidCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return encodeUUID{}
	}
	return c.UUIDCodec.PlanEncode(m, oid, format, value)
}

type encodeUUID struct{}

func (encodeUUID) Encode(value any, buf []byte) ([]byte, error) {
	id, ok := value.(uuid.UUID)
	if !ok {
		return nil, fmt.Errorf("%T is no UUID", value)
	}
	return append(buf, id[:]...), nil
}

type dateCodec struct{ pgtype.DateCodec }

var jahr2000 = datum.New(2000, time.January, 1)

func (c dateCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*datum.Datum); ok && format == pgtype.BinaryFormatCode {
		return scan[*datum.Datum](func(src []byte, d *datum.Datum) error {
			*d = datum.Datum{}
			switch {
			case src == nil:
				return nil
			case len(src) != 4:
				return fmt.Errorf("%d bytes are no date", len(src))
			}
			*d = jahr2000.AddTage(int(int32(binary.BigEndian.Uint32(src))))
			return nil
		})
	}
	return c.DateCodec.PlanScan(m, oid, format, target)
}

type textCodec struct{ pgtype.TextCodec }

func (c textCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*sqltx.Liste); ok {
		return scan[*sqltx.Liste](func(src []byte, l *sqltx.Liste) error { return l.Parse(src) })
	}
	return c.TextCodec.PlanScan(m, oid, format, target)
}

// scan is a plan for one type of target.
type scan[T any] func(src []byte, target T) error

func (f scan[T]) Scan(src []byte, target any) error {
	t, ok := target.(T)
	if !ok {
		return fmt.Errorf("%T is not the target that was planned for", target)
	}
	return f(src, t)
}
