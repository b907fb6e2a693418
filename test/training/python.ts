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

/** Runs a program and hands each JSON line of its output on; rejects when it fails. */
export async function runPython(
  python: string,
  args: readonly string[],
  onReport: (report: unknown) => void,
): Promise<void> {
  const child = spawn(python, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) onReport(JSON.parse(line));
  const code = await ended;
  if (code !== 0) throw new Error(`${python} ended with code ${code ?? "none (a signal)"}; its message is above.`);
}
