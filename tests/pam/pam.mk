# SPDX-License-Identifier: Apache-2.0
# check-pam: the module in a real libpam, with a helper that misbehaves in every way it can.

PAM_OBJ_TEST := $(BUILD)/obj/tests/pam/test_module.o $(BUILD)/obj/tests/pam/host.o $(BUILD)/obj/tests/pam/snapshot.o

# -rdynamic: libpam finds the program's syslog() before the C library's.
$(BUILD)/tests/pam/test_module: $(PAM_OBJ_TEST)
	@mkdir -p $(@D)
	$(CC) $(LDSAN) -rdynamic -o $@ $^ -lpam -lcmocka $(LDFLAGS)

$(BUILD)/tests/pam/stub: $(BUILD)/obj/tests/pam/stub.o $(call archives,wire base)
	@mkdir -p $(@D)
	$(CC) $(LDSAN) -o $@ $^ $(LDFLAGS)

# A module that tells its place in the order, under its own name and under carrel's.
$(BUILD)/tests/pam/pam_mark.so: $(BUILD)/obj/tests/pam/marker.o
	@mkdir -p $(@D)/mark
	$(CC) $(LDSAN) -shared -o $@ $< -lpam $(LDFLAGS)
	cp $@ $(@D)/mark/pam_carrel.so

$(BUILD)/tests/pam/test_stack: $(BUILD)/obj/tests/pam/test_stack.o $(CTL_LIB)
	@mkdir -p $(@D)
	$(CC) $(LDSAN) -rdynamic -o $@ $^ -lpam -lcmocka $(LDFLAGS)

PAM_TOOLS := $(patsubst %,$(BUILD)/tests/pam/%,test_module stub test_stack pam_mark.so)
.PHONY: check-pam
check-pam: $(BUILD)/pam_carrel.so $(PAM_TOOLS) ## (root) the module in a real libpam, with a helper that misbehaves
	$(BUILD)/tests/pam/test_stack $(abspath $(BUILD))
	$(BUILD)/tests/pam/test_module $(abspath $(BUILD))
