package api_test

import (
	"context"
	"fmt"

	"paigong/workorders"
)

// violations are the lines of the program's own check that are not 0.
func (w *world) violations(ctx context.Context) (lines []string) {
	w.t.Helper()
	results, _, err := workorders.RunChecks(ctx, w.db)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range results {
		if r.Count > 0 {
			lines = append(lines, fmt.Sprintf("paigong check: %d × %s: %s", r.Count, r.Area, r.Name))
		}
	}
	return lines
}
