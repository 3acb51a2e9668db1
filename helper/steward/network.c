// SPDX-License-Identifier: Apache-2.0
/*
 * The duty of rooms' networks: while there are rooms with a way out, carrel-net stands guard for them
 * (plan/net/guard.h) and says when the table of rules was taken away, for which the sweep makes it anew.
 *
 * Runs in: carrel-steward's own thread, which never waits.
 * What rooms that have ended had of the host's ports is the sweep's, too, soon after.
 * R1: the guard stands when the rules know of it: STATE/net says so. Else rooms from before an update would be cut off.
 * R2: what the host begins to forward, or ends to, while rooms live is looked at at once, and not with the next login.
 */
#include "helper/steward/steward.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/file.h"
#include "base/log.h"
#include "helper/parts/network.h"
#include "helper/process/apart.h"
#include "helper/process/ask.h"
#include "helper/process/beside.h"
#include "state/served.h"

#define PACE_MS 2000 /* rules are made anew no more often, whoever takes them away how often */
#define LOOKS 3
#define LOOK_MS 5000
#define AGAIN_MS 1000 /* before the guard is started again */

static struct {
	int inotify;
	bool wanted;
	char note[CRL_NETWORK_NOTE_MAX]; /* STATE/net as it is */
	struct crl_question guard; /* carrel-net --stand; it outlives this process, until the next one's stands */
	int hold; /* the other end of its standard input; not the next version's, which starts one of its own */
	int64_t begin_ms; /* when to start it; 0 = not */
	int64_t heal_ms; /* when to look for the rules; 0 = not */
	int64_t healed_ms;
	int looks; /* how often to look again */
	bool told;
} net = {.inotify = -EBADF, .guard = {.pidfd = -EBADF, .answer = -EBADF}, .hold = -EBADF};

