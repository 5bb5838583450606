// Package jobs does later, and at least once, what a change of today asks for.
//
// A job is a row written in the transaction of the change, so it exists if and only if the change does.
// Any copy of the program claims due rows with a lease; a copy that dies loses its leases after half a
// minute and another goes on. Handlers therefore run at least once: a handler whose effect must happen
// once ends its job with Claimed.Done inside the transaction of the effect, which fails when the lease
// was lost. What fails is tried again after growing pauses and then lies dead, where people can see and
// revive it.
//
// Repeating work is a schedule: when it is due, one copy writes an ordinary job.
package jobs
