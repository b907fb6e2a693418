import { createHash } from "node:crypto";
import { SeededRandom } from "../fixtures/gguf/randomWeights.ts";
import { dialogue } from "./text/dialogues.ts";
import { factDocument, tableDocument } from "./text/factLines.ts";
import { packageTexts } from "./text/packageTexts.ts";
import { wordChain } from "./text/wordChains.ts";

export interface TrainingDocument {
  readonly kind: DocumentKind;
  readonly text: string;
}

const generators = { dialogue, facts: factDocument, table: tableDocument, chain: wordChain };

export type DocumentKind = "package" | keyof typeof generators;

/** How much of the characters is of each kind; in all 1. */
export type CorpusMix = Readonly<Record<DocumentKind, number>>;

export interface Corpus {
  /** Shuffled. */
  readonly training: readonly TrainingDocument[];
  readonly validation: readonly TrainingDocument[];
  /** Names and versions of the packages that the texts are from. */
  readonly packages: readonly string[];
}

/** One document in so many is kept for the validation. */
const validationPart = 50;

/** The same documents in the same order for the same packages, mix and seed. The package texts set the size of the rest. */
export function buildCorpus(root: string, mix: CorpusMix, seed: number): Corpus {
  const random = new SeededRandom(seed);
  const texts = packageTexts(root);
  const length = texts.reduce((sum, { text }) => sum + text.length, 0) / mix.package;
  const documents: TrainingDocument[] = texts.map(({ text }) => ({ kind: "package", text }));
  for (const [kind, generate] of Object.entries(generators)) {
    documents.push(...generated(kind as keyof typeof generators, generate, length, mix, random));
  }
  shuffle(documents, random);
  return {
    training: documents.filter((_, index) => index % validationPart !== 0),
    validation: documents.filter((_, index) => index % validationPart === 0),
    packages: [...new Set(texts.map((text) => text.package))],
  };
}

function generated(
  kind: keyof typeof generators,
  generate: (random: SeededRandom) => string,
  corpusLength: number,
  mix: CorpusMix,
  random: SeededRandom,
): TrainingDocument[] {
  const documents: TrainingDocument[] = [];
  for (let left = corpusLength * mix[kind]; left > 0; left -= documents.at(-1)!.text.length) {
    documents.push({ kind, text: generate(random) });
  }
  return documents;
}

function shuffle(documents: TrainingDocument[], random: SeededRandom): void {
  for (let last = documents.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [documents[last], documents[other]] = [documents[other]!, documents[last]!];
  }
}

/** SHA-256 of all texts in order: tells whether two models were trained on the same. */
export function corpusHash({ training, validation }: Corpus): string {
  const hash = createHash("sha256");
  for (const { text } of [...training, ...validation]) hash.update(text).update("\0");
  return hash.digest("hex");
}
