// SPDX-License-Identifier: Apache-2.0
/*
 * Tries, from inside a login, what a room should refuse, and prints "NAME RESULT" for each try.
 *
 * Runs in: the live tests, as an ordinary user, once in a bare login and once in a room.
 * RESULT is OK, an errno's name, or the signal that ended the try. Each try is a child process of its own, so that
 * one that works (unshare) or kills (seccomp) does not touch the next.
 * Usage: probe all | probe NAME... | probe fds | probe abstract NAME | probe unix PATH | probe caps
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"

/* Numbers that older headers do not have; the same on every architecture since 5.0. */
#define NR_STATMOUNT 457
#define NR_LISTMOUNT 458
#define NR_OPEN_TREE_ATTR 467
#define NR_UNKNOWN 999

/* One try whose result is a single call's. */
#define TRY(name, call) \
	static int name(void) \
	{ \
		return (int)(call); \
	}

TRY(try_unshare_user, unshare(CLONE_NEWUSER))
TRY(try_unshare_mount, unshare(CLONE_NEWNS))
TRY(try_unshare_time, unshare(CLONE_NEWTIME))

static int reap(long child)
{
	if (child == 0)
		_exit(0);
	if (child > 0)
		waitpid((pid_t)child, NULL, __WALL);
	return child < 0 ? -1 : 0;
}

TRY(try_clone_user, reap(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, 0)))

static int try_clone3_user(void)
{
	struct clone_args args = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};

	return reap(syscall(SYS_clone3, &args, sizeof(args)));
}

static int try_clone3_plain(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};

	return reap(syscall(SYS_clone3, &args, sizeof(args)));
}

TRY(try_fork, reap(fork()))

static int try_setns(void)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : setns(fd, CLONE_NEWUTS);
}

TRY(try_mount, mount("none", "/tmp", "tmpfs", 0, NULL))
TRY(try_remount_root, mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL))
TRY(try_umount, umount2("/proc", MNT_DETACH))
TRY(try_fsopen, syscall(SYS_fsopen, "tmpfs", 0))
TRY(try_open_tree, syscall(SYS_open_tree, AT_FDCWD, "/", 1 /* OPEN_TREE_CLONE */))
TRY(try_open_tree_attr, syscall(NR_OPEN_TREE_ATTR, AT_FDCWD, "/", 0, NULL, 0))

static int try_mount_setattr(void)
{
	uint64_t attr[4] = {0, 1 /* MOUNT_ATTR_RDONLY */, 0, 0};

	return (int)syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, attr, sizeof(attr));
}

TRY(try_pivot_root, syscall(SYS_pivot_root, "/", "/"))
TRY(try_chroot, chroot("/"))

static int try_io_uring(void)
{
	char params[120] = {0};

	return (int)syscall(SYS_io_uring_setup, 1, params);
}

static int try_bpf(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int try_perf(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(attr),
				       .exclude_kernel = 1,
				       .exclude_hv = 1,
				       .config = PERF_COUNT_SW_TASK_CLOCK};

	return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

TRY(try_userfaultfd, syscall(SYS_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */))
TRY(try_add_key, syscall(SYS_add_key, "user", "carrel-probe", "x", 1, KEY_SPEC_PROCESS_KEYRING))
TRY(try_keyctl, syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1))
TRY(try_request_key, syscall(SYS_request_key, "user", "carrel-none", NULL, 0))

/* The kernel compares 32 bits of the request, so a filter that compares 64 misses the second form. */
static int try_tiocsti(void)
{
	char c = '\0';
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : (int)syscall(SYS_ioctl, fd, (unsigned long)TIOCSTI, &c);
}

static int try_tiocsti_high(void)
{
	char c = '\0';
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : (int)syscall(SYS_ioctl, fd, TIOCSTI | 1ul << 32, &c);
}

/* On a pty TIOCLINUX is ENOTTY for everyone; EPERM shows that the filter saw it first. */
static int try_tioclinux(void)
{
	char c = 6;
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : (int)syscall(SYS_ioctl, fd, (unsigned long)TIOCLINUX, &c);
}

