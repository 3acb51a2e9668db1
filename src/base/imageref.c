// SPDX-License-Identifier: Apache-2.0
/* See imageref.h. */
#include "base/imageref.h"

#include <errno.h>
#include <string.h>

#define HOST "host" /* what is kept over the host's own root has this name beside those of images */
#define DIGEST_OF "@sha256:"
#define FIRST "abcdefghijklmnopqrstuvwxyz0123456789"
#define FURTHER FIRST "._-"

const char *crl_imageref_fault(const char *text)
{
	const char *at = strchr(text, '@');
	size_t len = at ? (size_t)(at - text) : strlen(text);

	if (len == 0 || len >= CRL_IMAGE_NAME_MAX)
		return "an image's name has 1 to 64 letters";
	if (!strchr(FIRST, text[0]) || strspn(text, FURTHER) != len)
		return "an image's name is of small letters, digits, \".\", \"_\" and \"-\", and begins with a letter "
		       "or digit";
	if (len == strlen(HOST) && strncmp(text, HOST, len) == 0)
		return "\"" HOST "\" is the root of this host: its changes and an image's would be kept in one place";
	if (at && (strncmp(at, DIGEST_OF, strlen(DIGEST_OF)) != 0 || !crl_sha256_is_text(at + strlen(DIGEST_OF))))
		return "behind an image's name stands nothing, or @sha256: and 64 digits of 0 to 9 and a to f";
	return NULL;
}

int crl_imageref_parse(const char *text, char *name, char digest[CRL_SHA256_TEXT])
{
	const char *at = strchr(text, '@');
	size_t len = at ? (size_t)(at - text) : strlen(text);

	if (crl_imageref_fault(text))
		return -EINVAL;
	memcpy(name, text, len);
	name[len] = '\0';
	digest[0] = '\0';
	if (at)
		memcpy(digest, at + strlen(DIGEST_OF), CRL_SHA256_TEXT);
	return 0;
}
