// SPDX-License-Identifier: Apache-2.0
/*
 * What a listener has to know of one login: sealed memory that goes with the room to the module, and comes back with
 * the listener of the filter that the module has loaded. So each login is served by its own filter, whatever has become
 * of the policy since the room was made.
 *
 * Runs in: helper, which writes them; listener, which reads them.
 * R1: only the first record of a module may bring them, before any process of the user's is there; all the same they
 * are taken only when they are sealed and whole.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "plan/filter/filter.h"
#include "wire/login.h"
#include "wire/proto.h"

struct crl_listen_orders {
	uint32_t magic;
	uint32_t uid; /* of the login's user */
	uint8_t learn; /* what it calls is tallied */
	uint8_t trial; /* what it lets and tells is what its policy would refuse (seccomp.mode = "log") */
	uint8_t reserved[2];
	char id[CRL_ID_MAX]; /* of the login */
	char room[CRL_ID_MAX];
	char policy[CRL_POLICY_NAME_MAX];
	char user[CRL_USER_MAX];
};

/* The orders, with the filter behind them. */
struct crl_listen_text {
	struct crl_listen_orders orders;
	struct crl_filter filter; /* as it would be without a listener */
};

/* @ret  sealed memory. Errors (stage FILTER): -errno. */
int crl_listen_orders_write(const struct crl_listen_text *text, int *ret, struct crl_err *err) CRL_MUST_CHECK;

/* R1. Returns 0, -EBADMSG or -errno. */
int crl_listen_orders_read(int fd, struct crl_listen_text *ret) CRL_MUST_CHECK;
