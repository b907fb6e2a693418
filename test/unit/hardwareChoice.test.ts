import assert from "node:assert/strict";
import { readTopology } from "../../src/engine/worker/cpuTopology.ts";
import { attemptsFor, fallbackAfter, gpuName } from "../../src/engine/worker/gpuAttempts.ts";
import { chooseThreads } from "../../src/engine/worker/threadChoice.ts";
import { chooseWindow, type WindowFacts } from "../../src/engine/worker/windowChoice.ts";

const cpuFolder = "/sys/devices/system/cpu";

/** The files of a Linux machine: the hardware threads of each core, and what else there is. */
function linux(cores: readonly (readonly number[])[], more: Readonly<Record<string, string>> = {}) {
  const count = cores.flat().length;
  const files: Record<string, string> = { [`${cpuFolder}/online`]: count === 1 ? "0\n" : `0-${count - 1}\n`, ...more };
  for (const threads of cores) {
    for (const cpu of threads) files[`${cpuFolder}/cpu${cpu}/topology/core_cpus_list`] = `${threads.join(",")}\n`;
  }
  return (path: string): string | undefined => files[path];
}

function threadsOn(read: (path: string) => string | undefined, available: number): number {
  return chooseThreads(readTopology("linux", available, 99, read));
}

describe("threads", () => {
  it("are one for each core but the editor's, not for its second hardware thread", () => {
    const cores = [0, 1, 2, 3].map((core) => [core, core + 4]);
    assert.equal(threadsOn(linux(cores), 8), 3);
    assert.equal(threadsOn(linux([[0, 1]]), 2), 1);
    assert.equal(threadsOn(linux([[0]]), 1), 1);
  });

  it("are all fast cores of a hybrid processor: the editor gets the slow ones", () => {
    const fast = [0, 1, 2, 3].map((core) => [2 * core, 2 * core + 1]);
    const slow = [8, 9, 10, 11].map((cpu) => [cpu]);
    assert.equal(threadsOn(linux([...fast, ...slow], { "/sys/devices/cpu_core/cpus": "0-7\n" }), 12), 4);
  });

  it("are the large cores of an ARM processor, by their capacity", () => {
    const cores = [0, 1, 2, 3, 4, 5, 6, 7].map((cpu) => [cpu]);
    const capacities = cores.map((_, cpu) => [`${cpuFolder}/cpu${cpu}/cpu_capacity`, cpu < 4 ? "382\n" : "1024\n"]);
    assert.equal(threadsOn(linux(cores, Object.fromEntries(capacities) as Record<string, string>), 8), 4);
  });

  it("never take all that a container leaves", () => {
    const cores = Array.from({ length: 32 }, (_, core) => [core]);
    assert.equal(threadsOn(linux(cores), 4), 3);
    assert.equal(threadsOn(linux(cores), 1), 1);
    assert.equal(threadsOn(linux(cores), 32), 16, "no more than decoding can use");
  });

  it("follow the library's count where the kernel says nothing, and elsewhere", () => {
    const nothing = (): undefined => undefined;
    assert.deepEqual(readTopology("linux", 8, 6, nothing).performanceCores, 6);
    assert.equal(chooseThreads(readTopology("darwin", 10, 8, nothing)), 7);
    assert.equal(chooseThreads(readTopology("win32", 2, 0, nothing)), 1);
  });
});

describe("the default window", () => {
  const gigabyte = 1024 ** 3;
  const facts: WindowFacts = {
    trained: 32_768,
    maxStreamWindow: undefined,
    onGpu: false,
    memory: [{ free: 10 * gigabyte, total: 16 * gigabyte, base: 0, perToken: 57_344 }],
  };
  const withMemory = (free: number, total: number, perToken: number): number =>
    chooseWindow({ ...facts, memory: [{ free, total, base: 0, perToken }] });

  it("is what stays fast, where memory is plenty: more on a GPU", () => {
    assert.equal(chooseWindow(facts), 8_192);
    assert.equal(
      chooseWindow({ ...facts, onGpu: true, memory: [{ ...facts.memory[0]!, total: 24 * gigabyte }] }),
      32_768,
    );
  });

  it("is no more than the model was trained at, or streams at", () => {
    assert.equal(chooseWindow({ ...facts, trained: 4_096 }), 4_096);
    assert.equal(chooseWindow({ ...facts, trained: 512 }), 512);
    assert.equal(chooseWindow({ ...facts, maxStreamWindow: 1_024 }), 1_024);
  });

  it("takes half of the free memory and a quarter of all, at most, in whole steps", () => {
    assert.equal(withMemory(gigabyte, 16 * gigabyte, 131_072), 4_096);
    assert.equal(withMemory(8 * gigabyte, 2 * gigabyte, 131_072), 4_096);
    assert.equal(withMemory(gigabyte, 16 * gigabyte, 120_000) % 256, 0);
  });

  it("is bound by the kind of memory that is scarcest", () => {
    const plenty = { free: 64 * gigabyte, total: 64 * gigabyte, base: 0, perToken: 1_000 };
    const scarce = { free: gigabyte, total: 8 * gigabyte, base: gigabyte / 4, perToken: 65_536 };
    assert.equal(chooseWindow({ ...facts, memory: [plenty, scarce] }), 4_096);
  });

  it("does not fall below what a conversation needs, nor above what is allowed", () => {
    assert.equal(withMemory(1_000_000, 1_000_000, 1_000_000), 2_048);
    assert.equal(chooseWindow({ ...facts, trained: 300, memory: [] }), 256);
  });
});

describe("the order of hardware", () => {
  it("is the GPUs that the machine has, best first, then the CPU", () => {
    assert.deepEqual(attemptsFor("auto", ["cuda", "vulkan", false]), [
      { backend: "cuda", offload: true },
      { backend: "vulkan", offload: true },
      { backend: false, offload: false },
    ]);
    assert.deepEqual(attemptsFor(false, ["cuda", "vulkan", false]), [{ backend: false, offload: false }]);
  });

  it("takes the one binary of Apple Silicon for the CPU too", () => {
    assert.deepEqual(attemptsFor(false, ["metal"]), [{ backend: "metal", offload: false }]);
    assert.deepEqual(attemptsFor("auto", ["metal"]), [
      { backend: "metal", offload: true },
      { backend: "metal", offload: false },
    ]);
  });

  it("gives up a GPU for lack of memory and for failures, not for faults of the file, and never the CPU", () => {
    const cuda = { backend: "cuda", offload: true } as const;
    assert.deepEqual(fallbackAfter(cuda, "out-of-memory"), { gpu: "CUDA", reason: "out-of-memory" });
    assert.deepEqual(fallbackAfter(cuda, "platform-unsupported"), { gpu: "CUDA", reason: "unavailable" });
    assert.deepEqual(fallbackAfter(cuda, "model-load-failed"), { gpu: "CUDA", reason: "unavailable" });
    assert.equal(fallbackAfter(cuda, "model-unsupported"), undefined);
    assert.equal(fallbackAfter({ backend: false, offload: false }, "out-of-memory"), undefined);
    assert.equal(fallbackAfter({ backend: "metal", offload: false }, "out-of-memory"), undefined);
  });

  it("is shown as what it came to", () => {
    assert.equal(gpuName({ backend: "vulkan", offload: true }, 12), "Vulkan");
    assert.equal(gpuName({ backend: "vulkan", offload: true }, 0), "CPU");
    assert.equal(gpuName({ backend: "metal", offload: false }, 0), "CPU");
  });
});
