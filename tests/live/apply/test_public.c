// SPDX-License-Identifier: Apache-2.0
/*
 * The public layer, attacked: whoever is root of a room's own user namespace, over the host's tree, searches all of it
 * for what somebody without any power may not read on the host. Once over this machine's own tree, and over one that is
 * made of traps. Needs root.
 */
#include "roomtest.h"

#include <ftw.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "base/dir.h"
#include "store/public.h"
#include "store/public_list.h"

#define SHIFT 700000
#define NOBODY 60999 /* owns nothing, and is in no group of anything */

static struct crl_public layer = CRL_PUBLIC_INIT;
static int ids = -EBADF;
static int found = -EBADF; /* names that were read inside, each with NUL */
static char store[64];

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* As a room's own: 0 is the first of a range, the user is himself. */
static int make_ids(void)
{
	char path[64], text[128];
	int up[2], fd;
	char c;
	pid_t pid;

	CHECK(pipe2(up, O_CLOEXEC) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		CHECK(unshare(CLONE_NEWUSER) == 0 && write(up[1], "x", 1) == 1);
		for (;;)
			pause();
	}
	CHECK(read(up[0], &c, 1) == 1);
	(void)snprintf(text, sizeof(text), "0 %d %d\n%d %d 1\n%d %d 11000\n", SHIFT, UID, UID, UID, UID + 1,
		       SHIFT + UID);
	(void)snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	write_text(path, text);
	(void)snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	write_text(path, text);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(fd >= 0 && kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
	return fd;
}

static void take(struct crl_host *h, const char *const *show, size_t len)
{
	const struct crl_public_wish wish = {.store = store, .show = show, .show_len = len, .patience_ms = 10000};
	struct crl_err err = {0};

	if (crl_public_take(&wish, &layer, &err) < 0 || crl_public_map(&layer, wish.store, ids, &err) < 0) {
		fprintf(stderr, "take: %s\n", err.text);
		_exit(1);
	}
	h->user_ns = ids + 1;
	h->root_uid = h->root_gid = SHIFT;
	h->public = (struct crl_host_public){layer.files + 1, layer.host + 1, layer.closed + 1};
}

static void setup(struct crl_policy *p, const char *at)
{
	p->root_mode = CRL_ROOT_OVERLAY;
	p->root_over = CRL_ROOT_OVER_TMPFS;
	p->user_mode = CRL_USER_OWN;
	p->user_sudo = true;
	p->no_new_privs = false;
	(void)snprintf(store, sizeof(store), "%s", at);
	ids = make_ids();
	found = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	CHECK(found >= 0);
}

static void go_inside(void)
{
	CHECK(chroot("/run/carrel/inside") == 0 && chdir("/") == 0);
}

static void be_root_of_room(void)
{
	go_inside();
	CHECK(setns(ids, CLONE_NEWUSER) == 0);
	CHECK(setgroups(0, NULL) == 0 && setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0);
}

/* The room's own, which the host has none of. */
static bool is_own(const char *path)
{
	static const char *const own[] = {"/proc", "/sys", "/dev", "/run", "/tmp", "/home", "/var/tmp", "/var/log"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(own); i++)
		if (strcmp(path, own[i]) == 0)
			return true;
	return false;
}

static size_t secrets;

static int look(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	static char buf[4096];
	ssize_t n;
	int fd;

	(void)ftw;
	if (is_own(path))
		return FTW_SKIP_SUBTREE;
	if (S_ISLNK(st->st_mode) || type == FTW_DNR)
		return FTW_CONTINUE;
	CHECK(!S_ISBLK(st->st_mode) && !S_ISCHR(st->st_mode) && !S_ISFIFO(st->st_mode) && !S_ISSOCK(st->st_mode));
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return FTW_CONTINUE;
	n = S_ISREG(st->st_mode) ? read(fd, buf, sizeof(buf) - 1) : 0;
	close(fd);
	if (S_ISREG(st->st_mode)) {
		buf[n > 0 ? n : 0] = '\0';
		secrets += strstr(buf, "S3CRET") != NULL;
		if (strstr(buf, "S3CRET"))
			fprintf(stderr, "a secret is in %s\n", path);
		CHECK(dprintf(found, "%s%c", path, '\0') > 0);
	}
	return FTW_CONTINUE;
}

static void search(void)
{
	be_root_of_room();
	CHECK(nftw("/", look, 64, FTW_PHYS | FTW_ACTIONRETVAL) == 0);
}

/* Written by carrel for the room alone; traps_search() looks into them. */
static bool is_made(const char *path)
{
	static const char *const made[] = {"/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d/carrel"};

	for (size_t i = 0; i < CRL_ARRAY_LEN(made); i++)
		if (strcmp(path, made[i]) == 0)
			return true;
	return false;
}

/* On the host, as somebody without power: each of them can be read there as well, or is the room's own. */
static void compare(size_t least)
{
	off_t len = lseek(found, 0, SEEK_END);
	char *all = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, found, 0);
	size_t many = 0, bad = 0;

	CHECK(all != MAP_FAILED && setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
	for (const char *p = all; p < all + len; p += strlen(p) + 1, many++) {
		int fd = open(p, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0 && errno != ENOENT && !is_made(p) && bad++ < 20)
			fprintf(stderr, "not everybody's on the host: %s: %s\n", p, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	fprintf(stderr, "# %zu files were read inside\n", many);
	CHECK(!bad && many >= least);
}

static void in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		fn();
		_exit(0);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- this machine ------------------------------------------------------------------------------------------- */

static void machine_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	char dir[] = "/var/tmp/carrel-public-XXXXXX";

	(void)l;
	CHECK(mkdtemp(dir));
	setup(p, dir);
	take(h, NULL, 0);
}

static void machine_compare(void)
{
	compare(1000);
}

static void machine_root(void)
{
	struct stat st;

	in_child(search);
	go_inside();
	/* It is all there that a login needs, and root's of the room. */
	CHECK(stat("/usr/bin/env", &st) == 0 && st.st_uid == SHIFT && stat("/etc/passwd", &st) == 0);
	CHECK(stat("/bin/sh", &st) == 0 && stat("/var/lib/dpkg/status", &st) == 0 && st.st_uid == SHIFT);
	CHECK(!is_there("/usr/local/bin") && is_there("/usr/local"));
}

static void machine_after(void)
{
	char command[128];

	in_child(machine_compare);
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", store);
	CHECK(system(command) == 0);
}

/* keeps: store/public_rule R1, store/public_walk R1, store/public_copy R1 */
static void test_this_machine(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = machine_setup, .root = machine_root, .after = machine_after});
}

