package dispatch

import "paigong/internal/lifecycle"

// VisitState is where a visit stands. The planned time never changes by facts.
type VisitState string

const (
	Proposed   VisitState = "proposed"   // a plan that is not published; binds nobody
	Dispatched VisitState = "dispatched" // 已派工, 待接单: booked, the engineer has not answered
	Accepted   VisitState = "accepted"   // 已接单
	Declined   VisitState = "declined"   // 拒单, with a reason. Final; the order is ready again
	EnRoute    VisitState = "en_route"   // 在途
	OnSite     VisitState = "on_site"    // 已到场 (by phone: the call has begun)
	Paused     VisitState = "paused"     // interrupted on site
	Finished   VisitState = "finished"   // ended by a repair sheet with an outcome. Final
	Cancelled  VisitState = "cancelled"  // taken back before anybody was on site. Final
)

// Binding reports whether the visit occupies its engineer's time.
func (s VisitState) Binding() bool {
	switch s {
	case Dispatched, Accepted, EnRoute, OnSite, Paused:
		return true
	}
	return false
}

// VisitMoves allows leaving out buttons that were forgotten: facts are recorded as told.
var VisitMoves = lifecycle.Table[VisitState]{
	Kind: "visit", Start: []VisitState{Proposed, Dispatched},
	Moves: [][3]VisitState{
		{Proposed, Dispatched, "dispatch"}, {Proposed, Cancelled, "cancel"},
		{Dispatched, Accepted, "accept"}, {Dispatched, Declined, "decline"}, {Dispatched, EnRoute, "depart"}, {Dispatched, OnSite, "arrive"}, {Dispatched, Cancelled, "cancel"},
		{Dispatched, OnSite, "start"},
		// Given to another engineer, who has not answered yet.
		{Accepted, Dispatched, "reassign"},
		{Accepted, Declined, "decline"}, {Accepted, EnRoute, "depart"}, {Accepted, OnSite, "arrive"}, {Accepted, OnSite, "start"}, {Accepted, Cancelled, "cancel"},
		{EnRoute, OnSite, "arrive"}, {EnRoute, Cancelled, "cancel"}, {EnRoute, OnSite, "start"},
		{OnSite, Paused, "pause"}, {Paused, OnSite, "resume"},
		{OnSite, Finished, "finish"}, {Paused, Finished, "finish"},
	},
}

// AbsenceState is whether leave was granted.
type AbsenceState string

const (
	AbsenceRequested AbsenceState = "requested" // by the engineer; binds nobody yet
	AbsenceApproved  AbsenceState = "approved"  // blocks the diary
	AbsenceRejected  AbsenceState = "rejected"  // Final
	AbsenceWithdrawn AbsenceState = "withdrawn" // back at work earlier, or never gone. Final
)

// AbsenceMoves: leave entered by an office is born approved.
var AbsenceMoves = lifecycle.Table[AbsenceState]{
	Kind: "absence", Start: []AbsenceState{AbsenceRequested, AbsenceApproved},
	Moves: [][3]AbsenceState{
		{AbsenceRequested, AbsenceApproved, "approve"}, {AbsenceRequested, AbsenceRejected, "reject"},
		{AbsenceRequested, AbsenceWithdrawn, "withdraw"}, {AbsenceApproved, AbsenceWithdrawn, "withdraw"},
	},
}
