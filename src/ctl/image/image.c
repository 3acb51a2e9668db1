// SPDX-License-Identifier: Apache-2.0
/* carrelctl image: list and show, and what its actions share; see image.h. */
#include "ctl/image/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"
#include "base/words.h"
#include "ctl/commands.h"
#include "ctl/conf/storepath.h"
#include "ctl/options.h"
#include "ctl/print/out.h"
#include "state/rooms/image_sweep.h"
#include "state/rooms/record.h"
#include "state/rooms/rooms.h"
#include "store/verity.h"

#define LOCK ".lock"
#define SHORT 12 /* digits of a digest that people compare */

struct crl_image_user ctl_image_user(const struct ctl *c)
{
	static char *store; /* for the one command that a process is */
	struct crl_err err = {0};

	if (!store && ctl_store_path(c, &store, &err) < 0)
		exit((int)ctl_error(c, &err));
	return (struct crl_image_user){.store = store, .state = c->state};
}

int ctl_image_lock(const struct ctl *c, int *ret_fd, struct crl_err *err)
{
	const struct crl_image_user u = ctl_image_user(c);
	scoped_fd images = -EBADF, fd = -EBADF;
	int rc = crl_images_open(u.store, NULL, true, &images, err);

	if (rc < 0)
		return rc;
	fd = openat(images, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*ret_fd = take_fd(&fd);
		return 0;
	}
	if (fd >= 0 && errno == EWOULDBLOCK) /* who unpacks an archive may have it for minutes */
		(void)ctl_complain(c, CTL_NO, "another image command adds or removes: waiting for it");
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return crl_err_set(err, errno, CRL_STAGE_MOUNT, "cannot lock %s/" CRL_IMAGES_DIR, u.store);
	*ret_fd = take_fd(&fd);
	return 0;
}

uint64_t ctl_image_rooms(const struct ctl *c, const struct crl_image *image)
{
	scoped(crl_words) users = {.len = 0};
	struct crl_rooms rooms;
	uint64_t many = 0;

	if (crl_image_users(c->state, image, &users) < 0 || users.len == 0 ||
	    crl_rooms_read(c->state, &rooms, NULL) < 0)
		return 0;
	for (size_t i = 0; i < rooms.len; i++)
		many += !rooms.item[i].stale && crl_words_has(&users, rooms.item[i].id);
	crl_rooms_done(&rooms);
	return many;
}

int ctl_image_detach(const struct ctl *c, struct crl_err *err)
{
	scoped(crl_state) state = {-EBADF, -EBADF, -EBADF};
	int rc = access(c->state, F_OK) < 0 ? 1 : crl_state_open(c->state, &state, err);

	if (rc > 0)
		return 0; /* nothing has been attached since the host came up */
	if (rc == 0)
		rc = crl_state_sweep_images(c->state, &state, err);
	return rc < 0 ? rc : 0;
}

static const char *proof_word(enum crl_image_proof how)
{
	return how == CRL_IMAGE_BY_VERITY ? "each read" : how == CRL_IMAGE_BY_DIGEST ? "its digest" : "";
}

static void add_cells(const struct ctl *c, struct ctl_table *t, const struct crl_image *image)
{
	const struct crl_image_user u = ctl_image_user(c);
	const char *proof = image->damaged ? "" : proof_word(crl_image_how(&u, image));

	ctl_cell(t, "%s", image->name);
	ctl_cell(t, "%.*s", c->json ? CRL_SHA256_TEXT : SHORT, image->digest);
	ctl_cell(t, "%s", image->damaged ? "damaged" : image->fs);
	ctl_cell_size(c, t, image->version.size);
	ctl_cell_since(t, image->added_ms / 1000, c->json);
	if (proof[0])
		ctl_cell(t, "%s", proof);
	else
		ctl_no_cell(t);
	ctl_cell_number(t, ctl_image_rooms(c, image));
}

