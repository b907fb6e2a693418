import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { trainBpe, type Vocabulary } from "./bpe.ts";
import { buildCorpus, corpusHash, type TrainingDocument } from "./corpus.ts";
import { controlTokens, separatorToken, writeVocabularyGguf } from "./exportGguf.ts";
import type { Recipe } from "./recipes.ts";
import { TrainingTokenizer } from "./trainingTokenizer.ts";

export interface TrainingData {
  readonly vocabulary: Vocabulary;
  /** Files of little-endian 16-bit token ids. */
  readonly tokens: string;
  readonly validation: string;
  readonly facts: {
    readonly corpusSha256: string;
    readonly packages: readonly string[];
    readonly trainingTokens: number;
    readonly validationTokens: number;
  };
}

/** Of the text, not of a training: all models of a recipe see the same, whatever the seed of the training. */
const corpusSeed = 1;
/** Characters; more changes a small vocabulary hardly. */
const vocabularySample = 4_000_000;

/** The corpus of a recipe as tokens. */
export async function prepareData(root: string, folder: string, recipe: Recipe): Promise<TrainingData> {
  mkdirSync(folder, { recursive: true });
  const corpus = buildCorpus(root, recipe.mix, corpusSeed);
  const vocabulary = trainBpe(sampleOf(corpus.training), recipe.shape.vocabulary, controlTokens);
  const vocabularyFile = path.join(folder, "vocabulary.gguf");
  writeVocabularyGguf(vocabularyFile, vocabulary, recipe);
  const tokens = path.join(folder, "training.u16");
  const validation = path.join(folder, "validation.u16");
  const tokenizer = await TrainingTokenizer.open(vocabularyFile);
  try {
    return {
      vocabulary,
      tokens,
      validation,
      facts: {
        corpusSha256: corpusHash(corpus),
        packages: corpus.packages,
        trainingTokens: writeTokens(tokens, corpus.training, tokenizer),
        validationTokens: writeTokens(validation, corpus.validation, tokenizer),
      },
    };
  } finally {
    await tokenizer.close();
  }
}

/** Control tokens are no part of the words that the vocabulary is trained on. */
function sampleOf(documents: readonly TrainingDocument[]): string {
  let sample = "";
  for (const { text } of documents) {
    sample += text;
    if (sample.length > vocabularySample) break;
  }
  return controlTokens.reduce((text, token) => text.replaceAll(token, ""), sample);
}

/** Writes the separator before each document, and returns how many tokens there are. */
function writeTokens(file: string, documents: readonly TrainingDocument[], tokenizer: TrainingTokenizer): number {
  const tokens: number[] = [];
  // A text in ChatML is written with its control tokens; in package texts their names are text.
  for (const { kind, text } of documents) tokens.push(separatorToken, ...tokenizer.encode(text, kind === "dialogue"));
  const bytes = Buffer.alloc(tokens.length * 2);
  tokens.forEach((token, index) => bytes.writeUInt16LE(token, index * 2));
  writeFileSync(file, bytes);
  return tokens.length;
}
