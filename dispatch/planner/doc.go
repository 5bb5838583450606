// Package planner decides who goes where, when, and with which spare part. A Problem goes
// in, candidates for one order or a plan for a whole day come out. It reads no clock, no
// database and no hidden randomness: the same problem gives the same answer.
//
// # One idea
//
// A day of an engineer is a route: the place where he starts, stops in the order he drives
// them, the place where he ends. Every question is the same question asked of a route: may
// this order stand between these two stops, and what does it cost? The dispatcher's hint
// asks it once for every engineer and every gap ([Scanner]); the day plan asks it a few
// million times while it takes orders out and puts them back ([Problem.Plan]). Both go through the
// same rules and the same arithmetic of a gap, so hint and plan cannot contradict each other.
//
// # What a gap is
//
// Between two stops i and j lies a gap. An order x fits if the engineer, free after i, can
// drive to x, start inside one of x's windows, work, and drive on so that j starts no later
// than it may. A visit already announced may start at exactly one moment, so the gaps around
// it are independent of each other. Rests, that is breaks and leave without a place, lie in
// a gap too: the drive may happen before or after them, but it does not shrink.
//
// # Parts
//
// A part comes from the engineer's own van, else from a store on the way, else it is on order
// with an expected date. A store visit is a stop like any other, placed before the order that
// needs it, and its stock is finite: what one route takes another cannot.
//
// # The order of wishes
//
// Whole plans are compared as vectors of int64, left to right: unserved orders by priority,
// lateness against the promised time, working time, metres, overtime, fairness, stability.
// A hint for one order ranks by lateness first and then by effort: extra driving, handling at
// a store, an allowance for the risk of a pick-up, overtime, and a little for every hour of
// delay. Waiting is left out of the hint, because a gap that is idle now may still be filled;
// in a finished day it counts.
//
// # Where things are
//
//	problem.go     what may be said about engineers, orders, stores and visits
//	travel.go      seconds and metres between two places
//	facts.go       names turned into numbers
//	rules.go       one named function per rule that can refuse an engineer
//	diary.go       the gaps of a working day that is already partly booked
//	candidates.go  every engineer judged for one order, with reasons
//	model.go       a day made ready for the search
//	route.go       stops, time segments, what a change costs
//	insert.go      where an order fits best in a route, with or without a store visit
//	search.go      one island: its state, an iteration, what it accepts and keeps
//	ruin.go        which jobs an iteration takes out
//	recreate.go    where they are put back
//	change.go      what a change does to a route, its store and the totals, and how it is undone
//	rng.go         chance, the same on every machine
//	area.go        large days, piece by piece
//	pool.go        remembered routes recombined
//	plan.go        islands, warm start, timetables
//	score.go       the objective vector and every hard rule, recounted from the plan alone
//	explain.go     who, who else, and which rule refuses the others
//	files.go       the three file formats
//	generate.go    days made up
//
// # How a day is planned
//
// Strings of neighbouring stops are taken out of a few routes and put back one by one where
// they are cheapest, now and then overlooking a place (Christiaens and Vanden Berghe 2020). A
// worse plan is accepted by simulated annealing. Time segments (Vidal and others 2013) make
// the cost of an insertion a handful of additions; the best place for an order in a route is
// remembered until the route changes. A store visit is dropped and put back at its best place
// whenever its route loses a stop, and some crews are sent to a store on speculation. Routes
// of many plans are remembered and recombined: prices of jobs, found by subgradients, pick a
// set of routes that serves everything once, which works where annealing is stuck between
// two good halves. Islands exchange their best at fixed iterations, so that threads do not
// make a plan unrepeatable.
//
// Times are int64 seconds from an epoch the caller chooses; distances are metres. The planner
// never asks what a second is: the readers of published benchmarks use finer ticks.
package planner
