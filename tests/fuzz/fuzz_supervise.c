// SPDX-License-Identifier: Apache-2.0
/*
 * The supervisor and its sockets: those who join, the modules of the logins that are there, in any order and with any
 * record. What it does about a login's end is left out; that it ends the room only when init does is not.
 *
 * Runs in: libFuzzer only. --wrap turns poll() and the long wait into the place where the next bytes come in, and the
 * room's end into the end of the run.
 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/un.h>

#include "apply/sandbox.h"
#include "base/compat.h"
#include "base/log.h"
#include "helper/kept_room.h"
#include "helper/supervisor/leave.h"
#include "helper/supervisor/loop.h"
#include "helper/supervisor/member.h"
#include "helper/supervisor/recording.h"
#include "tests/fuzz/records.h"

#define JOINERS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __real_poll(struct pollfd *p, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *p, nfds_t n, int timeout);
long __wrap_crl_sandbox_sleep(long nr, const long args[4]);
void __wrap_crl_leave(struct crl_kept *room, struct crl_member *m);
_Noreturn void __wrap_crl_end_room(struct crl_kept *room);
void __wrap_crl_recording_write(struct crl_kept *room);

static struct {
	struct fuzz_input in;
	struct sockaddr_un place;
	socklen_t place_len;
	int module[2]; /* a module's socket: the supervisor gets [0] */
	int self; /* a pidfd that lives */
	int init; /* readable when init has ended */
	int joiner[JOINERS_MAX];
	size_t joiners;
	unsigned int idle;
	jmp_buf end;
} s;

static void expect(bool it_is_so)
{
	if (!it_is_so)
		abort();
}

/* What somebody does next. Returns false when there is nobody left. */
static bool act(void)
{
	const int fds[3] = {s.module[0], s.self, s.self};
	uint8_t what;

	if (s.in.len < 4)
		return false;
	what = fuzz_byte(&s.in);
	if (what % 4 == 0 && s.joiners < JOINERS_MAX) {
		int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

		if (fd >= 0 && connect(fd, (const struct sockaddr *)&s.place, s.place_len) == 0) {
			fuzz_send(&s.in, fd, fds);
			if (what & 4) /* and is gone */
				(void)shutdown(fd, SHUT_WR);
			s.joiner[s.joiners++] = fd;
		} else if (fd >= 0) {
			(void)close(fd);
		}
	} else if (what % 4 == 1 && s.joiners > 0) {
		fuzz_send(&s.in, s.joiner[what / 4 % s.joiners], fds);
	} else if (what % 4 == 2 && s.joiners > 0) {
		(void)shutdown(s.joiner[what / 4 % s.joiners], SHUT_RDWR);
	} else {
		fuzz_send(&s.in, s.module[1], fds);
	}
	return true;
}

int __wrap_poll(struct pollfd *p, nfds_t n, int timeout)
{
	int ready;

	/* Another wait, as for a record: as it is. The supervisor's own begins with init. */
	if (n < 2 || p[0].fd != s.init)
		return __real_poll(p, n, timeout < 0 || timeout > 50 ? 50 : timeout);
	if (!act() && ++s.idle > 32)
		expect(eventfd_write(s.init, 1) == 0);
	ready = __real_poll(p, n, 0);
	return ready < 0 ? 0 : ready;
}

long __wrap_crl_sandbox_sleep(long nr, const long args[4])
{
	(void)nr;
	return __wrap_poll((struct pollfd *)(uintptr_t)args[0], (nfds_t)args[1], 0);
}

void __wrap_crl_leave(struct crl_kept *room, struct crl_member *m)
{
	if (m)
		crl_member_drop(room, m);
}

void __wrap_crl_recording_write(struct crl_kept *room)
{
	expect(room->members <= CRL_ROOM_LOGINS_MAX);
}

_Noreturn void __wrap_crl_end_room(struct crl_kept *room)
{
	(void)room;
	longjmp(s.end, 1);
}

static void open_room(struct crl_kept *room)
{
	s.place = (struct sockaddr_un){.sun_family = AF_UNIX};
	s.place_len = sizeof(sa_family_t); /* the kernel gives a name */
	s.self = pidfd_open(getpid(), 0);
	s.init = eventfd(0, EFD_CLOEXEC);
	expect(s.self >= 0 && s.init >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s.module) == 0);
	room->shared = true;
	room->init_pidfd = s.init;
	room->init_pid = getpid();
	room->uid = room->gid = 1000;
	room->user = strdup("u");
	room->home_path = strdup("/home/u");
	expect(room->user && room->home_path);
	memcpy(room->id, "roomroom", 9);
	room->listen = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	expect(bind(room->listen, (const struct sockaddr *)&s.place, s.place_len) == 0 && listen(room->listen, 8) == 0);
	s.place_len = sizeof(s.place);
	expect(getsockname(room->listen, (struct sockaddr *)&s.place, &s.place_len) == 0);
}

static void close_room(struct crl_kept *room)
{
	while (room->members > 0)
		crl_member_drop(room, room->member[0]);
	free(room->member);
	free(room->user);
	free(room->home_path);
	for (size_t i = 0; i < s.joiners; i++)
		(void)close(s.joiner[i]);
	(void)close(room->listen);
	if (room->recording.copy >= 0) /* it could not be written: there is no state directory */
		(void)close(room->recording.copy);
	(void)close(s.module[0]);
	(void)close(s.module[1]);
	(void)close(s.self);
	(void)close(s.init);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct crl_kept *volatile room;
	static volatile int before;

	before = fuzz_count_fds();
	memset(&s, 0, sizeof(s));
	s.in = (struct fuzz_input){data, size};
	crl_log_set("/dev/null/no-logger", false); /* this machine's is not for us */
	room = crl_kept_new();
	expect(room);
	open_room(room);
	if (setjmp(s.end) == 0)
		crl_supervise(room);
	close_room(room);
	free(room);
	expect(fuzz_count_fds() == before);
	return 0;
}
