package importing

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"paigong/dispatch"
	"paigong/internal/geo"
	"paigong/inventory"
	"paigong/workorders"
	"paigong/workorders/customers"
)

func repairRecord(r *reading) workorders.RepairRecord {
	record := workorders.RepairRecord{
		Line: r.row.Line, Ref: r.needed("external_ref"), Zone: r.mapping.zone, Outlet: r.text("outlet"), Kind: r.text("kind"), Region: r.needed("region"), RegionName: r.text("region_name"),
		Category: r.text("category"), Brand: r.text("brand"), Model: r.text("model"), Year: r.small("produced_year"), Text: r.text("description"),
		State: workorders.OrderState(r.needed("state")), EndReason: r.text("end_reason"), Source: r.source, SourceState: r.raw("state"),
	}
	if day := r.day("received_on"); day != nil {
		record.On = *day
	} else if len(r.problems) == 0 {
		r.wrong("received_on", "import.empty")
	}
	return record
}

func customerRecord(r *reading) workorders.CustomerRecord {
	record := workorders.CustomerRecord{Line: r.row.Line, PhoneRegion: r.text("phone_region"), Organisation: r.text("organisation"),
		Customer: customers.CustomerInput{Name: r.needed("name"), Phone: r.text("phone"), Class: r.text("class"), Language: r.text("language"), Notes: r.text("notes"), ExternalRef: r.maybe("external_ref")}}
	if address := r.text("address"); address != "" {
		lat, lng := r.degrees("lat", "lng")
		record.Site = &customers.SiteInput{Address: address, RegionCode: r.needed("region"), Lat: lat, Lng: lng, AccessNotes: r.text("access_notes")}
	}
	if name := r.text("contact"); name != "" {
		role := customers.Role(r.text("contact_role"))
		if role == "" {
			role = customers.Reporter
		}
		record.Contact = &customers.ContactInput{Name: name, Phones: r.list("contact_phone"), Role: role}
	}
	return record
}

func assetRecord(r *reading) workorders.AssetRecord {
	return workorders.AssetRecord{Line: r.row.Line, Customer: r.needed("customer"), Asset: customers.AssetInput{
		Model: r.text("model"), Category: r.text("category"), Brand: r.text("brand"), SerialNumber: r.maybe("serial_number"), Plate: r.maybe("plate"), ProducedYear: r.small("produced_year"),
		PurchasedOn: r.day("purchased_on"), InstalledOn: r.day("installed_on"), ProducedOn: r.day("produced_on"), Proof: r.maybe("proof"), Seller: r.text("seller"),
		WarrantyUntil: r.day("warranty_until"), Notes: r.text("notes"), ExternalRef: r.maybe("external_ref")}}
}

func callRecord(r *reading) workorders.CallRecord {
	record := workorders.CallRecord{Line: r.row.Line, Ref: r.needed("external_ref"), Channel: r.text("channel"), Direction: r.text("direction"), AnsweredAt: r.moment("answered_at"), Phone: r.text("phone"), Agent: r.text("agent"), Outcome: r.text("outcome")}
	for field, to := range map[string]*time.Time{"started_at": &record.StartedAt, "ended_at": &record.EndedAt} {
		if at := r.moment(field); at != nil {
			*to = *at
		} else if r.text(field) == "" {
			r.wrong(field, "import.empty")
		}
	}
	return record
}

func partRecord(r *reading) workorders.PartRecord {
	price := r.number("price_minor")
	if price == nil {
		price = r.money("price")
	}
	return workorders.PartRecord{Line: r.row.Line, Part: inventory.PartInput{SKU: r.needed("sku"), Name: r.needed("name"), Unit: r.text("unit"), PriceMinor: price,
		Serialised: r.yes("serialised"), WarrantyDays: r.small("warranty_days"), ReturnOld: r.yes("return_old")}}
}

func stockRecord(r *reading) workorders.StockRecord {
	record := workorders.StockRecord{Line: r.row.Line, SKU: r.needed("sku"), Place: r.needed("place"), Condition: inventory.Condition(r.text("condition")), SerialNumbers: r.list("serial_numbers")}
	if n := r.number("quantity"); n != nil {
		record.Quantity = *n
	} else if len(r.problems) == 0 {
		r.wrong("quantity", "import.empty")
	}
	return record
}

func regionRecord(r *reading) workorders.RegionRecord {
	return workorders.RegionRecord{Line: r.row.Line, Region: dispatch.RegionInput{Code: r.text("code"), Name: r.text("name"), ParentCode: r.maybe("parent"), RetiredOn: r.day("retired_on"), ReplacedBy: r.maybe("replaced_by")}}
}

func engineerRecord(r *reading) workorders.EngineerRecord {
	in := dispatch.EngineerInput{Name: r.needed("name"), Phone: r.maybe("phone"), RegionCodes: r.list("regions"), OrganisationCode: r.maybe("organisation"), StaffNumber: r.maybe("staff_number"), MaxVisits: r.small("max_visits")}
	for _, skill := range r.list("skills") { // code, or code:level
		code, level, _ := strings.Cut(skill, ":")
		a := dispatch.Ability{Code: code}
		if level != "" {
			n, err := strconv.Atoi(level)
			if err != nil {
				r.wrong("skills", "import.skill", skill)
			}
			a.Level = n
		}
		in.Skills = append(in.Skills, a)
	}
	if lat, lng := r.degrees("lat", "lng"); lat != nil && lng != nil {
		in.Home = &geo.Point{Lat: *lat, Lng: *lng}
	}
	return workorders.EngineerRecord{Line: r.row.Line, Engineer: in}
}

func holidayRecord(r *reading) workorders.HolidayRecord {
	record := workorders.HolidayRecord{Line: r.row.Line, Name: r.text("name"), Source: r.text("source")}
	if record.Source == "" {
		record.Source = r.source
	}
	if day := r.day("day"); day != nil {
		record.On = *day
	} else if len(r.problems) == 0 {
		r.wrong("day", "import.empty")
	}
	working, off := r.yes("working"), r.yes("off")
	switch {
	case working != nil:
		record.Working = *working
	case off != nil:
		record.Working = !*off
	}
	return record
}

// chinaCSV holds the division codes of China: provinces, cities and districts of 2023, and codes of
// GB/T 2260 of 2002 to 2019 that were given up since. See docs/examples/README.md for the sources.
//
//go:embed cn.csv.gz
var chinaCSV []byte

// ChinaRegions is the list that comes with the program, as a file would be read.
func ChinaRegions() (*Sheet, error) {
	packed, err := gzip.NewReader(bytes.NewReader(chinaCSV))
	if err != nil {
		return nil, err
	}
	m := NewMapping("regions")
	m.Columns = map[string]string{"code": "code", "name": "name", "parent": "parent", "retired_on": "retired_on"}
	s := &Sheet{Name: "cn", Mapping: m}
	rows := csv.NewReader(packed)
	for line := 1; ; line++ {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if s.Header == nil {
			s.Header = cells
			continue
		}
		s.Rows = append(s.Rows, Row{Line: line, Cells: cells})
	}
	if err := m.Ready(); err != nil {
		return nil, err
	}
	return s, m.Check(s.Header)
}
