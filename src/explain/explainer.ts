import { randomUUID } from "node:crypto";
import { DaylongError } from "../base/errors.ts";
import type { DetourResult, EngineEvent, ReplyOptions, StopSignal } from "../engine/engine.ts";
import { isOver, newAnswer, type Answer, type AnswerNote } from "./answer.ts";
import type { CodeExcerpt } from "./codeExcerpt.ts";
import { splitCode, windowAround, type CodeParts } from "./codeParts.ts";
import { explainBudget, promptLimit, type ExplainBudget } from "./explainBudget.ts";
import { barePrompt, explainPrompt, followUpPrompt, type CodePart, type Exchange } from "./explainPrompt.ts";
import { ExplainQueue } from "./explainQueue.ts";
import { fitPrompt, renderPrompt, type PromptNode } from "./promptTree.ts";

/** What is needed of the conversation: questions on the side that leave no trace. */
export interface SideEngine {
  /** Loads the model if need be. Errors: `no-model`, and those of loading. */
  ready(): Promise<void>;
  /** Tokens that are free in the window. */
  room(): Promise<{ readonly free: number }>;
  countTokens(text: string): Promise<number>;
  ask(
    id: string,
    prompt: string,
    limits: Omit<ReplyOptions, "sampling">,
    tell: (event: Extract<EngineEvent, { readonly type: "prefill" | "text" }>) => void,
    stop: StopSignal,
  ): Promise<DetourResult>;
}

export interface ExplainHost {
  /** Lets the user choose a model. False: they did not. */
  offerModel(): Promise<boolean>;
  /** Puts what went wrong into words made for the user. */
  describe(error: unknown): string;
  /** The heading of one of several parts, as markdown. Lines are counted from 1. */
  partHeading(firstLine: number, lastLine: number): string;
}

/** More parts than this are not read: the rest is left out, visibly. */
const mostParts = 6;
/** No tokenizer makes longer tokens of code on average. Longer text is not even measured. Characters. */
const mostCharactersPerToken = 12;
/** Enough to know how many characters a token of this code has. Characters. */
const sampleLength = 4_000;

/** Answers questions about code, one after the other, each as a detour of the conversation. Knows no vscode. */
export class Explainer {
  private readonly queue = new ExplainQueue();

  constructor(
    private readonly side: SideEngine,
    private readonly host: ExplainHost,
  ) {}

  /** Explains (or fixes) the code. Never rejects: what goes wrong is told as the answer's status. */
  explain(excerpt: CodeExcerpt, tell: (answer: Answer) => void, stop: StopSignal): Promise<Answer> {
    return this.answer((run) => this.explainNow(excerpt, run), tell, stop);
  }

  /** `earlier`: what the thread says by then; asked for when its turn has come. */
  followUp(
    excerpt: CodeExcerpt,
    earlier: () => readonly Exchange[],
    question: string,
    tell: (answer: Answer) => void,
    stop: StopSignal,
  ): Promise<Answer> {
    const work = async (run: AnswerRun): Promise<void> => {
      const budget = explainBudget((await this.side.room()).free);
      const prompt = await this.fit(followUpPrompt(excerpt, earlier(), question), promptLimit(budget, 0));
      await this.ask(prompt, budget, run);
    };
    return this.answer(work, tell, stop);
  }

  private async answer(
    work: (run: AnswerRun) => Promise<void>,
    tell: (answer: Answer) => void,
    stop: StopSignal,
  ): Promise<Answer> {
    const run = new AnswerRun(tell, stop);
    const begin = async (): Promise<void> => {
      run.set({ status: "loading", ahead: 0 });
      if (!(await orStopped(this.prepare(), stop))) {
        run.set({ status: "declined" });
        return;
      }
      run.set({ status: "reading" });
      await work(run);
      run.set({ status: run.wasStopped ? "stopped" : "done" });
    };
    try {
      await this.queue.run(begin, (ahead) => run.set({ status: "waiting", ahead }), stop);
    } catch (error) {
      run.set({ status: "failed", error: this.host.describe(error) });
    }
    return run.answer;
  }

  /** Whether there is a model to ask; offers to choose one if there is none. */
  private async prepare(): Promise<boolean> {
    try {
      await this.side.ready();
      return true;
    } catch (error) {
      if (!(error instanceof DaylongError) || error.code !== "no-model") throw error;
    }
    if (!(await this.host.offerModel())) return false;
    await this.side.ready();
    return true;
  }

  private async explainNow(excerpt: CodeExcerpt, run: AnswerRun): Promise<void> {
    const budget = explainBudget((await this.side.room()).free);
    const bare = await this.measureUpTo(renderPrompt(barePrompt(excerpt)), budget.prompt);
    if (bare <= budget.prompt) {
      await this.ask(await this.fit(explainPrompt(excerpt), promptLimit(budget, bare)), budget, run);
    } else if (excerpt.kind === "fix") {
      await this.fixPart(excerpt, budget, run);
    } else {
      await this.explainParts(excerpt, budget, run);
    }
  }

  /** Explains code that is too large for one prompt part by part, up to a limit. */
  private async explainParts(excerpt: CodeExcerpt, budget: ExplainBudget, run: AnswerRun): Promise<void> {
    const { parts, lastLine, linesCut } = await this.partsOf(excerpt, budget);
    for (const part of parts) {
      if (run.stop.aborted || run.wasStopped) return;
      if (parts.length > 1) run.add(`${this.host.partHeading(part.firstLine, part.lastLine)}\n\n`);
      const alone = { ...excerpt, imports: [], before: [], after: [], problems: problemsIn(excerpt, part) };
      await this.ask(await this.fit(explainPrompt(alone, part), budget.prompt), budget, run);
    }
    if (linesCut) run.note({ type: "longLinesCut" });
    if (lastLine < excerpt.lastLine) {
      run.note({ type: "linesLeftOut", firstLine: lastLine + 1, lastLine: excerpt.lastLine });
    }
  }

