// SPDX-License-Identifier: Apache-2.0
/*
 * src/store/image_attach.c and what it stands on: an image is mounted once and shared, a wrong file never, and nothing of
 * it lasts longer than its mount. In namespaces of its own, in which this program is PID 1: what it takes for the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/compat.h"
#include "base/file.h"
#include "base/log.h"
#include "store/image_attach.h"
#include "store/image_place.h"
#include "store/loop.h"

#define TOP "/tmp/carrel-image-test"
#define STORE TOP "/store"
#define STATE TOP "/state"
#define NAME "test"
#define PLACE(image, name) place_of(image, name)

static struct crl_image image;

/* As image_place.h says. */
static const char *place_of(const struct crl_image *of, const char *name)
{
	static char place[300];
	char key[CRL_SHA256_TEXT];
	struct crl_sha256 s;

	crl_sha256_begin(&s);
	crl_sha256_add(&s, of->name, strlen(of->name) + 1);
	crl_sha256_add(&s, of->digest, strlen(of->digest));
	crl_sha256_end(&s, key);
	(void)snprintf(place, sizeof(place), STATE "/images/%s/%s", key, name);
	return place;
}

static struct crl_image_user user(const char *room)
{
	return (struct crl_image_user){.store = STORE, .state = STATE, .room = room, .until_ms = crl_now_ms() + 20000};
}

static int run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *file_of(const struct crl_image *of)
{
	static char path[300];

	(void)snprintf(path, sizeof(path), STORE "/images/" NAME "/%s.%s", of->digest, of->fs);
	return path;
}

/* What carrelctl image add does, of a directory with one file of that text. */
static void add(const char *text, struct crl_image *ret)
{
	scoped_fd dir = -EBADF, file = -EBADF;
	char command[400];
	struct crl_err err = {0};

	*ret = (struct crl_image){.name = NAME, .fs = "erofs", .by = "test", .source = "test", .added_ms = 1};
	(void)snprintf(command, sizeof(command),
		       "rm -rf " TOP "/in && mkdir -p " TOP "/in && echo %s >" TOP "/in/text && "
		       "mkfs.erofs -U 00000000-0000-0000-0000-000000000000 --quiet " TOP "/new " TOP "/in >/dev/null",
		       text);
	assert_int_equal(run(command), 0);
	assert_int_equal(crl_images_open(STORE, NAME, true, &dir, &err), 0);
	file = open(TOP "/new", O_RDONLY | O_CLOEXEC);
	assert_true(crl_sha256_file(file, ret->digest) > 0);
	assert_int_equal(rename(TOP "/new", file_of(ret)), 0);
	assert_int_equal(crl_image_version_of(file, &ret->version), 0);
	assert_int_equal(crl_image_record(dir, ret), 0);
}

static int attach(const char *room, struct crl_err *err)
{
	const struct crl_image_user u = user(room);
	int fd = -EBADF, rc = crl_image_attach(&u, &image, &fd, err);

	return rc < 0 ? rc : fd;
}

static bool is_attached(void)
{
	struct statx st;

	return statx(AT_FDCWD, PLACE(&image, "root"), AT_SYMLINK_NOFOLLOW, STATX_TYPE, &st) == 0 &&
	       st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static int detach_of(const char *const *ids)
{
	scoped(crl_words) gone = {.len = 0};

	for (; *ids; ids++)
		assert_int_equal(crl_words_add(&gone, *ids), 0);
	crl_words_sort(&gone);
	return crl_images_detach(STATE, &gone, NULL);
}
#define DETACH(...) detach_of((const char *const[]){__VA_ARGS__, NULL})

/* Loop devices that have the image's file. */
static int loops(void)
{
	char command[400];

	(void)snprintf(command, sizeof(command),
		       "exit $(losetup -n -O BACK-FILE | grep -c 'images/" NAME "/\\|^" NAME "')");
	return run(command);
}

static dev_t device_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_dev;
}

