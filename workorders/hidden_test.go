package workorders

import (
	"errors"
	"testing"

	"paigong/internal/fault"
)

// A part of somebody else's order is not here; a part of an order that could not be read may well be.
func TestOnlyWhatIsHiddenIsNotFound(t *testing.T) {
	t.Parallel()
	if err := hidden(notFound("work_order", "WO-1"), "quote", "QT-1"); !fault.HasCode(err, "quote_not_found") {
		t.Errorf("a quote of a hidden order: %v", err)
	}
	away := fault.New(fault.Unavailable, "database_unavailable", "the database is away")
	if err := hidden(away, "quote", "QT-1"); !errors.Is(err, away) {
		t.Errorf("a quote while the database is away: %v", err)
	}
}
