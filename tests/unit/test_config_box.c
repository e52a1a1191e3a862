/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wishes and what becomes of them. Each row is a command line, as spec and run read it, written with blanks between the
 * words, and what must be in the configuration, or the error. What is around is made up and the same for all rows.
 */
#include "table.h"

#include "base/fd.h"
#include "base/mem.h"
#include "cmd/box_options.h"
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>

struct target {
	struct box_wishes wishes;
};

static const struct args_option options[] = {BOX_OPTIONS(struct target, wishes)};
static const struct args_syntax syntax = {.options = options, .n_options = ARRAY_SIZE(options)};

enum {
	SPEC = 1,     /* no root filesystem is named */
	ROOTLESS = 2, /* a plain user with one id */
	IDS = 4,      /* and the subordinate ones */
	TERMINAL = 8,
	NO_FILES = 16, /* the root filesystem has no passwd and group */
	SELINUX = 32,
};

static int device(const char *path, struct oci_device *ret)
{
	if (!strcmp(path, "/dev/missing"))
		return -ENOENT;
	if (strcmp(path, "/dev/fuse") != 0)
		return -ENODEV;
	*ret = (struct oci_device){.type = "c",
				   .major = {true, 10},
				   .minor = {true, 229},
				   .file_mode = {true, 0666},
				   .uid = {true, 0},
				   .gid = {true, 0}};
	return 0;
}

static bool yes(void)
{
	return true;
}

static bool no(void)
{
	return false;
}

static char home[] = "HOME_OF=me", empty_value[] = "EMPTY=", odd[] = "LONGNAME=x=y";
static char *const caller[] = {home, empty_value, odd, NULL};

static const char env_one[] = "# a comment\n\nA=1\n  B=two words\r\nHOME_OF\nNOT_THERE\nA=again\n";
static const char env_blank[] = "A=1\nB C=2\n", env_nameless[] = "=2";

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "broken\n"
			     "ada:x:1000:1001::/home/ada:/bin/sh\n"
			     "1000:x:7:7::/:/bin/sh\n"
			     "far:x:200000:200000::/:/bin/sh\n"
			     "huge:x:99999999999:1::/:/bin/sh\n"
			     "last:x:12:13:";
static const char group[] = "root:x:0:\nwheel:x:10:root,ada\nusers:x:100:ada,bob\nown:x:1001:ada\nlist:x:20:adam,xada\n"
			    "outside:x:300000:ada\nnobody:x:4294967295:";

static const char profile[] =
	"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"defaultErrno\":\"ENOSYS\","
	"\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":[\"SCMP_ARCH_X86\"]},"
	"{\"architecture\":\"SCMP_ARCH_AARCH64\",\"subArchitectures\":[\"SCMP_ARCH_ARM\"]}],"
	"\"syscalls\":["
	"{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"comment\":\"\",\"includes\":{},\"excludes\":{}},"
	"{\"name\":\"write\",\"action\":\"SCMP_ACT_ALLOW\"},"
	"{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}},"
	"{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\"]},"
	"\"args\":[{\"index\":0,\"value\":2114060288,\"op\":\"SCMP_CMP_MASKED_EQ\"}]},"
	"{\"names\":[\"ptrace\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"4.8\"}},"
	"{\"names\":[\"newer\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"99.1\"}},"
	"{\"names\":[\"older\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"minKernel\":\"4.8\"}},"
	"{\"names\":[\"s390_pci\"],\"action\":\"SCMP_ACT_ALLOW\",\"includes\":{\"arches\":[\"nonesuch\"]}},"
	"{\"names\":[\"everywhere\"],\"action\":\"SCMP_ACT_ALLOW\",\"excludes\":{\"arches\":[\"nonesuch\"]}}]}";
static const char profile_plain[] =
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],\"flags\":[],"
	"\"syscalls\":[{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1}]}";

struct file {
	const char *name, *text;
};

static const struct file files[] = {
	{"one.env", env_one},
	{"blank.env", env_blank},
	{"nameless.env", env_nameless},
	{"docker.json", profile},
	{"plain.json", profile_plain},
	{"both.json", "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		      "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\"}]}"},
	{"errno.json", "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\"}"},
	{"rule-errno.json",
	 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\","
	 "\"errno\":\"EPERM\"}]}"},
	{"kernel.json",
	 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\","
	 "\"includes\":{\"minKernel\":\"new\"}}]}"},
	{"kernel-sign.json",
	 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\","
	 "\"includes\":{\"minKernel\":\"-4.8\"}}]}"},
	{"broken.json", "{\"defaultAction\": 7}"},
};

static const char *text_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (!strcmp(files[i].name, name))
			return files[i].text;
	fail_msg("the test has no file %s", name);
	return NULL;
}

struct row {
	const char *line;
	/* "JSON && JSON && ! JSON": each is or is not in the compact document; or "? error text" */
	const char *expected;
	unsigned around;
};

#define NO_LABEL                                                                                       \
	"would give the source the container's SELinux label, and this container has none of its own " \
	"(leave it out; where the policy denies the source, see chcon(1))"

