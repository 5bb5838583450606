package dispatch

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// Shift is when an engineer works; rows of it alone say so.
type Shift struct {
	ID         uuid.UUID `json:"id"`
	EngineerID uuid.UUID `json:"engineer_id"`
	StartsAt   time.Time `json:"starts_at"`
	EndsAt     time.Time `json:"ends_at"`
}

// ShiftInput is a shift of at most 24 hours.
type ShiftInput struct {
	StartsAt time.Time `json:"starts_at"`
	EndsAt   time.Time `json:"ends_at"`
}

func (in ShiftInput) span() (Span, error) {
	s := Span{exact(in.StartsAt), exact(in.EndsAt)}
	if err := s.check("body.ends_at"); err != nil {
		return s, err
	}
	if s.To.Sub(s.From) > 24*time.Hour {
		return s, fault.New(fault.Invalid, "shifts_bounded", "a shift lasts at most 24 hours: enter several").Field("body.ends_at", "more than 24 hours after the start")
	}
	return s, nil
}
