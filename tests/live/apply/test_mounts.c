// SPDX-License-Identifier: Apache-2.0
/* The host view: what a user finds in a room, and what the host notices of it (nothing). Needs root. */
#include "roomtest.h"

#include <dirent.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <utmp.h>

static size_t count_dir(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Own home only, not even names of others; a hidden file cannot be read even as root without its powers. */
static void hidden_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	spit("/srv/secret", "secret");
	mkdir("/srv/deep", 0755);
	mkdir("/srv/deep/real", 0755);
	spit("/srv/deep/real/x", "x");
	CHECK(symlink("deep/real", "/srv/link") == 0);
	CHECK(crl_strv_add(&p->hide, "/srv/secret") == 0 && crl_strv_add(&p->hide, "/srv/link") == 0 &&
	      crl_strv_add(&p->hide, "/srv/not-there") == 0 && crl_strv_add(&p->hide, "/proc/meminfo") == 0);
}

static void hidden_user(void)
{
	CHECK(count_dir("/home") == 1 && is_there("/home/u") && !is_there("/home/other"));
	CHECK(count_dir("/root") == 0 && count_dir("/mnt") == 0);
	CHECK(has_text("/home/u/mine", "mine") && can_write("/home/u/new"));
	CHECK(!can_write("/home/x") && mkdir("/home/other", 0755) < 0);
	CHECK(open("/srv/secret", O_RDONLY) < 0 && errno == EACCES);
	CHECK(count_dir("/srv/link") == 0 && count_dir("/srv/deep/real") == 0 && is_there("/srv/deep/real"));
	CHECK(!has_text("/proc/meminfo", "Mem"));
}

static void test_hidden(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = hidden_setup, .user = hidden_user});
}

static void user_link_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	CHECK(symlink("/etc", "/srv/link") == 0 && lchown("/srv/link", UID, UID) == 0);
	CHECK(crl_strv_add(&p->hide, "/srv/link") == 0);
}

/* keeps: apply/mounts/walk R1 */
static void test_users_link_is_refused(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = user_link_setup, .refused = "link", .stage = CRL_STAGE_MOUNT});
}

/* nosuid everywhere, nodev wherever a user can write, noexec and ro as on the host. */
static void flags_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	mkdir("/srv/noexec", 0755);
	mkdir("/srv/ro", 0755);
	mkdir("/srv/rw", 0777);
	chmod("/srv/rw", 0777);
	mkdir("/srv/rw/ro", 0777);
	chmod("/srv/rw/ro", 0777);
	CHECK(mount("x", "/srv/noexec", "tmpfs", MS_NOEXEC, NULL) == 0);
	CHECK(mount("x", "/srv/ro", "tmpfs", MS_RDONLY, "mode=777") == 0);
	CHECK(crl_strv_add(&p->writable, "/srv/rw") == 0 && crl_strv_add(&p->writable, "/srv/ro") == 0 &&
	      crl_strv_add(&p->read_only, "/srv/rw/ro") == 0);
}

static void flags_user(void)
{
	char *info = slurp("/proc/self/mountinfo");
	char *save = NULL;

	CHECK(!can_write("/etc/x") && errno == EROFS);
	CHECK(can_write("/srv/rw/x") && !can_write("/srv/ro/x") && !can_write("/srv/rw/ro/x"));
	for (char *line = strtok_r(info, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char point[512];
		char opts[256];

		CHECK(sscanf(line, "%*s %*s %*s %*s %511s %255s", point, opts) == 2);
		CHECK(strstr(opts, "nosuid"));
		/* The two places with device nodes: one read-only, one the kernel's. */
		CHECK(strstr(opts, "nodev") || !strcmp(point, "/dev") || !strcmp(point, "/dev/pts"));
		CHECK(strncmp(opts, "rw", 2) != 0 || strcmp(point, "/dev") != 0);
		CHECK(strcmp(point, "/srv/noexec") != 0 || strstr(opts, "noexec"));
		CHECK(!strstr(line, "shared:") && !strstr(line, "master:"));
	}
	CHECK(mknod("/tmp/null", S_IFCHR | 0666, makedev(1, 3)) < 0);
}

static void flags_root(void)
{
	CHECK(mknod("/tmp/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	CHECK(open("/tmp/null", O_RDWR) < 0 && errno == EACCES);
	CHECK(!can_write("/etc/x") && errno == EROFS && !can_write("/dev/x") && errno == EROFS);
	CHECK(!can_write("/home/x") && errno == EROFS);
}

static void test_flags(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = flags_setup, .user = flags_user, .root = flags_root});
}

/* /dev has these and no others. */
static void dev_user(void)
{
	static const char *const want[] = {"null",  "zero",   "full",   "random", "urandom", "tty", "fd",
					   "stdin", "stdout", "stderr", "ptmx",   "pts",     "shm", "mqueue"};
	size_t extra = is_there("/dev/log") ? 1 : 0;
	int a;
	int b;

	for (size_t i = 0; i < CRL_ARRAY_LEN(want); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/dev/%s", want[i]);
		CHECK(is_there(path));
	}
	CHECK(count_dir("/dev") == CRL_ARRAY_LEN(want) + extra);
	a = open("/dev/null", O_RDWR);
	CHECK(a >= 0 && write(a, "x", 1) == 1);
	CHECK(openpty(&a, &b, NULL, NULL, NULL) == 0);
	CHECK(!strcmp(ttyname(b), "/dev/pts/0"));
	/* the policy's number of terminals and no more */
	CHECK(posix_openpt(O_RDWR) >= 0 && posix_openpt(O_RDWR) < 0);
}

static void dev_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	p->ptys = 2;
}

