// Package dispatch is the ledger of people's time: who could go, who should, who is booked.
//
// An engineer serves regions, has skills, and works in shifts: a row in shifts alone says when. A
// visit is a promise of his time for one order. What takes his time stands in one diary (visits,
// leave, training, gaps), where PostgreSQL refuses any overlap, so that two dispatchers, an import and
// a night plan cannot give the same hour away twice.
//
// # From an order to a visit
//
// [Board.Candidates] asks the planner about every engineer of the serving organisations: the best
// moment, the way, the parts in his van or at a store on the way; and for those who cannot go, the one
// rule that refuses. [Board.Judge] asks the same planner about one engineer and the moment a
// dispatcher chose. [Board.Book] writes the visit. It blocks the time for the way and the work, and
// keeps the reasons it was chosen for.
//
// # Plan and facts
//
// planned and blocked are the plan; departed, arrived, started and finished are facts. A fact never
// moves the plan and is never refused because of it: a day that runs late marks the visits that can no
// longer be kept (late). Buttons that were forgotten are filled in as inferred.
//
// # When somebody is out
//
// An absence either refuses, naming the visits in its way, or displaces: the visits not yet under way
// are cancelled in one go and handed back, for the desk to plan anew and to tell the customers.
//
// # Locks
//
// Everything that changes somebody's diary locks the engineer's row first, several engineers in the
// order of their ids, and the caller locks the order's row before that. Without it concurrent bookings
// of one engineer deadlock instead of being refused one after the other.
package dispatch
