// SPDX-License-Identifier: Apache-2.0
/*
 * Which parts of the kernel a login can call into.
 *
 * Runs in: a process of the user inside the room. Nothing here does harm where it works: each call is asked for the
 * least, on things of the probe's own.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/vm_sockets.h> /* uses what is above */

#include "base/compat.h"
#include "base/scope.h"
#include "ctl/rehearse/probe.h"
#include "ctl/rehearse/probe_attack.h"
#include "ctl/rehearse/rehearsal.h"
#include "wire/stage.h"

static enum ctl_answer no_new_privs(const struct ctl_scene *s, char *detail)
{
	char place[CTL_DETAIL_MAX / 2];

	(void)s;
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return ctl_probe_say(CTL_PROBE_NO, detail, "no_new_privs is on");
	ctl_probe_suid_mount(place);
	if (!place[0])
		return ctl_probe_say(CTL_PROBE_NO, detail, "no_new_privs is off, and all mounts are nosuid");
	return ctl_probe_say(CTL_PROBE_YES, detail, "no_new_privs is off, and %s", place);
}

static enum ctl_answer no_filter(const struct ctl_scene *s, char *detail)
{
	(void)s;
	if (prctl(PR_GET_SECCOMP) == 2)
		return ctl_probe_say(CTL_PROBE_NO, detail, "a filter is in force");
	return ctl_probe_say(CTL_PROBE_YES, detail, "no filter");
}

/* What its own mount gives, without a program that asks for it. */
static enum ctl_answer by_launcher(const struct ctl_scene *s, char *detail)
{
	char *argv[] = {crl_unconst(CRL_LAST_CAPS), NULL};
	const struct ctl_program_run run = {.path = CRL_LAST_CAPS, .argv = argv};
	char out[64];

	if (access(CRL_LAST_CAPS, X_OK) < 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "there is no launcher");
	if (ctl_probe_run(s, &run, out, sizeof(out)) != 0)
		return ctl_probe_say(CTL_PROBE_NO, detail, "%s says nothing", CRL_LAST_CAPS);
	out[strcspn(out, "\n")] = '\0';
	return ctl_probe_say(strspn(out, "CapAmb:\t0") == strlen(out) ? CTL_PROBE_NO : CTL_PROBE_YES, detail,
			     "%s by %s", out, CRL_LAST_CAPS);
}

static enum ctl_answer is_root(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_say(getuid() == 0 ? CTL_PROBE_YES : CTL_PROBE_NO, detail, "uid %u", getuid());
}

static enum ctl_answer type_ahead(const struct ctl_scene *s, char *detail)
{
	scoped_fd master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave = -EBADF;

	(void)s;
	(void)signal(SIGHUP, SIG_IGN); /* from this terminal, at its end */
	if (master < 0 || unlockpt(master) < 0)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "no terminal to try it on");
	slave = open(ptsname(master), O_RDWR | O_CLOEXEC); /* the probe leads a session: it becomes its terminal */
	if (slave < 0)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "no terminal to try it on");
	return ctl_probe_call(ioctl(slave, TIOCSTI, "x"), detail);
}

static enum ctl_answer trace_own(const struct ctl_scene *s, char *detail)
{
	enum ctl_answer a;
	pid_t pid;

	(void)s;
	(void)prctl(PR_SET_DUMPABLE, 1); /* as any program of the user is after its exec; the child, too */
	pid = fork();
	if (pid == 0) {
		(void)pause();
		_exit(0);
	}
	a = ctl_probe_call(ptrace(PTRACE_SEIZE, pid, NULL, NULL), detail);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return a;
}

static enum ctl_answer trace_init(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(ptrace(PTRACE_SEIZE, 1, NULL, NULL), detail);
}

static enum ctl_answer bounding_set(const struct ctl_scene *s, char *detail)
{
	int n = 0;