/* ---- traps -------------------------------------------------------------------------------------------------- */

static char stage_root[64];

static void make(const char *path, mode_t mode, const char *text)
{
	spit(path, text);
	CHECK(chmod(path, mode) == 0);
}

static void make_dir(const char *path, mode_t mode)
{
	CHECK((mkdir(path, 0755) == 0 || errno == EEXIST) && chmod(path, mode) == 0);
}

/* user::rw- user:NAMED:MAY group::r-- mask::r-- other::OTHERS */
static void set_acl(const char *path, uint32_t named, uint16_t may, uint16_t others)
{
	const struct {
		uint32_t version;
		struct {
			uint16_t tag, may;
			uint32_t id;
		} e[5];
	} acl = {2, {{1, 6, -1}, {2, may, named}, {4, 4, -1}, {16, 4, -1}, {32, others, -1}}};

	CHECK(setxattr(path, "system.posix_acl_access", &acl, sizeof(acl), 0) == 0);
}

static void be_socket(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && chmod(path, 0666) == 0);
	close(fd);
}

/* A host of our own, on this machine's file system: it becomes "/". */
static void make_host(void)
{
	static const char *const dirs[] = {
		"dev",
		"etc",
		"home",
		"home/u",
		"mnt",
		"opt",
		"proc",
		"root",
		"run",
		"srv",
		"sys",
		"tmp",
		"usr",
		"usr/bin",
		"usr/lib",
		"usr/local",
		"usr/local/share",
		"usr/share",
		"usr/share/deep",
		"usr/share/deep/er",
		"var",
		"var/lib",
		"var/lib/dpkg",
		"var/lib/x",
		"var/log",
		"var/tmp",
		"var/backups",
		"secret-top",
		"etc/ssl",
		"etc/ssl/private",
		"opt/shown",
		"old",
	};

	(void)snprintf(stage_root, sizeof(stage_root), "/var/tmp/carrel-host-XXXXXX");
	CHECK(mkdtemp(stage_root) && chmod(stage_root, 0755) == 0);
	CHECK(mount(stage_root, stage_root, NULL, MS_BIND, NULL) == 0 && chdir(stage_root) == 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++)
		CHECK(mkdir(dirs[i], 0755) == 0);
	CHECK(chmod("tmp", 01777) == 0 && chmod("var/tmp", 01777) == 0 && chmod("root", 0700) == 0);
	CHECK(chown("home/u", UID, UID) == 0);
	CHECK(mount("/proc", "proc", NULL, MS_BIND | MS_REC, NULL) == 0 &&
	      mount("/sys", "sys", NULL, MS_BIND | MS_REC, NULL) == 0 &&
	      mount("/dev", "dev", NULL, MS_BIND | MS_REC, NULL) == 0);
	make("etc/passwd", 0644, "root:x:0:0::/root:/bin/sh\n");
	make("etc/group", 0644, "root:x:0:\n");
	make("etc/nsswitch.conf", 0644, "passwd: files\n");
	CHECK(syscall(SYS_pivot_root, ".", "old") == 0 && chdir("/") == 0 && symlink("usr/bin", "/bin") == 0 &&
	      symlink("usr/lib", "/lib") == 0);
}

