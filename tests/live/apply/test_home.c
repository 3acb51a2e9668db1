// SPDX-License-Identifier: Apache-2.0
/* Homes: real, overlay, tmpfs; hostile ones; and image roots. Needs root. */
#include "roomtest.h"

#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

#define HOME "/home/u"

static void drop_home(void)
{
	CHECK(unlink(HOME "/mine") == 0 && rmdir(HOME) == 0);
}

/* Each hostile home is refused in words, quickly, and nothing comes into being elsewhere. */
#define BAD_HOME(name, ...) \
	static void bad_##name(struct crl_policy *p, struct crl_login *l, struct crl_host *h) \
	{ \
		(void)p; \
		(void)l; \
		(void)h; \
		__VA_ARGS__; \
	}

BAD_HOME(link_etc, drop_home(); CHECK(symlink("/etc", HOME) == 0 && lchown(HOME, UID, UID) == 0))
BAD_HOME(roots_link_etc, drop_home(); CHECK(symlink("/etc", HOME) == 0))
BAD_HOME(link_other, drop_home(); CHECK(symlink("/home/other", HOME) == 0))
BAD_HOME(file, drop_home(); spit(HOME, ""); CHECK(chown(HOME, UID, UID) == 0))
BAD_HOME(fifo, drop_home(); CHECK(mkfifo(HOME, 0666) == 0 && chown(HOME, UID, UID) == 0))
BAD_HOME(device, drop_home(); CHECK(mknod(HOME, S_IFCHR | 0666, makedev(5, 1)) == 0))
BAD_HOME(other_owner, CHECK(chown(HOME, OTHER, UID) == 0 && chmod(HOME, 0777) == 0))
BAD_HOME(roots_and_groups, CHECK(chown(HOME, 0, 0) == 0 && chmod(HOME, 0775) == 0))
BAD_HOME(open_to_all, CHECK(chmod(HOME, 0777) == 0))
BAD_HOME(closed_way, mkdir("/home/shut", 0700); mkdir("/home/shut/u", 0755);
	 CHECK(chown("/home/shut/u", UID, UID) == 0); strcpy(l->home, "/home/shut/u"))
BAD_HOME(users_link_on_the_way, mkdir("/home/w", 0755); mkdir("/home/x", 0755); mkdir("/home/x/u", 0755);
	 CHECK(chown("/home/x/u", UID, UID) == 0 && chown("/home/w", UID, UID) == 0);
	 CHECK(symlink("/home/x", "/home/w/l") == 0); strcpy(l->home, "/home/w/l/u"))
BAD_HOME(link_loop, drop_home(); CHECK(symlink("v", HOME) == 0 && symlink("u", "/home/v") == 0))
/* What the link says and what is left of the path do not fit together. */
BAD_HOME(long_link, char text[4001]; for (size_t i = 0; i < 2000; i++) memcpy(text + 2 * i, "./", 2); text[4000] = '\0';
	 CHECK(symlink(text, "/home/long") == 0); strcpy(l->home, "/home/long/"); memset(l->home + 11, 'x', 200);
	 l->home[211] = '\0')

static void bad_socket(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = HOME};

	(void)p;
	(void)l;
	(void)h;
	drop_home();
	CHECK(bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a)) == 0);
}

/* keeps: apply/home/home R1, apply/mounts/rights R1 */
static void test_bad_homes(void **state)
{
	static const struct {
		void (*prepare)(struct crl_policy *p, struct crl_login *l, struct crl_host *h);
		const char *says;
	} bad[] = {
		{bad_link_etc, "symbolic link"},
		{bad_roots_link_etc, "owned by uid 0"},
		{bad_link_other, "owned by uid 54322"},
		{bad_file, "a file"},
		{bad_fifo, "a FIFO"},
		{bad_device, "a character device"},
		{bad_socket, "a socket"},
		{bad_other_owner, "owned by uid 54322"},
		{bad_roots_and_groups, "owned by uid 0"},
		{bad_open_to_all, "mode 0777"},
		{bad_closed_way, "not reachable with the user's rights"},
		{bad_users_link_on_the_way, "symbolic link"},
		{bad_link_loop, "a symbolic link"},
		{bad_long_link, "cannot be opened"},
	};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++)
		run_case(&(struct room_case){
			.prepare = bad[i].prepare, .refused = bad[i].says, .stage = CRL_STAGE_HOME});
}