static enum ctl_exit run_list(const struct ctl *c, int argc, char **argv)
{
	static const struct ctl_column column[] = {{"IMAGE", false}, {"DIGEST", false}, {"FS", false},
						   {"SIZE", true},   {"ADDED", false},  {"ATTACHED_BY", false},
						   {"ROOMS", true}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	const struct crl_image_user u = ctl_image_user(c);
	scoped(crl_images) all = {.len = 0};
	struct crl_err err = {0};

	(void)argc, (void)argv;
	if (crl_images_list(u.store, NULL, &all, &err) < 0)
		return ctl_error(c, &err);
	for (size_t i = 0; i < all.len; i++)
		add_cells(c, &t, &all.item[i]);
	ctl_table_print(c, &t);
	ctl_table_done(&t);
	return all.len > 0 ? CTL_YES : CTL_NO;
}

/* By what a login would find it proved. */
static const char *proof_to_be(const struct crl_image *image)
{
	if (!image->root_hash[0])
		return "its digest, once a version of its file: it is not of whole blocks of 4096 bytes";
	if (!crl_verity_is_there())
		return "its digest, once a version of its file: this kernel has no dm-verity";
	return "each read, by dm-verity";
}

static void print_one(const struct ctl *c, const struct crl_image *image)
{
	static const struct ctl_column column[] = {
		{"IMAGE", false}, {"DIGEST", false},      {"FS", false},     {"SIZE", true},
		{"ADDED", false}, {"BY", false},          {"SOURCE", false}, {"ROOT_HASH", false},
		{"PROOF", false}, {"ATTACHED_BY", false}, {"ROOMS", true},   {"POLICY_SAYS", false}};
	struct ctl_table t = {.column = column, .columns = CRL_ARRAY_LEN(column)};
	const struct crl_image_user u = ctl_image_user(c);

	ctl_cell(&t, "%s", image->name);
	ctl_cell(&t, "%s", image->digest);
	ctl_cell(&t, "%s", image->fs);
	ctl_cell_size(c, &t, image->version.size);
	ctl_cell_since(&t, image->added_ms / 1000, true);
	ctl_cell(&t, "%s", image->by);
	ctl_cell(&t, "%s", image->source);
	ctl_cell(&t, "%s", image->root_hash);
	ctl_cell(&t, "%s", proof_to_be(image));
	ctl_cell(&t, "%s", proof_word(crl_image_how(&u, image)));
	ctl_cell_number(&t, ctl_image_rooms(c, image));
	ctl_cell(&t, "root = { mode = \"image\"; image = \"%s@sha256:%s\"; };", image->name, image->digest);
	ctl_table_print_object(c, &t);
	ctl_table_done(&t);
}

static enum ctl_exit run_show(const struct ctl *c, int argc, char **argv)
{
	const struct crl_image_user u = ctl_image_user(c);
	scoped(crl_images) all = {.len = 0};
	struct crl_err err = {0};
	struct crl_image one;

	(void)argc;
	if (crl_image_resolve(u.store, argv[0], &one, &err) < 0)
		return err.code == ENOENT ? ctl_complain(c, CTL_NO, "%s", err.text) : ctl_error(c, &err);
	print_one(c, &one);
	if (c->json || strchr(argv[0], '@'))
		return CTL_YES;
	if (crl_images_list(u.store, one.name, &all, &err) < 0)
		return ctl_error(c, &err);
	for (size_t i = 1; i < all.len; i++)
		(void)printf("an older version: carrelctl image show %s@sha256:%s\n", one.name, all.item[i].digest);
	return CTL_YES;
}

static const struct ctl_command show_action = {
	.name = "show",
	.usage = "IMAGE",
	.summary = "all that is known of an image, and what a policy says to have it",
	.least = 1,
	.most = 1,
	.json = true,
	.makes_rooms = true,
	.run = run_show,
};

static const struct ctl_command list_action = {
	.name = "list",
	.usage = "",
	.summary = "images with their versions, the newest first",
	.json = true,
	.makes_rooms = true,
	.run = run_list,
};

const struct ctl_command ctl_image_command = {
	.name = "image",
	.usage = "",
	.summary = "images that rooms have for a root",
	.examples =
		(const char *const[]){
			"carrelctl image add desk /srv/desk.tar",
			"carrelctl image show desk",
			NULL,
		},
	.json = true,
	.makes_rooms = true,
	.actions = (const struct ctl_command *const[]){&ctl_image_add, &list_action, &show_action, &ctl_image_verify,
						       &ctl_image_check, &ctl_image_rm, NULL},
	.run = run_list,
};
