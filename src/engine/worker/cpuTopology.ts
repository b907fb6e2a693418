import { readFileSync } from "node:fs";

/** What the machine's processor offers to this process. */
export interface CpuTopology {
  /** Cores made for speed, each counted once however many threads it runs. */
  readonly performanceCores: number;
  /** Whether there are slower cores beside them, which the editor can have. */
  readonly hasEfficiencyCores: boolean;
  /** Threads that may run at a time: a container or an affinity mask may leave less than there is. */
  readonly available: number;
}

/** A file's text; undefined: it is not there. */
type Read = (path: string) => string | undefined;

const cpuFolder = "/sys/devices/system/cpu";
/** Of the fastest core: below this a core is one of the slower kind (cpu_capacity, on ARM). */
const performanceShare = 0.7;

/**
 * On Linux as the kernel describes it; elsewhere the library's own count, which knows the fast cores of Apple's
 * processors (`hw.perflevel0`) and takes half of the threads for cores where it knows nothing better.
 */
export function readTopology(
  platform: NodeJS.Platform,
  available: number,
  libraryCores: number,
  read: Read = readFile,
): CpuTopology {
  const linux = platform === "linux" ? readLinux(available, read) : undefined;
  return linux ?? { performanceCores: Math.max(1, libraryCores), hasEfficiencyCores: false, available };
}

function readLinux(available: number, read: Read): CpuTopology | undefined {
  const online = parseList(read(`${cpuFolder}/online`));
  if (online.length === 0) return undefined;
  const cores = new Map<string, readonly number[]>();
  for (const cpu of online) {
    const topology = `${cpuFolder}/cpu${cpu}/topology`;
    const siblings = (read(`${topology}/core_cpus_list`) ?? read(`${topology}/thread_siblings_list`))?.trim();
    if (siblings === undefined || siblings === "") return undefined;
    cores.set(siblings, parseList(siblings));
  }
  const fast = fastCpus(online, read);
  const performanceCores = [...cores.values()].filter((threads) => threads.some((cpu) => fast.has(cpu))).length;
  return { performanceCores, hasEfficiencyCores: performanceCores < cores.size, available };
}

/** Intel's hybrid processors list their fast cores; ARM gives each core a capacity. Elsewhere all are alike. */
function fastCpus(online: readonly number[], read: Read): ReadonlySet<number> {
  const intel = parseList(read("/sys/devices/cpu_core/cpus"));
  if (intel.length > 0) return new Set(intel);
  const capacities = online.map((cpu) => Number(read(`${cpuFolder}/cpu${cpu}/cpu_capacity`) ?? 1));
  const most = Math.max(...capacities);
  return new Set(online.filter((_, index) => (capacities[index] ?? 0) >= most * performanceShare));
}

/** The kernel's lists of numbers: `0-3,8`. */
function parseList(text: string | undefined): readonly number[] {
  return (text ?? "")
    .trim()
    .split(",")
    .flatMap((range) => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(range);
      if (match === null) return [];
      const first = Number(match[1]);
      return Array.from({ length: Number(match[2] ?? first) - first + 1 }, (_, index) => first + index);
    });
}

function readFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
