// What processes used, as the kernel counts it.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace bench {

/// Processor time of a process since its start, all threads.
[[nodiscard]] double cpu_seconds(pid_t pid);
/// Processor time that the whole machine has been busy since it started (all users, without waiting for disks).
[[nodiscard]] double machine_busy_seconds();
[[nodiscard]] std::int64_t resident_kib(pid_t pid);
/// The most that it ever had resident.
[[nodiscard]] std::int64_t peak_resident_kib(pid_t pid);

}  // namespace bench