static void test_dev(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = dev_setup, .user = dev_user});
}

/* The terminal of su and login is found under a name that exists. */
static int outer = -1;

static void tty_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	int master;

	(void)p;
	(void)l;
	CHECK(openpty(&master, &outer, NULL, NULL, NULL) == 0);
	(void)snprintf(h->outer_tty, sizeof(h->outer_tty), "%s", ttyname(outer));
	CHECK(fchown(outer, UID, 5) == 0);
}

static void tty_user(void)
{
	CHECK(ttyname(outer) && !strcmp(ttyname(outer), "/dev/console"));
	CHECK(open("/dev/console", O_RDWR | O_NOCTTY) >= 0);
	CHECK(count_dir("/dev/pts") == 1); /* ptmx */
}

static void test_outer_terminal(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = tty_setup, .user = tty_user});
}

static void not_tty_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)p;
	(void)l;
	strcpy(h->outer_tty, "/dev/vda");
	if (!is_there("/dev/vda"))
		strcpy(h->outer_tty, "/dev/null");
}

static void test_outer_terminal_is_a_terminal(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = not_tty_setup, .refused = "terminal", .stage = CRL_STAGE_MOUNT});
}

/* Mounts propagate neither way. The stage is shared, as a host under systemd is. */
static void propagation_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)p;
	(void)l;
	(void)h;
	mkdir("/srv/later", 0755);
	mkdir("/srv/kept", 0755);
	CHECK(mount("kept", "/srv/kept", "tmpfs", 0, NULL) == 0);
	mkdir("/srv/kept/later", 0755);
}

static void propagation_during(void)
{
	CHECK(mount("later", "/srv/later", "tmpfs", 0, "mode=777") == 0);
	CHECK(mount("later", "/srv/kept/later", "tmpfs", 0, "mode=777") == 0);
	spit("/srv/later/x", "x");
}

static void propagation_user(void)
{
	CHECK(!has_text("/proc/self/mountinfo", "later") && has_text("/proc/self/mountinfo", "/srv/kept"));
	CHECK(!is_there("/srv/later/x") && !can_write("/srv/later/y"));
}

static void propagation_root(void)
{
	mkdir("/tmp/inner", 0755);
	CHECK(mount("inner", "/tmp/inner", "tmpfs", 0, NULL) == 0);
	CHECK(mount("inner", "/srv/later", "tmpfs", 0, NULL) == 0);
}

static void propagation_after(void)
{
	CHECK(!has_text("/proc/self/mountinfo", "inner") && has_text("/proc/self/mountinfo", "later"));
}

static void test_propagation(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = propagation_setup,
				     .during = propagation_during,
				     .user = propagation_user,
				     .root = propagation_root,
				     .after = propagation_after});
}

/* /tmp and its kind are the room's own: empty, writable, and nothing of it comes out on the host. */
static void tmp_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)p;
	(void)l;
	(void)h;
	CHECK(mount("stagetmp", "/tmp", "tmpfs", 0, "mode=1777") == 0);
	CHECK(mount("stagevt", "/var/tmp", "tmpfs", 0, "mode=1777") == 0);
	spit("/tmp/host", "x");
	spit("/var/tmp/host", "x");
}

static void tmp_user(void)
{
	static const char *const dirs[] = {"/tmp", "/var/tmp", "/dev/shm", "/run/user/54321"};
	struct stat st;

	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++) {
		char path[64];

		CHECK(count_dir(dirs[i]) == 0);
		(void)snprintf(path, sizeof(path), "%s/room", dirs[i]);
		CHECK(can_write(path));
		CHECK(stat(dirs[i], &st) == 0);
		CHECK(i == 3 ? (st.st_mode & 07777) == 0700 && st.st_uid == UID && st.st_gid == UID
			     : (st.st_mode & 07777) == 01777 && st.st_uid == 0);
	}
}

