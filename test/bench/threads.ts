// Decode speed of the demo model by threads, on an idle and on a busy machine.
// Run: node --import tsx test/bench/threads.ts
import { fork, type ChildProcess } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";

const modelPath = fileURLToPath(new URL("../../media/demo/tiny-chat.q8_0.gguf", import.meta.url));
const cores = availableParallelism();
/** Milliseconds of decoding for each figure. */
const span = 4_000;

if (process.argv[2] === "busy") {
  for (;;) Math.sqrt(Math.random());
}

async function decodeSpeed(threads: number): Promise<number> {
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

const counts = [...new Set([1, Math.max(1, cores - 1), cores])];
for (const load of [0, cores]) {
  const burners: ChildProcess[] = Array.from({ length: load }, () => fork(fileURLToPath(import.meta.url), ["busy"]));
  const speeds: string[] = [];
  for (const threads of counts) speeds.push(`${threads} threads: ${(await decodeSpeed(threads)).toFixed(1)} tokens/s`);
  console.log(`${cores} cores, ${load} busy processes beside: ${speeds.join(", ")}`);
  for (const burner of burners) burner.kill("SIGKILL");
}
process.exit(0);
