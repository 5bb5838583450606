package inventory

import "paigong/internal/lifecycle"

// ReservationState says whether a promise of parts still stands.
type ReservationState string

const (
	Held     ReservationState = "held"     // promised to an order; set by assigning it
	Used     ReservationState = "used"     // fitted; set by the repair sheet. Final
	Released ReservationState = "released" // not needed or moved elsewhere. Final
)

// ReservationMoves: a promise resolves once.
var ReservationMoves = lifecycle.Table[ReservationState]{
	Kind: "reservation", Start: []ReservationState{Held},
	Moves: [][3]ReservationState{{Held, Used, "use"}, {Held, Released, "release"}},
}

// PickupState is where a slip for the counter stands.
type PickupState string

const (
	ToPick     PickupState = "to_pick"     // 待备料: the stock keeper has not laid the parts out yet
	PickReady  PickupState = "ready"       // 已备好: the parts lie at the counter
	HandedOver PickupState = "handed_over" // 已领: the parts are in the engineer's van
	Returned   PickupState = "returned"    // the engineer brought them back unused. Final
	NotFetched PickupState = "cancelled"   // not needed, or not found at the shelf. Final
)

// PickupMoves: a slip may be handed over without having been laid out first.
var PickupMoves = lifecycle.Table[PickupState]{
	Kind: "pickup", Start: []PickupState{ToPick},
	Moves: [][3]PickupState{
		{ToPick, PickReady, "ready"}, {ToPick, HandedOver, "hand_over"}, {PickReady, HandedOver, "hand_over"},
		{ToPick, NotFetched, "cancel"}, {PickReady, NotFetched, "cancel"}, {HandedOver, Returned, "receive"},
	},
}

// ShortageState is whether an order still waits for a part.
type ShortageState string

const (
	ShortageOpen      ShortageState = "open"      // waiting; the list a stock keeper works through
	ShortageAllotted  ShortageState = "allotted"  // goods arrived and are held for the order
	ShortageCancelled ShortageState = "cancelled" // no longer needed
)

// ShortageMoves: an allotment may be taken away again for a more urgent order.
var ShortageMoves = lifecycle.Table[ShortageState]{
	Kind: "shortage", Start: []ShortageState{ShortageOpen},
	Moves: [][3]ShortageState{
		{ShortageOpen, ShortageAllotted, "allot"}, {ShortageAllotted, ShortageOpen, "take_back"},
		{ShortageOpen, ShortageCancelled, "cancel"}, {ShortageAllotted, ShortageCancelled, "cancel"},
	},
}
