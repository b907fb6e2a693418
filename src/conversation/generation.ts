import type { Addition, Cache } from "./cache.ts";
import type { ReplySettings, StopFlag, StopReason } from "./conversationTypes.ts";
import type { ReplyRun } from "./replyRun.ts";
import type { SamplingSettings, Token, Tokenizer } from "./tokenSequence.ts";

export interface GenerationSteps {
  /** Makes room for one more token, forgetting if it must; false if there is none to be had. */
  readonly room: () => Promise<boolean>;
  /** Runs between two tokens, while the generator stands still: room for detours. */
  readonly between: () => Promise<void>;
}

export interface GenerationResult {
  readonly stopReason: StopReason;
  /** On the clock of the setup; the end of the generation if there was no token. */
  readonly firstTokenAt: number;
  readonly generationMs: number;
  readonly thoughtMs: number;
}

/**
 * Samples a reply. The last sampled token is always one step behind: it is evaluated when the next one is asked for,
 * which is what lets a detour or an eviction run in between.
 *
 * @param prompt the last pieces of the prompt, at least one token, not evaluated yet
 */
export async function generateReply(
  setup: { readonly tokenizer: Tokenizer; readonly clock: () => number },
  cache: Cache,
  run: ReplyRun,
  prompt: readonly Addition[],
  settings: ReplySettings,
  stop: StopFlag | undefined,
  steps: GenerationSteps,
): Promise<GenerationResult> {
  let first: number | undefined;
  let thoughtEnd: number | undefined;
  run.stopAt(settings.stopStrings ?? []);
  const generator = cache.sequence.generate(
    prompt.flatMap((addition) => addition.tokens),
    { ...settings.sampling, ...grammarOf(settings, setup.tokenizer, run) },
  );
  const finish = async (stopReason: StopReason): Promise<GenerationResult> => {
    await generator.return(undefined);
    const now = setup.clock();
    const thinking = run.thoughtTokens === 0 ? 0 : (thoughtEnd ?? now) - (first ?? now);
    return {
      stopReason,
      firstTokenAt: first ?? now,
      generationMs: now - (first ?? now),
      thoughtMs: thinking,
    };
  };

  let sampled = 0;
  let waiting: readonly Token[] = [];
  for (;;) {
    if (!(await steps.room())) return finish("maxTokens");
    await steps.between();
    if (stop?.aborted === true) {
      if (sampled === 0) for (const addition of await evaluateOnly(cache, prompt)) cache.note(addition);
      return finish("stopped");
    }
    const step = await generator.next(waiting.length > 1 ? waiting : undefined);
    if (sampled === 0) for (const addition of prompt) cache.note(addition);
    else run.noteEvaluated(cache, waiting.length);
    first ??= setup.clock();
    if (step.done === true) return finish("end");

    sampled++;
    const closing = closeThought(setup.tokenizer, run, settings);
    waiting = closing ?? [step.value];
    const looping = waiting.map((token) => run.push(token)).includes(true);
    if (thoughtEnd === undefined && run.thoughtTokens > 0 && run.openThought === undefined) thoughtEnd = setup.clock();
    if (looping) return finish("loop");
    if (run.metStopString) return finish("stopString");
    if (settings.stopAfter !== undefined && sampled >= settings.stopAfter) return finish("stopped");
    if (settings.maxTokens !== undefined && sampled >= settings.maxTokens) return finish("maxTokens");
  }
}

/** A reply that is continued goes on in its grammar where it stood. */
function grammarOf(settings: ReplySettings, tokenizer: Tokenizer, run: ReplyRun): Pick<SamplingSettings, "grammar"> {
  if (settings.grammar === undefined) return {};
  const text = run.text === "" ? tokenizer.decode(run.replySegment.tokens, [], false) : run.text;
  return {
    grammar: {
      source: settings.grammar,
      written: tokenizer.encode(text, false),
      applies: () => run.openThought === undefined,
    },
  };
}

/** Stopped before the first token: the prompt is evaluated all the same, so that the cache holds the message. */
async function evaluateOnly(cache: Cache, prompt: readonly Addition[]): Promise<readonly Addition[]> {
  await cache.sequence.append(prompt.flatMap((addition) => addition.tokens));
  return prompt;
}

/** Tokens that close a thought which has used up its budget, in place of the one that was sampled. */
function closeThought(tokenizer: Tokenizer, run: ReplyRun, settings: ReplySettings): Token[] | undefined {
  const tags = run.openThought;
  if (tags === undefined || settings.thoughtBudget === undefined || run.thoughtTokens < settings.thoughtBudget) {
    return undefined;
  }
  return tokenizer.encode(`\n${tags.close}\n\n`, true);
}