TRY(try_unix, socket(AF_UNIX, SOCK_STREAM, 0))
TRY(try_inet, socket(AF_INET, SOCK_STREAM, 0))
TRY(try_netlink_route, socket(AF_NETLINK, SOCK_RAW, 0))
TRY(try_netlink_netfilter, socket(AF_NETLINK, SOCK_RAW, 12))
TRY(try_vsock, socket(AF_VSOCK, SOCK_STREAM, 0))
TRY(try_alg, socket(AF_ALG, SOCK_SEQPACKET, 0))
TRY(try_packet, socket(AF_PACKET, SOCK_RAW, 0))
TRY(try_raw, socket(AF_INET, SOCK_RAW, 1))

static int try_other_families(void)
{
	static const int allowed[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	int opened = 0;

	for (int family = 1; family < 64; family++) {
		bool skip = false;

		for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
			skip |= family == allowed[i];
		for (int type = SOCK_STREAM; !skip && type <= SOCK_SEQPACKET; type++)
			opened += socket(family, type, 0) >= 0;
	}
	errno = EAFNOSUPPORT;
	return opened > 0 ? 0 : -1;
}

TRY(try_personality, personality(READ_IMPLIES_EXEC))
TRY(try_ptrace_init, ptrace(PTRACE_SEIZE, 1, NULL, NULL))

static int try_vm_read_init(void)
{
	char c;
	struct iovec local = {&c, 1};
	struct iovec remote = {&c, 1};

	return (int)process_vm_readv(1, &local, 1, &remote, 1, 0);
}

static int try_pidfd_getfd_init(void)
{
	int fd = (int)syscall(SYS_pidfd_open, 1, 0);

	return fd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, fd, 0, 0);
}

TRY(try_kill_init, kill(1, SIGKILL))

static int try_open_by_handle(void)
{
	struct {
		unsigned int bytes;
		int type;
		unsigned char data[128];
	} handle = {.bytes = 128};
	int mount_id;

	(void)syscall(SYS_name_to_handle_at, AT_FDCWD, "/etc/hostname", &handle, &mount_id, 0);
	return (int)syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY);
}

static int try_listmount(void)
{
	struct {
		uint32_t size, spare;
		uint64_t id, param;
	} request = {.size = 24, .id = UINT64_MAX};
	uint64_t ids[8];

	return (int)syscall(NR_LISTMOUNT, &request, ids, 8, 0);
}

static int try_statmount(void)
{
	struct {
		uint32_t size, spare;
		uint64_t id, param;
	} request = {.size = 24, .id = 1, .param = 1};
	char buf[512];

	return (int)syscall(NR_STATMOUNT, &request, buf, sizeof(buf), 0);
}

TRY(try_unknown, syscall(NR_UNKNOWN))
TRY(try_mempolicy, syscall(SYS_set_mempolicy, 0 /* MPOL_DEFAULT */, NULL, 0))
TRY(try_kcmp, syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0))
TRY(try_fanotify, syscall(SYS_fanotify_init, 0x200 /* FAN_REPORT_FID */, 0))
TRY(try_sethostname, sethostname("evil", 4))

static int try_settime(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return settimeofday(&now, NULL);
}

TRY(try_module, syscall(SYS_init_module, "", 0, ""))
TRY(try_kexec, syscall(SYS_kexec_load, 0, 0, NULL, 0))
TRY(try_reboot, syscall(SYS_reboot, 0xfee1dead, 672274793, 0 /* CAD off */, NULL))
TRY(try_swapon, syscall(SYS_swapon, "/nonexistent", 0))

static int try_mknod(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/probe-%d", (int)getpid());
	return mknod(path, S_IFCHR | 0600, 1 << 8 | 3);
}

static int try_socket_pair(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

#if defined(__x86_64__)
/* The 32-bit entry: numbers of i386, arguments in 32-bit registers. */
static int call32(uint32_t nr, uint32_t arg)
{
	int32_t ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(nr), "b"(arg) : "memory", "cc", "r8", "r9", "r10", "r11");
	if (ret >= 0)
		return 0;
	errno = -ret;
	return -1;
}

TRY(try_i386_unshare, call32(310, CLONE_NEWUSER))
TRY(try_i386_getpid, call32(20, 0))
TRY(try_i386_uring, call32(425, 1))
TRY(try_x32_unshare, syscall(0x40000000 | SYS_unshare, CLONE_NEWUSER))
TRY(try_iopl, syscall(SYS_iopl, 3))

#endif

struct attempt {
	const char *name;
	int (*run)(void);
};

