package aftercare

import "paigong/internal/lifecycle"

// FollowUpState is where a follow-up call stands.
type FollowUpState string

const (
	Scheduled   FollowUpState = "scheduled"   // made with the sheet; its day has not come
	Due         FollowUpState = "due"         // on today's list; set by the clock
	Attempted   FollowUpState = "attempted"   // called at least once without an answer that counts
	FollowedUp  FollowUpState = "done"        // the customer was reached, or answered the questionnaire
	Unreachable FollowUpState = "unreachable" // three counted attempts and the window is over
	Waived      FollowUpState = "waived"      // a team lead decided not to call, with a reason
	Suspended   FollowUpState = "suspended"   // a complaint or repeat visit is open: nobody asks whether all is well
	Superseded  FollowUpState = "superseded"  // the order was opened again; another row takes its place. Final
)

// FollowUpMoves: a call may be made before its day; it counts as early, it is not refused.
var FollowUpMoves = func() lifecycle.Table[FollowUpState] {
	t := lifecycle.Table[FollowUpState]{Kind: "follow_up", Start: []FollowUpState{Scheduled}}
	open := []FollowUpState{Scheduled, Due, Attempted}
	for _, from := range open {
		for _, m := range [][2]FollowUpState{
			{Due, "come_due"}, {Attempted, "attempt"}, {FollowedUp, "reach"}, {Unreachable, "give_up"},
			{Waived, "waive"}, {Suspended, "suspend"}, {Superseded, "supersede"},
		} {
			if m[0] != from && !(m[0] == Due && from == Attempted) {
				t.Moves = append(t.Moves, [3]FollowUpState{from, m[0], m[1]})
			}
		}
	}
	t.Moves = append(t.Moves,
		[3]FollowUpState{Suspended, Scheduled, "wake"}, [3]FollowUpState{Suspended, FollowedUp, "reach"},
		[3]FollowUpState{Suspended, Waived, "waive"}, [3]FollowUpState{Suspended, Superseded, "supersede"},
		[3]FollowUpState{Unreachable, FollowedUp, "reach"}, [3]FollowUpState{Unreachable, Superseded, "supersede"},
		[3]FollowUpState{FollowedUp, Superseded, "supersede"}, [3]FollowUpState{Waived, Superseded, "supersede"},
	)
	return t
}()

// ComplaintState is where a complaint stands; the level of escalation is a number beside it.
type ComplaintState string

const (
	Registered    ComplaintState = "registered"    // the 24 hours run
	Investigating ComplaintState = "investigating" // the customer has had a first reply
	ProposedOffer ComplaintState = "proposed"      // an offer is with the customer
	OfferAccepted ComplaintState = "accepted"      // the customer agreed
	OfferRefused  ComplaintState = "refused"       // the customer did not agree
	ClosedMatter  ComplaintState = "closed"        // Final
)

// ComplaintMoves: escalating never changes the state and never ends the duty to reply.
var ComplaintMoves = lifecycle.Table[ComplaintState]{
	Kind: "complaint", Start: []ComplaintState{Registered},
	Moves: [][3]ComplaintState{
		{Registered, Investigating, "reply"}, {Investigating, ProposedOffer, "propose"}, {ProposedOffer, OfferAccepted, "accept"}, {ProposedOffer, OfferRefused, "refuse"},
		{OfferRefused, ProposedOffer, "propose"}, {OfferRefused, ClosedMatter, "close"}, {OfferAccepted, ClosedMatter, "close"}, {Investigating, ClosedMatter, "close"},
	},
}

// CallbackState is whether somebody still has to ring the customer.
type CallbackState string

const (
	CallbackOpen      CallbackState = "open"
	CallbackDone      CallbackState = "done"      // the customer was told. Final
	CallbackCancelled CallbackState = "cancelled" // no longer needed. Final
)

// CallbackMoves is the life of a call-back.
var CallbackMoves = lifecycle.Table[CallbackState]{
	Kind: "callback", Start: []CallbackState{CallbackOpen},
	Moves: [][3]CallbackState{{CallbackOpen, CallbackDone, "reach"}, {CallbackOpen, CallbackCancelled, "cancel"}},
}

// ImprovementState is where something that has to become better stands.
type ImprovementState string

const (
	ImprovementOpen      ImprovementState = "open"      // somebody answers for it by a day
	ImprovementDone      ImprovementState = "done"      // it was done; whether it helped is not known yet
	ImprovementEffective ImprovementState = "effective" // somebody else found that it helped. Final
	ImprovementDeclined  ImprovementState = "declined"  // it is not done, for a reason. Final
)

// ImprovementMoves: what did not help is open again.
var ImprovementMoves = lifecycle.Table[ImprovementState]{
	Kind: "improvement", Start: []ImprovementState{ImprovementOpen},
	Moves: [][3]ImprovementState{
		{ImprovementOpen, ImprovementDone, "do"}, {ImprovementDone, ImprovementEffective, "verify"}, {ImprovementDone, ImprovementOpen, "again"},
		{ImprovementOpen, ImprovementDeclined, "decline"},
	},
}
