// SPDX-License-Identifier: Apache-2.0
/* carrelctl image verify, and rm. */
#include "ctl/image/image.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "ctl/conf/inforce.h"
#include "ctl/conf/who.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "store/image_proof.h"

/* The versions that a word means, damaged ones as well: all of a name, or one; NULL = all of all. */
static int find(const struct ctl *c, const char *text, struct crl_images *ret, struct crl_err *err)
{
	const struct crl_image_user u = ctl_image_user(c);
	char name[CRL_IMAGE_NAME_MAX], digest[CRL_SHA256_TEXT] = "";
	struct crl_image none;
	size_t kept = 0;
	int rc = text ? crl_imageref_parse(text, name, digest) : 0;

	if (rc == 0)
		rc = crl_images_list(u.store, text ? name : NULL, ret, err);
	for (size_t i = 0; rc == 0 && i < ret->len; i++)
		if (!digest[0] || strcmp(ret->item[i].digest, digest) == 0)
			ret->item[kept++] = ret->item[i];
	ret->len = rc == 0 ? kept : ret->len;
	return text && kept == 0 ? crl_image_resolve(u.store, text, &none, err) : rc; /* it says what is wrong */
}

static enum ctl_exit tell_none(const struct ctl *c, const struct crl_err *err)
{
	return err->code == ENOENT ? ctl_complain(c, CTL_NO, "%s", err->text) : ctl_error(c, err);
}

/* From now on this file is what was added, unless the image was removed meanwhile. */
static int record_anew(const struct ctl *c, int dir, const struct crl_image *now)
{
	char name[CRL_IMAGE_FILE_MAX];
	struct crl_err err = {0};
	scoped_fd lock = -EBADF;

	crl_image_file(now, CRL_IMAGE_RECORD, name);
	if (ctl_image_lock(c, &lock, &err) < 0)
		return -err.code;
	return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : crl_image_record(dir, now);
}

/* What was brought back from a backup is another file with the same digest. */
static int verify_one(const struct ctl *c, const struct crl_image *image, struct crl_err *err)
{
	const struct crl_image_user u = ctl_image_user(c);
	struct crl_image now = *image;
	scoped_fd dir = -EBADF, file = -EBADF;
	int rc = image->damaged ? crl_image_is_damaged(image, err)
				: crl_images_open(u.store, image->name, false, &dir, err);

	if (rc == 0)
		rc = crl_image_open(dir, image, image->fs, &file, err);
	if (rc == 0 && crl_image_version_of(file, &now.version) < 0)
		rc = crl_err_set(err, EIO, CRL_STAGE_MOUNT, "cannot look at the file of image %s", image->name);
	if (rc == 0)
		rc = crl_image_verify(&u, image, err);
	if (rc == 0 && !crl_image_is_as_added(file, image) && crl_image_is_as_added(file, &now)) {
		int recorded = record_anew(c, dir, &now);

		if (recorded < 0)
			(void)ctl_complain(c, CTL_NO, "%s: its record stays as it is: %s", image->name,
					   strerrordesc_np(-recorded));
	}
	return rc;
}

static enum ctl_exit run_verify(const struct ctl *c, int argc, char **argv)
{
	scoped(crl_images) images = {.len = 0};
	enum ctl_exit status = CTL_YES;
	struct crl_err err = {0};

	if (find(c, argc > 0 ? argv[0] : NULL, &images, &err) < 0)
		return tell_none(c, &err);
	for (size_t i = 0; i < images.len; i++) {
		const struct crl_image *image = &images.item[i];
		int rc = verify_one(c, image, &err);

		if (rc == 0)
			(void)printf("%s@sha256:%s is what was added\n", image->name, image->digest);
		else if (image->damaged || rc == -EKEYREJECTED || rc == -ENOENT || rc == -EPERM)
			status = ctl_complain(c, status == CTL_FAIL ? CTL_FAIL : CTL_NO, "%s", err.text);
		else
			status = ctl_error(c, &err);
	}
	return status;
}

const struct ctl_command ctl_image_verify = {
	.name = "verify",
	.usage = "[IMAGE]",
	.summary = "read whole files and compare them with their digests, before a login has to",
	.most = 1,
	.makes_rooms = true,
	.run = run_verify,
};

