// SPDX-License-Identifier: Apache-2.0
/*
 * carrelctl image add: a file system of its own from a tree, a tar stream or a file system image.
 *
 * What is being made stands in STORE/images/.new, below the lock, and is an image only when its record is written.
 * Nothing of the source is opened by this process but the source itself: programs that handle what is in it run in a
 * place of their own (tool.h).
 */
#include "ctl/image/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "ctl/conf/who.h"
#include "ctl/image/tool.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "store/verity.h"

#define NEW ".new"
#define COPY_SIZE (1u << 20)
/* The same tree shall be the same file: nothing in it is of now. Times of files stay; none is later than this. */
#define EROFS_TIME "SOURCE_DATE_EPOCH=4294967295"
#define EROFS_UUID "00000000-0000-0000-0000-000000000000"

struct adding {
	struct crl_image_user user;
	struct crl_image image;
	char wanted[CRL_SHA256_TEXT]; /* digest; "" = any */
	int images; /* STORE/images */
	int dir; /* STORE/images/NAME */
	int work; /* STORE/images/.new */
	int source;
	struct crl_err *err;
};

/* What an add before left when it was ended. It may be anybody's tree: a tool removes it. */
static int remove_work(int images, struct crl_err *err)
{
	static char program[] = "rm", flags[] = "-rf", keep[] = "--one-file-system", what[] = "/out/" NEW;
	char *argv[] = {program, flags, keep, what, NULL};

	if (faccessat(images, NEW, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	return ctl_tool_run(&(struct ctl_tool){.argv = argv, .package = "coreutils", .in = -EBADF, .out = images}, err);
}

static int make_work(struct adding *a)
{
	int rc = remove_work(a->images, a->err);

	if (rc < 0)
		return rc;
	if (mkdirat(a->images, NEW, 0700) == 0)
		a->work = openat(a->images, NEW, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return a->work < 0 ? crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot make %s/images/" NEW, a->user.store)
			   : 0;
}

/* To the end of @from, from where it stands. */
static int copy_to(struct adding *a, int from, const char *name, int *ret_fd)
{
	scoped_fd to = openat(a->work, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	scoped_free char *buf = malloc(COPY_SIZE);
	ssize_t n = 1;

	if (to < 0 || !buf)
		return crl_err_set(a->err, to < 0 ? errno : ENOMEM, CRL_STAGE_MOUNT, "cannot write into %s",
				   a->user.store);
	while (n > 0) {
		n = read(from, buf, COPY_SIZE);
		for (ssize_t done = 0, w; n > 0 && done < n; done += w) {
			w = write(to, buf + done, (size_t)(n - done));
			if (w < 0)
				return crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot write into %s",
						   a->user.store);
		}
		if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0)
		return crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot read the source");
	*ret_fd = take_fd(&to);
	return 0;
}

static int make_erofs(struct adding *a, int tree)
{
	static char program[] = "mkfs.erofs", quiet[] = "--quiet", u[] = "-U", uuid[] = EROFS_UUID, to[] = "/out/file",
		    from[] = "/in";
	char *argv[] = {program, quiet, u, uuid, to, from, NULL};

	(void)snprintf(a->image.fs, sizeof(a->image.fs), "erofs");
	return ctl_tool_run(
		&(struct ctl_tool){
			.argv = argv, .env = EROFS_TIME, .package = "erofs-utils", .in = tree, .out = a->work},
		a->err);
}

/* Owners by their numbers, modes, capabilities and users' attributes as the archive has them; no others. */
static int unpack(struct adding *a, int archive)
{
	static char program[] = "tar", extract[] = "--extract", file[] = "--file=/in", to[] = "--directory=/out/tree",
		    numbers[] = "--numeric-owner", owners[] = "--same-owner", modes[] = "--preserve-permissions",
		    xattrs[] = "--xattrs", capabilities[] = "--xattrs-include=security.capability",
		    users[] = "--xattrs-include=user.*";
	char *argv[] = {program, extract, file, to, numbers, owners, modes, xattrs, capabilities, users, NULL};
	scoped_fd tree = -EBADF;
	int rc;

	if (mkdirat(a->work, "tree", 0755) < 0)
		return crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot write into %s", a->user.store);
	rc = ctl_tool_run(&(struct ctl_tool){.argv = argv, .package = "tar", .in = archive, .out = a->work}, a->err);
	if (rc < 0)
		return crl_err_wrap(a->err, rc, CRL_STAGE_MOUNT,
				    "the source is no erofs, squashfs or ext4, and no tar archive");
	tree = openat(a->work, "tree", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return tree < 0 ? crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot open what was unpacked")
			: make_erofs(a, tree);
}

static int take_file(struct adding *a, bool whole)
{
	scoped_fd input = -EBADF, copy = -EBADF;
	char head[CRL_IMAGE_HEAD];
	const char *fs;
	ssize_t n;
	int rc = whole ? 0 : copy_to(a, a->source, "input", &input); /* a stream cannot be read twice */

	if (rc < 0)
		return rc;
	n = pread(whole ? a->source : input, head, sizeof(head), 0);
	if (n < 0)
		return crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot read the source");
	fs = crl_image_fs(head, (size_t)n);
	if (!fs)
		return unpack(a, whole ? a->source : input);
	(void)snprintf(a->image.fs, sizeof(a->image.fs), "%s", fs);
	if (whole)
		return copy_to(a, a->source, "file", &copy);
	return renameat(a->work, "input", a->work, "file") < 0
		       ? crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot write into %s", a->user.store)
		       : 0;
}

/* Later than all that are there, whatever the clock was at their time: what was added last is what the name means. */
static int date(struct adding *a)
{
	scoped(crl_images) all = {.len = 0};
	int rc = crl_images_list(a->user.store, a->image.name, &all, a->err);

	a->image.added_ms = crl_clock_ms();
	for (size_t i = 0; rc == 0 && i < all.len; i++)
		if (all.item[i].added_ms >= a->image.added_ms)
			a->image.added_ms = all.item[i].added_ms + 1;
	return rc;
}

/* .new/file, whatever the source is. */
static int make_file(struct adding *a, const char *source)
{
	struct stat st;

	if (strcmp(source, "-") == 0) {
		if (isatty(STDIN_FILENO))
			return crl_err_set(a->err, EINVAL, CRL_STAGE_MOUNT, "standard input is a terminal");
		a->source = dup(STDIN_FILENO);
		return a->source < 0 ? crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot read standard input")
				     : take_file(a, false);
	}
	a->source = open(source, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (a->source < 0 || fstat(a->source, &st) < 0)
		return crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot open %s", source);
	if (S_ISDIR(st.st_mode))
		return make_erofs(a, a->source);
	if (!S_ISREG(st.st_mode))
		return crl_err_set(a->err, EINVAL, CRL_STAGE_MOUNT, "%s is neither a file nor a directory", source);
	return take_file(a, true);
}

/* One that was added before, and is as it was, stays: rooms may have it. */
static bool is_there(const struct adding *a)
{
	char digest[CRL_SHA256_TEXT];
	scoped_fd fd = -EBADF;

	return crl_image_open(a->dir, &a->image, a->image.fs, &fd, NULL) == 0 && crl_sha256_file(fd, digest) > 0 &&
	       strcmp(digest, a->image.digest) == 0;
}

/* The file by its digest, in its place. It changes no more; its version is that of the place. */
static int place_file(struct adding *a)
{
	scoped_fd file = openat(a->work, "file", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char name[CRL_IMAGE_FILE_MAX];
	int64_t size;

	if (file < 0 || fchmod(file, 0600) < 0 || fchown(file, 0, 0) < 0 || fsync(file) < 0)
		return crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot write into %s", a->user.store);
	size = crl_sha256_file(file, a->image.digest);
	if (size < 0)
		return crl_err_set(a->err, (int)-size, CRL_STAGE_MOUNT, "cannot read what was made");
	if (a->wanted[0] && strcmp(a->wanted, a->image.digest) != 0)
		return crl_err_set(a->err, EKEYREJECTED, CRL_STAGE_MOUNT, "its digest is %s: not added",
				   a->image.digest);
	crl_image_file(&a->image, a->image.fs, name);
	if (!is_there(a) && renameat(a->work, "file", a->dir, name) < 0)
		return crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot write into %s", a->user.store);
	return 0;
}

static int place_tree(struct adding *a, int file)
{
	scoped_fd tree = -EBADF;
	char name[CRL_IMAGE_FILE_MAX];
	int rc;

	if (!crl_verity_fits(a->image.version.size))
		return 0;
	tree = openat(a->work, "tree-of-digests", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (tree < 0)
		return crl_err_set(a->err, errno, CRL_STAGE_MOUNT, "cannot write into %s", a->user.store);
	rc = crl_verity_make(file, a->image.version.size, a->image.digest, tree, a->image.root_hash);
	crl_image_file(&a->image, CRL_IMAGE_TREE, name);
	if (rc == 0 && renameat(a->work, "tree-of-digests", a->dir, name) < 0)
		rc = -errno;
	return rc < 0 ? crl_err_set(a->err, -rc, CRL_STAGE_MOUNT, "cannot make the tree of digests") : 0;
}

static bool is_version(const struct adding *a)
{
	char name[CRL_IMAGE_FILE_MAX];

	crl_image_file(&a->image, CRL_IMAGE_RECORD, name);
	return faccessat(a->dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Unless it was one before: then that one stays as it is, and what failed now has nothing to do with it. */
static void forget_file(const struct adding *a)
{
	const char *const suffix[] = {CRL_IMAGE_TREE, a->image.fs};
	char name[CRL_IMAGE_FILE_MAX];

	for (size_t i = 0; i < CRL_ARRAY_LEN(suffix) && !is_version(a); i++) {
		crl_image_file(&a->image, suffix[i], name);
		(void)unlinkat(a->dir, name, 0);
	}
}

/* Can it be mounted? Then it is one. */
static int prove_and_record(struct adding *a)
{
	scoped_fd file = -EBADF, mount = -EBADF;
	int rc = crl_image_open(a->dir, &a->image, a->image.fs, &file, a->err);

	if (rc == 0 && crl_image_version_of(file, &a->image.version) < 0)
		rc = crl_err_set(a->err, EIO, CRL_STAGE_MOUNT, "cannot look at what was made");
	if (rc == 0)
		rc = place_tree(a, file);
	if (rc == 0)
		rc = crl_image_attach(&a->user, &a->image, &mount, a->err);
	if (rc < 0) {
		forget_file(a);
		return rc;
	}
	rc = crl_image_record(a->dir, &a->image);
	return rc < 0 ? crl_err_set(a->err, -rc, CRL_STAGE_MOUNT, "cannot write the record of %s", a->image.name) : 0;
}

static int add(struct adding *a, const char *source)
{
	int rc = crl_images_open(a->user.store, NULL, true, &a->images, a->err);

	if (rc == 0)
		crl_images_tidy(a->images); /* what one before left when it was killed */
	if (rc == 0)
		rc = crl_images_open(a->user.store, a->image.name, true, &a->dir, a->err);
	if (rc == 0)
		rc = date(a);
	if (rc == 0)
		rc = make_work(a);
	if (rc == 0)
		rc = make_file(a, source);
	if (rc == 0)
		rc = place_file(a);
	if (rc == 0)
		rc = prove_and_record(a);
	if (a->work >= 0)
		crl_ignore(remove_work(a->images, NULL)); /* or the next one does */
	if (rc < 0)
		(void)unlinkat(a->images, a->image.name, AT_REMOVEDIR); /* when there is no other version */
	return rc;
}

static enum ctl_exit run_add(const struct ctl *c, int argc, char **argv)
{
	struct crl_err err = {0};
	struct adding a = {.user = ctl_image_user(c),
			   .images = -EBADF,
			   .dir = -EBADF,
			   .work = -EBADF,
			   .source = -EBADF,
			   .err = &err};
	scoped_fd lock = -EBADF;
	int rc;

	(void)argc;
	if (crl_imageref_parse(argv[0], a.image.name, a.wanted) < 0)
		return ctl_complain(c, CTL_USAGE, "%s: %s", argv[0], crl_imageref_fault(argv[0]));
	ctl_who_acts(a.image.by, sizeof(a.image.by));
	(void)crl_visible_line(a.image.source, sizeof(a.image.source), argv[1]);
	rc = ctl_image_lock(c, &lock, &err);
	if (rc == 0)
		rc = add(&a, argv[1]);
	drop_fd(&a.source);
	drop_fd(&a.work);
	drop_fd(&a.dir);
	drop_fd(&a.images);
	if (ctl_image_detach(c, rc == 0 ? &err : NULL) < 0 || rc < 0)
		return ctl_error(c, &err);
	(void)printf("%s@sha256:%s\n", a.image.name, a.image.digest);
	return CTL_YES;
}

const struct ctl_command ctl_image_add = {
	.name = "add",
	.usage = "IMAGE FILE|DIR|-",
	.summary = "make an image of a tree, a tar archive, or an erofs, squashfs or ext4 file system",
	.examples =
		(const char *const[]){
			"carrelctl image add desk /srv/desk.tar.xz",
			"carrelctl image add desk - <desk.tar",
			NULL,
		},
	.least = 2,
	.most = 2,
	.makes_rooms = true,
	.offer = CTL_OFFER_FILE,
	.run = run_add,
};
