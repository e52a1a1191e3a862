/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets a chosen system call of a program, or of its children, fail, so that "whatever fails" can be tried call by call.
 *
 *   injector PROCESS CALL ERRNO[:NUMBER]|FILE COMMAND...
 *
 * Runs COMMAND under ptrace with all its children that are turtle-init; others are let go at their execve. Processes
 * are counted from 0 (COMMAND) in the order in which they come, the calls of each from 1. The chosen call is not made,
 * and returns ERRNO (a number), unless it is another than NUMBER: not every run is the same to the last call. With
 * FILE, a path, it is made as always, but not before that file is gone. CALL 0: none fails, and all calls are listed on
 * descriptor 3, "PROCESS CALL NUMBER ERRNO...", with the errors that are worth trying.
 *
 * The last line on descriptor 3: "ended STATUS HIT", STATUS being the exit status of COMMAND or 128 plus a signal, HIT
 * the number of the call that was let fail, or -1. Children that live then go on by themselves.
 */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PROCESSES 64

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "the registers of this machine are not known here"
#endif

/* linux/ptrace.h, which does not go together with sys/ptrace.h. */
struct call_info {
	uint8_t op, pad[3];
	uint32_t arch;
	uint64_t instruction, stack;
	uint64_t number, args[7];
};
enum { CALL_ENTRY = 1, CALL_EXIT = 2 };

struct process {
	pid_t pid;
	long calls;
	int failing; /* between the entry and the exit of the chosen call */
	int gone;
};

static struct process processes[MAX_PROCESSES];
static int n_processes;
static long chosen_process, chosen_call, chosen_errno, chosen_number = -1, hit = -1;
static const char *chosen_file;

static void die(const char *what)
{
	fprintf(stderr, "injector: %s: %s\n", what, strerror(errno));
	exit(99);
}

/* What the kernel might say, and the caller might not expect. */
static const int *errors_for(long number)
{
	static const int opens[] = {ENOENT, EACCES, EMFILE, EINTR, 0}, beneath[] = {EACCES, EMFILE, EXDEV, EAGAIN, 0},
			 mounts[] = {EPERM, EINVAL, ENOSPC, 0}, clones[] = {EAGAIN, ENOSPC, 0},
			 transfers[] = {EINTR, EIO, 0}, ids[] = {EPERM, EINVAL, 0}, removals[] = {EBUSY, 0},
			 closes[] = {EINTR, EIO, 0}, any[] = {ENOMEM, 0}, none[] = {0};

	switch (number) {
	case SYS_exit:
	case SYS_exit_group:
	case SYS_rt_sigreturn:
	case SYS_umask:
		return none;
		/* The libc, before main. */
#ifdef SYS_arch_prctl
	case SYS_arch_prctl:
#endif
	case SYS_set_tid_address:
	case SYS_set_robust_list:
		return none;
	case SYS_openat:
		return opens;
	/* That there is nothing is what it is often used to find out. */
	case SYS_openat2:
		return beneath;
	case SYS_mount:
	case SYS_umount2:
	case SYS_pivot_root:
	case SYS_fsopen:
	case SYS_fsconfig:
	case SYS_fsmount:
	case SYS_open_tree:
	case SYS_move_mount:
	case SYS_mount_setattr:
		return mounts;
	case SYS_clone:
	case SYS_clone3:
#ifdef SYS_vfork
	case SYS_vfork:
#endif
		return clones;
	case SYS_read:
	case SYS_write:
	case SYS_pread64:
	case SYS_sendmsg:
	case SYS_recvmsg:
	case SYS_sendto:
	case SYS_recvfrom:
		return transfers;
	case SYS_setresuid:
	case SYS_setresgid:
	case SYS_setgroups:
	case SYS_capset:
	case SYS_prctl:
	case SYS_prlimit64:
	case SYS_setns:
	case SYS_unshare:
	case SYS_seccomp:
	case SYS_keyctl:
	case SYS_setsid:
		return ids;
	case SYS_unlinkat:
	case SYS_renameat2:
		return removals;
	case SYS_close:
	case SYS_close_range:
		return closes;
	}
	return any;
}

static struct process *find(pid_t pid)
{
	for (int i = 0; i < n_processes; i++)
		if (processes[i].pid == pid && !processes[i].gone)
			return &processes[i];
	if (n_processes == MAX_PROCESSES) {
		errno = E2BIG;
		die("too many processes");
	}
	processes[n_processes] = (struct process){.pid = pid};
	return &processes[n_processes++];
}

