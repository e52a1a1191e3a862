/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans a config.json for a host that doesn't exist, and prints what comes out: warnings, the plan, or the error. The
 * made-up host is a privileged one; options on the command line change that.
 *
 *	plan-dump CONFIG [OPTION]...
 *
 * OPTION is of the host: unprivileged, in-userns, setgroups-denied, clone-refused, no-cgroup2, old-kernel, few-caps,
 * selinux; systemd, systemd-user, systemd-old say which manager is there, and that it is asked; of the request:
 *no-pivot, no-new-keyring, listen, listen-fds, notify, preserve-fds, cgroup-disabled, seccomp. exec plans a further
 *process, in a container that has the namespaces of the configuration; await-cgroup: one that systemd has to move.
 */
#include "base/fd.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/names.h"
#include "plan/plan.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <stdio.h>
#include <string.h>

struct host {
	struct config_facts config;
	struct plan_facts facts;
	struct plan_request request;
	const struct plan_seccomp *seccomp;
	bool exec, await_cgroup;
};

static void warn(void *arg, const char *message)
{
	(void)arg;
	printf("warning: %s\n", message);
}

/* A filter that allows everything; what matters here is that it gets into the block. */
static struct sock_filter filter[] = {{.code = BPF_RET | BPF_K, .k = 0x7fff0000}};
static const struct plan_seccomp seccomp = {.filter = filter, .len = 1, .flags = 4};

static int take_option(struct host *h, const char *word)
{
	if (!strcmp(word, "unprivileged")) {
		h->config.rootless = true;
		h->facts.euid = h->facts.egid = 1000;
		h->facts.cap_sys_admin = false;
		h->facts.own_cgroup = "/user.slice/user-1000.slice/session-1.scope";
	} else if (!strcmp(word, "in-userns")) {
		h->facts.in_userns = true;
	} else if (!strcmp(word, "setgroups-denied")) {
		h->facts.setgroups_denied = true;
	} else if (!strcmp(word, "clone-refused")) {
		h->facts.cap_sys_admin = false;
	} else if (!strcmp(word, "no-cgroup2")) {
		h->facts.cgroup_mount = h->facts.own_cgroup = NULL;
	} else if (!strcmp(word, "old-kernel")) {
		h->facts.cap_last = CAP_BLOCK_SUSPEND;
	} else if (!strcmp(word, "few-caps")) {
		h->facts.caps_bounding = (1u << CAP_CHOWN) | (1u << CAP_KILL);
	} else if (!strcmp(word, "systemd") || !strcmp(word, "systemd-old")) {
		h->request.cgroup_systemd = true;
		h->facts.systemd_version = word[7] ? 239 : 257;
		h->facts.systemd_cgroup = "/";
	} else if (!strcmp(word, "systemd-user")) {
		h->request.cgroup_systemd = h->facts.systemd_user = true;
		h->facts.systemd_version = 257;
		h->facts.systemd_cgroup = "/user.slice/user-1000.slice/user@1000.service";
	} else if (!strcmp(word, "no-pivot")) {
		h->config.no_pivot = h->request.no_pivot = true;
	} else if (!strcmp(word, "no-new-keyring")) {
		h->request.no_new_keyring = true;
	} else if (!strcmp(word, "listen")) {
		h->request.listen = true;
	} else if (!strcmp(word, "notify")) {
		h->request.notify_dir = "/run/turtle/golden/notify";
	} else if (!strcmp(word, "listen-fds")) {
		h->request.listen_fds = h->request.preserve_fds = 2;
	} else if (!strcmp(word, "preserve-fds")) {
		h->request.preserve_fds = 3;
	} else if (!strcmp(word, "cgroup-disabled")) {
		h->request.cgroup_disabled = true;
	} else if (!strcmp(word, "selinux")) {
		h->config.selinux = true;
	} else if (!strcmp(word, "exec")) {
		h->exec = true;
	} else if (!strcmp(word, "await-cgroup")) {
		h->await_cgroup = true;
	} else if (!strcmp(word, "seccomp")) {
		h->seccomp = &seccomp;
	} else {
		return -1;
	}
	return 0;
}

static int make(const struct host *h, const struct oci_config *config, struct ocispec_arena *arena, struct plan *ret,
		struct err *err)
{
	struct plan_exec_request request = {.id = h->request.id,
					    .setgroups_denied = h->facts.setgroups_denied,
					    .no_new_keyring = h->request.no_new_keyring,
					    .await_cgroup = h->await_cgroup,
					    .preserve_fds = h->request.preserve_fds};

	if (!h->exec)
		return plan_make(config, &h->facts, &h->request, h->seccomp, arena, ret, err);
	for (size_t i = 0; i < config->linux_->n_namespaces; i++)
		request.namespaces |= name_to_namespace(config->linux_->namespaces[i].type);
	return plan_exec(config, &h->facts, &request, h->seccomp, arena, ret, err);
}

int main(int argc, char **argv)
{
	struct host h = {
		.config = {.apparmor = true},
		.facts = {.cap_sys_admin = true,
			  .caps_bounding = (UINT64_C(1) << 41) - 1,
			  .cap_last = CAP_CHECKPOINT_RESTORE,
			  .own_cgroup = "/system.slice/engine.service",
			  .cgroup_mount = "/sys/fs/cgroup"},
		.request = {.id = "golden", .bundle = "/bundle"},
	};
	struct ocispec_arena *arena = ocispec_arena_new();
	_cleanup_free_ char *text = NULL;
	struct ocispec_error why;
	struct err err = {0};
	struct plan plan;
	size_t size;
	void *config;
	char *dump;

	if (argc < 2 || !arena || fd_read_file(AT_FDCWD, argv[1], OCISPEC_MAX_SIZE, &text, &size) < 0) {
		fprintf(stderr, "usage: plan-dump CONFIG [OPTION]...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (take_option(&h, argv[i]) < 0) {
			fprintf(stderr, "plan-dump: unknown option %s\n", argv[i]);
			return 2;
		}
	if (ocispec_parse(&oci_config_object, text, size, "config.json", arena, &config, &why) < 0)
		printf("error: %s\n", why.message);
	else if (config_validate(config, &h.config, warn, NULL, &err) < 0 || make(&h, config, arena, &plan, &err) < 0 ||
		 plan_dump(&plan, arena, &dump, &err) < 0)
		printf("error: %s\n", err.msg);
	else
		printf("%s", dump);
	ocispec_arena_free(arena);
	return 0;
}
