/**
 * How an architecture of llama.cpp remembers past tokens, as far as it decides whether kept tokens can be moved.
 * Read from src/models/<architecture>.cpp, llama-model.cpp (rope types, memories) and llama-kv-cache.cpp (K-shift).
 *
 * - `plain`: full attention, and keys that a shift moves exactly (rotary in one dimension on every layer, or ALiBi).
 * - `sliding`: like `plain`, but most layers look back a limited number of tokens.
 * - `unrotated`: some layers do not rotate their keys, yet llama.cpp's shift rotates all of them.
 * - `learned`: positions are part of each token's embedding, which nothing can move.
 * - `dimensions`: positions have several dimensions (M-RoPE): llama.cpp aborts on a shift.
 * - `perLayer`: rotary sizes that differ from layer to layer: llama.cpp aborts on a shift.
 * - `compressed`: keys kept in a compressed form, whose shift has not been checked.
 * - `hybrid`, `recurrent`: some or all layers keep a running state instead of past tokens.
 * - `unchecked`: known to llama.cpp; its shift has not been checked.
 * - `encoder`, `diffusion`, `part`: not models that continue a text on their own.
 */
export type ArchitectureKind =
  | "plain"
  | "sliding"
  | "unrotated"
  | "learned"
  | "dimensions"
  | "perLayer"
  | "compressed"
  | "hybrid"
  | "recurrent"
  | "unchecked"
  | "encoder"
  | "diffusion"
  | "part";

const names: Readonly<Record<ArchitectureKind, string>> = {
  plain:
    "llama falcon gptneox mpt refact bloom stablelm qwen qwen2 qwen2moe qwen3 qwen3moe phi2 phi3 phimoe codeshell " +
    "orion internlm2 minicpm gemma starcoder2 xverse command-r dbrx olmo olmo2 olmoe arctic deepseek chatglm glm4 glm4moe " +
    "bitnet jais jais2 nemotron exaone granite granitemoe chameleon bailingmoe bailingmoe2 dots1 arcee ernie4_5 " +
    "ernie4_5-moe hunyuan-moe hunyuan-dense seed_oss grovemoe apertus minimax-m2 mistral3 maincoder baichuan",
  sliding: "gemma2 gemma3 gpt-oss mellum",
  unrotated: "llama4 smollm3 afmoe smallthinker cohere2 cohere2moe exaone4 exaone-moe muse-glimmer",
  learned: "gpt2 gptj starcoder",
  dimensions: "qwen2vl qwen3vl qwen3vlmoe paddleocr hunyuan_vl",
  perLayer: "step35",
  compressed: "deepseek2 deepseek2-ocr deepseek32 glm-dsa dots3note plm minicpm3 mistral4",
  hybrid:
    "jamba falcon-h1 plamo2 granitehybrid lfm2 lfm2moe nemotron_h nemotron_h_moe qwen3next kimi-linear bailingmoe3 kimi-k3 " +
    "qwen35 qwen35moe qwen4exp deepseek4 minimax-01",
  recurrent: "mamba mamba2 rwkv6 rwkv6qwen2 rwkv7 arwkv7",
  unchecked:
    "deci grok plamo plamo3 gemma3n gemma4 openelm graniteswitch granite_swa laguna hy_v3 minimax-m3 cogvlm pangu-embedded " +
    "mimo2 talkie nanbeige",
  encoder:
    "bert modern-bert nomic-bert nomic-bert-moe neo-bert jina-bert-v2 jina-bert-v3 eurobert gemma-embedding llama-embed t5 t5encoder",
  diffusion: "dream llada llada-moe rnd1",
  part: "clip gemma4-assistant wavtokenizer-dec eagle3 dflash qwen3tts pockettts",
};

const kinds = new Map<string, ArchitectureKind>();
for (const [kind, list] of Object.entries(names) as [ArchitectureKind, string][]) {
  for (const name of list.split(" ")) kinds.set(name, kind);
}

/** Undefined for an architecture that the pinned llama.cpp does not know. */
export function architectureKind(architecture: string): ArchitectureKind | undefined {
  return kinds.get(architecture);
}

/** Tokens: sliding windows that llama.cpp assumes where the file names none. */
export const assumedSlidingWindow: ReadonlyMap<string, number> = new Map([["gemma2", 4096]]);

/** Layers from which on a Baichuan model is the 13B one: ALiBi, yet its keys are rotated by a shift. */
export const baichuanAlibiLayers = 40;

/** Layers by which llama.cpp tells EXAONE 4 32B, with sliding and unrotated layers, from the plain 1.2B. */
export const exaoneSlidingLayers = 64;
