// SPDX-License-Identifier: Apache-2.0
/*
 * What the parts of carrel-net share.
 *
 * Runs in: carrel-net.
 */
#pragma once

#include <nftables/libnftables.h>
#include <stdbool.h>

#include "plan/net/nft.h"

/* One line on standard error. Returns the exit status for @code, an errno. */
int net_complain(const char *what, int code);

/* What transactions are made by. @ret  nft_ctx_free() ends it, and tables that are its own go then */
int net_begin(struct nft_ctx **ret);

/*
 * One transaction.
 * @quiet  says nothing when it fails
 * Returns 0, or an exit status after one line on standard error.
 */
int net_run(struct nft_ctx *nft, const char *script, bool quiet);

/* stand.c: keep the guard standing. Returns an exit status. */
int net_stand(void);

/* opened.c: what the host forwards for rooms alone, as the steward says it. */
struct net_opened {
	char text[4096]; /* as it was told */
	size_t len;
	const char *ipv4[64 + 1]; /* into that, NULL-ended */
	const char *ipv6[64 + 1];
};

/*
 * Read what there is of it: lines "ipv4 LINK" and "ipv6 LINK", after them a line "." What is no such line is passed
 * over, and so is a name that has a meaning for nft(8).
 * Returns 1 when it is whole, 0 when more will come, -1 at the end of @fd.
 */
int net_opened_read(struct net_opened *io, int fd);

/* For the makers of rules. */
struct crl_nat_opened net_opened_names(const struct net_opened *o);

/* hear.c: what has happened. */
enum net_event {
	NET_LOST = 1, /* carrel's table was taken away */
	NET_MADE = 2, /* it is there */
	NET_FORWARDING = 4, /* what the host forwards, or where its addresses are, is another now */
};

/* @ret_rules  hears of nftables, @ret_links of interfaces. Returns 0 or an errno. */
int net_hear(int *ret_rules, int *ret_links);

/* All that is there. What the kernel could not deliver is taken for what is waited for. Returns enum net_event. */
unsigned int net_heard_rules(int fd);
unsigned int net_heard_links(int fd, const struct net_opened *opened);