static const struct row rows[] = {
	/* The defaults: a box is not the example of `spec`. */
	{"--", "\"root\":{\"path\":\"/os\"} && \"args\":[\"sh\"] && \"cwd\":\"/\" && \"hostname\":\"turtle\" && "
	       "\"noNewPrivileges\":true && ! \"terminal\":true && ! TERM= && \"HOSTNAME=turtle\" && ! rlimits && "
	       "{\"type\":\"network\"} && ! {\"type\":\"user\"} && ! resolv.conf && \"CAP_CHOWN\" && ! CAP_NET_RAW"},
	{"",
	 "\"root\":{\"path\":\"rootfs\",\"readonly\":true} && \"terminal\":true && TERM=xterm && ! HOSTNAME && "
	 "RLIMIT_NOFILE && ! CAP_CHOWN",
	 SPEC | TERMINAL},
	{"-- ls -l --color", "\"args\":[\"ls\",\"-l\",\"--color\"]"},
	{"--hostname moo -- ls", "\"args\":[\"ls\"] && \"hostname\":\"moo\" && \"HOSTNAME=moo\""},
	{"--hostname=moo", "\"hostname\":\"moo\" && ! HOSTNAME=", SPEC},
	{"--cwd /srv", "\"cwd\":\"/srv\""},
	{"--workdir /srv", "\"cwd\":\"/srv\""},
	{"-w /srv", "\"cwd\":\"/srv\"", SPEC},
	{"--read-only", "\"root\":{\"path\":\"/os\",\"readonly\":true}"},
	{"--read-only=false", "\"root\":{\"path\":\"rootfs\"}", SPEC},
	/* the terminal */
	{"-t", "\"terminal\":true && TERM=xterm"},
	{"-it", "\"terminal\":true"},
	{"-ti", "\"terminal\":true"},
	{"--tty=false", "! \"terminal\"", TERMINAL},
	{"--no-tty", "! \"terminal\" && ! TERM=", TERMINAL},
	{"--", "\"terminal\":true && TERM=xterm", TERMINAL},
	{"--no-tty", "! \"terminal\" && TERM=xterm", SPEC | TERMINAL},
	/* the environment */
	{"-e A=1 --env B= -e A=2", "\"A=2\",\"B=\"] && ! A=1"},
	{"-e A=b=c", "\"A=b=c\""},
	{"-e PATH=/x", "\"env\":[\"PATH=/x\","},
	{"-e HOME_OF -e EMPTY -e NOT_THERE -e LONG", "\"HOME_OF=me\",\"EMPTY=\"] && ! NOT_THERE && ! LONG"},
	{"-e HOSTNAME=mine", "\"HOSTNAME=mine\" && ! HOSTNAME=turtle"},
	{"--env-file one.env", "\"A=again\",\"B=two words\",\"HOME_OF=me\"] && ! NOT_THERE && ! comment"},
	{"-e A=mine --env-file one.env", "\"A=mine\",\"B=two words\""},
	/* users */
	{"--user 5", "\"user\":{\"uid\":5,\"gid\":0}"},
	{"-u 5:6", "\"user\":{\"uid\":5,\"gid\":6}"},
	{"-u ada", "\"user\":{\"uid\":1000,\"gid\":1001,\"additionalGids\":[10,100,300000]}"},
	{"-u 1000", "\"user\":{\"uid\":1000,\"gid\":1001,\"additionalGids\":[10,100,300000]}"},
	{"-u ada:users", "\"user\":{\"uid\":1000,\"gid\":100}"},
	{"-u ada:9", "\"user\":{\"uid\":1000,\"gid\":9}"},
	{"-u 12", "\"user\":{\"uid\":12,\"gid\":13}"},
	{"-u last", "\"user\":{\"uid\":12,\"gid\":13}"},
	{"-u 4:wheel", "\"user\":{\"uid\":4,\"gid\":10}"},
	{"-u root", "\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[10]}"},
	{"--group-add wheel --group-add 7 --group-add 10", "\"additionalGids\":[10,7]"},
	{"-u ada --group-add 10 --group-add list", "\"additionalGids\":[10,100,300000,20]"},
	{"-u 5", "\"user\":{\"uid\":5,\"gid\":0}", NO_FILES},
	{"-u root", "\"user\":{\"uid\":0,\"gid\":0} && ! additionalGids", ROOTLESS},
	{"-u ada", "\"user\":{\"uid\":1000,\"gid\":1001,\"additionalGids\":[10,100]}", ROOTLESS | IDS},
	{"--umask 027", "\"umask\":23"},
	{"--umask 0", "\"umask\":0"},
	/* user namespaces */
	{"--",
	 "\"uidMappings\":[{\"containerID\":0,\"hostID\":500,\"size\":1}] && "
	 "\"gidMappings\":[{\"containerID\":0,\"hostID\":501,\"size\":1}] && {\"type\":\"user\"} && "
	 "{\"type\":\"network\"} && \"type\":\"sysfs\" && ! gid=5 && ! \"resources\"",
	 ROOTLESS},
	{"--",
	 "\"uidMappings\":[{\"containerID\":0,\"hostID\":500,\"size\":1},{\"containerID\":1,\"hostID\":100000,"
	 "\"size\":65536},{\"containerID\":65537,\"hostID\":400000,\"size\":10}] && "
	 "\"gidMappings\":[{\"containerID\":0,\"hostID\":501,\"size\":1},{\"containerID\":1,\"hostID\":200000,"
	 "\"size\":65536}] && \"gid=5\"",
	 ROOTLESS | IDS},
	{"--",
	 "\"uidMappings\":[{\"containerID\":0,\"hostID\":500,\"size\":1}] && ! {\"type\":\"network\"} && "
	 "\"source\":\"/sys\"",
	 SPEC | ROOTLESS | IDS},
	{"--uidmap 0:70000:1000",
	 "\"uidMappings\":[{\"containerID\":0,\"hostID\":70000,\"size\":1000}],\"gidMappings\":[{\"containerID\":0,"
	 "\"hostID\":70000,\"size\":1000}] && {\"type\":\"user\"} && \"resources\""},
	{"--gidmap 0:70000:5 --gidmap 5:1:1", "\"uidMappings\":[{\"containerID\":0,\"hostID\":70000,\"size\":5},{"
					      "\"containerID\":5,\"hostID\":1,\"size\":1}]"},
	{"--uidmap 0:1:2 --gidmap 0:3:4", "\"hostID\":1,\"size\":2}],\"gidMappings\":[{\"containerID\":0,\"hostID\":3"},
	{"--uidmap 0:500:1 --uidmap 1:100000:9", "\"size\":1},{\"containerID\":1,\"hostID\":100000,\"size\":9}]",
	 ROOTLESS | IDS},
	/* the network */
	{"--network host", "! {\"type\":\"network\"} && \"type\":\"sysfs\" && \"destination\":\"/etc/resolv.conf\""},
	{"--network host", "! {\"type\":\"network\"} && \"source\":\"/sys\" && \"destination\":\"/etc/resolv.conf\"",
	 ROOTLESS},
	{"--network host", "! {\"type\":\"network\"} && ! resolv.conf", SPEC},
	{"--network host -v /x:/etc/resolv.conf", "\"source\":\"/x\" && ! \"source\":\"/etc/resolv.conf\""},
	{"--network host -v /x:/etc", "! resolv.conf"},
	{"--network none", "{\"type\":\"network\"} && \"type\":\"sysfs\"", SPEC | ROOTLESS},
	{"--no-network", "{\"type\":\"network\"} && \"type\":\"sysfs\"", SPEC | ROOTLESS},
	{"--no-network --network none", "{\"type\":\"network\"}"},
	/* capabilities and what goes with them */
	{"--cap-drop ALL", "\"bounding\":[],\"effective\":[],\"permitted\":[]"},
	{"--cap-drop all --cap-add net_raw --cap-add CAP_CHOWN", "\"bounding\":[\"CAP_CHOWN\",\"CAP_NET_RAW\"]"},
	{"--cap-add ALL", "\"CAP_SYS_ADMIN\" && \"CAP_CHECKPOINT_RESTORE\""},
	{"--cap-add ALL --cap-drop SYS_ADMIN", "\"CAP_CHECKPOINT_RESTORE\" && ! CAP_SYS_ADMIN"},
	{"--cap-add cap_sys_time", "\"CAP_SYS_TIME\" && \"CAP_CHOWN\" && ! inheritable && ! ambient"},
	{"--cap-drop KILL", "\"bounding\":[\"CAP_NET_BIND_SERVICE\",\"CAP_AUDIT_WRITE\"]", SPEC},
	{"--no-new-privs=false", "! noNewPrivileges"},
	{"--security-opt no-new-privileges=false", "! noNewPrivileges"},
	{"--security-opt no-new-privileges:false", "! noNewPrivileges"},
	{"--security-opt no-new-privileges --no-new-privs", "\"noNewPrivileges\":true"},
	{"--security-opt seccomp=unconfined", "! seccomp"},
	/* mounts */
	{"-v /a:/b",
	 "{\"destination\":\"/b\",\"type\":\"bind\",\"source\":\"/a\",\"options\":[\"rbind\",\"rprivate\"]}"},
	{"-v /a:/b:ro", "\"options\":[\"rbind\",\"rprivate\",\"rro\"]"},
	{"-v /a:/b:z", "\"options\":[\"rbind\",\"rprivate\"]"},
	{"-v /a:/b:ro,Z,Z", "\"options\":[\"rbind\",\"rprivate\",\"rro\"]"},
	{"-v /a:/b:ro", "\"options\":[\"rbind\",\"rprivate\",\"rro\"]", SELINUX},
	{"-v /a:/b:rw", "\"options\":[\"rbind\",\"rprivate\"]"},
	{"-v /a:/b:bind,ro,rslave,noexec,nosuid", "\"options\":[\"bind\",\"rslave\",\"ro\",\"noexec\",\"nosuid\"]"},
	{"-v /a:/b:idmap,ro --uidmap 0:70000:9", "\"options\":[\"rbind\",\"rprivate\",\"rro\",\"ridmap\"]"},
	{"-v /a:/b:bind,idmap=uids=0-1-2#3-4-5;gids=0-0-9,nodev",
	 "\"options\":[\"bind\",\"rprivate\",\"idmap=uids=0-1-2#3-4-5;gids=0-0-9\",\"nodev\"]"},
	{"--mount type=bind,src=/a,dst=/b,idmap", "\"options\":[\"rbind\",\"rprivate\",\"ridmap\"]"},
	{"--mount type=bind,src=/a,dst=/b,idmap=uids=0-1-2;gids=0-0-9,ro",
	 "\"options\":[\"rbind\",\"rprivate\",\"rro\",\"ridmap=uids=0-1-2;gids=0-0-9\"]"},
	{"--volume a/b:/b", "\"source\":\"/home/me/a/b\""},
	{"-v .:/b", "\"source\":\"/home/me/.\""},
	{"-v /a://b/./c/", "\"destination\":\"/b/c\""},
	{"-v /a:/b/c -v /d:/b --tmpfs /b/c/d",
	 "\"destination\":\"/b\",\"type\":\"bind\",\"source\":\"/d\",\"options\":[\"rbind\",\"rprivate\"]},"
	 "{\"destination\":\"/b/c\",\"type\":\"bind\",\"source\":\"/a\",\"options\":[\"rbind\",\"rprivate\"]},"
	 "{\"destination\":\"/b/c/d\""},
	{"-v /a:/dev/shm", "\"destination\":\"/dev/shm\",\"type\":\"bind\" && ! \"source\":\"shm\""},
	{"-v /a:/sys", "\"destination\":\"/sys\",\"type\":\"bind\",\"source\":\"/a\",\"options\":[\"rbind\","
		       "\"rprivate\"]},{\"destination\":\"/sys/fs/cgroup\""},
	{"--mount type=bind,source=/a,target=/b", "\"options\":[\"rbind\",\"rprivate\"]"},
	{"--mount type=bind,src=/a,dst=/b,readonly", "\"options\":[\"rbind\",\"rprivate\",\"rro\"]"},
	{"--mount source=/a,destination=/b,ro=true,type=bind", "\"rro\""},
	{"--mount source=/a,destination=/b,ro=false,type=bind", "\"options\":[\"rbind\",\"rprivate\"]"},
	{"--mount bind-propagation=rshared,bind-nonrecursive,noexec,source=/a,target=/b,type=bind",
	 "\"options\":[\"bind\",\"rshared\",\"noexec\"]"},
	{"--mount type=bind,source=/a=b,target=/b", "\"source\":\"/a=b\""},
	{"--mount type=tmpfs,target=/t",
	 "{\"destination\":\"/t\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"nodev\",\"noexec\","
	 "\"mode=1777\"]}"},
	{"--mount tmpfs-size=1m,type=tmpfs,tmpfs-mode=700,target=/t,exec",
	 "\"options\":[\"nosuid\",\"nodev\",\"exec\",\"mode=0700\",\"size=1048576\"]"},
	{"--tmpfs /t", "\"options\":[\"nosuid\",\"nodev\",\"noexec\",\"mode=1777\"]"},
	{"--tmpfs /t:size=64k,mode=755,exec,dev,suid,uid=5",
	 "\"options\":[\"exec\",\"dev\",\"suid\",\"uid=5\",\"mode=0755\","
	 "\"size=65536\"]"},
	{"--tmpfs /t:size=50%,ro,noexec",
	 "\"options\":[\"nosuid\",\"nodev\",\"noexec\",\"ro\",\"mode=1777\",\"size=50%\"]"},
	{"--shm-size 1g", "\"size=1073741824\" && \"destination\":\"/dev/shm\""},
	{"--shm-size 1g", "\"mode=1777\",\"size=1073741824\"]", SPEC},
	/* limits */
	{"--memory 128M", "\"memory\":{\"limit\":134217728,\"swap\":268435456}"},
	{"-m 1.5g --memory-swap -1", "\"limit\":1610612736,\"swap\":-1"},
	{"-m 100 --memory-swap 100b", "\"limit\":100,\"swap\":100"},
	{"-m 1k --swap 0", "\"limit\":1024,\"swap\":1024"},
	{"-m 1k --swap 1k", "\"limit\":1024,\"swap\":2048"},
	{"-m 1k --swap -1", "\"limit\":1024,\"swap\":-1"},
	{"-m 1m --memory-reservation 1k", "\"limit\":1048576,\"reservation\":1024,\"swap\":2097152"},
	{"--memory-reservation 1k", "\"memory\":{\"reservation\":1024}"},
	{"--cpus 0.2", "\"cpu\":{\"quota\":20000,\"period\":100000}"},
	{"--cpus 4", "\"quota\":400000"},
	{"--cpus .5", "\"quota\":50000"},
	{"--cpus 1.", "\"quota\":100000"},
	{"--cpus 0.123456", "\"quota\":12346"},
	{"--cpus 0.01", "\"quota\":1000"},
	{"--cpu-shares 512", "\"cpu\":{\"shares\":512}"},
	{"-c 2", "\"shares\":2"},
	{"--cpuset-cpus 0-2,5 --cpuset-mems 0", "\"cpus\":\"0-2,5\",\"mems\":\"0\""},
	{"--pids-limit 7", "\"pids\":{\"limit\":7}"},
	{"--pids 7", "\"pids\":{\"limit\":7}"},
	{"--pids -1", "\"pids\":{\"limit\":-1}"},
	{"-m 1m --pids 3", "\"resources\":{\"memory\"", ROOTLESS},
	{"--ulimit nofile=10:20 --ulimit core=0 --ulimit cpu=-1",
	 "[{\"type\":\"RLIMIT_NOFILE\",\"hard\":20,\"soft\":10},"
	 "{\"type\":\"RLIMIT_CORE\",\"hard\":0,\"soft\":0},"
	 "{\"type\":\"RLIMIT_CPU\",\"hard\":18446744073709551615,"},
	{"--ulimit NPROC=5 --ulimit nproc=6:unlimited", "\"rlimits\":[{\"type\":\"RLIMIT_NPROC\","
							"\"hard\":18446744073709551615,\"soft\":6}]"},
	{"--ulimit nofile=5", "[{\"type\":\"RLIMIT_NOFILE\",\"hard\":5,\"soft\":5}]", SPEC},
	{"--ulimit core=5", "[{\"type\":\"RLIMIT_NOFILE\",\"hard\":1024,\"soft\":1024},{\"type\":\"RLIMIT_CORE\"",
	 SPEC},
	/* devices */
	{"--device /dev/fuse",
	 "\"devices\":[{\"allow\":false,\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,"
	 "\"access\":\"rwm\"}] && {\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,\"fileMode\":438,"},
	{"--device /dev/fuse:rw", "\"minor\":229,\"access\":\"rw\"} && \"path\":\"/dev/fuse\""},
	{"--device /dev/fuse:/dev/other", "\"path\":\"/dev/other\""},
	{"--device /dev/fuse:/dev/other:r", "\"path\":\"/dev/other\" && \"access\":\"r\"}"},
	{"--device /dev/fuse:/dev/other:rw",
	 "{\"destination\":\"/dev/other\",\"type\":\"bind\",\"source\":\"/dev/"
	 "fuse\",\"options\":[\"bind\",\"rprivate\","
	 "\"nosuid\",\"noexec\"]} && ! \"devices\"",
	 ROOTLESS},
	/* other things */
	{"--sysctl net.ipv4.ip_forward=1 --sysctl kernel.shmmax=1", "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\","
								    "\"kernel.shmmax\":\"1\"}"},
	{"--annotation a=b --annotation c=d=e --annotation a=f", "\"annotations\":{\"a\":\"f\",\"c\":\"d=e\"}"},
	/* seccomp */
	{"--seccomp plain.json",
	 "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],"
	 "\"flags\":[],\"syscalls\":[{\"names\":[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\","
	 "\"errnoRet\":1}]}"},
	{"--security-opt seccomp=plain.json", "\"names\":[\"bpf\"]"},
	{"--security-opt seccomp=plain.json --seccomp plain.json", "\"names\":[\"bpf\"]"},
	{"--seccomp docker.json",
	 "\"defaultErrnoRet\":38 && [\"read\"] && [\"write\"] && ! [\"mount\"] && [\"clone\"] && "
	 "\"value\":2114060288 && [\"ptrace\"] && ! [\"newer\"] && ! [\"older\"] && "
	 "! [\"s390_pci\"] && [\"everywhere\"]"},
	{"--seccomp docker.json --cap-add SYS_ADMIN", "[\"mount\"] && ! [\"clone\"]"},
#ifdef __x86_64__
	{"--seccomp docker.json", "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]"},
#endif

	/* What is wrong, said in one line with the option and the value. */
	{"--tty --no-tty", "? --tty contradicts --no-tty"},
	{"-m 1m --swap 1 --memory-swap 2m", "? --swap contradicts --memory-swap"},
	{"--no-network --network host", "? --no-network contradicts --network host"},
	{"--network bridge", "? invalid value \"bridge\" for --network: none (a new one with nothing but lo) or host"},
	{"--network=", "? invalid value \"\" for --network: none (a new one with nothing but lo) or host"},
	{"--hostname a/b",
	 "? invalid value \"a/b\" for --hostname: only letters, digits, '.', '-' and '_' are in a name"},
	{"--hostname=", "? invalid value \"\" for --hostname: a name has 1 to 64 characters"},
	{"--hostname aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "? invalid value \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" for --hostname: a name "
	 "has 1 to 64 characters"},
	{"--cwd srv", "? invalid value \"srv\" for --workdir: must be an absolute path, in the container"},
	{"-e =x", "? invalid value \"=x\" for --env: has no name"},
	{"-e=", "? invalid value \"\" for --env: has no name"},
	{"--env-file blank.env", "? invalid value \"blank.env\" for --env-file: line 2 has a blank in the name"},
	{"--env-file nameless.env",
	 "? invalid value \"nameless.env\" for --env-file: line 1 has no name before the '='"},
	{"-u nobody", "? invalid value \"nobody\" for --user: \"nobody\" is not in /etc/passwd of the root filesystem"},
	{"-u broken", "? invalid value \"broken\" for --user: \"broken\" is not in /etc/passwd of the root filesystem"},
	{"-u huge", "? invalid value \"huge\" for --user: \"huge\" is not in /etc/passwd of the root filesystem"},
	{"-u ad", "? invalid value \"ad\" for --user: \"ad\" is not in /etc/passwd of the root filesystem"},
	{"-u ada:no", "? invalid value \"ada:no\" for --user: \"no\" is not in /etc/group of the root filesystem"},
	{"-u ada",
	 "? invalid value \"ada\" for --user: the root filesystem has no readable /etc/passwd to look \"ada\" up",
	 NO_FILES},
	{"-u 1:x",
	 "? invalid value \"1:x\" for --user: the root filesystem has no readable /etc/group to look \"x\" up",
	 NO_FILES},
	{"-u :5", "? invalid value \":5\" for --user: not of the form USER[:GROUP]"},
	{"-u 5:", "? invalid value \"5:\" for --user: not of the form USER[:GROUP]"},
	{"-u=", "? invalid value \"\" for --user: not of the form USER[:GROUP]"},
	{"-u 4294967295", "? invalid value \"4294967295\" for --user: 4294967295 is no uid"},
	{"-u 4294967296", "? invalid value \"4294967296\" for --user: \"4294967296\" is out of range"},
	{"-u 5:4294967295", "? invalid value \"5:4294967295\" for --user: 4294967295 is no gid"},
	{"-u -1", "? invalid value \"-1\" for --user: \"-1\" is not in /etc/passwd of the root filesystem"},
	{"-u 5",
	 "? invalid value \"5\" for --user: uid 5 is not mapped in the container's user namespace (more ids come "
	 "from /etc/subuid and /etc/subgid with newuidmap, or by --uidmap)",
	 ROOTLESS},
	{"-u far",
	 "? invalid value \"far\" for --user: uid 200000 is not mapped in the container's user namespace (more "
	 "ids come from /etc/subuid and /etc/subgid with newuidmap, or by --uidmap)",
	 ROOTLESS | IDS},
	{"--group-add=", "? invalid value \"\" for --group-add: names no group"},
	{"--group-add nobody", "? invalid value \"nobody\" for --group-add: 4294967295 is no gid"},
	{"--group-add 0",
	 "? invalid value \"0\" for --group-add: with one group mapped, no others can be had (they need "
	 "/etc/subgid and newgidmap)",
	 ROOTLESS},
	{"--umask 1000", "? invalid value \"1000\" for --umask: not an octal number up to 0777"},
	{"--umask 8", "? invalid value \"8\" for --umask: not an octal number up to 0777"},
	{"--umask=", "? invalid value \"\" for --umask: not an octal number up to 0777"},
	{"--uidmap 0:1", "? invalid value \"0:1\" for --uidmap: not of the form CONTAINER:HOST:SIZE"},
	{"--uidmap 0:1:2:3", "? invalid value \"0:1:2:3\" for --uidmap: not of the form CONTAINER:HOST:SIZE"},
	{"--uidmap 0:x:2", "? invalid value \"0:x:2\" for --uidmap: \"x\" is not an id or a size"},
	{"--gidmap 0:1:0", "? invalid value \"0:1:0\" for --gidmap: maps nothing"},
	{"--uidmap 0:4294967295:1",
	 "? invalid value \"0:4294967295:1\" for --uidmap: there are no ids beyond 4294967294"},
	{"--uidmap 0:1:5 --uidmap 4:100:1", "? invalid value \"4:100:1\" for --uidmap: overlaps 0:1:5"},
	{"--uidmap 0:1:5 --uidmap 10:5:1", "? invalid value \"10:5:1\" for --uidmap: overlaps 0:1:5"},
	{"--cap-add nix", "? invalid value \"nix\" for --cap-add: no such capability, see capabilities(7), or ALL"},
	{"--cap-drop CAP_", "? invalid value \"CAP_\" for --cap-drop: no such capability, see capabilities(7), or ALL"},
	{"--cap-add ALL --cap-drop ALL", "? --cap-add ALL contradicts --cap-drop ALL"},
	{"--cap-add KILL --cap-drop cap_kill", "? --cap-add CAP_KILL contradicts --cap-drop of the same"},
	{"--security-opt apparmor=x", "? invalid value \"apparmor=x\" for --security-opt: no-new-privileges[=BOOL], "
				      "seccomp=FILE and seccomp=unconfined are known"},
	{"--security-opt no-new-privileges=perhaps",
	 "? invalid value \"no-new-privileges=perhaps\" for --security-opt: true or false"},
	{"--no-new-privs=false --security-opt no-new-privileges",
	 "? invalid value \"no-new-privileges\" for --security-opt: it contradicts what is said before"},
	{"--seccomp plain.json --security-opt seccomp=docker.json",
	 "? invalid value \"seccomp=docker.json\" for --security-opt: there is another profile: plain.json"},
	{"--security-opt seccomp=", "? invalid value \"seccomp=\" for --security-opt: names no file"},
	{"--seccomp both.json", "? invalid value \"both.json\" for --seccomp: architectures contradicts archMap"},
	{"--seccomp errno.json",
	 "? invalid value \"errno.json\" for --seccomp: defaultErrno needs the number too, as defaultErrnoRet"},
	{"--seccomp rule-errno.json",
	 "? invalid value \"rule-errno.json\" for --seccomp: syscalls[0]: errno needs the number too, as errnoRet"},
	{"--seccomp kernel.json",
	 "? invalid value \"kernel.json\" for --seccomp: syscalls[0]: minKernel is not a version such as 4.8"},
	{"--seccomp kernel-sign.json",
	 "? invalid value \"kernel-sign.json\" for --seccomp: syscalls[0]: minKernel is not a version such as 4.8"},
	{"--seccomp broken.json",
	 "? invalid value \"broken.json\" for --seccomp: defaultAction: expected a string (broken.json:1:19)"},
	{"-v /a", "? invalid value \"/a\" for --volume: not of the form SOURCE:DESTINATION[:OPTIONS]"},
	{"-v :/b", "? invalid value \":/b\" for --volume: not of the form SOURCE:DESTINATION[:OPTIONS]"},
	{"-v /a:/b:ro:x", "? invalid value \"/a:/b:ro:x\" for --volume: not of the form SOURCE:DESTINATION[:OPTIONS]"},
	{"-v /a:b",
	 "? invalid value \"/a:b\" for --volume: the destination must be an absolute path, in the container"},
	{"-v /a:/", "? invalid value \"/a:/\" for --volume: the destination must not be /, that is what --rootfs says"},
	{"-v /a:/b/../c", "? invalid value \"/a:/b/../c\" for --volume: the destination must not hold \"..\""},
	{"-v /a:/b:z,Z", "? invalid value \"/a:/b:z,Z\" for --volume: z and Z contradict each other"},
	{"-v /a:/b:z", "? invalid value \"/a:/b:z\" for --volume: z " NO_LABEL, SELINUX},
	{"-v /a:/b:ro,Z", "? invalid value \"/a:/b:ro,Z\" for --volume: Z " NO_LABEL, SELINUX},
	{"-v /a:/b:zZ", "? invalid value \"/a:/b:zZ\" for --volume: unknown option \"zZ\""},
	{"-v /a:/b:readonly", "? invalid value \"/a:/b:readonly\" for --volume: unknown option \"readonly\""},
	{"-v /a:/b:", "? invalid value \"/a:/b:\" for --volume: unknown option \"\""},
	{"-v /a:/b -v /c:/b/", "? invalid value \"/c:/b/\" for --volume: there is another mount at /b"},
	{"-v /a:/b --tmpfs /b", "? invalid value \"/b\" for --tmpfs: there is another mount at /b"},
	{"--mount source=/a,target=/b",
	 "? invalid value \"source=/a,target=/b\" for --mount: type=bind and type=tmpfs are known"},
	{"--mount type=volume,target=/b",
	 "? invalid value \"type=volume,target=/b\" for --mount: type=bind and type=tmpfs are known"},
	{"--mount type=bind,target=/b", "? invalid value \"type=bind,target=/b\" for --mount: names no source"},
	{"--mount type=bind,source=/a",
	 "? invalid value \"type=bind,source=/a\" for --mount: the destination must be an "
	 "absolute path, in the container"},
	{"--mount type=bind,source=,target=/b",
	 "? invalid value \"type=bind,source=,target=/b\" for --mount: source has no value"},
	{"--mount type=bind,source=/a,src=/c,target=/b",
	 "? invalid value \"type=bind,source=/a,src=/c,target=/b\" for --mount: the src is said twice"},
	{"--mount type=bind,source=/a,target=/b,tmpfs-size=1",
	 "? invalid value \"type=bind,source=/a,target=/b,tmpfs-size=1\" for --mount: unknown key \"tmpfs-size\" for "
	 "type=bind"},
	{"--mount type=bind,source=/a,target=/b,ro=yes",
	 "? invalid value \"type=bind,source=/a,target=/b,ro=yes\" for --mount: ro is true or false, not \"yes\""},
	{"--mount type=bind,source=/a,target=/b,bind-propagation=x",
	 "? invalid value \"type=bind,source=/a,target=/b,bind-propagation=x\" for --mount: bind-propagation is one of "
	 "[r]private, [r]shared and [r]slave"},
	{"--mount type=tmpfs,source=/a,target=/b",
	 "? invalid value \"type=tmpfs,source=/a,target=/b\" for --mount: a tmpfs has no source"},
	{"--mount type=tmpfs,target=/b,tmpfs-size=0",
	 "? invalid value \"type=tmpfs,target=/b,tmpfs-size=0\" for --mount: \"0\" is not a size such as 64m or 1g"},
	{"--mount type=tmpfs,target=/b,tmpfs-mode=9",
	 "? invalid value \"type=tmpfs,target=/b,tmpfs-mode=9\" for --mount: \"9\" is not a mode such as 1777"},
	{"--mount type=tmpfs,target=/b,bind-nonrecursive", "? invalid value \"type=tmpfs,target=/b,bind-nonrecursive\" "
							   "for --mount: unknown key \"bind-nonrecursive\" for "
							   "type=tmpfs"},
	{"--tmpfs t", "? invalid value \"t\" for --tmpfs: the destination must be an absolute path, in the container"},
	{"--tmpfs /t:size=x", "? invalid value \"/t:size=x\" for --tmpfs: \"x\" is not a size such as 64m or 1g"},
	{"--tmpfs /t:big", "? invalid value \"/t:big\" for --tmpfs: unknown option \"big\""},
	{"--tmpfs /t:uid=me", "? invalid value \"/t:uid=me\" for --tmpfs: \"me\" is not a number"},
	{"--tmpfs /t:a:b", "? invalid value \"/t:a:b\" for --tmpfs: not of the form DESTINATION[:OPTIONS]"},
	{"--shm-size 12q", "? invalid value \"12q\" for --shm-size: \"12q\" is not a size such as 64m or 1g"},
	{"--shm-size 1m --tmpfs /dev/shm", "? invalid value \"1m\" for --shm-size: there is another mount at /dev/shm"},
	{"--memory 12q", "? invalid value \"12q\" for --memory: not a size such as 512k, 128m or 1.5g"},
	{"--memory 0", "? invalid value \"0\" for --memory: must be at least 1 byte"},
	{"--memory -1", "? invalid value \"-1\" for --memory: not a size such as 512k, 128m or 1.5g"},
	{"--memory=", "? invalid value \"\" for --memory: not a size such as 512k, 128m or 1.5g"},
	{"--memory 9000000p", "? invalid value \"9000000p\" for --memory: out of range"},
	{"--memory 8191p", "? invalid value \"8191p\" for --memory: out of range"},
	{"--memory 1m --memory-swap 1k",
	 "? invalid value \"1k\" for --memory-swap: it is memory and swap together, so not "
	 "less than --memory 1m (--swap is swap alone)"},
	{"--memory 1m --memory-swap no",
	 "? invalid value \"no\" for --memory-swap: not a size such as 512k, 128m or 1.5g, or -1 for no limit"},
	{"--memory-swap 1m", "? --memory-swap needs --memory"},
	{"--swap 0", "? --swap needs --memory"},
	{"-m 1m --memory-reservation 2m", "? invalid value \"2m\" for --memory-reservation: more than --memory 1m"},
	{"--cpus 0", "? invalid value \"0\" for --cpus: must be at least 0.01"},
	{"--cpus 0.009", "? invalid value \"0.009\" for --cpus: must be at least 0.01"},
	{"--cpus -1", "? invalid value \"-1\" for --cpus: not a number of CPUs such as 0.2, 1.5 or 4"},
	{"--cpus .", "? invalid value \".\" for --cpus: not a number of CPUs such as 0.2, 1.5 or 4"},
	{"--cpus 1.5.2", "? invalid value \"1.5.2\" for --cpus: not a number of CPUs such as 0.2, 1.5 or 4"},
	{"--cpus 50%", "? invalid value \"50%\" for --cpus: not a number of CPUs such as 0.2, 1.5 or 4"},
	{"--cpus 99999999999999999999", "? invalid value \"99999999999999999999\" for --cpus: out of range"},
	{"--cpu-shares 1", "? invalid value \"1\" for --cpu-shares: not a number from 2 to 262144"},
	{"--cpu-shares 300000", "? invalid value \"300000\" for --cpu-shares: not a number from 2 to 262144"},
	{"--cpuset-cpus 2-1", "? invalid value \"2-1\" for --cpuset-cpus: not a list of CPUs such as 0-3,7"},
	{"--cpuset-cpus=", "? invalid value \"\" for --cpuset-cpus: not a list of CPUs such as 0-3,7"},
	{"--cpuset-mems a", "? invalid value \"a\" for --cpuset-mems: not a list of memory nodes such as 0-1"},
	{"--pids 0", "? invalid value \"0\" for --pids-limit: not a number from 1 on, or -1 for no limit"},
	{"--pids seven", "? invalid value \"seven\" for --pids-limit: not a number from 1 on, or -1 for no limit"},
	{"--ulimit nofile", "? invalid value \"nofile\" for --ulimit: not of the form NAME=SOFT[:HARD]"},
	{"--ulimit nofiles=1",
	 "? invalid value \"nofiles=1\" for --ulimit: there is no limit \"nofiles\" (see getrlimit(2), "
	 "as nofile or core)"},
	{"--ulimit nofile=", "? invalid value \"nofile=\" for --ulimit: a limit is a number, or -1 or unlimited"},
	{"--ulimit nofile=1:", "? invalid value \"nofile=1:\" for --ulimit: a limit is a number, or -1 or unlimited"},
	{"--ulimit nofile=1k", "? invalid value \"nofile=1k\" for --ulimit: a limit is a number, or -1 or unlimited"},
	{"--ulimit nofile=2:1",
	 "? invalid value \"nofile=2:1\" for --ulimit: the soft limit is higher than the hard one"},
	{"--device dev/fuse", "? invalid value \"dev/fuse\" for --device: not of the form /HOST[:/CONTAINER][:rwm]"},
	{"--device /dev/fuse:x",
	 "? invalid value \"/dev/fuse:x\" for --device: not of the form /HOST[:/CONTAINER][:rwm]"},
	{"--device /dev/fuse:/dev/x:rr",
	 "? invalid value \"/dev/fuse:/dev/x:rr\" for --device: the access is some of r, w and m, not \"rr\""},
	{"--device /etc/passwd", "? invalid value \"/etc/passwd\" for --device: /etc/passwd is not a device"},
	{"--device /dev/missing",
	 "? invalid value \"/dev/missing\" for --device: /dev/missing: No such file or directory"},
	{"--device /dev/fuse:r",
	 "? invalid value \"/dev/fuse:r\" for --device: without privileges the access can't be "
	 "narrowed, the device's owner and mode decide",
	 ROOTLESS},
	{"--sysctl kernel.hostname=x",
	 "? invalid value \"kernel.hostname=x\" for --sysctl: not a setting that a container "
	 "has for itself"},
	{"--sysctl vm.swappiness=1",
	 "? invalid value \"vm.swappiness=1\" for --sysctl: not a setting that a container has for itself"},
	{"--sysctl net..x=1",
	 "? invalid value \"net..x=1\" for --sysctl: not a setting that a container has for itself"},
	{"--sysctl net.ipv4.ip_forward",
	 "? invalid value \"net.ipv4.ip_forward\" for --sysctl: not of the form NAME=VALUE"},
	{"--sysctl net.ipv4.ip_forward=1 --sysctl net.ipv4.ip_forward=0",
	 "? invalid value \"net.ipv4.ip_forward=0\" for --sysctl: it is set twice"},
	{"--network host --sysctl net.ipv4.ip_forward=1",
	 "? invalid value \"net.ipv4.ip_forward=1\" for --sysctl: it would "
	 "change the host's network (see --no-network)"},
	{"--annotation x", "? invalid value \"x\" for --annotation: not of the form NAME=VALUE"},
	{"--annotation =x", "? invalid value \"=x\" for --annotation: not of the form NAME=VALUE"},
};

