// SPDX-License-Identifier: Apache-2.0
/*
 * When the programs of a login that ends, or of a room, are told to go, and when they are killed. Pure.
 *
 * Many programs take a second signal, while they still handle the first, for an order to end at once: bash then
 * loses its history. So nobody gets SIGHUP twice: who has a terminal gets it from the kernel when the other end of
 * that is closed.
 *
 *   at once  SIGHUP to what the application has started, such as sshd's process for the user: it closes its terminals
 *   1/4      SIGHUP to whoever has no terminal; whose has been closed has had so long
 *   1/2      SIGTERM to whoever has no terminal: to those that ignore the former (nohup), or hold terminals (tmux) and
 *            so have the kernel tell others
 *   3/4      SIGHUP to whoever has a terminal still
 *   1        SIGKILL
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct crl_procstat;

enum crl_grace_step {
	CRL_GRACE_WAIT, /* nothing is due */
	CRL_GRACE_CUT,
	CRL_GRACE_HANG_UP,
	CRL_GRACE_TERMINATE,
	CRL_GRACE_INSIST,
	CRL_GRACE_OVER
};

/* One end on its way. */
struct crl_grace {
	int64_t since_ms;
	int64_t length_ms;
	enum crl_grace_step said; /* last step that was handed out */
};

/* @length_ms  0 = over at once; a negative one counts as 0 */
struct crl_grace crl_grace_begin(int64_t now_ms, int64_t length_ms);

/*
 * What is to be done now. Each step is handed out once, in order; who comes late gets them one after the other, but for
 * the last, which leaves out what is then in vain and is handed out for ever.
 */
enum crl_grace_step crl_grace_next(struct crl_grace *g, int64_t now_ms);

/*
 * How long to wait, in ms, 1 to 20, until it is looked again: whether something is due, and whether anything is left.
 * Short at first, since most ends are over at once.
 */
int64_t crl_grace_pause_ms(const struct crl_grace *g, int64_t now_ms);

/*
 * The signal that a process gets at a step: SIGHUP or SIGTERM, 0 = none; what is to be killed is killed by other means.
 * @application  its parent, where the application has started it, as @s numbers it; 0 in the room's own /proc
 */
int crl_grace_signal(enum crl_grace_step step, const struct crl_procstat *s, pid_t application);
