// Package knowledge holds what the house has learned about failures, as codes.
//
// A repair sheet says what was wrong, why, and what was done, each with a code of this list: fault, cause,
// action. Codes make failures countable; a fault also carries its first aid, the few things to try on the
// phone before anybody drives out. An action says whether it repaired anything: after one that did not,
// there is nothing to warrant.
//
// Check lists say what has to be looked at before a job of a kind is called done.
//
// Codes are company-wide, and a code once used is retired, never deleted, since old sheets carry it.
// Load brings a first list for household appliances.
package knowledge
