package workorders

import (
	"context"

	"github.com/gofrs/uuid/v5"

	"paigong/internal/auth"
	"paigong/internal/fault"
	"paigong/internal/files"
)

// attachFile ties a file that was sent before, named by its hash, to the one record it belongs to.
func (w *work) attachFile(ctx context.Context, sha256Hex, owner string, id uuid.UUID, org int32, kind string) error {
	to := map[string]func(int32, uuid.UUID) files.Owner{"sheet_id": files.OfSheet, "quote_id": files.OfQuote, "custody_id": files.OfCustody, "order_id": files.OfOrder, "request_id": files.OfRequest, "complaint_id": files.OfComplaint}[owner]
	if to == nil {
		return fault.New(fault.Invalid, "unknown_owner", "a file cannot belong to that")
	}
	_, err := w.cabinet.Attach(ctx, to(org, id), sha256Hex, kind)
	return err
}

// PutFile keeps a file by the hash of what is sent; sending it again changes nothing.
func (d *Desk) PutFile(ctx context.Context, by auth.Caller, up files.Upload) (files.File, error) {
	var f files.File
	err := d.change(ctx, by, func(ctx context.Context, w *work) (err error) {
		f, err = w.cabinet.Put(ctx, up)
		return err
	})
	return f, err
}
