#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Which images of the guest's cache a build of another recipe removes. Needs neither root nor an image.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
export CARREL_GUEST_CACHE
CARREL_GUEST_CACHE=$(mktemp -d)
trap 'rm -rf "$CARREL_GUEST_CACHE"' EXIT
. "$here/../guest/image.sh"
cd "$CARREL_GUEST_CACHE"
mkdir debs own today used old unlocked unlocked-old
touch {own,today,used,old}/lock
touch -d '3 days ago' own/lock used/lock old/lock unlocked-old
exec 6<used/lock
flock --shared 6
remove_old "$CARREL_GUEST_CACHE/own"
left=$(echo *)
want='debs own today unlocked used'
[ "$left" = "$want" ] || { echo "check-image: left: $left; wanted: $want" >&2; exit 1; }
