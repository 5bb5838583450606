package workorders

import (
	"context"
	"encoding/json"

	"paigong/dispatch"
	"paigong/internal/auth"
	"paigong/internal/calendar"
	"paigong/workorders/customers"
)

// recordInstalled gives the device its serial number and the start of its warranty. A device that nobody
// knew before the visit is written down from the sheet; so is every further one put up on the same day.
func (w *work) recordInstalled(ctx context.Context, o *Order, s Sheet) error {
	if o.Kind != "install" && o.Kind != "relocate" || len(s.Installed) == 0 {
		return nil
	}
	var items []InstalledItem
	if err := json.Unmarshal(s.Installed, &items); err != nil {
		return err
	}
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		return err
	}
	on := calendar.Of(s.FinishedAt, loc)
	for i, item := range items {
		switch {
		case i == 0 && o.AssetID != nil:
			if err := w.book.Installed(ctx, *o.AssetID, item.Model, item.SerialNumber, on); err != nil {
				return err
			}
			continue
		case o.SiteID == nil:
			continue
		}
		a, err := w.book.AddAsset(ctx, auth.System("installed"), customers.AssetInput{SiteID: *o.SiteID, Model: item.Model, SerialNumber: &item.SerialNumber, InstalledOn: &on, Notes: item.Position})
		if err != nil {
			return err
		}
		if err := w.rememberAsset(ctx, a); err != nil {
			return err
		}
		if i == 0 {
			o.AssetID = &a.ID
			if err := setOrder(ctx, w.tx, o.ID, "asset_id = ?", a.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleFacts keeps what later settlement and coverage go by: which organisation did the work, and, for a
// device that its maker still answers for, the days that the repair and the wait for parts took from the
// warranty. They count from the report, or after a reopening from the repair that did not hold.
func (w *work) settleFacts(ctx context.Context, o *Order, v dispatch.Visit, s Sheet) error {
	if err := setOrder(ctx, w.tx, o.ID, "performed_by_org = ?", v.EngineerOrgID); err != nil {
		return err
	}
	if o.Kind != "repair" || o.AssetID == nil {
		return nil
	}
	cover, err := readCoverage(o.Coverage)
	if err != nil {
		return err
	}
	if source := string(cover.For(customers.Part).Source); source != "maker" && source != "extended" {
		return nil
	}
	since := o.CreatedAt
	if o.Reopened > 0 {
		sheets, err := sheetsOf(ctx, w.tx, o.ID)
		if err != nil {
			return err
		}
		for _, e := range sheets {
			if e.ID != s.ID && e.ReplacedAt == nil && e.Outcome == "done" && e.FinishedAt.After(since) {
				since = e.FinishedAt
			}
		}
	}
	loc, err := w.siteZone(ctx, o)
	if err != nil {
		return err
	}
	return w.book.LostDays(ctx, *o.AssetID, calendar.Of(s.FinishedAt, loc).Sub(calendar.Of(since, loc)))
}