  private async partsOf(excerpt: CodeExcerpt, budget: ExplainBudget): Promise<CodeParts> {
    for (let most = await this.charactersFor(excerpt, budget); ; most = Math.floor(most * 0.7)) {
      const result = splitCode(excerpt.code, excerpt.firstLine, Math.max(16, most), mostParts);
      const sizes = await Promise.all(
        result.parts.map((part) => this.side.countTokens(renderPrompt(barePrompt(excerpt, part)))),
      );
      if (most <= 16 || sizes.every((size) => size <= budget.prompt)) return result;
    }
  }

  /** Shows the model the lines around the problem, when the code is too large as a whole. */
  private async fixPart(excerpt: CodeExcerpt, budget: ExplainBudget, run: AnswerRun): Promise<void> {
    const important = excerpt.problems.map(({ line }) => line);
    for (let most = await this.charactersFor(excerpt, budget); ; most = Math.floor(most * 0.7)) {
      const window = windowAround(excerpt.code, excerpt.firstLine, important, Math.max(16, most));
      const seen = { ...excerpt, ...window, imports: [], before: [], after: [] };
      if (most > 16 && (await this.side.countTokens(renderPrompt(barePrompt(seen)))) > budget.prompt) continue;
      await this.ask(await this.fit(explainPrompt(seen), budget.prompt), budget, run);
      run.note({ type: "onlyLines", firstLine: window.firstLine, lastLine: window.lastLine });
      return;
    }
  }

  /** About how many characters of this code fit into one prompt. */
  private async charactersFor(excerpt: CodeExcerpt, budget: ExplainBudget): Promise<number> {
    const sample = excerpt.code.slice(0, sampleLength);
    const around = await this.side.countTokens(renderPrompt(barePrompt({ ...excerpt, code: "" })));
    const tokens = Math.max(1, await this.side.countTokens(sample));
    return Math.floor((Math.max(8, budget.prompt - around) * sample.length) / tokens);
  }

  private async measureUpTo(text: string, limit: number): Promise<number> {
    return text.length > limit * mostCharactersPerToken ? Infinity : this.side.countTokens(text);
  }

  private async fit(tree: PromptNode, limit: number): Promise<string> {
    return (await fitPrompt(tree, limit, (text) => this.side.countTokens(text))).text.trimEnd();
  }

  private async ask(prompt: string, budget: ExplainBudget, run: AnswerRun): Promise<void> {
    run.set({ status: "reading", read: 0 });
    const before = run.answer.text;
    const result = await this.side.ask(
      `explain.${randomUUID()}`,
      prompt,
      { thoughtBudget: Math.floor(budget.answer / 2) },
      (event) => run.follow(event),
      run.stop,
    );
    run.finishPart(before, result);
  }
}

/** An answer that is on its way. */
class AnswerRun {
  answer = newAnswer;
  /** Whether something else than its own stop signal has ended it: another model, a new conversation. */
  wasStopped = false;

  constructor(
    private readonly tell: (answer: Answer) => void,
    readonly stop: StopSignal,
  ) {
    // Shown at once, however long the engine takes to let go; what it still says is not added.
    const abort = (): void => this.set({ status: "stopped" });
    stop.addEventListener("abort", abort);
  }

  set(change: Partial<Answer>): void {
    if (isOver(this.answer)) return;
    this.answer = { ...this.answer, ...change };
    this.tell(this.answer);
  }

  add(text: string): void {
    const { text: before } = this.answer;
    this.set({ text: before === "" ? text : `${before.trimEnd()}\n\n${text}` });
  }

  note(note: AnswerNote): void {
    if (this.answer.notes.some(({ type }) => type === note.type)) return;
    this.set({ notes: [...this.answer.notes, note] });
  }

  follow(event: Extract<EngineEvent, { readonly type: "prefill" | "text" }>): void {
    if (event.type === "prefill") {
      this.set({ status: "reading", read: event.total > 0 ? event.done / event.total : 0 });
    } else if (event.channel === "thought") {
      this.set({ status: "thinking" });
    } else {
      this.set({ status: "writing", text: this.answer.text + event.text });
    }
  }

  finishPart(before: string, result: DetourResult): void {
    this.wasStopped = result.stopReason === "stopped";
    const { timeToFirstTokenMs } = this.answer;
    this.set({
      text: before + result.text.trimStart(),
      timeToFirstTokenMs: timeToFirstTokenMs === 0 ? result.timeToFirstTokenMs : timeToFirstTokenMs,
    });
    if (result.cut || result.stopReason === "maxTokens") this.note({ type: "answerCut" });
    if (result.stopReason === "loop") this.note({ type: "loop" });
  }
}

function problemsIn(excerpt: CodeExcerpt, part: CodePart): CodeExcerpt["problems"] {
  return excerpt.problems.filter(({ line }) => line >= part.firstLine && line <= part.lastLine);
}

/** False as soon as it is stopped, however long the work goes on. */
function orStopped(work: Promise<boolean>, stop: StopSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(false);
    stop.addEventListener("abort", abort);
    if (stop.aborted) abort();
    work.then(resolve, reject).finally(() => stop.removeEventListener("abort", abort));
  });
}
