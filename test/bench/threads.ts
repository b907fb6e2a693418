// Decode speed of the demo model by threads, on an idle and on a busy machine.
import { fork, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import type { BenchContext } from "./bench.ts";

const modelPath = fileURLToPath(new URL("../../media/demo/tiny-chat.q8_0.gguf", import.meta.url));
const busyLoop = fileURLToPath(new URL("./busyLoop.mjs", import.meta.url));

export async function run(context: BenchContext): Promise<unknown> {
  const cores = availableParallelism();
  /** Milliseconds of decoding for each figure. */
  const span = context.number("span", context.quick ? 1_000 : 4_000);
  const counts = [...new Set([1, Math.max(1, cores - 1), cores])];
  const results: object[] = [];
  for (const busyProcesses of [0, cores]) {
    await context.turn();
    const burners: ChildProcess[] = Array.from({ length: busyProcesses }, () => fork(busyLoop));
    try {
      for (const threads of counts) {
        const figures = { cores, busyProcesses, threads, tokensPerSecond: await decodeSpeed(threads, span) };
        results.push(figures);
        context.print(figures);
      }
    } finally {
      for (const burner of burners) burner.kill("SIGKILL");
    }
  }
  return results;
}

async function decodeSpeed(threads: number, span: number): Promise<number> {
  const engine = new LlamaEngine(() => undefined);
  await engine.load({ modelPath, contextSize: 512, systemPrompt: "You are a coding assistant.", gpu: false, threads });
  const start = performance.now();
  let tokens = 0;
  for (let turn = 0; performance.now() - start < span; turn++) {
    const parts = [{ id: `t${turn}.text`, kind: "text" as const, text: "Write a function to sort a table." }];
    const stop = AbortSignal.timeout(span);
    tokens += (await engine.send({ turnId: `t${turn}`, parts }, { sampling: { temperature: 0 } }, stop)).replyTokens;
  }
  const speed = (tokens * 1000) / (performance.now() - start);
  await engine.close();
  return speed;
}