	(void)s;
	for (unsigned long cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		n += prctl(PR_CAPBSET_READ, cap) == 1;
	return ctl_probe_say(n > 0 ? CTL_PROBE_YES : CTL_PROBE_NO, detail, "%d capabilities could come back", n);
}

static enum ctl_answer user_namespace(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(unshare(CLONE_NEWUSER), detail);
}

static enum ctl_answer mount_call(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(mount("none", "/tmp", "tmpfs", 0, NULL), detail);
}

static enum ctl_answer device_node(const struct ctl_scene *s, char *detail)
{
	char name[] = "/tmp/.carrel-device";
	int rc = mknod(name, S_IFCHR | 0600, makedev(1, 3));

	(void)s;
	if (rc == 0)
		(void)unlink(name);
	return ctl_probe_call(rc, detail);
}

static enum ctl_answer keyring(const struct ctl_scene *s, char *detail)
{
	long r = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0);

	(void)s;
	return ctl_probe_call(r < 0 ? r : 0, detail);
}

static enum ctl_answer host_name(const struct ctl_scene *s, char *detail)
{
	char name[65];

	(void)s;
	if (gethostname(name, sizeof(name) - 1) < 0)
		return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "no name");
	name[sizeof(name) - 1] = '\0';
	return ctl_probe_call(sethostname(name, strlen(name)), detail);
}

static enum ctl_answer set_clock(const struct ctl_scene *s, char *detail)
{
	struct timeval zero = {0, 0};

	(void)s;
	return ctl_probe_call(adjtime(&zero, NULL), detail);
}

static enum ctl_answer io_uring(const struct ctl_scene *s, char *detail)
{
	struct io_uring_params p = {0};

	(void)s;
	return ctl_probe_call(syscall(SYS_io_uring_setup, 1, &p), detail);
}

static enum ctl_answer bpf_call(const struct ctl_scene *s, char *detail)
{
	union bpf_attr a = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1};

	(void)s;
	return ctl_probe_call(syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a)), detail);
}

static enum ctl_answer perf_call(const struct ctl_scene *s, char *detail)
{
	struct perf_event_attr a = {.type = PERF_TYPE_SOFTWARE,
				    .size = sizeof(a),
				    .config = PERF_COUNT_SW_TASK_CLOCK,
				    .exclude_kernel = 1,
				    .exclude_hv = 1};

	(void)s;
	return ctl_probe_call(syscall(SYS_perf_event_open, &a, 0, -1, -1, 0), detail);
}

/* Where the host's perf_event_paranoid is 0 or less, this names all programs and the files they map. */
static enum ctl_answer perf_everybody(const struct ctl_scene *s, char *detail)
{
	struct perf_event_attr a = {.type = PERF_TYPE_SOFTWARE,
				    .size = sizeof(a),
				    .config = PERF_COUNT_SW_DUMMY,
				    .exclude_kernel = 1,
				    .exclude_hv = 1,
				    .comm = 1,
				    .mmap = 1};

	(void)s;
	return ctl_probe_call(syscall(SYS_perf_event_open, &a, -1, 0, -1, 0), detail);
}

static enum ctl_answer fault_call(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */), detail);
}

static enum ctl_answer mount_api(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(syscall(SYS_fsopen, "tmpfs", 0), detail);
}

static enum ctl_answer ldt_call(const struct ctl_scene *s, char *detail)
{
	char buf[64];

	(void)s;
#ifdef SYS_modify_ldt
	return ctl_probe_call(syscall(SYS_modify_ldt, 0, buf, sizeof(buf)), detail);
#else
	(void)buf;
	return ctl_probe_say(CTL_PROBE_NOT_HERE, detail, "not on this processor");
#endif
}

static enum ctl_answer odd_socket(int family, int type, char *detail)
{
	return ctl_probe_call(socket(family, type | SOCK_CLOEXEC, 0), detail);
}

static enum ctl_answer vsock(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return odd_socket(AF_VSOCK, SOCK_STREAM, detail);
}

static enum ctl_answer alg_socket(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return odd_socket(AF_ALG, SOCK_SEQPACKET, detail);
}

