// SPDX-License-Identifier: Apache-2.0
/*
 * The last steps before the user's shell, in the room.
 *
 *  R1  A second user namespace, below the one that the room's mounts belong to: in it the user has their own number,
 *      and all that it could be given has no say over the room.
 *  R2  No capability in any set, no_new_privs and the filter, read back, before anything of the user's runs.
 *
 * Runs in: the shell's process to be.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "door/trim.h"
#include "plan/caps.h"
#include "shell/alone/room.h"
#include "shell/apart.h"
#include "shell/exec.h"
#include "state/published.h"
#include "wire/proto.h"

/* R1 */
static int be_oneself(const struct alone_room *room, struct crl_err *err)
{
	char uid[48], gid[48];
	int rc;

	if (unshare(CLONE_NEWUSER) < 0)
		return crl_err_set(err, errno, CRL_STAGE_NAMESPACE, "cannot make the second user namespace%s",
				   errno == ENOSPC ? " (user.max_user_namespaces)" : "");
	(void)snprintf(uid, sizeof(uid), "%" PRIu32 " 0 1\n", room->login.uid);
	(void)snprintf(gid, sizeof(gid), "%" PRIu32 " 0 1\n", room->login.gid);
	rc = crl_file_write(AT_FDCWD, "/proc/self/uid_map", uid);
	if (rc == 0)
		rc = crl_file_write(AT_FDCWD, "/proc/self/gid_map", gid);
	if (rc == 0 && (getuid() != room->login.uid || geteuid() != room->login.uid || getgid() != room->login.gid))
		rc = -EPERM;
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_NAMESPACE, "cannot take the user's own number back") : 0;
}

/* R2 */
static int give_up_power(const struct alone_room *room, struct crl_err *err)
{
	const struct crl_published *p = room->published;
	struct crl_msg_room *how = calloc(1, sizeof(*how));
	int rc;

	if (!how)
		return crl_err_set(err, ENOMEM, CRL_STAGE_CAPS, "out of memory");
	crl_caps_plan(&p->policy, &how->adopt);
	how->adopt.filter_log = p->policy.seccomp.log;
	how->filter_len = p->filter.len;
	memcpy(how->filter, p->filter.insn, p->filter.len * sizeof(p->filter.insn[0]));
	rc = 0;
	if (p->policy.shell_apart && p->policy.need[CRL_FEATURE_LANDLOCK] != CRL_NEED_OFF)
		rc = crl_shell_be_apart(p->policy.need[CRL_FEATURE_LANDLOCK] == CRL_NEED_PREFER, err);
	if (rc == 0)
		rc = crl_trim_apply(how, NULL, err);
	free(how);
	return rc;
}

/* What is the host's, or is not there any more. */
static void settle_environment(const struct alone_room *room)
{
	static const char *const managers[] = {"DBUS_SESSION_BUS_ADDRESS",
					       "DBUS_STARTER_ADDRESS",
					       "NOTIFY_SOCKET",
					       "LISTEN_FDS",
					       "LISTEN_PID",
					       "MANAGERPID",
					       "INVOCATION_ID",
					       "JOURNAL_STREAM"};
	static const char *const paths[] = {"SSH_AUTH_SOCK", "XAUTHORITY", "TMPDIR", "XDG_RUNTIME_DIR", "KRB5CCNAME"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(managers); i++)
		(void)unsetenv(managers[i]); /* fails for no name of these */
	for (size_t i = 0; i < CRL_ARRAY_LEN(paths); i++) {
		const char *value = getenv(paths[i]);

		if (value && value[0] == '/' && access(value, F_OK) < 0)
			(void)unsetenv(paths[i]);
	}
	if (room->tty.name[0] && getenv("SSH_TTY"))
		(void)setenv("SSH_TTY", "/dev/console", 1); /* without memory it names what is not there */
}

/* Where carrel-shell was started, if the room has that; else the home; else the root. */
static int go_there(const struct alone_room *room, struct crl_err *err)
{
	if (room->cwd[0] == '/' && chdir(room->cwd) == 0)
		return 0;
	if (chdir(room->login.home) == 0 || chdir("/") == 0)
		return 0;
	return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot go to /");
}

int alone_last(const struct alone_room *room, struct crl_err *err)
{
	int rc = alone_tty_take(&room->tty, err);

	if (rc == 0)
		rc = be_oneself(room, err);
	if (rc == 0)
		rc = go_there(room, err);
	if (rc < 0)
		return rc;
	settle_environment(room);
	if (sigprocmask(SIG_SETMASK, &room->mask, NULL) < 0)
		return crl_err_set(err, errno, CRL_STAGE_ADOPT, "cannot set the signal mask back");
	rc = give_up_power(room, err);
	if (rc < 0)
		return rc;
	return crl_shell_exec(room->call, room->published->shell, NULL, err);
}
