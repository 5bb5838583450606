// Package files keeps photos, scans and issued papers in the database, so that every copy of the program
// has them and a backup is complete.
//
// A picture is judged by its content, checked for its size before it is decoded, turned upright, and
// encoded anew: what a camera noted about the place and its owner is gone, and so is anything hidden
// behind the pixels. A PDF is kept as it came and only ever shown in a sandbox. A file belongs to at
// most one record; the same bytes for another record are another file.
package files
