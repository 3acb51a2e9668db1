// SPDX-License-Identifier: Apache-2.0
/* What all probes use; they run as the user, inside the room. */
#pragma once

#include "ctl/rehearse/rehearsal.h"

/* A program of the room. */
struct ctl_program_run {
	const char *path;
	char *const *argv; /* the first may differ from @path */
	const void *in; /* what it reads, and then the end of its input */
	size_t in_len;
};

/* As the probe's user. @out  what it says, as far as it fits, and a 0 behind. Returns its status or -1. */
int ctl_probe_run(const struct ctl_scene *scene, const struct ctl_program_run *run, char *out, size_t size);
enum ctl_answer ctl_probe_say(enum ctl_answer answer, char *detail, const char *fmt, ...) CRL_PRINTF(3, 4);

/* NO, with the name of errno. */
enum ctl_answer ctl_probe_refused(char *detail);

/* The answer of a call that gave @result: negative with errno, else 0 or a descriptor, which is closed. */
enum ctl_answer ctl_probe_call(long result, char *detail);

/*
 * Of the room's mounts one on which set-user-ID bits and file capabilities count, but for the launcher's.
 * @ret  "" = none
 */
void ctl_probe_suid_mount(char ret[CTL_DETAIL_MAX / 2]);
