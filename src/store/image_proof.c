// SPDX-License-Identifier: Apache-2.0
/* See image_proof.h. R1: a file whose digest is another is never noted. */
#include "store/image_proof.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define NOTE "checked"
#define NOTE_BESIDE "checked.new"

int crl_image_note_parse(const char *text, size_t len, struct crl_image_note *ret)
{
	struct crl_image_note n = {.device = 0};
	char again[CRL_IMAGE_NOTE_MAX];
	int used;

	if (strlen(text) != len ||
	    sscanf(text, "%64[0-9a-f] %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64, n.digest, &n.device,
		   &n.version.ino, &n.version.size, &n.version.mtime_ns, &n.version.ctime_ns) != 6)
		return -EBADMSG;
	used = crl_image_note_format(&n, again, sizeof(again)); /* sscanf() takes more than one writing for a number */
	if (used < 0 || (size_t)used != len || memcmp(again, text, len) != 0)
		return -EBADMSG;
	*ret = n;
	return 0;
}

int crl_image_note_format(const struct crl_image_note *n, char *buf, size_t size)
{
	const struct crl_image_version *v = &n->version;
	int len = snprintf(buf, size, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n", n->digest,
			   n->device, v->ino, v->size, v->mtime_ns, v->ctime_ns);

	return len < 0 || (size_t)len >= size ? -EOVERFLOW : len;
}

static bool is_same(const struct crl_image_version *a, const struct crl_image_version *b)
{
	return a->ino == b->ino && a->size == b->size && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static int look(int file, struct crl_image_note *ret)
{
	struct stat st;

	if (fstat(file, &st) < 0)
		return -errno;
	ret->device = st.st_dev;
	return crl_image_version_of(file, &ret->version);
}

static bool is_noted(int place, const struct crl_image_note *now)
{
	struct crl_image_note noted;
	char text[CRL_IMAGE_NOTE_MAX];
	ssize_t n = place >= 0 ? crl_file_read(place, NOTE, text, sizeof(text)) : -1;

	return n > 0 && crl_image_note_parse(text, (size_t)n, &noted) == 0 && noted.device == now->device &&
	       is_same(&noted.version, &now->version) && strcmp(noted.digest, now->digest) == 0;
}

/* Where it cannot be kept the file is read again by the next one. */
static void note(int place, const struct crl_image_note *now)
{
	char text[CRL_IMAGE_NOTE_MAX];
	int n = crl_image_note_format(now, text, sizeof(text));

	if (place >= 0 && n > 0)
		crl_ignore(crl_file_replace(
			place,
			&(struct crl_file){
				.name = NOTE, .beside = NOTE_BESIDE, .data = text, .len = (size_t)n, .mode = 0600}));
}

bool crl_image_is_as_added(int file, const struct crl_image *image)
{
	struct crl_image_version now;

	return crl_image_version_of(file, &now) == 0 && is_same(&now, &image->version);
}

int crl_image_prove(int place, int file, const struct crl_image *image, unsigned int flags, struct crl_err *err)
{
	struct crl_image_note before = {.device = 0}, after = {.device = 0};
	char digest[CRL_SHA256_TEXT] = "";
	int64_t size;
	int rc = look(file, &before);

	memcpy(before.digest, image->digest, sizeof(before.digest));
	if (rc == 0 && !(flags & CRL_PROVE_ANEW) && is_noted(place, &before))
		return 0;
	size = rc < 0 ? rc : crl_sha256_file(file, digest);
	if (size >= 0)
		rc = look(file, &after);
	if (size < 0 || rc < 0)
		return crl_err_set(err, size < 0 ? (int)-size : -rc, CRL_STAGE_MOUNT, "image %s: cannot read its file",
				   image->name);
	if (strcmp(digest, image->digest) != 0) { /* R1 */
		if (place >= 0)
			(void)unlinkat(place, NOTE, 0);
		if (!(flags & CRL_PROVE_QUIET))
			crl_log(LOG_ALERT, "image=%s: its file is not what was added: sha256 is %s, and not %s",
				image->name, digest, image->digest);
		return crl_err_set(err, EKEYREJECTED, CRL_STAGE_MOUNT,
				   "image %s: its file is not what was added: its digest is %.16s..., and not %.16s... "
				   "(carrelctl image verify; add it again from its source)",
				   image->name, digest, image->digest);
	}
	if (before.device != after.device || !is_same(&before.version, &after.version))
		return crl_err_set(err, EAGAIN, CRL_STAGE_MOUNT, "image %s: its file was written to meanwhile",
				   image->name);
	note(place, &before);
	return 0;
}