static bool shows(int fd, const char *text)
{
	char got[64];

	return crl_file_read(fd, "text", got, sizeof(got)) > 0 && strncmp(got, text, strlen(text)) == 0;
}

static int begin(void **unused)
{
	(void)unused;
	(void)umask(022);
	assert_int_equal(run("rm -rf " TOP "/* && mkdir -m 700 " STORE " " STATE), 0);
	add("content", &image);
	return 0;
}

static int end(void **unused)
{
	(void)unused;
	(void)run("umount -l " STATE "/images/*/root " STATE "/images 2>/dev/null; true");
	for (int i = 0; i < 200 && loops() > 0; i++)
		crl_pause_ms(20);
	assert_int_equal(loops(), 0); /* keeps: store/image_attach R3 */
	return 0;
}

static void test_shared(void **unused)
{
	struct crl_err err = {0};
	scoped_fd one = attach("room1", &err), two = -EBADF;

	(void)unused;
	assert_true(one >= 0);
	two = attach("room2", &err);
	assert_true(two >= 0 && shows(one, "content") && shows(two, "content"));
	assert_true(device_of(one) == device_of(two));
	assert_int_equal(loops(), 1);
	assert_true(mkdirat(one, "x", 0700) < 0 && errno == EROFS);
	assert_int_equal(crl_image_how(&(struct crl_image_user){.store = STORE, .state = STATE}, &image),
			 CRL_IMAGE_BY_DIGEST);
	assert_int_equal(DETACH("room1"), 0);
	assert_true(is_attached());
	assert_int_equal(DETACH("room2", "another"), 1);
	assert_false(is_attached());
	assert_true(shows(two, "content")); /* who has it keeps it */
}