static int split(char *line, char **words)
{
	char *save = NULL;
	int n = 0;

	for (char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	return n;
}

static void make_around(const struct box_wishes *wishes, unsigned flags, struct ocispec_arena *arena,
			struct box_surroundings *ret)
{
	static struct oci_id_mapping uids[] = {{.host_id = 100000, .size = 65536}, {.host_id = 400000, .size = 10}};
	static struct oci_id_mapping gids[] = {{.host_id = 200000, .size = 65536}};
	const char **texts = ocispec_alloc(arena, (wishes->env_file.n + 1) * sizeof(*texts)), *file;

	*ret = (struct box_surroundings){
		.rootfs = flags & SPEC ? NULL : "/os",
		.cwd = "/home/me",
		.uid = 500,
		.gid = 501,
		.rootless = flags & ROOTLESS,
		.terminal = flags & TERMINAL,
		.resolv_conf = true,
		.kernel = {6, 12},
		.environ = caller,
		.passwd = flags & NO_FILES ? NULL : passwd,
		.group = flags & NO_FILES ? NULL : group,
		.env_files = texts,
		.device = device,
		.selinux = flags & SELINUX ? yes : no,
	};
	if (flags & IDS) {
		ret->sub_uids = (struct own_ids){.n = ARRAY_SIZE(uids), .ranges = uids};
		ret->sub_gids = (struct own_ids){.n = ARRAY_SIZE(gids), .ranges = gids};
	}
	for (size_t i = 0; i < wishes->env_file.n; i++)
		texts[i] = text_of(wishes->env_file.values[i]);
	file = wishes->seccomp;
	for (size_t i = 0; i < wishes->security_opt.n; i++)
		if (!file && !strncmp(wishes->security_opt.values[i], "seccomp=", 8) &&
		    wishes->security_opt.values[i][8] && strcmp(wishes->security_opt.values[i] + 8, "unconfined") != 0)
			file = wishes->security_opt.values[i] + 8;
	if (file)
		ret->seccomp = text_of(file);
}

static void unexpected(void *arg, const char *message)
{
	(void)arg;
	fail_msg("warning: %s", message);
}

/* Every "A && ! B" holds of the text. */
static void check_parts(const char *expected, const char *text)
{
	_cleanup_free_ char *copy = strdup(expected);

	assert_non_null(copy);
	for (char *part = copy, *next; part; part = next) {
		bool wanted = part[0] != '!';

		next = strstr(part, " && ");
		if (next) {
			*next = '\0';
			next += 4;
		}
		part += wanted ? 0 : 2;
		if ((strstr(text, part) != NULL) != wanted)
			fail_msg("%s: %s\n%s", wanted ? "missing" : "should not be there", part, text);
	}
}

static void test_line(void **state)
{
	const struct row *row = *state;
	struct ocispec_arena *arena = ocispec_arena_new();
	_cleanup_free_ char *line = strdup(row->line);
	struct box_surroundings around;
	struct target target = {0};
	struct oci_config *config;
	struct err err = {0};
	struct args args;
	char *words[64], *text;
	size_t size;
	int r;

	assert_non_null(line);
	r = args_parse(&syntax, split(line, words), words, &target, &args, &err);
	if (r < 0)
		fail_msg("the line is not read: %s", err.msg);
	assert_int_equal(args.n, 0);
	make_around(&target.wishes, row->around, arena, &around);
	r = box_config(&target.wishes, &around, arena, &config, &err);
	if (row->expected[0] == '?') {
		assert_int_equal(r, -EINVAL);
		assert_int_equal(err.code, -EINVAL);
		assert_string_equal(err.msg, row->expected + 2);
	} else {
		const struct config_facts facts = {.rootless = around.rootless};

		if (r < 0)
			fail_msg("refused: %s", err.msg);
		if (config_validate(config, &facts, unexpected, NULL, &err) < 0)
			fail_msg("not valid: %s", err.msg);
		assert_int_equal(ocispec_write(&oci_config_object, config, OCISPEC_COMPACT, arena, &text, &size), 0);
		check_parts(row->expected, text);
	}
	args_release(&syntax, &target);
	ocispec_arena_free(arena);
}

/* Byte by byte what tests/golden plans. */
static void as_stored(unsigned flags, const char *file)
{
	static const struct box_wishes none = {0};
	struct ocispec_arena *arena = ocispec_arena_new();
	struct box_surroundings around;
	struct oci_config *config;
	char *text, *stored;
	struct err err = {0};
	size_t size, stored_size;

	make_around(&none, flags, arena, &around);
	if (box_config(&none, &around, arena, &config, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(ocispec_write(&oci_config_object, config, OCISPEC_TABS, arena, &text, &size), 0);
	assert_int_equal(fd_read_file(AT_FDCWD, file, OCISPEC_MAX_SIZE, &stored, &stored_size), 0);
	assert_int_equal(stored_size, size + 1);
	assert_memory_equal(text, stored, size);
	free(stored);
	ocispec_arena_free(arena);
}

static void test_box(void **state)
{
	(void)state;
	as_stored(0, TEST_SRCDIR "/golden/plans/box.json");
}

static void test_rootless_box(void **state)
{
	(void)state;
	as_stored(ROOTLESS | IDS, TEST_SRCDIR "/golden/plans/box-rootless.json");
}

/* Without wishes `spec` writes what it always has. */
static void test_example(void **state)
{
	(void)state;
	as_stored(SPEC | TERMINAL, TEST_SRCDIR "/golden/plans/default.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_box),
		cmocka_unit_test(test_rootless_box),
		cmocka_unit_test(test_example),
	};

	return run_table("box", rows, test_line) + cmocka_run_group_tests_name("box, whole", tests, NULL, NULL);
}