static enum ctl_answer packet_socket(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return odd_socket(AF_PACKET, SOCK_RAW, detail);
}

static enum ctl_answer raw_socket(const struct ctl_scene *s, char *detail)
{
	scoped_fd fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1 /* ICMP */);

	(void)s;
	return ctl_probe_call(fd < 0 ? -1 : 0, detail);
}

static enum ctl_answer file_handle(const struct ctl_scene *s, char *detail)
{
	struct {
		struct file_handle h;
		unsigned char space[128];
	} handle = {.h = {.handle_bytes = sizeof(handle.space)}};
	int id;

	(void)s;
	if (name_to_handle_at(AT_FDCWD, "/", &handle.h, &id, 0) < 0)
		return ctl_probe_call(-1, detail);
	return ctl_probe_call(open_by_handle_at(AT_FDCWD, &handle.h, O_RDONLY | O_CLOEXEC), detail);
}

static enum ctl_answer reboot_call(const struct ctl_scene *s, char *detail)
{
	(void)s;
	return ctl_probe_call(syscall(SYS_reboot, 0xfee1dead, 672274793, 0 /* CAD off: changes least */, NULL), detail);
}

const struct ctl_attack ctl_attacks_power[] = {
	{CTL_V_APPLICATION, 8, "gain power by set-user-ID programs", no_new_privs},
	{CTL_V_APPLICATION, 6, "call all of the kernel: there is no filter", no_filter},
	{CTL_V_APPLICATION, 5, "type into a terminal (TIOCSTI)", type_ahead},
	{CTL_V_APPLICATION, 1, "trace processes of its own (ptrace)", trace_own},
	{CTL_V_IMAGE, 10, "be root", is_root},
	{CTL_V_PRIVILEGES, 7, "get capabilities back", bounding_set},
	{CTL_V_PRIVILEGES, 7, "have capabilities that the policy makes ambient", by_launcher},
	{CTL_V_PRIVILEGES, 7, "make a user namespace", user_namespace},
	{CTL_V_PRIVILEGES, 9, "mount", mount_call},
	{CTL_V_PRIVILEGES, 9, "make devices", device_node},
	{CTL_V_PRIVILEGES, 6, "set the host's name", host_name},
	{CTL_V_PRIVILEGES, 6, "set the clock", set_clock},
	{CTL_V_PRIVILEGES, 10, "reboot", reboot_call},
	{CTL_V_KERNEL, 4, "io_uring", io_uring},
	{CTL_V_KERNEL, 6, "bpf", bpf_call},
	{CTL_V_KERNEL, 3, "perf_event_open", perf_call},
	{CTL_V_HOST, 4, "watch what every process does (perf)", perf_everybody},
	{CTL_V_KERNEL, 3, "userfaultfd", fault_call},
	{CTL_V_KERNEL, 4, "the new mount calls (fsopen)", mount_api},
	{CTL_V_KERNEL, 2, "modify_ldt", ldt_call},
	{CTL_V_KERNEL, 5, "sockets to the hypervisor (AF_VSOCK)", vsock},
	{CTL_V_KERNEL, 3, "the kernel's ciphers (AF_ALG)", alg_socket},
	{CTL_V_SECRETS, 5, "kernel keyrings", keyring},
	{CTL_V_NETWORK, 7, "raw packets (AF_PACKET)", packet_socket},
	{CTL_V_NETWORK, 4, "raw IP", raw_socket},
	{CTL_V_ESCAPE, 9, "trace the room's init", trace_init},
	{CTL_V_ESCAPE, 9, "open files by handle", file_handle},
	{0, 0, NULL, NULL},
};

ctl_probe *const ctl_by_root_power[] = {
	type_ahead,  user_namespace, mount_call, device_node,    host_name,   set_clock,
	reboot_call, io_uring,       bpf_call,   perf_everybody, mount_api,   packet_socket,
	vsock,       alg_socket,     keyring,    trace_init,     file_handle, NULL,
};
