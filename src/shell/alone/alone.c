// SPDX-License-Identifier: Apache-2.0
/*
 * The order in which a room comes to be that its user makes.
 *
 *  R1  Nothing of the user's runs until the room stands; each step that fails ends it all.
 *  R2  Descriptors that were left open do not come in, and none of the standard ones is a directory: by its ".." one
 *      would lead out.
 *
 * Runs in: carrel-shell, as the user, on the host.
 */
#include "shell/alone/alone.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/language.h"
#include "base/log.h"
#include "base/root.h"
#include "plan/rootless.h"
#include "shell/alone/room.h"
#include "shell/exec.h"
#include "shell/said.h"
#include "state/published.h"

/* R2 */
static int settle_files(struct crl_err *err)
{
	if (close_range(3, ~0u, 0) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot close what was left open");
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;

		if (fcntl(fd, F_GETFD) < 0)
			return crl_err_set(err, errno, CRL_STAGE_CALLER, "descriptor %d is closed", fd);
		if (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode) || fcntl(fd, F_GETFL) & O_PATH)
			return crl_err_set(err, EPERM, CRL_STAGE_CALLER, "descriptor %d is a directory", fd);
	}
	return 0;
}

/* Before anything is made: from here on all signals wait, and none of the user's handlers is in force. */
static int block_signals(struct alone_room *room, struct crl_err *err)
{
	sigset_t all;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &room->mask) < 0)
		return crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot block signals");
	/* Who ignores it has its children reaped by the kernel, and would wait in vain. */
	return signal(SIGCHLD, SIG_DFL) == SIG_ERR
		       ? crl_err_set(err, errno, CRL_STAGE_CALLER, "cannot wait for children")
		       : 0;
}

struct lacks {
	struct alone_room *room;
	struct crl_err *err;
	int rc;
};

static void take_lack(void *arg, const char *key, const char *text, enum crl_need need)
{
	struct lacks *l = arg;
	char *said = l->room->said;
	size_t at = strlen(said);

	if (need == CRL_NEED_REQUIRE && l->rc == 0)
		l->rc = crl_err_set(l->err, EOPNOTSUPP, CRL_STAGE_CONFIG, "%s: %s", key, text);
	if (need == CRL_NEED_PREFER)
		(void)snprintf(said + at, sizeof(l->room->said) - at, "%s%s: %s", at ? "; " : "", key, text);
}

/* R1. What the policy requires and cannot have refuses; what it prefers is said. */
static int settle_policy(struct alone_room *room, struct crl_err *err)
{
	struct crl_policy *p = &room->published->policy;
	struct crl_rootless_can can = {.time = access("/proc/self/ns/time", F_OK) == 0,
				       .nest = room->published->nest,
				       .pasta = access(CRL_PASTA, X_OK) == 0};
	struct lacks l = {.room = room, .err = err};
	int rc = alone_limit(room, &can.cgroup, err);

	if (rc < 0)
		return rc;
	crl_rootless_judge(p, &can, take_lack, &l);
	if (l.rc < 0)
		return l.rc;
	crl_rootless_settle(p, &can);
	room->grace_s = p->grace_s;
	return 0;
}

/* To a person at a terminal, and to the log. */
static void say_lacks(const struct alone_room *room)
{
	enum crl_language language =
		crl_language_chosen(crl_policy_language(&room->published->policy, CRL_LANGUAGE_EN));
	char text[sizeof(room->said) + 64], buf[CRL_RETOLD_MAX];

	if (!room->said[0])
		return;
	crl_log(LOG_NOTICE, "carrel-shell uid=%u policy=%s: not held: %s", room->login.uid,
		room->published->policy.name, room->said);
	(void)snprintf(text, sizeof(text), "carrel: this room does without: %s", room->said);
	if (room->tty.fd >= 0 && isatty(STDERR_FILENO))
		(void)fprintf(stderr, "%s\n", crl_retell(&crl_shell_texts, language, text, buf));
}

static int make(struct alone_room *room, struct crl_err *err)
{
	int rc = settle_files(err);

	if (rc == 0)
		rc = block_signals(room, err);
	if (rc < 0)
		return rc;
	if (!getcwd(room->cwd, sizeof(room->cwd)))
		room->cwd[0] = '\0';
	alone_tty_look(&room->tty);
	rc = settle_policy(room, err);
	if (rc == 0)
		rc = alone_kept_open(room, err);
	if (rc == 0)
		rc = alone_look(room, err);
	if (rc == 0)
		rc = alone_prove(room, err);
	if (rc < 0)
		return rc;
	say_lacks(room);
	rc = alone_tty_leave(&room->tty, err);
	if (rc == 0)
		rc = alone_spaces_begin(room, err);
	return rc < 0 ? rc : alone_live(room, err);
}

void alone_forget(struct alone_room *room)
{
	crl_mount_plan_done(&room->plan);
	crl_host_done(&room->host);
	crl_nat_resolv_done(&room->resolv);
	if (room->published)
		crl_published_done(room->published);
	free(room->published);
	room->published = NULL;
}

static int run(struct alone_room *room, struct crl_err *err)
{
	struct crl_published *p = room->published;
	int rc = crl_published_read(NULL, getuid(), p, err);

	if (rc == 0)
		rc = alone_prove_name(p, err);
	if (rc < 0)
		return rc;
	if (!p->room)
		return crl_shell_exec(room->call, p->shell, NULL, err);
	rc = make(room, err);
	alone_way_close(room);
	/* Init, if there is one, sees its end; what the process holds goes with it. */
	drop_fd(&room->channel);
	drop_fd(&room->init_pidfd);
	return rc;
}

int crl_alone_run(const struct crl_shell_call *call, struct crl_err *err)
{
	struct alone_room *room = calloc(1, sizeof(*room));
	int rc;

	if (room)
		room->published = calloc(1, sizeof(*room->published));
	if (!room || !room->published) {
		free(room);
		return crl_err_set(err, ENOMEM, CRL_STAGE_CALLER, "out of memory");
	}
	room->call = call;
	room->channel = room->init_pidfd = -EBADF;
	room->kept = (struct alone_kept){-EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF};
	crl_hostroot_is(0);
	rc = run(room, err);
	if (rc < 0 && room->published) {
		crl_err_contact(err, room->published->contact);
		err->language = crl_policy_language(&room->published->policy, CRL_LANGUAGE_EN);
	}
	alone_forget(room);
	free(room);
	return rc;
}
