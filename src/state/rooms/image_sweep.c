// SPDX-License-Identifier: Apache-2.0
/* See image_sweep.h. The notes first, then who is on the way and who is there: live.h says why. */
#include "state/rooms/image_sweep.h"

#include <string.h>

#include "base/words.h"
#include "state/rooms/live.h"
#include "store/image_attach.h"

static bool is_over(const struct crl_making *making, const struct crl_live *live, const char *id)
{
	return !crl_words_has(&making->held, id) && !crl_words_has(&live->ids, id);
}

int crl_state_sweep_images(const char *path, const struct crl_state *s, struct crl_err *err)
{
	scoped(crl_words) users = {.len = 0}, gone = {.len = 0};
	scoped(crl_making) making = {.held.len = 0};
	scoped(crl_live) live = {.apps = 0};
	int rc = crl_image_users(path, NULL, &users);

	if (rc < 0)
		return crl_err_set(err, -rc, CRL_STAGE_STATE, "cannot read who has which image");
	rc = crl_making_read(s, &making, err);
	if (rc == 0)
		rc = crl_live_read(path, &live, err);
	for (size_t i = 0; rc == 0 && i < users.len; i++)
		if (is_over(&making, &live, users.item[i]))
			rc = crl_words_add(&gone, users.item[i]) < 0
				     ? crl_err_set(err, ENOMEM, CRL_STAGE_STATE, "out of memory")
				     : 0;
	crl_words_sort(&gone);
	return rc < 0 ? rc : crl_images_detach(path, &gone, err);
}
