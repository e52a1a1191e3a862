/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the plan that turtle-init carries out: one flat read-only block in a sealed memory file. No pointers, no
 * OCI words: everything is resolved (flags are kernel constants, capability sets are masks, the seccomp filter is BPF),
 * so turtle-init only has to do, never to decide. What is host business (cgroup, id maps, hooks in the runtime's
 * namespace, state) is in plan.h and never reaches the container's side.
 *
 * Layout: struct init_plan at offset 0, then the tables and strings it refers to by offset from the start of the block.
 * Offset 0 means absent. Strings are NUL-terminated. Tables are 8-byte aligned. Both sides are built together from this
 * header; magic and size are checked, nothing else is versioned.
 */
#ifndef TURTLE_PLAN_INIT_PLAN_H
#define TURTLE_PLAN_INIT_PLAN_H

#include <stdint.h>

#define INIT_PLAN_MAGIC 0x74747031u /* "ttp1" */

typedef uint32_t plan_off;

struct plan_list {
	plan_off at; /* of the first element; 0 when n is 0 */
	uint32_t n;
};

/* A list of strings is a list of plan_off. */

/*
 * A namespace to enter by path. The host opens the path, checks the type, and passes the descriptors with the first
 * messages of the conversation, in the order of the list (see sync/sync.h).
 */
struct plan_join {
	uint32_t type; /* CLONE_NEW* */
	plan_off path; /* for messages */
};

enum plan_mount_kind {
	PLAN_MOUNT_FS,      /* a new instance of fstype: fsopen, options, fsmount */
	PLAN_MOUNT_BIND,    /* open_tree(source) */
	PLAN_MOUNT_PROC,    /* procfs: as FS, but the destination must be a real directory (no symlink on the way) */
	PLAN_MOUNT_SYSFS,   /* sysfs: same rule; where the kernel refuses (no own network namespace in a user namespace)
			       the   host's /sys is bound recursively instead */
	PLAN_MOUNT_CGROUP,  /* the container's view of cgroup2: a new cgroup2 mount in a new cgroup namespace, else (or
			       where  the kernel refuses) a bind of the container's own cgroup directory, `source` */
	PLAN_MOUNT_REMOUNT, /* option "remount": changes the mount that is at the destination */
};

enum plan_mount_flag {
	PLAN_MOUNT_RECURSIVE = 1 << 0,     /* bind with submounts (rbind) */
	PLAN_MOUNT_TMPCOPYUP = 1 << 1,     /* copy what the mount covers into the new tmpfs */
	PLAN_MOUNT_COPY_SYMLINK = 1 << 2,  /* a source that is a symlink is recreated, not bound */
	PLAN_MOUNT_DEST_NOFOLLOW = 1 << 3, /* a destination that is a symlink is the target itself */
	PLAN_MOUNT_SRC_NOFOLLOW = 1 << 4,  /* a source that is a symlink is bound itself */
	PLAN_MOUNT_NO_CREATE = 1 << 5,     /* a missing destination is an error */
	PLAN_MOUNT_LATE_READONLY = 1 << 6, /* read-only only after `late`: something is to be made in it */
};

/* How the host's nodes are mounted, as masks and as devices: the container can use them, but not change the inodes. */
#define PLAN_NODE_ATTRIBUTES (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

/* The index of the mount that is there for NOTIFY_SOCKET, and in no configuration. */
#define PLAN_INDEX_NOTIFY UINT32_MAX
/* And that of the root, among the trees that the host passes. */
#define PLAN_INDEX_ROOT (UINT32_MAX - 1)

/* Later than any mount. */
#define PLAN_LATE_END UINT32_MAX

/* One mount. Attributes are MOUNT_ATTR_*; data are file system parameters "key" or "key=value". */
struct plan_mount {
	uint32_t kind;        /* enum plan_mount_kind */
	uint32_t flags;       /* enum plan_mount_flag */
	plan_off destination; /* cleaned, absolute inside the root */
	plan_off source;      /* absolute host path for binds (relative ones are resolved against the bundle); device or
				 name for file systems */
	plan_off fstype;
	int32_t source_fd; /* index among the detached trees that the host passes (sync/sync.h), ascending; -1 = open
			      `source` */
	struct plan_list data;        /* of plan_off */
	struct plan_list propagation; /* of uint32_t MS_SHARED|MS_SLAVE|MS_PRIVATE|MS_UNBINDABLE [|MS_REC], applied in
					 order after the mount */
	uint64_t attr_set, attr_clr;  /* on this mount; attr_clr only what was asked for by name */
	uint64_t attr_rest;           /* cleared with them, unless the source has one of them locked */
	uint64_t rec_set, rec_clr;    /* with AT_RECURSIVE (ro, rnoexec, ... of the spec) */
	uint32_t index;               /* in config's mounts, for messages "mounts[3]"; or PLAN_INDEX_NOTIFY */
	uint32_t late; /* position in the list of the last mount that is made in this one; PLAN_LATE_END: devices are */
};