static void tmp_after(void)
{
	CHECK(count_dir("/tmp") == 1 && count_dir("/var/tmp") == 1 && !is_there("/dev/shm/room"));
}

static void test_private_tmp(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = tmp_setup, .user = tmp_user, .after = tmp_after});
}

static void size_user(void)
{
	char *mb = calloc(1, 1 << 20);
	int fd = open("/tmp/big", O_WRONLY | O_CREAT, 0600);
	int n = 0;

	while (n < 64 && write(fd, mb, 1 << 20) == 1 << 20)
		n++;
	CHECK(n <= 16 && n >= 15 && errno == ENOSPC);
	fd = open("/dev/shm/more", O_WRONLY | O_CREAT, 0600);
	CHECK(write(fd, mb, 1 << 20) < (1 << 20)); /* together */
}

static void test_tmp_size(void **state)
{
	(void)state;
	run_case(&(struct room_case){.user = size_user});
}

/* N05, N09, N10, N11 */
static void kernel_user(void)
{
	static const char *const masked[] = {
		"/proc/kallsyms",    "/proc/keys",
		"/proc/interrupts",  "/proc/iomem",
		"/proc/config.gz",   "/proc/modules",
		"/proc/locks",       "/proc/cmdline",
		"/proc/swaps",       "/proc/mdstat",
		"/proc/key-users",   "/proc/ioports",
		"/proc/sched_debug", "/sys/kernel/vmcoreinfo",
		"/sys/kernel/notes",
	};
	static const char *const closed[] = {"/proc/kcore",      "/proc/timer_list",   "/proc/slabinfo",   "/proc/kmsg",
					     "/proc/kpagecount", "/proc/pagetypeinfo", "/proc/vmallocinfo"};
	static const char *const bare[] = {
		"/proc/acpi",   "/proc/fs",        "/sys/firmware",    "/sys/module",
		"/sys/fs/ext4", "/sys/kernel/irq", "/sys/kernel/slab", "/sys/devices/virtual/block"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(masked); i++) {
		char *text = slurp(masked[i]);

		CHECK(!text || !*text);
		free(text);
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(closed); i++)
		CHECK(open(closed[i], O_RDONLY) < 0 && (errno == EACCES || errno == ENOENT));
	for (size_t i = 0; i < CRL_ARRAY_LEN(bare); i++)
		CHECK(!is_there(bare[i]) || count_dir(bare[i]) == 0);
	CHECK(!is_there("/proc/1")); /* the room's init is root's: not even there */
	CHECK(is_there("/proc/self/status") && has_text("/proc/cpuinfo", "processor") &&
	      has_text("/proc/meminfo", "MemTotal") && is_there("/sys/devices/system/cpu"));
}

static void kernel_root(void)
{
	static const char *const frozen[] = {"/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
					     "/proc/sys/vm/swappiness",       "/proc/irq/default_smp_affinity",
					     "/sys/kernel/uevent_helper",     "/sys/kernel/mm/ksm/run"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(frozen); i++)
		CHECK(!is_there(frozen[i]) || (open(frozen[i], O_WRONLY) < 0 && errno == EROFS));
	CHECK(!has_text("/proc/kallsyms", " T ") && count_dir("/sys/class/net") == 1);
}

static void test_kernel_trees(void **state)
{
	(void)state;
	run_case(&(struct room_case){.user = kernel_user, .root = kernel_root});
}

/* N12 */
static void mountinfo_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)p;
	(void)l;
	(void)h;
	CHECK(mkdir("/home/other/m", 0755) == 0 && mount("othersecret", "/home/other/m", "tmpfs", 0, NULL) == 0);
	CHECK(mkdir("/mnt/stick", 0755) == 0 && mount("sticksecret", "/mnt/stick", "tmpfs", 0, NULL) == 0);
	CHECK(mkdir("/srv/under", 0755) == 0 && mkdir("/srv/under/a b", 0755) == 0);
	CHECK(mount("coveredsecret", "/srv/under/a b", "tmpfs", 0, NULL) == 0);
	CHECK(mount("cover", "/srv/under", "tmpfs", 0, NULL) == 0);
	CHECK(mkdir("/srv/sp ace\n", 0755) == 0 && mount("odd", "/srv/sp ace\n", "tmpfs", 0, NULL) == 0);
}

