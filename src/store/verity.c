// SPDX-License-Identifier: Apache-2.0
/* See verity.h. A device without its table, or another one, is never handed out. */
#include "store/verity.h"

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "store/loop.h"

#define BLOCK CRL_VERITY_BLOCK
#define DIGESTS (BLOCK / CRL_SHA256_BYTES) /* in a block of the tree */
#define LEVELS_MAX 9 /* 128^9 blocks are more than a file can have */
#define DEVICES 16 /* of one image: the last one's mount may still be somebody's */
#define SECTOR 512

struct tree {
	uint8_t salt[CRL_SHA256_BYTES];
	int fd;
	size_t levels;
	uint64_t blocks[LEVELS_MAX]; /* of each level, the lowest first */
	uint64_t at[LEVELS_MAX]; /* its first block in the tree's file: the top comes first */
};

bool crl_verity_fits(uint64_t size)
{
	return size % BLOCK == 0 && size / BLOCK >= 2 && size <= INT64_MAX;
}

static int read_salt(const char *text, uint8_t salt[CRL_SHA256_BYTES])
{
	if (!crl_sha256_is_text(text))
		return -EINVAL;
	for (size_t i = 0; i < CRL_SHA256_BYTES; i++) {
		const char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};

		salt[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return 0;
}

static void lay_out(struct tree *t, uint64_t blocks)
{
	uint64_t at = 0;

	while (blocks > 1) {
		blocks = (blocks + DIGESTS - 1) / DIGESTS;
		t->blocks[t->levels++] = blocks;
	}
	for (size_t i = t->levels; i-- > 0;) {
		t->at[i] = at;
		at += t->blocks[i];
	}
}

static void digest_block(const struct tree *t, const uint8_t *block, char text[CRL_SHA256_TEXT])
{
	struct crl_sha256 s;

	crl_sha256_begin(&s);
	crl_sha256_add(&s, t->salt, sizeof(t->salt));
	crl_sha256_add(&s, block, BLOCK);
	crl_sha256_end(&s, text);
}

static int whole_block(int fd, uint64_t at, uint8_t *block)
{
	ssize_t n = pread(fd, block, BLOCK, (off_t)(at * BLOCK));

	return n < 0 ? -errno : n == BLOCK ? 0 : -EIO;
}

/* One level from what is below it, @below blocks that begin at block @at of @fd. */
static int make_level(const struct tree *t, size_t level, int fd, uint64_t at, uint64_t below)
{
	uint8_t in[BLOCK], out[BLOCK];
	char text[CRL_SHA256_TEXT];
	int rc = 0;

	for (uint64_t i = 0; i < t->blocks[level] && rc == 0; i++) {
		memset(out, 0, sizeof(out));
		for (uint64_t j = 0; j < DIGESTS && i * DIGESTS + j < below && rc == 0; j++) {
			rc = whole_block(fd, at + i * DIGESTS + j, in);
			digest_block(t, in, text);
			crl_ignore(read_salt(text, out + j * CRL_SHA256_BYTES)); /* it is a digest */
		}
		if (rc == 0 && pwrite(t->fd, out, BLOCK, (off_t)((t->at[level] + i) * BLOCK)) != BLOCK)
			rc = errno ? -errno : -ENOSPC;
	}
	return rc;
}

int crl_verity_make(int data, uint64_t size, const char *salt, int tree, char root[CRL_SHA256_TEXT])
{
	struct tree t = {.fd = tree};
	uint8_t top[BLOCK];
	int rc = crl_verity_fits(size) ? read_salt(salt, t.salt) : -EINVAL;

	if (rc < 0)
		return rc;
	lay_out(&t, size / BLOCK);
	rc = make_level(&t, 0, data, 0, size / BLOCK);
	for (size_t i = 1; i < t.levels && rc == 0; i++)
		rc = make_level(&t, i, tree, t.at[i - 1], t.blocks[i - 1]);
	if (rc == 0)
		rc = whole_block(tree, 0, top);
	if (rc == 0)
		digest_block(&t, top, root);
	return rc == 0 && fsync(tree) < 0 ? -errno : rc;
}

/* ---- the device --------------------------------------------------------------------------------------------- */

/* A request to the device mapper, with room for one table line. */
struct request {
	struct dm_ioctl dm;
	struct dm_target_spec target;
	char line[512];
};

static void device_name(const char *root, unsigned int number, char *buf, size_t size)
{
	(void)snprintf(buf, size, "carrel-image-%.16s-%u", root, number);
}

static int ask(int control, unsigned long what, struct request *r)
{
	r->dm.version[0] = DM_VERSION_MAJOR;
	r->dm.data_size = sizeof(*r);
	r->dm.data_start = offsetof(struct request, target);
	return ioctl(control, what, &r->dm) < 0 ? -errno : 0;
}

static int open_control(void)
{
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int create(int control, const char *root, char *name, size_t size)
{
	for (unsigned int i = 0; i < DEVICES; i++) {
		struct request r = {.dm.flags = DM_READONLY_FLAG};
		int rc;

		device_name(root, i, r.dm.name, sizeof(r.dm.name));
		(void)snprintf(r.dm.uuid, sizeof(r.dm.uuid), "CARREL-IMAGE-%s-%u", root, i);
		rc = ask(control, DM_DEV_CREATE, &r);
		if (rc == 0)
			(void)snprintf(name, size, "%s", r.dm.name);
		if (rc != -EBUSY)
			return rc;
	}
	return -EBUSY;
}

static int remove_device(int control, const char *name, uint32_t flags)
{
	struct request r = {.dm.flags = flags};

	(void)snprintf(r.dm.name, sizeof(r.dm.name), "%s", name);
	return ask(control, DM_DEV_REMOVE, &r);
}

/* The kernel's words: format, devices, block sizes, how many blocks, where the tree begins, and what proves. */
static int load_table(int control, const char *name, const struct crl_verity *v)
{
	struct request r = {.dm.flags = DM_READONLY_FLAG, .dm.target_count = 1};
	int n;

	(void)snprintf(r.dm.name, sizeof(r.dm.name), "%s", name);
	r.target.length = v->size / SECTOR;
	(void)snprintf(r.target.target_type, sizeof(r.target.target_type), "verity");
	n = snprintf(r.line, sizeof(r.line), "1 %s %s %u %u %llu 0 sha256 %s %s", v->data, v->tree, BLOCK, BLOCK,
		     (unsigned long long)(v->size / BLOCK), v->root, v->salt);
	if (n < 0 || (size_t)n >= sizeof(r.line))
		return -EOVERFLOW;
	r.target.next = sizeof(r.target) + sizeof(r.line);
	return ask(control, DM_TABLE_LOAD, &r);
}

/* Make it live, open it, and have it go with whoever uses it. */
static int resume(int control, const char *name, int *ret_fd, char *path)
{
	struct request r = {.dm.flags = 0};
	scoped_fd fd = -EBADF;
	struct stat st;
	int rc;

	(void)snprintf(r.dm.name, sizeof(r.dm.name), "%s", name);
	rc = ask(control, DM_DEV_SUSPEND, &r); /* without DM_SUSPEND_FLAG it is the opposite */
	if (rc < 0)
		return rc;
	(void)snprintf(path, CRL_VERITY_PATH_MAX, "/dev/dm-%u", minor(r.dm.dev));
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode) || st.st_rdev != r.dm.dev)
		return -ENXIO;
	rc = remove_device(control, name, DM_DEFERRED_REMOVE);
	if (rc == 0)
		*ret_fd = take_fd(&fd);
	return rc;
}