/* Homes that are none, under each way to make one: the room stands, shows what the host shows there, and no more. */
static const char *homeless_home;
static enum crl_home_mode homeless_mode;
static bool homeless_template;
static uid_t homeless_uid;

static void homeless_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)h;
	strcpy(l->home, homeless_home);
	l->uid = homeless_uid;
	p->home_mode = homeless_mode;
	mkdir("/srv/www", 0755);
	spit("/srv/www/page", "page");
	mkdir("/srv/mail", 02775);
	CHECK(chmod("/srv/mail", 02775) == 0);
	mkdir("/srv/secret", 0755);
	spit("/srv/secret/page", "page");
	CHECK(crl_strv_add(&p->hide, "/srv/secret") == 0);
	if (homeless_template) {
		mkdir("/srv/template", 0755);
		CHECK(crl_strv_add(&p->home_lower, "/srv/template") == 0);
	}
}

static void homeless_user(void)
{
	CHECK(!is_there("/home/other") && !is_there("/srv/secret/page") && can_write("/tmp/x"));
	CHECK(is_there("/usr/bin/env") && has_text("/srv/www/page", "page") && is_there("/usr/sbin"));
	CHECK(access("/usr/sbin", W_OK) < 0 &&
	      access("/", W_OK) < 0); /* asked, and not tried: they are the machine's */
}

static void homeless_root(void)
{
	CHECK(access("/usr/sbin", W_OK) < 0 && errno == EROFS);
	CHECK(!can_write("/srv/mail/x") && errno == EROFS);
	CHECK(access("/", W_OK) < 0 && errno == EROFS);
}

static void homeless_after(void)
{
	CHECK(!is_there("/home/u2") && !is_there("/srv/mail/x"));
}

static void test_no_home(void **state)
{
	static const struct {
		const char *home;
		uid_t uid;
	} kase[] = {
		{"/home/u2", UID},
		{"/nonexistent", UID},
		{"/srv/none/deep", 65534},
		{"/", UID},
		{"/var", UID},
		{"/usr/sbin", 1},
		{"/usr/sbin", UID},
		{"/bin", 2},
		{"/dev", 3},
		{"/proc/1/root", UID},
		{"/tmp", UID},
		{"/srv/mail", 8},
		{"/home", 4},
		{"/srv/secret", 34},
		{"/home/other", 9},
		{"/var/run/none", 39},
	};
	const int modes = tmpfs_is_mapped() ? 4 : 3; /* the last is a template, whose owners are mapped */

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(kase); i++) {
		for (int mode = 0; mode < modes; mode++) {
			homeless_home = kase[i].home;
			homeless_uid = kase[i].uid;
			homeless_mode = mode == 3 ? CRL_HOME_OVERLAY : (enum crl_home_mode)mode;
			homeless_template = mode == 3;
			if (strncmp(kase[i].home, "/home/u2", 8) == 0 && (mode == 3 || homeless_mode == CRL_HOME_TMPFS))
				continue; /* a home that is new can be made there */
			run_case(&(struct room_case){.prepare = homeless_setup,
						     .user = homeless_user,
						     .root = homeless_root,
						     .after = homeless_after});
		}
	}
}

/* Of an account's home that is root's the room has the host's, where the account writes what is its own. */
static void pages_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)h;
	p->home_mode = CRL_HOME_REAL;
	mkdir("/srv/www", 0755);
	mkdir("/srv/www/upload", 0755);
	CHECK(chown("/srv/www/upload", UID, UID) == 0);
	strcpy(l->home, "/srv/www");
	l->uid = 33;
}

static void pages_user(void)
{
	CHECK(can_write("/srv/www/upload/x") && !can_write("/srv/www/x"));
}

static void test_pages(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = pages_setup, .user = pages_user});
}

static void real_user(void)
{
	struct stat st;

	CHECK(stat(HOME, &st) == 0 && st.st_uid == UID && (st.st_mode & 07777) == 0750);
	CHECK(can_write(HOME "/kept"));
}

static void real_after(void)
{
	CHECK(is_there(HOME "/kept"));
}

