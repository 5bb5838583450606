package pages

import (
	"context"
	"net/url"
	"strconv"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/keyset"
	"paigong/inventory"
	"paigong/templates"
	"paigong/workorders"
)

// vanOf names an engineer's van, or where one is made for him.
func (a *ask) vanOf(v *templates.SettingsEngineer) error {
	if !a.by.May(auth.ReadStock) {
		return nil
	}
	vans, err := a.look().Stock.Places(a.ctx(), a.by.Scope(), inventory.PlaceFilter{Ask: keyset.Ask{Limit: 1}, Engineer: v.ID})
	if err != nil {
		return err
	}
	if len(vans.Items) > 0 {
		v.Van = vans.Items[0].Name + " " + vans.Items[0].Code
	} else if a.by.May(auth.ManageParts) {
		v.VanPath = "/stock/places?engineer=" + v.ID + "#edit"
	}
	return nil
}

// parts is GET /stock/parts.
func (p *Pages) parts(a *ask) (templates.Page, error) {
	v := templates.Parts{Q: a.QueryParam("q"), Retired: a.QueryParam("retired") == "true", MayEdit: a.by.May(auth.ManageParts), Edit: templates.PartForm{Unit: a.t("parts.piece")}}
	v.MayLoad = v.MayEdit && a.by.May(auth.ReadBasics)
	page, err := a.look().Stock.Parts(a.ctx(), inventory.PartFilter{Ask: a.asked(), Q: v.Q, Retired: v.Retired})
	if err != nil {
		return nil, err
	}
	v.More = a.with("cursor", page.NextCursor)
	for _, r := range page.Items {
		row := templates.PartRow{SKU: r.SKU, Name: r.Name, Unit: r.Unit, Price: r.PriceMinor, Priced: r.PriceMinor > 0, Serialised: r.Serialised, ReturnOld: r.ReturnOld, Retired: r.RetiredAt != nil,
			Path: "/stock/parts?" + url.Values{"edit": {r.ID.String()}, "q": {v.Q}}.Encode() + "#edit"}
		if r.WarrantyDays != nil {
			row.WarrantyDays = strconv.Itoa(*r.WarrantyDays)
		}
		v.Rows = append(v.Rows, row)
	}
	id := a.QueryParam("edit")
	if a.posted.Form == "parts" {
		id = a.posted.Values.Get("id")
	}
	if id != "" && v.MayEdit {
		key, err := parse(id)
		if err != nil {
			return nil, err
		}
		r, err := a.look().Stock.Part(a.ctx(), key)
		if err != nil {
			return nil, err
		}
		v.Edit = templates.PartForm{ID: id, Version: r.Version, SKU: r.SKU, Name: r.Name, Unit: r.Unit, Price: r.PriceMinor.String(), Serialised: r.Serialised, ReturnOld: r.ReturnOld, Retired: r.RetiredAt != nil}
		if r.WarrantyDays != nil {
			v.Edit.WarrantyDays = strconv.Itoa(*r.WarrantyDays)
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) putPart(ctx context.Context, a *ask, f *form) (string, error) {
	id, version, name := f.id("id"), f.minutes("version"), f.need("name")
	warranty, old := f.minutes("warranty_days"), f.ticked("return_old")
	var price *int64
	if sum := f.yuan("price"); sum != nil {
		n := int64(*sum)
		price = &n
	}
	if id == nil {
		f.need("sku")
	}
	if err := f.err(); err != nil {
		return "", err
	}
	return "/stock/parts", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		if id == nil {
			serialised := f.ticked("serialised")
			_, err := l.Stock.AddPart(ctx, inventory.PartInput{SKU: f.text("sku"), Name: name, Unit: f.text("unit"), PriceMinor: price, WarrantyDays: warranty, ReturnOld: &old, Serialised: &serialised})
			return err
		}
		gone := f.ticked("retired")
		_, err := l.Stock.PatchPart(ctx, *id, inventory.PartPatch{Name: &name, PriceMinor: price, WarrantyDays: warranty, ReturnOld: &old, Retired: &gone}, version)
		return err
	})
}

