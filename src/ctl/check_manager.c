// SPDX-License-Identifier: Apache-2.0
/*
 * systemd's service manager of a user: does systemd ask before it starts one, and does one run that should not? See
 * findings.h.
 */
#include "ctl/findings.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "apply/cgroup.h"
#include "base/parse.h"
#include "ctl/manager_unit.h"
#include "ctl/outside.h"

#define DROPIN "user@.service.d/50-carrel.conf"
#define LINGER "/var/lib/systemd/linger"
#define ANYBODY 59999 /* of no drop-in: what holds for all */
#define EACH_MOST 10 /* findings of one kind: a host may have thousands of users */

static void tell_unit(struct findings *f, enum manager_unit unit, const char *whose)
{
	if (unit == MANAGER_UNGUARDED)
		find(f, ERROR, whose, 0, "make install, systemctl daemon-reload; systemctl cat user@.service shows who overrides it",
		     "systemd does not ask carrel before it starts a user's service manager (" DROPIN " is missing, overridden or "
		     "not loaded): units in the homes of isolated users run outside of rooms");
	else if (unit == MANAGER_UNKNOWN)
		find(f, ERROR, whose, 0, "systemctl show user@1000.service",
		     "systemd does not tell whether it asks carrel before it starts a user's service manager");
}

/* "user@1000.service.d", or a whole unit instead of the template. */
static bool is_of_one_user(const char *name, uint64_t *ret_uid)
{
	const char *at = name + strlen("user@"), *dot;
	char number[16];

	if (strncmp(name, "user@", 5) != 0 || !(dot = strchr(at, '.')) || (size_t)(dot - at) >= sizeof(number))
		return false;
	(void)snprintf(number, sizeof(number), "%.*s", (int)(dot - at), at);
	return (strcmp(dot, ".service") == 0 || strcmp(dot, ".service.d") == 0) &&
	       crl_parse_uint(number, 1, UINT32_MAX - 1, ret_uid) == 0;
}

static void check_overrides(struct findings *f, const struct ctl_outside_by *by)
{
	static const char *const unit_dirs[] = {
		"/etc/systemd/system.control", "/run/systemd/system.control",  "/etc/systemd/system",
		"/run/systemd/system",         "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(unit_dirs); i++) {
		DIR *dir = opendir(unit_dirs[i]);
		uint64_t uid;

		for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
			struct ctl_outside who;
			char path[512];

			if (!is_of_one_user(d->d_name, &uid) ||
			    (ctl_outside_of_uid(by, (uint32_t)uid, &who, NULL) == 0 && who.may))
				continue;
			(void)snprintf(path, sizeof(path), "%s/%s", unit_dirs[i], d->d_name);
			tell_unit(f, manager_unit_ask((uint32_t)uid), path);
		}
		if (dir)
			(void)closedir(dir);
	}
}

/* By its cgroup, which no user can make there. */
static void check_running(struct findings *f, const struct ctl_outside_by *by)
{
	scoped_fd root = -EBADF;
	DIR *dir = NULL;
	size_t told = 0;
	int fd;

	if (crl_cgroup_open_root("", &root, NULL, NULL) < 0)
		return;
	fd = openat(root, "user.slice", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd >= 0 ? fdopendir(fd) : NULL;
	for (const struct dirent *d = dir ? readdir(dir) : NULL; d; d = readdir(dir)) {
		char name[CRL_USER_MAX], path[64];
		struct ctl_outside who;
		uint32_t uid;

		if (sscanf(d->d_name, "user-%" SCNu32 ".slice", &uid) != 1)
			continue;
		(void)snprintf(path, sizeof(path), "user-%" PRIu32 ".slice/user@%" PRIu32 ".service", uid, uid);
		if (faccessat(dirfd(dir), path, F_OK, 0) < 0 || (ctl_outside_of_uid(by, uid, &who, NULL) == 0 && who.may))
			continue;
		if (told++ >= EACH_MOST)
			continue;
		(void)snprintf(name, sizeof(name), "user@%" PRIu32 ".service", uid);
		find(f, ERROR, name, 0, "systemctl stop it: it began before systemd asked carrel, or before a rule isolated him",
		     "the service manager of uid %" PRIu32 " runs outside of rooms, and so does what it finds in his home", uid);
	}
	if (dir)
		(void)closedir(dir);
}

static void check_linger(struct findings *f, const struct ctl_outside_by *by)
{
	DIR *dir = opendir(LINGER);
	size_t told = 0;

	for (const struct dirent *d = dir ? readdir(dir) : NULL; d && told < EACH_MOST; d = readdir(dir)) {
		struct ctl_outside who;

		if (d->d_name[0] == '.' || (ctl_outside_of_user(by, d->d_name, &who, NULL) == 0 && who.may))
			continue;
		told++;
		find(f, WARNING, LINGER, 0, "loginctl disable-linger, or a rule with policy = \"admin\" for that user",
		     "%s lingers, but gets no service manager: %s", d->d_name,
		     who.why[0] ? who.why : "nothing is known of that user");
	}
	if (dir)
		(void)closedir(dir);
}

void check_manager_unit(struct findings *f, const struct pam_view *v, const struct crl_config *config)
{
	if (manager_is_systemd() && ctl_is_wired(v) && (!config || ctl_isolates_anybody(config)))
		tell_unit(f, manager_unit_ask(ANYBODY), NULL);
}

void check_manager(struct findings *f, const struct pam_view *v, const struct crl_config *config)
{
	struct ctl_outside_by by;

	/* Without a configuration nobody can be judged, and that is an error already. */
	if (!config || !manager_is_systemd() || !ctl_is_wired(v))
		return;
	ctl_outside_begin(config, v, &by);
	check_overrides(f, &by);
	check_running(f, &by);
	check_linger(f, &by);
	ctl_outside_done(&by);
}