static void test_real(void **state)
{
	(void)state;
	run_case(&(struct room_case){.user = real_user, .after = real_after});
}

/* A link that root made on the way: /home is one on many hosts. */
static void linked_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)p;
	(void)h;
	mkdir("/srv/homes", 0755);
	mkdir("/srv/homes/other", 0755);
	mkdir("/srv/homes/u", 0700);
	CHECK(chown("/srv/homes/u", UID, UID) == 0 && symlink("homes", "/srv/h") == 0);
	CHECK(crl_strv_add(&p->hide, "/srv/h") == 0);
	strcpy(l->home, "/srv/h/u");
}

static void linked_user(void)
{
	CHECK(can_write("/srv/h/u/x") && is_there("/srv/homes/u/x") && !is_there("/srv/homes/other"));
}

static void test_root_link_on_the_way(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = linked_setup, .user = linked_user});
}

/* In a hidden directory several steps deep, and in one of the room's own. */
static void deep_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)p;
	(void)h;
	mkdir("/home/a", 0755);
	mkdir("/home/a/b", 0755);
	mkdir("/home/a/c", 0755);
	mkdir("/home/a/b/u", 0700);
	CHECK(chown("/home/a/b/u", UID, UID) == 0);
	strcpy(l->home, "/home/a/b/u");
}

static void deep_user(void)
{
	CHECK(can_write("/home/a/b/u/x") && !is_there("/home/a/c") && !is_there("/home/u"));
}

static void test_deep(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = deep_setup, .user = deep_user});
}

static void in_tmp_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)p;
	(void)h;
	CHECK(mount("stagetmp", "/tmp", "tmpfs", 0, "mode=1777") == 0);
	mkdir("/tmp/u", 0700);
	CHECK(chown("/tmp/u", UID, UID) == 0);
	strcpy(l->home, "/tmp/u");
}

static void in_tmp_user(void)
{
	CHECK(can_write("/tmp/u/x") && can_write("/tmp/x"));
}

static void in_tmp_after(void)
{
	CHECK(is_there("/tmp/u/x") && !is_there("/tmp/x"));
}

static void test_home_in_tmp(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = in_tmp_setup, .user = in_tmp_user, .after = in_tmp_after});
}

/* What an attacker left as attribute in the lower leads nowhere. */
static void overlay_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	p->home_mode = CRL_HOME_OVERLAY;
	mkdir(HOME "/d", 0755);
	mkdir(HOME "/real", 0755);
	spit(HOME "/real/inside", "x");
	CHECK(chown(HOME "/d", UID, UID) == 0 && chown(HOME "/real", UID, UID) == 0);
	CHECK(setxattr(HOME "/d", "trusted.overlay.redirect", "/real", 5, 0) == 0);
	mkdir(HOME "/below", 0755);
	mkdir(HOME "/other", 0755);
	spit(HOME "/below/f", "below");
	spit(HOME "/other/f", "other");
	spit(HOME "/one", "x");
	CHECK(link(HOME "/one", HOME "/two") == 0);
	CHECK(chown(HOME "/below", UID, UID) == 0 && chown(HOME "/other", UID, UID) == 0 &&
	      chown(HOME "/one", UID, UID) == 0);
}

/* As in a real home: directories from below are renamed, links from below stay links, inode numbers stay. */
static void overlay_like_real(void)
{
	struct stat one, two, before;
	int fd;

	CHECK(rename(HOME "/below", HOME "/moved") == 0 && has_text(HOME "/moved/f", "below") &&
	      !is_there(HOME "/below"));
	CHECK(renameat2(AT_FDCWD, HOME "/moved", AT_FDCWD, HOME "/other", RENAME_EXCHANGE) == 0);
	CHECK(has_text(HOME "/moved/f", "other") && has_text(HOME "/other/f", "below"));
	CHECK(mkdir(HOME "/below", 0700) == 0 && !is_there(HOME "/below/f"));
	CHECK(stat(HOME "/one", &before) == 0 && before.st_nlink == 2);
	fd = open(HOME "/one", O_WRONLY | O_APPEND | O_CLOEXEC);
	CHECK(fd >= 0 && write(fd, "yz", 2) == 2);
	close(fd);
	CHECK(stat(HOME "/one", &one) == 0 && stat(HOME "/two", &two) == 0);
	CHECK(one.st_nlink == 2 && two.st_nlink == 2 && two.st_size == 3);
	CHECK(one.st_ino == two.st_ino && one.st_ino == before.st_ino && one.st_dev == before.st_dev);
	/* What was left on it below leads nowhere under its new name, either. */
	CHECK(rename(HOME "/d", HOME "/d2") == 0 && is_there(HOME "/d2/new") && !is_there(HOME "/d2/inside"));
}

