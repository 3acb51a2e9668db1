// SPDX-License-Identifier: Apache-2.0
/*
 * The one who takes the place of the PAM application in a rehearsal. Private to rehearsal.c and stand_in*.c.
 *
 * Runs in: a child of carrelctl, root, inside the room. It dies of no signal that can be ignored: when carrelctl has
 * left, which the channel tells, it still has a room to close.
 */
#pragma once

#include "ctl/rehearse/rehearsal.h"
#include "door/adopt.h"

#define CTL_OPEN_TIMEOUT_S 10
#define CTL_PROBE_WAIT_MS 10000
#define CTL_PROBES_WAIT_MS 60000 /* all of them together */
#define CTL_LEAVE_WAIT_MS 25000

/* The stand-in's first word. */
struct ctl_opening {
	struct crl_err err; /* code 0 = the room stands */
	struct crl_adopt adopt;
};

/* Where it was before it went in, so that it never takes the host for the room. */
struct ctl_stand_in_host {
	int proc; /* the host's /proc */
	ino_t pid_ns; /* 0 = the room has none of its own */
};

struct ctl_stand_in {
	const struct ctl *c;
	const struct ctl_rehearsal *r;
	struct crl_adoption adoption;
	struct ctl_stand_in_host outside;
	int64_t deadline_ms; /* of all probes */
	int channel; /* to carrelctl */
};

/* Open the room, say so, run the probes, say what each answered, close the room. Exit status 0: the room has gone. */
_Noreturn void ctl_stand_in_be(struct ctl_stand_in *a);

/* stand_in_sweep.c: end everything that probes have left running; waits two seconds at most. */
void ctl_stand_in_sweep(const struct ctl_stand_in *a);

/* Wait for a child; false when it is still there after @wait_ms: the kernel does not let it go. */
bool ctl_stand_in_reap(pid_t pid, int wait_ms);
