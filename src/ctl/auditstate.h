// SPDX-License-Identifier: Apache-2.0
/*
 * Whether something takes the kernel's audit records without a limit. The kernel's own log is limited to some lines
 * in five seconds; an audit daemon and a journal that listens for audit records get each of them.
 *
 * Runs in: carrelctl (root). Source: linux/audit.h, netlink(7), proc_net_netlink.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdint.h>

struct ctl_audit {
	uint32_t daemon;     /* pid of the audit daemon; 0 = none */
	uint32_t rate_limit; /* records a second that the kernel lets through; 0 = all */
	bool excluded;       /* a rule keeps records of refused system calls out */
	bool listened;       /* somebody else listens for every record, as systemd-journald does */
};

/* Each refused system call that is logged becomes a record that somebody keeps. */
bool ctl_audit_is_unbounded(const struct ctl_audit *a);

/* Ask this kernel. False when it does not say: without audit, or in a PID namespace of its own. */
bool ctl_audit_read(struct ctl_audit *ret);

/*
 * The parts of it, for tests.
 * @fd  a netlink socket of the audit system, with a receive timeout
 * Errors: -EBADMSG, or what the kernel or recv(2) said.
 */
int ctl_audit_ask(int fd, struct ctl_audit *ret);

/* @f  /proc/net/netlink */
bool ctl_audit_has_listener(FILE *f);