static void set_traps(void)
{
	char name[300] = "/usr/share/";

	make("/usr/bin/open", 0755, "open");
	make("/usr/bin/suid", 04755, "open");
	make("/usr/bin/closed", 0700, "S3CRET");
	make("/usr/bin/exec-only", 0711, "S3CRET");
	make("/usr/bin/suid-closed", 04711, "S3CRET");
	make("/usr/share/group-denied", 0604, "S3CRET");
	make("/usr/share/owner-denied", 0044, "S3CRET");
	make("/usr/share/new\nline", 0600, "S3CRET");
	memset(name + strlen(name), 'n', 255);
	make(name, 0600, "S3CRET");
	make("/usr/share/acl-narrow", 0644, "S3CRET");
	set_acl("/usr/share/acl-narrow", UID, 0, 4);
	make("/usr/share/acl-grants", 0640, "S3CRET");
	set_acl("/usr/share/acl-grants", UID, 4, 0);
	make("/usr/share/acl-open", 0644, "open");
	set_acl("/usr/share/acl-open", UID, 4, 4);
	make_dir("/usr/lib/dir-closed", 0700);
	make("/usr/lib/dir-closed/x", 0644, "S3CRET");
	make_dir("/usr/lib/dir-pass", 0711);
	make("/usr/lib/dir-pass/x", 0644, "S3CRET");
	make_dir("/usr/lib/dir-list", 0744);
	make("/usr/lib/dir-list/x", 0644, "S3CRET");
	make_dir("/usr/lib/dir-acl", 0755);
	set_acl("/usr/lib/dir-acl", UID, 0, 5);
	make("/usr/lib/dir-acl/x", 0644, "S3CRET");
	make("/usr/share/deep/er/x", 0640, "S3CRET");
	CHECK(link("/usr/bin/closed", "/usr/share/hard") == 0);
	CHECK(mknod("/usr/share/null", S_IFCHR | 0666, makedev(1, 3)) == 0 &&
	      mknod("/usr/share/whiteout", S_IFCHR | 0666, 0) == 0 &&
	      mknod("/usr/share/disk", S_IFBLK | 0666, makedev(7, 0)) == 0 && mkfifo("/usr/share/fifo", 0666) == 0);
	be_socket("/usr/share/socket");
	make("/root/secret", 0644, "S3CRET");
	make_dir("/usr/share/lead", 0755);
	CHECK(setxattr("/usr/share/lead", "trusted.overlay.redirect", "/root", 5, 0) == 0);
	make("/usr/local/share/x", 0644, "S3CRET");
	make("/opt/x", 0644, "S3CRET");
	make("/opt/shown/open", 0644, "open");
	make("/opt/shown/closed", 0600, "S3CRET");
	make("/secret-top/x", 0644, "S3CRET");
	make("/a-file", 0644, "S3CRET");
	make("/var/lib/x/x", 0644, "S3CRET");
	make("/var/backups/shadow", 0600, "S3CRET");
	make("/var/lib/dpkg/status", 0644, "open");
	make("/var/lib/dpkg/lock", 0640, "S3CRET");
	make_dir("/etc/pam.d", 0755);
	make("/etc/pam.d/su", 0644,
	     "auth required pam_unix.so\nsession requisite \\\n /x/pam_carrel.so \\\n open\n"
	     "session optional pam_carrel.so close\n# last\n");
	make("/etc/shadow", 0640, "root:S3CRET:1::::::\n");
	make("/etc/shadow-", 0600, "root:S3CRET:1::::::\n");
	make("/etc/suid", 06755, "open");
	make("/etc/acl-narrow", 0644, "S3CRET");
	set_acl("/etc/acl-narrow", UID, 0, 4);
	make_dir("/etc/dir-acl", 0755);
	set_acl("/etc/dir-acl", UID, 0, 5);
	make("/etc/dir-acl/x", 0644, "S3CRET");
	CHECK(chmod("/etc/ssl/private", 0710) == 0);
	make("/etc/ssl/private/key", 0644, "S3CRET");
	CHECK(link("/etc/shadow", "/etc/hard") == 0 && symlink("shadow", "/etc/link") == 0 &&
	      mkfifo("/etc/fifo", 0666) == 0 && mknod("/etc/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
	/* What others mount on is not to come to light. */
	make_dir("/usr/share/covered", 0755);
	make("/usr/share/covered/x", 0644, "S3CRET");
	make("/usr/share/covered-file", 0644, "S3CRET");
	CHECK(mount("x", "/usr/share/covered", "tmpfs", 0, "mode=755") == 0 &&
	      mount("/usr/bin/open", "/usr/share/covered-file", NULL, MS_BIND, NULL) == 0);
}

/* Deeper than a path can say, as anybody makes it who may write into a tree that is shown. */
static void set_deep_trap(void)
{
	int at = open("/opt/shown", O_PATH | O_DIRECTORY | O_CLOEXEC), below;
	char name[256];

	memset(name, 'd', 250);
	name[250] = '\0';
	for (int i = 0; i < 20; i++, at = below) {
		CHECK(mkdirat(at, name, 0755) == 0);
		below = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		CHECK(below >= 0 && fchmodat(at, name, 0755, 0) == 0);
		close(at);
	}
	close(at);
}

static void become_host(void)
{
	make_host();
	set_traps();
	set_deep_trap();
	CHECK(umount2("/old", MNT_DETACH) == 0 && rmdir("/old") == 0);
}

static const char *const shown[] = {"/opt/shown"};

static void traps_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	become_host();
	setup(p, "/var/lib/carrel");
	take(h, shown, 1);
}

static void traps_search(void)
{
	search();
	CHECK(secrets == 0);
}

static bool has_mode(const char *path, mode_t mode)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_mode & 07777) == mode;
}

