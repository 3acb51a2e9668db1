// SPDX-License-Identifier: Apache-2.0
/*
 * The door for errands: a socket that users of rooms can connect to, and how many of them are served at a time.
 *
 * Runs in: carrel-steward's own thread, which never waits.
 * R1: not a byte of a user's is read here: a connection gets a child, or a refusal.
 * R2: a user has so many errands at a time, and so many one after the other; all users together have an end, too.
 * R3: in a user namespace one user can have 65,536 uids: who comes from there is refused later on, and counts to one
 * user together with all of that kind.
 * R4: this process takes precedence, so no user has it work at will: it takes so many connections in a slice of time,
 * and those that come then wait in the kernel's queue, where they have to stand behind each other.
 */
#include "helper/steward/steward.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/nskind.h"
#include "helper/steward/errand.h"
#include "state/errand_place.h"
#include "state/rooms/errand_room.h"

#define STRANGER UINT32_MAX /* nobody's uid */
#define AT_ONCE 8 /* errands of one user */
#define AT_ONCE_ALL 256
#define BURST 40 /* errands of one user that may begin one after the other … */
#define EACH_MS 500 /* … and then one in so long */
#define USERS 256 /* whose number of errands is remembered */
#define SWEEP_MS 60000
#define TELL_MS 60000 /* refusals at the door are logged so often */
#define SLICE_MS 100
#define IN_SLICE 40 /* connections */

struct user {
	uint32_t uid;
	int64_t full_ms; /* by crl_now_ms(): when the user will have all of BURST again; 0 = the place is free */
};

static struct {
	int listen;
	int rooms; /* that have errands, when they were looked at last */
	int64_t sweep_ms;
	int64_t slice_ms; /* when the present slice began */
	size_t in_slice;
	int64_t again_ms; /* when it is listened again; 0 = it is */
	int64_t told_ms;
	size_t refused; /* since then */
	struct {
		pid_t pid; /* 0 = the place is free */
		uint32_t uid;
	} child[AT_ONCE_ALL];
	struct user user[USERS];
} door = {.listen = -EBADF};

/* His place, or the one of whom there is least to remember. */
static struct user *place_of(uint32_t uid)
{
	struct user *best = &door.user[0];

	for (size_t i = 0; i < USERS; i++) {
		if (door.user[i].full_ms && door.user[i].uid == uid)
			return &door.user[i];
		if (door.user[i].full_ms < best->full_ms)
			best = &door.user[i];
	}
	*best = (struct user){.uid = uid};
	return best;
}

/* R2 */
static bool may_begin(uint32_t uid, size_t *ret_child)
{
	struct user *u = place_of(uid);
	int64_t now = crl_now_ms();
	size_t his = 0;

	*ret_child = AT_ONCE_ALL;
	for (size_t i = 0; i < AT_ONCE_ALL; i++) {
		his += door.child[i].pid && door.child[i].uid == uid;
		if (!door.child[i].pid)
			*ret_child = i;
	}
	if (u->full_ms < now)
		u->full_ms = now;
	if (his >= AT_ONCE || *ret_child == AT_ONCE_ALL || u->full_ms - now > (BURST - 1) * EACH_MS)
		return false;
	u->full_ms += EACH_MS;
	return true;
}

static void turn_away(int conn, uint32_t uid)
{
	static struct crl_errand_record r;
	int64_t now = crl_now_ms();

	crl_errand_begin(&r, CRL_ERRAND_REFUSED, EAGAIN);
	if (crl_errand_add(&r, "too many errands at a time, try again later") == 0)
		crl_ignore(crl_errand_send(conn, &r, NULL)); /* who is gone does not read it */
	door.refused++;
	if (door.told_ms && now - door.told_ms < TELL_MS)
		return;
	crl_log(LOG_WARNING, "errand uid=%u refused at the door: too many at a time (%zu refusals)", uid, door.refused);
	door.told_ms = now;
	door.refused = 0;
}

