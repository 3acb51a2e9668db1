// SPDX-License-Identifier: Apache-2.0
/* layers/view.c: layers made by hand, what may be in them and what may not; and layers that a kernel made. Needs root. */
#include "layers/view.h"

#include <sys/wait.h>

#include "layers/near.h"
#include "tests/live/layers/play.h"
#include "tests/unit/layers/no_openat2.h"

static struct crl_layers layers = {.len = 3, .top = 1, .marks = CRL_MARKS_OWN};

static void mark(const char *dir, const char *attribute, const char *value)
{
	assert_int_equal(setxattr(dir, attribute, value, strlen(value), 0), 0);
}

static void redirect(const char *dir, const char *to)
{
	mark(dir, "trusted.overlay.redirect", to);
}

static void make_dirs(const char *const *name)
{
	for (; *name; name++)
		assert_int_equal(mkdir(*name, 0755), 0);
}

static void whiteout(const char *name)
{
	assert_int_equal(mknod(name, S_IFCHR, makedev(0, 0)), 0);
}

static int make(void **state)
{
	if (place_make(state))
		return -1;
	make_dirs((const char *const[]){"0", "1", "2", NULL});
	for (size_t i = 0; i < 3; i++)
		layers.fd[i] = place_dir((const char *const[]){"0", "1", "2"}[i]);
	return 0;
}

static enum crl_view_kind kind(const struct crl_view_dir *dir, const char *name, size_t *ret_layer)
{
	struct crl_view_entry e;

	assert_int_equal(crl_view_find(dir, name, &e), 0);
	*ret_layer = e.layer;
	return e.kind;
}

/* Enters @path from the root on; the last error. */
static int enter(const char *path, struct crl_view_dir *ret)
{
	struct crl_view_dir next;
	char text[256], *save = NULL;
	int rc = crl_view_open(&layers, ret);

	(void)snprintf(text, sizeof(text), "%s", path);
	for (char *name = strtok_r(text, "/", &save); rc == 0 && name; name = strtok_r(NULL, "/", &save)) {
		rc = crl_view_enter(ret, name, &next);
		crl_view_dir_done(ret);
		*ret = next;
	}
	return rc;
}

static int enter_only(const char *path)
{
	scoped(crl_view_dir) dir = {0};

	return enter(path, &dir);
}

static void test_find(void **state)
{
	(void)state;
	scoped(crl_view_dir) root = {0};
	struct crl_view_entry e;
	size_t layer;

	place_file("0/file", "");
	place_file("1/file", "");
	whiteout("0/gone");
	place_file("1/gone", "");
	make_dirs((const char *const[]){"1/dir", "2/dir", NULL});
	assert_int_equal(symlink("dir", "2/link"), 0);
	assert_int_equal(enter("", &root), 0);
	assert_true(kind(&root, "file", &layer) == CRL_VIEW_FILE && layer == 0);
	assert_true(kind(&root, "gone", &layer) == CRL_VIEW_WHITEOUT && layer == 0);
	assert_true(kind(&root, "dir", &layer) == CRL_VIEW_DIR && layer == 1);
	assert_true(kind(&root, "link", &layer) == CRL_VIEW_FILE && layer == 2);
	assert_true(kind(&root, "none", &layer) == CRL_VIEW_ABSENT);
	assert_int_equal(crl_view_find_below(&root, 1, "gone", &e), 0);
	assert_true(e.kind == CRL_VIEW_FILE && e.layer == 1 && e.part == 1);
	assert_int_equal(crl_view_find(&root, "..", &e), -EINVAL);
	assert_int_equal(crl_view_find(&root, "dir/x", &e), -EINVAL);
	assert_int_equal(enter_only("none"), -ENOENT);
	assert_int_equal(enter_only("gone"), -ENOENT);
	assert_int_equal(enter_only("file"), -ENOTDIR);
	assert_int_equal(enter_only("link"), -ENOTDIR);
}

/* A redirect as in a layer that the kernel did not make: it is refused, or ends where it leads. */
static void test_bad_redirects(void **state)
{
	(void)state;
	static const char *const bad[] = {"..", "../2", "/", "/..", "/a/../b", "a/b", ""};
	scoped(crl_view_dir) loop = {0};

	make_dirs((const char *const[]){"0/bad", "0/loop", "1/loop", "0/nowhere", NULL});
	for (size_t i = 0; i < CRL_ARRAY_LEN(bad); i++) {
		redirect("0/bad", bad[i]);
		assert_int_equal(enter_only("bad"), -EINVAL);
	}
	redirect("0/loop", "/loop");
	redirect("1/loop", "loop");
	assert_int_equal(enter("loop", &loop), 0);
	assert_int_equal(loop.len, 2);
	redirect("0/nowhere", "/none/of/it");
	assert_int_equal(enter_only("nowhere"), 0);
}

/* What ends a merge, and what does not. */
static void test_merges(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		size_t parts;
	} want[] = {{"over_file", 1}, {"over_whiteout", 1}, {"over_dir", 3}, {"last", 3},
		    {"back", 2},      {"opaque/x", 2},      {"opaque", 1}};

	make_dirs((const char *const[]){"0/over_file", "2/over_file", "0/over_whiteout", "2/over_whiteout",
					"0/over_dir",  "1/over_dir",  "2/over_dir",      "0/last",
					"1/last",      "2/last",      "0/back",          "1/back",
					"2/kept",      "0/opaque",    "0/opaque/x",      "1/opaque",
					"1/opaque/x",  "2/opaque",    "2/opaque/x",      NULL});
	place_file("1/over_file", "");
	whiteout("1/over_whiteout");
	redirect("2/last", "/..");
	mark("2/last", "trusted.overlay.opaque", "y");
	redirect("0/back", "/kept"); /* and not what is merged with 1/back */
	mark("0/opaque", "trusted.overlay.opaque", "y");
	redirect("0/opaque/x", "/opaque/x"); /* goes on below what is opaque on the way in layer 1, and ends there */
	mark("1/opaque", "trusted.overlay.opaque", "y");
	for (size_t i = 0; i < CRL_ARRAY_LEN(want); i++) {
		scoped(crl_view_dir) dir = {0};

		assert_int_equal(enter(want[i].path, &dir), 0);
		if (dir.len != want[i].parts)
			fail_msg("%s has %zu parts", want[i].path, dir.len);
	}
}