// places is GET /stock/places.
func (p *Pages) places(a *ask) (templates.Page, error) {
	v := templates.Places{MayEdit: a.by.May(auth.ManageParts), Edit: templates.PlaceForm{Kind: string(inventory.Warehouse), Engineer: a.QueryParam("engineer")}}
	if v.Edit.Engineer != "" {
		v.Edit.Kind = string(inventory.Van)
	}
	page, err := a.look().Stock.Places(a.ctx(), a.by.Scope(), inventory.PlaceFilter{Ask: a.asked(), Retired: true})
	if err != nil {
		return nil, err
	}
	v.More = a.with("cursor", page.NextCursor)
	orgs, options, err := a.organisationNames()
	if err != nil {
		return nil, err
	}
	v.Organisations = options
	if v.Engineers, err = a.engineerOptions(); err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, e := range v.Engineers {
		names[e.Value] = e.Text
	}
	for _, r := range page.Items {
		row := templates.PlaceRow{Code: r.Code, Name: r.Name, Kind: string(r.Kind), Organisation: orgs[r.OrgCode], Region: a.regionName(zero(r.RegionCode)), OpenHours: r.OpenHours, Away: !r.Reachable, Retired: r.RetiredAt != nil, Located: r.At() != nil,
			Path: "/stock/places?" + url.Values{"edit": {r.Code}}.Encode() + "#edit"}
		if r.EngineerID != nil {
			row.Engineer = names[r.EngineerID.String()]
		}
		v.Rows = append(v.Rows, row)
	}
	code := a.QueryParam("edit")
	if a.posted.Form == "places" {
		code = a.posted.Values.Get("known")
	}
	if code != "" && v.MayEdit {
		r, err := a.look().Stock.PlaceByCode(a.ctx(), a.by.Scope(), code)
		if err != nil {
			return nil, err
		}
		v.Edit = templates.PlaceForm{Known: true, Version: r.Version, Code: r.Code, Name: r.Name, Kind: string(r.Kind), OpenHours: r.OpenHours, Retired: r.RetiredAt != nil}
		if at := r.At(); at != nil {
			v.Edit.Lat, v.Edit.Lng = degrees(at.Lat), degrees(at.Lng)
		}
	}
	v.Chrome = a.chrome()
	return v, nil
}

func (p *Pages) putPlace(ctx context.Context, a *ask, f *form) (string, error) {
	known, version, name, at, hours := f.text("known"), f.minutes("version"), f.need("name"), f.point(), f.text("open_hours")
	var lat, lng *float64
	if at != nil {
		lat, lng = &at.Lat, &at.Lng
	}
	if known == "" {
		f.need("code")
	}
	engineer := f.id("engineer_id")
	if err := f.err(); err != nil {
		return "", err
	}
	return "/stock/places", p.desk.Keep(ctx, a.by, func(ctx context.Context, l workorders.Ledgers) error {
		if known != "" {
			gone := f.ticked("retired")
			_, err := l.Stock.PatchPlace(ctx, a.by.Scope(), known, inventory.PlacePatch{Name: &name, Lat: lat, Lng: lng, OpenHours: &hours, Retired: &gone}, version)
			return err
		}
		if inventory.PlaceKind(f.text("kind")) == inventory.Van && engineer == nil {
			return fault.New(fault.Invalid, "van_of_nobody", "say whose van it is").Field("engineer_id", "required")
		}
		org, err := p.server.OrgOf(ctx, a.by, l, f.opt("organisation_code"))
		if err != nil {
			return err
		}
		_, err = l.Stock.AddPlace(ctx, inventory.PlaceInput{Code: f.text("code"), Name: name, Kind: inventory.PlaceKind(f.text("kind")), RegionCode: f.opt("region_code"), EngineerID: engineer, Lat: lat, Lng: lng, OpenHours: &hours}, org)
		return err
	})
}
