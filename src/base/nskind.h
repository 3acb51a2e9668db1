// SPDX-License-Identifier: Apache-2.0
/*
 * The one table of namespace kinds: name in policies, clone flag, name under /proc/PID/ns.
 *
 * Runs in: every product. Source: namespaces(7), clone3(2), setns(2).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum crl_ns {
	CRL_NS_MOUNT,
	CRL_NS_PID,
	CRL_NS_UTS,
	CRL_NS_IPC,
	CRL_NS_NET,
	CRL_NS_CGROUP,
	CRL_NS_TIME,
	CRL_NS_USER, /* known, so that its bit is not given away; no policy may ask for it yet */
	CRL_NS_COUNT
};

struct crl_nskind {
	const char *name; /* in policies: "mount", "pid", … */
	const char *proc_name; /* under /proc/PID/ns: "mnt", "pid_for_children", … as joined by a caller */
	const char *init_name; /* under /proc/PID/ns of a process that lives inside: "mnt", "pid", … */
	uint32_t clone_flag; /* CLONE_NEW* */
	const char *option; /* what a kernel that has it was built with, for people */
};

extern const struct crl_nskind crl_nskinds[CRL_NS_COUNT];

#define CRL_NS_BIT(ns) (1u << (ns))

/* CLONE_NEW* flags for a mask of CRL_NS_BIT()s; unknown bits are ignored. */
uint32_t crl_ns_clone_flags(uint32_t mask);

/* The namespace a policy name stands for, or CRL_NS_COUNT when there is none of that name. */
enum crl_ns crl_ns_by_name(const char *name);

/* Which kinds of @mask the kernel has not: those without a file in @dir, "/proc/self/ns". */
uint32_t crl_ns_absent(const char *dir, uint32_t mask);

/* ": this kernel has no pid namespaces (CONFIG_PID_NS)", of the first kind of @absent; "" = of none. Returns @buf. */
const char *crl_ns_absent_text(uint32_t absent, char *buf, size_t size);

/* Names of namespaces are numbers: that of /proc/PID/ns/KIND. 0 = it cannot be read. */
uint64_t crl_ns_inode(pid_t pid, const char *kind);
