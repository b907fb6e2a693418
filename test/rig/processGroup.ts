import type { ChildProcess } from "node:child_process";

/** Long enough for the extension host to shut its children down, short enough not to be noticed. */
const defaultGraceMs = 5_000;

/** The leaders of the running groups, and how long each may take to end when it is asked to. Milliseconds. */
const running = new Map<ChildProcess, number>();

/**
 * Watches over a process that was started as the leader of its own group (`detached`), with all its descendants:
 * when this process ends, for whatever reason, the group is ended too.
 */
export function ownProcessGroup(leader: ChildProcess, graceMs = defaultGraceMs): void {
  running.set(leader, graceMs);
}

/** Asks the group to end, then makes it end. Resolves when the leader has gone. */
export async function endProcessGroup(leader: ChildProcess): Promise<void> {
  if (leader.pid !== undefined && leader.exitCode === null && leader.signalCode === null) {
    const gone = new Promise<void>((resolve) => leader.once("exit", () => resolve()));
    signalGroup(leader, "SIGTERM");
    const timer = setTimeout(() => signalGroup(leader, "SIGKILL"), running.get(leader) ?? defaultGraceMs);
    await gone;
    clearTimeout(timer);
  }
  // The leader may have left some of its group behind.
  signalGroup(leader, "SIGKILL");
  running.delete(leader);
}

function signalGroup(leader: ChildProcess, signal: NodeJS.Signals): void {
  if (leader.pid === undefined) return;
  try {
    if (process.platform === "win32") leader.kill(signal);
    else process.kill(-leader.pid, signal);
  } catch {
    // The group is gone already: that is what was wanted.
  }
}

process.once("exit", () => {
  for (const leader of running.keys()) signalGroup(leader, "SIGKILL");
});

let ending = false;

/** Whether this process was told to end, and is about to do so by itself. */
export function isEnding(): boolean {
  return ending;
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  process.on(signal, () => {
    // Asked a second time, it is not to wait.
    if (ending) process.exit(code);
    ending = true;
    void Promise.all([...running.keys()].map(endProcessGroup)).then(() => process.exit(code));
  });
}
