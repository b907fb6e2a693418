import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ChatCommand } from "../fixtures/engine/commandLine.ts";
import { demoModel } from "../fixtures/engine/paths.ts";
import { childrenOf } from "../fixtures/engine/processes.ts";
import { temporaryFolder } from "../fixtures/gguf/temporaryFolder.ts";

const watch = pathToFileURL(fileURLToPath(new URL("../fixtures/engine/networkWatch.mjs", import.meta.url))).href;

describe("the network", () => {
  const path = temporaryFolder();
  const environment = (file: string): NodeJS.ProcessEnv => ({
    ...process.env,
    NODE_OPTIONS: `--import ${watch}`,
    NETWORK_WATCH: file,
  });

  it("is not touched by the command line or its engine, from loading to a shift", async () => {
    const record = path("attempts");
    const command = new ChatCommand(
      ["--model", demoModel, "--context", "256", "--temperature", "0"],
      environment(record),
    );
    for (let turn = 0; turn < 8; turn++) {
      const result = await command.ask({ text: "Write a function to sort a table." });
      assert.equal(result["turn"], turn + 1);
      const engine = childrenOf(command.process.pid ?? 0)?.[0];
      if (process.platform === "linux") {
        assert(engine !== undefined);
        assert.deepEqual(internetSockets(engine), [], "native code holds none either");
      }
    }
    const { exitCode, stderr } = await command.end();
    assert.equal(exitCode, 0, stderr);
    assert(!existsSync(record), existsSync(record) ? readFileSync(record, "utf8") : "");
  });

  it("would be seen if it were", () => {
    const attempts = {
      connect: 'import net from "node:net"; net.connect(9, "127.0.0.1");',
      lookup: 'import { lookup } from "node:dns/promises"; await lookup("localhost");',
      fetch: 'await fetch("http://127.0.0.1:8099/");',
      listen: 'import http from "node:http"; http.createServer().listen(0, "127.0.0.1");',
      send: 'import dgram from "node:dgram"; dgram.createSocket("udp4").send("x", 9, "127.0.0.1");',
    };
    for (const [name, code] of Object.entries(attempts)) {
      const record = path(name);
      const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { env: environment(record) });
      assert.notEqual(status, 0, name);
      assert(existsSync(record), name);
    }
  });
});

/** Inodes of internet sockets that a process of Linux holds. */
function internetSockets(processId: number): string[] {
  const open = new Set(
    readdirSync(`/proc/${processId}/fd`).map((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${processId}/fd/${name}`))?.[1];
      } catch {
        return undefined; // It was closed since the folder was read.
      }
    }),
  );
  return ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"].flatMap((kind) => {
    const table = `/proc/${processId}/net/${kind}`;
    if (!existsSync(table)) return [];
    const rows = readFileSync(table, "utf8").trim().split("\n").slice(1);
    return rows.flatMap((row) => row.trim().split(/\s+/)[9] ?? []).filter((inode) => open.has(inode));
  });
}
