import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import type { Token } from "../conversation/tokenSequence.ts";
import { replaceFile } from "../files/replaceFile.ts";
import type { LabCells } from "./labCells.ts";
import { readOnce, type Forgetting } from "./policy.ts";

/** One stretch of a long text. */
export interface Stretch {
  /** Tokens read at its end, from the beginning of the text. */
  readonly tokens: number;
  readonly scored: number;
  /** Mean negative log-likelihood of the scored tokens, nats. */
  readonly loss: number;
  /** Resident memory of the process at its end, bytes. */
  readonly memory: number;
  readonly seconds: number;
}

interface LongRun {
  readonly forgetting: Forgetting;
  /** Endless. Read anew from its beginning when an interrupted run goes on. */
  readonly text: Iterable<Token>;
  readonly every: number;
  readonly stretchLength: number;
  readonly stretches: number;
  readonly notes: LongRunNotes;
  readonly onProgress: (read: number) => Promise<void>;
}

/** Reads a text of any length once, in stretches; goes on where an interrupted run of the same kind stood. */
export async function readLong(cells: LabCells, run: LongRun): Promise<Stretch[]> {
  const { forgetting, every, stretchLength, notes, onProgress } = run;
  const found = [...(await notes.goOn(cells))];
  const text = run.text[Symbol.iterator]();
  for (let skipped = 0; skipped < (found.at(-1)?.tokens ?? 0); skipped++) text.next();
  while (found.length < run.stretches) {
    const startedAt = performance.now();
    const start = found.length * stretchLength;
    let sum = 0;
    let scored = 0;
    await readOnce(
      forgetting,
      cells,
      taken(text, stretchLength),
      {
        isScored: (position) => position % every === 0,
        onLoss: (_, loss) => {
          sum += loss;
          scored++;
        },
        onProgress,
      },
      start,
    );
    found.push({
      tokens: start + stretchLength,
      scored,
      loss: sum / scored,
      memory: process.memoryUsage.rss(),
      seconds: (performance.now() - startedAt) / 1000,
    });
    await notes.keep(cells, found);
  }
  return found.slice(0, run.stretches);
}

function* taken(text: Iterator<Token>, count: number): Generator<Token> {
  for (let taken = 0; taken < count; taken++) {
    const next = text.next();
    if (next.done === true) return;
    yield next.value;
  }
}

interface Books {
  readonly identity: string;
  /** File name of the cells behind the last stretch. */
  readonly cells: string;
  readonly stretches: readonly Stretch[];
}

/** What a long run has so far, and the cells themselves, so that it goes on exactly where it stood. */
export class LongRunNotes {
  private kept: string | undefined;

  /** @param identity what is run: a run with another one begins anew */
  constructor(
    private readonly folder: string,
    private readonly identity: string,
  ) {}

  private get booksPath(): string {
    return path.join(this.folder, "long.unfinished.json");
  }

  /** Brings the cells to where an unfinished run stood. @returns what it had found; nothing if there is none */
  async goOn(cells: LabCells): Promise<readonly Stretch[]> {
    await cells.clear();
    const books = this.read();
    if (books?.identity !== this.identity) return [];
    const file = path.join(this.folder, path.basename(books.cells));
    if (!existsSync(file)) return [];
    await cells.loadState(file);
    this.kept = file;
    return books.stretches;
  }

  async keep(cells: LabCells, stretches: readonly Stretch[]): Promise<void> {
    const file = path.join(this.folder, `long.${stretches.length}.cells`);
    mkdirSync(this.folder, { recursive: true });
    await cells.saveState(file);
    const books: Books = { identity: this.identity, cells: path.basename(file), stretches };
    await replaceFile(this.booksPath, [JSON.stringify(books)]);
    if (this.kept !== undefined && this.kept !== file) rmSync(this.kept, { force: true });
    this.kept = file;
  }

  /** The run has been told: nothing is left to go on with. */
  finish(): void {
    rmSync(this.booksPath, { force: true });
    if (this.kept !== undefined) rmSync(this.kept, { force: true });
  }

  private read(): Books | undefined {
    try {
      return JSON.parse(readFileSync(this.booksPath, "utf8")) as Books;
    } catch {
      return undefined;
    }
  }
}
