package inventory

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
	"paigong/internal/geo"
	"paigong/internal/keyset"
)

// PlaceKind is what sort of place parts lie in.
type PlaceKind string

const (
	Warehouse PlaceKind = "warehouse" // 仓库
	Outlet    PlaceKind = "outlet"    // 网点 with a counter
	Van       PlaceKind = "van"       // 随车库存 of one engineer
	DepotShop PlaceKind = "depot"     // 维修车间
)

// Place is where parts lie.
type Place struct {
	ID             uuid.UUID  `json:"id"`
	OrgID          int32      `json:"-"`
	OrgCode        string     `json:"organisation_code"`
	Code           string     `json:"code"`
	Name           string     `json:"name"`
	Kind           PlaceKind  `json:"kind"`
	RegionCode     *string    `json:"region_code"`
	EngineerID     *uuid.UUID `json:"engineer_id"` // whose van it is
	Lat            *float64   `json:"lat"`
	Lng            *float64   `json:"lng"`
	OpenHours      string     `json:"open_hours"`
	Reachable      bool       `json:"reachable"` // false: parts there cannot be fetched now, such as in the van of somebody ill
	UnreachableWhy string     `json:"unreachable_why"`
	RetiredAt      *time.Time `json:"retired_at"`
	CreatedAt      time.Time  `json:"created_at"`
	Version        int        `json:"version"`
}

// At is the position, or nil when nobody entered one.
func (p Place) At() *geo.Point { return pointOf(p.Lat, p.Lng) }

func pointOf(lat, lng *float64) *geo.Point {
	if lat == nil || lng == nil {
		return nil
	}
	return &geo.Point{Lat: *lat, Lng: *lng}
}

// PlaceInput is what a client says about a new place.
type PlaceInput struct {
	Code             string     `json:"code" pattern:"^[A-Za-z0-9._-]{1,40}$"`
	Name             string     `json:"name" minLength:"1" maxLength:"200"`
	Kind             PlaceKind  `json:"kind" enum:"warehouse,outlet,van,depot"`
	RegionCode       *string    `json:"region_code,omitempty" maxLength:"40"`
	EngineerID       *uuid.UUID `json:"engineer_id,omitempty" format:"uuid" doc:"whose van it is"`
	OrganisationCode *string    `json:"organisation_code,omitempty" maxLength:"40" doc:"absent = your own"`
	Lat              *float64   `json:"lat,omitempty" minimum:"-90" maximum:"90"`
	Lng              *float64   `json:"lng,omitempty" minimum:"-180" maximum:"180"`
	OpenHours        *string    `json:"open_hours,omitempty" maxLength:"200" doc:"as people read it, such as 8:30-17:30"`
}

// PlacePatch changes a place; what is absent stays.
type PlacePatch struct {
	Name      *string  `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Lat       *float64 `json:"lat,omitempty" minimum:"-90" maximum:"90"`
	Lng       *float64 `json:"lng,omitempty" minimum:"-180" maximum:"180"`
	OpenHours *string  `json:"open_hours,omitempty" maxLength:"200"`
	Retired   *bool    `json:"retired,omitempty"`
}

// PlaceFilter narrows the list of places, which is in the order of codes.
type PlaceFilter struct {
	keyset.Ask
	Kind     string `query:"kind" enum:"warehouse,outlet,van,depot"`
	Region   string `query:"region" maxLength:"40"`
	Engineer string `query:"engineer" format:"uuid"`
	Away     bool   `query:"away" doc:"only those out of reach, such as the van of somebody ill"`
	Retired  bool   `query:"retired"`
}

func (in PlaceInput) check() error {
	if err := checkCode("body.code", in.Code); err != nil {
		return err
	}
	if err := checkName("body.name", in.Name); err != nil {
		return err
	}
	switch in.Kind {
	case Warehouse, Outlet, Van, DepotShop:
	default:
		return fault.New(fault.Invalid, "place_kind", "a place is a warehouse, outlet, van or depot").Field("body.kind", "warehouse, outlet, van or depot")
	}
	if in.EngineerID != nil && in.Kind != Van {
		return fault.New(fault.Invalid, "places_van_of_engineer", "only a van belongs to an engineer").Field("body.engineer_id", "only for a van")
	}
	return checkPosition(in.Lat, in.Lng)
}

func checkPosition(lat, lng *float64) error {
	if (lat == nil) != (lng == nil) {
		return fault.New(fault.Invalid, "position_half", "a position needs both latitude and longitude").Field("body.lat", "with lng").Field("body.lng", "with lat")
	}
	if p := pointOf(lat, lng); p != nil && !p.Valid() {
		return fault.New(fault.Invalid, "position_bounds", "a latitude is within 90, a longitude within 180 degrees").Field("body.lat", "-90 to 90").Field("body.lng", "-180 to 180")
	}
	return nil
}