static void traps_root(void)
{
	static const char *const gone[] = {
		"/usr/bin/closed",
		"/usr/bin/exec-only",
		"/usr/bin/suid-closed",
		"/usr/share/group-denied",
		"/usr/share/owner-denied",
		"/usr/share/acl-narrow",
		"/usr/share/acl-grants",
		"/usr/share/hard",
		"/usr/share/null",
		"/usr/share/whiteout",
		"/usr/share/disk",
		"/usr/share/fifo",
		"/usr/share/socket",
		"/usr/share/new\nline",
		"/a-file",
		"/etc/hard",
		"/etc/fifo",
		"/etc/null",
		"/etc/acl-narrow",
		"/opt/x",
		"/opt/shown/closed",
		"/usr/share/deep/er/x",
		"/var/lib/dpkg/lock",
		"/var/backups/shadow",
		"/etc/shadow-",
	};
	static const char *const empty[] = {"/usr/lib/dir-closed/x", "/usr/lib/dir-pass/x", "/usr/lib/dir-list/x",
					    "/usr/lib/dir-acl/x",    "/etc/dir-acl/x",      "/secret-top/x",
					    "/usr/local/share",      "/var/lib/x/x",        "/root/secret",
					    "/usr/share/lead/secret"};

	in_child(traps_search);
	go_inside();
	for (size_t i = 0; i < CRL_ARRAY_LEN(gone); i++)
		if (is_there(gone[i]))
			fprintf(stderr, "%s is there\n", gone[i]), _exit(1);
	for (size_t i = 0; i < CRL_ARRAY_LEN(empty); i++)
		if (is_there(empty[i]))
			fprintf(stderr, "%s is there\n", empty[i]), _exit(1);
	CHECK(has_text("/usr/bin/open", "open") && has_text("/usr/share/acl-open", "open"));
	CHECK(has_mode("/usr/bin/suid", 04755) && has_mode("/etc/suid", 0755));
	CHECK(has_mode("/usr/lib/dir-closed", 0700) && has_mode("/secret-top", 0755));
	CHECK(has_text("/opt/shown/open", "open") && has_text("/var/lib/dpkg/status", "open"));
	CHECK(has_text("/bin/open", "open") && has_mode("/usr/share/covered-file", 0444) &&
	      !has_text("/usr/share/covered-file", "e"));
	CHECK(has_text("/etc/pam.d/su", "pam_unix") && has_text("/etc/pam.d/su", "last") &&
	      !has_text("/etc/pam.d/su", "carrel"));
	CHECK(has_text("/etc/shadow", "root:*:") && !has_text("/etc/shadow", "S3CRET"));
	CHECK(is_there("/etc/link") && has_text("/etc/passwd", "root:"));
}

