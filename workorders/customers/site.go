package customers

import (
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/geo"
)

// SiteInput is what a client may say about a place where devices stand.
type SiteInput struct {
	Address     string   `json:"address" minLength:"1" maxLength:"500"`
	RegionCode  string   `json:"region_code" minLength:"1" maxLength:"40" doc:"an existing region"`
	Lat         *float64 `json:"lat,omitempty" minimum:"-90" maximum:"90"`
	Lng         *float64 `json:"lng,omitempty" minimum:"-180" maximum:"180"`
	AccessNotes string   `json:"access_notes,omitempty" maxLength:"2000" doc:"gate, lift, parking, dog"`
	OpenHours   string   `json:"open_hours,omitempty" maxLength:"200"`
	Zone        string   `json:"zone,omitempty" maxLength:"60" doc:"time zone, such as Asia/Shanghai; absent = the organisation's"`
}

// SitePatch changes what is named.
type SitePatch struct {
	Address     *string  `json:"address,omitempty" minLength:"1" maxLength:"500"`
	RegionCode  *string  `json:"region_code,omitempty" minLength:"1" maxLength:"40"`
	Lat         *float64 `json:"lat,omitempty" minimum:"-90" maximum:"90"`
	Lng         *float64 `json:"lng,omitempty" minimum:"-180" maximum:"180"`
	AccessNotes *string  `json:"access_notes,omitempty" maxLength:"2000"`
	OpenHours   *string  `json:"open_hours,omitempty" maxLength:"200"`
	Zone        *string  `json:"zone,omitempty" maxLength:"60"`

	Match int `json:"-"` // refuse unless this is the version; 0 = any
}

// Site 服务地点.
type Site struct {
	ID          uuid.UUID   `bun:"id" json:"id"`
	OrgID       int32       `bun:"org_id" json:"-"`
	CustomerID  uuid.UUID   `bun:"customer_id" json:"customer_id"`
	Address     string      `bun:"address" json:"address"`
	RegionCode  string      `bun:"region_code" json:"region_code"`
	Lat         *float64    `bun:"lat" json:"lat,omitempty"`
	Lng         *float64    `bun:"lng" json:"lng,omitempty"`
	AccessNotes string      `bun:"access_notes" json:"access_notes,omitempty"`
	OpenHours   string      `bun:"open_hours" json:"open_hours,omitempty"`
	Zone        string      `bun:"zone" json:"zone,omitempty"`
	CreatedAt   time.Time   `bun:"created_at" json:"created_at"`
	Version     int         `bun:"version" json:"version"`
	Duplicates  []Duplicate `bun:"-" json:"duplicates,omitempty"`
}

// At is where the site lies, or nil when nobody knows.
func (s Site) At() *geo.Point {
	if s.Lat == nil || s.Lng == nil {
		return nil
	}
	return &geo.Point{Lat: *s.Lat, Lng: *s.Lng}
}
