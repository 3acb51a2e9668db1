// SPDX-License-Identifier: Apache-2.0
/*
 * systemd's service manager of a user: does systemd ask before it starts one, and does one run that should not?
 */
#include "ctl/check/manager.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "apply/limits/cgroup.h"
#include "base/dir.h"
#include "base/parse.h"
#include "base/scope.h"
#include "ctl/check/findings.h"
#include "ctl/conf/outside.h"
#include "ctl/host/manager_unit.h"
#include "wire/login.h"

#define DROPIN "user@.service.d/50-carrel.conf"
#define LINGER "/var/lib/systemd/linger"
#define ANYBODY 59999 /* of no drop-in: what holds for all */
#define EACH_MOST 10 /* findings of one kind: a host may have thousands of users */

static void tell_unit(struct ctl_findings *f, enum ctl_manager_unit unit, const char *whose)
{
	if (unit == MANAGER_UNGUARDED)
		ctl_find(f, CTL_ERROR, whose, 0,
			 CTL_MEND_INSTALL
			 "; systemctl daemon-reload; systemctl cat user@.service shows who overrides it",
			 "systemd does not ask carrel before it starts a user's service manager (" DROPIN
			 " is missing, overridden or "
			 "not loaded): units in the homes of isolated users run outside of rooms");
	else if (unit == MANAGER_UNKNOWN)
		ctl_find(f, CTL_ERROR, whose, 0, "systemctl show user@1000.service",
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

static void check_overrides(struct ctl_findings *f, const struct ctl_outside_by *by)
{
	static const char *const unit_dirs[] = {"/etc/systemd/system.control",   "/run/systemd/system.control",
						"/etc/systemd/system",           "/run/systemd/system",
						"/usr/local/lib/systemd/system", "/usr/lib/systemd/system"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(unit_dirs); i++) {
		scoped(crl_dir) dir = {0};
		uint64_t uid;

		(void)crl_dir_follow(AT_FDCWD, unit_dirs[i], &dir);
		for (const char *file; (file = crl_dir_next(&dir));) {
			struct ctl_outside who;
			char path[512];

			if (!is_of_one_user(file, &uid) ||
			    (ctl_outside_of_uid(by, (uint32_t)uid, &who, NULL) == 0 && who.may))
				continue;
			(void)snprintf(path, sizeof(path), "%s/%s", unit_dirs[i], file);
			tell_unit(f, ctl_manager_unit_ask((uint32_t)uid), path);
		}
	}
}

/* By its cgroup, which no user can make there. */
static void check_running(struct ctl_findings *f, const struct ctl_outside_by *by)
{
	scoped_fd root = -EBADF;
	scoped(crl_dir) dir = {0};
	size_t told = 0;

	if (crl_cgroup_open_root("", &root, NULL, NULL) < 0)
		return;
	(void)crl_dir_open(root, "user.slice", &dir);
	for (const char *slice; (slice = crl_dir_next(&dir));) {
		char name[CRL_USER_MAX], path[64];
		struct ctl_outside who;
		uint32_t uid;

		if (sscanf(slice, "user-%" SCNu32 ".slice", &uid) != 1)
			continue;
		(void)snprintf(path, sizeof(path), "user-%" PRIu32 ".slice/user@%" PRIu32 ".service", uid, uid);
		if (faccessat(crl_dir_fd(&dir), path, F_OK, 0) < 0 ||
		    (ctl_outside_of_uid(by, uid, &who, NULL) == 0 && who.may))
			continue;
		if (told++ >= EACH_MOST)
			continue;
		(void)snprintf(name, sizeof(name), "user@%" PRIu32 ".service", uid);
		ctl_find(f, CTL_ERROR, name, 0,
			 "systemctl stop it: it began before systemd asked carrel, or before a rule isolated them",
			 "the service manager of uid %" PRIu32
			 " runs outside of rooms, and so does what it finds in their home",
			 uid);
	}
}

static void check_linger(struct ctl_findings *f, const struct ctl_outside_by *by)
{
	scoped(crl_dir) dir = {0};
	size_t told = 0;

	(void)crl_dir_follow(AT_FDCWD, LINGER, &dir);
	for (const char *user; told < EACH_MOST && (user = crl_dir_next(&dir));) {
		struct ctl_outside who;

		if (user[0] == '.' || (ctl_outside_of_user(by, user, &who, NULL) == 0 && who.may))
			continue;
		told++;
		ctl_find(f, CTL_WARNING, LINGER, 0,
			 "loginctl disable-linger, or a rule with policy = \"admin\" for that user",
			 "%s lingers, but gets no service manager: %s", user,
			 who.why[0] ? who.why : "nothing is known of that user");
	}
}

void ctl_check_manager_unit(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config)
{
	if (ctl_manager_is_systemd() && ctl_is_wired(v) && (!config || ctl_isolates_anybody(config)))
		tell_unit(f, ctl_manager_unit_ask(ANYBODY), NULL);
}

void ctl_check_manager(struct ctl_findings *f, const struct ctl_pam_view *v, const struct crl_config *config)
{
	struct ctl_outside_by by;

	/* Without a configuration nobody can be judged, and that is an error already. */
	if (!config || !ctl_manager_is_systemd() || !ctl_is_wired(v))
		return;
	ctl_outside_begin(config, v, &by);
	check_overrides(f, &by);
	check_running(f, &by);
	check_linger(f, &by);
	ctl_outside_done(&by);
}
