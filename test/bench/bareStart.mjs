// What the engine process cannot do without: the library, its native part, the model and a context.
import { getLlama } from "node-llama-cpp";

const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, progressLogs: false });
const model = await llama.loadModel({ modelPath: process.argv[2] ?? "", gpuLayers: 0 });
await model.createContext({ contextSize: 512, threads: 1 });
process.send?.("ready");
