import { LlamaGrammarEvaluationState, type Llama, type LlamaModel, type Token as LlamaToken } from "node-llama-cpp";
import { DaylongError } from "../../base/errors.ts";
import type { GrammarUse } from "../../conversation/tokenSequence.ts";
import type { ReplyOptions } from "../engine.ts";
import { checkJsonSchema } from "./jsonSchema.ts";

/** The library lets a schema's grammar end in four line breaks, which it looks for as a stop string; here the reply just ends. */
const schemaEnd = / "\\n\\n\\n\\n" \[\\n\]\*$/m;

/** It also lets an integer have an exponent, which may be negative. */
const integerRule = /^integer-number-rule ::= .*$/m;
const plainInteger = 'integer-number-rule ::= "-"? ("0" | [1-9] [0-9]{0,15})';

type Held = Pick<ReplyOptions, "jsonSchema" | "grammar">;

export function hasGrammar({ jsonSchema, grammar }: Held): boolean {
  return jsonSchema !== undefined || grammar !== undefined;
}

/**
 * The grammar (GBNF) that a reply has to follow, checked before anything is evaluated; undefined: none.
 * @throws DaylongError `schema-unsupported`, `grammar-invalid`, `usage`
 */
export async function grammarOf(llama: Llama, { jsonSchema, grammar }: Held): Promise<string | undefined> {
  if (jsonSchema !== undefined && grammar !== undefined) {
    throw new DaylongError("usage", "A reply can follow a JSON schema or a grammar, not both.");
  }
  if (grammar !== undefined) {
    await parse(llama, grammar);
    return grammar;
  }
  if (jsonSchema === undefined) return undefined;
  checkJsonSchema(jsonSchema);
  const { grammar: source } = await llama.createGrammarForJsonSchema(jsonSchema as { type: "object" });
  return source.replace(schemaEnd, "").replace(integerRule, plainInteger);
}

async function parse(llama: Llama, grammar: string): Promise<void> {
  try {
    await llama.createGrammar({ grammar });
  } catch (error) {
    throw new DaylongError(
      "grammar-invalid",
      "The grammar could not be read: it must be GBNF, with a rule named root. The log says where it fails.",
      error instanceof Error ? error.message : String(error),
    );
  }
}

/** What the library does not offer in public: telling a grammar what stands there already. Fixed by the pinned version. */
interface LlamaInternals {
  readonly _bindings: {
    readonly AddonSampler: { acceptGrammarEvaluationStateToken(state: unknown, token: number): void };
  };
}

/** A grammar on its way through one reply. */
export async function grammarState(
  model: LlamaModel,
  use: GrammarUse,
): Promise<() => LlamaGrammarEvaluationState | undefined> {
  const grammar = await model.llama.createGrammar({ grammar: use.source });
  const state = new LlamaGrammarEvaluationState({ model, grammar });
  const { AddonSampler } = (model.llama as unknown as LlamaInternals)._bindings;
  const native = (state as unknown as { readonly _state: unknown })._state;
  for (const token of use.written as readonly LlamaToken[]) {
    AddonSampler.acceptGrammarEvaluationStateToken(native, token);
  }
  return () => (use.applies() ? state : undefined);
}