/* The kernel's words again, with devices as it calls them. */
static bool is_table_of(const char *line, const struct crl_verity *v, const int file[2])
{
	unsigned int data[2], tree[2], block[2];
	unsigned long long blocks, begin;
	char root[CRL_SHA256_TEXT], salt[CRL_SHA256_TEXT];

	return sscanf(line, "1 %u:%u %u:%u %u %u %llu %llu sha256 %64[0-9a-f] %64[0-9a-f]", &data[0], &data[1],
		      &tree[0], &tree[1], &block[0], &block[1], &blocks, &begin, root, salt) == 10 &&
	       block[0] == BLOCK && block[1] == BLOCK && blocks == v->size / BLOCK && begin == 0 &&
	       strcmp(root, v->root) == 0 && strcmp(salt, v->salt) == 0 &&
	       crl_loop_is_of(makedev(data[0], data[1]), file[0]) && crl_loop_is_of(makedev(tree[0], tree[1]), file[1]);
}

/* Its table is looked at before and after it is opened: it may go in between, and its number be another's. */
static int open_same(int control, const char *name, const struct crl_verity *v, const int file[2], char *path)
{
	struct request r = {.dm.flags = DM_STATUS_TABLE_FLAG}, again = r;
	scoped_fd fd = -EBADF;
	struct stat st;

	(void)snprintf(r.dm.name, sizeof(r.dm.name), "%s", name);
	again = r;
	if (ask(control, DM_TABLE_STATUS, &r) < 0 || r.dm.target_count != 1 || !is_table_of(r.line, v, file))
		return -ENOENT;
	(void)snprintf(path, CRL_VERITY_PATH_MAX, "/dev/dm-%u", minor(r.dm.dev));
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISBLK(st.st_mode) || st.st_rdev != r.dm.dev ||
	    ask(control, DM_TABLE_STATUS, &again) < 0 || again.dm.dev != r.dm.dev || !is_table_of(again.line, v, file))
		return -ENOENT;
	return take_fd(&fd);
}

