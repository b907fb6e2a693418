import type { Llama, LlamaModel, Token } from "node-llama-cpp";
import { quietLlama } from "../fixtures/quietLlama.ts";

/** The engine library's own tokeniser over a vocabulary file: training and product cut text into the same tokens. */
export class TrainingTokenizer {
  private constructor(
    private readonly llama: Llama,
    private readonly model: LlamaModel,
  ) {}

  static async open(vocabularyFile: string): Promise<TrainingTokenizer> {
    const llama = await quietLlama();
    return new TrainingTokenizer(
      llama,
      await llama.loadModel({ modelPath: vocabularyFile, vocabOnly: true, gpuLayers: 0 }),
    );
  }

  /** `control`: whether control tokens that are written out in the text become tokens, or stay text. */
  encode(text: string, control: boolean): number[] {
    return control ? this.model.tokenize(text, true) : this.model.tokenize(text);
  }

  decode(tokens: readonly number[]): string {
    return this.model.detokenize([...tokens] as Token[], true);
  }

  async close(): Promise<void> {
    await this.llama.dispose();
  }
}
