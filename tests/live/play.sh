#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A root shell on the stage: `s ana@room`, `s ana@bare`, `census`, … to try things by hand. With arguments: runs them.
. "$(dirname "$0")/../lib/stage.sh"
stage_enter "$@"
host_start
if [ $# -gt 0 ]; then
	eval "$*"
	exit
fi
echo "s USER@room or USER@bare; users ana cara bob dora gus bea root; logs in $STAGE_LOG; exit ends it all"
bash --rcfile <(echo ". $STAGE/tests/lib/stage.sh") -i
