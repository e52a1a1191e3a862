#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes ./configure from configure.ac. Needed in a git checkout only; release tarballs carry the result.
set -eu
cd "$(dirname "$0")"

missing=
for tool in autoconf automake aclocal; do
	command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
if [ -n "$missing" ]; then
	echo "autogen.sh: missing:$missing" >&2
	echo "autogen.sh: on Debian: apt-get install autoconf automake" >&2
	exit 1
fi
mkdir -p build-aux
exec autoreconf --force --install --warnings=all,no-portability
