// Package audit keeps an account of who changed what, that nobody can edit unseen.
//
// Triggers write a line for every change of a business row, in the transaction of the change; the
// program only says who acts, with Act, and a change without an actor is refused. A job closes the
// log with seals: each holds the hash of the seal before it and of all lines since, over whole
// transactions and never past the oldest one still running. Editing, removing or adding a sealed line
// breaks the chain, which Verify shows; cutting off the newest seals shows against a head hash that
// was printed before.
package audit
