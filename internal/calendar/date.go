package calendar

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"time"

	_ "time/tzdata" // zones must be there on machines without a zone database
)

// Date is a civil day without a place or a time of day. The zero Date is 0001-01-01. Dates compare with ==.
// It reads and writes as "2026-02-24" in JSON, text and SQL.
type Date struct{ days int32 } // since 0001-01-01

const epoch = 719162 // days from 0001-01-01 to 1970-01-01

// On is the civil day of these numbers; a day outside its month moves on, as in time.Date.
func On(year int, month time.Month, day int) Date {
	return Date{int32(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix()/86400 + epoch)}
}

// Of is the civil day on which t falls at the place.
func Of(t time.Time, place *time.Location) Date {
	year, month, day := t.In(place).Date()
	return On(year, month, day)
}

// Parse reads "2026-02-24".
func Parse(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a day written as YYYY-MM-DD", s)
	}
	return Of(t, time.UTC), nil
}

// Must is Parse for days written in the program itself.
func Must(s string) Date {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func (d Date) utc() time.Time { return time.Unix((int64(d.days)-epoch)*86400, 0).UTC() }

// Civil gives the day in numbers.
func (d Date) Civil() (year int, month time.Month, day int) { return d.utc().Date() }

// Year of the day.
func (d Date) Year() int { return d.utc().Year() }

// Weekday of the day.
func (d Date) Weekday() time.Weekday { return time.Weekday((d.days + 1) % 7) }

// IsZero reports the zero Date, which stands for "no day".
func (d Date) IsZero() bool { return d.days == 0 }

// AddDays moves by n days, back when n is negative.
func (d Date) AddDays(n int) Date { return Date{d.days + int32(n)} }

// Sub counts the days from other to d.
func (d Date) Sub(other Date) int { return int(d.days - other.days) }

// Before reports whether d is an earlier day than other.
func (d Date) Before(other Date) bool { return d.days < other.days }

// After reports whether d is a later day than other.
func (d Date) After(other Date) bool { return d.days > other.days }

// Compare orders days for slices.SortFunc.
func (d Date) Compare(other Date) int { return cmp.Compare(d.days, other.days) }

// In is the first instant of the day at the place: midnight, or the end of the gap where clocks skip it.
// A day that a place skipped whole (Samoa, 30 December 2011) begins with the next.
func (d Date) In(place *time.Location) time.Time {
	year, month, day := d.Civil()
	t := time.Date(year, month, day, 0, 0, 0, 0, place)
	for Of(t, place).Before(d) {
		_, t = t.ZoneBounds()
	}
	// Where clocks were put back over midnight the day has two of them; the first one counts.
	if since, _ := t.ZoneBounds(); !since.IsZero() {
		_, before := since.Add(-1).Zone()
		earlier := d.utc().Add(-time.Duration(before) * time.Second).In(place)
		if earlier.Before(since) && !Of(earlier, place).Before(d) {
			return earlier
		}
	}
	return t
}

// At is the instant when the clocks at the place show this time of day, counted from midnight.
func (d Date) At(clock time.Duration, place *time.Location) time.Time {
	year, month, day := d.Civil()
	return time.Date(year, month, day, 0, 0, 0, int(clock), place)
}

func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText writes "2026-02-24".
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads "2026-02-24".
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = Parse(string(text))
	return err
}

// Value writes the day as an SQL date.
func (d Date) Value() (driver.Value, error) { return d.String(), nil }

// Scan reads an SQL date.
func (d *Date) Scan(v any) (err error) {
	switch v := v.(type) {
	case time.Time:
		year, month, day := v.Date()
		*d = On(year, month, day)
	case string:
		*d, err = Parse(v)
	case []byte:
		*d, err = Parse(string(v))
	default:
		err = fmt.Errorf("read a day from %T", v)
	}
	return err
}