static const struct attempt attempts[] = {
	{"fork", try_fork},
	{"clone3-plain", try_clone3_plain},
	{"socketpair", try_socket_pair},
	{"socket-unix", try_unix},
	{"socket-inet", try_inet},
	{"socket-netlink-route", try_netlink_route},
	{"unshare-user", try_unshare_user},
	{"unshare-mount", try_unshare_mount},
	{"unshare-time", try_unshare_time},
	{"clone-user", try_clone_user},
	{"clone3-user", try_clone3_user},
	{"setns", try_setns},
	{"mount", try_mount},
	{"remount-root", try_remount_root},
	{"umount", try_umount},
	{"fsopen", try_fsopen},
	{"open-tree", try_open_tree},
	{"open-tree-attr", try_open_tree_attr},
	{"mount-setattr", try_mount_setattr},
	{"pivot-root", try_pivot_root},
	{"chroot", try_chroot},
	{"io-uring", try_io_uring},
	{"bpf", try_bpf},
	{"perf", try_perf},
	{"userfaultfd", try_userfaultfd},
	{"add-key", try_add_key},
	{"keyctl", try_keyctl},
	{"request-key", try_request_key},
	{"tiocsti", try_tiocsti},
	{"tiocsti-high", try_tiocsti_high},
	{"tioclinux", try_tioclinux},
	{"socket-netfilter", try_netlink_netfilter},
	{"socket-vsock", try_vsock},
	{"socket-alg", try_alg},
	{"socket-packet", try_packet},
	{"socket-raw", try_raw},
	{"socket-others", try_other_families},
	{"personality", try_personality},
	{"ptrace-init", try_ptrace_init},
	{"vm-read-init", try_vm_read_init},
	{"pidfd-getfd-init", try_pidfd_getfd_init},
	{"kill-init", try_kill_init},
	{"open-by-handle", try_open_by_handle},
	{"listmount", try_listmount},
	{"statmount", try_statmount},
	{"unknown-999", try_unknown},
	{"mempolicy", try_mempolicy},
	{"kcmp", try_kcmp},
	{"fanotify", try_fanotify},
	{"sethostname", try_sethostname},
	{"settime", try_settime},
	{"init-module", try_module},
	{"kexec", try_kexec},
	{"reboot", try_reboot},
	{"swapon", try_swapon},
	{"mknod", try_mknod},
#if defined(__x86_64__)
	{"i386-getpid", try_i386_getpid},
	{"i386-unshare", try_i386_unshare},
	{"i386-io-uring", try_i386_uring},
	{"x32-unshare", try_x32_unshare},
	{"iopl", try_iopl},
#endif
};

static void run_attempt(const struct attempt *a)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		alarm(10);
		errno = 0;
		_exit(a->run() >= 0 ? 0 : errno);
	}
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child < 0)
		printf("%s no-fork\n", a->name);
	else if (WIFSIGNALED(status))
		printf("%s SIG%s\n", a->name, sigabbrev_np(WTERMSIG(status)));
	else
		printf("%s %s\n", a->name, WEXITSTATUS(status) == 0 ? "OK" : strerrorname_np(WEXITSTATUS(status)));
}

/* Of errno: an error without a name, such as one of the kernel's own, is a number. */
static void put_errno(void)
{
	const char *name = strerrorname_np(errno);

	if (name != NULL)
		puts(name);
	else
		printf("%d\n", errno);
}

static int connect_unix(const char *name, bool abstract)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (len + 2 > sizeof(address.sun_path))
		return 2;
	memcpy(address.sun_path + (abstract ? 1 : 0), name, len);
	len += offsetof(struct sockaddr_un, sun_path) + 1;
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, (socklen_t)len) == 0)
		puts("OK");
	else
		put_errno();
	return 0;
}

static int list_fds(void)
{
	for (int fd = 0; fd < 4096; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			printf("%d ", fd);
	putchar('\n');
	return 0;
}

int main(int argc, char **argv)
{
	size_t n = sizeof(attempts) / sizeof(attempts[0]);

	if (argc == 2 && strcmp(argv[1], "fds") == 0)
		return list_fds();
	if (argc == 3 && (strcmp(argv[1], "abstract") == 0 || strcmp(argv[1], "unix") == 0))
		return connect_unix(argv[2], argv[1][0] == 'a');
	for (int i = 1; i < argc; i++)
		for (size_t k = 0; k < n; k++)
			if (strcmp(argv[i], "all") == 0 || strcmp(argv[i], attempts[k].name) == 0)
				run_attempt(&attempts[k]);
	return argc > 1 ? 0 : 2;
}
