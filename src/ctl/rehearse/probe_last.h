// SPDX-License-Identifier: Apache-2.0
/* What the last stage of a login makes of it, gone through for real. Private to src/ctl/rehearse. */
#pragma once

#include "ctl/rehearse/rehearsal.h"

/* Does carrel-shell lead into the room's user namespace, under the filter of shell.seccomp, to a shell? */
ctl_probe ctl_try_last_stage;

/* Is sudo, behind it, root of the room? */
ctl_probe ctl_try_sudo;
