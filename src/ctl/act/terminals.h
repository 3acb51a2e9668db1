// SPDX-License-Identifier: Apache-2.0
/*
 * Say something on every terminal of rooms, from outside.
 *
 * Runs in: carrelctl, root.
 * Trusts: nothing in a room. Owns: R1 terminals are found beneath the root of the room's init, without following a
 * link, in a devpts; what is opened is a terminal of it and nothing else; R2 no terminal is waited for: one that is
 * stopped or full has failed after a while; R3 none becomes our controlling terminal; R4 no byte of the text is a
 * command to it.
 */
#pragma once

#include <stddef.h>

#include "base/phrases.h"

struct crl_room_info;
struct ctl;

#define CTL_SPEECH_MAX 2000 /* bytes of a text */

struct ctl_told {
	size_t told;
	size_t failed; /* terminals that do not take it */
};

struct ctl_speech;

/* What people on terminals are told in: key host_language, English where the configuration cannot be read. */
enum crl_language ctl_speech_language(const struct ctl *c);

/* R4. @text  with newlines. Returns NULL: out of memory. */
struct ctl_speech *ctl_speech_new(const char *text, enum crl_language language);

/* Tell a room. Terminals that are full are tried again in ctl_speech_end(), which counts them to @ret. */
void ctl_speech_tell(struct ctl_speech *s, const struct crl_room_info *room, struct ctl_told *ret);

/* Waits two seconds at most, for all together, and frees @s. */
void ctl_speech_end(struct ctl_speech *s);
