// SPDX-License-Identifier: Apache-2.0
/*
 * A kernel without a system call: enosys CALL COMMAND [ARGUMENT...] runs the command with a filter that answers ENOSYS for
 * that one, in everything that it starts. CALL=EPERM answers that, CALL=KILL ends the process, as filters of services do.
 *
 * Runs in: tests only, as root: a filter without no_new_privs, so that set-user-ID programs stay what they are.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	uint32_t action = SCMP_ACT_ERRNO(ENOSYS);
	char *how;
	int number, rc;

	if (argc < 3)
		return 2;
	how = strchr(argv[1], '=');
	if (how) {
		*how++ = '\0';
		action = strcmp(how, "KILL") == 0 ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
	}
	number = seccomp_syscall_resolve_name(argv[1]);
	if (!filter || number == __NR_SCMP_ERROR) {
		(void)fprintf(stderr, "enosys: no system call %s\n", argv[1]);
		return 2;
	}
	rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (rc == 0)
		rc = seccomp_rule_add(filter, action, number, 0);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	if (rc < 0) {
		(void)fprintf(stderr, "enosys: %s\n", strerror(-rc));
		return 3;
	}
	(void)execvp(argv[2], argv + 2);
	(void)fprintf(stderr, "enosys: %s: %s\n", argv[2], strerror(errno));
	return 127;
}
