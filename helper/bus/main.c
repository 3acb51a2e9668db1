// SPDX-License-Identifier: Apache-2.0
/*
 * carrel-bus: what carrel asks of systemd, one question a run. The helper is static and keeps out of D-Bus; this small
 * program is started by it where systemd manages the cgroups.
 *
 *   carrel-bus set UNIT NAME=VALUE...                    runtime properties of a unit
 *   carrel-bus scope NAME SLICE DESCRIPTION PID...       a transient scope with these processes
 *
 * Exit status 0, or the errno of what failed with one line on standard error; EAGAIN: not now, but soon. Values are
 * numbers and device paths that the helper made; nothing that a user chooses reaches systemd but the description's user
 * name, escaped there.
 * Runs in: root, host namespaces. R1: it writes no file and starts no program.
 * Source: org.freedesktop.systemd1(5), sd-bus(3).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "apply/landlock.h"
#include "wire/version.h"

#define CALL_TIMEOUT_US (8 * 1000 * 1000)

static int complain(const char *what, int rc, const sd_bus_error *e)
{
	(void)fprintf(stderr, "%s: %s\n", what, e && e->message ? e->message : strerror(-rc));
	return -rc > 0 && -rc < 256 ? -rc : EIO;
}

/*
 * True when systemd is still busy with a job that stands against ours: a user's slice that is being stopped behind his
 * last session. Not so a unit of that name that exists: no id is given twice, so it would be there the next time, too.
 */
static bool is_passing(const sd_bus_error *e)
{
	return sd_bus_error_has_name(e, "org.freedesktop.systemd1.TransactionIsDestructive");
}

/* @ret_unknown  set when systemd does not know a property; NULL = that is an error as all others */
static int call(sd_bus *bus, sd_bus_message *m, const char *what, bool *ret_unknown)
{
	sd_bus_error e = SD_BUS_ERROR_NULL;
	int rc = sd_bus_call(bus, m, CALL_TIMEOUT_US, &e, NULL);
	int code = 0;

	if (rc < 0 && ret_unknown && sd_bus_error_has_name(&e, SD_BUS_ERROR_PROPERTY_READ_ONLY))
		*ret_unknown = true;
	else if (rc < 0)
		code = complain(what, is_passing(&e) ? -EAGAIN : rc, &e);

	sd_bus_error_free(&e);
	return code;
}

static int new_call(sd_bus *bus, const char *method, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(bus, ret, "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
					      "org.freedesktop.systemd1.Manager", method);
}

/* "/dev/block/8:0 1000,/dev/block/8:16 2000" as a(st). Destroys @text. */
static int append_devices(sd_bus_message *m, char *text)
{
	char *rest = NULL;
	int rc = sd_bus_message_open_container(m, 'v', "a(st)");

	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'a', "(st)");
	for (char *one = strtok_r(text, ",", &rest); one && rc >= 0; one = strtok_r(NULL, ",", &rest)) {
		char *space = strchr(one, ' ');

		if (!space)
			return -EINVAL;
		*space = '\0';
		rc = sd_bus_message_append(m, "(st)", one, (uint64_t)strtoull(space + 1, NULL, 10));
	}
	if (rc >= 0)
		rc = sd_bus_message_close_container(m);
	return rc < 0 ? rc : sd_bus_message_close_container(m);
}

/* NAME=VALUE as (sv). Destroys @text. */
static int append_property(sd_bus_message *m, char *text)
{
	char *value = strchr(text, '=');
	int rc;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	rc = sd_bus_message_open_container(m, 'r', "sv");
	if (rc >= 0)
		rc = sd_bus_message_append(m, "s", text);
	if (rc >= 0 && strncmp(text, "IO", 2) == 0)
		rc = append_devices(m, value);
	else if (rc >= 0)
		rc = sd_bus_message_append(
			m, "v", "t", strcmp(value, "infinity") == 0 ? UINT64_MAX : (uint64_t)strtoull(value, NULL, 10));
	return rc < 0 ? rc : sd_bus_message_close_container(m);
}