struct plan_device {
	plan_off path; /* absolute inside the root */
	uint32_t mode; /* S_IFCHR|S_IFBLK|S_IFIFO and permissions */
	uint32_t major, minor;
	uint32_t uid, gid;   /* in the container */
	uint32_t is_default; /* of the fixed set: an existing right node is kept, the owner is not changed */
};

struct plan_sysctl {
	plan_off path; /* below /proc/sys, slashes: "net/ipv4/ip_forward" */
	plan_off key;  /* as in the config, for messages */
	plan_off value;
};

struct plan_rlimit {
	uint32_t resource; /* RLIMIT_* */
	uint32_t pad;
	uint64_t soft, hard;
};

/* struct sched_attr of sched_setattr(2), whose layout it has. */
struct plan_sched_attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* ns */
	uint32_t util_min, util_max;
};

struct plan_scheduler {
	struct plan_sched_attr attr;
	plan_off policy;          /* its name, for messages */
	plan_off denied, invalid; /* what the kernel may mean by EPERM, and by others; invalid may be 0 */
};

struct plan_hook {
	plan_off path;
	struct plan_list args; /* of plan_off; empty: argv[0] is path */
	struct plan_list env;  /* of plan_off; exactly these */
	uint32_t process_env;  /* not these, but what the process has */
	int64_t timeout;       /* s, 0 = none */
};

/* enum plan_flag: the yes/no decisions. */
enum plan_flag {
	PLAN_NEW_USERNS = 1 << 0,     /* wait for SYNC_MAPPED, then become ns_uid:ns_gid */
	PLAN_DENY_SETGROUPS = 1 << 1, /* setgroups(2) is denied in the user namespace: don't call it */
	PLAN_KEEP_GROUPS = 1 << 2,    /* leave the supplementary groups as inherited (run.oci.keep_original_groups) */
	PLAN_NEW_MOUNTNS = 1 << 3,    /* without a mount namespace of its own (joined or new) no root is set up */
	PLAN_NEW_CGROUPNS = 1 << 4,   /* unshared by init, once it is in its cgroup */
	PLAN_NEW_PIDNS = 1 << 5,
	PLAN_NEW_NETNS = 1 << 6,
	PLAN_IN_USERNS = 1 << 7, /* the container ends up in a user namespace, new or joined: device nodes are bound */
	PLAN_SETUP_DEV = 1 << 8, /* make device nodes, symlinks and ptmx in /dev (not when /dev is a bind mount) */
	PLAN_ROOT_READONLY = 1 << 9,
	PLAN_NO_PIVOT = 1 << 10,
	PLAN_TERMINAL = 1 << 11, /* allocate a pty, send its master, make it stdio and controlling */
	PLAN_NO_NEW_PRIVS = 1 << 12,
	PLAN_HOST_HOOKS = 1 << 13, /* stop for prestart and createRuntime hooks: SYNC_HOOKS */
	PLAN_SET_PERSONALITY = 1 << 14,
	PLAN_NEW_KEYRING = 1 << 15, /* join a new session keyring named keyring */
	PLAN_WAIT_START = 1 << 16,  /* create: after SYNC_CREATED wait for a start on the listening socket;
				       run: the start comes on the sync socket */
	PLAN_STAGE = 1 << 17,       /* one intermediate process: it enters the joins, then clones the container's init
				       with stage_flags as a sibling (CLONE_PARENT); see PLAN_BUILD_OUTSIDE */
	PLAN_HAS_CAPS = 1 << 18,    /* caps[] are given (else all sets become empty: see plan/security.c) */
	PLAN_SET_UMASK = 1 << 19,
	PLAN_AWAIT_CGROUP = 1 << 20, /* born in the caller's cgroup: systemd moves it, SYNC_CGROUP tells when */
	PLAN_EXEC = 1 << 21,       /* a further process of a container that is there: joins are its namespaces, and the
				      last descriptor that is passed is the host's procfs */
	PLAN_ANY_CPU = 1 << 22,    /* whatever CPUs the caller is bound to, the process may use all of its cgroup */
	PLAN_LISTEN_PID = 1 << 23, /* socket activation: the variable LISTEN_PID is set to what getpid(2) says */
	PLAN_BUILD_OUTSIDE = 1 << 24, /* of a joined pid namespace, whose processes would see it: the intermediate
					 process makes the namespaces for itself, builds, and clones init at last */
	PLAN_MUTE = 1 << 25, /* the seccomp filter may deny write(2): there is another way to tell of an error */
	PLAN_HOST_SCHEDULING = 1 << 26, /* scheduler and io_priority are the host's to set, which has the right to it */
	PLAN_SET_MEMORY_POLICY = 1 << 27,
	PLAN_NET_DEVICES = 1 << 28, /* the host moves network devices in: it needs a socket of the network namespace */
	PLAN_HOOK_STDOUT = 1 << 29, /* the host wants what hooks write: SYNC_HOOK_STDOUT */
	PLAN_HOOK_STDERR = 1 << 30,
};

