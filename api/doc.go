// Package api is how the outside talks to the desk: JSON under /api/v1, papers, files, events, and, in
// api/pages, the screens. It is the only importer of the web framework and of what describes the API.
//
// routes.go is one table: method, path, permission, handler. The OpenAPI document comes from the same
// declarations, so it cannot say anything else than what is served. problem.go is the only place where an
// error becomes a status. A handler checks nothing that the table, the types or the desk check already.
package api
