// SPDX-License-Identifier: Apache-2.0
/*
 * The actor of a rehearsal; see actor.h.
 *
 * Owns: R1 a probe runs as the user, with the room's restrictions, and in no other way; R2 nothing is left: the actor
 * closes its login as an application does and waits until the supervisor is gone.
 */
#include "ctl/actor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "door/adopt.h"
#include "door/names.h"
#include "door/trim.h"
#include "proto/fdpass.h"

#define CLOSE_WAIT_MS 5000
#define GONE_WAIT_MS 15000
#define REAP_WAIT_MS 2000
#define CHANNEL_FD 3 /* of a probe, for its answer */

static int find_group(const char *name, uint32_t *ret_gid)
{
	return ctl_group_lookup(NULL, name, ret_gid);
}

static int go_in(struct ctl_actor *a, struct crl_err *err)
{
	scoped(crl_origin) o = CRL_ORIGIN_NONE;
	scoped_fd init = -EBADF;
	int r = crl_talk_request(&a->talk, &a->r->who->login, err);

	if (r == 0)
		r = crl_origin_save(&o, err);
	if (r == 0)
		r = crl_talk_answer(&a->talk, &a->room, &init, err);
	if (r == 0)
		r = crl_pidfd_prove(init, err);
	if (r == 0)
		r = crl_origin_choose(&o, a->room.adopt.ns_mask, err);
	if (r == 0)
		r = crl_origin_leave(&o, init, err);
	if (r == 0)
		r = crl_talk_entered(&a->talk, err);
	if (r == 0)
		r = crl_origin_has_left(&o, err);
	if (r == 0)
		r = crl_talk_confirmed(&a->talk, err);
	return r < 0 ? r : crl_trim_apply(&a->room, err);
}

static int open_room(struct ctl_actor *a, struct crl_err *err)
{
	const struct crl_helper_start start = {.helper = a->c->helper, .config = a->c->config, .state = a->c->state,
					       .policy = a->r->policy, .timeout_s = CTL_OPEN_TIMEOUT_S, .rehearse = true};
	int r = crl_helper_spawn(&start, &a->helper, err);

	if (r < 0)
		return r;
	a->talk = (struct crl_talk){.sock = a->helper.sock,
				    .deadline_ms = crl_now_ms() + CTL_OPEN_TIMEOUT_S * 1000,
				    .timeout_s = CTL_OPEN_TIMEOUT_S,
				    .lookup = find_group,
				    .name = crl_names_group_name};
	r = go_in(a, err);
	if (r < 0)
		crl_helper_end(&a->helper, 2000);
	return r;
}

/* R1 */
static _Noreturn void be_probe(const struct ctl_actor *a, ctl_probe *probe, int out)
{
	struct ctl_scene scene = a->r->scene;
	struct ctl_result result = {.answer = CTL_PROBE_NO};
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 || dup2(out, CHANNEL_FD) < 0)
		_exit(111);
	ctl_start_clean(CHANNEL_FD + 1);
	if (fcntl(CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0 || ctl_become(&a->r->who->login) < 0)
		_exit(111);
	ctl_go_home(&a->r->who->login);
	scene.adopt = &a->room.adopt;
	scene.has_filter = a->room.filter_len > 0;
	result.answer = probe(&scene, result.detail);
	_exit(write(CHANNEL_FD, &result, sizeof(result)) == (ssize_t)sizeof(result) ? 0 : 111);
}

static void wait_for(const struct ctl_actor *a, int in, struct ctl_result *ret)
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

static void run_probe(const struct ctl_actor *a, ctl_probe *probe, struct ctl_result *ret)
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
		be_probe(a, probe, out);
	drop_fd(&out);
	if (pid < 0) {
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "cannot start a process: %s", strerrordesc_np(errno));
		return;
	}
	wait_for(a, in, ret);
	(void)kill(pid, SIGKILL);
	if (!ctl_actor_reap(pid, REAP_WAIT_MS)) {
		ret->answer = CTL_PROBE_NO;
		(void)ctl_probe_say(CTL_PROBE_NO, ret->detail, "the probe cannot be ended: the kernel holds it");
	}
	ctl_actor_sweep(a);
}

static bool tell(int channel, const void *what, size_t size)
{
	return send(channel, what, size, MSG_NOSIGNAL) == (ssize_t)size;
}

/* R2 */
static int leave(struct ctl_actor *a)
{
	scoped_fd supervisor = -EBADF;
	struct pollfd p = {.events = POLLIN};

	if (crl_talk_close(a->helper.sock, CLOSE_WAIT_MS, &supervisor) < 0)
		return 1;
	p.fd = supervisor;
	return poll(&p, 1, GONE_WAIT_MS) == 1 ? 0 : 1;
}

/* For the time when there is no way to see them. */
static void remember_outside(struct ctl_actor *a)
{
	struct stat st;

	a->outside.proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (stat("/proc/self/ns/pid", &st) == 0)
		a->outside.pid_ns = st.st_ino;
}

void ctl_actor_be(struct ctl_actor *a)
{
	struct ctl_opening opening = {0};
	char go;
	int r;

	for (size_t i = 0; i < 4; i++)
		(void)signal((int[]){SIGINT, SIGHUP, SIGTERM, SIGQUIT}[i], SIG_IGN);
	(void)prctl(PR_SET_DUMPABLE, 0);
	remember_outside(a);
	r = ctl_leave_keys(); /* no probe finds the operator's */
	if (r < 0)
		crl_ignore(crl_err_set(&opening.err, -r, CRL_STAGE_CALLER, "cannot leave the operator's keyring"));
	else
		crl_ignore(open_room(a, &opening.err));
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* not before: the helper is nobody's child */
	opening.adopt = a->room.adopt;
	if (!(a->room.adopt.ns_mask & CRL_NS_BIT(CRL_NS_PID)))
		a->outside.pid_ns = 0;
	if (opening.err.code) {
		(void)tell(a->channel, &opening, sizeof(opening));
		_exit(1);
	}
	a->deadline_ms = crl_now_ms() + CTL_PROBES_WAIT_MS;
	if (tell(a->channel, &opening, sizeof(opening)) && recv(a->channel, &go, 1, 0) == 1) {
		for (size_t i = 0; i < a->r->probes; i++) {
			struct ctl_result result;

			run_probe(a, a->r->probe[i], &result);
			if (!tell(a->channel, &result, sizeof(result)))
				break;
		}
	}
	_exit(leave(a));
}
