package pages_test

import (
	"encoding/csv"
	"net/url"
	"strings"
	"testing"
)

// Lists leave as tables, a filter is kept under a name and forgotten again, and the visits of a day are a list too.
func TestListsAreSavedAndTakenAlong(t *testing.T) {
	t.Parallel()
	n, at := busyTown(t)
	v := n.signedIn("dispatcher")
	v.see("/visits?day=2026-11-16", 200).shows("王伟", at["order"], "周晓明")
	v.see("/visits?day=2026-11-16&state=finished", 200).hides(at["order"])
	v.see("/visits?day=2026-11-18", 200).shows("没有上门")
	for path, want := range map[string]string{"/visits?day=2026-11-16&format=csv": at["order"], "/requests?format=csv": at["request"], "/orders?format=csv": at["done"], "/customers?format=csv": "周晓明", "/assets?format=csv": "海尔"} {
		sheet := v.see(path, 200)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(sheet.raw), "\ufeff"))).ReadAll()
		if err != nil || len(rows) < 2 || !strings.Contains(string(sheet.raw), want) || strings.Contains(string(sheet.raw), "13912345678") {
			t.Errorf("%s: %v %s", path, err, sheet.raw)
		}
	}

	to := v.see("/orders?state=ready&region=&save_as="+url.QueryEscape("待派 <急>"), 303).leads()
	if to != "/orders?state=ready" {
		t.Errorf("saved, the list is at %s", to)
	}
	list := v.see("/orders", 200).shows("待派 <急>")
	v.see("/visits", 200).hides("待派")
	if list.link("/orders?state=ready") != "/orders?state=ready" {
		t.Error("the saved filter leads elsewhere")
	}
	v.see(v.see(list.link("/orders?forget="), 303).leads(), 200).hides("待派 &lt;急&gt;</a>")
	n.signedIn("dispatcher").see("/orders", 200)
}