static void overlay_user(void)
{
	struct stat st;

	CHECK(stat(HOME, &st) == 0 && st.st_uid == UID && (st.st_mode & 07777) == 0750);
	CHECK(has_text(HOME "/mine", "mine") && can_write(HOME "/new") && can_write(HOME "/d/new"));
	CHECK(unlink(HOME "/mine") == 0 && !is_there(HOME "/mine"));
	CHECK(!is_there(HOME "/d/inside"));
	CHECK(setxattr(HOME "/d", "trusted.overlay.redirect", "/x", 2, 0) < 0);
	CHECK(!has_text("/proc/self/mountinfo", "lowerdir=/") && !has_text("/proc/self/mountinfo", "upperdir=/"));
	CHECK(!has_text("/proc/self/mountinfo", "xino=on"));
	overlay_like_real();
}

static void overlay_after(void)
{
	CHECK(is_there(HOME "/mine") && !is_there(HOME "/new") && !is_there(HOME "/d/new"));
	CHECK(has_text(HOME "/below/f", "below") && has_text(HOME "/other/f", "other") && !is_there(HOME "/moved"));
}

static void test_overlay(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = overlay_setup, .user = overlay_user, .after = overlay_after});
}

static void roots_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	p->home_mode = CRL_HOME_REAL;
	CHECK(chown(HOME, 0, 0) == 0 && chmod(HOME, 0755) == 0);
	mkdir(HOME "/upload", 0755);
	CHECK(chown(HOME "/upload", UID, UID) == 0);
}

static void roots_user(void)
{
	struct stat st;

	CHECK(stat(HOME, &st) == 0 && st.st_uid == 0 && (st.st_mode & 07777) == 0755);
	CHECK(!can_write(HOME "/x") && can_write(HOME "/upload/x"));
}

static void test_home_of_roots(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = roots_setup, .user = roots_user});
}

static void template_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)h;
	p->home_mode = CRL_HOME_OVERLAY;
	mkdir("/srv/template", 0755);
	spit("/srv/template/readme", "template");
	mkdir("/srv/template/d", 0755);
	spit("/srv/template/theirs", "x");
	CHECK(chown("/srv/template/theirs", OTHER, OTHER) == 0);
	CHECK(crl_strv_add(&p->home_lower, "/srv/template") == 0);
	strcpy(l->home, "/home/nobody-made-this");
}

static void template_user(void)
{
	struct stat st;

	CHECK(stat("/home/nobody-made-this", &st) == 0 && st.st_uid == UID && (st.st_mode & 07777) == 0700);
	CHECK(has_text("/home/nobody-made-this/readme", "template") && can_write("/home/nobody-made-this/x"));
	/* What is root's in it is the user's here, and all else is as it was. */
	CHECK(stat("/home/nobody-made-this/readme", &st) == 0 && st.st_uid == UID && st.st_gid == UID);
	CHECK(can_write("/home/nobody-made-this/readme") && can_write("/home/nobody-made-this/d/x"));
	CHECK(stat("/home/nobody-made-this/theirs", &st) == 0 && st.st_uid == OTHER && st.st_gid == OTHER);
}

static void template_after(void)
{
	struct stat st;

	CHECK(has_text("/srv/template/readme", "template") && !is_there("/srv/template/d/x"));
	CHECK(stat("/srv/template/readme", &st) == 0 && st.st_uid == 0 && st.st_gid == 0);
}

static void test_template(void **state)
{
	(void)state;
	if (!tmpfs_is_mapped())
		skip();
	run_case(&(struct room_case){.prepare = template_setup, .user = template_user, .after = template_after});
}

static void kept_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	template_setup(p, l, h);
	p->lower_owner = CRL_LOWER_KEEP;
	spit("/srv/template/mine", "template");
	CHECK(chown("/srv/template/mine", UID, UID) == 0);
}

