// SPDX-License-Identifier: Apache-2.0
/*
 * The host as root with the user's changes over it: what he may change, and that nothing which steers processes of
 * root's can be changed by whoever has its directory. Needs root.
 */
#include "roomtest.h"

#include <sys/socket.h>
#include <sys/un.h>

static void over_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	p->root_mode = CRL_ROOT_OVERLAY;
	p->root_over = CRL_ROOT_OVER_TMPFS;
	CHECK(crl_strv_add(&p->own, "/etc") == 0 && crl_strv_add(&p->own, "/usr/local") == 0 &&
	      crl_strv_add(&p->own, "/not-there") == 0);
	CHECK(access("/etc/ld.so.preload", F_OK) < 0); /* else this says less */
}

/* Of the host's /etc he may add, replace and remove what is in it; elsewhere nothing. */
static void over_user(void)
{
	CHECK(can_write("/etc/made") && unlink("/etc/made") == 0);
	CHECK(mkdir("/etc/made.d", 0755) == 0 && can_write("/etc/made.d/x"));
	CHECK(is_there("/etc/profile") && rename("/etc/profile", "/etc/was-profile") == 0);
	spit("/etc/profile", "mine");
	CHECK(unlink("/etc/bash.bashrc") == 0 && !is_there("/etc/bash.bashrc"));
	CHECK(rename("/usr/local/bin", "/usr/local/other") == 0 && mkdir("/usr/local/bin", 0755) == 0);
	CHECK(can_write("/usr/local/bin/x"));
	CHECK(!can_write("/usr/x") && errno == EACCES && !can_write("/etc/apt/x") && errno == EACCES);
	CHECK(!can_write("/usr/bin/env") && errno == EACCES);
	CHECK(open("/etc/shadow", O_RDONLY) < 0 && errno == EACCES);
	CHECK(has_text("/proc/self/mountinfo", "nosuid,nodev") && !has_text("/proc/self/mountinfo", "upperdir=/"));
}

static void over_after(void)
{
	CHECK(!is_there("/etc/made.d") && !has_text("/etc/profile", "mine") && is_there("/etc/bash.bashrc"));
	CHECK(!is_there("/etc/ld.so.preload") && !is_there("/etc/userdb") && !is_there("/usr/local/other"));
}

static void test_own_directories(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = over_setup, .user = over_user, .after = over_after});
}

static const char *const steering[] = {
	"/etc/passwd",        "/etc/group",       "/etc/shadow",
	"/etc/nsswitch.conf", "/etc/userdb",      "/usr/local/lib/userdb",
	"/etc/localtime",     "/etc/pam.d",       "/etc/security",
	"/etc/ld.so.preload", "/etc/ld.so.cache", "/etc/ssl",
	"/etc/environment",   "/etc/login.defs",  "/etc/resolv.conf",
	"/etc/hosts",         "/etc/cron.d",      "/etc/sudoers",
	"/etc/ssh",           "/etc/gss",         "/etc/alternatives",
	"/etc/default",       "/etc/crontab",     "/etc/krb5.conf",
};

/* Nobody changes them: not by their names, not by what they are in, not by being another's name. */
static void steering_user(void)
{
	spit("/etc/mine", "root:x:0:0::/:/bin/sh");
	CHECK(mkdir("/etc/mine.d", 0755) == 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(steering); i++) {
		const char *path = steering[i];
		char other[64];
		struct stat st;
		bool dir;

		CHECK(lstat(path, &st) == 0);
		dir = S_ISDIR(st.st_mode);
		(void)snprintf(other, sizeof(other), "%s.moved", path);
		if (S_ISLNK(st.st_mode) || rename(path, other) == 0 || (errno != EBUSY && errno != EACCES))
			fprintf(stderr, "%s can be changed\n", path), _exit(1);
		CHECK(rename(dir ? "/etc/mine.d" : "/etc/mine", path) < 0);
		CHECK((dir ? rmdir(path) : unlink(path)) < 0);
		CHECK(open(path, dir ? O_TMPFILE | O_WRONLY : O_WRONLY, 0600) < 0);
		CHECK(syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, dir ? "/etc/mine.d" : "/etc/mine", 2) < 0);
	}
	CHECK(mkdir("/etc/userdb/x", 0755) < 0 && mkdir("/usr/local/lib/userdb/x", 0755) < 0);
	CHECK(rename("/usr/local/lib", "/usr/local/moved") < 0 && errno == EBUSY &&
	      can_write("/usr/local/lib/mine.so"));
	CHECK(!can_write("/usr/local/lib/libx.so.1") && unlink("/usr/local/lib/libx.so.1") < 0 && errno == EBUSY);
}

