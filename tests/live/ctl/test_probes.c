// SPDX-License-Identifier: Apache-2.0
/*
 * A probe that can only say "closed" proves nothing. tests/live/rehearse.sh shows most of them open under a policy that
 * leaves them open; what the kernel refuses to every ordinary user is shown here: the same probes as root, unrestricted.
 *
 * Needs root. Each probe is a process in namespaces of its own, so that what works changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/rehearse/probe_attack.h"

/* Not for a test to try on the machine it runs on, or never given inside a PID namespace. */
static const char *const left_out[] = {"set the clock", "reboot"};

/* What root is refused too where the kernel or file system lacks the thing: the reason is in the probe's detail. */
static const char *const may_lack[] = {
	"read the kernel's memory",
	"watch what every process does (perf)",
	"open files by handle",
	"bpf",
	"load a kernel module",
	"sockets to the hypervisor (AF_VSOCK)",
	"the kernel's ciphers (AF_ALG)",
	"read /etc/shadow",
	"read the kernel's log",
	"list keys",
	"modify_ldt",
	"type into a terminal (TIOCSTI)",
	"move between control groups",
	"read addresses of the kernel",
};

/* Root has all of these, everywhere. */
static const char *const shown_open[] = {
	"be root",
	"hold capabilities",
	"get capabilities back",
	"mount",
	"make devices",
	"set the host's name",
	"name the program for core dumps",
	"the new mount calls (fsopen)",
	"raw packets (AF_PACKET)",
	"raw IP",
	"trace the room's init",
	"join the namespaces of init",
	"look through the root of init",
	"signal the room's init",
	"change the programs that are run",
	"read the environment of others' processes",
	"write where set-user-ID files or devices count",
	"use a descriptor that was left open",
	"reach the sockets of docker, systemd and the like",
	"be told when others run a program (inotify)",
};

static bool is_in(const char *what, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], what) == 0)
			return true;
	return false;
}

/* Something for two of them to find. */
static int put_baits(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/run/docker.sock"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return mount("none", "/run", "tmpfs", 0, NULL) == 0 && bind(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 &&
			       listen(fd, 1) == 0 && dup2(fd, 10) == 10
		       ? 0
		       : -1;
}

static _Noreturn void be_probe(const struct ctl_attack *a)
{
	struct ctl_person who = {.login = {.user = "somebody", .home = "/home/somebody", .uid = 4242}};
	struct crl_adopt adopt = {0};
	struct ctl_scene scene = {.who = &who, .adopt = &adopt};
	char detail[CTL_DETAIL_MAX] = "";
	pid_t pid;

	if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		_exit(3);
	pid = fork(); /* PID 1, which the probe then looks at */
	if (pid == 0) {
		if (mount("proc", "/proc", "proc", 0, NULL) < 0 || put_baits() < 0)
			_exit(3);
		pid = fork();
		if (pid == 0) {
			(void)setsid();
			/* Its own root is nothing to look through to. */
			if (strcmp(a->what, "look through the root of init") == 0 && unshare(CLONE_NEWNS) < 0)
				_exit(3);
			enum ctl_answer answer = a->probe(&scene, detail);

			if (answer == CTL_PROBE_NO)
				(void)printf("# %s: %s\n", a->what, detail);
			(void)fflush(stdout);
			_exit((int)answer);
		}
		(void)alarm(20);
	}
	for (int status;;)
		if (waitpid(pid, &status, 0) == pid)
			_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 4);
}

static int run(const struct ctl_attack *a)
{
	int status = 0;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		be_probe(a);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 4;
}

static ctl_probe *find_probe(const char *what)
{
	for (const struct ctl_attack *a = ctl_attacks_reach; a->probe; a++)
		if (strcmp(a->what, what) == 0)
			return a->probe;
	return NULL;
}

/* What a room covers opens and is empty: that is closed. With a byte in it, it is open. */
static bool tells_covered(const char *what, const char *path)
{
	struct ctl_person who = {0};
	struct crl_adopt adopt = {0};
	struct ctl_scene scene = {.who = &who, .adopt = &adopt};
	char detail[CTL_DETAIL_MAX] = "";
	ctl_probe *probe = find_probe(what);
	int status = 0;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int fd;

		if (!probe || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", "/proc", "tmpfs", 0, NULL) < 0 || (fd = open(path, O_RDWR | O_CREAT, 0444)) < 0 ||
		    probe(&scene, detail) != CTL_PROBE_NO)
			_exit(1);
		_exit(write(fd, "x", 1) == 1 && probe(&scene, detail) == CTL_PROBE_YES ? 0 : 2);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void)
{
	const struct ctl_attack *const lists[] = {ctl_attacks_power, ctl_attacks_reach, ctl_attacks_expose};
	size_t shown = 0, bad = 0;

	if (geteuid() != 0) {
		(void)printf("1..0 # SKIP needs root\n");
		return 77;
	}
	for (size_t l = 0; l < CRL_ARRAY_LEN(lists); l++) {
		for (const struct ctl_attack *a = lists[l]; a->probe; a++) {
			int answer;

			if (is_in(a->what, left_out, CRL_ARRAY_LEN(left_out)))
				continue;
			if (!is_in(a->what, shown_open, CRL_ARRAY_LEN(shown_open)) &&
			    !is_in(a->what, may_lack, CRL_ARRAY_LEN(may_lack)))
				continue;
			answer = run(a);
			if (answer == CTL_PROBE_YES)
				(void)printf("ok %zu - root, unrestricted, can: %s\n", ++shown, a->what);
			else if (is_in(a->what, may_lack, CRL_ARRAY_LEN(may_lack)))
				(void)printf("ok %zu - %s # SKIP not on this machine\n", ++shown, a->what);
			else
				(void)printf("not ok %zu - %s: answer %d\n", ++shown + bad++, a->what, answer);
		}
	}
	shown++;
	if (!tells_covered("read the kernel's memory", "/proc/kcore") || !tells_covered("list keys", "/proc/keys")) {
		bad++;
		(void)printf("not ");
	}
	(void)printf("ok %zu - a covered file is no open way\n", shown);
	(void)printf("1..%zu\n", shown);
	return bad > 0 || shown < CRL_ARRAY_LEN(shown_open) ? 1 : 0;
}
