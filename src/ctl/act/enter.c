// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl enter: a shell, or a command, in somebody's room.
 *
 * How a visitor goes in: door/visit.h.
 * Owns: R3 it counts to the login's limits, and is held by the programs on its cgroup; R5 nobody visits under the name
 * of somebody for whom the room was not made.
 */
#include "ctl/commands.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "apply/net/gate_attach.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/scope.h"
#include "base/text.h"
#include "ctl/act/inside.h"
#include "ctl/act/relay.h"
#include "ctl/command.h"
#include "ctl/conf/inforce.h"
#include "ctl/look/cgroups.h"
#include "ctl/look/room_init.h"
#include "ctl/look/usage.h"
#include "ctl/options.h"
#include "ctl/print/lines.h"
#include "ctl/print/out.h"
#include "door/visit.h"
#include "plan/filter/filter.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "state/filter_cache.h"
#include "state/rooms/rooms.h"
#include "wire/login.h"
#include "wire/proto.h"

struct visit {
	const struct ctl *c;
	const struct crl_room_info *room;
	const struct crl_room_login *login;
	struct ctl_lines lines; /* of the room; login is one of them */
	struct ctl_person who;
	struct crl_msg_room restrictions;
	char **argv; /* NULL = a login shell */
	bool tty;
	int init; /* pidfd of the room's init */
	int cgroup; /* -EBADF = the login has none */
	int pipes[3][2];
};

/* What the room's logins adopted, from its record; the filter from the cache. */
static int read_restrictions(struct visit *v, struct crl_err *err)
{
	scoped_free struct crl_filter *filter = malloc(sizeof(*filter));
	char path[PATH_MAX];
	scoped_fd cache = -EBADF;

	v->restrictions.adopt = v->room->adopt;
	if (!v->room->filter[0])
		return 0;
	(void)snprintf(path, sizeof(path), "%s/cache", v->c->state);
	cache = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!filter || cache < 0 || crl_filter_cache_load(cache, v->room->filter, filter) < 0)
		return crl_err_set(err, ENOENT, CRL_STAGE_FILTER,
				   "the filter of room %s is no longer kept: --unrestricted goes in without it",
				   v->room->id);
	v->restrictions.filter_len = filter->len;
	memcpy(v->restrictions.filter, filter->insn, filter->len * sizeof(filter->insn[0]));
	return 0;
}

/* The ends of the pipes that are the visitor's. */
static void close_theirs(const struct visit *v)
{
	for (size_t i = 0; i < 3; i++)
		(void)close(v->pipes[i][i == 0 ? 0 : 1]);
}

static enum ctl_exit visit(struct visit *v)
{
	const char *slash = strrchr(v->who.shell, '/');
	char name[64], *shell[] = {name, NULL};
	struct crl_visit in = {.name = "carrelctl enter",
			       .init = v->init,
			       .cgroup = v->cgroup,
			       .ns_mask = v->room->adopt.ns_mask,
			       .restrictions = v->c->unrestricted ? NULL : &v->restrictions,
			       .login = &v->who.login,
			       .program = v->argv ? v->argv[0] : v->who.shell,
			       .argv = v->argv ? v->argv : shell,
			       .tty = v->tty,
			       .env = ctl_environment(&v->who, v->tty ? getenv("TERM") : NULL)};
	struct ctl_relay relay = {.in = -EBADF, .out = -EBADF, .err = -EBADF, .tty = v->tty};
	struct crl_err err = {0};
	int status, master;
	pid_t pid;

