# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# For contrib/quickstart and tests/run, which source it: builds the tree out of place.

# turtle_source TOP CACHE: prints the directory to build from. That is TOP, or a copy of it below CACHE when TOP can't be
# written to (autogen.sh needs to) or has been configured in place (which rules out any other build directory).
turtle_source()
{
	if [ -w "$1" ] && [ ! -e "$1/config.status" ]; then
		printf '%s\n' "$1"
		return 0
	fi
	rm -rf "$2/source" && mkdir -p "$2/source" || return 1
	if [ -e "$1/.git" ] && git -C "$1" ls-files >/dev/null 2>&1; then
		(cd "$1" && git ls-files -z | xargs -0 tar cf - --) | tar xf - -C "$2/source" || return 1
	else
		(cd "$1" && tar cf - --exclude=./build --exclude='*.o' --exclude=./config.status --exclude=./config.h .) |
			tar xf - -C "$2/source" || return 1
	fi
	printf '%s\n' "$2/source"
}

# turtle_build SOURCE BUILDDIR LOG [CONFIGURE-ARGUMENT...]: configures where that has not been done with the same
# arguments, and makes everything. All output goes to LOG.
turtle_build()
{
	_source=$1 _build=$2 _log=$3
	shift 3
	mkdir -p "$_build" || return 1
	: >"$_log" || return 1
	if [ ! -x "$_source/configure" ] || [ -n "$(find "$_source/configure.ac" -newer "$_source/configure")" ]; then
		(cd "$_source" && ./autogen.sh) >>"$_log" 2>&1 || return 1
	fi
	if [ ! -e "$_build/config.status" ] || [ "$(cat "$_build/.configured" 2>/dev/null)" != "$*" ]; then
		(cd "$_build" && "$_source/configure" "$@") >>"$_log" 2>&1 || return 1
		printf '%s\n' "$*" >"$_build/.configured"
	fi
	make -C "$_build" -j "$(nproc)" >>"$_log" 2>&1
}
