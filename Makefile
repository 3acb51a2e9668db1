# SPDX-License-Identifier: Apache-2.0
# One plain GNU makefile. Folder = layer = archive: a call against the direction of dependency does not link.
#   make            the products, in build/: the module, carrelctl, and what they start
#   make demo       (root) a private sshd, two users, what a bare and a carrel login see
#   make check      (root) everything; installs what it needs from Debian packages
#   make help       every target, from the words behind its "##"

SHELL := /bin/bash
Q := $(if $(V),,@)
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1.0
# Which build --version tells: what a release or a package wrote down, else the commit.
BUILD_NAME ?= $(or $(strip $(file <RELEASE)),$(shell GIT_OPTIONAL_LOCKS=0 git -c safe.directory='*' describe --tags \
	--match 'v*' --always --dirty 2>/dev/null),unknown)
BUILD ?= build
PREFIX ?= /usr
SYSCONFDIR ?= /etc
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/carrel
LIBEXECDIR ?= $(PREFIX)/libexec/carrel
STATEDIR ?= /run/carrel
STOREDIR ?= /var/lib/carrel
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR ?= $(PREFIX)/share/zsh/vendor-completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
NETWORKDIR ?= $(PREFIX)/lib
SYSUSERSDIR ?= $(PREFIX)/lib/sysusers.d
TMPFILESDIR ?= $(PREFIX)/lib/tmpfiles.d
PRESETDIR ?= $(PREFIX)/lib/systemd/system-preset
DOCDIR ?= $(PREFIX)/share/doc/carrel
MANAGER_DROPIN := user@.service.d/50-carrel.conf
UNITS := $(notdir $(wildcard conf/systemd/*.service conf/systemd/*.timer conf/systemd/*.socket)) # installed, and off
INSTALL ?= install

CC = gcc
AR = ar

# Where the libpam that is linked looks for modules: beside pam_unix.so. A module anywhere else is one that no login finds.
LIBPAM_LIB := $(shell $(CC) -print-multiarch 2>/dev/null) $(notdir $(shell $(CC) -print-multi-os-directory 2>/dev/null))
LIBPAM_DIR := $(patsubst %/pam_unix.so,%,$(firstword $(wildcard $(foreach lib,$(LIBPAM_LIB),\
	/usr/lib/$(lib)/security/pam_unix.so /usr/$(lib)/security/pam_unix.so /lib/$(lib)/security/pam_unix.so \
	/$(lib)/security/pam_unix.so) /usr/lib/security/pam_unix.so /lib/security/pam_unix.so)))
ifndef PAMDIR
PAMDIR := $(LIBPAM_DIR)
# What make install is told when it may not choose for itself.
PAMDIR_DOUBT := $(if $(LIBPAM_DIR),$(if $(filter-out /usr,$(PREFIX)),PREFIX is $(PREFIX) while libpam looks for modules \
	in $(LIBPAM_DIR): give PAMDIR=$(LIBPAM_DIR) or where else the PAM lines shall find the module by its whole path,),no \
	pam_unix.so of the architecture of $(CC) is here: give PAMDIR=, the directory where libpam looks for modules)
endif
CSTD := -std=gnu17
SANITIZE ?=
OPT ?= $(if $(SANITIZE),-O1,-O2) -g
# No compiler's warning stops who builds; make check says -Werror.
WERROR ?=
# What this compiler takes of some flags, whatever its name: asked once by all together, and by each only when it refuses.
# It is asked with the flags of who packages, so that what these say already (_FORTIFY_SOURCE) is not said again.
asked := \#include <features.h>
accepts = $(filter yes,$(shell echo '$(2)' | $(CC) -Werror $(OPT) $(CPPFLAGS) $(CFLAGS) $(1) -fsyntax-only -x c - \
	>/dev/null 2>&1 && echo yes))
accepted = $(if $(call accepts,$(1),$(asked)),$(1),$(foreach flag,$(1),$(if $(call accepts,$(flag),$(asked)),$(flag))))
WARN := -Wall -Wextra -Wshadow -Wformat=2 -Wformat-security -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wpointer-arith -Wwrite-strings -Wundef -Wvla \
	-Winit-self -Wswitch-enum -Wredundant-decls -Wnested-externs -Wreturn-type -Wimplicit-fallthrough \
	-Wunused-result
# Not of compilers that take offence at any cast, those of the system's own macros included.
CASTS := -Wcast-align -Wcast-qual
WARN += $(if $(call accepts,$(CASTS),int *f(char *c); int *f(char *c) { return (int *)c; }),$(CASTS))
HARDEN := $(call accepted,-fstack-protector-strong -fstack-clash-protection -fcf-protection -D_FORTIFY_SOURCE=2 \
	-ffile-prefix-map=$(CURDIR)=.) -fvisibility=hidden -ffunction-sections -fdata-sections
LDHARDEN := -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections
# Names of errors: own ones for a C library that has none.
ERRNAMES := $(if $(call accepts,-D_GNU_SOURCE -include string.h -Werror=implicit-function-declaration,const char *f(int e); const \
	char *f(int e) { return strerrordesc_np(e) ? strerrorname_np(e) : 0; }),,-DCRL_OWN_ERRNAMES -include src/base/errname.h)
override CPPFLAGS += -D_GNU_SOURCE -Isrc -I. $(ERRNAMES) -DCRL_VERSION='"$(VERSION)"' -DCRL_HELPER_PATH='"$(LIBEXECDIR)/carrel-helper"' \
	-DCRL_CTL_PATH='"$(SBINDIR)/carrelctl"' -DCRL_SHELL_PATH='"$(BINDIR)/carrel-shell"' \
	-DCRL_CONFIG_PATH='"$(SYSCONFDIR)/carrel/carrel.conf"' -DCRL_DATA_DIR='"$(DATADIR)"' -DCRL_STATE_DIR='"$(STATEDIR)"' \
	-DCRL_STORE_DIR='"$(STOREDIR)"' \
	-DCRL_PUBLISHED_DIR='"$(SYSCONFDIR)/carrel/shell"' \
	-DCRL_MODULE_PATH='"$(PAMDIR)/pam_carrel.so"'
# Two archives of each object would differ in -fPIC only; the module needs it and a static PIE does not mind.
CFLAGS_ALL := $(CSTD) $(OPT) $(WARN) $(WERROR) $(HARDEN) -fPIC

# SANITIZE=address,undefined builds everything so (with -O1, in two thirds of the time, and without the warnings that are
# often mistaken then); a sanitized helper cannot be static.
ifneq ($(SANITIZE),)
CFLAGS_ALL := $(filter-out -D_FORTIFY_SOURCE=2,$(CFLAGS_ALL)) -fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
	$(call accepted,-Wno-format-truncation -Wno-maybe-uninitialized)
LDSAN := -fsanitize=$(SANITIZE)
STATIC ?=
else
STATIC ?= -static-pie
endif
# -Wl,-Bsymbolic etc. are not needed: the module exports two symbols (pam_carrel.map).

# A layer's folder, with its rooms. LAYERS in the order of dependency, highest first; each becomes build/libLAYER.a.
layer = $(wildcard src/$(1)/*.c src/$(1)/*/*.c)
LAYERS := ctl shell door apply state plan policy store layers wire base
LAYER_SRC := $(foreach l,$(LAYERS),$(call layer,$(l)))
HELPER_SRC := $(wildcard helper/*.c $(addsuffix /*.c,$(addprefix helper/,process parts supervisor init listener)))
ERRAND_SRC := $(wildcard helper/errand/*.c)
KEEPER_SRC := $(wildcard helper/keeper/*.c)
# Of the helper's own: how the keeper begins.
KEEPER_TOO := helper/process/harden.c helper/process/shed.c
USER_SRC := $(wildcard src/user/*.c)
SHELL_MAIN := src/shell/main.c
CAPS_SRC := $(wildcard src/caps/*.c)
BUS_SRC := $(wildcard helper/bus/*.c)
NET_SRC := $(wildcard helper/net/*.c)
STEWARD_SRC := $(wildcard helper/steward/*.c)
# Of the helper's own: how a process is begun that nothing of its starter shall be left in.
STEWARD_TOO := $(wildcard helper/process/*.c) helper/parts/ask_systemd.c
MODULE_SRC := $(wildcard pam_module/*.c)
UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
LIVE_SRC := $(wildcard tests/live/*/test_*.c)
PAMTEST_SRC := $(wildcard tests/pam/*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/fuzz_*.c)
TOOL_SRC := $(wildcard tests/lib/*.c)

obj = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
ALL_OBJ := $(call obj,$(LAYER_SRC) $(HELPER_SRC) $(BUS_SRC) $(NET_SRC) $(STEWARD_SRC) $(ERRAND_SRC) $(KEEPER_SRC) \
	$(USER_SRC) $(CAPS_SRC) $(MODULE_SRC) $(UNIT_SRC) $(LIVE_SRC) $(PAMTEST_SRC) $(BENCH_SRC) $(TOOL_SRC))
archives = $(patsubst %,$(BUILD)/lib%.a,$(1))
# What helper and steward, the module, carrelctl and the tests link: an archive comes after those that call it.
HELPER_LIB := $(call archives,apply state plan policy store layers wire base)
DOOR_LIB := $(call archives,door wire base)
CTL_LIB := $(call archives,$(LAYERS))
LIBS_CORE := -lconfig -lseccomp -lcap

# sd-bus is optional: without it carrel knows the manager "cgroupfs" only. SDBUS= leaves it out.
SDBUS ?= $(if $(wildcard /usr/include/systemd/sd-bus.h),yes)
BUS := $(if $(SDBUS),$(BUILD)/carrel-bus)
# libnftables is as well: without it no room has network.mode = "nat". NFTABLES= leaves it out.
NFTABLES ?= $(if $(wildcard /usr/include/nftables/libnftables.h),yes)
NET := $(if $(NFTABLES),$(BUILD)/carrel-net)

.PHONY: all
all: $(BUILD)/pam_carrel.so $(BUILD)/carrel-helper $(BUILD)/carrel-steward $(BUILD)/carrel-errand $(BUILD)/carrel-keeper \
		$(BUILD)/carrel $(BUILD)/carrel-shell $(BUILD)/carrel-caps $(BUILD)/carrelctl $(BUS) $(NET) ## the products, in build/ (BUILD=)

# Directories are compiled into some objects: another PREFIX builds those anew.
PATHS := $(LIBEXECDIR) $(SBINDIR) $(BINDIR) $(SYSCONFDIR) $(DATADIR) $(STATEDIR) $(STOREDIR) $(PAMDIR) $(VERSION)
PATHS_OBJ := $(call obj,$(shell grep -lE '\bCRL_(HELPER_PATH|CTL_PATH|SHELL_PATH|CONFIG_PATH|DATA_DIR|STORE_DIR|STATE_DIR|PUBLISHED_DIR|MODULE_PATH|VERSION|VERSION_TEXT)\b|\bcrl_version_told\b' \
	$(LAYER_SRC) $(ERRAND_SRC) $(HELPER_SRC) $(BUS_SRC) $(NET_SRC) $(STEWARD_SRC) $(KEEPER_SRC) $(USER_SRC) $(MODULE_SRC) $(UNIT_SRC)))
$(PATHS_OBJ): $(BUILD)/paths
.PHONY: always
always: ## (within) what is looked at each time
$(BUILD)/paths: always
	@mkdir -p $(@D)
	@echo '$(PATHS)' | cmp -s - $@ || echo '$(PATHS)' >$@

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo CC $<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(CFLAGS) -MMD -MP -c -o $@ $<

# Which build it is, in an object of its own: another commit compiles this one, and links. Two makes may look at once.
$(BUILD)/build.c: always
	@mkdir -p $(@D)
	@printf '#include "wire/version.h"\nconst char crl_version_build[] = "%s";\n' '$(BUILD_NAME)' >$@.$$$$ && \
		if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi
BUILD_OBJ := $(BUILD)/obj/build.o
$(BUILD_OBJ): $(BUILD)/build.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(CFLAGS) -MMD -MP -c -o $@ $<

# P: two rooms of a layer may have a file of the same name.
define archive
$(BUILD)/lib$(1).a: $(call obj,$(call layer,$(1)))
endef
$(foreach l,$(LAYERS),$(eval $(call archive,$(l))))
$(BUILD)/%.a:
	@rm -f $@
	$(Q)$(AR) rcsP $@ $^

$(BUILD)/pam_carrel.so: $(call obj,$(MODULE_SRC)) $(DOOR_LIB) pam_module/pam_carrel.map
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) -shared $(LDSAN) $(LDHARDEN) -Wl,-z,defs -Wl,--version-script=pam_module/pam_carrel.map -o $@ \
		$(call obj,$(MODULE_SRC)) $(DOOR_LIB) -lpam $(LDFLAGS)

$(BUILD)/carrel-helper: $(call obj,$(HELPER_SRC)) $(BUILD_OBJ) $(HELPER_LIB)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) $(if $(STATIC),$(STATIC),-pie) $(LDSAN) $(LDHARDEN) -o $@ $(filter %.o,$^) $(HELPER_LIB) $(LIBS_CORE) $(LDFLAGS)

$(BUILD)/carrel-steward: $(call obj,$(STEWARD_SRC) $(STEWARD_TOO)) $(BUILD_OBJ) $(HELPER_LIB)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) $(if $(STATIC),$(STATIC),-pie) $(LDSAN) $(LDHARDEN) -o $@ $(filter %.o,$^) $(HELPER_LIB) \
		$(LIBS_CORE) $(LDFLAGS)

# Works in a home with its user's rights, for as long as a room shows it and a moment longer.
$(BUILD)/carrel-keeper: $(call obj,$(KEEPER_SRC) $(KEEPER_TOO)) $(BUILD_OBJ) $(HELPER_LIB)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) $(if $(STATIC),$(STATIC),-pie) $(LDSAN) $(LDHARDEN) -o $@ $^ $(LDFLAGS)

# Run in rooms, as their users; static, so that they start in any of them.
$(BUILD)/carrel: $(call obj,$(USER_SRC)) $(BUILD_OBJ) $(call archives,state apply store plan policy wire base)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) $(if $(STATIC),$(STATIC),-pie) $(LDSAN) $(LDHARDEN) -o $@ $^ $(LIBS_CORE) $(LDFLAGS)

# The last stage of a login, as its user, in any room; static for the same reason.
SHELL_LIB := $(call archives,shell door apply state plan policy store layers wire base)
$(BUILD)/carrel-shell: $(SHELL_LIB)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) $(if $(STATIC),$(STATIC),-pie) $(LDSAN) $(LDHARDEN) -o $@ $(call obj,$(SHELL_MAIN)) $(SHELL_LIB) $(LIBS_CORE) \
		$(LDFLAGS)

# Run in rooms with more than its user has: without the C library where its start is written (src/caps/start.c), and never
# with a sanitizer's.
CAPS_FREE := $(filter x86_64-% aarch64-%,$(shell $(CC) -dumpmachine 2>/dev/null))
$(call obj,$(CAPS_SRC)): CFLAGS_ALL := $(CSTD) $(OPT) $(WARN) $(WERROR) $(filter -fstack-clash% -fcf-%,$(HARDEN)) \
	-fvisibility=hidden -fPIE $(if $(CAPS_FREE),-DCRL_CAPS_FREE \
	$(call accepted,-ffreestanding -fno-stack-protector -fno-tree-loop-distribute-patterns),-fstack-protector-strong)
# Behind the flags of who packages, which stand last.
$(call obj,$(CAPS_SRC)): override CFLAGS += $(if $(CAPS_FREE),-fno-stack-protector)
$(BUILD)/carrel-caps: $(call obj,$(CAPS_SRC))
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) -static-pie $(if $(CAPS_FREE),-nostdlib -nostartfiles) $(LDHARDEN) -o $@ $^

$(BUILD)/carrel-errand: $(call obj,$(ERRAND_SRC)) $(BUILD_OBJ) $(call archives,wire base)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) $(if $(STATIC),$(STATIC),-pie) $(LDSAN) $(LDHARDEN) -o $@ $^ $(LDFLAGS)

# Static but for libc, whose name service it asks: a host needs no package to look at its rooms. libpam is opened only by
# what asks it, and finds syslog() here, so that its reasons are heard.
$(BUILD)/carrelctl: $(BUILD_OBJ) $(CTL_LIB)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) -pie $(LDSAN) $(LDHARDEN) -Wl,--export-dynamic-symbol=syslog,--export-dynamic-symbol=__syslog_chk -o $@ \
		$(call obj,src/ctl/main.c) $(BUILD_OBJ) $(CTL_LIB) -Wl,-Bstatic $(LIBS_CORE) -Wl,-Bdynamic $(LDFLAGS)

$(BUILD)/carrel-bus: $(call obj,$(BUS_SRC)) $(BUILD_OBJ) $(call archives,apply wire base)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) -pie $(LDSAN) $(LDHARDEN) -o $@ $^ -lsystemd $(LDFLAGS)

$(BUILD)/carrel-net: $(call obj,$(NET_SRC) src/plan/net/guard.c src/plan/net/pool.c) $(BUILD_OBJ) $(call archives,apply wire base)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) -pie $(LDSAN) $(LDHARDEN) -o $@ $^ -lnftables $(LDFLAGS)

# Unit and live C tests: one program for each file, named after the file it tests.
UNIT_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
LIVE_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(LIVE_SRC))
$(BUILD)/tests/live/helper/test_helper $(BUILD)/tests/live/helper/test_shed: $(BUILD)/carrel-helper
$(BUILD)/tests/live/helper/test_keeper: $(call obj,helper/keeper_start.c helper/process/apart.c helper/process/beside.c) \
		$(BUILD)/carrel-keeper $(BUILD)/carrel
$(BUILD)/tests/live/helper/test_ask_systemd: $(call obj,helper/parts/ask_systemd.c helper/process/ask.c helper/process/beside.c)
$(BUILD)/tests/live/helper/test_orders: $(call obj,helper/init/orders.c)
$(addprefix $(BUILD)/tests/,$(addprefix unit/helper/test_,manager_cgroupfs notice outer_tty parts settings) \
	live/helper/test_show_limits): $(call obj,$(filter-out helper/main.c,$(HELPER_SRC)))
$(BUILD)/tests/unit/caps/test_words: $(call obj,src/caps/words.c)
$(BUILD)/tests/unit/helper/test_rate: $(call obj,helper/listener/rate.c)
$(BUILD)/tests/unit/helper/test_listener: $(call obj,$(addprefix helper/listener/,answer.c caller.c orders.c rate.c told.c))
$(BUILD)/tests/unit/keeper/test_wishes: $(call obj,helper/keeper/wishes.c)
$(BUILD)/tests/unit/user/test_said: $(call obj,$(addprefix src/user/,said.c said_texts.c) helper/errand/said_texts.c)
$(BUILD)/tests/unit/steward/test_follow: $(call obj,$(addprefix helper/steward/,follow.c mounts.c pace.c places.c rooms.c sets.c watch.c \
	ways.c))
$(BUILD)/tests/unit/steward/test_mounts: $(call obj,helper/steward/mounts.c)
$(BUILD)/tests/unit/steward/test_pace: $(call obj,helper/steward/pace.c)
$(BUILD)/tests/unit/steward/test_sets: $(call obj,helper/steward/sets.c helper/steward/places.c)
$(BUILD)/tests/unit/steward/test_watch: $(call obj,helper/steward/watch.c)
$(BUILD)/tests/live/apply/test_landlock: $(BUILD)/carrelctl $(BUS)
# What stands in place of a clock or a call; not in LDFLAGS, which who builds may set.
WRAP =
$(BUILD)/tests/unit/steward/test_follow: WRAP := -Wl,--wrap=crl_now_ms
$(BUILD)/tests/unit/store/test_run: WRAP := -Wl,--wrap=crl_now_ms,--wrap=poll
$(UNIT_BIN) $(LIVE_BIN): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(BUILD)/obj/tests/lib/only.o $(CTL_LIB)
	@mkdir -p $(@D)
	$(if $(V),,@echo LD $@)
	$(Q)$(CC) $(LDSAN) $(WRAP) -o $@ $(filter %.o,$^) $(CTL_LIB) $(LIBS_CORE) -lcmocka $(LDFLAGS)

# --- tests -------------------------------------------------------------------------------------------------------

.PHONY: help deps check check-unit check-live-c check-static check-size check-layers check-exports check-pure check-rules \
	check-suites check-sum check-image check-policies check-install check-completions check-help check-map check-docs check-all \
	check-quick figures check-asan check-deb format format-check lint install uninstall dist deb clean

MAKEFILES_OURS := $(firstword $(MAKEFILE_LIST)) $(wildcard tests/*/*.mk)
help: ## this list
	@awk -f tests/lib/help.awk $(MAKEFILES_OURS)

deps: ## (root) the packages that building and testing need
	tests/lib/deps.sh

# The one command: packages, both products, every test. Parts of it can be called alone.
check: deps ## (root) everything, installing what it needs: about an hour
	$(MAKE) WERROR=-Werror check-all

# All that is compiled is there before a test begins; then what needs neither a stage nor a guest, beside each other, each with
# all processors; then three parts beside each other: live tests, what the sanitizers have that these may have beside them, the
# guest with systemd. Its last suites and the two other guests are for the parts that are done first.
CPUS := $(shell nproc 2>/dev/null || echo 1)
check-all: ## (root) check, with its packages there
	$(MAKE) -j$(CPUS) BUILD=$(BUILD) all $(UNIT_BIN) $(LIVE_BIN) $(LIVE_TOOLS) $(GUEST_TOOLS) $(PAM_TOOLS) $(FUZZ_BIN)
	$(MAKE) -j$(CPUS) --output-sync=target BUILD=$(BUILD) check-static check-fuzz check-unit check-deb
	tests/lib/beside.sh "$(MAKE) BUILD=$(BUILD) check-live-c check-pam check-live asan-live-c" \
		"$(MAKE) BUILD=$(BUILD) asan-beside" "BOOT=systemd LEAVE='$(GUEST_LAST)' $(MAKE) BUILD=$(BUILD) guest-run" \
		-- "SUITES_AGAIN=1 BOOT=systemd $(MAKE) BUILD=$(BUILD) SUITES='$(GUEST_LAST)' guest-run" \
		"SUITES_AGAIN=1 BOOT=plain $(MAKE) BUILD=$(BUILD) guest-run" "$(MAKE) BUILD=$(BUILD) guest-trixie"

# Each program prints TAP-like lines of its own; one that fails stops here with its output on the screen.
# RUN: what starts them, an emulator of the architecture that they were built for. With make -k all are run.
RUN ?=
run_each = @rc=0; for t in $(1); do echo "== $$t"; $(RUN) "$$t" || { rc=1; echo "red: $$t"; $(on_red); }; done; exit $$rc
on_red = $(if $(findstring k,$(firstword -$(MAKEFLAGS))),:,exit 1)

check-unit: $(UNIT_BIN) ## tests/unit: pure code
	$(call run_each,$(UNIT_BIN))

check-live-c: $(LIVE_BIN) ## (root) tests/live/*/test_*.c: what a kernel does
	$(call run_each,$(LIVE_BIN))

# The live suites run with UndefinedBehaviorSanitizer alone: sshd cannot load a module that wants AddressSanitizer first.
ASAN := BUILD=$(BUILD)/asan SANITIZE=address,undefined
UBSAN := BUILD=$(BUILD)/ubsan SANITIZE=undefined CFLAGS=-fno-sanitize-recover=undefined
check-asan: asan-beside asan-live-c ## (root) unit, live C and PAM tests and some live suites, with sanitizers

# Beside the live suites: none of these has a loop device, or anything below /var/lib, which no stage has for itself, and their
# users' numbers are others, as the kernel counts by these. What is compiled takes the time that the others leave.
ASAN_LIVE := inside share refuse crash:own_room,shared_room,listened view
.PHONY: asan-beside asan-built asan-live-c
asan-beside: asan-built ## (within) what of check-asan may run beside live suites
	$(MAKE) $(ASAN) check-unit
	nice -n 10 $(MAKE) -j$(CPUS) $(UBSAN) all $(subst $(BUILD)/,$(BUILD)/ubsan/,$(LIVE_TOOLS))
	SUITES_AGAIN=1 CARREL_UID_MIN=4000 $(MAKE) $(UBSAN) TESTS="$(ASAN_LIVE)" check-live

asan-built: ## (within) what is built with AddressSanitizer, by one make at a time
	@mkdir -p $(BUILD)/asan
	nice -n 10 flock $(BUILD)/asan/lock $(MAKE) -j$(CPUS) $(ASAN) all \
		$(subst $(BUILD)/,$(BUILD)/asan/,$(UNIT_BIN) $(LIVE_BIN) $(PAM_TOOLS))

asan-live-c: asan-built ## (within) the others of check-asan: they have loop devices
	$(MAKE) $(ASAN) check-live-c check-pam

# For the hour of work between two full runs: something of each area. What it leaves out is in docs/testing.md.
QUICK_LIVE := inside:processes,files,identity,network share:joined doors:exec crash:all_at_once,listener refuse:no_rule,arguments \
	view:image,lists template:values take:terminals,files sweep:no_record,locks silent:no_answer sandbox:clock,calls \
	who:several ctl:usage,explain enter:same why:home,told operator:held try:live rehearse:works errand:password \
	follow:steward grace:no_time
check-quick: check-static check-unit check-pam check-live-c ## (root) static, unit, PAM, live C and a choice of live cases
	$(MAKE) --no-print-directory check-live TESTS="$(QUICK_LIVE)"

check-static: check-size check-layers check-exports check-pure check-rules check-suites check-sum check-image check-policies \
		check-install check-completions check-help check-map check-docs ## all that needs no process of ours but make

check-size: ## lengths of files, functions and lines
	tests/lib/check-size.sh

check-layers: all ## which layer includes which, what products link
	tests/lib/check-layers.sh $(BUILD)

check-static: check-names check-used check-old check-retold check-purge format-check
.PHONY: check-names check-used check-retold check-purge
check-purge: ## what apt purge takes for users' data is what the store has
	tests/lib/check-purge.sh

check-retold: ## tables of what users read, and the code that says it in English
	tests/lib/check-retold.sh

check-names: ## a name means one thing
	tests/lib/check-names.sh

check-used: all ## what the products' files offer is called by a product
	tests/lib/check-used.sh $(BUILD)

check-pure: all ## what policy and plan call
	tests/lib/check-pure.sh $(BUILD)

check-exports: all ## what the module exports, hardening
	tests/lib/check-exports.sh $(BUILD)

check-rules: ## numbered rules of file heads are kept somewhere
	tests/lib/check-rules.sh

check-suites: ## live and guest suites: all run, each a list of cases
	tests/lib/check-suites.sh

check-sum: ## what several runs of a suite come to
	tests/lib/check-sum.sh

check-image: ## which images of guests are thrown away
	tests/lib/check-image.sh

check-policies: ## each setting of a shipped policy says why
	tests/lib/check-policies.sh conf/policies/*.conf

.PHONY: peers
peers: $(BUILD)/tests/unit/plan/test_peers ## writes the table of docs/peers.md anew
	CARREL_PEERS_WRITE=1 $<

# The tables of commands and options are carrelctl's own; between the marks nothing is written by hand.
.PHONY: completions
completions: $(BUILD)/carrelctl ## writes what conf/completion/* have of the tables of carrelctl anew
	tests/lib/completions.sh $(BUILD) write

check-completions: $(BUILD)/carrelctl ## the completion files are what these tables say
	tests/lib/completions.sh $(BUILD)

check-install: all ## make install and uninstall, below a directory
	tests/lib/check-install.sh $(BUILD)

# Built anew when something that is in them is.
DEB_READY := $(BUILD)/deb/ready
$(DEB_READY): $(shell git -c safe.directory='*' ls-files src helper pam_module conf docs Makefile README.md LICENSE 2>/dev/null)
	tests/lib/check-deb.sh $(BUILD) $(VERSION)
check-deb: $(DEB_READY) ## the Debian packages: lintian, contents, flags, reproducible

figures: all ## how the source reads, in numbers: QUICK=quick for the time of check-quick as well
	@tests/lib/figures.sh $(BUILD) $(QUICK)

check-help: ## each target has its "##"
	tests/lib/check-help.sh $(MAKEFILES_OURS)

check-map: ## docs/hacking.md has each source file, pages name what is there
	tests/lib/check-map.sh

check-docs: ## blocks of the pages say who runs them, links lead somewhere, each refusal's code is explained
	tests/lib/check-docs.sh

format: ## clang-format, all of it
	find src helper pam_module tests -name '*.[ch]' -exec clang-format -i {} +

format-check: ## is each C file as clang-format has it
	tests/lib/check-format.sh

# cppcheck decides; the compiler's analyzer is for the eye, since it is often mistaken (GCC 12). Leaks are
# LeakSanitizer's to find: cppcheck does not follow cleanup attributes, nor arrays of pointers to a function type.
lint: ## cppcheck, and the compiler's analyzer for the eye
	cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 -Isrc -I. \
		--suppress=memleak --suppress=resourceLeak --suppress=AssignmentAddressToInteger \
		src helper pam_module
	$(MAKE) BUILD=$(BUILD)/analyzer OPT='-O1 -fanalyzer' WERROR= all

# --- install -----------------------------------------------------------------------------------------------------

.PHONY: install-where
install-where: ## (within) is it known where libpam looks for modules?
	@$(if $(PAMDIR_DOUBT),echo "make: $(PAMDIR_DOUBT)" >&2; exit 1,:)

# A file of conf/systemd with the directories filled in. $(1): which; $(2): where to
filled = sed 's|@SBINDIR@|$(SBINDIR)|; s|@LIBEXECDIR@|$(LIBEXECDIR)|; s|@STATEDIR@|$(STATEDIR)|; s|@STOREDIR@|$(STOREDIR)|' \
	conf/systemd/$(1) >$(DESTDIR)$(2) && chmod 0644 $(DESTDIR)$(2)

install: install-where all ## DESTDIR=, PREFIX=, PAMDIR=, SYSCONFDIR=, SBINDIR=, ...
	$(INSTALL) -d $(DESTDIR)$(PAMDIR) $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR)/policies \
		$(DESTDIR)$(SYSCONFDIR)/carrel/policy.d $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5 \
		$(DESTDIR)$(MANDIR)/man8
	$(INSTALL) -m 0644 $(BUILD)/pam_carrel.so $(DESTDIR)$(PAMDIR)/pam_carrel.so
	$(INSTALL) -m 0755 $(BUILD)/carrel-helper $(DESTDIR)$(LIBEXECDIR)/carrel-helper
	$(INSTALL) -m 0755 $(BUILD)/carrel-steward $(DESTDIR)$(LIBEXECDIR)/carrel-steward
	$(INSTALL) -m 0755 $(BUILD)/carrel-keeper $(DESTDIR)$(LIBEXECDIR)/carrel-keeper
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR)
	$(INSTALL) -m 0755 $(BUILD)/carrel $(DESTDIR)$(BINDIR)/carrel
	$(INSTALL) -m 0755 $(BUILD)/carrel-shell $(DESTDIR)$(BINDIR)/carrel-shell
	conf/login-shells.sh add $(DESTDIR)$(SYSCONFDIR)/shells $(BINDIR)/carrel-shell
	$(INSTALL) -m 0755 $(BUILD)/carrelctl $(DESTDIR)$(SBINDIR)/carrelctl
	$(INSTALL) -d $(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(ZSHCOMPDIR)
	$(INSTALL) -m 0644 conf/completion/carrelctl.bash $(DESTDIR)$(BASHCOMPDIR)/carrelctl
	$(INSTALL) -m 0644 conf/completion/_carrelctl $(DESTDIR)$(ZSHCOMPDIR)/_carrelctl
	$(INSTALL) -m 0755 $(BUILD)/carrel-errand $(DESTDIR)$(LIBEXECDIR)/carrel-errand
	$(INSTALL) -m 0755 $(BUILD)/carrel-caps $(DESTDIR)$(LIBEXECDIR)/carrel-caps
	$(if $(BUS),$(INSTALL) -m 0755 $(BUS) $(DESTDIR)$(LIBEXECDIR)/carrel-bus)
	$(if $(NET),$(INSTALL) -m 0755 $(NET) $(DESTDIR)$(LIBEXECDIR)/carrel-net)
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	$(INSTALL) -m 0644 conf/systemd/carrel.slice $(DESTDIR)$(UNITDIR)/carrel.slice
	for unit in $(UNITS); do $(call filled,$$unit,$(UNITDIR)/$$unit) || exit 1; done
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)/user@.service.d $(DESTDIR)$(SYSUSERSDIR) $(DESTDIR)$(TMPFILESDIR) \
		$(DESTDIR)$(PRESETDIR) $(DESTDIR)$(DOCDIR)
	$(INSTALL) -d $(DESTDIR)$(NETWORKDIR)/systemd/network $(DESTDIR)$(NETWORKDIR)/NetworkManager/conf.d
	$(INSTALL) -m 0644 conf/network/10-carrel.network $(DESTDIR)$(NETWORKDIR)/systemd/network/10-carrel.network
	$(INSTALL) -m 0644 conf/network/90-carrel.conf $(DESTDIR)$(NETWORKDIR)/NetworkManager/conf.d/90-carrel.conf
	$(call filled,user-manager.conf,$(UNITDIR)/$(MANAGER_DROPIN))
	$(call filled,carrel.sysusers,$(SYSUSERSDIR)/carrel.conf)
	$(call filled,carrel.tmpfiles,$(TMPFILESDIR)/carrel.conf)
	$(call filled,carrel.preset,$(PRESETDIR)/50-carrel.preset)
	$(if $(DESTDIR),,-test ! -d /run/systemd/system || systemctl daemon-reload)
	$(if $(DESTDIR),,-test ! -d /run/systemd/system || systemd-sysusers $(SYSUSERSDIR)/carrel.conf)
	$(INSTALL) -m 0644 README.md LICENSE docs/*.md $(DESTDIR)$(DOCDIR)/
	$(INSTALL) -m 0644 conf/syscalls.conf $(DESTDIR)$(DATADIR)/syscalls.conf
	$(INSTALL) -m 0644 conf/policies/*.conf $(DESTDIR)$(DATADIR)/policies/
	$(INSTALL) -d $(DESTDIR)$(DATADIR)/monitoring
	$(INSTALL) -m 0644 conf/monitoring/* $(DESTDIR)$(DATADIR)/monitoring/
	cd conf && find ansible selinux -type f | while read -r f; do $(INSTALL) -D -m 0644 "$$f" "$(DESTDIR)$(DATADIR)/$$f" || exit 1; done
	test -e $(DESTDIR)$(SYSCONFDIR)/carrel/carrel.conf || \
		$(INSTALL) -m 0644 conf/carrel.conf $(DESTDIR)$(SYSCONFDIR)/carrel/carrel.conf
	$(INSTALL) -m 0644 docs/man/*.1 $(DESTDIR)$(MANDIR)/man1/
	$(INSTALL) -m 0644 docs/man/*.5 $(DESTDIR)$(MANDIR)/man5/
	$(INSTALL) -m 0644 docs/man/*.8 $(DESTDIR)$(MANDIR)/man8/

# The configuration stays, as any administrator's own file does. Take carrel out of /etc/pam.d first.
uninstall: install-where ## what install laid down, but for the configuration
	@if grep -ls pam_carrel $(DESTDIR)$(SYSCONFDIR)/pam.d/* 2>/dev/null; then \
		echo "these files still name pam_carrel.so: take its lines out first, or nobody can log in" >&2; exit 1; fi
	conf/login-shells.sh remove $(DESTDIR)$(SYSCONFDIR)/shells $(BINDIR)/carrel-shell
	rm -f $(DESTDIR)$(PAMDIR)/pam_carrel.so $(DESTDIR)$(SBINDIR)/carrelctl $(DESTDIR)$(BINDIR)/carrel \
		$(DESTDIR)$(BINDIR)/carrel-shell \
		$(DESTDIR)$(BASHCOMPDIR)/carrelctl $(DESTDIR)$(ZSHCOMPDIR)/_carrelctl
	rm -rf $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(DATADIR) $(DESTDIR)$(DOCDIR)
	rm -f $(DESTDIR)$(SYSUSERSDIR)/carrel.conf $(DESTDIR)$(TMPFILESDIR)/carrel.conf $(DESTDIR)$(PRESETDIR)/50-carrel.preset
	rm -f $(DESTDIR)$(UNITDIR)/carrel.slice $(DESTDIR)$(UNITDIR)/$(MANAGER_DROPIN) \
		$(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS))
	-rmdir --ignore-fail-on-non-empty $(DESTDIR)$(UNITDIR)/user@.service.d
	rm -f $(DESTDIR)$(NETWORKDIR)/systemd/network/10-carrel.network $(DESTDIR)$(NETWORKDIR)/NetworkManager/conf.d/90-carrel.conf
	-rmdir --ignore-fail-on-non-empty $(addprefix $(DESTDIR)$(NETWORKDIR)/NetworkManager,/conf.d /)
	$(if $(DESTDIR),,-test ! -d /run/systemd/system || systemctl daemon-reload)
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man1/,$(notdir $(wildcard docs/man/*.1)))
	rm -f $(addprefix $(DESTDIR)$(MANDIR)/man5/,$(notdir $(wildcard docs/man/*.5))) \
		$(addprefix $(DESTDIR)$(MANDIR)/man8/,$(notdir $(wildcard docs/man/*.8)))

# RELEASE is what --version tells of the build where there is no git.
dist: ## a release of HEAD: build/carrel-VERSION.tar.gz, SHA256SUMS
	@mkdir -p $(BUILD)
	git -c tar.umask=0022 -c tar.tar.gz.command='gzip -9n' archive --prefix=carrel-$(VERSION)/ \
		--add-virtual-file=carrel-$(VERSION)/RELEASE:"$$(git describe --tags --match 'v*' --always HEAD)" \
		-o $(BUILD)/carrel-$(VERSION).tar.gz HEAD
	cd $(BUILD) && sha256sum carrel-$(VERSION).tar.gz >SHA256SUMS && cat SHA256SUMS

deb: ## the Debian packages of this tree, in build/deb
	conf/make-deb.sh $(BUILD)/deb $(VERSION) '$(BUILD_NAME)'
	@ls $(BUILD)/deb/*.deb

clean: ## removes build/
	rm -rf $(BUILD)

include $(wildcard tests/*/*.mk)
-include $(ALL_OBJ:.o=.d) $(BUILD_OBJ:.o=.d)
