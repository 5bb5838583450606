# Runs a PostgreSQL server for as long as somebody uses it.
#   $1        seconds to linger after the last user has gone
#   $2 ...    the server's command
#   fd 3      reading end of a FIFO that every user holds open for writing; each writes one
#             line when it comes. End of file = the last user is gone, killed ones included.
trap '' INT TERM HUP
linger=$1
shift
"$@" 3<&- &
server=$!
(
	while :; do
		somebody=
		while read -r _; do somebody=yes; done <&3
		[ "$somebody" ] || break
		sleep "$linger" 3<&-
	done
	exec 3<&-
	kill -INT "$server"
) &
watch=$!
exec 3<&-
wait "$server"
ended=$?
kill -9 "$watch" 2>/dev/null
exit "$ended"