void crl_steward_sweep_network(const struct crl_steward *s)
{
	const char *argv[] = {"carrel-helper", "--sweep", "--state", s->path, NULL};
	char path[PATH_MAX];
	int rc;

	if (faccessat(s->state.dir, CRL_NETWORK_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	rc = crl_beside("carrel-helper", path, sizeof(path));
	if (rc == 0)
		rc = crl_start_apart(path, argv, NULL, 0);
	if (rc < 0)
		crl_log(LOG_WARNING,
			CRL_STEWARD_PROGRAM ": rules for rooms' networks stay as they are: cannot start the sweep: %s",
			strerror(-rc));
}

/* The kernel takes a namespace down some time after its last process, so the sweep looks more than once. */
void crl_steward_room_ended(const struct crl_steward *s)
{
	if (faccessat(s->state.dir, CRL_SERVED_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	net.looks = LOOKS;
	if (net.heal_ms == 0)
		net.heal_ms = crl_now_ms() + PACE_MS;
}

/* Once, as long as it is wanted. */
static void complain(const char *said)
{
	if (!net.told)
		crl_log(LOG_WARNING,
			CRL_STEWARD_PROGRAM ": no guard for rooms' networks, whoever flushes nftables opens them: %s",
			said);
	net.told = true;
}

static void end_guard(struct crl_steward *s)
{
	if (s)
		crl_steward_unwatch(s, net.guard.answer);
	drop_fd(&net.hold);
	if (net.guard.pid > 0)
		(void)kill(net.guard.pid, SIGTERM); /* a child of ours may hold that end, too; not reaped yet */
}

/* The sweep is to look, soon. */
static void heal_soon(void)
{
	int64_t now = crl_now_ms();

	if (net.heal_ms == 0)
		net.heal_ms = net.healed_ms + PACE_MS > now ? net.healed_ms + PACE_MS : now;
}

void crl_steward_names_changed(void)
{
	heal_soon();
}

/* Lines of carrel-net's: "lost", "forwarding" (R2), or what keeps it from standing. */
static void on_word(struct crl_steward *s, int fd, uint32_t events, void *arg)
{
	char text[CRL_QUESTION_TEXT], *rest = NULL;
	ssize_t n = read(fd, text, sizeof(text) - 1);

	(void)events, (void)arg;
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			crl_steward_unwatch(s, fd);
		return;
	}
	text[n] = '\0';
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strcmp(line, "lost") == 0 || strcmp(line, "forwarding") == 0)
			heal_soon();
		else
			complain(line);
}

/* What is forwarded for rooms alone. It is less than a pipe holds: a guard that does not read is started anew. */
static void tell_guard(struct crl_steward *s)
{
	char text[sizeof(net.note) + 2];
	int len = snprintf(text, sizeof(text), "%s.\n", net.note);

	if (net.hold >= 0 && write(net.hold, text, (size_t)len) != (ssize_t)len)
		end_guard(s);
}

static int start_guard(struct crl_steward *s)
{
	static char name[] = "carrel-net", stand[] = "--stand", *const argv[] = {name, stand, NULL};
	scoped_fd in = -EBADF, out = -EBADF;
	char path[PATH_MAX];
	int pair[2], rc;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -errno;
	in = pair[0];
	out = pair[1];
	if (fcntl(out, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	rc = crl_beside(name, path, sizeof(path));
	if (rc == 0)
		rc = crl_question_begin(path, argv, in, &net.guard);
	if (rc < 0)
		return rc;
	net.hold = take_fd(&out);
	rc = crl_steward_watch(s, net.guard.answer, EPOLLIN, on_word, NULL);
	if (rc < 0)
		end_guard(s);
	else
		tell_guard(s);
	return rc;
}

/* R1 */
static void look(struct crl_steward *s)
{
	char note[sizeof(net.note)];
	bool fits = crl_file_read(s->state.dir, CRL_NETWORK_FILE, note, sizeof(note)) > 0;

	net.wanted = fits && strncmp(note, CRL_NETWORK_NOTE, strlen(CRL_NETWORK_NOTE)) == 0;
	if (!net.wanted) {
		end_guard(s);
		net.begin_ms = net.heal_ms = 0;
		net.told = false;
	} else if (net.guard.pid == 0 && net.begin_ms == 0) {
		net.begin_ms = crl_now_ms();
	}
	if (net.wanted && strcmp(note, net.note) != 0) {
		memcpy(net.note, note, sizeof(note));
		tell_guard(s);
	}
}

static void on_event(struct crl_steward *s, int fd, uint32_t events, void *arg)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	(void)events, (void)arg;
	while (read(fd, buf, sizeof(buf)) > 0)
		; /* whatever it was about */
	look(s);
}

static int start(struct crl_steward *s, struct crl_err *err)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", s->state.dir); /* fits */
	net.inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (net.inotify < 0 || inotify_add_watch(net.inotify, path, IN_MOVED_TO | IN_DELETE | IN_ONLYDIR) < 0)
		return crl_err_set(err, errno, CRL_STAGE_STATE, "cannot watch %s", s->path);
	look(s);
	if (net.wanted)
		heal_soon(); /* nobody was there to hear */
	return crl_steward_watch(s, net.inotify, EPOLLIN, on_event, NULL) < 0
		       ? crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "cannot watch %s", s->path)
		       : 0;
}

static int64_t due_ms(const struct crl_steward *s)
{
	(void)s;
	return net.begin_ms != 0 && (net.heal_ms == 0 || net.begin_ms < net.heal_ms) ? net.begin_ms : net.heal_ms;
}

static void tick(struct crl_steward *s, int64_t now_ms)
{
	if (net.begin_ms && net.begin_ms <= now_ms) {
		int rc = start_guard(s);

		net.begin_ms = rc < 0 ? now_ms + AGAIN_MS : 0;
		if (rc < 0)
			complain(strerror(-rc));
	}
	if (net.heal_ms && net.heal_ms <= now_ms) {
		net.heal_ms = 0;
		net.healed_ms = now_ms;
		if (net.looks > 0 && --net.looks > 0)
			net.heal_ms = now_ms + LOOK_MS;
		crl_steward_sweep_network(s);
	}
}

static void reaped(struct crl_steward *s, pid_t pid, int status)
{
	(void)status;
	if (pid != net.guard.pid)
		return;
	if (net.hold >= 0) /* it has ended by itself, and may have said why */
		on_word(s, net.guard.answer, 0, NULL);
	crl_steward_unwatch(s, net.guard.answer);
	net.guard.pid = 0;
	crl_question_done(&net.guard);
	drop_fd(&net.hold);
	if (net.wanted)
		net.begin_ms = crl_now_ms() + AGAIN_MS;
}

const struct crl_duty crl_network_duty = {
	.name = "rooms' networks",
	.start = start,
	.due_ms = due_ms,
	.tick = tick,
	.reaped = reaped,
	.look = look,
};
