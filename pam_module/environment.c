// SPDX-License-Identifier: Apache-2.0
/*
 * Variables that name what a room has not.
 *
 * Runs in: the PAM application, in the room's mounts, as root before it gives up its power.
 * Trusts: nothing in a value: users write ~/.pam_environment, and in a room that stands already its /tmp is theirs.
 * R1: a path is looked up without following a link, and is only made beneath directories of root's.
 * R2: so many of a login's variables are lines of the log; of thousands its rate limit would keep out what follows.
 */
#include "pam_module/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <security/pam_ext.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/nskind.h"
#include "base/plain.h"
#include "base/scope.h"
#include "base/text.h"

#define NAME_LOG_MAX 64
#define TOLD_MAX 16 /* R2 */

/* Each is the room's own, whatever the policy says. */
static const char *const own_places[] = {"/tmp", "/var/tmp", "/dev/shm", "/run", "/var/run"};

/* Of the host's service manager and its bus, which rooms do not show. */
static const char *const managers[] = {"DBUS_SESSION_BUS_ADDRESS", "DBUS_STARTER_ADDRESS", "NOTIFY_SOCKET"};

/* The path in a value: itself, or what follows "TYPE:", as in FILE:/tmp/krb5cc_1000. NULL = none. */
static const char *path_in(const char *value)
{
	const char *colon = strchr(value, ':');

	if (value[0] == '/')
		return colon ? NULL : value; /* with a colon it is a list, PATH and its kind */
	return colon && colon[1] == '/' ? colon + 1 : NULL;
}

/* The room's own place that @path is beneath, or NULL. */
static const char *own_place(const char *path)
{
	for (size_t i = 0; i < CRL_ARRAY_LEN(own_places); i++) {
		size_t len = strlen(own_places[i]);

		if (strncmp(path, own_places[i], len) == 0 && path[len] == '/')
			return own_places[i];
	}
	return NULL;
}

/* /var/run is a link of root's; a link anywhere else counts as something that is there. */
static bool is_there(const char *path)
{
	scoped_fd root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped_fd fd = -EBADF;
	const char *name = strncmp(path, "/var/run/", 9) == 0 ? path + 4 : path;
	int rc = root < 0 ? -errno : crl_plain_open(root, name, O_PATH, 0, &fd);

	return rc == 0 || rc == -ELOOP;
}

/* One step down, made when it is not there. Only where nobody but root can have put what is found (R1). */
static int step_down(int at, const char *name, bool last, const struct crl_login *login, int *ret_fd)
{
	scoped_fd fd = -EBADF;
	struct stat st;
	bool made = mkdirat(at, name, last ? 0700 : 0711) == 0;

	if (!made && errno != EEXIST)
		return -errno;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (last && st.st_uid == login->uid)
		return 0;
	if (st.st_uid != 0)
		return -EPERM;
	if (made && fchmod(fd, last ? 0700 : 0711) < 0) /* the umask is the application's */
		return -errno;
	if (made && last && fchown(fd, login->uid, login->gid) < 0)
		return -errno;
	if (last && !made)
		return -EEXIST;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* A directory for temporary files, as the module that named it has made it on the host. */
static int make_dir(const char *path, const char *place, const struct crl_login *login)
{
	scoped_fd at = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char rest[PATH_MAX], *next = rest, *name;
	int rc = at < 0 ? -errno : 0;

	if (snprintf(rest, sizeof(rest), "%s", path + strlen(place) + 1) >= (int)sizeof(rest))
		return -ENAMETOOLONG;
	while (rc == 0 && (name = strsep(&next, "/"))) {
		int down = -EBADF;

		if (!name[0] || strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0)
			return -EINVAL;
		rc = step_down(at, name, !next || !next[strspn(next, "/")], login, &down);
		(void)close(at);
		at = down;
	}
	return rc;
}

static bool is_for_temporaries(const char *name)
{
	return strstr(name, "TMP") != NULL || strstr(name, "TEMP") != NULL;
}

static void take_out(pam_handle_t *pamh, const char *name, const char *path, const char *why)
{
	char name_field[CRL_VISIBLE_MAX(NAME_LOG_MAX)], path_field[CRL_VISIBLE_MAX(256)];

	pam_syslog(pamh, LOG_INFO, "variable=%s path=%s taken out: %s",
		   crl_visible_field(name_field, sizeof(name_field), name),
		   crl_visible_field(path_field, sizeof(path_field), path), why);
	(void)pam_putenv(pamh, name); /* without '=' it removes; that needs no memory and cannot fail */
}

/* Why a variable is to be taken out, or NULL: what it names is there, or is now. */
static const char *settle_one(const char *name, const char *value, const struct crl_login *login)
{
	const char *path = path_in(value);
	const char *place = path ? own_place(path) : NULL;
	int rc;

	if (!place || is_there(path))
		return NULL;
	if (!is_for_temporaries(name))
		return "the room has no such path";
	rc = make_dir(path, place, login);
	return rc < 0 ? strerrordesc_np(-rc) : NULL;
}

/* Each of PAM's variables: the list is a copy, so taking some out does not disturb it. */
static void settle_paths(pam_handle_t *pamh, const struct crl_login *login)
{
	char **list = pam_getenvlist(pamh);
	size_t out = 0;

	for (char **entry = list; entry && *entry; entry++) {
		char *equals = strchr(*entry, '=');

		if (equals) {
			*equals = '\0';
			const char *why = settle_one(*entry, equals + 1, login);

			if (why && out++ < TOLD_MAX)
				take_out(pamh, *entry, path_in(equals + 1), why);
			else if (why)
				(void)pam_putenv(pamh, *entry);
		}
		free(*entry);
	}
	free(list);
	if (out > TOLD_MAX)
		pam_syslog(pamh, LOG_INFO, "%zu more variables taken out", out - TOLD_MAX);
}

static void settle_runtime(pam_handle_t *pamh, uint32_t uid)
{
	const char *value = pam_getenv(pamh, "XDG_RUNTIME_DIR");
	char expected[32];

	(void)snprintf(expected, sizeof(expected), "/run/user/%u", uid);
	if (value && strcmp(value, expected) != 0)
		take_out(pamh, "XDG_RUNTIME_DIR", value, "the room has another");
	for (size_t i = 0; i < CRL_ARRAY_LEN(managers); i++) {
		value = pam_getenv(pamh, managers[i]);
		if (value)
			take_out(pamh, managers[i], value, "it is the host's");
	}
}

/* Where sshd's xauth and the room's programs then look; written there by sshd only for a login that forwards X11. */
static void settle_xauthority(pam_handle_t *pamh, const struct crl_login *login, const struct crl_adopt *adopt)
{
	char text[64];

	if (!(adopt->ns_mask & CRL_NS_BIT(CRL_NS_NET)) || strcmp(login->tty, "ssh") != 0 ||
	    pam_getenv(pamh, "XAUTHORITY"))
		return;
	(void)snprintf(text, sizeof(text), "XAUTHORITY=/run/user/%u/Xauthority", login->uid);
	(void)pam_putenv(pamh, text); /* without memory X11 forwarding works as far as ~/.Xauthority does */
}

void environment_settle(pam_handle_t *pamh, const struct crl_login *login, const struct crl_adopt *adopt)
{
	if (!(adopt->ns_mask & CRL_NS_BIT(CRL_NS_MOUNT)))
		return;
	settle_runtime(pamh, login->uid);
	settle_paths(pamh, login);
	settle_xauthority(pamh, login, adopt);
}