static void steering_root(void)
{
	CHECK(has_text("/etc/passwd", "root:") && has_text("/etc/nsswitch.conf", "passwd:"));
	CHECK(!has_text("/etc/ld.so.preload", "x") && !can_write("/etc/passwd") && !can_write("/etc/ld.so.preload"));
	CHECK(is_there("/usr/local/lib/mine.so") && !is_there("/usr/local/moved"));
}

static void library_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	over_setup(p, l, h);
	CHECK(crl_strv_add(&p->own, "/usr/local/lib") == 0);
	/* As if ld.so.cache led there. */
	h->libraries = calloc(1, sizeof(*h->libraries));
	CHECK(h->libraries && (h->libraries[0] = strdup("/usr/local/lib/libx.so.1")));
	h->libraries_len = 1;
}

/* keeps: apply/mounts/steer R1, plan/mounts/steering R1 */
static void test_steering(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = library_setup, .user = steering_user, .root = steering_root});
}

/* What others mount in the host's directory is not for changing; nor is what is hidden found elsewhere. */
static void mounts_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	over_setup(p, l, h);
	mkdir("/srv/data", 0755); /* /srv is a mount of its own on this stage */
	mkdir("/srv/data/sub", 0755);
	mkdir("/srv/secret", 0755);
	spit("/srv/data/file", "the host's");
	spit("/srv/secret/file", "hidden");
	CHECK(mount("x", "/srv/data/sub", "tmpfs", 0, "mode=777") == 0);
	spit("/srv/data/sub/kept", "kept");
	CHECK(crl_strv_add(&p->own, "/srv/data") == 0 && crl_strv_add(&p->own, "/srv") == 0 &&
	      crl_strv_add(&p->hide, "/srv/secret") == 0);
}

static void mounts_user(void)
{
	CHECK(can_write("/srv/new") && can_write("/srv/data/new") && unlink("/srv/data/file") == 0);
	CHECK(has_text("/srv/data/sub/kept", "kept") && !can_write("/srv/data/sub/x") && errno == EROFS);
	CHECK(rename("/srv/data/sub", "/srv/data/y") < 0 && errno == EBUSY);
	CHECK(rename("/srv/secret", "/srv/y") < 0 && errno == EBUSY && !is_there("/srv/secret/file"));
}

static void mounts_after(void)
{
	CHECK(!is_there("/srv/new") && has_text("/srv/data/file", "the host's"));
}

static void test_other_file_systems(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = mounts_setup, .user = mounts_user, .after = mounts_after});
}

/* The names that steer are kept in a directory that is on a file system of its own, too. */
static void etc_apart_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	library_setup(p, l, h);
	CHECK(mkdir("/srv/etc", 0755) == 0 && system("cp -a /etc/. /srv/etc/") == 0);
	CHECK(mount("/srv/etc", "/etc", NULL, MS_BIND, NULL) == 0);
}

static void test_steering_apart(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = etc_apart_setup, .user = steering_user, .root = steering_root});
}

/* The owners of a home's template are the user in it, and nowhere else. */
static void template_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	over_setup(p, l, h);
	CHECK(mkdir("/srv/template", 0755) == 0);
	spit("/srv/template/file", "of the template");
	p->home_mode = CRL_HOME_OVERLAY;
	p->home_size = 1 << 20;
	CHECK(crl_strv_add(&p->home_lower, "/srv/template") == 0);
}

static void template_user(void)
{
	struct stat st;

	CHECK(has_text("/home/u/file", "of the template") && can_write("/home/u/file"));
	CHECK(stat("/usr/bin/env", &st) == 0 && st.st_uid == 0 && stat("/etc/shadow", &st) == 0 && st.st_uid == 0);
	CHECK(open("/etc/shadow", O_RDONLY) < 0 && !can_write("/usr/x") && !can_write("/etc/login.defs"));
}

static void test_template(void **state)
{
	(void)state;
	if (!tmpfs_is_mapped())
		skip();
	run_case(&(struct room_case){.prepare = template_setup, .user = template_user});
}

