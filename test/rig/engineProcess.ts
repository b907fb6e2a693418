import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { WorkbenchServer } from "./workbenchServer.ts";

interface ProcessInfo {
  readonly id: number;
  readonly parent: number;
  readonly command: string;
}

/** Id of the engine process that belongs to this server, for tests that hold it, or end it as a native fault would. */
export function engineProcessId(server: WorkbenchServer): number {
  const all = allProcesses();
  const family = new Set([server.process.id]);
  // A child may be listed before its parent, so the family is known when a round finds nobody new.
  for (let size = 0; size < family.size;) {
    size = family.size;
    for (const { id, parent } of all) if (family.has(parent)) family.add(id);
  }
  const engine = all.find(({ id, command }) => family.has(id) && command.includes("engine.mjs"));
  if (engine === undefined) throw new Error("The server has no engine process.");
  return engine.id;
}

function allProcesses(): ProcessInfo[] {
  // Small Linux images have no `ps`.
  return existsSync("/proc/self/stat") ? processesOfLinux() : processesOfPs();
}

function processesOfLinux(): ProcessInfo[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // "pid (name) state parent …", where the name may hold anything, closing brackets too.
        const [, parent = ""] = readFileSync(`/proc/${name}/stat`, "utf8")
          .replace(/^.*\) /s, "")
          .split(" ");
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ id: Number(name), parent: Number(parent), command }];
      } catch {
        return []; // It has ended since the folder was read.
      }
    });
}

function processesOfPs(): ProcessInfo[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, id, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return command === undefined ? [] : [{ id: Number(id), parent: Number(parent), command }];
  });
}