/* A helper in the mount namespace of its service: what it attaches is found by everybody. */
static void test_out_of_a_service(void **unused)
{
	struct crl_err err = {0};
	scoped_fd mine = -EBADF;
	int status;
	pid_t pid = fork();

	(void)unused;
	if (pid == 0) {
		int fd;

		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("tmpfs", "/mnt", "tmpfs", 0, NULL) < 0 || mkdir("/mnt/at", 0700) < 0)
			_exit(1);
		fd = attach("room1", NULL);
		if (fd < 0 || !shows(fd, "content"))
			_exit(2);
		/* It is a mount for whatever namespace. */
		if (move_mount(fd, "", AT_FDCWD, "/mnt/at", MOVE_MOUNT_F_EMPTY_PATH) < 0)
			_exit(3);
		_exit(access("/mnt/at/text", R_OK) == 0 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(is_attached());
	mine = attach("room2", &err);
	assert_true(mine >= 0);
	assert_int_equal(loops(), 1);
}

/*
 * Who is second to a free device takes another. keeps: store/loop R1
 */
static void test_devices_at_once(void **unused)
{
	pid_t pid[16];
	int go[2];

	(void)unused;
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	for (size_t i = 0; i < CRL_ARRAY_LEN(pid); i++) {
		char path[CRL_LOOP_PATH_MAX], byte;
		int fd = -EBADF, rc = 0;

		pid[i] = fork();
		if (pid[i] != 0)
			continue;
		(void)close(go[1]);
		if (read(go[0], &byte, 1) != 0) /* until all are there */
			_exit(1);
		for (int round = 0; round < 300 && rc == 0; round++) {
			scoped_fd file = open(file_of(&image), O_RDONLY | O_CLOEXEC);

			rc = crl_loop_attach(file, NAME, &fd, path, NULL);
			drop_fd(&fd);
		}
		_exit(rc < 0);
	}
	(void)close(go[1]);
	for (size_t i = 0; i < CRL_ARRAY_LEN(pid); i++) {
		int status;

		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	(void)close(go[0]);
}

/* All at once: one mount, one device. keeps: store/image_place R2 */
static void test_many_at_once(void **unused)
{
	dev_t *device = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char room[16];
	pid_t pid[12];

	(void)unused;
	assert_true(device != MAP_FAILED);
	for (size_t i = 0; i < CRL_ARRAY_LEN(pid); i++) {
		(void)snprintf(room, sizeof(room), "room%zu", i);
		pid[i] = fork();
		if (pid[i] == 0) {
			struct stat st;
			int fd = attach(room, NULL);

			device[i] = fd >= 0 && fstat(fd, &st) == 0 ? st.st_dev : 0;
			_exit(fd < 0);
		}
	}
	for (size_t i = 0; i < CRL_ARRAY_LEN(pid); i++) {
		int status;

		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
		assert_true(device[i] != 0 && device[i] == device[0]);
	}
	assert_int_equal(loops(), 1);
	(void)munmap(device, 4096);
}

static void test_lock(void **unused)
{
	struct crl_image_user u = user("room1");
	scoped_fd fd = attach("room0", NULL), lock = -EBADF;
	struct crl_err err = {0};
	int got = -EBADF;

	(void)unused;
	assert_true(fd >= 0);
	lock = open(PLACE(&image, "lock"), O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	u.until_ms = crl_now_ms() + 50;
	assert_int_equal(crl_image_attach(&u, &image, &got, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "another login"));
	assert_int_equal(DETACH("room0"), 0);
	assert_true(is_attached());
}

/* keeps: store/image_attach R2 */
static void test_wrong_file(void **unused)
{
	struct crl_err err = {0};
	scoped_fd fd = -EBADF, file = open(file_of(&image), O_RDWR | O_CLOEXEC);

	(void)unused;
	assert_int_equal(pwrite(file, "x", 1, 100), 1);
	assert_int_equal(attach("room1", &err), -EKEYREJECTED);
	assert_false(is_attached());
	assert_int_equal(loops(), 0);
	assert_int_equal(pwrite(file, "\0", 1, 100), 1);
	fd = attach("room1", &err);
	assert_true(fd >= 0);
	/* One that is attached is not given to one more room when its file has become another. */
	assert_int_equal(pwrite(file, "x", 1, 100), 1);
	assert_int_equal(attach("room2", &err), -EKEYREJECTED);
	assert_true(is_attached() && shows(fd, "content"));
}

/* Put in its place by rename: the record is of the digest, and so is the proof. */
static void test_swapped_file(void **unused)
{
	struct crl_image other;
	struct crl_err err = {0};
	char command[800];

	(void)unused;
	add("evil", &other);
	(void)snprintf(command, sizeof(command), "cp %s " TOP "/copy", file_of(&other));
	assert_int_equal(run(command), 0);
	assert_int_equal(rename(TOP "/copy", file_of(&image)), 0);
	assert_int_equal(attach("room1", &err), -EKEYREJECTED);
	assert_int_equal(unlink(file_of(&image)), 0);
	assert_int_equal(attach("room1", &err), -ENOENT);
	assert_int_equal(symlink("elsewhere", file_of(&image)), 0);
	assert_int_equal(attach("room1", &err), -ELOOP);
}

static void test_not_roots(void **unused)
{
	struct crl_err err = {0};

	(void)unused;
	assert_int_equal(chown(file_of(&image), 1000, 0), 0);
	assert_int_equal(attach("room1", &err), -EPERM);
	assert_int_equal(chown(file_of(&image), 0, 0), 0);
	assert_int_equal(chmod(file_of(&image), 0620), 0);
	assert_int_equal(attach("room1", &err), -EPERM);
	assert_int_equal(chmod(file_of(&image), 0600), 0);
	assert_int_equal(link(file_of(&image), TOP "/second"), 0);
	assert_int_equal(attach("room1", &err), -EPERM);
	assert_int_equal(unlink(TOP "/second"), 0);
	assert_int_equal(chmod(STORE, 0755), 0); /* keeps: store/image R1 */
	assert_int_equal(attach("room1", &err), -EPERM);
	assert_int_equal(chmod(STORE, 0700), 0);
	assert_int_equal(mkdir(STATE "/images", 0755), 0); /* keeps: store/image_place R1 */
	assert_int_equal(attach("room1", &err), -EPERM);
	assert_int_equal(chmod(STATE "/images", 0700), 0);
	assert_int_equal(close(attach("room1", &err)), 0);
}

/* keeps: store/image_attach R1 */
static void test_other_mount(void **unused)
{
	struct crl_err err = {0};
	scoped_fd fd = attach("room1", &err);
	struct statvfs fs;

	(void)unused;
	assert_true(fd >= 0);
	drop_fd(&fd);
	assert_int_equal(mount("tmpfs", PLACE(&image, "root"), "tmpfs", 0, NULL), 0);
	assert_int_equal(mount("tmpfs", PLACE(&image, "root"), "tmpfs", MS_RDONLY | MS_NODEV, NULL), 0);
	fd = attach("room2", &err);
	assert_true(fd >= 0 && shows(fd, "content"));
	/* Its own, but somebody has taken away what it is mounted with: not handed on, either. */
	assert_int_equal(mount(NULL, PLACE(&image, "root"), NULL, MS_REMOUNT | MS_BIND, NULL), 0);
	drop_fd(&fd);
	fd = attach("room3", &err);
	assert_true(fd >= 0 && fstatvfs(fd, &fs) == 0 && fs.f_flag & ST_RDONLY && fs.f_flag & ST_NODEV);
}

/* Its parent is shared, as /run is: nothing of it propagates. */
static void test_private(void **unused)
{
	scoped_fd fd = -EBADF;
	int status;
	pid_t pid;

	(void)unused;
	assert_int_equal(mount(NULL, "/tmp", NULL, MS_SHARED, NULL), 0);
	pid = fork();
	if (pid == 0) {
		struct statx st;

		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/tmp", NULL, MS_SLAVE, NULL) < 0 || raise(SIGSTOP) != 0)
			_exit(2);
		_exit(statx(AT_FDCWD, PLACE(&image, "root"), 0, STATX_TYPE, &st) == 0 &&
		      st.stx_attributes & STATX_ATTR_MOUNT_ROOT);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	fd = attach("room1", NULL);
	assert_true(fd >= 0);
	assert_int_equal(kill(pid, SIGCONT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A superblock that the kernel does not like, and one that asks it to stop the host when something is wrong. */
static void test_bad_file_systems(void **unused)
{
	struct crl_image_user u = user("room1");
	struct crl_image bad = image;
	struct crl_err err = {0};
	scoped_fd dir = -EBADF, fd = -EBADF;
	int got = -EBADF;
	char text[4096];

	(void)unused;
	assert_int_equal(crl_images_open(STORE, NAME, true, &dir, &err), 0);
	assert_int_equal(run("truncate -s 8M " TOP "/new && mke2fs -q -F -t ext4 -e panic " TOP "/new"), 0);
	(void)snprintf(bad.fs, sizeof(bad.fs), "ext4");
	fd = open(TOP "/new", O_RDONLY | O_CLOEXEC);
	assert_true(crl_sha256_file(fd, bad.digest) > 0);
	assert_int_equal(rename(TOP "/new", file_of(&bad)), 0);
	assert_int_equal(crl_image_attach(&u, &bad, &got, &err), 0);
	assert_true(move_mount(got, "", AT_FDCWD, "/mnt", MOVE_MOUNT_F_EMPTY_PATH) == 0);
	assert_true(crl_file_read(AT_FDCWD, "/proc/self/mountinfo", text, sizeof(text)) > 0);
	assert_int_equal(run("grep ' /mnt ' /proc/self/mountinfo | grep -q errors=remount-ro"), 0);
	assert_int_equal(umount2("/mnt", MNT_DETACH), 0);
	(void)close(got);
	assert_int_equal(run("head -c 1M /dev/zero >" TOP "/new"), 0);
	drop_fd(&fd);
	fd = open(TOP "/new", O_RDONLY | O_CLOEXEC);
	assert_true(crl_sha256_file(fd, bad.digest) > 0);
	assert_int_equal(rename(TOP "/new", file_of(&bad)), 0);
	assert_true(crl_image_attach(&u, &bad, &got, &err) < 0);
	assert_non_null(strstr(err.text, "cannot mount it as ext4"));
}

static void test_resolve(void **unused)
{
	struct crl_image newer, got;
	struct crl_err err = {0};
	char text[200];

	(void)unused;
	add("newer", &newer);
	newer.added_ms = 2;
	{
		scoped_fd dir = -EBADF;

		assert_int_equal(crl_images_open(STORE, NAME, false, &dir, &err), 0);
		assert_int_equal(crl_image_record(dir, &newer), 0);
	}
	assert_int_equal(crl_image_resolve(STORE, NAME, &got, &err), 0);
	assert_string_equal(got.digest, newer.digest);
	(void)snprintf(text, sizeof(text), NAME "@sha256:%s", image.digest);
	assert_int_equal(crl_image_resolve(STORE, text, &got, &err), 0);
	assert_string_equal(got.digest, image.digest);
	text[strlen(text) - 1] = text[strlen(text) - 1] == '0' ? '1' : '0';
	assert_int_equal(crl_image_resolve(STORE, text, &got, &err), -ENOENT);
	assert_non_null(strstr(err.text, "no version of that digest"));
	assert_int_equal(crl_image_resolve(STORE, "another", &got, &err), -ENOENT);
	assert_int_equal(crl_image_resolve(STORE, "../test", &got, &err), -EINVAL);
	assert_int_equal(run("echo x >>" STORE "/images/" NAME "/*.image 2>/dev/null; for f in " STORE "/images/" NAME
			     "/*.image; do echo x >>$f; done"),
			 0);
	assert_int_equal(crl_image_resolve(STORE, NAME, &got, &err), -EIO);
}

/* Killed anywhere on its way: nothing is left but what the next one goes on with. end() looks for devices. */
static void test_killed(void **unused)
{
	(void)unused;
	for (unsigned int us = 0; us < 12000; us += 400) {
		scoped_fd fd = -EBADF;
		pid_t pid = fork();

		if (pid == 0)
			_exit(attach("room1", NULL) < 0);
		assert_int_equal(usleep(us), 0);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		fd = attach("room2", NULL);
		assert_true(fd >= 0);
		assert_int_equal(DETACH("room1", "room2"), 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static int all_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shared),
		TEST(test_out_of_a_service),
		TEST(test_many_at_once),
		TEST(test_devices_at_once),
		TEST(test_lock),
		TEST(test_wrong_file),
		TEST(test_swapped_file),
		TEST(test_not_roots),
		TEST(test_other_mount),
		TEST(test_private),
		TEST(test_bad_file_systems),
		TEST(test_resolve),
		TEST(test_killed),
	};

	crl_log_set("/nonexistent", false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#if defined(__SANITIZE_ADDRESS__)
/* It looks for leaks by tracing its process, which says no here: it is in namespaces of its own by then. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

int main(void)
{
	int status = 1;
	pid_t pid;

	if (geteuid() != 0) {
		(void)printf("skip: needs root\n");
		return 77;
	}
	if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
		return 1;
	pid = fork();
	if (pid == 0) {
		if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("proc", "/proc", "proc", 0, NULL) < 0 || mount("tmpfs", "/tmp", "tmpfs", 0, NULL) < 0 ||
		    mkdir(TOP, 0700) < 0)
			_exit(1);
		exit(all_tests());
	}
	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
