import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

const candidates = ["python3", "/usr/bin/python3", "python"];

/** The first Python that has PyTorch; rejects with how to get it. */
export function findPython(): string {
  const found = candidates.find((python) => spawnSync(python, ["-c", "import numpy, torch"]).status === 0);
  if (found !== undefined) return found;
  throw new Error(
    [
      "Training needs Python 3 with PyTorch and NumPy; none was found.",
      "Debian, Ubuntu: apt-get install python3-torch python3-numpy libopenblas0-pthread",
      "Elsewhere:      python3 -m pip install torch numpy",
    ].join("\n"),
  );
}

/** Runs a program on so many threads and hands each JSON line of its output on; rejects when it fails. */
export async function runPython(
  python: string,
  args: readonly string[],
  threads: number,
  onReport: (report: unknown) => void,
): Promise<void> {
  // OpenBLAS has threads of its own, which PyTorch's setting does not reach; one more than there are cores halves the speed.
  const env = { ...process.env, OPENBLAS_NUM_THREADS: String(threads), OMP_NUM_THREADS: String(threads) };
  const child = spawn(python, args, { stdio: ["ignore", "pipe", "inherit"], env });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) onReport(JSON.parse(line));
  const code = await ended;
  if (code !== 0) throw new Error(`${python} ended with code ${code ?? "none (a signal)"}; its message is above.`);
}