static void mountinfo_user(void)
{
	char *info = slurp("/proc/self/mountinfo");
	size_t lines = 0;

	CHECK(!strstr(info, "secret") && !strstr(info, "stage") == !strstr(info, " /srv "));
	CHECK(!strstr(info, "stagemnt") && !strstr(info, "stagerun") && strstr(info, "cover") && strstr(info, "odd"));
	for (char *c = info; *c; c++)
		lines += *c == '\n';
	CHECK(lines < 70);
	CHECK(is_there("/srv/sp ace\n") && count_dir("/srv/under") == 0);
}

/* keeps: apply/mounts/walk R2 */
static void test_mountinfo(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = mountinfo_setup, .user = mountinfo_user});
}

/* X05: of /run only what is offered; a read-only bind does not stop connect(), so what is not offered is not
 * there. */
static void socket_at(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(a.sun_path, path);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 5) == 0);
	chmod(path, 0666);
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	strcpy(a.sun_path, path);
	return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a));
}

static void run_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	mkdir("/run/offered", 0755);
	mkdir("/run/d", 0755);
	spit("/run/d/file", "offered");
	socket_at("/run/offered/sock");
	socket_at("/run/hidden.sock");
	CHECK(crl_strv_add(&p->run, "/run/offered/sock") == 0 && crl_strv_add(&p->run, "/run/d") == 0 &&
	      crl_strv_add(&p->run, "/run/missing") == 0);
}

static void run_user(void)
{
	CHECK(connect_to("/run/offered/sock") == 0);
	CHECK(!is_there("/run/hidden.sock") && !is_there("/run/missing"));
	CHECK(has_text("/run/d/file", "offered") && !can_write("/run/x"));
	CHECK(has_text("/run/carrel-room", "testroom") && is_there("/run/sshd"));
}

static void run_root(void)
{
	struct stat st;

	CHECK(!can_write("/run/d/x") && errno == EROFS);
	CHECK(stat("/run/utmp", &st) == 0 && (st.st_mode & 07777) == 0664 && can_write("/run/utmp"));
}

static void test_run(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = run_setup, .user = run_user, .root = run_root});
}

/* Logs are gone, lastlog tells of the user alone. */
static void log_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	struct lastlog mine = {.ll_line = "mine"};
	struct lastlog other = {.ll_line = "other"};
	int fd;

	(void)p;
	(void)l;
	(void)h;
	CHECK(mount("stagelog", "/var/log", "tmpfs", 0, "mode=755") == 0);
	spit("/var/log/syslog", "x");
	spit("/var/log/wtmp", "record");
	fd = open("/var/log/lastlog", O_RDWR | O_CREAT, 0664);
	CHECK(pwrite(fd, &mine, sizeof(mine), UID * (off_t)sizeof(mine)) == sizeof(mine));
	CHECK(pwrite(fd, &other, sizeof(other), OTHER * (off_t)sizeof(other)) == sizeof(other));
	CHECK(chown("/var/log/wtmp", 0, 43) == 0);
}

static void log_user(void)
{
	struct lastlog r;
	struct stat st;
	int fd = open("/var/log/lastlog", O_RDONLY);

	CHECK(count_dir("/var/log") == 2);
	CHECK(pread(fd, &r, sizeof(r), UID * (off_t)sizeof(r)) == sizeof(r) && !strcmp(r.ll_line, "mine"));
	CHECK(pread(fd, &r, sizeof(r), OTHER * (off_t)sizeof(r)) == 0);
	CHECK(stat("/var/log/wtmp", &st) == 0 && st.st_size == 0 && st.st_gid == 43 && (st.st_mode & 0777) == 0664);
	CHECK(!can_write("/var/log/x"));
}

/* pam_motd renews its file by rename at every login: an offered one may be replaced at any moment. */
static void renewed_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	pid_t parent = getpid();

	(void)l;
	(void)h;
	spit("/run/renewed", "x");
	CHECK(crl_strv_add(&p->run, "/run/renewed") == 0);
	if (fork() != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < 200000 && getppid() == parent; i++) {
		(void)close(open("/run/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
		(void)rename("/run/new", "/run/renewed");
		(void)usleep(50); /* about the time that one offer takes: some meet it, and the next try does not */
	}
	_exit(0);
}

static void renewed_user(void)
{
	CHECK(is_there("/run/renewed"));
}

static void test_offered_file_is_renewed(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++)
		run_case(&(struct room_case){.prepare = renewed_setup, .user = renewed_user});
}

static void test_logs(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = log_setup, .user = log_user});
}

