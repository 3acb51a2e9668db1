// SPDX-License-Identifier: Apache-2.0
/*
 * A room made for real, by the way of every login, but with nobody logging in: probes run inside, then it ends.
 *
 * Runs in: carrelctl (root); a stand-in, its child, takes the place of the PAM application; each probe is a process of
 * the user inside the room.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ctl/act/inside.h"
#include "wire/proto.h"

#define CTL_DETAIL_MAX 160

enum ctl_answer {
	CTL_PROBE_YES,
	CTL_PROBE_NO,
	CTL_PROBE_NOT_HERE, /* a tool or a part of this host that it needs is not there */
};

#define CTL_NETWORK_TARGETS 4
#define CTL_OTHER_TARGETS 6

/* Where a probe tries to go. */
struct ctl_network_target {
	int family;
	uint16_t port;
	uint8_t address[16];
};

/* What a policy says of the network, as far as it is tried. */
struct ctl_network_scene {
	struct ctl_network_target denied[CTL_NETWORK_TARGETS], allowed[CTL_NETWORK_TARGETS];
	size_t denieds, alloweds;
	uint16_t may_listen, may_not_listen; /* 0 = there is no such port */
};

/* Another room that stands, whose network has somebody who says a word to whoever comes; see other_room.h. */
struct ctl_other_room {
	char user[CRL_USER_MAX];
	char word[20];
	struct ctl_network_target at[CTL_OTHER_TARGETS];
	size_t ats; /* 0 = there is no such room */
};

/* What a probe knows. */
struct ctl_scene {
	const struct ctl_person *who;
	const struct crl_adopt *adopt;
	bool has_filter;
	char opener[16]; /* name of the process that opened the session; a probe has another one */
	char host_file[64]; /* a file that everybody may read, in the host's /tmp */
	char host_shm_file[64]; /* a file that everybody may read, in the host's /dev/shm */
	int host_shm_key; /* of a segment of System V shared memory; 0 = none */
	dev_t host_tmp; /* where the host's /tmp is */
	char host_socket[64]; /* a socket for everybody, in the host's /run */
	char host_far_socket[64]; /* a socket for everybody, outside of /run */
	char host_abstract[64]; /* a socket with a name of its own kind on the host, see unix(7) */
	uint16_t host_port; /* a listener on the host's 127.0.0.1 */
	struct ctl_network_scene network;
	struct ctl_other_room other;
	char way[256]; /* carrel-shell, by which the user's logins by sshd come; "" = they do not */
};

/* @detail  one line for people, CTL_DETAIL_MAX bytes, "" at first */
typedef enum ctl_answer ctl_probe(const struct ctl_scene *scene, char *detail);

struct ctl_result {
	enum ctl_answer answer;
	char detail[CTL_DETAIL_MAX];
};

struct ctl_rehearsal {
	const struct ctl_person *who;
	const char *policy; /* NULL = as the rules say */
	ctl_probe *const *probe;
	size_t probes;
	const bool *by_root; /* of each probe: by root of the room, and NOT_HERE where there is none; NULL = none is */
	struct ctl_scene scene;
	struct crl_adopt adopt; /* what the helper answered; filled before @standing is called */
	struct ctl_result *result; /* @probes of them, to be filled */
	void (*standing)(void *arg, pid_t stand_in); /* the room stands, no probe has run yet; NULL = not wanted */
	void *arg;
	bool refused; /* out: by the helper; a login would be refused as well */
	bool left_over; /* out: the room may not have ended */
};

/*
 * Make the room, run each probe (10 s at most, all of them 60), end the room with all that they left running.
 * Errors: whatever stage refused (@refused); -EINTR a signal told us to end; -ETIMEDOUT, -EPIPE.
 */
int ctl_rehearse_room(const struct ctl *c, struct ctl_rehearsal *r, struct crl_err *err) CRL_MUST_CHECK;

/* Hold back what interrupts, but for the waits of ctl_rehearse_room(): who has something to tidy up does so first. */
void ctl_rehearsal_signals(sigset_t *ret_before);

/* The tables of probes are in probe_work.c (rehearse), probe_power.c, probe_reach.c and probe_expose.c (assess). */
