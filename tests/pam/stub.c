// SPDX-License-Identifier: Apache-2.0
/*
 * A helper for the module's tests: the last part of its --config path says how it behaves.
 *
 * Runs in: tests only, as root, started by the module.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/nskind.h"
#include "base/scope.h"
#include "wire/fdpass.h"
#include "wire/login.h"
#include "wire/msg.h"

#define CHANNEL 3
#define ROOM_MASK (CRL_NS_BIT(CRL_NS_USER) - 1 - CRL_NS_BIT(CRL_NS_TIME) - CRL_NS_BIT(CRL_NS_CGROUP))

static struct crl_login login;
static struct crl_msg_room room;
static int app_pidfd = -EBADF;
static pid_t init_pid;
static const char *state;

static int64_t soon(void)
{
	return crl_now_ms() + 10000;
}

static void refuse(uint32_t stage, const char *text)
{
	struct crl_err err = {.code = EACCES, .stage = stage, .line = 0};

	(void)snprintf(err.text, sizeof(err.text), "%s", text);
	if (crl_msg_send(CHANNEL, CRL_MSG_REFUSED, &err, sizeof(err), NULL, 0) < 0)
		_exit(3);
	_exit(0);
}

/* What the module promises of the process it starts. */
static const char *inheritance_is_wrong(void)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;
	char cwd[8];
	sigset_t mask;

	if (environ && environ[0])
		return "environment is not empty";
	if (getauxval(AT_SECURE) || getresuid(&r, &e, &s) < 0 || r || e || s)
		return "user ids are not root's";
	if (getresgid(&rg, &eg, &sg) < 0 || rg || eg || sg || getgroups(0, NULL) != 0)
		return "groups are not root's";
	if (!getcwd(cwd, sizeof(cwd)) || strcmp(cwd, "/") != 0 || getsid(0) != getpid())
		return "directory or session is the caller's";
	for (int fd = CHANNEL + 1; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return "a descriptor came along";
	(void)sigprocmask(SIG_BLOCK, NULL, &mask);
	for (int sig = 1; sig < 32; sig++) {
		struct sigaction sa;

		if (sigismember(&mask, sig) || (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN))
			return "a signal is blocked or ignored";
	}
	return NULL;
}

static void receive(enum crl_msg type, void *body, size_t size)
{
	struct crl_received got = {.fds = {-EBADF, -EBADF}};

	if (crl_msg_recv(CHANNEL, &(const struct crl_phase){.accept = CRL_ACCEPT(type)}, body, size, soon(), &got) < 0)
		_exit(4);
	if (type == CRL_MSG_OPEN)
		app_pidfd = got.fds[0];
}

