// SPDX-License-Identifier: Apache-2.0
/*
 * See probe_last.h. What decides is asked of the kernel by programs behind carrel-shell, as a command by ssh has it.
 *
 * Runs in: a process of the user inside the room.
 */
#include "ctl/rehearse/probe_last.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/scope.h"
#include "ctl/act/inside.h"
#include "ctl/rehearse/probe.h"
#include "ctl/rehearse/room_root.h"

#define OUT_MAX 4096
#define FILTERS "Seccomp_filters:"
#define NO_AMBIENT "CapAmb:\t0000000000000000"

/* By what their logins come, or where it would be. */
static const char *path_of(const struct ctl_scene *s)
{
	return s->way[0] ? s->way : CRL_SHELL_PATH;
}

static int run(const struct ctl_scene *s, const char *command, char out[OUT_MAX])
{
	char name[] = "carrel-shell", say[] = "-c";
	char *argv[] = {name, say, crl_unconst(command), NULL};
	int status = ctl_probe_run(s, &(struct ctl_program_run){.path = path_of(s), .argv = argv}, out, OUT_MAX);

	return status == 127 && access(path_of(s), X_OK) < 0 ? -1 : status;
}

/* -1 = it is not told, or is not there (before Linux 5.9) */
static long filters_in(const char *text)
{
	const char *at = text ? strstr(text, FILTERS) : NULL;

	return at ? strtol(at + strlen(FILTERS), NULL, 10) : -1;
}

static long own_filters(void)
{
	char text[8192];

	return crl_file_read(AT_FDCWD, "/proc/self/status", text, sizeof(text)) > 0 ? filters_in(text) : -1;
}

static enum ctl_answer failed(const struct ctl_scene *s, int status, char *out, char *detail)
{
	out[strcspn(out, "\n")] = '\0';
	if (status < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "%.100s is not in the room", path_of(s));
	return ctl_probe_say(CTL_PROBE_NO, detail, "left with %d: %.120s", status, out);
}

/* Which profile is the shell's, if any, is seen by who executes it. @more  filters than the room's */
static bool are_filters(const struct crl_last *last, long more)
{
	long least = last->filter[0] ? 1 : 0;

	return more == least || (last->profiles > 0 && more == least + 1);
}

enum ctl_answer ctl_try_last_stage(const struct ctl_scene *s, char *detail)
{
	char out[OUT_MAX], ours[64] = "";
	struct crl_last last;
	long filters = own_filters();
	int status;

	if (ctl_room_last(&last) < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "the room has no " CRL_LAST_FILE " that can be read");
	if (readlink("/proc/self/ns/user", ours, sizeof(ours) - 1) < 0)
		return ctl_probe_refused(detail);
	status = run(s, "readlink /proc/self/ns/user; grep -E '" FILTERS "|" NO_AMBIENT "' /proc/self/status", out);
	if (status != 0)
		return failed(s, status, out, detail);
	if (!strstr(out, "user:[") || (strstr(out, ours) != NULL) != (last.user == CRL_LAST_USER_NONE))
		return ctl_probe_say(CTL_PROBE_NO, detail, "a shell behind carrel-shell is not in the user namespace");
	if (filters >= 0 && !are_filters(&last, filters_in(out) - filters))
		return ctl_probe_say(CTL_PROBE_NO, detail, "the filter of shell.seccomp is not in force");
	if (last.caps[0] && strstr(out, NO_AMBIENT))
		return ctl_probe_say(CTL_PROBE_NO, detail, "a shell behind carrel-shell has no ambient capabilities");
	if (!s->way[0])
		return ctl_probe_say(CTL_PROBE_NO, detail,
				     "it works, but logins of %.60s do not come by carrel-shell: carrelctl enable "
				     "--shell, or usermod -s",
				     s->who->login.user);
	return ctl_probe_say(CTL_PROBE_YES, detail, "%s%s%s",
			     last.user != CRL_LAST_USER_NONE ? "the room's user namespace" : "",
			     last.user != CRL_LAST_USER_NONE && last.filter[0] ? ", " : "",
			     last.filter[0]                    ? "the filter of shell.seccomp"
			     : last.user == CRL_LAST_USER_NONE ? "the shell"
							       : "");
}

enum ctl_answer ctl_try_sudo(const struct ctl_scene *s, char *detail)
{
	char out[OUT_MAX];
	int status = run(s, "sudo -n id -u", out);

	if (status == 0 && strcmp(out, "0\n") == 0)
		return ctl_probe_say(CTL_PROBE_YES, detail, "root of the room, without a password");
	return failed(s, status, out, detail);
}
