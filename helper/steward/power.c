// SPDX-License-Identifier: Apache-2.0
/*
 * What the steward may do.
 *
 * Runs in: carrel-steward, when it has left the sandbox that it was started in.
 * R1: effective and permitted are cut, the bounding set is not: a set-user-ID program that is started for a user from
 * here has to have what it has on the host. What a user can say to the steward never reaches a process with more.
 */
#include "helper/steward/steward.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Mount namespaces of rooms, looked at by their init; files of users; processes that become a user, and their end. */
static const unsigned int kept[] = {CAP_SYS_ADMIN,       CAP_SYS_CHROOT, CAP_SYS_PTRACE,   CAP_DAC_OVERRIDE,
				    CAP_DAC_READ_SEARCH, CAP_SETUID,     CAP_SETGID,       CAP_KILL,
				    CAP_SYS_RESOURCE,    CAP_SYS_NICE,   CAP_AUDIT_CONTROL};

int crl_steward_cut_power(struct crl_err *err)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
	uint32_t want[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &head, data) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot read capabilities");
	for (size_t i = 0; i < CRL_ARRAY_LEN(kept); i++)
		want[kept[i] / 32] |= 1u << kept[i] % 32;
	for (size_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) { /* R1 */
		data[i].permitted &= want[i];
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, data) < 0
		       ? crl_err_set(err, errno, CRL_STAGE_CAPS, "cannot drop capabilities")
		       : 0;
}