static void write_marker(void)
{
	int fd;

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/run", "tmpfs", 0, "mode=0755") < 0)
		_exit(5);
	fd = open("/run/carrel-room", O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
	if (fd < 0 || write(fd, "stubroom", 8) != 8)
		_exit(5);
	close(fd);
}

/* PID 1 of a small room. Returns its pidfd. */
static int make_init(void)
{
	int ready[2], pidfd;
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0)
		_exit(6);
	init_pid = (pid_t)syscall(SYS_clone, (unsigned long)crl_ns_clone_flags(ROOM_MASK) | SIGCHLD, 0, 0, 0, 0);
	if (init_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (sethostname("stubroom", 8) < 0)
			_exit(5);
		write_marker();
		if (write(ready[1], "r", 1) != 1)
			_exit(5);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (init_pid < 0 || read(ready[0], &c, 1) != 1)
		_exit(6);
	close(ready[0]);
	pidfd = (int)syscall(SYS_pidfd_open, init_pid, 0);
	if (pidfd < 0)
		_exit(6);
	return pidfd;
}

static void fill_room(void)
{
	/* kexec_load (246 on x86-64, 104 on arm64) is refused, all else allowed. */
	const struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kexec_load, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	room.adopt.ns_mask = ROOM_MASK;
	room.adopt.securebits = 195;
	room.adopt.cap_bounding = 1; /* CAP_CHOWN */
	room.adopt.trim_caps = 1;
	room.adopt.no_new_privs = 1;
	strcpy(room.adopt.id, "stublogin");
	strcpy(room.adopt.room, "stubroom");
	strcpy(room.adopt.policy, "stubpolicy");
	memcpy(room.filter, f, sizeof(f));
	room.filter_len = CRL_ARRAY_LEN(f);
}

static void send_room(int pidfd)
{
	if (crl_msg_send(CHANNEL, CRL_MSG_ROOM, &room, crl_msg_room_size(room.filter_len), &pidfd, 1) < 0)
		_exit(7);
}

/* A record that crl_msg_send() would not send. */
static void send_raw(struct crl_msg_header h, const void *body, size_t size, const int *fds, size_t nfds)
{
	struct iovec iov[2] = {{&h, sizeof(h)}, {crl_unconst(body), size}};
	char control[CMSG_SPACE(8 * sizeof(int))] __attribute__((aligned(8))) = {0};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};

	if (nfds) {
		struct cmsghdr *c = (struct cmsghdr *)(void *)control;

		m.msg_control = control;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	if (sendmsg(CHANNEL, &m, MSG_NOSIGNAL) < 0)
		_exit(8);
}

static struct crl_msg_header room_header(void)
{
	size_t size = crl_msg_room_size(room.filter_len);

	return (struct crl_msg_header){.magic = CRL_PROTO_MAGIC,
				       .version = CRL_PROTO_VERSION,
				       .type = CRL_MSG_ROOM,
				       .length = (uint32_t)(sizeof(struct crl_msg_header) + size),
				       .nfds = 1};
}

/* One lie about a record that is otherwise right. */
static void lie(const char *how)
{
	struct crl_msg_header h = room_header();
	size_t size = crl_msg_room_size(room.filter_len), nfds = 1;
	int pidfd = make_init();
	int fds[8] = {pidfd, pidfd, pidfd, pidfd, pidfd, pidfd, pidfd, pidfd};

	if (!strcmp(how, "magic"))
		h.magic++;
	else if (!strcmp(how, "version"))
		h.version++;
	else if (!strcmp(how, "type"))
		h.type = CRL_MSG_CONFIRMED;
	else if (!strcmp(how, "wildtype"))
		h.type = 999;
	else if (!strcmp(how, "length"))
		h.length += 8;
	else if (!strcmp(how, "truncated"))
		size -= 4;
	else if (!strcmp(how, "filterlen"))
		room.filter_len = CRL_FILTER_MAX + 1;
	else if (!strcmp(how, "filterlong"))
		room.filter_len++;
	else if (!strcmp(how, "unterminated"))
		memset(room.adopt.policy, 'x', sizeof(room.adopt.policy));
	else if (!strcmp(how, "flags"))
		room.adopt.no_new_privs = 2;
	else if (!strcmp(how, "reserved"))
		room.adopt.reserved[sizeof(room.adopt.reserved) - 1] = 1;
	else if (!strcmp(how, "userns"))
		room.adopt.ns_mask |= CRL_NS_BIT(CRL_NS_USER);
	else if (!strcmp(how, "nofixup"))
		room.adopt.securebits |= 4;
	else if (!strcmp(how, "notice-long"))
		memset(room.notice, 'x', sizeof(room.notice));
	else if (!strcmp(how, "notice-escape"))
		strcpy(room.notice, "carrel: \033[2J");
	else if (!strcmp(how, "notice-newline"))
		strcpy(room.notice, "carrel: a\nb");
	else if (!strcmp(how, "notice-eightbit"))
		strcpy(room.notice, "carrel: \x9b"
				    "2J");
	else if (!strcmp(how, "grace"))
		room.grace_ms = CRL_GRACE_MAX_S * 1000 + 1;
	else if (!strcmp(how, "nofd"))
		nfds = h.nfds = 0;
	else if (!strcmp(how, "hiddenfd"))
		nfds = 0;
	else if (!strcmp(how, "twofds"))
		nfds = h.nfds = 2;
	else if (!strcmp(how, "eightfds"))
		nfds = h.nfds = 8;
	else
		_exit(9);
	send_raw(h, &room, size, fds, nfds);
	pause();
}

/* A ROOM whose descriptor is not what it should be. */
static void wrong_descriptor(const char *what)
{
	int fd = -1;

	if (!strcmp(what, "file"))
		fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
	else if (!strcmp(what, "procdir"))
		fd = open("/proc/1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	else if (!strcmp(what, "nsfile"))
		fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	else if (!strcmp(what, "caller"))
		fd = app_pidfd;
	else if (!strcmp(what, "host"))
		fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	else if (!strcmp(what, "corpse")) {
		fd = make_init();
		kill(init_pid, SIGKILL);
		waitpid(init_pid, NULL, 0);
	}
	send_room(fd);
	pause();
}

static struct crl_msg_named name_of(uint32_t gid)
{
	const struct crl_msg_name ask = {.gid = gid};
	struct crl_msg_named named;

	if (crl_msg_send(CHANNEL, CRL_MSG_NAME, &ask, sizeof(ask), NULL, 0) < 0)
		_exit(0);
	receive(CRL_MSG_NAMED, &named, sizeof(named));
	if (crl_msg_check_named(&named) < 0)
		refuse(CRL_STAGE_RULE, "the answer is no name");
	return named;
}

static void ask_for_names(void)
{
	if (strcmp(name_of(12350).group, "stubgroup") != 0)
		refuse(CRL_STAGE_RULE, "wrong name");
	if (name_of(12399).code != ENOENT)
		refuse(CRL_STAGE_RULE, "name found that is not there");
}

static void ask_for_groups(int times)
{
	struct crl_msg_lookup lookup = {.group = "stubgroup"};
	struct crl_msg_found found;

	for (int i = 0; i < times; i++) {
		if (crl_msg_send(CHANNEL, CRL_MSG_LOOKUP, &lookup, sizeof(lookup), NULL, 0) < 0)
			_exit(0);
		receive(CRL_MSG_FOUND, &found, sizeof(found));
	}
	ask_for_names();
	strcpy(lookup.group, "nosuchgroup");
	if (found.code != 0 || found.gid != 12350)
		refuse(CRL_STAGE_RULE, "wrong gid");
	if (crl_msg_send(CHANNEL, CRL_MSG_LOOKUP, &lookup, sizeof(lookup), NULL, 0) < 0)
		_exit(0);
	receive(CRL_MSG_FOUND, &found, sizeof(found));
	refuse(CRL_STAGE_RULE, found.code == ENOENT ? "lookups are right" : "group found that is not there");
}

static void supervise(bool answers)
{
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	struct pollfd p[2] = {{.fd = app_pidfd, .events = POLLIN}, {.fd = answers ? CHANNEL : -1, .events = POLLIN}};

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	kill(init_pid, SIGKILL);
	if (p[0].revents)
		_exit(0);
	receive(CRL_MSG_CLOSE, NULL, 0);
	if (crl_msg_send(CHANNEL, CRL_MSG_CLOSED, NULL, 0, &self, 1) < 0)
		_exit(10);
	/* The pidfd is good for setns() only while we live: wait until the module hangs up. */
	(void)poll(&p[1], 1, 2000);
	_exit(0);
}

/* Who hangs up lets the helper undo what it has made: this one leaves a sign that it had the time to. */
static void await_entered(const char *how)
{
	struct crl_received got = {.fds = {-EBADF, -EBADF}};
	char path[256];

	if (crl_msg_recv(CHANNEL, &crl_phases[CRL_PHASE_ENTERING], NULL, 0, soon(), &got) == 0)
		return;
	(void)snprintf(path, sizeof(path), "%s.undone", state);
	if (!strcmp(how, "undone"))
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	_exit(4);
}

static void make_room(const char *how)
{
	if (!strcmp(how, "badfilter"))
		room.filter[3].code = 0xffff;
	if (!strcmp(how, "badsecurebits"))
		room.adopt.securebits = 0x80000000u;
	if (!strcmp(how, "nomask"))
		room.adopt.ns_mask = 0;
	if (!strcmp(how, "noclose"))
		room.grace_ms = 1000;
	if (!strcmp(how, "notice")) /* what the application says of its terminal comes back as what it is told */
		(void)snprintf(room.notice, sizeof(room.notice), "carrel: shows=%u", login.shows);
	send_room(make_init());
	await_entered(how);
	if (!strcmp(how, "dies"))
		_exit(0);
	if (!strcmp(how, "unconfirmed"))
		pause();
	if (!strcmp(how, "denies"))
		refuse(CRL_STAGE_ADOPT, "not where it should be");
	/* Out of turn: right in itself, and not what may come now. */
	if (crl_msg_send(CHANNEL, !strcmp(how, "outofturn") ? CRL_MSG_ENTERED : CRL_MSG_CONFIRMED, NULL, 0, NULL, 0) <
	    0)
		_exit(11);
	supervise(strcmp(how, "noclose") != 0);
}

static void refuse_badly(void)
{
	struct crl_err err = {.code = EACCES, .stage = CRL_STAGE_RULE};

	memset(err.text, 'x', sizeof(err.text));
	if (crl_msg_send(CHANNEL, CRL_MSG_REFUSED, &err, sizeof(err), NULL, 0) < 0)
		_exit(3);
	pause();
}

int main(int argc, char **argv)
{
	const char *mode, *detail, *wrong;

	if (argc < 7 || strcmp(argv[1], "--config") != 0 || strcmp(argv[3], "--state") != 0 ||
	    strcmp(argv[5], "--timeout") != 0)
		_exit(2);
	mode = strrchr(argv[2], '/') + 1;
	state = argv[4];
	detail = strchr(mode, '-') ? strchr(mode, '-') + 1 : "";
	if (!strcmp(mode, "dead"))
		_exit(0);
	wrong = inheritance_is_wrong();
	receive(CRL_MSG_OPEN, &login, sizeof(login));
	if (wrong)
		refuse(CRL_STAGE_STATE, wrong);
	if (crl_login_check(&login, NULL) < 0 || strcmp(login.user, "pamuser") != 0 || login.uid != 12345 ||
	    !crl_login_in_group(&login, 12350))
		refuse(CRL_STAGE_REQUEST, "wrong login record");
	fill_room();
	if (!strcmp(mode, "halfway"))
		_exit(0);
	if (!strcmp(mode, "late"))
		pause();
	if (!strcmp(mode, "refused"))
		refuse(CRL_STAGE_MOUNT, "no such\nthing \033[2J");
	if (!strcmp(mode, "badrefusal"))
		refuse_badly();
	if (!strncmp(mode, "lookups-", 8))
		ask_for_groups(!strcmp(detail, "few") ? 3 : 100000);
	if (!strncmp(mode, "lie-", 4))
		lie(detail);
	if (!strncmp(mode, "fd-", 3))
		wrong_descriptor(detail);
	make_room(detail);
	return 12;
}
