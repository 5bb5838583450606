// Package inventory knows what lies where, to whom it is promised, and every movement that led there.
//
// A part lies in a place: a warehouse, an outlet's counter, an engineer's van, the workshop. Nothing edits
// a quantity. A Movement is one row with two ends, where "outside the house" is no end at all, so that a
// transfer can neither make nor lose a part; PostgreSQL adds movements up into stock and refuses what
// would fall below zero.
//
// Assigning an order makes a promise: Reserve holds good pieces where they lie. Held pieces stay on the
// shelf but are nobody else's. A promise resolves once: used by the repair sheet (Consume), or released.
// It moves with its pieces when a slip is handed over at the counter (PickupDo).
//
// Work done is never refused because the ledger lags behind: a part that was fitted but cannot be booked
// comes back from Consume as not booked, and stands on the stock keeper's list until a transfer, a count
// or a receipt explains it.
//
// An order that waits for a part has a Shortage. Expect says when goods should come, and Allot hands out
// what came: displaced orders first, then priority, then the promised date, then who waited longest.
//
// Old and returned parts have a condition, defective or to_inspect, and never raise what is available.
//
// Locks are taken in one order everywhere: stock rows by place, then part, before any reservation of them.
package inventory
