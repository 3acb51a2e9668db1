// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-caps: gives a command the ambient capabilities of its room's policy.
 *
 * In a room it stands alone on a mount of its own, with these as file capabilities ("=ei"), in a view that is nosuid
 * but for that; so it gets of them what the login left inheritable, and hands it on. It has no set-user-ID bit
 * anywhere, and on the host no capabilities.
 *
 * Runs in: a room, as its user, with what it gives. Its user chooses arguments, environment, descriptors, limits and
 * working directory: all go on to the command as they are, and nothing of them decides what is given. It is without the
 * C library, which would take from the environment what it holds to be unsafe, and read it for its own sake before.
 * Source: capabilities(7) "Ambient capability set", docs/capabilities.md.
 * R1: nothing but what is both permitted and inheritable is raised, and each is read back.
 * R2: no command is executed unless no_new_privs is in force.
 * R3: with nothing to give none is executed either, unless -t says so.
 */
#include "caps/words.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <stdint.h>

#include "caps/start.h"

#define FAILED 126
#define MISSING 127
#define NO_ENTRY 2 /* ENOENT, ENOTDIR and EACCES, as the kernel has them on all architectures */
#define NO_DIRECTORY 20
#define NO_ACCESS 13

static void say(int fd, const char *text)
{
	size_t n = 0;

	while (text[n])
		n++;
	(void)crl_launch_system(CRL_LAUNCH_WRITE, (const long[5]){fd, (long)text, (long)n});
}

static int fail(const char *what, const char *about, int status)
{
	say(2, "caps: ");
	say(2, what);
	say(2, about);
	say(2, "\n");
	return status;
}

/* R1. Returns what is ambient then; 0 where there is nothing, or it cannot be. */
static uint64_t raise_ambient(void)
{
	struct __user_cap_header_struct header;
	struct __user_cap_data_struct data[2];
	uint64_t given = 0;

	header.version = _LINUX_CAPABILITY_VERSION_3;
	header.pid = 0;
	if (crl_launch_system(CRL_LAUNCH_CAPGET, (const long[5]){(long)&header, (long)data, 0}) < 0)
		return 0;
	for (unsigned int cap = 0; cap < 64; cap++) {
		const struct __user_cap_data_struct *d = &data[cap / 32];

		if (!(d->permitted & d->inheritable & 1u << cap % 32))
			continue;
		(void)crl_launch_system(CRL_LAUNCH_PRCTL, (const long[5]){PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap});
		if (crl_launch_system(CRL_LAUNCH_PRCTL, (const long[5]){PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap}) !=
		    1)
			return 0;
		given |= UINT64_C(1) << cap;
	}
	return given;
}

/* As /proc/PID/status has it. */
static void print(uint64_t caps)
{
	char line[] = "CapAmb:\t0000000000000000\n";

	for (unsigned int i = 0; i < 16; i++)
		line[8 + i] = "0123456789abcdef"[caps >> (60 - 4 * i) & 15];
	say(1, line);
}

static int execute(const struct crl_launch_call *call, char **envp)
{
	const char *path = crl_launch_variable(envp, "PATH");
	char *asked = call->command[0];
	char place[CRL_LAUNCH_PATH_MAX];
	int status = MISSING;

	if (call->name)
		call->command[0] = call->name;
	for (path = path ? path : CRL_LAUNCH_PATH_DEFAULT; path;) {
		long rc = asked[0] && crl_launch_place(asked, &path, place)
				  ? crl_launch_system(CRL_LAUNCH_EXECVE,
						      (const long[5]){(long)place, (long)call->command, (long)envp})
				  : -NO_ENTRY;

		if (!asked[0])
			break;
		if (rc != -NO_ENTRY && rc != -NO_DIRECTORY)
			status = FAILED;
		if (rc != -NO_ENTRY && rc != -NO_DIRECTORY && rc != -NO_ACCESS)
			break;
	}
	return fail(status == MISSING ? "there is no command " : "cannot execute ", asked, status);
}

int crl_launch_main(char **argv, char **envp)
{
	struct crl_launch_call call;
	uint64_t given;

	crl_launch_call_read(argv, &call);
	if (call.fault)
		return fail("usage: caps [-t] [-a NAME] [COMMAND [ARG...]]", "", FAILED);
	given = raise_ambient();
	if (!call.command[0]) {
		print(given);
		return 0;
	}
	if (!given && !call.try) /* R3 */
		return fail("there are no capabilities to give here: see carrel.conf(5), capabilities.ambient", "",
			    FAILED);
	/* R2 */
	(void)crl_launch_system(CRL_LAUNCH_PRCTL, (const long[5]){PR_SET_NO_NEW_PRIVS, 1, 0});
	if (crl_launch_system(CRL_LAUNCH_PRCTL, (const long[5]){PR_GET_NO_NEW_PRIVS, 0, 0}) != 1)
		return fail("no_new_privs is not in force", "", FAILED);
	return execute(&call, envp);
}
