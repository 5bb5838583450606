// Package notify tells people and programs what happened.
//
// A message is a row written in the transaction of what it tells, so nothing is announced that was
// rolled back and nothing is forgotten. A Courier then takes due messages to the first channel that
// reaches the address: mail, or a gateway for text messages. A message counts as delivered only when
// such a channel took it. One that no channel takes is written to the log and suppressed; one that
// keeps failing dies; both are handed to whoever answers for telling the customer another way.
//
// Programs of others are told by webhooks, signed as the Standard Webhooks specification says, and
// never at an address inside the house.
package notify
