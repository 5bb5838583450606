// Package auth knows who is calling, what he may do, and whose records he may see.
//
// A person signs in with a login and a password, or a program with a token; both become a Caller. A
// caller's roles answer "may he" (permissions.go); his organisation and everything below it answer
// "whose" (Scope). Every store method that reads for a person takes a Scope, and a Scope that nobody
// made refuses, so that a forgotten one cannot show anything. Customers hold no account: a Link lets
// them do one thing with one order.
//
// Passwords are kept as argon2id, tokens and links as SHA-256. Failed sign-ins make the next try wait,
// by account, by address and by both together, and never for good.
package auth
