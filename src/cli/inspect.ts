import { openEngine } from "./openEngine.ts";

/** Prints the gate's verdict on a model file; with `load` also what the model runs on here, and how. */
export async function inspect(modelPath: string, load: boolean, contextSize: number | undefined): Promise<void> {
  const engine = openEngine();
  try {
    const window = contextSize === undefined ? {} : { contextSize };
    const found = load
      ? await engine.load({ modelPath, systemPrompt: "You are a coding assistant.", gpu: "auto", ...window })
      : await engine.inspect(modelPath);
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  } finally {
    engine.dispose();
  }
}