static void traps_compare(void)
{
	compare(8);
}

static void traps_after(void)
{
	in_child(traps_compare);
	crl_public_done(&layer);
}

/*
 * keeps: store/public_rule R2, store/public_rule R4, store/public_walk R2, store/public_walk R4, store/public_copy R2,
 * keeps: store/public_copy R3, store/public_stand R1, store/public_copy R5, store/public R1, apply/mounts/public R1, apply/mounts/public R2
 */
static void test_traps(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = traps_setup, .root = traps_root, .after = traps_after});
}

/* ---- what changes ------------------------------------------------------------------------------------------- */

/* Is a record of that kind in the list? */
static bool is_listed(enum crl_public_kind kind, const char *path)
{
	struct crl_public_list list;
	bool is = false;

	CHECK(crl_public_read(layer.closed, &list) == 0);
	for (size_t i = 0; i < list.len; i++)
		is |= list.item[i].kind == kind && strcmp(list.item[i].path, path) == 0;
	crl_public_list_done(&list);
	return is;
}

/* What the copy has of a file of /etc; "" = it has none. */
static const char *copied(const char *name)
{
	static char buf[64];
	int fd = openat(layer.files, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, sizeof(buf) - 1);

	CHECK(n >= 0);
	buf[n] = '\0';
	if (fd >= 0)
		close(fd);
	return buf;
}

static void take_anew(void)
{
	struct crl_host h;

	crl_public_done(&layer);
	take(&h, NULL, 0);
}

static size_t count_copies(void)
{
	scoped(crl_dir) dir = {0};
	size_t n = 0;

	CHECK(crl_dir_open(AT_FDCWD, "/var/lib/carrel/public", &dir) == 0);
	for (const char *name; (name = crl_dir_next(&dir));)
		n += strncmp(name, "files.", 6) == 0;
	return n;
}

/* Older than the kernel's tick: what is younger is looked at again in any case. */
static void let_settle(void)
{
	usleep(50000);
}

