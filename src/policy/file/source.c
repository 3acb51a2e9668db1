// SPDX-License-Identifier: Apache-2.0
/* See source.h. */
#include "policy/file/source.h"

#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "policy/file/text.h"

/* libconfig says what, but not where on the line nor of which key: show the line. */
static int refuse_syntax(const config_t *cfg, const char *path, const char *text, struct crl_err *err)
{
	const char *what = config_error_text(cfg) ? config_error_text(cfg) : "";
	int line = config_error_line(cfg);
	char shown[100];

	crl_text_line(text, line, shown, sizeof(shown));
	if (strstr(what, "duplicate")) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, path, line, "found a key twice in one group, at: %s",
				  shown);
	}
	if (strstr(what, "mismatched")) {
		return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, path, line,
				  "found values of several types in one [ ], expected one type, at: %s", shown);
	}
	return crl_err_at(err, EINVAL, CRL_STAGE_CONFIG, path, line, "%s, expected \"key = value;\", %s%s",
			  what[0] ? what : "syntax error", shown[0] ? "at: " : "at the end", shown);
}

/* @text  cannot be parsed: what it says of whom to ask may be there all the same */
static int give_up(const char *text, int rc, struct crl_err *err)
{
	char contact[CRL_CONTACT_MAX];

	if (err)
		crl_err_contact(err, crl_text_guess(text, "contact", contact, sizeof(contact)));
	return rc;
}

int crl_source_parse(const char *path, char *text, size_t len, struct crl_source **ret, struct crl_err *err)
{
	struct crl_source *s;
	int rc = crl_text_prepare(text, len, path, err);

	if (rc < 0)
		return give_up(text, rc, err);
	s = calloc(1, sizeof(*s));
	if (!s || crl_strdup_to(&s->path, path) < 0) {
		free(s);
		return crl_err_set(err, ENOMEM, CRL_STAGE_CONFIG, "out of memory");
	}
	config_init(&s->cfg);
	if (!config_read_string(&s->cfg, text)) {
		rc = refuse_syntax(&s->cfg, path, text, err);
		crl_source_free(s);
		return give_up(text, rc, err);
	}
	*ret = s;
	return 0;
}

int crl_source_load(const char *path, struct crl_source **ret, struct crl_err *err)
{
	scoped_fd fd = -EBADF;
	scoped_free char *text = NULL;
	size_t len = 0;
	int rc = crl_path_open_trusted(path, CRL_PATH_FILE, CRL_STAGE_CONFIG, &fd, err);

	if (rc < 0)
		return rc;
	rc = crl_file_read_all(fd, &text, &len);
	if (rc < 0)
		return crl_err_at(err, -rc, CRL_STAGE_CONFIG, path, 0, "cannot read: %s", strerrordesc_np(-rc));
	return crl_source_parse(path, text, len, ret, err);
}

void crl_source_contact(const struct crl_source *s, struct crl_err *err)
{
	config_setting_t *key = config_setting_get_member(config_root_setting(&s->cfg), "contact");

	if (key)
		crl_err_contact(err, config_setting_get_string(key));
}

void crl_source_free(struct crl_source *s)
{
	if (s) {
		config_destroy(&s->cfg);
		free(s->path);
		free(s);
	}
}
