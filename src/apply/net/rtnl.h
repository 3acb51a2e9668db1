// SPDX-License-Identifier: Apache-2.0
/*
 * Requests to rtnetlink(7): one message, one answer, which is checked.
 *
 * Runs in: helper, carrelctl, the init of a room without root. A socket speaks of the network namespace in
 * which it was opened, wherever its process is.
 * R1: what is not acknowledged has failed, and an answer that is not this request's is none.
 */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/scope.h"

#define CRL_RTNL_MAX 1024

/* A message that is being written. */
struct crl_rtnl {
	struct nlmsghdr head; /* its length is known when it is sent */
	char body[CRL_RTNL_MAX];
	size_t len; /* of that */
	bool cut; /* it has become too long */
};

/* A socket in the caller's network namespace. Returns 0 or -errno. */
int crl_rtnl_open(int *ret) CRL_MUST_CHECK;

/* The same of xfrm_user, whose messages have the same form. Errors: -EPROTONOSUPPORT the kernel has none. */
int crl_rtnl_open_xfrm(int *ret) CRL_MUST_CHECK;

/* The same of nf_tables. */
int crl_rtnl_open_nftables(int *ret) CRL_MUST_CHECK;

/* @body  struct ifinfomsg and its kind, @size bytes */
void crl_rtnl_begin(struct crl_rtnl *m, uint16_t type, uint16_t flags, const void *body, size_t size);

/* One more attribute. @data  NULL with @size 0 = one without value */
void crl_rtnl_add(struct crl_rtnl *m, uint16_t type, const void *data, size_t size);
void crl_rtnl_add_text(struct crl_rtnl *m, uint16_t type, const char *text);
void crl_rtnl_add_u32(struct crl_rtnl *m, uint16_t type, uint32_t value);

/* An attribute that holds those until crl_rtnl_end(). @body  bytes of its own before them, or NULL */
size_t crl_rtnl_nest(struct crl_rtnl *m, uint16_t type, const void *body, size_t size);
void crl_rtnl_end(struct crl_rtnl *m, size_t nest);

/* Send it and wait for the kernel's word. Returns 0; -EMSGSIZE it was cut; the kernel's -errno; -EPROTO (R1). */
int crl_rtnl_do(int fd, struct crl_rtnl *m) CRL_MUST_CHECK;

/*
 * Ask for all of a kind.
 * @each  for each answer: the body behind the header, with its size. Anything but 0 ends it, and is returned.
 * Returns 0; -errno; -EPROTO; -EINTR they changed meanwhile: not all have been told.
 */
int crl_rtnl_dump(int fd, struct crl_rtnl *m, int (*each)(void *arg, const struct nlmsghdr *h),
		  void *arg) CRL_MUST_CHECK;
