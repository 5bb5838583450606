// Package importing reads files of other systems: CSV or JSON, in any of the encodings that Chinese spreadsheets
// write, by a mapping that says which column is which field. It makes records of the rows and hands them to the desk,
// which takes each once and refuses with a reason what breaks a rule. The command line and the pages both use it.
package importing
