// Package pdf draws the papers of the house: what an engineer takes along, what a customer signs and
// keeps, what a stock keeper picks and a caller ticks off.
//
// Each paper is a plain struct of values with a method Write. There is no database and no clock here:
// the caller fills the struct, Options say in which language, for whom and when it is printed, and the
// same values give the same bytes. [WriteAll] puts a pile of papers into one file.
//
// Nothing people typed can make a paper fail. Characters the font lacks are drawn as □, long texts flow
// on to the next page, what was left out stands as a line to be filled in by hand; a paper that would
// grow over its limit ends with a notice.
//
// The way of a paper: its draw method lays out blocks (pairs, tables, boxes to sign) on a canvas, which
// records marks page by page; print then cuts the font to the characters used and hands everything to
// fpdf. Words come from the catalogue's area "papers", so a paper in English differs in its labels alone.
package pdf