	(void)snprintf(name, sizeof(name), "-%.60s", slash ? slash + 1 : v->who.shell);
	for (size_t i = 0; i < 3 && !v->tty; i++) {
		if (pipe2(v->pipes[i], O_CLOEXEC) < 0)
			return ctl_complain(v->c, CTL_FAIL, "cannot make a pipe");
		in.stdio[i] = v->pipes[i][i == 0 ? 0 : 1];
	}
	if (crl_visit_start(&in, &pid, &master, &err) < 0)
		return ctl_error(v->c, &err);
	if (v->tty) {
		relay.in = relay.out = master;
		if (!v->argv)
			(void)fprintf(stderr, "Control-] three times leaves, whatever runs there.\n");
	} else {
		relay = (struct ctl_relay){.in = v->pipes[0][1], .out = v->pipes[1][0], .err = v->pipes[2][0]};
		close_theirs(v);
	}
	status = ctl_relay_run(&relay, pid);
	return (enum ctl_exit)(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* A cgroup of a room on the host's network has the programs of its policy, as that is now, like a login's. */
static enum ctl_exit hold_network(const struct visit *v, int cgroup)
{
	scoped(crl_policy) policy = {.share = 0};
	struct crl_config *config = NULL;
	struct crl_err err = {0};
	int rc;

	if (v->c->unrestricted || (v->room->adopt.ns_mask & CRL_NS_BIT(CRL_NS_NET)))
		return CTL_YES;
	rc = ctl_load_config(v->c, &config, &err);
	if (rc == 0)
		rc = crl_config_policy(config, v->room->policy, &policy, &err);
	if (rc == 0 && crl_policy_has_gate(&policy))
		rc = crl_gatekeep_attach(cgroup, &policy, NULL, &err);
	if (rc < 0 && policy.need[CRL_FEATURE_NETWORK_FILTER] != CRL_NEED_REQUIRE)
		rc = 0;
	crl_config_free(config);
	return rc < 0 ? ctl_error(v->c, &err) : CTL_YES;
}

/* A room without logins may have processes, whose cgroup it is; else a new one, which goes with the room. */
static int lingering_cgroup(const struct crl_room_info *room, bool *ret_new)
{
	scoped_free struct ctl_cgroups *all = calloc(1, sizeof(*all));
	scoped_fd root = ctl_cgroup_root(room), slice = -EBADF;
	char name[8 + CRL_ID_MAX];

	if (!all || root < 0)
		return -ENOENT;
	ctl_room_cgroups(room, all);
	if (all->len > 0)
		return openat(root, all->path[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (strncmp(room->slice, "user.slice/", 11) == 0) /* systemd's, which alone makes cgroups there */
		return -ENOENT;
	*ret_new = true;
	slice = openat(root, room->slice, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(name, sizeof(name), "login-%s", room->id);
	if (slice < 0 || (mkdirat(slice, name, 0755) < 0 && errno != EEXIST))
		return -ENOENT;
	return openat(slice, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* R3. Returns CTL_YES, or what has been said. */
static enum ctl_exit find_cgroup(struct visit *v)
{
	bool lingers = ctl_room_is_lingering(v->room), new = false;

	v->cgroup = lingers ? lingering_cgroup(v->room, &new) : ctl_login_cgroup(v->room, v->login);
	if (v->cgroup >= 0 && new)
		return hold_network(v, v->cgroup);
	if (v->cgroup >= 0 || !v->room->slice[0])
		return CTL_YES;
	if (lingers && !v->c->unrestricted)
		return ctl_complain(v->c, CTL_NO,
				    "room %s: nothing runs in it that a visit could count with, so limits would not "
				    "hold: --unrestricted goes in without, carrelctl kill ends it",
				    v->room->id);
	if (!lingers && v->cgroup == -ENOENT && v->login->cgroup)
		return ctl_complain(v->c, CTL_NO, "login %s has ended", v->login->id);
	return CTL_YES;
}

/*
 * R5: the visitor is the one for whom the room was made. A uid proves nobody: it may be another's by now (userdel,
 * useradd). The same user whose home or group has changed since is in the room as it has them. Returns CTL_YES, or what
 * has been said.
 */
static enum ctl_exit find_person(struct visit *v)
{
	const struct crl_room_info *room = v->room;
	struct crl_login *l = &v->who.login;
	struct crl_err err = {0};
	int rc = ctl_person_of(v->c, room->user, &v->who, &err);

	if (rc < 0 && err.code != ENOENT)
		return ctl_error(v->c, &err);
	if (rc < 0 || l->uid != room->uid)
		return ctl_complain(v->c, CTL_NO,
				    "room %s was made for user %s, uid %u, who is not that any more: carrelctl kill "
				    "ends it",
				    room->id, room->user, room->uid);
	if (room->gid != CRL_UID_UNKNOWN && (room->gid != l->gid || strcmp(room->home, l->home) != 0)) {
		(void)ctl_complain(v->c, CTL_YES,
				   "home or group of %s have changed since room %s was made, which has %s and gid %u",
				   room->user, room->id, room->home, room->gid);
		l->gid = room->gid;
		(void)snprintf(l->home, sizeof(l->home), "%s", room->home);
	}
	return CTL_YES;
}

static enum ctl_exit prepare(struct visit *v)
{
	struct crl_err err = {0};
	char user[CRL_USER_MAX * 4], frozen[8];
	enum ctl_exit status = find_person(v);

	if (status != CTL_YES)
		return status;
	if (!v->c->unrestricted && read_restrictions(v, &err) < 0)
		return ctl_error(v->c, &err);
	v->init = ctl_open_init(v->room);
	if (v->init < 0)
		return ctl_complain(v->c, CTL_NO, "room %s has ended", v->room->id);
	if (find_cgroup(v) != CTL_YES)
		return CTL_NO;
	if (v->cgroup >= 0 && crl_file_read(v->cgroup, "cgroup.freeze", frozen, sizeof(frozen)) > 0 && frozen[0] == '1')
		return ctl_complain(v->c, CTL_NO, "room %s is frozen: carrelctl thaw %s", v->room->id, v->room->id);
	crl_log_open(NULL, false);
	crl_log(LOG_NOTICE, "enter: room=%s login=%s user=%s policy=%s %s command=%s", v->room->id, v->login->id,
		crl_visible_field(user, sizeof(user), v->login->user), v->room->policy,
		v->c->unrestricted ? "unrestricted" : "restricted", v->argv ? "given" : "shell");
	return visit(v);
}

/* The one login, or room without one, that is meant; several under one name are told. */
static bool find(struct visit *v, const struct crl_rooms *rooms, const char *what)
{
	for (size_t i = 0; i < rooms->len; i++) {
		const struct crl_room_info *room = &rooms->item[i];
		struct ctl_lines lines;

		ctl_room_lines(room, &lines);
		for (size_t j = 0; j < lines.len && !room->stale; j++) {
			if (!ctl_is_named(room, &lines.line[j], what))
				continue;
			if (v->room && v->room != room) {
				(void)ctl_complain(v->c, CTL_NO, "%s has several rooms: name a login (carrelctl list)",
						   what);
				return false;
			}
			v->room = room;
			ctl_room_lines(room, &v->lines);
			v->login = &v->lines.line[j];
		}
	}
	if (!v->room)
		(void)ctl_complain(v->c, CTL_NO, "no login or room %s", what);
	return v->room != NULL;
}

static enum ctl_exit run_enter(const struct ctl *c, int argc, char **argv)
{
	scoped_free struct visit *v = calloc(1, sizeof(*v));
	struct crl_rooms rooms;
	struct crl_err err = {0};
	enum ctl_exit status = CTL_NO;

	if (!v)
		return ctl_complain(c, CTL_FAIL, "out of memory");
	if (crl_rooms_read(c->state, &rooms, &err) < 0)
		return ctl_error(c, &err);
	v->c = c;
	v->argv = argc > 1 ? argv + 1 : NULL;
	v->tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	v->init = v->cgroup = -EBADF;
	if (find(v, &rooms, argv[0]))
		status = prepare(v);
	crl_rooms_done(&rooms);
	return status;
}

const struct ctl_command ctl_enter_command = {
	.name = "enter",
	.usage = "USER|ID [-- COMMAND...]",
	.summary = "a shell in a room, as its user",
	.options =
		(const struct ctl_option[]){
			{.name = "unrestricted",
			 .help = "as the room's user, but without its filter and limits on capabilities",
			 CTL_FLAG(unrestricted)},
			{.name = NULL},
		},
	.examples =
		(const char *const[]){
			"carrelctl enter alice -- ls -la /home",
			NULL,
		},
	CTL_COMMAND_OF_ROOMS,
	.run = run_enter,
};