static void kept_user(void)
{
	struct stat st;

	CHECK(stat("/home/nobody-made-this/readme", &st) == 0 && st.st_uid == 0);
	CHECK(!can_write("/home/nobody-made-this/readme") && can_write("/home/nobody-made-this/mine"));
}

static void test_template_keeps_owners(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = kept_setup, .user = kept_user});
}

/* An overlay has no idmapped mounts. */
static void unmappable_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	template_setup(p, l, h);
	mkdir("/srv/merged", 0755);
	mkdir("/srv/none", 0755);
	CHECK(mount("overlay", "/srv/merged", "overlay", 0, "lowerdir=/srv/template:/srv/none") == 0);
	crl_strv_done(&p->home_lower);
	CHECK(crl_strv_add(&p->home_lower, "/srv/merged") == 0);
}

static void test_template_that_cannot_be_mapped(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = unmappable_setup,
				     .refused = "cannot map owners (home.lower_owner)",
				     .stage = CRL_STAGE_HOME});
}

static void users_template(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	template_setup(p, l, h);
	CHECK(chown("/srv/template", UID, UID) == 0);
}

static void test_template_is_roots(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = users_template, .refused = "home.lower", .stage = CRL_STAGE_HOME});
}

static void skeleton_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	(void)l;
	(void)h;
	p->home_mode = CRL_HOME_TMPFS;
	p->home_skeleton = strdup("/srv/skel");
	mkdir("/srv/skel", 0755);
	mkdir("/srv/skel/d", 0750);
	spit("/srv/skel/d/file", "text");
	spit("/srv/skel/suid", "x");
	CHECK(chmod("/srv/skel/suid", 06755) == 0 && symlink("/etc/shadow", "/srv/skel/link") == 0);
}

static void skeleton_user(void)
{
	struct stat st;

	CHECK(stat(HOME, &st) == 0 && st.st_uid == UID && (st.st_mode & 07777) == 0700);
	CHECK(has_text(HOME "/d/file", "text") && stat(HOME "/d", &st) == 0 && st.st_uid == UID &&
	      (st.st_mode & 07777) == 0750);
	CHECK(stat(HOME "/suid", &st) == 0 && (st.st_mode & 07777) == 0755 && st.st_gid == UID);
	CHECK(lstat(HOME "/link", &st) == 0 && S_ISLNK(st.st_mode) && st.st_uid == UID);
	CHECK(!is_there(HOME "/mine") && can_write(HOME "/new"));
}

static void skeleton_after(void)
{
	CHECK(!is_there(HOME "/new") && is_there(HOME "/mine"));
}

static void test_tmpfs(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = skeleton_setup, .user = skeleton_user, .after = skeleton_after});
}

static void skeleton_fifo(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	skeleton_setup(p, l, h);
	CHECK(mkfifo("/srv/skel/d/fifo", 0644) == 0);
}

static void test_skeleton_with_fifo(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = skeleton_fifo, .refused = "fifo", .stage = CRL_STAGE_HOME});
}

/* Image roots. /usr of the host is lent to it so that it is of use. */
static void image_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	static const char *const dirs[] = {"",     "/proc", "/sys",     "/dev",  "/run",
					   "/tmp", "/var",  "/var/tmp", "/home", "/etc"};

	(void)l;
	(void)h;
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "/srv/image%s", dirs[i]);
		CHECK(mkdir(path, 0755) == 0);
	}
	spit("/srv/image/etc/marker", "image");
	p->root_mode = CRL_ROOT_IMAGE;
	p->root_path = strdup("/srv/image");
}

static void image_user(void)
{
	CHECK(has_text("/etc/marker", "image") && !is_there("/usr") && can_write(HOME "/x") && can_write("/tmp/x"));
	CHECK(!has_text("/proc/self/mountinfo", "stagemnt"));
}

static void image_root(void)
{
	CHECK(!can_write("/etc/x") && errno == EROFS);
}

static void test_image(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = image_setup, .user = image_user, .root = image_root});
}

static void writable_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	image_setup(p, l, h);
	p->root_writable = true;
	p->home_mode = CRL_HOME_OVERLAY; /* two overlays in one room */
	mkdir("/srv/image/open", 0777);
	chmod("/srv/image/open", 0777);
	mkdir("/srv/image/frozen", 0755);
	CHECK(crl_strv_add(&p->read_only, "/frozen") == 0);
}

