package files

import (
	"encoding/hex"
	"fmt"
	"mime"
	"time"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/fault"
)

// File is a photo, a scan or a document.
type File struct {
	ID          uuid.UUID  `json:"id"`
	OrgID       int32      `json:"-"`
	SHA256      []byte     `bun:"sha256" json:"-"` // of what was sent
	Mime        string     `json:"mime"`
	Size        int        `json:"size"`
	Width       int        `json:"width,omitempty"`
	Height      int        `json:"height,omitempty"`
	Kind        string     `json:"kind,omitempty"`
	CreatedBy   *uuid.UUID `json:"created_by,omitempty"`
	At          time.Time  `json:"at"`
	RequestID   *uuid.UUID `json:"request_id,omitempty"`
	OrderID     *uuid.UUID `json:"work_order_id,omitempty"`
	AssetID     *uuid.UUID `json:"asset_id,omitempty"`
	SheetID     *uuid.UUID `json:"sheet_id,omitempty"`
	CustodyID   *uuid.UUID `json:"custody_id,omitempty"`
	QuoteID     *uuid.UUID `json:"quote_id,omitempty"`
	ComplaintID *uuid.UUID `json:"complaint_id,omitempty"`
	Bytes       []byte     `json:"-"` // only from Get
}

// Sent is the hash of what was sent, as PUT /files/{sha256} and sheets name it.
func (f File) Sent() string { return hex.EncodeToString(f.SHA256) }

// Headers are those a file must be answered with: nothing in it may run, nobody guesses another type,
// and what is not a picture is saved, not opened beside the product's pages.
func (f File) Headers() map[string]string {
	show := "inline"
	if f.Mime == string(pdfFormat) {
		show = "attachment"
	}
	ending := map[string]string{string(jpegFormat): "jpg", string(pngFormat): "png", string(pdfFormat): "pdf"}[f.Mime]
	return map[string]string{
		"Content-Type":            f.Mime,
		"Content-Disposition":     mime.FormatMediaType(show, map[string]string{"filename": fmt.Sprintf("%s.%s", f.ID, ending)}),
		"Content-Security-Policy": "sandbox; default-src 'none'",
		"X-Content-Type-Options":  "nosniff",
		"Cache-Control":           "private, max-age=86400, immutable",
	}
}

// Upload is what somebody sends.
type Upload struct {
	OrgID  int32
	Actor  string // who answers for it in the audit log
	By     *uuid.UUID
	SHA256 string // lower-case hexadecimal, of Body
	Kind   string
	Body   []byte
}

// Owner is the record a file belongs to.
type Owner struct {
	column string
	OrgID  int32
	ID     uuid.UUID
}

// The records that may own files. org is the record's organisation.
func OfRequest(org int32, id uuid.UUID) Owner   { return Owner{"request_id", org, id} }
func OfOrder(org int32, id uuid.UUID) Owner     { return Owner{"order_id", org, id} }
func OfAsset(org int32, id uuid.UUID) Owner     { return Owner{"asset_id", org, id} }
func OfSheet(org int32, id uuid.UUID) Owner     { return Owner{"sheet_id", org, id} }
func OfCustody(org int32, id uuid.UUID) Owner   { return Owner{"custody_id", org, id} }
func OfQuote(org int32, id uuid.UUID) Owner     { return Owner{"quote_id", org, id} }
func OfComplaint(org int32, id uuid.UUID) Owner { return Owner{"complaint_id", org, id} }

// Sight is whose files a reader may see (auth.Scope is one).
type Sight interface {
	Check() error
	SQL(columns ...string) string
	Reach(visit string, columns ...string) string
	Engineer() *uuid.UUID
}

// Paper is a document as it was handed out.
type Paper struct {
	ID        uuid.UUID
	OrgID     int32
	OrderID   *uuid.UUID
	SubjectID uuid.UUID // what it documents: an order, a sheet, a receipt, a follow-up
	Kind      string
	Lang      string
	Copy      string // "", customer, office, file
	Version   int
	Bytes     []byte
	SHA256    []byte `bun:"sha256"`
	VoidAt    *time.Time
	At        time.Time
}

func unknownFile() error {
	return fault.New(fault.NotFound, "file_unknown", "there is no such file")
}