static void changes_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	struct crl_err err = {0};

	(void)l;
	(void)h;
	become_host();
	setup(p, "/var/lib/carrel");
	let_settle();
	take_anew();
	CHECK(!is_listed(CRL_PUBLIC_GONE, "usr/share/late") && strstr(copied("etc/passwd"), "root:"));
	/* Nothing has changed: nothing is made. */
	take_anew();
	CHECK(count_copies() == 1);
	make("/usr/share/late", 0600, "S3CRET");
	make_dir("/usr/share/deep/er/late", 0700);
	make("/etc/late", 0644, "open");
	take_anew();
	CHECK(is_listed(CRL_PUBLIC_GONE, "usr/share/late") && is_listed(CRL_PUBLIC_SHUT, "usr/share/deep/er/late"));
	CHECK(!strcmp(copied("etc/late"), "open") && count_copies() == 2);
	let_settle();
	/* A file of /etc is another, or is not for all any more. */
	make("/etc/late", 0644, "more");
	take_anew();
	CHECK(!strcmp(copied("etc/late"), "more"));
	CHECK(chmod("/etc/late", 0600) == 0);
	take_anew();
	CHECK(!strcmp(copied("etc/late"), ""));
	/* One is replaced by one that is closed, and a directory is closed. */
	make("/usr/share/beside", 0600, "S3CRET");
	CHECK(rename("/usr/share/beside", "/usr/share/acl-open") == 0 && chmod("/usr/share/deep", 0750) == 0);
	take_anew();
	CHECK(is_listed(CRL_PUBLIC_GONE, "usr/share/acl-open") &&
	      (is_listed(CRL_PUBLIC_GONE, "usr/share/deep") || is_listed(CRL_PUBLIC_SHUT, "usr/share/deep")));
	/* It is mounted over. */
	CHECK(mount("x", "/usr/bin", "tmpfs", 0, "mode=755") == 0);
	take_anew();
	CHECK(is_listed(CRL_PUBLIC_SHUT, "usr/bin") && umount2("/usr/bin", 0) == 0);
	/* What nobody shows goes, what somebody does stays. */
	CHECK(crl_public_sweep("/var/lib/carrel", &err) >= 3 && count_copies() == 1);
	CHECK(strstr(copied("etc/passwd"), "root:"));
	let_settle();
	make("/etc/late", 0644, "again");
	{
		struct crl_public other = layer;

		layer = (struct crl_public)CRL_PUBLIC_INIT;
		take_anew();
		CHECK(count_copies() == 2 && crl_public_sweep("/var/lib/carrel", &err) >= 0 && count_copies() == 2);
		crl_public_done(&other);
		CHECK(crl_public_sweep("/var/lib/carrel", &err) >= 1 && count_copies() == 1);
	}
	take(h, NULL, 0);
}

static void late_during(void)
{
	make_dir("/late-top", 0755);
	make("/late-top/x", 0644, "S3CRET");
	make("/etc/later", 0644, "S3CRET");
	make("/a-late-file", 0644, "S3CRET");
}

/* New names of the host's root and of its /etc are in no room that lives. */
static void late_root(void)
{
	in_child(traps_search);
	go_inside();
	CHECK(!is_there("/late-top") && !is_there("/a-late-file") && !is_there("/etc/later"));
}

/* keeps: store/public R2, store/public R3, store/public_walk R3, store/public_copy R4 */
static void test_changes(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = changes_setup, .during = late_during, .root = late_root});
}

/* ---- races -------------------------------------------------------------------------------------------------- */

static pid_t flipper;