static void writable_user(void)
{
	CHECK(can_write("/open/x") && has_text("/etc/marker", "image") && can_write(HOME "/gone"));
}

static void writable_root(void)
{
	CHECK(can_write("/etc/x") && !can_write("/frozen/x") && errno == EROFS);
}

static void writable_after(void)
{
	CHECK(!is_there("/srv/image/etc/x") && !is_there("/srv/image/open/x") && !is_there(HOME "/gone"));
}

static void test_image_with_overlay(void **state)
{
	(void)state;
	run_case(&(struct room_case){
		.prepare = writable_setup, .user = writable_user, .root = writable_root, .after = writable_after});
}

/* What a nested /proc needs is there in an image as well, also in one without a place for /sys. */
static void nest_setup(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	image_setup(p, l, h);
	h->nest = true;
}

static void nest_without_sys(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	nest_setup(p, l, h);
	CHECK(rmdir("/srv/image/sys") == 0);
}

static void nest_user(void)
{
	CHECK(has_text("/proc/self/mountinfo", "/run/carrel-nest/proc"));
	CHECK(is_there("/run/carrel-nest") && !is_there("/run/carrel-nest/proc"));
}

static void test_nest_in_image(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = nest_setup, .user = nest_user});
	run_case(&(struct room_case){.prepare = nest_without_sys, .user = nest_user});
}

/* An image whose own directories are links that would lead a mount out of it. */
static const char *linked_dir;
static const char *linked_to;

static void linked_image(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	char path[64];

	image_setup(p, l, h);
	(void)snprintf(path, sizeof(path), "/srv/image%s", linked_dir);
	CHECK(rmdir(path) == 0 && symlink(linked_to, path) == 0);
}

static void test_links_in_image(void **state)
{
	static const char *const dirs[] = {"/proc", "/dev", "/tmp", "/run", "/sys"};
	static const char *const targets[] = {"/..", "/proc/1/root", "../../etc", "/etc"};

	(void)state;
	for (size_t i = 0; i < CRL_ARRAY_LEN(dirs); i++) {
		for (size_t k = 0; k < CRL_ARRAY_LEN(targets); k++) {
			linked_dir = dirs[i];
			linked_to = targets[k];
			run_case(&(struct room_case){
				.prepare = linked_image, .refused = "symbolic link", .stage = CRL_STAGE_MOUNT});
		}
	}
}

static void open_image(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	image_setup(p, l, h);
	CHECK(chmod("/srv/image", 0775) == 0);
}

static void users_image(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	image_setup(p, l, h);
	CHECK(chown("/srv", UID, UID) == 0);
}

static void test_image_is_roots(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = open_image, .refused = "image", .stage = CRL_STAGE_MOUNT});
	run_case(&(struct room_case){.prepare = users_image, .refused = "image", .stage = CRL_STAGE_MOUNT});
}

static void homeless_image(struct crl_policy *p, struct crl_login *l, struct crl_host *h)
{
	image_setup(p, l, h);
	CHECK(rmdir("/srv/image/home") == 0);
}

static void test_image_without_place_for_home(void **state)
{
	(void)state;
	run_case(&(struct room_case){.prepare = homeless_image, .refused = "no such place", .stage = CRL_STAGE_HOME});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_homes),
		cmocka_unit_test(test_no_home),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_real),
		cmocka_unit_test(test_root_link_on_the_way),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_home_in_tmp),
		cmocka_unit_test(test_overlay),
		cmocka_unit_test(test_home_of_roots),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_template_keeps_owners),
		cmocka_unit_test(test_template_that_cannot_be_mapped),
		cmocka_unit_test(test_template_is_roots),
		cmocka_unit_test(test_tmpfs),
		cmocka_unit_test(test_skeleton_with_fifo),
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_image_with_overlay),
		cmocka_unit_test(test_nest_in_image),
		cmocka_unit_test(test_links_in_image),
		cmocka_unit_test(test_image_is_roots),
		cmocka_unit_test(test_image_without_place_for_home),
	};

	if (geteuid() != 0) {
		puts("skip: needs root");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
