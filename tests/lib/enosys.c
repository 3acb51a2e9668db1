// SPDX-License-Identifier: Apache-2.0
/*
 * A kernel without a system call: enosys CALL COMMAND [ARGUMENT...] runs the command with a filter that answers ENOSYS for
 * that one, in everything that it starts. CALL=EPERM answers that, CALL=KILL ends the process, as filters of services do.
 * CALL:N:VALUE is about calls whose argument N (from 0) has that value alone: socket:2:12 are those of netfilter's netlink.
 *
 * Runs in: tests only, as root: a filter without no_new_privs, so that set-user-ID programs stay what they are.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Which calls are refused: by their argument, where one is named. */
static int add_rule(scmp_filter_ctx filter, uint32_t action, char *call)
{
	char *argument = strchr(call, ':'), *value;
	int number;

	if (argument)
		*argument++ = '\0';
	number = seccomp_syscall_resolve_name(call);
	if (number == __NR_SCMP_ERROR)
		return -ENOENT;
	if (!argument)
		return seccomp_rule_add(filter, action, number, 0);
	value = strchr(argument, ':');
	if (!value)
		return -EINVAL;
	return seccomp_rule_add(
		filter, action, number, 1,
		SCMP_CMP((unsigned int)strtoul(argument, NULL, 10), SCMP_CMP_EQ, strtoul(value + 1, NULL, 0)));
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	uint32_t action = SCMP_ACT_ERRNO(ENOSYS);
	char *how;
	int rc;

	if (argc < 3)
		return 2;
	how = strchr(argv[1], '=');
	if (how) {
		*how++ = '\0';
		action = strcmp(how, "KILL") == 0 ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
	}
	if (!filter)
		return 3;
	rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (rc == 0)
		rc = add_rule(filter, action, argv[1]);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc < 0) {
		(void)fprintf(stderr, "enosys: %s: %s\n", argv[1], strerror(-rc));
		return 3;
	}
	(void)execvp(argv[2], argv + 2);
	(void)fprintf(stderr, "enosys: %s: %s\n", argv[2], strerror(errno));
	return 127;
}
