/** The template's text around a question, in tokens, generously. */
const glueTokens = 32;
/** An answer needs at least this much, and wants no more than that. Tokens. */
const leastAnswer = 48;
const mostAnswer = 768;
/** Code around the selection is worth no longer prompt than this: reading it takes time. Tokens. */
const worthwhilePrompt = 1_024;

export interface ExplainBudget {
  /** The longest prompt that leaves room for an answer. Tokens. */
  readonly prompt: number;
  /** What the answer may take. Tokens. */
  readonly answer: number;
}

/** Shares out what is free in the window. */
export function explainBudget(free: number): ExplainBudget {
  const answer = Math.min(mostAnswer, Math.max(leastAnswer, Math.floor(free * 0.4)));
  return { prompt: Math.max(16, free - glueTokens - answer), answer };
}

/** How long a prompt shall be when its uncut part alone has `bare` tokens. */
export function promptLimit(budget: ExplainBudget, bare: number): number {
  return Math.min(budget.prompt, Math.max(bare, worthwhilePrompt));
}