#ifdef __x86_64__
static void set_registers(pid_t pid, int skip, long result)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
		die("PTRACE_GETREGS");
	if (skip)
		regs.orig_rax = (unsigned long long)-1;
	else
		regs.rax = (unsigned long long)result;
	if (ptrace(PTRACE_SETREGS, pid, 0, &regs) < 0)
		die("PTRACE_SETREGS");
}
#else
static void set_registers(pid_t pid, int skip, long result)
{
	struct user_regs_struct regs;
	struct iovec iov = {&regs, sizeof(regs)};
	int none = -1;
	struct iovec call = {&none, sizeof(none)};

	if (skip) {
		if (ptrace(PTRACE_SETREGSET, pid, 0x404 /* NT_ARM_SYSTEM_CALL */, &call) < 0)
			die("PTRACE_SETREGSET");
		return;
	}
	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) < 0)
		die("PTRACE_GETREGSET");
	regs.regs[0] = (unsigned long long)result;
	if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov) < 0)
		die("PTRACE_SETREGSET");
}
#endif

static void list(long index, const struct process *process, long number)
{
	dprintf(3, "%ld %ld %ld", index, process->calls, number);
	for (const int *error = errors_for(number); *error; error++)
		dprintf(3, " %d", *error);
	dprintf(3, "\n");
}

static void at_call(struct process *process)
{
	long index = process - processes;
	struct call_info info = {0};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof(info), &info) < 0) {
		if (errno == ESRCH)
			return;
		die("PTRACE_GET_SYSCALL_INFO");
	}
	if (info.op == CALL_EXIT && process->failing) {
		set_registers(process->pid, 0, -chosen_errno);
		process->failing = 0;
	}
	if (info.op != CALL_ENTRY)
		return;
	process->calls++;
	if (chosen_call == 0)
		list(index, process, (long)info.number);
	if (chosen_file && index == chosen_process && process->calls == chosen_call) {
		hit = (long)info.number;
		while (access(chosen_file, F_OK) == 0)
			usleep(1000);
	} else if (chosen_call > 0 && index == chosen_process && process->calls == chosen_call &&
		   (chosen_number < 0 || (long)info.number == chosen_number)) {
		hit = (long)info.number;
		/* A descriptor is closed, whatever close(2) says. */
		if (hit != SYS_close && hit != SYS_close_range)
			set_registers(process->pid, 1, 0);
		process->failing = 1;
	}
}

/* Programs of the container, and helpers. */
static int is_foreign(pid_t pid)
{
	char path[32], exe[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, exe, sizeof(exe) - 1);
	exe[n < 0 ? 0 : n] = '\0';
	return n >= 0 && strncmp(exe, "/memfd:turtle-init", 18) != 0;
}

static void resume(pid_t pid, int sig)
{
	if (ptrace(PTRACE_SYSCALL, pid, 0, (long)sig) < 0 && errno != ESRCH)
		die("PTRACE_SYSCALL");
}

static void let_go(struct process *process)
{
	(void)ptrace(PTRACE_DETACH, process->pid, 0, 0);
	process->gone = 1;
}

static void at_stop(struct process *process, int status)
{
	int event = status >> 16;

	if (event == PTRACE_EVENT_EXEC && process != processes && is_foreign(process->pid)) {
		let_go(process);
		return;
	}
	if (event == 0 && WSTOPSIG(status) == (SIGTRAP | 0x80)) {
		at_call(process);
		resume(process->pid, 0);
		return;
	}
	resume(process->pid, event ? 0 : WSTOPSIG(status));
}

static pid_t start(char **command)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(3);
		raise(SIGSTOP);
		execv(command[0], command);
		die(command[0]);
	}
	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		die("wait");
	if (ptrace(PTRACE_SEIZE, pid, 0, options) < 0)
		die("PTRACE_SEIZE");
	kill(pid, SIGCONT);
	return pid;
}

/* What lives on does so without us. */
static void let_all_go(void)
{
	for (int i = 0; i < n_processes; i++) {
		int status;

		if (processes[i].gone || ptrace(PTRACE_INTERRUPT, processes[i].pid, 0, 0) < 0)
			continue;
		while (waitpid(processes[i].pid, &status, __WALL) == processes[i].pid && WIFSTOPPED(status)) {
			if (status >> 16 == 0 && WSTOPSIG(status) == (SIGTRAP | 0x80))
				at_call(&processes[i]);
			if (!processes[i].failing) {
				let_go(&processes[i]);
				break;
			}
			resume(processes[i].pid, 0);
		}
	}
}

int main(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 5) {
		fprintf(stderr, "usage: injector PROCESS CALL ERRNO COMMAND...\n");
		return 2;
	}
	chosen_process = atol(argv[1]);
	chosen_call = atol(argv[2]);
	chosen_errno = atol(argv[3]);
	if (strchr(argv[3], ':'))
		chosen_number = atol(strchr(argv[3], ':') + 1);
	if (argv[3][0] == '/')
		chosen_file = argv[3];
	pid = start(argv + 4);
	find(pid);
	for (;;) {
		pid_t which = waitpid(-1, &status, __WALL);
		struct process *process;

		if (which < 0)
			die("wait");
		process = find(which);
		if (WIFSTOPPED(status)) {
			at_stop(process, status);
			continue;
		}
		process->gone = 1;
		if (which != pid)
			continue;
		let_all_go();
		dprintf(3, "ended %d %ld\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), hit);
		return 0;
	}
}