/* R3 */
static uint32_t counted_as(const struct ucred *peer)
{
	uint64_t ns = crl_ns_inode(peer->pid, "user");

	return ns && ns == crl_ns_inode(getpid(), "user") ? peer->uid : STRANGER;
}

/* R4. False: not now. */
static bool take_turn(struct crl_steward *s)
{
	int64_t now = crl_now_ms();

	if (now - door.slice_ms >= SLICE_MS) {
		door.slice_ms = now;
		door.in_slice = 0;
	}
	if (door.in_slice++ < IN_SLICE)
		return true;
	crl_steward_unwatch(s, door.listen);
	door.again_ms = door.slice_ms + SLICE_MS;
	return false;
}

static void open_door(struct crl_steward *s, int fd, uint32_t events, void *arg)
{
	scoped_fd conn = take_turn(s) ? accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK) : -EBADF;
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);
	uint32_t uid;
	size_t at;
	pid_t pid;

	(void)events, (void)arg;
	if (conn < 0 || getsockopt(conn, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return;
	uid = counted_as(&peer);
	if (!may_begin(uid, &at)) {
		turn_away(conn, peer.uid);
		return;
	}
	pid = fork();
	if (pid == 0)
		_exit(crl_errand_serve(s->state.dir, conn, &peer)); /* R1 */
	if (pid < 0) {
		turn_away(conn, peer.uid);
		return;
	}
	door.child[at].pid = pid;
	door.child[at].uid = uid;
}

static void reaped(struct crl_steward *s, pid_t pid, int status)
{
	(void)s, (void)status;
	for (size_t i = 0; i < AT_ONCE_ALL; i++)
		if (door.child[i].pid == pid)
			door.child[i].pid = 0;
}

/* Through a descriptor of ours: the state directory's path may be longer than sun_path. */
static int bind_socket(int place, int *ret_fd)
{
	scoped_fd fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (fd < 0)
		return -errno;
	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "/proc/self/fd/%d/" CRL_ERRAND_SOCKET, place);
	if (unlinkat(place, CRL_ERRAND_SOCKET, 0) < 0 && errno != ENOENT)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) < 0 || fchmodat(place, CRL_ERRAND_SOCKET, 0666, 0) < 0 ||
	    listen(fd, 128) < 0)
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int64_t due_ms(const struct crl_steward *s)
{
	(void)s;
	return door.again_ms && door.again_ms < door.sweep_ms ? door.again_ms : door.sweep_ms;
}

/* A directory that cannot be read holds nobody up: rooms are found again when it can. */
static void look(struct crl_steward *s)
{
	door.rooms = crl_errand_rooms_sweep(s->state.dir);
}

static void tick(struct crl_steward *s, int64_t now_ms)
{
	if (door.again_ms && door.again_ms <= now_ms)
		door.again_ms = crl_steward_watch(s, door.listen, EPOLLIN, open_door, NULL) < 0 ? now_ms + SLICE_MS : 0;
	if (door.sweep_ms > now_ms)
		return;
	look(s);
	door.sweep_ms = now_ms + SWEEP_MS;
}

static int start(struct crl_steward *s, struct crl_err *err)
{
	scoped_fd place = -EBADF, fd = -EBADF;
	int rc = crl_errand_place_open(s->state.dir, &place);

	if (rc == 0)
		rc = bind_socket(place, &fd);
	if (rc == 0)
		rc = crl_steward_watch(s, fd, EPOLLIN, open_door, NULL);
	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "no socket in %s/" CRL_ERRAND_DIR, s->path);
	door.listen = take_fd(&fd);
	tick(s, crl_now_ms());
	return 0;
}

/* While a room lives whose policy has errands, and while one is under way. */
static bool is_busy(const struct crl_steward *s)
{
	(void)s;
	for (size_t i = 0; i < AT_ONCE_ALL; i++)
		if (door.child[i].pid)
			return true;
	return door.rooms > 0;
}

const struct crl_duty crl_errand_duty = {.name = "errands",
					 .start = start,
					 .due_ms = due_ms,
					 .tick = tick,
					 .reaped = reaped,
					 .is_busy = is_busy,
					 .look = look};