/* N14 */
static void name_user(void)
{
	CHECK(has_text("/etc/hostname", "u-stage") && has_text("/etc/hosts", "127.0.1.1 u-stage\n") &&
	      has_text("/etc/hosts", "localhost"));
}

static void test_name_resolves(void **state)
{
	(void)state;
	run_case(&(struct room_case){.user = name_user});
}

/* Binds: read-only unless said, placed in hidden directories too, optional ones may miss. */
static void add_bind(struct crl_policy *p, const char *source, const char *target, bool writable, bool optional)
{
	p->bind = reallocarray(p->bind, p->bind_len + 1, sizeof(*p->bind));
	CHECK(p->bind);
	p->bind[p->bind_len++] = (struct crl_bind){strdup(source), strdup(target), writable, optional};
}

static void bind_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	mkdir("/srv/a", 0777);
	mkdir("/srv/b", 0777);
	chmod("/srv/a", 0777);
	chmod("/srv/b", 0777);
	spit("/srv/file", "bound");
	add_bind(p, "/srv/a", "/mnt/deep/a", false, false);
	add_bind(p, "/srv/b", "/srv/b", true, false);
	add_bind(p, "/srv/none", "/srv/x", false, true);
	add_bind(p, "/srv/file", "/mnt/file", false, false);
}

static void bind_user(void)
{
	CHECK(is_there("/mnt/deep/a") && !can_write("/mnt/deep/a/x") && errno == EROFS);
	CHECK(can_write("/srv/b/x") && has_text("/mnt/file", "bound"));
}

static void test_binds(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = bind_setup, .user = bind_user});
}

static void bind_link_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	bind_setup(p, l, h);
	CHECK(rmdir("/srv/a") == 0 && symlink("/etc", "/srv/a") == 0 && lchown("/srv/a", UID, UID) == 0);
}

static void test_bind_source_behind_users_link(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = bind_link_setup, .refused = "link", .stage = CRL_STAGE_MOUNT});
}

/* No network and no PID namespace of its own: the rest holds. */
static void few_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	p->namespaces = CRL_NS_BIT(CRL_NS_MOUNT);
}

static void few_user(void)
{
	CHECK(!is_there("/proc/1") && is_there("/sys/class") && !can_write("/sys/x") &&
	      count_dir("/sys/firmware") == 0);
	CHECK(!has_text("/etc/hostname", "u-stage"));
}

static void test_mount_namespace_alone(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = few_setup, .user = few_user});
}

/* A mount of the host's that its path does not lead to any more: here a link has taken the place of a directory. */
static void unreachable_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)p;
	(void)l;
	(void)h;
	mkdir("/srv/below", 0755);
	spit("/srv/below/old", "not for rooms");
	CHECK(mount("none", "/srv/below", "tmpfs", 0, NULL) == 0);
	spit("/srv/below/new", "for rooms");
	CHECK(symlink("below", "/srv/way") == 0);
}

static void lose_way(struct crl_mount_plan *plan)
{
	bool found = false;

	for (size_t i = 0; i < plan->len; i++) {
		if (plan->op[i].kind != CRL_MOUNT_KEEP || strcmp(plan->op[i].source, "/srv/below") != 0)
			continue;
		plan->op[i].source = "/srv/way";
		found = true;
	}
	CHECK(found);
}

static void kept_user(void)
{
	CHECK(has_text("/srv/below/new", "for rooms"));
}

static void covered_user(void)
{
	CHECK(is_there("/srv/below") && count_dir("/srv/below") == 0);
	CHECK(!is_there("/srv/below/old") && !can_write("/srv/below/x"));
}

static void test_unreachable_mount(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = unreachable_setup, .user = kept_user});
	run_case(&(struct room_case){.prepare = unreachable_setup,
				     .alter = lose_way,
				     .user = covered_user,
				     .covered = "/srv/below: Too many levels"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden),
		cmocka_unit_test(test_users_link_is_refused),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_dev),
		cmocka_unit_test(test_outer_terminal),
		cmocka_unit_test(test_outer_terminal_is_a_terminal),
		cmocka_unit_test(test_propagation),
		cmocka_unit_test(test_private_tmp),
		cmocka_unit_test(test_tmp_size),
		cmocka_unit_test(test_kernel_trees),
		cmocka_unit_test(test_mountinfo),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_offered_file_is_renewed),
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_name_resolves),
		cmocka_unit_test(test_binds),
		cmocka_unit_test(test_bind_source_behind_users_link),
		cmocka_unit_test(test_mount_namespace_alone),
		cmocka_unit_test(test_unreachable_mount),
	};

	if (geteuid() != 0) {
		puts("skip: needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
