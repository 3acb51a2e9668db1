// SPDX-License-Identifier: Apache-2.0
/*
 * A policy's system call filter as BPF.
 *
 * Runs in: helper, carrelctl. Pure: nothing is loaded into the kernel here. Source: seccomp(2),
 * seccomp_init(3).
 */
#pragma once

#include <linux/filter.h>
#include <stdint.h>

#include "policy/policy.h"
#include "policy/sysgroups.h"
#include "proto/err.h"
#include "proto/proto.h"

#define CRL_FILTER_KEY_MAX 8192 /* bytes of a key with its NUL that the cache takes */

struct crl_filter {
	uint32_t len; /* instructions; 0 = no filter */
	struct sock_filter insn[CRL_FILTER_MAX];
};

/*
 * Compile the filter.
 * @setns_flags  CLONE_NEW* word with which the module may call setns() again to go back to the host; 0 =
 * never
 * @ret          len is 0 when the policy asks for no filter, and after an error
 * Errors (stage FILTER): -EINVAL a call, group or family that does not exist or cannot be used so
 * (docs/seccomp.md); -E2BIG more than CRL_FILTER_MAX instructions; -EOPNOTSUPP not x86-64; -ENOMEM.
 */
int crl_filter_compile(const struct crl_seccomp *s, const struct crl_sysgroups *groups, uint32_t setns_flags,
		       struct crl_filter *ret, struct crl_err *err) CRL_MUST_CHECK;

/*
 * The text that tells one filter from another: policy's wishes, architecture, libseccomp's and kernel's
 * version, identity of the groups' file. Equal texts mean equal filters.
 * @groups_path  data_dir/syscalls.conf
 * Returns the length written without NUL, or -ENAMETOOLONG / another -errno (stage FILTER).
 */
int crl_filter_key(const struct crl_seccomp *s, const char *groups_path, uint32_t setns_flags, char *buf,
		   size_t size, struct crl_err *err) CRL_MUST_CHECK;

/*
 * Flags for seccomp(SECCOMP_SET_MODE_FILTER) with which the program must be loaded: SECCOMP_FILTER_FLAG_LOG
 * when the policy wants denials logged. BPF itself cannot ask for that.
 */
uint32_t crl_filter_load_flags(const struct crl_seccomp *s);
