// Package calendar knows civil days, which of them people work on, and the arithmetic of promises made
// in days and in service hours.
//
// An instant is a time.Time. A promise to a customer, though, is a day where he lives: "two to three
// days after the visit" means days on the wall of the site, on which somebody calls. China announces its
// public holidays, and the weekends worked in exchange, once a year; the announced years come with the
// program. A year nobody has announced yet is not known: it falls back to Monday to Friday, and Known
// says so, so that dates can be computed anew when the announcement is loaded.
package calendar
