// SPDX-License-Identifier: Apache-2.0
/*
 * The floor: a room made by raw system calls with fixed arguments, nothing read, decided, checked or logged.
 *
 * Built by bench.sh against floor_ops.h, which floor_ops.awk writes from a trace of carrel's own init on this
 * host: every call that changes something, in carrel's order, with carrel's arguments. So the floor has the
 * same mounts as carrel has here and today, and nothing has to be kept in step by hand.
 *
 * In: exec of this static program; boot clock offset; one clone3 with the namespaces; cgroup namespace;
 * loopback up; trees, mounts, home overlay, pivot_root; init's capabilities, no_new_privs and own filter (of
 * the same length); one record from init, one to the application with init's pidfd. Not in: policy, planning,
 * reading mountinfo, looking up the places of the mounts one by one (the kernel's lookup in move_mount
 * remains), identity of the home's owner, records, log, the supervisor's own sandbox.
 *
 * Usage: floor room                 the application is on descriptor 3
 *        floor bare                 the same without mounts, to tell what those cost
 *        floor serve NAME           a room that waits for logins on the abstract socket NAME
 *        floor join NAME [CGROUP]   the application on descriptor 3 goes into that room, and into that cgroup
 */
#include "tests/bench/floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <linux/sched.h>

#include "base/compat.h"

static void must(long r, int line)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "floor: line %d: errno %d\n", line, errno);
	_exit(1);
}
#define MUST(call) must((long)(call), __LINE__)

/* Used by floor_ops.h. */

static void bring_lo_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	MUST(ioctl(fd, SIOCSIFFLAGS, &lo));
	(void)close(fd);
}

static void change(int fd, const char *path, unsigned int flags, struct mount_attr attr)
{
	MUST(mount_setattr(fd, path, flags, &attr, sizeof(attr)));
}

static void set_layer(int fs, const char *key, int layer)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", layer);
	MUST(fsconfig(fs, FSCONFIG_SET_STRING, key, path, 0));
}

/* As long as the real one, and passing everything. */
static void filter_self(unsigned int len)
{
	struct sock_filter insn[256];
	struct sock_fprog program = {.len = (unsigned short)len, .filter = insn};

	if (len > 256)
		len = program.len = 256;
	insn[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (unsigned int i = 1; i < len; i++)
		insn[i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffff, 0, 0);
	insn[len - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

static void drop_caps(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	MUST(syscall(SYS_capset, &head, data));
}

#include "floor_ops.h" /* build(): what is done before init reports; settle(): what it does afterwards */

static void offset_time(void)
{
	struct timespec now;
	char text[64];
	int fd, n;

	MUST(unshare(CLONE_NEWTIME));
	MUST(clock_gettime(CLOCK_BOOTTIME, &now));
	n = snprintf(text, sizeof(text), "boottime -%lld 0\n", (long long)now.tv_sec);
	MUST(fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC));
	MUST(write(fd, text, (size_t)n));
	(void)close(fd);
}

/* Returns init's pidfd. */
static int make_room(bool mounts)
{
	int pidfd = -1, pair[2];
	struct clone_args ca = {
		.flags = (FLOOR_NAMESPACES & ~(CLONE_NEWTIME | CLONE_NEWCGROUP)) | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	char byte = 0;
	long pid;

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	offset_time();
	MUST(pid = syscall(SYS_clone3, &ca, sizeof(ca)));
	if (pid == 0) {
		MUST(prctl(PR_SET_PDEATHSIG, SIGKILL));
		if (mounts)
			build();
		MUST(write(pair[1], &byte, 1));
		settle();
		for (;;)
			(void)pause();
	}
	(void)close(pair[1]);
	MUST(read(pair[0], &byte, 1) == 1 ? 0 : -1);
	(void)close(pair[0]);
	return pidfd;
}

static struct sockaddr_un address(const char *name, socklen_t *ret_len)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	(void)snprintf(sa.sun_path + 1, sizeof(sa.sun_path) - 1, "%s", name);
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	return sa;
}

static _Noreturn void serve(const char *name)
{
	int init = make_room(true), sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	socklen_t len;
	struct sockaddr_un sa = address(name, &len);

	MUST(bind(sock, (const struct sockaddr *)&sa, len));
	MUST(listen(sock, 8));
	MUST(write(STDOUT_FILENO, "\n", 1));
	for (;;) {
		int conn = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
		int app = floor_take(conn);

		MUST(floor_give(conn, &init, 1));
		(void)close(app);
		(void)close(conn);
	}
}

/* The application is this program's parent. */
static void move(const char *cgroup)
{
	char path[512], pid[16];
	int fd, n;

	(void)snprintf(path, sizeof(path), "%s/floor-%d", cgroup, (int)getpid());
	MUST(mkdir(path, 0755));
	(void)strcat(path, "/cgroup.procs");
	MUST(fd = open(path, O_WRONLY | O_CLOEXEC));
	n = snprintf(pid, sizeof(pid), "%d", (int)getppid());
	MUST(write(fd, pid, (size_t)n));
	(void)close(fd);
}

static void join(const char *name, const char *cgroup)
{
	int conn = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), init, app;
	socklen_t len;
	struct sockaddr_un sa = address(name, &len);

	MUST(connect(conn, (const struct sockaddr *)&sa, len));
	MUST(app = pidfd_open(getppid(), 0));
	MUST(floor_give(conn, (const int[]){FLOOR_FD, app}, 2));
	MUST(init = floor_take(conn));
	if (cgroup)
		move(cgroup);
	MUST(floor_give(FLOOR_FD, &init, 1));
}

int main(int argc, char **argv)
{
	char byte;
	int init;

	if (argc >= 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	if (argc >= 3 && strcmp(argv[1], "join") == 0) {
		join(argv[2], argc > 3 ? argv[3] : NULL);
		return 0;
	}
	init = make_room(strcmp(argv[argc - 1], "bare") != 0);
	MUST(floor_give(FLOOR_FD, &init, 1));
	(void)read(FLOOR_FD, &byte, 1); /* end of file: the application is gone, and the room goes with this process */
	return 0;
}
