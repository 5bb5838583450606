// Package postgres gives the program its database: the one named by DATABASE_URL, or a
// private server of its own that needs no installation step, no port and no password.
//
// A private server lives under the program's data folder:
//
//	<data>/postgres/cluster      what initdb made; kept between runs
//	<data>/postgres/start.lock   held while somebody starts, restarts or stops the server
//	<data>/postgres/users.lock   held (shared) by every program that uses the server
//	<data>/postgres/alive        a FIFO that every such program keeps open for writing
//	<data>/postgres/server.log   what PostgreSQL says
//
// Every program that is given the folder may start the server and watches it; when it dies,
// the first to take start.lock starts it again and the others join. The server runs under a
// few lines of shell (guard.sh) that read the FIFO: when the last program is gone, whether
// it said goodbye or was killed with -9, the FIFO reports end of file and the guard asks the
// server to shut down. So nobody has to be the parent of anybody: two programs share one
// server, either may end first, and none is left behind.
//
// PostgreSQL refuses to run as root. Started by root, the server runs as the user postgres
// or nobody, and reaches its folder through an inherited directory handle, so that even a
// folder below /root (0700) works without opening it to anyone.
//
// Migrations run as the owner of the tables; the program's pool does SET ROLE paigong_app,
// a role that owns nothing.
package postgres
