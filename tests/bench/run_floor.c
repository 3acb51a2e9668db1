// SPDX-License-Identifier: Apache-2.0
/*
 * The floor's half inside the application: what the module must do at the least, by raw calls.
 *
 * Runs in: a child for each turn, root. In the time: socket pair, one vfork and exec, waiting for the
 * descriptor of the room's init, setns with all namespaces, chdir, bounding and inheritable sets,
 * no_new_privs, filter. Not in: any check, reading back, saving the way back, log, configuration, name
 * service.
 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/bench/floor.h"

static bool trim(const struct bench *b)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	struct sock_fprog program = {.len = b->bpf.len};

	for (unsigned long cap = 0; prctl(PR_CAPBSET_DROP, cap) == 0; cap++)
		;
	if (syscall(SYS_capget, &head, data) < 0)
		return false;
	data[0].inheritable = data[1].inheritable = 0;
	if (syscall(SYS_capset, &head, data) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return false;
	memcpy(&program.filter, &(const struct sock_filter *){b->bpf.insn}, sizeof(program.filter)); /* only read */
	return b->bpf.len == 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

struct turn turn_floor(const struct bench *b, char **arg)
{
	static char *no_environment[] = {NULL};
	struct turn t = {-1, 0};
	double before = now_ms();
	int pair[2], init;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return t;
	pid = vfork();
	if (pid == 0) {
		(void)dup2(pair[1], FLOOR_FD);
		(void)execve(arg[0], arg, no_environment);
		_exit(127);
	}
	(void)close(pair[1]);
	init = pid < 0 ? -1 : floor_take(pair[0]);
	if (init < 0 || setns(init, FLOOR_NAMESPACES) < 0 || chdir("/") < 0 || !trim(b))
		return t;
	(void)close(init);
	t.open_ms = now_ms() - before;
	return t; /* the helper ends the room when the socket closes with this process */
}