static int remove_one(const struct ctl *c, const struct crl_image *image, struct crl_err *err)
{
	const struct crl_image_user u = ctl_image_user(c);
	const char *const suffix[] = {CRL_IMAGE_RECORD, CRL_IMAGE_TREE, image->fs};
	scoped_fd images = -EBADF, dir = -EBADF;
	char file[CRL_IMAGE_FILE_MAX], who[64];
	int rc = crl_images_open(u.store, image->name, false, &dir, err);

	for (size_t i = 0; i < CRL_ARRAY_LEN(suffix) && rc == 0; i++) { /* the record first: then it is none */
		crl_image_file(image, suffix[i], file);
		if (unlinkat(dir, file, 0) < 0 && errno != ENOENT)
			rc = crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot remove %s of image %s", file,
					 image->name);
	}
	if (rc == 0 && crl_images_open(u.store, NULL, false, &images, NULL) == 0)
		crl_images_tidy(images); /* of a damaged one it is not known which file it has */
	ctl_who_acts(who, sizeof(who));
	if (rc == 0)
		crl_log(LOG_NOTICE, "image=%s: removed sha256:%s by=%s", image->name, image->digest, who);
	return rc;
}

/* Which policy has this version? @newest  that is what the name alone means. @ret  CRL_POLICY_NAME_MAX bytes */
static bool find_policy(const struct ctl *c, const struct crl_image *image, bool newest, char *ret)
{
	char name[CRL_IMAGE_NAME_MAX], digest[CRL_SHA256_TEXT];
	struct crl_config *config = NULL;
	const char *policy;
	bool found = false;

	if (ctl_load_config(c, &config, NULL) < 0)
		return false;
	for (size_t i = 0; !found && (policy = crl_config_policy_name(config, i)); i++) {
		scoped(crl_policy) p = {0};

		if (crl_config_policy(config, policy, &p, NULL) < 0 || !p.root_image ||
		    crl_imageref_parse(p.root_image, name, digest) < 0 || strcmp(name, image->name) != 0)
			continue;
		found = digest[0] ? strcmp(digest, image->digest) == 0 : newest;
		(void)snprintf(ret, CRL_POLICY_NAME_MAX, "%s", policy);
	}
	crl_config_free(config);
	return found;
}

/* What keeps it, as the end of a sentence; "" = nothing. */
static void find_reason(const struct ctl *c, const struct crl_image *image, char *buf, size_t size)
{
	const struct crl_image_user u = ctl_image_user(c);
	uint64_t rooms = ctl_image_rooms(c, image);
	char policy[CRL_POLICY_NAME_MAX];
	struct crl_image newest;
	bool is_newest = crl_image_resolve(u.store, image->name, &newest, NULL) == 0 &&
			 strcmp(newest.digest, image->digest) == 0;

	buf[0] = '\0';
	if (rooms > 0)
		(void)snprintf(buf, size, "%" PRIu64 " rooms have it (carrelctl list)", rooms);
	else if (!c->force && find_policy(c, image, is_newest, policy))
		(void)snprintf(buf, size, "policy %s names it (--force removes it)", policy);
}

static enum ctl_exit remove_all(const struct ctl *c, const struct crl_images *images)
{
	enum ctl_exit status = CTL_YES;
	struct crl_err err = {0};
	bool newest = c->old;

	for (size_t i = 0; i < images->len; i++) {
		const struct crl_image *image = &images->item[i];
		char reason[CRL_POLICY_NAME_MAX + 64];

		if (newest && !image->damaged) {
			newest = false;
			continue; /* the newest that can be had */
		}
		find_reason(c, image, reason, sizeof(reason));
		if (reason[0] && c->old)
			(void)printf("%s@sha256:%s stays: %s\n", image->name, image->digest, reason);
		else if (reason[0])
			status = ctl_complain(c, CTL_NO, "%s@sha256:%s: %s", image->name, image->digest, reason);
		else if (remove_one(c, image, &err) < 0)
			return ctl_error(c, &err);
	}
	return status;
}

static enum ctl_exit run_rm(const struct ctl *c, int argc, char **argv)
{
	scoped(crl_images) images = {.len = 0};
	struct crl_err err = {0};
	scoped_fd lock = -EBADF;
	enum ctl_exit status;

	(void)argc;
	if (c->old && strchr(argv[0], '@'))
		return ctl_complain(c, CTL_USAGE, "--old is about all versions but the newest: name the image alone");
	if (find(c, argv[0], &images, &err) < 0)
		return tell_none(c, &err);
	if (ctl_image_lock(c, &lock, &err) < 0)
		return ctl_error(c, &err);
	status = remove_all(c, &images);
	return ctl_image_detach(c, &err) < 0 ? ctl_error(c, &err) : status;
}

const struct ctl_command ctl_image_rm = {
	.name = "rm",
	.usage = "IMAGE",
	.summary = "remove an image, or one version, that no room has and no policy names",
	.options =
		(const struct ctl_option[]){
			{.name = "old", .help = "all versions but the newest, but for those", CTL_FLAG(old)},
			{.name = "force", .help = "whatever policies name", CTL_FLAG(force)},
			{.name = NULL},
		},
	.least = 1,
	.most = 1,
	.examples = (const char *const[]){"carrelctl image rm --old desk", NULL},
	.makes_rooms = true,
	.run = run_rm,
};
