// Package depot knows where a customer's device is while we have it.
//
// Taking a device away opens a custody: the device, its accessories, its condition, and the customer's
// signature or the reason there is none. From then on the device is in exactly one hand, the engineer's,
// the workshop's or a vendor's, and every change of hands is a row of its own that starts where the one
// before ended. PostgreSQL refuses a chain with a gap, a second open custody of an order or a device, and
// an order that closes while its device is still with us.
//
// What the bench does with the device, diagnose, quote, repair, test, is another machine: however far it
// got, a device that is out may be returned or scrapped at any time.
package depot
