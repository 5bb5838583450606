package inventory

import "paigong/internal/keyset"

// Condition says what a piece is good for. Only good pieces are available.
type Condition string

const (
	Good      Condition = "good"
	Defective Condition = "defective"  // 坏件
	ToInspect Condition = "to_inspect" // 待检: came back, nobody has looked at it yet
)

// StockRow is how much of a part lies in a place in one condition.
type StockRow struct {
	SKU       string    `bun:"sku" json:"sku"`
	PartName  string    `json:"part_name"`
	Unit      string    `json:"unit"`
	PlaceCode string    `json:"place_code"`
	PlaceName string    `json:"place_name"`
	PlaceKind PlaceKind `json:"place_kind"`
	Condition Condition `json:"condition"`
	OnHand    int64     `json:"on_hand"`
	Reserved  int64     `json:"reserved"`
	Available int64     `json:"available"` // good and promised to nobody
}

// StockFilter narrows the stock list, which is in the order of SKU, place and condition.
type StockFilter struct {
	keyset.Ask
	SKU       string `query:"sku" maxLength:"40"`
	Place     string `query:"place" maxLength:"40" doc:"code of a place"`
	Kind      string `query:"kind" enum:"warehouse,outlet,van,depot"`
	Engineer  string `query:"engineer" format:"uuid" doc:"whose van"`
	Condition string `query:"condition" enum:"good,defective,to_inspect"`
	Stocked   bool   `query:"stocked" doc:"only rows with something on hand"`
	Away      bool   `query:"away" doc:"only places out of reach, such as the van of somebody ill"`
}

// Piece is one serial-numbered piece and where it is: in a place, in a device, or gone.
type Piece struct {
	SKU          string    `bun:"sku" json:"sku"`
	SerialNumber string    `json:"serial_number"`
	PlaceCode    *string   `json:"place_code"`
	Condition    Condition `json:"condition"`
	FittedOrder  *string   `json:"fitted_work_order_number"`
	Gone         bool      `json:"gone"`
}
