// SPDX-License-Identifier: Apache-2.0
/*
 * The stand-in of a rehearsal; see stand_in.h.
 *
 * Owns: R1 a probe runs as the user, with the room's restrictions, and in no other way; R2 nothing is left: the
 * stand-in closes its login as an application does and waits until the supervisor is gone.
 */
#include "ctl/rehearse/stand_in.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "ctl/command.h"
#include "ctl/conf/who.h"
#include "ctl/rehearse/probe.h"
#include "ctl/rehearse/rehearsal.h"
#include "ctl/rehearse/room_root.h"
#include "door/adopt.h"
#include "door/become.h"
#include "door/spawn.h"
#include "door/talk.h"
#include "wire/proto.h"

#define GONE_WAIT_MS 15000
#define REAP_WAIT_MS 2000
#define CHANNEL_FD 3 /* of a probe, for its answer */

static int find_group(const char *name, uint32_t *ret_gid)
{
	return ctl_group_lookup(NULL, name, ret_gid);
}

static int open_room(struct ctl_stand_in *a, struct crl_err *err)
{
	const struct crl_helper_start start = {.helper = a->c->helper,
					       .config = a->c->config,
					       .state = a->c->state,
					       .policy = a->r->policy,
					       .timeout_s = CTL_OPEN_TIMEOUT_S,
					       .rehearse = true};
	const struct crl_adopter by = {0};
	int rc;

	a->adoption.login = &a->r->who->login;
	a->adoption.lookup = find_group;
	rc = crl_adoption_begin(&a->adoption, &start, err);
	return rc < 0 ? rc : crl_adoption_run(&a->adoption, &by, err);
}

/* Who cannot become it can do nothing as it. */
static enum ctl_answer as_root(ctl_probe *probe, const struct ctl_scene *scene, char *detail)
{
	int rc = ctl_room_root_become();

	if (rc == -ENOENT)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "the room has no root of its own");
	if (rc < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "nobody becomes root of the room: %s", strerrorname_np(-rc));
	return probe(scene, detail);
}

/* R1 */
static _Noreturn void be_probe(const struct ctl_stand_in *a, size_t which, int out)
{
	struct ctl_scene scene = a->r->scene;
	struct ctl_result result = {.answer = CTL_PROBE_NO};
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 || dup2(out, CHANNEL_FD) < 0)
		_exit(111);
	crl_become_clean(CHANNEL_FD + 1);
	if (fcntl(CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0 || crl_become_user(&a->r->who->login) < 0)
		_exit(111);
	crl_become_at_home(&a->r->who->login);
	/* As what a login's shell executes: network.forwards = "none" is about the opener's name alone. */
	(void)prctl(PR_GET_NAME, scene.opener);
	(void)prctl(PR_SET_NAME, "carrel-probe");
	scene.adopt = &a->adoption.room.adopt;
	scene.has_filter = a->adoption.room.filter_len > 0;
	result.answer = a->r->by_root && a->r->by_root[which] ? as_root(a->r->probe[which], &scene, result.detail)
							      : a->r->probe[which](&scene, result.detail);
	_exit(write(CHANNEL_FD, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 111);
}

static void wait_for(const struct ctl_stand_in *a, int in, struct ctl_result *ret)
{
	struct pollfd p[] = {{.fd = in, .events = POLLIN}, {.fd = a->channel, .events = POLLRDHUP}};
	int64_t left = a->deadline_ms - crl_now_ms();
	struct ctl_result said;
	int n = poll(p, CRL_ARRAY_LEN(p), left < CTL_PROBE_WAIT_MS ? (int)left : CTL_PROBE_WAIT_MS);

	if (n <= 0)
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "no answer within %d s", CTL_PROBE_WAIT_MS / 1000);
	else if (read(in, &said, sizeof(said)) != (ssize_t)sizeof(said) || said.answer > CTL_PROBE_NOT_HERE)
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "the probe was ended");
	else
		*ret = said;
	ret->detail[CTL_DETAIL_MAX - 1] = '\0';
}

static void run_probe(const struct ctl_stand_in *a, size_t which, struct ctl_result *ret)
{
	scoped_fd in = -EBADF, out = -EBADF;
	int pair[2];
	pid_t pid;

	*ret = (struct ctl_result){.answer = CTL_PROBE_NO};
	if (crl_now_ms() >= a->deadline_ms) {
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "not tried: those before took too long");
		return;
	}
	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	in = pair[0];
	out = fcntl(pair[1], F_DUPFD_CLOEXEC, CHANNEL_FD + 1);
	(void)close(pair[1]);
	pid = fork();
	if (pid == 0)
		be_probe(a, which, out);
	drop_fd(&out);
	if (pid < 0) {
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "cannot start a process: %s", strerrordesc_np(errno));
		return;
	}
	wait_for(a, in, ret);
	(void)kill(pid, SIGKILL);
	if (!ctl_stand_in_reap(pid, REAP_WAIT_MS)) {
		ret->answer = CTL_PROBE_NO;
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "the probe cannot be ended: the kernel holds it");
	}
	ctl_stand_in_sweep(a);
}

static bool tell(int channel, const void *what, size_t size)
{
	return send(channel, what, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* R2 */
static int leave(struct ctl_stand_in *a)
{
	scoped_fd supervisor = -EBADF;
	struct pollfd p = {.events = POLLIN};

	if (crl_talk_close(a->adoption.helper.sock, (int)(CRL_CLOSE_WAIT_MS + a->adoption.room.grace_ms), &supervisor) <
	    0)
		return 1;
	p.fd = supervisor;
	return poll(&p, 1, GONE_WAIT_MS) == 1 ? 0 : 1;
}

/* For the time when there is no way to see them. */
static void remember_outside(struct ctl_stand_in *a)
{
	struct stat st;

	a->outside.proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (stat("/proc/self/ns/pid", &st) == 0)
		a->outside.pid_ns = st.st_ino;
}

void ctl_stand_in_be(struct ctl_stand_in *a)
{
	struct ctl_opening opening = {0};
	char go;
	int rc;

	for (size_t i = 0; i < 4; i++)
		(void)signal((int[]){SIGINT, SIGHUP, SIGTERM, SIGQUIT}[i], SIG_IGN);
	(void)prctl(PR_SET_DUMPABLE, 0);
	remember_outside(a);
	rc = crl_become_keyless(); /* no probe finds the operator's */
	if (rc < 0)
		crl_ignore(crl_err_set(&opening.err, -rc, CRL_STAGE_CALLER, "cannot leave the operator's keyring"));
	else
		crl_ignore(open_room(a, &opening.err));
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* not before: the helper is nobody's child */
	opening.adopt = a->adoption.room.adopt;
	if (!(a->adoption.room.adopt.ns_mask & CRL_NS_BIT(CRL_NS_PID)))
		a->outside.pid_ns = 0;
	if (opening.err.code) {
		(void)tell(a->channel, &opening, sizeof(opening));
		_exit(1);
	}
	a->deadline_ms = crl_now_ms() + CTL_PROBES_WAIT_MS;
	if (tell(a->channel, &opening, sizeof(opening)) && recv(a->channel, &go, 1, 0) == 1) {
		for (size_t i = 0; i < a->r->probes; i++) {
			struct ctl_result result;

			run_probe(a, i, &result);
			if (!tell(a->channel, &result, sizeof(result)))
				break;
		}
	}
	_exit(leave(a));
}