/* Never for all before it has its mode. */
static void make_closed(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

/* What stands there is now open to all, now not, as fast as can be; in the end it is not. */
static void flip(const char *name, const char *other)
{
	make_closed(other, "S3CRET");
	CHECK(rename(other, name) == 0);
	make_closed(other, "open");
	CHECK(chmod(other, 0644) == 0 && rename(other, name) == 0);
}

static void races_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	int status;

	(void)l;
	become_host();
	setup(p, "/var/lib/carrel");
	flipper = fork();
	for (int i = 0; flipper == 0 && i < 3000; i++) {
		flip("/etc/flip", "/etc/.flip");
		flip("/usr/share/flip", "/usr/share/.flip");
	}
	if (flipper == 0) {
		make_closed("/usr/share/.flip", "S3CRET");
		_exit(rename("/usr/share/.flip", "/usr/share/flip"));
	}
	while (waitpid(flipper, &status, WNOHANG) == 0) {
		take_anew();
		CHECK(!strstr(copied("etc/flip"), "S3CRET") && !strstr(copied("etc/.flip"), "S3CRET"));
	}
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	crl_public_done(&layer);
	take(h, NULL, 0);
	CHECK(is_listed(CRL_PUBLIC_GONE, "usr/share/flip") && !strcmp(copied("etc/flip"), "open"));
}

static void races_root(void)
{
	in_child(traps_search);
}

static void test_races(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = races_setup, .root = races_root});
}

/* ---- refused ------------------------------------------------------------------------------------------------ */

static void refuse(const char *at, const char *show, const char *why)
{
	const struct crl_public_wish wish = {.store = at, .show = &show, .show_len = show != NULL, .patience_ms = 0};
	struct crl_err err = {0};

	CHECK(crl_public_take(&wish, &layer, &err) < 0 || crl_public_map(&layer, wish.store, ids, &err) < 0);
	if (!strstr(err.text, why))
		fprintf(stderr, "%s: not \"%s\"\n", err.text, why), _exit(1);
	crl_public_done(&layer);
}

static void refused_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	become_host();
	setup(p, "/var/lib/carrel");
	take_anew();
	refuse("/var/lib/carrel", "/etc", "the room's own");
	refuse("/var/lib/carrel", "/home/u", "the room's own");
	refuse("/var/lib/carrel", "/", "the room's own");
	refuse("/var/lib/carrel", "/srv/../etc", "the room's own");
	refuse("/var/lib/carrel", "/not-there", "it is no directory");
	refuse("/var/lib/carrel", "/secret-top/x", "it is no directory");
	CHECK(chmod("/opt", 0750) == 0);
	refuse("/var/lib/carrel", "/opt/shown", "not everybody may go there");
	/* A file system that cannot map owners. */
	CHECK(mount("x", "/srv", "ramfs", 0, "mode=755") == 0);
	refuse("/srv/carrel", NULL, "cannot map owners");
	refuse("/var/lib/carrel", "/srv", "another file system");
	CHECK(mount("x", "/usr", "tmpfs", 0, "mode=755") == 0);
	refuse("/var/lib/carrel", NULL, "/usr cannot be shown: it is on another file system");
	CHECK(umount2("/usr", 0) == 0 && chmod("/usr", 0700) == 0);
	refuse("/var/lib/carrel", NULL, "/usr cannot be shown: not everybody may go there");
	CHECK(chmod("/usr", 0755) == 0);
	/* Somebody else is at it, and nothing is known. */
	{
		int lock = open("/var/lib/carrel/public/lock", O_RDWR | O_CLOEXEC);

		CHECK(lock >= 0 && flock(lock, LOCK_EX) == 0);
		CHECK(chmod("/opt", 0755) == 0);
		refuse("/var/lib/carrel", "/opt/shown", "still being looked through");
		close(lock);
	}
	take(h, NULL, 0);
}

static void test_refused(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = refused_setup, .root = races_root});
}

static void without_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	traps_setup(p, l, h);
	h->public = (struct crl_host_public){0, 0, 0};
}

/* keeps: plan/mounts/inside R2, helper/parts/public R1 */
static void test_without(void **state)
{
	(void)state;
	run_case(&(struct room_case){
		.prepare = without_setup, .refused = "it was not handed over", .stage = CRL_STAGE_MOUNT});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_this_machine), cmocka_unit_test(test_traps),   cmocka_unit_test(test_changes),
		cmocka_unit_test(test_races),        cmocka_unit_test(test_refused), cmocka_unit_test(test_without),
	};

	return cmocka_run_group_tests_name("public", tests, NULL, NULL);
}
