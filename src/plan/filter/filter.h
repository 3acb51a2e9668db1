// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's system call filter as BPF.
 *
 * Runs in: helper, carrelctl. Pure: nothing is loaded into the kernel here. Source: seccomp(2),
 * seccomp_init(3).
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "policy/filter/sysgroups.h"
#include "policy/policy.h"
#include "wire/proto.h"

#define CRL_FILTER_KEY_MAX 8192 /* bytes of a key with its NUL that the cache takes */

struct crl_filter {
	uint32_t len; /* instructions; 0 = no filter */
	struct sock_filter insn[CRL_FILTER_MAX];
};

/* What the room asks of its filter, beside the policy. */
struct crl_filter_room {
	uint32_t setns_flags; /* CLONE_NEW* word by which the module may go back to the host once more; 0 = never */
	bool holds_projects; /* a project quota holds what it shows: see hold.h */
	uint32_t arch; /* AUDIT_ARCH_* that the filter is for; 0 = this machine's */
};

/*
 * Compile the filter.
 * @ret  len is 0 when neither policy nor room asks for one, and after an error
 * Errors (stage FILTER): -EINVAL a call, group or family that does not exist or cannot be used so
 * (docs/seccomp.md); -E2BIG more than CRL_FILTER_MAX instructions; -EOPNOTSUPP an
 * architecture that arch.h has no row for; -ENOMEM.
 */
int crl_filter_compile(const struct crl_seccomp *s, const struct crl_sysgroups *groups,
		       const struct crl_filter_room *room, struct crl_filter *ret, struct crl_err *err) CRL_MUST_CHECK;

/* What a filter is made from. */
struct crl_filter_source {
	const struct crl_seccomp *wishes;
	const char *groups_path; /* data_dir/syscalls.conf */
	struct crl_filter_room room;
};

/*
 * The text that tells one filter from another: policy's wishes, architecture, libseccomp's and kernel's
 * version, identity of the groups' file. Equal texts mean equal filters.
 * Returns the length written without NUL, or -ENAMETOOLONG / another -errno (stage FILTER).
 */
int crl_filter_key(const struct crl_filter_source *from, char *buf, size_t size, struct crl_err *err) CRL_MUST_CHECK;
