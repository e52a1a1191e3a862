# SPDX-License-Identifier: Apache-2.0
# turtle update with the cgroupfs driver: the tests of update.bash.
# shellcheck disable=SC2034
DRIVER=cgroupfs
load update

@test "update, cgroupfs: --memory" { update_memory; }
@test "update, cgroupfs: --memory=-1 lifts swap as well" { update_memory_unlimited; }
@test "update, cgroupfs: --memory-swap, up and down with --memory" { update_memory_swap; }
@test "update, cgroupfs: --memory-reservation" { update_memory_reservation; }
@test "update, cgroupfs: --pids-limit" { update_pids_limit; }
@test "update, cgroupfs: --cpu-share" { update_cpu_share; }
@test "update, cgroupfs: --cpu-quota and --cpu-period, each alone keeps the other" { update_cpu_quota_and_period; }
@test "update, cgroupfs: the kernel is the truth about the other value" { update_kernel_is_the_truth; }
@test "update, cgroupfs: --cpu-burst" { update_cpu_burst; }
@test "update, cgroupfs: --cpu-idle" { update_cpu_idle; }
@test "update, cgroupfs: --cpuset-cpus and --cpuset-mems" { update_cpuset; }
@test "update, cgroupfs: --blkio-weight" { update_blkio_weight; }
@test "update, cgroupfs: what only cgroup v1 knows does nothing" { update_v1_only; }
@test "update, cgroupfs: docker's document with zeros" { update_docker_zeros; }
@test "update, cgroupfs: CRI-O's document" { update_crio; }
@test "update, cgroupfs: io.max of one device, the other keys stay" { update_io_max; }
@test "update, cgroupfs: hugepageLimits" { update_hugepages; }
@test "update, cgroupfs: checkBeforeUpdate" { update_check_before; }
@test "update, cgroupfs: one write fails, everything is put back, files and unit" { update_put_back; }
@test "update, cgroupfs: an idle group's weight comes back" { update_idle_back; }
@test "update, cgroupfs: no such device" { update_no_device; }
@test "update, cgroupfs: created, paused, stopped" { update_statuses; }
@test "update, cgroupfs: the limit is felt" { update_felt; }