/* keeps: layers/view R1 */
/* keeps: layers/near R1 */
static void test_links_and_mounts(void **state)
{
	(void)state;
	scoped(crl_view_dir) to_link = {0};
	struct crl_view_entry e;
	pid_t pid;
	int status;

	make_dirs((const char *const[]){"0/to_link", "0/mounted", "1/mounted", "out", "out/dir", "2/real", "0/to_mount",
					NULL});
	assert_int_equal(symlink("../out", "1/away"), 0);
	redirect("0/to_link", "/away/dir");
	assert_int_equal(enter("to_link", &to_link), 0);
	assert_int_equal(to_link.len, 1);
	assert_int_equal(mount("m", "1/mounted", "tmpfs", 0, NULL), 0);
	assert_int_equal(enter_only("mounted"), -EXDEV);
	redirect("0/to_mount", "/mounted/dir");
	assert_int_equal(enter_only("to_mount"), -EXDEV);
	assert_int_equal(crl_view_find_below(&to_link, 0, "x", &e), 0);
	crl_view_dir_done(&to_link);
	assert_int_equal(enter("", &to_link), 0);
	assert_int_equal(crl_view_find_below(&to_link, 1, "mounted", &e), -EXDEV);
	pid = fork();
	if (pid == 0)
		_exit(deny_openat2() || enter_only("mounted") != -EXDEV || enter_only("to_mount") != -EXDEV ||
		      enter_only("loop") != 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(umount("1/mounted"), 0);
	assert_int_equal(enter_only("mounted"), 0);
}

/* --- beside the kernel ------------------------------------------------------------------------------------------ */

/* Is what is found by name what the walk told? */
static void check_found(const struct crl_view_dir *dir, const char *name, const struct crl_view_entry *told)
{
	struct crl_view_entry e;

	assert_int_equal(crl_view_find(dir, name, &e), 0);
	assert_true(e.kind == told->kind && e.layer == told->layer && e.part == told->part &&
		    e.st.st_ino == told->st.st_ino);
}

static void list_view(struct play_list *l, const char *path, const struct crl_view_dir *dir)
{
	scoped(crl_view_walk) walk = {0};
	struct crl_view_entry e;
	const char *name;
	int rc = crl_view_walk_begin(dir, dir->len, &walk);

	assert_int_equal(rc, 0);
	while ((rc = crl_view_walk_next(&walk, &name, &e)) == 1) {
		scoped(crl_view_dir) next = {0};
		char sub[PLAY_PATH_MAX];

		check_found(dir, name, &e);
		if (e.kind == CRL_VIEW_WHITEOUT)
			continue;
		play_join(sub, path, name);
		play_list_add(l, sub, dir->part[e.part].fd, name);
		if (e.layer + 1 < dir->layers->len)
			l->entry[l->len - 1].st.st_ino = 0; /* the kernel tells another */
		assert_int_equal(crl_view_enter(dir, name, &next), e.kind == CRL_VIEW_DIR ? 0 : -ENOTDIR);
		if (e.kind == CRL_VIEW_DIR)
			list_view(l, sub, &next);
	}
	assert_int_equal(rc, 0);
}

static void compare_entry(const struct play_entry *want, const struct play_entry *is)
{
	assert_string_equal(is->path, want->path);
	assert_int_equal(is->st.st_mode, want->st.st_mode);
	assert_int_equal(is->st.st_uid, want->st.st_uid);
	assert_int_equal(is->st.st_mtim.tv_sec, want->st.st_mtim.tv_sec);
	assert_int_equal(is->st.st_mtim.tv_nsec, want->st.st_mtim.tv_nsec);
	assert_int_equal(is->st.st_rdev, want->st.st_rdev);
	assert_string_equal(is->content, want->content);
	assert_string_equal(is->xattrs, want->xattrs);
	if (is->st.st_ino && !S_ISDIR(is->st.st_mode))
		assert_int_equal(is->st.st_ino, want->st.st_ino);
}

static unsigned int compared;

static void check_view(const struct play_game *g)
{
	struct crl_layers layers_now = play_layers(g->layers);
	scoped(crl_view_dir) root = {0};
	struct play_list want, is = {0};

	play_show(g->layers, &want);
	assert_int_equal(crl_view_open(&layers_now, &root), 0);
	play_list_add(&is, ".", root.part[0].fd, "");
	is.entry[0].st.st_ino = 0;
	list_view(&is, ".", &root);
	play_list_sort(&is);
	for (size_t i = 0; i < want.len && i < is.len; i++)
		compare_entry(&want.entry[i], &is.entry[i]);
	assert_int_equal(is.len, want.len);
	compared += is.len;
	play_list_free(&want);
	play_list_free(&is);
	play_layers_close(&layers_now);
}

static void test_beside_the_kernel(void **state)
{
	(void)state;
	play_rounds(250, check_view);
	assert_true(compared > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_bad_redirects),
		cmocka_unit_test(test_merges),
		cmocka_unit_test(test_links_and_mounts),
		cmocka_unit_test_teardown(test_beside_the_kernel, play_tell),
	};

	return cmocka_run_group_tests(tests, make, NULL);
}
