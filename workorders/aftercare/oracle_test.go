package aftercare

import "testing"

// 50,000 deadlines against an independent reckoning by leafing through days; `paigong bench deadlines` does a
// million and more.
func TestDeadlinesAgainstASlowReckoning(t *testing.T) {
	t.Parallel()
	found, err := CheckDeadlines(50_000, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range found {
		t.Errorf("%s: %s, leafing through it is %s", d.Case, d.Fast, d.Slow)
	}
}