/* Its own size, and number of files; what is full is full for its user alone. */
static void size_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	over_setup(p, l, h);
	p->root_size = 2 << 20;
	p->root_inodes = 300;
}

static void size_user(void)
{
	static char block[1 << 20];
	int fd = open("/etc/large", O_WRONLY | O_CREAT, 0600), made = 0;
	char path[64];

	while (write(fd, block, sizeof(block)) > 0)
		;
	CHECK(errno == ENOSPC && lseek(fd, 0, SEEK_END) <= 2 << 20 && unlink("/etc/large") == 0 && close(fd) == 0);
	do
		(void)snprintf(path, sizeof(path), "/etc/many-%d", made++);
	while (mkdir(path, 0755) == 0);
	CHECK(errno == ENOSPC && made > 20 && made < 300 && can_write("/tmp/x"));
}

static void test_size(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = size_setup, .user = size_user});
}

/* A socket of the host's that is offered answers; through an overlay it would not. */
static int listener = -1;

static void socket_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/var/lib/carrel-test-sock/s"};

	over_setup(p, l, h);
	(void)mkdir("/var/lib/carrel-test-sock", 0755);
	CHECK(mount("x", "/var/lib/carrel-test-sock", "tmpfs", 0, "mode=755") == 0);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(listener, 5) == 0);
	CHECK(chmod(at.sun_path, 0666) == 0);
	CHECK(crl_strv_add(&p->sockets, "/var/lib/carrel-test-sock") == 0);
}

static void socket_user(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/var/lib/carrel-test-sock/s"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK(connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
}

static void socket_after(void)
{
	CHECK(umount2("/var/lib/carrel-test-sock", MNT_DETACH) == 0 && rmdir("/var/lib/carrel-test-sock") == 0);
}

static void test_offered_socket(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = socket_setup, .user = socket_user, .after = socket_after});
}

/* An image: what a login needs of the host is there, whatever the image has by these names. */
static void image_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	static const char *const dirs[] = {"",     "/proc", "/sys",  "/dev", "/run",       "/tmp",
					   "/var", "/etc",  "/home", "/opt", "/etc/userdb"};

	(void)h;
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/srv/image%s", dirs[i]);
		CHECK(mkdir(path, 0755) == 0);
	}
	spit("/srv/image/etc/passwd", "u:x:0:0::/:/bin/sh\n");
	spit("/srv/image/etc/issue", "of the image\n");
	spit("/srv/image/etc/userdb/u:shadow.membership", "{}");
	CHECK(symlink("/home/u/groups", "/srv/image/etc/group") == 0);
	CHECK(symlink("/nowhere", "/srv/image/etc/localtime") == 0);
	CHECK(mkdir("/srv/image/etc/nsswitch.conf", 0755) == 0);
	p->root_mode = CRL_ROOT_IMAGE;
	p->root_path = strdup("/srv/image");
	l->groups[l->ngroups++] = 4;
	l->groups[l->ngroups++] = 777777;
}

static void image_user(void)
{
	struct stat host, room;

	CHECK(has_text("/etc/issue", "of the image") && !has_text("/etc/passwd", "u:x:0:"));
	CHECK(has_text("/etc/passwd", "u:x:54321:54321::/home/u:/bin/sh") && has_text("/etc/passwd", "root:x:0:"));
	CHECK(has_text("/etc/group", "\nadm:x:4:u\n") && has_text("/etc/group", "g777777:x:777777:u\n"));
	CHECK(has_text("/etc/nsswitch.conf", "group: files\n") && !is_there("/etc/userdb/u:shadow.membership"));
	CHECK(stat("/etc/localtime", &room) == 0 && S_ISREG(room.st_mode) && room.st_size > 0);
	CHECK(stat("/etc/resolv.conf", &host) == 0 && is_there("/etc/terminfo/x/xterm"));
}

static void image_read_only(void)
{
	image_user();
	CHECK(!can_write("/etc/x") && errno == EROFS && !can_write("/etc/passwd"));
}

static void image_after(void)
{
	CHECK(!is_there("/srv/image/etc/x") && !is_there("/srv/image/etc/pam.d"));
	CHECK(has_text("/srv/image/etc/passwd", "u:x:0:") && !is_there("/srv/image/etc/resolv.conf"));
}