static int set(sd_bus *bus, int argc, char **argv)
{
	sd_bus_message *m = NULL;
	int rc, code;

	rc = new_call(bus, "SetUnitProperties", &m);
	if (rc >= 0)
		rc = sd_bus_message_append(m, "sb", argv[0], true);
	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'a', "(sv)");
	for (int i = 1; i < argc && rc >= 0; i++)
		rc = append_property(m, argv[i]);
	if (rc >= 0)
		rc = sd_bus_message_close_container(m);
	code = rc < 0 ? complain("cannot make the message", rc, NULL) : call(bus, m, argv[0], NULL);
	sd_bus_message_unref(m);
	return code;
}

static int append_pids(sd_bus_message *m, int argc, char **argv)
{
	int rc = sd_bus_message_open_container(m, 'r', "sv");

	if (rc >= 0)
		rc = sd_bus_message_append(m, "s", "PIDs");
	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'v', "au");
	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'a', "u");
	for (int i = 0; i < argc && rc >= 0; i++)
		rc = sd_bus_message_append(m, "u", (uint32_t)strtoul(argv[i], NULL, 10));
	for (int i = 0; i < 3 && rc >= 0; i++)
		rc = sd_bus_message_close_container(m);
	return rc;
}

static int try_scope(sd_bus *bus, int argc, char **argv, bool oom_policy, bool *ret_unknown)
{
	sd_bus_message *m = NULL;
	int rc, code;

	rc = new_call(bus, "StartTransientUnit", &m);
	if (rc >= 0)
		rc = sd_bus_message_append(m, "ss", argv[0], "fail");
	if (rc >= 0)
		rc = sd_bus_message_open_container(m, 'a', "(sv)");
	if (rc >= 0)
		rc = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "Slice", "s", argv[1], "Description", "s", argv[2],
					   "CollectMode", "s", "inactive-or-failed", "SendSIGHUP", "b", true);
	if (rc >= 0 && oom_policy)
		rc = sd_bus_message_append(m, "(sv)", "OOMPolicy", "s", "continue");
	if (rc >= 0)
		rc = append_pids(m, argc - 3, argv + 3);
	if (rc >= 0)
		rc = sd_bus_message_close_container(m);
	if (rc >= 0)
		rc = sd_bus_message_append(m, "a(sa(sv))", 0);
	code = rc < 0 ? complain("cannot make the message", rc, NULL) : call(bus, m, argv[0], ret_unknown);
	sd_bus_message_unref(m);
	return code;
}

/* One killed process is not the end of the login. An older systemd has no such property, and ends no scope for it. */
static int scope(sd_bus *bus, int argc, char **argv)
{
	bool unknown = false;
	int code = try_scope(bus, argc, argv, true, &unknown);

	return unknown ? try_scope(bus, argc, argv, false, NULL) : code;
}

/* R1. Sockets that have a name are no files to Landlock; libraries read what they like. */
static int confine(void)
{
	const struct crl_reach_place host = {open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), CRL_REACH_READ};
	struct crl_err err = {0};

	if (host.fd < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return complain("cannot give up power", -errno, NULL);
	if (crl_landlock_enter(&(struct crl_reach){&host, 1}, &err) < 0)
		return complain(err.text, -err.code, NULL);
	(void)close(host.fd);
	return 0;
}

int main(int argc, char **argv)
{
	bool is_set = argc >= 4 && strcmp(argv[1], "set") == 0;
	bool is_scope = argc >= 6 && strcmp(argv[1], "scope") == 0;
	sd_bus *bus = NULL;
	int rc, code;

	if (crl_version_told(argc, argv))
		return 0;
	if (!is_set && !is_scope) {
		(void)fprintf(stderr, "carrel-bus is started by carrel-helper\n");
		return EINVAL;
	}
	code = confine();
	if (code != 0)
		return code;
	rc = sd_bus_open_system(&bus);
	if (rc < 0)
		return complain("cannot reach the system bus", rc, NULL);
	code = is_set ? set(bus, argc - 2, argv + 2) : scope(bus, argc - 2, argv + 2);
	sd_bus_flush_close_unref(bus);
	return code;
}
