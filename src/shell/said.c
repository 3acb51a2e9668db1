// SPDX-License-Identifier: Apache-2.0
/* See said.h. */
#include "shell/said.h"

#include <errno.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/language.h"
#include "base/log.h"
#include "shell/exec.h"
#include "wire/contact.h"

#define LINE_MAX_BYTES (CRL_CONTACT_MAX + 256)

enum crl_language crl_shell_language(const struct crl_err *err)
{
	return err && err->language ? crl_language_chosen((enum crl_language)err->language)
				    : crl_language_in_room(CRL_LANGUAGE_FILE);
}

/* @text  the error as it can be shown */
static void tell(const struct crl_err *err, const char *text, const char *ask)
{
	char buf[CRL_RETOLD_MAX], line[LINE_MAX_BYTES];
	enum crl_language language = crl_shell_language(err);
	const char *code = crl_stage_name(err->stage), *told = crl_retell(&crl_shell_texts, language, text, buf);
	struct crl_saying what = {language, ask[0] ? CRL_PHRASE_REFUSED_CONTACT : CRL_PHRASE_REFUSED};

	if (language == CRL_LANGUAGE_EN || told != text)
		(void)dprintf(STDERR_FILENO, "carrel-shell: %s (%s)%s%s\n", told, code, ask[0] ? ". " : "", ask);
	else
		(void)dprintf(STDERR_FILENO, "%s\ncarrel-shell: %s\n", crl_say(line, sizeof(line), &what, code, ask),
			      text);
}

int crl_shell_refuse(const struct crl_err *err)
{
	char text[CRL_ERR_TEXT_MAX * 4], line[CRL_LOG_TEXT_MAX], contact[CRL_CONTACT_MAX];

	crl_err_show(err, text, sizeof(text));
	crl_err_format(err, line, sizeof(line));
	crl_log(LOG_WARNING, "shell uid=%u: refused: %s", getuid(), line);
	tell(err, text, err->contact[0] ? err->contact : crl_contact_read(CRL_CONTACT_FILE, contact));
	return err->code == ENOENT && err->stage == CRL_STAGE_ADOPT ? CRL_SHELL_MISSING : CRL_SHELL_REFUSED;
}