static void test_image(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = image_setup, .user = image_read_only, .after = image_after});
}

static void image_writes_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	image_setup(p, l, h);
	p->root_over = CRL_ROOT_OVER_TMPFS;
	CHECK(crl_strv_add(&p->own, "/etc") == 0);
}

static void image_writes(void)
{
	image_user();
	CHECK(can_write("/etc/x") && !can_write("/opt/x") && errno == EACCES);
	CHECK(unlink("/etc/passwd") < 0 && errno == EBUSY && !can_write("/etc/nsswitch.conf"));
	CHECK(mkdir("/etc/pam.d/x", 0755) < 0 && rename("/etc/userdb", "/etc/y") < 0);
}

static void test_image_that_takes_writes(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = image_writes_setup, .user = image_writes, .after = image_after});
}

static void image_link_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	image_setup(p, l, h);
	CHECK(rename("/srv/image/etc", "/srv/image/not-etc") == 0 && symlink("/home/u", "/srv/image/etc") == 0);
}

static void test_image_with_a_link_for_etc(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = image_link_setup, .refused = "link", .stage = CRL_STAGE_MOUNT});
}

/* The host's root, without others. */
static void hide_users_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	FILE *f;

	(void)l;
	(void)h;
	CHECK(mkdir("/srv/etc", 0755) == 0 && system("cp -a /etc/. /srv/etc/") == 0);
	CHECK(mount("/srv/etc", "/etc", NULL, MS_BIND, NULL) == 0);
	f = fopen("/etc/passwd", "a");
	CHECK(f && fputs("u:x:54321:54321:U:/home/u:/bin/bash\nother:x:54322:54322::/home/other:/bin/sh\n", f) > 0);
	CHECK(fclose(f) == 0);
	f = fopen("/etc/group", "a");
	CHECK(f && fputs("ugroup:x:54321:other\nothers:x:54322:u\n", f) > 0 && fclose(f) == 0);
	p->hide_users = true;
}

static void hide_users_user(void)
{
	CHECK(has_text("/etc/passwd", "\nu:x:54321:54321:U:/home/u:/bin/bash\n") &&
	      has_text("/etc/passwd", "root:x:0:"));
	CHECK(!has_text("/etc/passwd", "other") && has_text("/etc/group", "\nugroup:x:54321:\n"));
	CHECK(!has_text("/etc/group", "others") && has_text("/etc/nsswitch.conf", "passwd: files\n"));
	CHECK(has_text("/etc/nsswitch.conf", "\nhosts:"));
}

static void test_hide_users(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = hide_users_setup, .user = hide_users_user});
}

/* The same where the directory that has these names is the user's. */
static void hide_users_of_own_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	hide_users_setup(p, l, h);
	over_setup(p, l, h);
}

static void hide_users_of_own_user(void)
{
	hide_users_user();
	CHECK(can_write("/etc/made") && rename("/etc/made", "/etc/passwd") < 0 && errno == EBUSY);
	CHECK(unlink("/etc/nsswitch.conf") < 0 && errno == EBUSY);
}

static void test_hide_users_of_own(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = hide_users_of_own_setup, .user = hide_users_of_own_user});
}

/* What is hidden and not there can be made by nobody. keeps: plan/mounts/steering R1 */
static void steering_hidden_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	over_setup(p, l, h);
	CHECK(crl_strv_add(&p->hide, "/etc/ld.so.preload") == 0 && crl_strv_add(&p->hide, "/etc/userdb") == 0);
}

static void steering_hidden_user(void)
{
	CHECK(!can_write("/etc/ld.so.preload") && !can_write("/etc/userdb/x"));
	CHECK(can_write("/etc/made") && rename("/etc/made", "/etc/ld.so.preload") < 0 && errno == EBUSY);
}

static void test_steering_hidden(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = steering_hidden_setup, .user = steering_hidden_user});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_directories),
		cmocka_unit_test(test_steering),
		cmocka_unit_test(test_other_file_systems),
		cmocka_unit_test(test_steering_apart),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_offered_socket),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_image_that_takes_writes),
		cmocka_unit_test(test_image_with_a_link_for_etc),
		cmocka_unit_test(test_hide_users),
		cmocka_unit_test(test_hide_users_of_own),
		cmocka_unit_test(test_steering_hidden),
	};

	if (geteuid() != 0) {
		puts("skip: needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
