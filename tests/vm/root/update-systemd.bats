# SPDX-License-Identifier: Apache-2.0
# turtle update with the systemd driver: the tests of update.bash.
# shellcheck disable=SC2034
DRIVER=systemd
load update

@test "update, systemd: --memory" { update_memory; }
@test "update, systemd: --memory=-1 lifts swap as well" { update_memory_unlimited; }
@test "update, systemd: --memory-swap, up and down with --memory" { update_memory_swap; }
@test "update, systemd: --memory-reservation" { update_memory_reservation; }
@test "update, systemd: --pids-limit" { update_pids_limit; }
@test "update, systemd: --cpu-share" { update_cpu_share; }
@test "update, systemd: --cpu-quota and --cpu-period, each alone keeps the other" { update_cpu_quota_and_period; }
@test "update, systemd: the kernel is the truth about the other value" { update_kernel_is_the_truth; }
@test "update, systemd: --cpu-burst" { update_cpu_burst; }
@test "update, systemd: --cpu-idle" { update_cpu_idle; }
@test "update, systemd: --cpuset-cpus and --cpuset-mems" { update_cpuset; }
@test "update, systemd: --blkio-weight" { update_blkio_weight; }
@test "update, systemd: what only cgroup v1 knows does nothing" { update_v1_only; }
@test "update, systemd: docker's document with zeros" { update_docker_zeros; }
@test "update, systemd: CRI-O's document" { update_crio; }
@test "update, systemd: io.max of one device, the other keys stay" { update_io_max; }
@test "update, systemd: hugepageLimits" { update_hugepages; }
@test "update, systemd: checkBeforeUpdate" { update_check_before; }
@test "update, systemd: one write fails, everything is put back, files and unit" { update_put_back; }
@test "update, systemd: an idle group's weight comes back" { update_idle_back; }
@test "update, systemd: no such device" { update_no_device; }
@test "update, systemd: created, paused, stopped" { update_statuses; }
@test "update, systemd: the limit is felt" { update_felt; }