int crl_verity_find(const struct crl_verity *v, const int file[2], int *ret_fd, char *path)
{
	scoped_fd control = open_control();

	for (unsigned int i = 0; control >= 0 && i < DEVICES; i++) {
		char name[DM_NAME_LEN];
		int fd;

		device_name(v->root, i, name, sizeof(name));
		fd = open_same(control, name, v, file, path);
		if (fd >= 0) {
			*ret_fd = fd;
			return 0;
		}
	}
	return -ENOENT;
}

bool crl_verity_is_lacking(int rc)
{
	return rc == -ENOENT || rc == -ENODEV || rc == -ENXIO || rc == -EOPNOTSUPP;
}

int crl_verity_open(const struct crl_verity *v, int *ret_fd, char *path, struct crl_err *err)
{
	scoped_fd control = open_control();
	char name[DM_NAME_LEN] = "";
	int rc = control < 0 ? control : create(control, v->root, name, sizeof(name));

	if (rc == 0) {
		rc = load_table(control, name, v);
		if (rc ==
		    -EINVAL) /* the kernel's log knows more; a kind of device it does not have is told so as well */
			rc = -EOPNOTSUPP;
	}
	if (rc == 0)
		rc = resume(control, name, ret_fd, path);
	if (rc < 0 && name[0])
		crl_ignore(remove_device(control, name, DM_DEFERRED_REMOVE)); /* the sweep tries again */
	return rc < 0 ? crl_err_set(err, -rc, CRL_STAGE_MOUNT, "cannot make a device of dm-verity") : 0;
}

bool crl_verity_is_there(void)
{
	scoped_fd control = open_control();
	struct request r = {.dm.flags = 0};

	/* Its list of kinds tells what is loaded; the module comes when it is first asked for. */
	(void)snprintf(r.dm.name, sizeof(r.dm.name), "verity");
	return control >= 0 && ask(control, DM_GET_TARGET_VERSION, &r) == 0;
}

bool crl_verity_is_of(dev_t device, const char *root)
{
	char path[64], uuid[DM_UUID_LEN + 1], want[DM_UUID_LEN];
	size_t len = (size_t)snprintf(want, sizeof(want), "CARREL-IMAGE-%s-", root);

	(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/dm/uuid", major(device), minor(device));
	return root[0] && crl_file_read(AT_FDCWD, path, uuid, sizeof(uuid)) > 0 && strncmp(uuid, want, len) == 0;
}

void crl_verity_sweep(const char *root)
{
	scoped_fd control = open_control();

	for (unsigned int i = 0; control >= 0 && i < DEVICES; i++) {
		char name[DM_NAME_LEN];

		device_name(root, i, name, sizeof(name));
		crl_ignore(remove_device(control, name, 0)); /* one that is used stays */
	}
}
