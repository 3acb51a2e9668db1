// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-shell: a login shell, or sshd's ForceCommand, that is the last stage of a login before the user's real shell.
 *
 * Runs in: a login, as its user, without any power: no set-user-ID bit. Its user chooses environment, limits, working
 * directory and descriptors, and nothing of these decides. Source: docs/shell.md.
 * R1: what is executed without a room is executed for root, the break-glass group or a switched-off host alone, and the
 *     log says so. Everybody else is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/scope.h"
#include "door/exempt.h"
#include "shell/alone/alone.h"
#include "shell/call.h"
#include "shell/exec.h"
#include "shell/join.h"
#include "shell/profile.h"
#include "shell/said.h"
#include "shell/stage.h"
#include "shell/through.h"

/* What is opened must not become standard input, output or error, and is gone when the shell is executed. */
static int fill_standard(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	} while (fd <= STDERR_FILENO);
	(void)close(fd);
	return 0;
}

/* Executes the shell, or tells why not. @profiles  NULL = there are none */
static int run(const struct crl_shell_call *call, const char *shell, struct crl_shell_profiles *profiles,
	       struct crl_err *err)
{
	crl_ignore(crl_shell_exec(call, shell, profiles, err));
	return crl_shell_refuse(err);
}

/* Membership is the kernel's: whoever is in the group by now has come in by it. */
static bool is_in_group(const char *name)
{
	const struct group *g = NULL;
	scoped_file *f = fopen("/etc/group", "re");
	gid_t list[NGROUPS_MAX];
	int n;

	while (f && (g = fgetgrent(f)) && strcmp(g->gr_name, name) != 0)
		;
	if (!f || !g)
		return false;
	n = getgroups(NGROUPS_MAX, list);
	for (int i = 0; i < n; i++)
		if (list[i] == g->gr_gid)
			return true;
	return getgid() == g->gr_gid;
}

/* R1. Who logs in without a room, whatever is published. Returns why, or NULL. */
static const char *exemption(void)
{
	struct crl_err ignored = {0};
	char path[PATH_MAX];

	if (getuid() == 0)
		return "root";
	if (is_in_group(CRL_BREAK_GLASS))
		return "the group " CRL_BREAK_GLASS;
	return crl_exempt_is_off(CRL_CONFIG_PATH, path, sizeof(path), &ignored) ? "carrel is switched off" : NULL;
}

static int run_exempt(const struct crl_shell_call *call, const char *why, struct crl_err *err)
{
	char shell[PATH_MAX], text[CRL_ERR_TEXT_MAX], buf[CRL_RETOLD_MAX];

	crl_log(LOG_ALERT, "shell uid=%u: no room: %s", getuid(), why);
	(void)snprintf(text, sizeof(text), "you are in no room: %s", why);
	if (isatty(STDERR_FILENO))
		(void)dprintf(STDERR_FILENO, "carrel-shell: %s\n",
			      crl_retell(&crl_shell_texts, crl_shell_language(NULL), text, buf));
	return run(call, crl_shell_find("", getuid(), shell, err) < 0 ? "/bin/sh" : shell, NULL, err);
}

static int run_without_stage(const struct crl_shell_call *call, struct crl_err *err)
{
	const char *why = exemption();
	int rc;

	if (why)
		return run_exempt(call, why, err);
	rc = crl_alone_run(call, err);
	if (rc >= 0)
		return rc;
	if (rc == -ENOENT && err->stage == CRL_STAGE_CONFIG) /* not a shell that an image has not */
		(void)crl_err_set(err, EPERM, CRL_STAGE_RULE,
				  "you are in no room, and no policy is published for you: no shell is started");
	return crl_shell_refuse(err);
}

/* Who is root in there finds what root has, as after su -. */
static void add_roots_path(void)
{
	const char *path = getenv("PATH");
	scoped_free char *whole = NULL;

	if (asprintf(&whole, "/usr/local/sbin:/usr/sbin:/sbin%s%s", path ? ":" : "", path ? path : "") < 0)
		whole = NULL;
	else
		crl_ignore(setenv("PATH", whole, 1)); /* without it, all is there by its whole name */
}

/* What is executed, as it is called before its names may mean something else. */
static void choose_profile(struct crl_shell_profiles *profiles, const struct crl_shell_call *call, const char *shell)
{
	scoped(crl_shell_words) words = {.argv = NULL};

	if (crl_shell_words_make(call, shell, &words) == 0)
		crl_shell_profiles_choose(profiles, words.path);
}

/* In a room, and the last stage is still to come. */
static int run_last_stage(int root, const struct crl_last *last, const struct crl_shell_call *call, struct crl_err *err)
{
	scoped(crl_shell_profiles) profiles = {.chosen = -1};
	char shell[PATH_MAX];

	/* Before the ids change, by which passwd is asked. */
	if (crl_shell_find(last->shell, getuid(), shell, err) < 0 ||
	    crl_shell_profiles_read(root, last, &profiles, err) < 0)
		return crl_shell_refuse(err);
	choose_profile(&profiles, call, shell);
	if (crl_shell_join(root, last, err) < 0)
		return crl_shell_refuse(err);
	if (last->user == CRL_LAST_USER_ROOT)
		add_roots_path();
	return run(call, shell, &profiles, err);
}

int main(int argc, char **argv)
{
	struct crl_err err = {0};
	enum crl_shell_place place;
	struct crl_shell_call call;
	char shell[PATH_MAX];
	struct crl_last last;
	scoped_fd root = -EBADF;
	int rc = fill_standard();

	(void)argc;
	if (rc == 0)
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return CRL_SHELL_REFUSED;
	crl_shell_call_read(argv, getenv("SSH_ORIGINAL_COMMAND"), &call);
	if (crl_shell_stage_read(root, &last, &place, &err) < 0)
		return crl_shell_refuse(&err);
	if (place == CRL_SHELL_NOWHERE)
		return run_without_stage(&call, &err);
	if (place == CRL_SHELL_BEFORE) {
		crl_shell_go_through(&last, argv);
		return run_last_stage(root, &last, &call, &err);
	}
	if (crl_shell_find(last.shell, getuid(), shell, &err) < 0)
		return crl_shell_refuse(&err);
	return run(&call, shell, NULL, &err);
}