enum plan_cap_set {
	PLAN_CAP_BOUNDING,
	PLAN_CAP_EFFECTIVE,
	PLAN_CAP_INHERITABLE,
	PLAN_CAP_PERMITTED,
	PLAN_CAP_AMBIENT,
	PLAN_CAP_N
};

struct init_plan {
	uint32_t magic, size; /* of the whole block, bytes */
	uint32_t flags;       /* enum plan_flag */
	plan_off id;          /* the container's id */

	/* namespaces */
	struct plan_list joins; /* of struct plan_join, to be entered in this order: a user namespace is the last, but
				   the first where the caller has no rights in the others without it */
	uint64_t stage_flags;   /* CLONE_NEW* that the intermediate process passes to clone3 */
	plan_off time_offsets;  /* text for /proc/self/timens_offsets; given iff a time namespace is to be unshared (see
				   new_timens), may be empty text */
	uint32_t new_timens;
	uint32_t new_ipcns; /* unshared by init, once it is ns_uid:ns_gid: whose the queues in /dev/mqueue then are */
	uint32_t ns_uid, ns_gid; /* who to become inside the new user namespace before any mount is made */

	/* root */
	plan_off rootfs;                 /* absolute host path, for messages and for opening when rootfs_fd is -1 */
	int32_t rootfs_fd;               /* index among the passed detached trees, as source_fd; or -1 */
	uint32_t root_propagation;       /* MS_* |MS_REC applied to "/" at first (config's rootfsPropagation, default
					    MS_SLAVE|MS_REC) */
	uint32_t final_propagation;      /* applied to the new "/" after pivot_root; 0 = none */
	struct plan_list mounts;         /* of struct plan_mount */
	struct plan_list devices;        /* of struct plan_device, the default ones included */
	struct plan_list masked;         /* of plan_off, absolute inside the root */
	struct plan_list readonly_paths; /* of plan_off */
	plan_off hostname, domainname;
	struct plan_list sysctls; /* of struct plan_sysctl */
	plan_off mount_label;     /* SELinux label for masks and directories of queues, or 0; other mounts have it in
				     their data */
	plan_off mount_context;   /* by which of its mount options: "context", ... */

	/* process */
	struct plan_list args; /* of plan_off; may be empty (create without a process, start fails) */
	struct plan_list env;  /* of plan_off, last duplicate already chosen; HOME is added by init when missing */
	plan_off cwd;
	uint32_t umask;
	uint32_t uid, gid;
	struct plan_list groups;   /* of uint32_t, exact */
	struct plan_list rlimits;  /* of struct plan_rlimit, those that init sets itself (outside user namespaces) */
	uint64_t caps[PLAN_CAP_N]; /* masks, bit = capability number; unknown to the running kernel: dropped by init */
	uint64_t personality;
	plan_off keyring;
	plan_off apparmor;                      /* AppArmor profile that the program is executed under, or 0 */
	plan_off selinux;                       /* SELinux label of the program and its session keyring, or 0 */
	uint32_t console_height, console_width; /* 0 = leave */
	uint32_t preserve_fds;                  /* descriptors 3 .. 3+n-1 stay open for the process */
	struct plan_list cpus; /* of uint8_t: the CPUs that an exec's process is bound to, as sched_setaffinity(2) takes
				  them; none: see PLAN_ANY_CPU */

	plan_off scheduler;            /* struct plan_scheduler, or 0 */
	uint32_t io_priority;          /* as ioprio_set(2) takes it; 0: leave */
	uint32_t memory_mode;          /* with PLAN_SET_MEMORY_POLICY, as set_mempolicy(2) takes it, flags included */
	struct plan_list memory_nodes; /* of uint8_t: the mask that goes with it */

	/* seccomp: struct sock_filter[seccomp_len] at seccomp; 0 = none */
	plan_off seccomp;
	uint32_t seccomp_len;
	uint32_t seccomp_flags; /* SECCOMP_FILTER_FLAG_* */

	/*
	 * Hooks that run on the container's side. The state document for their stdin is prefix, the decimal pid (in the
	 * container's pid namespace), suffix.
	 */
	struct plan_list create_container, start_container; /* of struct plan_hook */
	plan_off create_container_state[2];                 /* prefix, suffix (status creating) */
	plan_off start_container_state[2];                  /* prefix, suffix (status created) */
};

/* Reading. The block is made by turtle and sealed; these are plain arithmetic. */
static inline const void *plan_at(const struct init_plan *plan, plan_off off)
{
	return off ? (const char *)plan + off : (const void *)0;
}

static inline const char *plan_str(const struct init_plan *plan, plan_off off)
{
	return (const char *)plan_at(plan, off);
}

#define plan_items(plan, list, type) ((const type *)plan_at(plan, (list).at))

static inline const char *plan_str_item(const struct init_plan *plan, struct plan_list list, uint32_t i)
{
	return plan_str(plan, plan_items(plan, list, plan_off)[i]);
}

#endif
