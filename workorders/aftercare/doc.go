// Package aftercare keeps the promises: the call after the visit, the answer within a day, and everything
// that somebody still has to tell a customer.
//
// When an order is finished, ScheduleFollowUp writes down one call, two to three days later by the calendar
// of those who call and counted from the day on which the work was done at the site. A holiday moves the
// call, a sheet that comes late is marked as late, and the calls that a long holiday has piled up are spread
// over the days after it. In a year whose holidays nobody has announced the date rests on weekends and says
// so; loading the year (PutYear) dates anew whatever nobody has tried yet.
//
// A caller claims a call for a quarter of an hour, with all others due at the same customer, so that nobody
// rings there twice. Whatever comes of it is recorded and never refused: too early is marked as early.
// Three tries that are far enough apart end it, when the window is over, as unreachable. A customer who was
// reached gives scores; a low one makes a grumble, and his word a complaint.
//
// Every request and every complaint has a clock of 24 hours, at night and on holidays too. It is met by a
// person's reply and by nothing else. Until then it climbs a ladder (Ladders): a warning while somebody is
// still at work, the breach, and two rungs above it, each told once however many programs look and however
// long they were down. A complaint is closed when it was answered, when the customer accepted or refused two
// offers, and when the cause is known. While it is open nobody asks the customer whether all is well.
//
// The call-back list holds the rest: a displaced visit, a part that came, a quote without an answer. One
// open entry for an order and a reason, until the customer was reached.
package aftercare
