// Package migrations holds the database's history as plain SQL, one file per step, in the
// order of their names: 20261121000100_foundation.tx.up.sql.
//
// There is no way back down: a landed file is never edited, a mistake is repaired by
// the next file, and whoever needs yesterday's schema restores yesterday's backup. The one
// exception says so in its first line: the moves of the lifecycles, which the program
// dictates, are written anew whenever they differ (see postgres.Migrate).
// All pending files run in one transaction (see postgres.Migrate), so a file must not
// contain BEGIN, COMMIT or CREATE INDEX CONCURRENTLY.
package migrations

import "embed"

// FS holds every migration. The name's leading timestamp gives the order.
//
//go:embed *.tx.up.sql
var FS embed.FS
