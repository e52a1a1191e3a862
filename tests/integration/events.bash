# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the tests of events share, here and in the virtual machine.

watching() { readlink "/proc/$WATCH"/fd/* | grep -q '/cgroup\.events$'; }

# watch ARGUMENT...: events in the background, its records in $T/events, its process in $WATCH.
watch()
{
	"$TURTLE" --root "$STATE" events "$@" >"$T/events" 2>"$T/events.err" 3>&- 4>&- &
	WATCH=$!
	# It has begun when it waits.
	until_true watching
}

# watched [STATUS]: it ends by itself, with this status (0) and without a word.
watched()
{
	local ended=0
	has_ended() { ! kill -0 "$WATCH"; }
	until_true has_ended || return 1
	wait "$WATCH" || ended=$?
	same "$(<"$T/events.err")" "" "words on stderr" || return 1
	same "$ended" "${1:-0}" "the exit status of events"
}
