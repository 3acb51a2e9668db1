// SPDX-License-Identifier: Apache-2.0
/* The rows of assess about images, which no probe in a room can see. See assess_image.h. */
#include "ctl/rehearse/assess_image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/imageref.h"
#include "ctl/conf/inforce.h"
#include "ctl/rehearse/probe.h"
#include "policy/file/load.h"
#include "policy/policy.h"
#include "store/image_attach.h"

#define TRIAL "/run/carrel-assess-image-XXXXXX"
#define OTHER_SIZE 8192 /* bytes of the other file */

/* How the policy names its image. */
struct named {
	char *image; /* owned; NULL = by its path */
	char *store; /* owned */
};

static void named_done(struct named *n)
{
	free(n->image);
	free(n->store);
}

/* False for a policy without an image, or one that cannot be read. */
static bool find(const struct ctl *c, const char *policy, struct named *ret)
{
	scoped(crl_policy) p = {0};
	struct crl_config *config = NULL;
	bool is = ctl_load_config(c, &config, NULL) == 0 && crl_config_policy(config, policy, &p, NULL) == 0 &&
		  p.root_mode == CRL_ROOT_IMAGE;

	ret->image = is && p.root_image ? strdup(p.root_image) : NULL;
	ret->store = is ? strdup(crl_config_store(config)) : NULL;
	crl_config_free(config);
	return is && ret->store;
}

/* A store with the image's name and digest, and another file. */
static int put_other(const char *store, const struct crl_image *image)
{
	char name[CRL_IMAGE_FILE_MAX];
	scoped_fd dir = -EBADF, fd = -EBADF;
	int rc = crl_images_open(store, image->name, true, &dir, NULL);

	if (rc < 0)
		return rc;
	crl_image_file(image, image->fs, name);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 || ftruncate(fd, OTHER_SIZE) < 0 ? -errno : 0;
}

static void remove_other(const char *store, const struct crl_image *image)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/" CRL_IMAGES_DIR "/%s/%s.%s", store, image->name, image->digest,
		       image->fs);
	(void)unlink(path);
	for (char *slash; (slash = strrchr(path, '/')) > path + strlen(store) - 1;) {
		*slash = '\0';
		(void)rmdir(path);
	}
}

static enum ctl_answer try_other(const struct crl_image *image, char *detail)
{
	char store[] = TRIAL;
	struct crl_err err = {0};
	int rc;

	if (!mkdtemp(store))
		return ctl_probe_refused(detail);
	rc = put_other(store, image);
	if (rc == 0)
		rc = crl_image_try(store, image, &err);
	remove_other(store, image);
	if (rc == -EKEYREJECTED)
		return ctl_probe_say(CTL_PROBE_NO, detail, "tried: a file with another digest is refused");
	if (rc == 0)
		return ctl_probe_say(CTL_PROBE_YES, detail, "a file with another digest was mounted");
	return ctl_probe_say(CTL_PROBE_YES, detail, "a file with another digest was not found wrong: %.100s", err.text);
}

enum ctl_answer ctl_attack_image_swap(const struct ctl *c, const char *policy, char *detail)
{
	__attribute__((cleanup(named_done))) struct named n = {NULL, NULL};
	struct crl_image image;
	struct crl_err err = {0};

	if (!find(c, policy, &n))
		return CTL_PROBE_NOT_HERE;
	if (!n.image)
		return ctl_probe_say(CTL_PROBE_YES, detail,
				     "root.path is proved by nothing: carrelctl image add, root.image");
	if (crl_image_resolve(n.store, n.image, &image, &err) < 0)
		return ctl_probe_say(CTL_PROBE_YES, detail, "%.120s", err.text);
	return try_other(&image, detail);
}

enum ctl_answer ctl_attack_image_version(const struct ctl *c, const char *policy, char *detail)
{
	__attribute__((cleanup(named_done))) struct named n = {NULL, NULL};

	if (!find(c, policy, &n))
		return CTL_PROBE_NOT_HERE;
	if (n.image && strchr(n.image, '@'))
		return ctl_probe_say(CTL_PROBE_NO, detail, "root.image names the one version by its digest");
	return ctl_probe_say(CTL_PROBE_YES, detail,
			     n.image ? "root.image takes the version that was added last"
				     : "root.path takes what is there");
}
